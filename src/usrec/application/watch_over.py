"""One look of the independent watcher: what is wrong, who knows it already, who has to be told.

A recipient that cannot be reached keeps nobody else from being told and is told at a later look, with how things stand
then. Nothing here writes to the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from usrec.domain.errors import AlertNotTaken, UsrecError
from usrec.domain.oversight import Impression, Notice, Phase, Sight, Troubles, informed, notices_for, troubles_of
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, MessageKind, SinkName, Subscriber
from usrec.ports.oversight import Look, Memory, NoticeComposer

AT_FIRST = (Phase.NEW, Phase.GREW)
"""Phases that may wake somebody."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look did.

    Attributes:
        blind: Why the ledger could not be looked at; None when it answered.
        told: Notices that arrived, by recipient.
        not_told: Recipients that did not take one, and why.
    """

    memory: Memory
    troubles: Troubles
    blind: UsrecError | None
    told: Sequence[tuple[SinkName, Notice]]
    not_told: Sequence[tuple[SinkName, AlertNotTaken]]


def watch_over(
    memory: Memory | None,
    *,
    look: Look,
    subscribers: Sequence[Subscriber],
    compose: NoticeComposer,
    keep: Callable[[Memory], None],
    now: datetime,
    silence: timedelta,
) -> Watched:
    """Look once and tell what is new.

    Args:
        memory: None at the very first look.
        keep: Makes what is remembered durable; called after each message that arrived, and at the end.
        silence: How long agents and ledger may be silent.
    """
    sight, problem = _seen(look)
    remembered = memory or Memory(Impression(first_look_at=now))
    impression = remembered.impression.after(sight, now)
    found = troubles_of(sight, impression, now, silence)
    troubles, impression = impression.dated(found, blind=sight is None)
    remembered = replace(remembered, impression=impression)
    told: list[tuple[SinkName, Notice]] = []
    not_told: list[tuple[SinkName, AlertNotTaken]] = []
    for subscriber in subscribers:
        known = remembered.told.get(subscriber.name, {})
        for notice in notices_for(known, troubles, now, blind=sight is None):
            try:
                subscriber.sink.deliver(_message(notice, subscriber.language, compose))
            except AlertNotTaken as refusal:
                not_told.append((subscriber.name, refusal))
                break
            known = informed(known, notice)
            remembered = remembered.knows(subscriber.name, known)
            told.append((subscriber.name, notice))
            keep(remembered)
    keep(remembered)
    return Watched(remembered, troubles, problem, told, not_told)


def _seen(look: Look) -> tuple[Sight | None, UsrecError | None]:
    try:
        return look(), None
    except UsrecError as problem:
        return None, problem


def _message(notice: Notice, language: str, compose: NoticeComposer) -> AlertMessage:
    subject, text = compose(notice, language=language)
    return AlertMessage(
        id=AlertMessageId(notice.key),
        kind=MessageKind.OVERSIGHT,
        urgent=notice.phase in AT_FIRST,
        at=notice.at,
        language=language,
        subject=subject,
        text=text,
    )
