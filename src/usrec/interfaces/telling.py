"""The thread that tells HR systems what changed; one that is away keeps no other waiting."""

from __future__ import annotations

from usrec.application.tell_changes import tell_changes
from usrec.bootstrap import Agent
from usrec.domain.errors import SourceUnavailable
from usrec.interfaces.crew import Crew


def tell_all(agent: Agent, crew: Crew) -> bool:
    """Tell each HR system that wants to be told; whether there may be more at once."""
    told = 0
    for listener in agent.listeners:
        try:
            told += tell_changes(listener=listener, ledger=agent.ledger, clock=agent.clock)
        except SourceUnavailable as problem:
            crew.waits_for(problem)
    return told > 0
