"""On SQLite one agent at most runs on a ledger."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from support.plain_settings import PLAIN
from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.other_agents import sole_agent
from usrec.settings import LoadedSettings, load_settings

SETTINGS = PLAIN.replace("ledger.db", "data/ledger.db")


@pytest.fixture
def settings(tmp_path: Path) -> LoadedSettings:
    file = tmp_path / "usrec.toml"
    file.write_text(SETTINGS, "utf-8")
    return load_settings(file)


def test_a_second_agent_is_refused_as_long_as_the_first_runs(settings: LoadedSettings, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (
        sole_agent(settings),
        pytest.raises(ConfigurationError, match="another agent already runs"),
        sole_agent(settings),
    ):
        pytest.fail("two agents ran")
    with sole_agent(settings):
        assert stat.S_IMODE((tmp_path / "data/ledger.db.lock").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told_and_waited_for(settings: LoadedSettings) -> None:
    """Its disk may be mounted late: exit code 4, after which the service manager tries again."""
    with (
        pytest.raises(LedgerUnavailable, match=r"data/ledger\.db\.lock.*No such file.*its folder exists"),
        sole_agent(settings),
    ):
        pytest.fail("an agent ran without a ledger")
