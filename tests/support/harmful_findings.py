"""Every sentence that the rules on harmful work can write."""

from __future__ import annotations

import json
from collections.abc import Iterator

from support.broken_rows.documents import DOCUMENTS
from support.broken_rows.harmful import HARMFUL, MARKS
from support.document_files import SHELF
from support.sound_rows import FOREIGN_IIN, row_of, rows_of
from usrec.domain.document import Absence, MissingFile
from usrec.domain.rules.documents import check_document
from usrec.domain.rules.fields import read_details
from usrec.domain.rules.finding import Finding
from usrec.domain.rules.harmful import (
    ConditionCodes,
    ContractPast,
    Earlier,
    check_conditions,
    check_payment_marks,
    past_of,
)
from usrec.domain.source_event import Details, Operation, SourceRow

CODES = ConditionCodes()


class NothingThere:
    """A shelf that has a reason of its own for every file."""

    def __init__(self, why: Absence) -> None:
        self.why = why

    def find(self, name: str) -> MissingFile:
        del name
        return MissingFile(self.why)


def details_of(row: SourceRow) -> Details:
    details, findings = read_details(Operation(row.event_type), json.loads(row.payload))
    assert details is not None, findings
    return details


def harmful_findings() -> Iterator[Finding]:
    for broken in (*HARMFUL, *DOCUMENTS):
        *earlier, last = map(details_of, rows_of(broken))
        yield from check_conditions(last, CODES)
        yield from check_document(last, SHELF)[1]
        before = [Earlier(str(place), one) for place, one in enumerate(earlier)]
        yield from check_payment_marks(last, past_of(before, last), CODES)
    marked = details_of(row_of(Operation.TERMINATION, MARKS))
    yield from check_payment_marks(marked, None, CODES)
    yield from check_payment_marks(marked, ContractPast("2", FOREIGN_IIN), CODES)
    named = details_of(row_of(Operation.CONCLUSION, {"supporting_document": "half.pdf"}))
    yield from check_document(named, SHELF)[1]
    yield from check_document(named, None)[1]
    for why in (Absence.REFUSED, Absence.UNREADABLE):
        yield from check_document(named, NothingThere(why))[1]
