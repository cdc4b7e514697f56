"""Ports that take the time of what they are asked for and count how it ends; the line itself knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Final

from usrec.adapters.metrics.instruments import Instruments, Step
from usrec.domain.authority import SigningCertificate
from usrec.domain.document import Attachment
from usrec.domain.errors import SourceUnavailable
from usrec.domain.message import CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outcome import SubmissionOutcome, proof_of
from usrec.domain.source_event import SourceName, SourceRow
from usrec.domain.submission import Submission
from usrec.ports.alert_sink import AlertMessage, AlertSink
from usrec.ports.clock import Clock
from usrec.ports.event_source import EventSource, StatusNote
from usrec.ports.gateway import Gateway
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer

TellSkew = Callable[[float], None]
"""Takes seconds: how far the gateway's clock goes ahead of ours."""

_IN_STEP: Final = 0.0


@dataclass(frozen=True, slots=True)
class TimedPorts:
    """What the line renders, signs and submits with."""

    renderer: Renderer
    signer: Signer
    gateway: Gateway


class TimedRenderer:
    """A renderer whose time is taken."""

    def __init__(self, renderer: Renderer, instruments: Instruments) -> None:
        self._renderer = renderer
        self._instruments = instruments

    @property
    def supplies_record_id(self) -> bool:
        """As the renderer says."""
        return self._renderer.supplies_record_id

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        """As the renderer does it."""
        with self._instruments.timing(Step.RENDER):
            return self._renderer.render(submission, record_id=record_id, attachment=attachment)


class TimedSigner:
    """A signer whose time is taken."""

    def __init__(self, signer: Signer, instruments: Instruments) -> None:
        self._signer = signer
        self._instruments = instruments

    @property
    def certificates(self) -> Mapping[str, SigningCertificate]:
        """As the signer says."""
        return self._signer.certificates

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """As the signer does it."""
        with self._instruments.timing(Step.SIGN):
            return self._signer.sign(rendered, employer_bin=employer_bin, message_id=message_id, at=at)


class TimedGateway:
    """A gateway whose time is taken, whose outcomes are counted and whose clock is compared with ours.

    Args:
        tell_skew: Called with every signed answer that has a date.
    """

    def __init__(self, gateway: Gateway, instruments: Instruments, clock: Clock, tell_skew: TellSkew) -> None:
        self._gateway = gateway
        self._instruments = instruments
        self._clock = clock
        self._tell_skew = tell_skew

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """As the gateway does it."""
        with self._instruments.timing(Step.SEAL):
            return self._gateway.seal(message, employer_bin=employer_bin, correlation_id=correlation_id, at=at)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """As the gateway does it."""
        sent_at, began = self._clock.now(), perf_counter()
        outcome = self._gateway.submit(envelope)
        self._instruments.took(Step.SUBMIT, perf_counter() - began)
        self._instruments.attempted(outcome)
        proof = proof_of(outcome)
        if proof is not None and proof.response_date is not None:
            self._tell_skew(skew_seconds(proof.response_date, sent_at, self._clock.now()))
        return outcome


def skew_seconds(answered_at: datetime, sent_at: datetime, received_at: datetime) -> float:
    """How far the gateway's clock goes ahead of ours; negative when it is behind, 0 where both can be right."""
    if answered_at > received_at:
        return (answered_at - received_at).total_seconds()
    return min(_IN_STEP, (answered_at - sent_at).total_seconds())


class TimedSource:
    """A source that tells how far HR is ahead of us."""

    def __init__(self, source: EventSource, instruments: Instruments, clock: Clock) -> None:
        self._source = source
        self._instruments = instruments
        self._clock = clock

    @property
    def name(self) -> SourceName:
        """As the source says."""
        return self._source.name

    @property
    def writable(self) -> bool:
        """As the source says."""
        return self._source.writable

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """As the source does it."""
        try:
            rows = self._source.fetch(limit)
        except SourceUnavailable:
            self._instruments.source_failed(self.name, self._clock.now().timestamp())
            raise
        now = self._clock.now()
        self._instruments.source_read(self.name, now.timestamp(), rows=len(rows), lag=_lag_seconds(rows, now))
        return rows

    def close(self) -> None:
        """As the source does it."""
        self._source.close()

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """As the source does it."""
        self._source.mark_taken(rows)

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """As the source does it."""
        self._source.write_back(notes)


def _lag_seconds(rows: Sequence[SourceRow], now: datetime) -> float:
    entered = [row.entered_at for row in rows if row.entered_at is not None]
    return max(0.0, (now - min(entered)).total_seconds()) if entered else 0.0


class CountedSink:
    """A sink of alerts whose messages are counted."""

    def __init__(self, name: str, sink: AlertSink, instruments: Instruments) -> None:
        self._name = name
        self._sink = sink
        self._instruments = instruments

    def deliver(self, message: AlertMessage) -> None:
        """As the sink does it."""
        taken = False
        try:
            self._sink.deliver(message)
            taken = True
        finally:
            self._instruments.told(self._name, taken=taken)
