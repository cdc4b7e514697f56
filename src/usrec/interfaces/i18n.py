"""Kazakh, Russian and English for what a person reads; logs and JSON stay English.

Texts are written in English in the code and translated when they are shown. Catalogues are gettext's, made with Babel:
``make messages`` collects new texts into the .po files and compiles them.
"""

from __future__ import annotations

import gettext
from functools import cache
from importlib.resources import as_file, files
from typing import Final

LANGUAGES: Final = ("kk", "ru", "en")
_DOMAIN: Final = "usrec"
_chosen = "en"


def use_language(language: str) -> None:
    """Show everything in ``language`` from now on: one of :data:`LANGUAGES`, any other means English."""
    global _chosen  # noqa: PLW0603 -- one language for one process, chosen once when a command starts
    _chosen = language if language in LANGUAGES else "en"


def tr(text: str) -> str:
    """``text`` in the chosen language; itself where a catalogue lacks it."""
    return _catalogue(_chosen).gettext(text) if text else text


def ntr(one: str, many: str, number: int) -> str:
    """The form of a counted text that ``number`` takes in the chosen language."""
    return _catalogue(_chosen).ngettext(one, many, number)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    with as_file(files("usrec") / "locales") as folder:
        return gettext.translation(_DOMAIN, folder, languages=[language], fallback=True)
