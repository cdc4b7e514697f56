"""What the thread of one HR system that is told of changes does; one that is away keeps no other waiting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from usrec.application.tell_changes import tell_changes
from usrec.bootstrap import Agent
from usrec.domain.source_event import SourceName
from usrec.interfaces.crew import OTHERS_TIME, Loop


def telling_loops(agent: Agent, every: float) -> Sequence[Loop]:
    """One for each HR system that is told of changes at once.

    Args:
        every: Seconds between two looks.
    """
    return [
        Loop(f"tell-hr-{one.source}", partial(tell_one, one.source), OTHERS_TIME, every, tells_results=True)
        for one in agent.listeners
    ]


def tell_one(source: SourceName, agent: Agent) -> bool:
    """Tell one HR system; whether there may be more at once.

    Raises:
        SourceUnavailable: It did not take what it was told.
    """
    listener = next((one for one in agent.listeners if one.source == source), None)
    return listener is not None and tell_changes(listener=listener, ledger=agent.ledger, clock=agent.clock) > 0
