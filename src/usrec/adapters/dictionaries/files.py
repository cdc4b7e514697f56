"""The folder of imported dictionaries: one JSON file for each, with every edition, an entry on each line.

A person can read and compare the files, and keep them under version control; nothing in them is secret or personal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from kzeds.files import write_atomically
from usrec.domain.dictionary import Dictionary, Edition, Entry
from usrec.domain.errors import ConfigurationError

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a dictionary may be called; also the name of its file."""
_READABLE: Final = 0o644
_KEPT: Final = "What was imported before is unchanged"


class DictionaryFiles:
    """The ``DictionaryStore`` port in a folder, which is made with the first import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> Sequence[str]:
        """What was imported."""
        return sorted(file.stem for file in self.folder.glob("*.json") if NAME.fullmatch(file.stem))

    def load(self, name: str) -> Dictionary | None:
        """One dictionary with all its editions."""
        try:
            text = self.file(name).read_text("utf-8")
            return _dictionary(name, json.loads(text))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as problem:
            raise ConfigurationError(
                f"the imported dictionary cannot be read ({problem})",
                where=str(self.file(name)),
                kept="Rows go on; its codes are not looked up",
                next_step="Let the agent's user read it, or remove the file and import the official list again",
            ) from None

    def save(self, dictionary: Dictionary) -> None:
        """Keep a dictionary. Every user of the machine may read it, as the one who imports is seldom the agent's."""
        file = self.file(dictionary.name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(file, "\n".join(_lines(dictionary)).encode())
            file.chmod(_READABLE)
        except OSError as problem:
            raise ConfigurationError(
                f"the dictionary cannot be kept ({problem.strerror})",
                where=str(file),
                kept=_KEPT,
                next_step="Check [dictionaries] folder and that you may write there",
            ) from None

    def file(self, name: str) -> Path:
        """Where a dictionary lies, whether it is there or not.

        Raises:
            ConfigurationError: No dictionary can have this name.
        """
        if not NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name of a dictionary",
                kept=_KEPT,
                next_step="Use small Latin letters, digits and _, such as position",
            )
        return self.folder / f"{name}.json"


def _lines(dictionary: Dictionary) -> Iterator[str]:
    yield '{"dictionary": ' + _json(dictionary.name) + ', "editions": ['
    for number, edition in enumerate(dictionary.editions, 1):
        yield _json(_head(edition))[:-1] + ', "entries": ['
        entries = [
            _json([one.code, one.name_kk, one.name_ru, one.active, one.parent]) for one in edition.entries.values()
        ]
        yield ",\n".join(entries)
        yield "]}" if number == len(dictionary.editions) else "]},"
    yield "]}\n"


def _row(entry: Entry) -> list[object]:
    return [entry.code, entry.name_kk, entry.name_ru, entry.active, entry.parent]


def _head(edition: Edition) -> dict[str, str]:
    return {
        "valid_from": edition.valid_from.isoformat(),
        "imported_at": edition.imported_at.isoformat(),
        "file": edition.file,
        "sha256": edition.sha256,
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _dictionary(name: str, tree: Mapping[str, Any]) -> Dictionary:
    if tree["dictionary"] != name:
        raise ValueError(f"it holds the dictionary {tree['dictionary']}")
    return Dictionary(name, tuple(_edition(one) for one in tree["editions"]))


def _edition(tree: Mapping[str, Any]) -> Edition:
    return Edition(
        valid_from=date.fromisoformat(tree["valid_from"]),
        imported_at=datetime.fromisoformat(tree["imported_at"]),
        file=tree["file"],
        sha256=tree["sha256"],
        entries={row[0]: Entry(*row) for row in tree["entries"]},
    )
