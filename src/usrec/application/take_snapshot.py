"""One look at HR's staff: compare it with what was told, and queue the events that follow, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from usrec.domain.snapshot.look import Difference, Memory, differ
from usrec.domain.snapshot.sound import BY_DEFAULT, Soundness, require_sound
from usrec.domain.snapshot.staff import FoldedKey
from usrec.domain.snapshot.story import Facts, Story
from usrec.domain.source_event import SourceName
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.staff import StaffRoster


@dataclass(frozen=True, slots=True)
class SnapshotPolicy:
    """How looks are compared.

    Attributes:
        soundness: What is still a staff.
        new_from: In a first look, what was signed or ended on this day or later is new; None: nothing is.
        leaves_are_complete: A leave whose row is gone was deleted.
        learned: Says of what is remembered what could not be said then: a code for HR's value that no map knew. So no
            change is seen where only the map has changed.
    """

    soundness: Soundness = BY_DEFAULT
    new_from: date | None = None
    leaves_are_complete: bool = False
    learned: Callable[[Facts], Facts] = lambda facts: facts


def take_snapshot(
    source: SourceName,
    *,
    roster: StaffRoster,
    ledger: Ledger,
    clock: Clock,
    policy: SnapshotPolicy,
    keep: bool = True,
) -> Difference | None:
    """Look at the staff and derive what is new. No transaction of the ledger is open while HR's database is read.

    Args:
        keep: Remember the look and queue its events; else it is a preview.

    Returns:
        What was derived; None where another agent took a snapshot meanwhile, and nothing was kept.

    Raises:
        SourceUnavailable: The HR database cannot be read; nothing was changed.
        SnapshotRefused: What it returned cannot be the staff; nothing was changed.
        LedgerUnavailable: Nothing was kept.
    """
    with ledger.begin() as work:
        before = work.snapshots.taken_at(source)
    look = roster.look(clock.now())
    with ledger.begin() as work:
        if work.snapshots.taken_at(source) != before:
            return None
        memory = learned(work.snapshots.memory(source), policy)
        require_sound(look, memory, policy.soundness, roster.where, leaves_are_complete=policy.leaves_are_complete)
        fates = work.snapshots.fates(source, memory.open_events)
        difference = differ(
            memory, look, fates, new_from=policy.new_from, leaves_are_complete=policy.leaves_are_complete
        )
        if keep and work.snapshots.keep(source, difference, look.at, before):
            work.commit()
            return difference
    return None if keep else difference


def learned(memory: Memory, policy: SnapshotPolicy) -> Memory:
    """What is remembered, with what could not be said then."""

    def each(stories: Mapping[FoldedKey, Story]) -> Mapping[FoldedKey, Story]:
        return {key: story.learn(policy.learned) for key, story in stories.items()}

    return replace(memory, contracts=each(memory.contracts), leaves=each(memory.leaves))
