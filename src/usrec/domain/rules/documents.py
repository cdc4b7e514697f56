"""The supporting document of harmful work: there, of a kind that USREC takes, beside a list's entry, small enough.

Sources: response codes SCSE167, 171, 173, 174 and 999. The id (168-170), the format (172) and the sending of one
contract in one message (175) are the agent's own doing and hold by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from math import ceil
from typing import Final

from usrec.domain.document import Absence, DocumentShelf, FoundFile, MissingFile
from usrec.domain.events.contracts import WorkTerms
from usrec.domain.message import DATA_CAP_BYTES
from usrec.domain.rules.finding import Finding, error, undetermined
from usrec.domain.source_event import DEPARTMENT, Details

SIGNATURE_ROOM: Final = 6 * 1024
"""What is left for the employer's signature with its certificate; real ones take 4 to 5 KB."""

_ROOM_FOR_TAGS: Final = 1024
_USUAL_TEXTS: Final = 2 * 1024
_TAG: Final = 70
"""An element's two tags at their longest."""
_ENTITY: Final = 6
"""The longest escape of a character that XML reserves."""

_FIELD: Final = "supporting_document"
_UNCOUNTED: Final = frozenset({_FIELD, DEPARTMENT})
_NOT_LOOKED_AT: Final = "The folder of documents is not known here: the file was not looked at."
NOT_TAKEN: Final = error("document_there", _FIELD, _NOT_LOOKED_AT)
"""Of an event whose document nobody could look for: it must not be sent without it."""

_ABSENCES: Final = {
    Absence.MISSING: "There is no file of this name in the folder of documents.",
    Absence.REFUSED: (
        "supporting_document must name a plain file of the folder of documents: no link, no folder, no other place."
    ),
    Absence.UNREADABLE: "The file lies in the folder of documents, and the agent may not or cannot read it.",
}


def check_document(details: Details, shelf: DocumentShelf | None) -> tuple[FoundFile | None, list[Finding]]:
    """The document that an event names, None where it names none or it cannot be had, with what is wrong about it.

    Args:
        details: The event.
        shelf: Where HR's files lie; None where nobody can look.
    """
    if not isinstance(details, WorkTerms):
        return None, []
    if details.supporting_document is None:
        return None, list(_without_file(details))
    findings = list(_beside_item(details, _FIELD))
    if shelf is None:
        return None, [*findings, undetermined("document_there", _FIELD, _NOT_LOOKED_AT, code="SCSE171")]
    found = shelf.find(details.supporting_document)
    findings += _named(details, found)
    findings += file_findings(found, details)
    return None if isinstance(found, MissingFile) else found, findings


def file_findings(found: FoundFile | MissingFile, details: WorkTerms | None = None) -> Iterator[Finding]:
    """What is wrong with a file itself; ``details`` make the size of its message exact."""
    if isinstance(found, MissingFile):
        yield _not_had(details, found)
    elif not found.content:
        yield error("document_there", _FIELD, "The file is empty.", code="SCSE171")
    else:
        yield from _of_content(found)
        if message_size(len(found.content), details) > DATA_CAP_BYTES:
            yield _too_large(details, len(found.content))


def _without_file(details: WorkTerms) -> Iterator[Finding]:
    if details.supporting_document_name is None:
        return
    if details.harmful_conditions_code is None:
        yield from _beside_item(details, "supporting_document_name")
    else:
        message = "supporting_document_name is given, and supporting_document names no file."
        yield error("document_there", _FIELD, message, code="SCSE171")


def _beside_item(details: WorkTerms, field: str) -> Iterator[Finding]:
    if details.harmful_conditions_code is None:
        message = "A supporting document belongs to harmful_conditions_code only, and that is empty."
        yield error("document_only_with_harmful_code", field, message, code="SCSE167")


def _named(details: WorkTerms, found: FoundFile | MissingFile) -> Iterator[Finding]:
    if details.supporting_document_name is None and isinstance(found, FoundFile) and not found.title:
        message = "supporting_document_name is missing, and the name of the file tells nothing."
        yield error("document_named", "supporting_document_name", message, code="SCSE174")


def _not_had(details: WorkTerms | None, missing: MissingFile) -> Finding:
    if missing.why is Absence.TOO_LARGE:
        return _too_large(details, missing.size)
    code = "SCSE171" if missing.why is Absence.MISSING else ""
    return error("document_there", _FIELD, _ABSENCES[missing.why], code=code)


def _of_content(found: FoundFile) -> Iterator[Finding]:
    if found.format is None:
        message = (
            "The file's contents are neither PDF, JPEG nor PNG, whatever its name says. Save the document as one of "
            "them; renaming the file is not enough."
        )
        yield error("document_format_known", _FIELD, message, code="SCSE173")
    elif not found.is_whole:
        message = "The file breaks off before its end, as if it was still being copied. Put the whole file there."
        yield error("document_whole", _FIELD, message)


def message_size(document: int, details: WorkTerms | None = None) -> int:
    """Bytes that the signed message takes at most with a document of so many bytes: base64 makes four of three.

    Without ``details`` a contract is thought of that fills in much.
    """
    if details is None:
        texts = _USUAL_TEXTS
    else:
        texts = sum(_text_size(getattr(details, item.name)) for item in fields(details) if item.name not in _UNCOUNTED)
    return encoded_size(document) + texts + _ROOM_FOR_TAGS + SIGNATURE_ROOM


def encoded_size(size: int) -> int:
    """Bytes of ``size`` bytes as base64."""
    return ceil(size / 3) * 4


def room_for_document(details: WorkTerms | None = None) -> int:
    """Bytes that a document may have beside ``details``, or beside a usual contract."""
    return (DATA_CAP_BYTES - message_size(0, details)) // 4 * 3


def _text_size(value: object) -> int:
    if value is None:
        return 0
    text = value.isoformat() if isinstance(value, date) else str(value)
    escaped = sum(_ENTITY for char in text if char in "<>&\r")
    return len(text.encode()) + escaped + _TAG


def _too_large(details: WorkTerms | None, size: int) -> Finding:
    whole, encoded = ceil(message_size(size, details) / 1024), ceil(encoded_size(size) / 1024)
    message = (
        f"The signed message would have about {whole} KB, {encoded} KB of them this file of {ceil(size / 1024)} KB "
        f"as base64; USREC takes 100 KB. Make the file at most {room_for_document(details) // 1024} KB: only the "
        "pages that matter, scanned in grey at 150 dpi, as PDF or JPEG rather than PNG."
    )
    return error("message_fits_100_kb", _FIELD, message, code="SCSE999")
