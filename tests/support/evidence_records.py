"""The record of a submission in an evidence bundle, and what speaks against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from support.line import Line
from usrec.adapters.evidence.record import contradictions, lines_of
from usrec.adapters.persistence import SqlLedger
from usrec.application.evidence_files import record_json, text_of
from usrec.application.export_evidence import dossier_of
from usrec.domain.submission import SubmissionId
from usrec.domain.working_calendar import Calendars


def records_of(
    ledger: SqlLedger, which: Sequence[SubmissionId], calendar: Calendars, now: datetime
) -> Iterator[dict[str, Any]]:
    """As they stand in a bundle that is made now."""
    with ledger.evidence.reading() as reading:
        for record in reading.records(which):
            yield json.loads(text_of(record_json(dossier_of(record, [], calendar, now), {}, now)))


def record_of(line: Line, event: str) -> dict[str, Any]:
    """That of one event."""
    (found,) = records_of(line.ledger, [line.of(event).id], line.calendar, line.clock.now())
    return found


def said_against(record: dict[str, Any]) -> list[str]:
    """What its own lines of the journal say otherwise."""
    return list(contradictions(record, list(lines_of(record))))


def contradictions_of(line: Line, event: str) -> list[str]:
    """The same of what the ledger holds now."""
    return said_against(record_of(line, event))
