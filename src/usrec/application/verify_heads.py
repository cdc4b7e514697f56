"""Holding signed heads against the chain: those in the ledger, and those that were kept outside of it.

A chain that was cut off, or made anew, is whole in itself; the heads that were signed before tell. After a backup was
restored, heads that were signed between the backup and the restoring are beyond the chain rightly: the journal and the
file of heads outside the ledger both say when that was, and it is told. The journal alone may have been written by
whoever cut the chain off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from usrec.domain.chain_head import HeadStatement, Restoring, read_statement
from usrec.ports.chain import ChainView, SignedHead
from usrec.ports.head_signer import CheckedSignature, HeadChecker

RESTORED: Final = "ledger_restored"
"""The journal's word for a restored backup; its detail names the backup's last batch."""
_AT_ONCE: Final = 100
_UNREADABLE: Final = "it cannot be read"


class HeadDamage(StrEnum):
    """What is wrong with a head, or what a head shows to be wrong with the chain."""

    SIGNATURE = "head_signature"
    """Its signature is not good."""
    TIMESTAMP = "head_timestamp"
    """Its timestamp is not good."""
    OTHER_LEDGER = "head_other_ledger"
    """It was signed for another ledger."""
    OTHER_CHAIN = "head_other_chain"
    """The chain has another batch in that place: it was made anew."""
    CUT_OFF = "head_cut_off"
    """The chain ends before it: it was cut off."""
    RESTORING_UNKNOWN = "head_restoring_unknown"
    """The chain ends before it, and only the ledger says that a backup was restored."""


@dataclass(frozen=True, slots=True)
class HeadBreach:
    """The first head that does not agree.

    Attributes:
        batch: That it is the head of.
        outside: It was kept outside the ledger.
        why: More about it, empty when the damage says all.
    """

    damage: HeadDamage
    batch: int
    outside: bool
    why: str = ""


@dataclass(slots=True)
class HeadsChecked:
    """What a check of heads found.

    Attributes:
        ledger: How many of the ledger agree.
        outside: How many outside of it do.
        unreadable: Lines outside that cannot be read, as a crash may leave one.
        excused: Heads outside beyond a restored backup.
        stamped: How many have a timestamp that was checked.
        signers: Whose certificates signed, in the order of their first head.
        last: The newest that agrees.
    """

    ledger: int = 0
    outside: int = 0
    unreadable: int = 0
    excused: int = 0
    stamped: int = 0
    signers: list[str] = field(default_factory=list)
    last: HeadStatement | None = None
    breach: HeadBreach | None = None


def verify_heads(
    view: ChainView,
    checker: HeadChecker,
    outside: Iterable[SignedHead | None],
    restorings: Collection[Restoring] = (),
) -> HeadsChecked:
    """Check the heads of the ledger, then those outside of it, up to the first that does not agree.

    Args:
        restorings: Of backups, as told outside the ledger.
    """
    check = _Check(view, checker, view.ledger_id(), list(told_restorings(view, restorings)))
    after = 0
    for head in _of_ledger(view):
        if head is None:
            check.found.breach = HeadBreach(HeadDamage.SIGNATURE, after + 1, outside=False, why=_UNREADABLE)
        if head is None or not check.agrees(head, outside=False):
            return check.found
        after = head.number
    for one in outside:
        if one is None:
            check.found.unreadable += 1
        elif not check.agrees(one, outside=True):
            return check.found
    return check.found


def _of_ledger(view: ChainView) -> Iterator[SignedHead | None]:
    """All heads of the ledger up to the first of which a value is not even of its kind any more: None for that one."""
    after, at_once = 0, _AT_ONCE
    while True:
        try:
            heads = view.heads(after, at_once)
        except (ValueError, TypeError):
            if at_once == 1:
                yield None
                return
            at_once = 1
            continue
        if not heads:
            return
        yield from heads
        after = heads[-1].number


@dataclass(frozen=True, slots=True)
class ToldRestoring:
    """That a backup was restored, as the journal says.

    Attributes:
        at: When; never after its line was linked, or it would excuse what is cut off later.
        known: It is told outside the ledger, too.
    """

    at: datetime
    backup_head: int
    known: bool

    def excuses(self, signed_at: datetime, batch: int) -> bool:
        """A head is beyond the chain rightly: signed after the backup was taken and before it was restored."""
        return signed_at < self.at and batch > self.backup_head


def told_restorings(view: ChainView, outside: Collection[Restoring]) -> Iterator[ToldRestoring]:
    """The restorings of the journal, held against those that are told outside the ledger."""
    for line in view.restorings():
        try:
            batch, said = view.batch_of(line.seq), json.loads(line.detail)
            at = datetime.fromisoformat(line.at)
            head = int(said.get("backup_head", 0))
            yield ToldRestoring(at if batch is None else min(at, batch.header.at), head, Restoring(at, head) in outside)
        except (ValueError, TypeError, AttributeError):
            continue


@dataclass(slots=True)
class _Check:
    """Checks one head after the other; a head that is in both places is verified once."""

    view: ChainView
    checker: HeadChecker
    ledger_id: str
    restorings: list[ToldRestoring]
    found: HeadsChecked = field(default_factory=HeadsChecked)
    _verified: dict[bytes, CheckedSignature] = field(default_factory=dict)

    def agrees(self, head: SignedHead, *, outside: bool) -> bool:
        """Whether to go on with the next."""
        signature = self._signature(head)
        wrong = self._wrong(head, signature, outside=outside)
        if wrong is not None:
            self.found.breach = wrong
            return False
        told = read_statement(head.statement)
        damage = self._damage(told)
        excuses = self._excuses(told) if outside and damage is not None else []
        if damage is not None and not any(one.known for one in excuses):
            self.found.breach = HeadBreach(HeadDamage.RESTORING_UNKNOWN if excuses else damage, head.number, outside)
            return False
        self._count(told, signature, outside=outside, excused=damage is not None)
        return True

    def _signature(self, head: SignedHead) -> CheckedSignature:
        said = (head.number, head.hash, head.certificate, head.statement, head.signature, head.timestamp)
        key = hashlib.sha256(repr(said).encode()).digest()
        if key not in self._verified:
            self._verified[key] = self.checker.check(head)
        return self._verified[key]

    def _wrong(self, head: SignedHead, signature: CheckedSignature, *, outside: bool) -> HeadBreach | None:
        if signature.wrong:
            return HeadBreach(HeadDamage.SIGNATURE, head.number, outside, signature.wrong)
        if signature.stamp_wrong:
            return HeadBreach(HeadDamage.TIMESTAMP, head.number, outside, signature.stamp_wrong)
        return None

    def _damage(self, told: HeadStatement) -> HeadDamage | None:
        if told.ledger != self.ledger_id:
            return HeadDamage.OTHER_LEDGER
        try:
            standing = self.view.headers(told.batch - 1, 1)
        except (ValueError, TypeError):
            return HeadDamage.OTHER_CHAIN
        if not standing:
            return HeadDamage.CUT_OFF
        header, found_hash = standing[0]
        same = (header.number, found_hash, header.total) == (told.batch, told.hash, told.entries)
        return None if same else HeadDamage.OTHER_CHAIN

    def _excuses(self, told: HeadStatement) -> list[ToldRestoring]:
        """Restorings that would explain why the chain ends before this head."""
        of_this = self.restorings if told.ledger == self.ledger_id else []
        return [one for one in of_this if one.excuses(told.at, told.batch)]

    def _count(self, told: HeadStatement, signature: CheckedSignature, *, outside: bool, excused: bool) -> None:
        found = self.found
        if excused:
            found.excused += 1
            return
        found.outside += outside
        found.ledger += not outside
        found.stamped += signature.stamped_at is not None
        if signature.signer not in found.signers:
            found.signers.append(signature.signer)
        if found.last is None or told.batch > found.last.batch:
            found.last = told
