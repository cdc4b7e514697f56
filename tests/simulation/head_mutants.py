"""Bugs to plant in the signed heads of the journal's chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final
from unittest.mock import patch

from usrec.application import sign_head
from usrec.domain.chain import link, state_after
from usrec.domain.chain_head import state_head
from usrec.ports.chain import SignedHead


@contextmanager
def _head_of_what_is_not_linked() -> Iterator[None]:
    """A head is signed of a batch before that batch is in the ledger."""
    signed = sign_head.sign_head

    def ahead(keeping: Any, *, ledger: Any, view: Any, clock: Any) -> Any:
        with ledger.begin() as work:
            state = work.chain.state()
            batch = link(state, work.chain.unlinked(state, 99), at=clock.now(), passed=True, horizon=0)
        if batch is None:
            return signed(keeping, ledger=ledger, view=view, clock=clock)
        reached = state_after(batch.header, batch.hash)
        keeping.signer.sign(state_head(view.ledger_id(), reached, clock.now()).text.encode(), clock.now())
        return None

    with patch.object(sign_head, "sign_head", ahead):
        yield


@contextmanager
def _older_head_is_kept() -> Iterator[None]:
    """Whether another agent has kept a later head meanwhile is not looked at."""

    def kept(head: SignedHead, ledger: Any) -> bool:
        driver = ledger._office.ledger.connection.driver
        with ledger.begin() as work:
            if driver.execute("SELECT 1 FROM journal_heads WHERE number = ?", (head.number,)).fetchone():
                return False
            work.chain.add_head(head)
            work.commit()
        return True

    with patch.object(sign_head, "_kept", kept):
        yield


@contextmanager
def _only_the_newest_head_outside() -> Iterator[None]:
    """What a crash kept from the file outside is never added."""

    def newest(file: Any, view: Any, head: SignedHead | None = None) -> int:
        del view
        if head is None:
            return 0
        file.append(head)
        return 1

    with patch.object(sign_head, "copy_heads", newest):
        yield


HEADS: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "head-of-what-is-not-linked": _head_of_what_is_not_linked,
    "older-head-is-kept": _older_head_is_kept,
    "only-the-newest-head-outside": _only_the_newest_head_outside,
}
