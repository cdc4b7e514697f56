"""Looking up at intervals whether the certificates in use were revoked: told in the log, kept in the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from usrec.application.watch_trust import look_up, record_trust
from usrec.domain.trust import Subject, TrustStatus, TrustVerdict
from usrec.interfaces.crew import LEDGER_TIME, LOOK_EVERY, Loop
from usrec.interfaces.let_go import result_while_wanted
from usrec.ports.trust import TrustJudge
from usrec.revocation import certificates_in_use
from usrec.settings import Settings, TrustSettings

if TYPE_CHECKING:
    from usrec.bootstrap import Agent

AGAIN: Final = timedelta(minutes=10)
"""So soon it is looked again when somebody could not be asked."""
_NAME: Final = timedelta(minutes=1)
"""What finding a server's name may take on top of the timeout: no timeout of ours ends it."""
_log = structlog.get_logger("usrec.trust")


def longest_look(values: Settings, trust: TrustSettings) -> timedelta:
    """What one look at all certificates may take where every server is as slow as its timeout allows."""
    keys = sum(1 + len(employer.next_key) for employer in values.employer.values())
    return (keys + 2) * (1 + 2 * len(trust.crl)) * (trust.timeout + _NAME)


@dataclass
class TrustWatch:
    """When it was last looked, and what was told of it.

    Attributes:
        stop: Ends a look at once; servers that do not answer hold nobody up.
    """

    stop: threading.Event
    _agent: Agent | None = None
    _looked_at: datetime | None = None
    _told: Mapping[str, TrustStatus] = field(default_factory=dict)
    _unrecorded: bool = False

    def loops(self, agent: Agent, *, on_duty: Callable[[], Agent], freed: Callable[[Agent], None]) -> Sequence[Loop]:
        """One where the settings say whom to trust.

        Args:
            on_duty: The agent whose certificates count; looks for another are broken off.
            freed: Called when a certificate may be used again: what waited for it is tried at once.
        """

        def once(agent: Agent) -> bool:
            if self.look(agent, unwanted=lambda: agent is not on_duty()):
                freed(agent)
            return False

        values = agent.settings.values
        if values.trust is None:
            return []
        allowed = longest_look(values, values.trust) + LEDGER_TIME
        every = min(LOOK_EVERY, values.trust.interval).total_seconds()
        return [Loop("trust", once, allowed, every, wakes_early=False)]

    def look(self, agent: Agent, *, unwanted: Callable[[], bool] = lambda: False) -> bool:
        """Look all certificates up where it is time; whether one may be used again that was not to be used before.

        Args:
            unwanted: Whether nobody waits for the answers any more; the look is then broken off at once, too.

        Raises:
            LedgerUnavailable: What was found holds; it is put on record at the next look.
        """
        freed = False
        if agent.judge is not None:
            now = agent.clock.now()
            subjects = certificates_in_use(agent.signer, agent.gateway.trusted, agent.employers, now)
            freed = self._is_due(agent, subjects) and self._look_up(agent, agent.judge, subjects, unwanted)
        if self._unrecorded:
            record_trust(agent.trust.page, ledger=agent.ledger, view=agent.ledger.view, clock=agent.clock)
            self._unrecorded = False
        return freed

    def _look_up(
        self, agent: Agent, judge: TrustJudge, subjects: Sequence[Subject], unwanted: Callable[[], bool]
    ) -> bool:
        """Ask about all of them; whether one may be used again. A look that is broken off changes nothing."""

        def stopping() -> bool:
            return self.stop.is_set() or unwanted()

        found = result_while_wanted(
            lambda: look_up(subjects, judge=judge, clock=agent.clock, stopping=stopping), stopping
        )
        if found is None or len(found) < len(subjects):
            return False
        before = _objected(agent, subjects)
        agent.trust.replace(found)
        self._agent, self._looked_at, self._unrecorded = agent, agent.clock.now(), True
        self._tell(agent.trust.page)
        return bool(set(before) - set(_objected(agent, subjects)))

    def _is_due(self, agent: Agent, subjects: Sequence[Subject]) -> bool:
        """At the first look, after the interval, and when another certificate has come into use."""
        if agent is not self._agent or self._looked_at is None or set(subjects) != set(agent.trust.page):
            return True
        doubtful = any(one.status is TrustStatus.UNKNOWN for one in agent.trust.page.values())
        interval = agent.trust.policy.interval
        rest = min(AGAIN, interval) if doubtful else interval
        return not timedelta(0) <= agent.clock.now() - self._looked_at < rest

    def _tell(self, page: Mapping[Subject, TrustVerdict]) -> None:
        """Write into the log what is news."""
        for subject, verdict in page.items():
            if self._told.get(subject.fingerprint) is not verdict.status:
                _say(subject, verdict)
        self._told = {subject.fingerprint: verdict.status for subject, verdict in page.items()}


def _say(subject: Subject, verdict: TrustVerdict) -> None:
    facts = {"of": subject.kind.value, "name": subject.name, "serial": subject.serial, "source": verdict.source}
    match verdict.status:
        case TrustStatus.GOOD:
            _log.info("the certificate was not revoked", action="trust.good", **facts)
        case TrustStatus.REVOKED:
            _log.error(f"the certificate was revoked and is not used: {verdict.why}", action="trust.revoked", **facts)
        case TrustStatus.UNTRUSTED:
            _log.warning(
                f"no trusted authority issued the certificate: {verdict.why}", action="trust.untrusted", **facts
            )
        case TrustStatus.UNKNOWN:
            _log.warning(
                f"nobody can tell whether the certificate was revoked: {verdict.why}", action="trust.unknown", **facts
            )


def _objected(agent: Agent, subjects: Sequence[Subject]) -> Sequence[str]:
    """Fingerprints of those that may not be used now."""
    now, policy, page = agent.clock.now(), agent.trust.policy, agent.trust.page
    return [one.fingerprint for one in subjects if policy.objection(page.get(one), now)]
