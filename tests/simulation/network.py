"""Between agent and registry: requests and answers in flight, and everything that befalls them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulation.authority import Authority, Letter, letter_in
from simulation.faults import Fault
from simulation.world import World
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    ReplyProof,
    SubmissionOutcome,
    Unknown,
)

TIMEOUT: Final = timedelta(seconds=60)
LONGEST_FLIGHT: Final = timedelta(minutes=10)
"""No gateway keeps a request longer; what the authority has not seen by then it never sees."""

_TROUBLE: Final = (
    (Fault.CONNECTION_REFUSED, 0.05),
    (Fault.REQUEST_LOST, 0.05),
    (Fault.REQUEST_DELAYED, 0.05),
    (Fault.REQUEST_DOUBLED, 0.03),
    (Fault.ANSWER_LOST, 0.05),
    (Fault.ANSWER_LATE, 0.04),
    (Fault.ANSWER_REPLAYED, 0.04),
    (Fault.ANSWER_OF_ANOTHER, 0.03),
    (Fault.ANSWER_HTML, 0.03),
    (Fault.ANSWER_CUT, 0.02),
    (Fault.ANSWER_UNKNOWN_SHAPE, 0.02),
    (Fault.ANSWER_UNSURE, 0.02),
    (Fault.FAULT_BEFORE, 0.03),
    (Fault.FAULT_AFTER, 0.03),
    (Fault.REFUSED_TODAY, 0.02),
)


@dataclass
class Exchange:
    """One HTTP exchange, from the first byte to the outcome.

    Attributes:
        barred: The registry let nothing of the employer in when it was sent.
        arrives_at: When the registry gets the request; None when it never does.
        outcome: What the agent reads, from ``readable_at`` on.
    """

    letter: Letter
    envelope: Envelope
    sent_at: datetime
    trouble: Fault | None
    barred: bool
    arrives_at: datetime | None
    readable_at: datetime
    outcome: SubmissionOutcome | None = None


@dataclass
class Network:
    """All exchanges and the registry behind them.

    Attributes:
        out_until: An outage lasts until then: no connection is made.
        answers: Every signed answer that was ever given, for those that are repeated.
    """

    world: World
    authority: Authority
    out_until: datetime
    in_flight: list[Exchange] = field(default_factory=list)
    answers: list[tuple[str, ReplyProof]] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    opened: list[tuple[Letter, Envelope, bytes]] = field(default_factory=list)
    """What left since somebody looked last: content, envelope, signed document."""

    def seal(self, message: SignedMessage, correlation_id: CorrelationId, at: datetime) -> Envelope:
        """An envelope whose bytes follow from the arguments alone."""
        body = json.dumps([message.message_id, message.digest, correlation_id, at.isoformat()]).encode()
        digest = hashlib.sha256(body).hexdigest()
        self.documents[digest] = message.document
        return Envelope(body, digest, message.message_id, correlation_id)

    def open(self, envelope: Envelope) -> Exchange | NothingSent:
        """Begin an exchange."""
        world = self.world
        trouble = self._trouble()
        if world.now < self.out_until or trouble is Fault.CONNECTION_REFUSED:
            return NothingSent("the connection was refused")
        letter = letter_in(self.documents[envelope.digest])
        self.opened.append((letter, envelope, self.documents[envelope.digest]))
        quick = world.between(timedelta(milliseconds=20), timedelta(seconds=5))
        arrives: datetime | None = world.now + quick
        readable = world.now + quick * 2
        if trouble is Fault.REQUEST_LOST:
            arrives, readable = None, world.now + TIMEOUT
        elif trouble is Fault.REQUEST_DELAYED:
            arrives, readable = world.now + world.between(TIMEOUT, LONGEST_FLIGHT), world.now + TIMEOUT
        elif trouble in {Fault.ANSWER_LOST, Fault.ANSWER_LATE}:
            readable = world.now + TIMEOUT
        barred = letter.employer_bin in self.authority.barred
        exchange = Exchange(letter, envelope, world.now, trouble, barred, arrives, readable)
        if trouble is Fault.FAULT_BEFORE:
            exchange.arrives_at = None
        self.in_flight.append(exchange)
        if trouble is Fault.REQUEST_DOUBLED:
            later = world.now + world.between(quick, LONGEST_FLIGHT)
            self.in_flight.append(Exchange(letter, envelope, world.now, trouble, barred, later, later))
        return exchange

    def _trouble(self) -> Fault | None:
        for fault, probability in _TROUBLE:
            if self.world.strikes(fault, probability):
                return fault
        return None

    def arrivals(self) -> bool:
        """Let everything arrive whose time has come; whether something did."""
        due = sorted(
            (one for one in self.in_flight if one.arrives_at is not None and one.arrives_at <= self.world.now),
            key=lambda one: (one.arrives_at, one.envelope.correlation_id),
        )
        for exchange in due:
            exchange.arrives_at = None
            self._arrive(exchange)
        self.in_flight = [one for one in self.in_flight if one.arrives_at is not None]
        return bool(due)

    def next_arrival(self) -> datetime | None:
        """When the next request arrives."""
        return min((one.arrives_at for one in self.in_flight if one.arrives_at is not None), default=None)

    def _arrive(self, exchange: Exchange) -> None:
        today = kazakhstan_date(self.world.now)
        if exchange.trouble is Fault.REFUSED_TODAY:
            self.authority.not_today(exchange.letter, today)
        code = self.authority.receive(exchange.letter, barred=exchange.barred, today=today)
        self.world.tell(f"registry: {exchange.letter.event_id} r{exchange.letter.revision} {code}")
        proof = self._proof(exchange, code)
        self.answers.append((code, proof))
        if exchange.outcome is None:
            exchange.outcome = self._read(exchange, code, proof)

    def _proof(self, exchange: Exchange, code: str, *, correlation_id: str | None = None) -> ReplyProof:
        own = correlation_id or exchange.envelope.correlation_id
        digest = hashlib.sha256(f"{len(self.answers)}{own}{code}".encode()).hexdigest()
        return ReplyProof(digest, self.world.now, "answer", own, code.encode())

    def outcome_of(self, exchange: Exchange) -> SubmissionOutcome:
        """What the agent makes of what it reads, or of reading nothing until its timeout."""
        if exchange.trouble is Fault.FAULT_BEFORE:
            proof = self._proof(exchange, "SCE001")
            self.answers.append(("SCE001", proof))
            return Faulted("SCE001", "format", proof)
        if exchange.outcome is None or exchange.trouble in {
            Fault.REQUEST_LOST,
            Fault.REQUEST_DELAYED,
            Fault.ANSWER_LOST,
            Fault.ANSWER_LATE,
        }:
            return Unknown(Doubt.TIMEOUT, "no answer within 60 s")
        return exchange.outcome

    def _read(self, exchange: Exchange, code: str, proof: ReplyProof) -> SubmissionOutcome:
        garbled = _GARBLED.get(exchange.trouble) if exchange.trouble else None
        if garbled is not None:
            return garbled()
        if exchange.trouble is Fault.ANSWER_UNSURE:
            return Refused("SCSE002", "unknown error", proof)
        if exchange.trouble is Fault.FAULT_AFTER:
            return Faulted("SCE909", "unknown", proof)
        if exchange.trouble is Fault.ANSWER_OF_ANOTHER:
            return _answer("SCSS001", "R-another", self._proof(exchange, "another", correlation_id="another"))
        if exchange.trouble is Fault.ANSWER_REPLAYED and len(self.answers) > 1:
            old_code, old = self.world.pick(self.answers[:-1])
            return _answer(old_code, "R-old", old)
        return _answer(code, exchange.letter.record_id, proof)


_GARBLED: Final[dict[Fault, Callable[[], SubmissionOutcome]]] = {
    Fault.ANSWER_HTML: lambda: Unknown(Doubt.NOT_SOAP, "HTML", raw=b"<html>"),
    Fault.ANSWER_CUT: lambda: Unknown(Doubt.CONNECTION_LOST, "half an answer", raw=b"<soap"),
    Fault.ANSWER_UNKNOWN_SHAPE: lambda: Unknown(Doubt.UNKNOWN_SHAPE, "no id in it", "SCSS001", b"<ok/>"),
}


def _answer(code: str, registry_id: str, proof: ReplyProof) -> SubmissionOutcome:
    if code == "SCSS001":
        return Registered(code, "ok", registry_id, proof)
    if code.startswith("SCSE"):
        return Refused(code, "no", proof)
    return Faulted(code, "fault", proof)
