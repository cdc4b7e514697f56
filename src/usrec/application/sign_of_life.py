"""An agent says in the ledger that it lives, so that others can see when it does not."""

from __future__ import annotations

from datetime import datetime

from usrec.domain.heartbeat import FORGOTTEN_AFTER, Heartbeat
from usrec.ports.ledger import Ledger


def give_sign(sign: Heartbeat, *, ledger: Ledger) -> None:
    """Say it; agents of which nobody has heard for a week are struck off.

    Raises:
        LedgerUnavailable: It could not be said.
    """
    with ledger.begin() as work:
        work.agents.beat(sign)
        work.agents.forget(sign.beat_at - FORGOTTEN_AFTER)
        work.commit()


def take_leave(owner: str, at: datetime, *, ledger: Ledger) -> None:
    """The agent ends, and is not to be looked for.

    Raises:
        LedgerUnavailable: It could not be said; the agent will be taken for one that died.
    """
    with ledger.begin() as work:
        work.agents.leave(owner, at)
        work.commit()
