"""One look of the independent watcher: what is wrong, who knows it already, who has to be told.

A recipient that cannot be reached keeps nobody else from being told and is told at a later look, with how things stand
then. Nothing here writes to the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from usrec.domain.errors import AlertNotTaken, UsrecError
from usrec.domain.oversight import Impression, Sight, Troubles, troubles_of
from usrec.domain.oversight_notice import Notice, Phase, informed, notices_for
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
    blind = sight is None
    remembered = memory or Memory(Impression(first_look_at=now))
    impression = remembered.impression.after(sight, now)
    troubles, impression = impression.dated(troubles_of(sight, impression, now, silence), blind=blind)
    telling = _Telling(replace(remembered, impression=impression), compose, keep)
    for subscriber in subscribers:
        known = remembered.told.get(subscriber.name, {})
        telling.tell(subscriber, notices_for(known, troubles, now, blind=blind))
    keep(telling.memory)
    return Watched(telling.memory, troubles, problem, telling.told, telling.not_told)


@dataclass(slots=True)
class _Telling:
    """What is told after one look, and what is remembered of it."""

    memory: Memory
    compose: NoticeComposer
    keep: Callable[[Memory], None]
    told: list[tuple[SinkName, Notice]] = field(default_factory=list)
    not_told: list[tuple[SinkName, AlertNotTaken]] = field(default_factory=list)

    def tell(self, subscriber: Subscriber, notices: Sequence[Notice]) -> None:
        """Tell one recipient all of them, or as many as it takes."""
        name = subscriber.name
        for notice in notices:
            try:
                subscriber.sink.deliver(_message(notice, subscriber.language, self.compose))
            except AlertNotTaken as refusal:
                self.not_told.append((name, refusal))
                return
            self.memory = self.memory.knows(name, informed(self.memory.told.get(name, {}), notice))
            self.told.append((name, notice))
            self.keep(self.memory)


def _seen(look: Look) -> tuple[Sight | None, UsrecError | None]:
    try:
        return look(), None
    except UsrecError as problem:
        return None, problem


def _message(notice: Notice, language: str, compose: NoticeComposer) -> AlertMessage:
    subject, text = compose(notice, language=language)
    return AlertMessage(
        id=AlertMessageId(f"watch-{notice.key}"),
        kind=MessageKind.OVERSIGHT,
        urgent=notice.phase in AT_FIRST,
        at=notice.at,
        language=language,
        subject=subject,
        text=text,
    )
