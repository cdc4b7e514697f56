"""The journal's chain in a running agent: linked at intervals, its head signed and kept outside the ledger.

Nothing here stops the agent or delays the line: what fails is said in the log and tried again. Said once, until it
changes; a tail that grows past its bound is said again every hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from usrec.application.link_journal import link_journal
from usrec.application.sign_head import HeadKeeping, copy_heads, sign_head
from usrec.domain.errors import StampRefused, UsrecError
from usrec.heads import build_head_file

if TYPE_CHECKING:
    from usrec.bootstrap import Agent
    from usrec.ports.chain import SignedHead

BATCHES_AT_ONCE: Final = 40
"""Linked in one turn: some ten thousand lines, so that an old ledger is linked by and by."""
BATCHES_AT_STOP: Final = 100
LINK_EVERY: Final = timedelta(seconds=5)
TRIED_AGAIN: Final = timedelta(minutes=5)
"""A head that could not be signed, or kept outside, is tried again after so long."""
TOLD_AGAIN: Final = timedelta(hours=1)

_log = structlog.get_logger("usrec.journal")


@dataclass
class JournalWatch:
    """Links, signs and tells."""

    _head_at: datetime | None = None
    _said: dict[str, str] = field(default_factory=dict)
    _behind_at: datetime | None = None

    def look(self, agent: Agent) -> None:
        """One turn."""
        with self._harmlessly():
            more = self._link(agent, BATCHES_AT_ONCE)
            now = agent.clock.now()
            if not more and (self._head_at is None or now >= self._head_at):
                self._head_at = now + min(TRIED_AGAIN, agent.settings.values.journal.sign_every)
                self._keep_head(agent, at_stop=False)
            self._tell_tail(agent, now)

    def finish(self, agent: Agent) -> None:
        """At a stop: link what is left, within bounds, and sign where the chain stands."""
        with self._harmlessly():
            if not self._link(agent, BATCHES_AT_STOP):
                self._keep_head(agent, at_stop=True)

    @contextmanager
    def _harmlessly(self) -> Iterator[None]:
        """Whatever breaks in here must not keep a contract from being registered."""
        try:
            yield
        except Exception as problem:  # noqa: BLE001 -- a fault of this program too; it is said with its kind alone
            kind = type(problem).__name__
            if self._said.get("turn") != kind:
                self._said["turn"] = kind
                _log.error("the journal could not be looked after", action="journal.failed", kind=kind)

    def _link(self, agent: Agent, batches: int) -> bool:
        """Whether there is more to link."""
        try:
            for _ in range(batches):
                linked = link_journal(ledger=agent.ledger, clock=agent.clock)
                if not linked.more:
                    self._said.pop("link", None)
                    return False
        except UsrecError as problem:
            self._say("link", problem)
            return False
        return True

    def _keep_head(self, agent: Agent, *, at_stop: bool) -> None:
        try:
            head = self._signed(agent, at_stop=at_stop)
            self._said.pop("sign", None)
        except UsrecError as problem:
            self._say("sign", problem)
            head = None
        try:
            copy_heads(build_head_file(agent.settings), agent.ledger.chain_view, head)
            self._said.pop("file", None)
        except UsrecError as problem:
            self._say("file", problem)

    def _signed(self, agent: Agent, *, at_stop: bool) -> SignedHead | None:
        signer = agent.head_signer
        if signer is None or (not at_stop and not self._is_due(agent)):
            return None
        keeping = HeadKeeping(signer, agent.head_stamper, self._no_stamp)
        head = sign_head(keeping, ledger=agent.ledger, view=agent.ledger.chain_view, clock=agent.clock)
        if head is not None:
            _log.info(
                "head of the journal signed",
                action="journal.head",
                batch=head.number,
                hash=head.hash,
                certificate=head.certificate,
                stamped=head.timestamp is not None,
            )
        return head

    def _is_due(self, agent: Agent) -> bool:
        last = agent.ledger.chain_view.last_head()
        every = agent.settings.values.journal.sign_every
        return last is None or agent.clock.now() - last.signed_at >= every

    def _no_stamp(self, problem: StampRefused) -> None:
        self._say("stamp", problem)

    def _tell_tail(self, agent: Agent, now: datetime) -> None:
        """Lines that wait for too long: somebody else links and does not get on, or nobody can."""
        if self._behind_at is not None and now < self._behind_at:
            return
        self._behind_at = now + LINK_EVERY
        try:
            tail = agent.ledger.chain_view.tail()
        except UsrecError as problem:
            self._say("link", problem)
            return
        bound = agent.settings.values.journal.tail_bound
        if tail.oldest_at is not None and now - tail.oldest_at > bound:
            self._behind_at = now + TOLD_AGAIN
            _log.error(
                "lines of the journal wait to be linked for too long: usrec journal verify",
                action="journal.behind",
                lines=tail.lines,
                oldest=tail.oldest_at.isoformat(),
            )

    def _say(self, what: str, problem: UsrecError) -> None:
        """In the log, unless it was said already."""
        if self._said.get(what) != str(problem):
            self._said[what] = str(problem)
            _log.warning(str(problem), action=f"journal.{what}_failed", kind=type(problem).__name__)
