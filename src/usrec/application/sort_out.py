"""The idempotent receiver: which rows of a batch are new, which repeat what is known, and which contradict it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.fields import without_unknown_fields
from usrec.ports.ledger import UnitOfWork


@dataclass(frozen=True, slots=True)
class SortedOut:
    """What rows are: new, or another content under a revision that is known; repeated ones are left out.

    Attributes:
        others: New ones and contradictions, in the order of the rows.
        new: Places in memory of those that are new.
    """

    others: Sequence[Examined]
    new: frozenset[int]

    def is_new(self, one: Examined) -> bool:
        """Whether it was recorded just now."""
        return id(one) in self.new


def sort_out(work: UnitOfWork, examined: Sequence[Examined], now: datetime) -> SortedOut:
    """Record the new rows in the inbox: before all else, so that of two agents the second one stops here."""
    known = dict(work.inbox.known([(one.row.source, one.event_id, one.row.revision) for one in examined]))
    others, new, rows = [], set(), []
    for one in examined:
        key = (one.row.source, one.event_id, one.row.revision)
        fingerprint = work.inbox.fingerprint(one.row.canonical())
        if known.get(key) == fingerprint:
            continue
        others.append(one)
        if key not in known:
            known[key] = fingerprint
            new.add(id(one))
            kept = replace(one.row, payload=without_unknown_fields(one.row.payload))
            rows.append((kept, one.event_id, fingerprint))
    if rows:
        work.inbox.add_all(rows, now)
    return SortedOut(others, frozenset(new))
