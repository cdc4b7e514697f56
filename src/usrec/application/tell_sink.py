"""Step 10, its second half: one sink is told what it does not know yet, in one message.

The message is on record before it is sent, and what it told is never told that sink again. When nobody knows whether
it arrived (the process died, the connection broke), it is sent again under the same id, by which the receiver can drop
it. Each sink is on its own: one that fails holds no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import AlertNotTaken
from usrec.domain.identifiers import new_record_id
from usrec.domain.oversight_notice import Knowledge
from usrec.domain.retry import RetryPolicy
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, Composer, MessageKind, Subscriber
from usrec.ports.alert_sinks import Untold
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger, UnitOfWork

RETRY: Final = RetryPolicy(base=timedelta(minutes=1), cap=timedelta(minutes=15), floor=timedelta(seconds=10))
MOST_AT_ONCE: Final = 5000
PATIENCE: Final = 3
"""After so many failures in a row another message gets its turn: the sink may refuse this one for good."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it.

    Attributes:
        alerts: Of how many the sink took the message.
        problem: Why it took none although some were due; they are tried again.
    """

    alerts: int = 0
    problem: AlertNotTaken | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that is on record and about to be sent.

    Attributes:
        failures: How often the sink has failed in a row.
        number: Of what it tells.
        knowledge: What the sink knows of troubles with contracts when it has taken it; None where it tells of events.
    """

    message: AlertMessage
    failures: int
    number: int
    knowledge: Knowledge | None = None


def tell_sink(
    *,
    subscriber: Subscriber,
    ledger: Ledger,
    compose: Composer,
    digests: DigestPolicy,
    clock: Clock,
    entropy: Entropy,
    owner: str,
) -> Told:
    """Tell one sink what is due now, if anything is and it is its turn.

    Args:
        owner: Name of this process, by which what it began can be freed when it is dead.
    """
    now = clock.now()
    with ledger.begin() as work:
        turn = _begin(
            work, subscriber=subscriber, compose=compose, digests=digests, now=now, entropy=entropy, owner=owner
        )
        if turn is None:
            return Told()
        work.commit()
    return tell_turn(turn, subscriber, ledger=ledger, clock=clock, entropy=entropy, owner=owner)


def tell_turn(
    turn: Turn, subscriber: Subscriber, *, ledger: Ledger, clock: Clock, entropy: Entropy, owner: str
) -> Told:
    """Send what is on record, and record whether the sink took it."""
    try:
        subscriber.sink.deliver(turn.message)
    except AlertNotTaken as problem:
        now = clock.now()
        retry_at = now + RETRY.wait(turn.failures + 1, entropy.chance())
        with ledger.begin() as work:
            work.alert_sinks.failed(subscriber.name, str(problem), now, retry_at=retry_at, owner=owner)
            work.commit()
        return Told(problem=problem)
    with ledger.begin() as work:
        work.alert_sinks.taken(subscriber.name, turn.message.id, clock.now(), owner=owner)
        if turn.knowledge is not None:
            work.alert_sinks.learn(subscriber.name, turn.knowledge)
        work.commit()
    return Told(turn.number)


def forget_removed_sinks(*, subscribers: Sequence[Subscriber], ledger: Ledger, clock: Clock) -> None:
    """Nobody waits any more for what a sink was to be told that the settings do not name now."""
    with ledger.begin() as work:
        work.alert_sinks.abandon([one.name for one in subscribers], clock.now())
        work.commit()


def _begin(
    work: UnitOfWork,
    *,
    subscriber: Subscriber,
    compose: Composer,
    digests: DigestPolicy,
    now: datetime,
    entropy: Entropy,
    owner: str,
) -> Turn | None:
    """Put the next message on record; None when there is none, or the sink rests.

    Most looks find nothing and only read. What is found is read again when no other agent can begin any more.
    """
    name = subscriber.name
    if work.alert_sinks.rests(name, now) or not _due(work, subscriber, digests, now):
        return None
    failures = work.alert_sinks.failures(name, now)
    messages = () if failures is None else _due(work, subscriber, digests, now)
    if failures is None or not messages:
        return None
    due = messages[failures // PATIENCE % len(messages)]
    message_id = due[0].message_id or AlertMessageId(new_record_id(entropy.token(16)))
    handles = [one.handle for one in due]
    work.alert_sinks.begin(name, message_id, handles, owner=owner, until=now + subscriber.lease)
    alerts = [one.open for one in due]
    subject, text = compose(alerts, language=subscriber.language, now=now)
    urgent = any(one.alert.urgent for one in alerts)
    message = AlertMessage(
        message_id, MessageKind.DEADLINES, urgent, now, subscriber.language, subject, text, tuple(alerts)
    )
    return Turn(message, failures, len(alerts))


def _due(work: UnitOfWork, subscriber: Subscriber, digests: DigestPolicy, now: datetime) -> Sequence[Sequence[Untold]]:
    """The messages that wait: what is left of those that were begun and never taken, then all else that is due."""
    at_once = subscriber.at_once
    untold = work.alert_sinks.untold(subscriber.name, now, MOST_AT_ONCE, at_once=at_once)
    messages: dict[AlertMessageId | None, list[Untold]] = {}
    for one in untold:
        if at_once or digests.is_due(one.open.alert, now):
            messages.setdefault(one.message_id, []).append(one)
    fresh = messages.pop(None, None)
    return [*messages.values(), *([] if fresh is None else [fresh])]
