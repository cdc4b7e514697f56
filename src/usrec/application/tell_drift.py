"""A sink is told of what audits and looks at staffs leave to a person, as it is of dates: on record, and never twice.

Each trouble is told once, again when it grows, once a day while it lasts, and once more when it is over. None of it is
urgent: whoever gets digests is told in working hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from usrec.application.tell_sink import PATIENCE, Told, Turn, tell_turn
from usrec.domain.audit_due import DriftScope
from usrec.domain.digest import DigestPolicy
from usrec.domain.drift import troubles_of_drift
from usrec.domain.oversight import Troubles
from usrec.domain.oversight_notice import Knowledge, Notice, informed, notices_for
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, MessageKind, Subscriber
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.oversight import NoticeComposer


@dataclass(frozen=True, slots=True)
class DriftTelling:
    """What is told and how.

    Attributes:
        scope: Employers and sources of the settings.
        compose: Puts it into words.
        ledger_id: A name of the ledger that no other has.
    """

    scope: DriftScope
    compose: NoticeComposer
    digests: DigestPolicy
    ledger_id: str


def tell_drift(
    subscriber: Subscriber, telling: DriftTelling, *, ledger: Ledger, clock: Clock, entropy: Entropy, owner: str
) -> Told:
    """Tell one sink the next thing that it does not know, if there is any and it is its turn.

    Args:
        owner: Name of this process, by which what it began can be freed when it is dead.
    """
    now = clock.now()
    if not subscriber.at_once and telling.digests.soon(now) != now:
        return Told()
    with ledger.begin() as work:
        turn = _begin(work, subscriber, telling, now, owner)
        if turn is None:
            return Told()
        work.commit()
    return tell_turn(turn, subscriber, ledger=ledger, clock=clock, entropy=entropy, owner=owner)


def _begin(work: UnitOfWork, subscriber: Subscriber, telling: DriftTelling, now: datetime, owner: str) -> Turn | None:
    """Put the next message on record; what is found is read again when no other agent can begin any more."""
    name = subscriber.name
    if work.alert_sinks.rests(name, now) or not _untold(work, subscriber, telling, now)[1]:
        return None
    failures = work.alert_sinks.failures(name, now)
    known, notices = _untold(work, subscriber, telling, now)
    if failures is None or not notices:
        return None
    notice = notices[failures // PATIENCE % len(notices)]
    message = _message(notice, subscriber, telling)
    work.alert_sinks.begin(name, message.id, [], owner=owner, until=now + subscriber.lease)
    return Turn(message, failures, 1, informed(known, notice))


def _untold(
    work: UnitOfWork, subscriber: Subscriber, telling: DriftTelling, now: datetime
) -> tuple[Knowledge, Sequence[Notice]]:
    """What the sink knows, and what it does not know yet."""
    known = work.alert_sinks.knowledge(subscriber.name)
    troubles = troubles_of_drift(telling.scope.within(work.audits.drift(), now), now)
    return known, notices_for(known, _since_first(troubles, known), now, blind=False)


def _since_first(troubles: Troubles, known: Knowledge) -> Troubles:
    """With the beginnings that were told."""
    return {
        concern: replace(trouble, since=known[concern].trouble.since) if concern in known else trouble
        for concern, trouble in troubles.items()
    }


def _message(notice: Notice, subscriber: Subscriber, telling: DriftTelling) -> AlertMessage:
    """Two sinks, or the agents of two ledgers, may tell the same receiver: each has ids of its own."""
    language, whose = subscriber.language, f"{telling.ledger_id} {subscriber.name}".encode()
    subject, text = telling.compose(notice, language=language)
    return AlertMessage(
        id=AlertMessageId(f"agent-{sha256(whose).hexdigest()[:12]}-{notice.key}"),
        kind=MessageKind.AUDIT,
        urgent=False,
        at=notice.at,
        language=language,
        subject=subject,
        text=text,
    )
