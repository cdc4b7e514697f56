"""Whether the folder of supporting documents can be read, and by nobody who should not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

NO_FOLDER: Final = Kind(
    "documents",
    "no_folder",
    Verdict.OK,
    N_("There is no folder of documents; it is needed for harmful work only, where HR's rows name files: {folder}"),
)
READABLE: Final = Kind(
    "documents",
    "readable",
    Verdict.OK,
    N_("The folder of documents can be read: {folder}"),
)
OPEN_TO_ALL: Final = Kind(
    "documents",
    "open_to_all",
    Verdict.WARN,
    N_("Every user of this machine may read the folder of documents, and it holds personal data: {folder}"),
    N_("Take the rights of others away: chmod o-rwx"),
)
NOT_READABLE: Final = Kind(
    "documents",
    "unreadable",
    Verdict.FAIL,
    N_("The folder of documents cannot be read, so rows that name a file are refused: {folder}"),
    N_("Let the agent's user read it, or name another folder in [documents] folder"),
)


def examine_documents(installation: Installation) -> Iterator[Line]:
    """One line."""
    from usrec.preflight import build_shelf

    shelf = build_shelf(installation.settings)
    access = shelf.access()
    if access is None:
        yield NO_FOLDER.line(folder=str(shelf.folder))
    elif not access.readable:
        yield NOT_READABLE.line(folder=str(shelf.folder))
    else:
        yield (OPEN_TO_ALL if access.open_to_all else READABLE).line(folder=str(shelf.folder))
