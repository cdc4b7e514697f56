"""What the settings point at: files that must be there, and secrets that must be readable.

Looked at only by ``usrec config check``: a command reads what it needs, when it needs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from usrec.domain.errors import ConfigurationError
from usrec.settings.faults import Written, Wrong
from usrec.settings.load import database_url
from usrec.settings.outline import values_in, without_none
from usrec.settings.secrets import read_secret, word_for
from usrec.settings.section import SecretSettings

_WRITTEN: Final = {"state_file", "store", "folder"}
"""Files and folders that the program makes by itself."""

_FOLDERS: Final = {"authorities"}
"""What may be a folder of files."""

_OF_OTHERS: Final = {"socket"}
"""Files of other programs, which may yet have to start."""


def unusable_files(written: Written, model: type[BaseModel]) -> Iterator[Wrong]:
    """Every file and secret of the settings that cannot be used."""
    home = written.file.parent
    for path, field, value in values_in(model, written.tree):
        what = _fault_of(str(path[-1]), field, value, home)
        if what:
            yield Wrong(path, what)


def _fault_of(name: str, field: FieldInfo, value: object, home: Path) -> str:
    kind = without_none(field.annotation)
    if kind is SecretSettings:
        return _fault_of_secret(name, value, home)
    if SecretSettings in get_args(kind) and isinstance(value, list):
        return next(filter(None, (_fault_of_secret(name, one, home) for one in value)), "")
    if kind is Path and isinstance(value, str) and name not in _OF_OTHERS:
        file = home / value
        if name in _WRITTEN:
            return _fault_of_folder(file if file.is_dir() else file.parent)
        return "" if name in _FOLDERS and file.is_dir() else _fault_of_file(file)
    if name == "url" and isinstance(value, str) and value.startswith("sqlite"):
        return _fault_of_sqlite(database_url(value, home))
    return ""


def _fault_of_secret(name: str, value: object, home: Path) -> str:
    try:
        read_secret(SecretSettings.model_validate(value), home=home, what=word_for(name))
    except ValidationError:
        return ""
    except ConfigurationError as problem:
        return str(problem).rstrip(".")
    return ""


def _fault_of_file(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as problem:
        return f"{file} cannot be read: {problem.strerror}"
    return ""


def _fault_of_folder(folder: Path) -> str:
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"the folder {folder} cannot be written"


def _fault_of_sqlite(url: str) -> str:
    """The ledger may be yet to be made and HR's own file is looked at by its adapter: here only the folder counts."""
    path = url.partition(":///")[2]
    folder = Path(path).parent
    return "" if not path or folder.is_dir() else f"the folder {folder} does not exist"
