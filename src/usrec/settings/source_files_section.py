"""``[source.NAME]`` with ``kind = "files"``: a folder into which HR drops files of events."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from usrec.settings.kinds import ApprovedFiles, Language, Seconds
from usrec.settings.section import Section

_SENTINEL: Final = re.compile(r"\d{4}-?\d\d-?\d\d=(none|date)")


def _sentinel(text: str) -> str:
    if _SENTINEL.fullmatch(text) is None:
        raise ValueError("write 99991231=none, or 2001-01-01=date where it is a day")
    return text


class FilesSourceSettings(Section):
    """A folder into which HR drops files of events."""

    kind: Literal["files"]
    """``files``: CSV, Excel (.xlsx) and JSON lines, as ``usrec template events`` makes them."""
    folder: Path
    """Where files are dropped; the agent makes folders for what it took and what it refused in it."""
    language: Language = "en"
    """Language of the result files."""
    settle: Seconds = timedelta(seconds=10)
    """A file is taken when it has not changed for so long; until then somebody may be writing it."""
    encoding: Literal["utf-8", "cp1251", "kz1048", "ptcp154"] | None = None
    """Encoding of text files; where none is named it is recognised, and a file that leaves doubt is refused."""
    pad_iin: bool = False
    """Put back leading zeros of an IIN or BIN where the check digit proves them."""
    excel_dates: bool = False
    """Bare numbers in date fields are Excel's count of days."""
    sentinels: tuple[Annotated[str, AfterValidator(_sentinel)], ...] = ()
    """Days that stand for no date, such as ``99991231=none``; ``2001-01-01=date`` where it is a day."""
    approved: ApprovedFiles = {}  # noqa: RUF012 -- a pydantic model copies it
    """Fields in which HR writes its own values, each with the review file that has codes for them."""
