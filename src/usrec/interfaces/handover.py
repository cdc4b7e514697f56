"""One composed agent takes over from another while threads are at work: each finishes its step with the one it began.

The old agent's connections are closed when the last step that uses them has ended. So nobody waits for anybody, and
no step meets half of one composition and half of another.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from usrec.bootstrap import Agent

_log = structlog.get_logger("usrec.reload")


class Handover:
    """Who is on duty. Safe in threads."""

    def __init__(self, agent: Agent) -> None:
        self._current = agent
        self._users: Counter[int] = Counter()
        self._lock = threading.Lock()

    @property
    def current(self) -> Agent:
        """The agent that the next step begins with."""
        return self._current

    @contextmanager
    def borrow(self) -> Iterator[Agent]:
        """The current agent, which stays open for the length of one step."""
        with self._lock:
            agent = self._current
            self._users[id(agent)] += 1
        try:
            yield agent
        finally:
            with self._lock:
                self._users[id(agent)] -= 1
                unused = not self._users[id(agent)]
                if unused:
                    del self._users[id(agent)]
                retired = agent is not self._current
            if unused and retired:
                _retire(agent)

    def replace(self, agent: Agent) -> None:
        """``agent`` is on duty from now on."""
        with self._lock:
            old, self._current = self._current, agent
            unused = not self._users[id(old)]
        if unused:
            _retire(old)


def _retire(agent: Agent) -> None:
    """Close it; what goes wrong with an agent that nobody uses any more is no reason to stop the other."""
    try:
        agent.close()
    except Exception as problem:  # noqa: BLE001 -- whatever it is, only connections are left open
        _log.warning("the former connections were not closed", action="agent.retire", kind=type(problem).__name__)
