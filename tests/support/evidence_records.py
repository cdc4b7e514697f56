"""The record of a submission in an evidence bundle, and what speaks against it."""

from __future__ import annotations

import json
from typing import Any

from support.line import Line
from usrec.adapters.evidence.record import contradictions, lines_of
from usrec.application.evidence_files import record_json, text_of
from usrec.application.export_evidence import dossier_of


def record_of(line: Line, event: str) -> dict[str, Any]:
    """As it stands in a bundle that is made now."""
    which = line.of(event).id
    with line.ledger.evidence.reading() as reading:
        (record,) = reading.records([which])
    dossier = dossier_of(record, [], line.calendar, line.clock.now())
    found: dict[str, Any] = json.loads(text_of(record_json(dossier, {}, line.clock.now())))
    return found


def said_against(record: dict[str, Any]) -> list[str]:
    """What its own lines of the journal say otherwise."""
    return list(contradictions(record, list(lines_of(record))))


def contradictions_of(line: Line, event: str) -> list[str]:
    """The same of what the ledger holds now."""
    return said_against(record_of(line, event))
