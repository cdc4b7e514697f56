"""Signing how far the journal's chain reached, and keeping that outside the ledger too.

A head that was signed is in the ledger before it goes into the file; what a crash kept from the file is added the next
time. A key, an authority or a file that cannot be used stops nothing: the chain goes on, and it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from usrec.domain.chain_head import state_head
from usrec.domain.errors import StampRefused
from usrec.ports.chain import ChainView, SignedHead
from usrec.ports.clock import Clock
from usrec.ports.head_signer import HeadFile, HeadSigner, HeadStamper
from usrec.ports.ledger import Ledger

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class HeadKeeping:
    """What heads are made with.

    Attributes:
        stamper: None without a time stamping authority.
        note: Called with why there is no timestamp.
    """

    signer: HeadSigner
    stamper: HeadStamper | None = None
    note: Callable[[StampRefused], None] = lambda _: None


def sign_head(keeping: HeadKeeping, *, ledger: Ledger, view: ChainView, clock: Clock) -> SignedHead | None:
    """Sign where the chain stands and keep it; None when that is signed already, or another agent is at work.

    Raises:
        SigningRefused: No key can sign it now.
    """
    with ledger.begin() as work:
        state, last = work.chain.state(), work.chain.last_head()
    if state.number == (0 if last is None else last.number):
        return None
    now = clock.now()
    statement = state_head(view.ledger_id(), state, now).text
    signed = keeping.signer.sign(statement.encode(), now)
    stamp = _stamped(keeping, signed.signature)
    head = SignedHead(state.number, state.hash, now, signed.certificate, statement, signed.signature, stamp)
    return head if _kept(head, ledger) else None


def _stamped(keeping: HeadKeeping, signature: bytes) -> bytes | None:
    if keeping.stamper is None:
        return None
    try:
        return keeping.stamper.stamp(signature)
    except StampRefused as problem:
        keeping.note(problem)
        return None


def _kept(head: SignedHead, ledger: Ledger) -> bool:
    """Whether this one was kept: another agent may have signed a later one meanwhile."""
    with ledger.begin() as work:
        if not work.chain.lead():
            return False
        last = work.chain.last_head()
        if last is not None and last.number >= head.number:
            return False
        work.chain.add_head(head)
        work.commit()
    return True


def copy_heads(file: HeadFile, view: ChainView, head: SignedHead | None = None) -> int:
    """Add to the file what the ledger has beyond it; returns how many.

    Args:
        head: Just signed. It is added even where the file holds higher numbers, as after a restored backup.

    Raises:
        HeadFileUnusable: The file cannot be read or written.
    """
    last, added = file.last(), 0
    if head is not None and head.number <= last:
        file.append(head)
        return 1
    while heads := view.heads(last, _AT_ONCE):
        for one in heads:
            file.append(one)
        last, added = heads[-1].number, added + len(heads)
    return added
