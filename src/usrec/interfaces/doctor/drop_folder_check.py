"""Each drop folder: it can be read and written, and nothing that was refused lies there unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from usrec.domain.errors import SourceUnavailable
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.i18n import N_

FOLDER_UNUSABLE: Final = Kind(
    "source",
    "folder_unusable",
    Verdict.FAIL,
    N_("The folder of files {folder} cannot be used: {why}"),
    N_("Mend folder in [source.{about}], or let the agent's user read and write there"),
)
FOLDER: Final = Kind(
    "source", "folder", Verdict.OK, N_("The folder of files {folder} can be used; files that wait: {number}")
)
FILES_REFUSED: Final = Kind(
    "source",
    "files_refused",
    Verdict.WARN,
    N_("In the folder of files {folder} lie files that could not be read: {number}"),
    N_("The result file beside each says why; mend it, drop it again, and take the refused one away"),
)


def examine_folder(name: str, folder: Path) -> Iterator[Line]:
    """One drop folder of the settings."""
    from usrec.adapters.sources.files.probe import look_at_folder

    try:
        found = look_at_folder(folder)
    except SourceUnavailable as problem:
        yield FOLDER_UNUSABLE.line(about=name, folder=folder, why=problem.what)
        return
    yield FOLDER.line(about=name, folder=folder, number=found.waiting)
    if found.refused:
        yield FILES_REFUSED.line(about=name, folder=folder, number=found.refused)
