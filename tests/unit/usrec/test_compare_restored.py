"""HR's rows beside a restored ledger: every kind of difference is told once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from support.line import UNREACHABLE, Line
from usrec.application.compare_restored import Difference, compare_restored
from usrec.domain.source_event import EventId, SourceName
from usrec.ports.backup import RememberedRow


@dataclass
class Memory:
    """HR's table, as a list."""

    rows: Sequence[RememberedRow]

    def remembered(self) -> Iterator[Sequence[RememberedRow]]:
        yield self.rows


def row(event: str, state: str, revision: int = 1) -> RememberedRow:
    return RememberedRow(SourceName("hr"), EventId(event), revision, True, state, "", None, None)


def test_every_difference_is_told_and_what_agrees_is_not(line: Line) -> None:
    line.register("agrees", contract="K-1")
    line.take("open", contract="K-2")
    line.take("signed", contract="K-3")
    line.take("refused", contract="K-4")
    line.take("mended", contract="K-5", contract_date="no date")
    line.take("gone", contract="K-6")
    for _ in range(2):
        line.send(UNREACHABLE)
    rows = [
        row("agrees", "accepted"),
        row("open", "accepted"),
        row("signed", "signed"),
        row("refused", "rejected"),
        row("mended", "accepted"),
        row("mended", "accepted", revision=2),
        row("lost", "pending"),
        row("new", "accepted"),
    ]
    found = compare_restored(ledger=line.ledger, view=line.ledger.view, memories=[Memory(rows)])
    assert [(one.event_id, one.revision, one.difference) for one in found] == [
        ("open", 1, Difference.REGISTERED_OPEN),
        ("signed", 1, Difference.NOT_CERTAIN),
        ("refused", 1, Difference.REFUSED_OPEN),
        ("mended", 1, Difference.REGISTERED_OTHERWISE),
        ("mended", 2, Difference.REGISTERED_UNKNOWN),
        ("lost", 1, Difference.TAKEN_UNKNOWN),
        ("new", 1, Difference.REGISTERED_UNKNOWN),
        ("gone", 1, Difference.NOT_CERTAIN),
    ]
