"""Holding signed heads against the chain: those in the ledger, and those that were kept outside of it.

A chain that was cut off, or made anew, is whole in itself; the heads that were signed before tell. After a backup was
restored, heads that were signed between the backup and the restoring are beyond the chain rightly: the journal says
when that was, and it is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from usrec.domain.chain_head import HeadStatement, read_statement
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


def verify_heads(view: ChainView, checker: HeadChecker, outside: Iterable[SignedHead | None]) -> HeadsChecked:
    """Check the heads of the ledger, then those outside of it, up to the first that does not agree."""
    check = _Check(view, checker, view.ledger_id(), list(_restorings(view)))
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


def _restorings(view: ChainView) -> Iterator[tuple[datetime, int]]:
    """When backups were restored, and which was the last batch of each.

    A line cannot tell of a time after it was linked, or it would excuse what is cut off later.
    """
    for line in view.restorings():
        try:
            batch, said = view.batch_of(line.seq), json.loads(line.detail)
            at = datetime.fromisoformat(line.at)
            yield at if batch is None else min(at, batch.header.at), int(said.get("backup_head", 0))
        except (ValueError, TypeError, AttributeError):
            continue


@dataclass(slots=True)
class _Check:
    """Checks one head after the other; a head that is in both places is verified once."""

    view: ChainView
    checker: HeadChecker
    ledger_id: str
    restorings: list[tuple[datetime, int]]
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
        if damage is not None and not (outside and self._is_excused(told)):
            self.found.breach = HeadBreach(damage, head.number, outside)
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

    def _is_excused(self, told: HeadStatement) -> bool:
        """Signed after the backup was taken and before it was restored."""
        of_this = told.ledger == self.ledger_id
        return of_this and any(told.at < at and told.batch > backup for at, backup in self.restorings)

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
