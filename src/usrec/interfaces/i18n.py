"""Kazakh, Russian and English for what a person reads; logs, JSON and errors stay English.

Texts are written in English in the code and translated when they are shown. Catalogues are gettext's, made with Babel:
``make messages`` collects new texts into the .po files and compiles them.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

LANGUAGES: Final = ("kk", "ru", "en")
VARIABLES: Final = ("USREC_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Where the language is looked for: our own variable, then those of POSIX in its order."""
_DOMAIN: Final = "usrec"
_chosen = "en"
_for_a_while: ContextVar[str | None] = ContextVar("usrec_language", default=None)


def find_language() -> str:
    """The language that the environment asks for; the first variable that is set decides, as POSIX has it."""
    named = [os.environ.get(name, "") for name in VARIABLES]  # noqa: TID251 -- the person's at the terminal, no setting
    language = next(filter(None, named), "")[:2].lower()
    return language if language in LANGUAGES else "en"


def use_language(wanted: str) -> None:
    """Show everything in ``wanted`` from now on: one of :data:`LANGUAGES`, any other means English."""
    global _chosen  # noqa: PLW0603 -- one language for one process, chosen once when a command starts
    _chosen = wanted if wanted in LANGUAGES else "en"


@contextmanager
def in_language(wanted: str) -> Iterator[None]:
    """Another language for a while: a message has its reader's, whoever sends it. Other threads do not notice."""
    token = _for_a_while.set(wanted if wanted in LANGUAGES else "en")
    try:
        yield
    finally:
        _for_a_while.reset(token)


@contextmanager
def english() -> Iterator[None]:
    """English for a while, whatever was chosen: JSON and errors do not depend on who reads them."""
    with in_language("en"):
        yield


def language() -> str:
    """The language of this moment: one of :data:`LANGUAGES`."""
    return _for_a_while.get() or _chosen


def tr(text: str) -> str:
    """``text`` in the chosen language; itself where a catalogue lacks it."""
    return _catalogue(language()).gettext(text) if text else text


def ntr(one: str, many: str, number: int, **others: str) -> str:
    """The form of a counted text that ``number`` takes in the chosen language, filled in with it and ``others``."""
    return _catalogue(language()).ngettext(one, many, number).format(number=number, **others)


def N_(text: str) -> str:  # noqa: N802 -- gettext's customary name
    """``text`` itself, marked for the catalogues: a constant is translated where it is shown."""
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    from importlib.resources import as_file, files

    with as_file(files("usrec") / "locales") as folder:
        return gettext.translation(_DOMAIN, folder, languages=[language], fallback=True)
