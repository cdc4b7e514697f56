"""What a reader could not make out of a row, kept in the row's payload: it stops the row as a broken rule does.

A cell with a formula, or a day that may stand for none, is nothing that a rule could find in the text that is left of
it. The row is taken all the same, so that its term is watched, and is refused with what its reader said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Final

from usrec.domain.rules.finding import Finding, Severity, has_errors
from usrec.domain.source_event import SourceRow

READER: Final = "_reader"
"""Member of a payload that holds the findings of its reader; no field of an event."""


def with_reader_findings(row: SourceRow, findings: Iterable[Finding]) -> SourceRow:
    """The row with what its reader found; the row itself where that was nothing."""
    found = [asdict(one) for one in findings]
    if not found:
        return row
    return replace(row, payload=json.dumps({**json.loads(row.payload), READER: found}, ensure_ascii=False))


def reader_findings(payload: Mapping[str, object]) -> list[Finding]:
    """What the reader found; of what has another form nothing."""
    kept = payload.get(READER)
    try:
        found = [Finding(**{**one, "severity": Severity(one["severity"])}) for one in kept or ()]  # type: ignore[attr-defined]
    except (TypeError, ValueError, KeyError):
        return []
    return [one for one in found if all(isinstance(text, str) for text in asdict(one).values())]


def with_reader(
    findings: Iterable[Finding], payload: Mapping[str, object], uncoded: Iterable[Finding] = ()
) -> list[Finding]:
    """What the rules and the reader found; of a field that could not be read the rules say no more.

    Args:
        uncoded: Fields with a value of HR's for which no code is approved: they could not be read either.
    """
    read = reader_findings(payload)
    unreadable = {one.field for one in read if has_errors([one])}
    read += [one for one in uncoded if one.field not in unreadable]
    unread = {one.field for one in read if has_errors([one])}
    return [*read, *(one for one in findings if not one.field or one.field not in unread)]
