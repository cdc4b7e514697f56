"""Fixtures of more than one folder; its being here also puts this folder on the import path (`import support`)."""

import gc
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import structlog
import typer

from kzeds.test_pki import make_test_pki
from support.compiled import share_compiled_statements
from support.postgresql import PostgresqlServer, running_server
from usrec.__main__ import NEW_OBJECTS
from usrec.adapters.rendering.mapping import read_mapping
from usrec.interfaces.i18n import VARIABLES

gc.set_threshold(NEW_OBJECTS)
"""As the program does it itself: a seventh of the unit tests' time went into looking for cycles."""


@pytest.fixture(scope="session", autouse=True)
def _english_speaker() -> Iterator[None]:
    """Whoever runs the tests, the commands speak English; a test that wants another language says so."""
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("LANG", "C.UTF-8")
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """A program builds its commands once; so does a test process, however often it calls them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """A program compiles its statements once for each database; so does a test process, however many it opens."""
    with pytest.MonkeyPatch.context() as patch:
        share_compiled_statements(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _wire_profiles_read_once() -> Iterator[None]:
    """A program reads its wire profile once; so does a test process, however many commands it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("usrec.adapters.rendering.profile.read_mapping", cache(read_mapping))
        yield


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command that runs inside a test sets up logs to that test's own standard error, which is closed afterwards."""
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a test PKI whose certificates are valid now, once for each worker."""
    return make_test_pki(tmp_path_factory.mktemp("pki") / "pki", now=datetime.now(UTC)).directory


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start PostgreSQL once for the whole run; a missing wheel fails the tests that need it."""
    with running_server() as server:
        yield server
