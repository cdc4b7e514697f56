"""The catalogues as tests read them, and what counts as English on a page of another language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from usrec.domain.change import Change
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.source_event import Operation
from usrec.interfaces import i18n
from usrec.settings import Settings
from usrec.settings.outline import tables

Text = str | tuple[str, ...]
"""A text of the source; a counted one with its two English forms."""

PACKAGE = Path(i18n.__file__).parents[1]
TRANSLATED = [language for language in i18n.LANGUAGES if language != "en"]
CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)

_SAME_EVERYWHERE = (
    r"usrec (status|submission|package|mass|pair|employer) [^;)\n]*",
    r"--as rejected|--contract-id",
    r"[0-9a-f]{8}(-[0-9a-f]{4,12})*-?",
    r"(registry|hire|transfer|dismiss)-\d+",
    r"\bK-\d+",
    r"SCS[SE]\d+",
    r"base64",
    r"NNNN-N-NNN",
    r"\[employer\]",
    r"no answer within 6 s",
)
"""Commands, ids, codes, and the technical detail of an attempt, which is kept as it was written."""
_COLUMNS = {"event_id", "event_type", "revision", "contract_key", "employer_bin", "payload"}
_WORDS = {"ID", "JSON", "XML", "HTTP", "PDF", "JPEG", "PNG", "L", "main", "x", "true", "false", *Operation}


def setting_texts() -> set[str]:
    """The docstrings of the settings' tree, which `usrec init` shows in every language."""
    found = list(tables(Settings))
    return {table.meaning for table in found} | {text for table in found for text in table.meanings().values()}


def extract_settings(*_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """The same for Babel, which calls this for the file of the tree."""
    return ((1, "tr", text, []) for text in sorted(setting_texts()))


def file_of(language: str, kind: str) -> Path:
    """A catalogue's file."""
    return PACKAGE / "locales" / language / "LC_MESSAGES" / f"usrec.{kind}"


def catalogue(language: str) -> Catalog:
    """The catalogue that people edit."""
    with file_of(language, "po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def key(message: Any) -> Text:
    """A message's id in a form that can be compared."""
    return message if isinstance(message, str) else tuple(message)


@cache
def translations(language: str) -> Mapping[Text, tuple[str, ...]]:
    """Every text of a catalogue with its forms, read once for each worker."""
    return {
        key(one.id): (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
        for one in catalogue(language)
        if one.id
    }


def english_words(text: str) -> set[str]:
    """Words of Latin letters but those that every language writes so: names of fields and settings, codes, commands."""
    for same in _SAME_EVERYWHERE:
        text = re.sub(same, " ", text)
    fields = {rule.name for rules in FIELDS.values() for rule in rules}
    return set(re.findall(r"[A-Za-z_]+", text)) - fields - _COLUMNS - _WORDS - set(Change)
