"""Claims whose delivery broke off: remembered in this process until the ledger takes them back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from usrec.application.give_back import give_back_untouched
from usrec.domain.errors import LeaseLost, LedgerUnavailable, TheirsToWaitFor
from usrec.ports.ledger import Claim, Ledger


class InterruptedClaims:
    """Safe in threads; each claim is given back by one of them."""

    def __init__(self) -> None:
        self._claims: deque[Claim] = deque()

    @contextmanager
    def remembered(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Around a delivery: what a failing ledger breaks off is remembered, and its leases not waited for."""
        try:
            yield
        except TheirsToWaitFor:
            self.remember(claims)
            raise

    def remember(self, claims: Sequence[Claim]) -> None:
        """Their delivery was broken off."""
        self._claims.extend(claims)

    def give_back(self, ledger: Ledger) -> None:
        """Make them ready again.

        Raises:
            LedgerUnavailable: The ledger still fails; they are remembered for the next call.
        """
        while self._claims:
            try:
                claim = self._claims.popleft()
            except IndexError:
                return
            try:
                give_back_untouched(claim, ledger=ledger)
            except LeaseLost:
                continue
            except LedgerUnavailable:
                self._claims.append(claim)
                raise
