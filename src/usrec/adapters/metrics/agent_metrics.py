"""All metrics of one agent, and the text in which a monitoring system gets them.

Source: the Prometheus text format 0.0.4, which every collector reads. Nothing of ``prometheus_client`` that is global
is used or changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric

from usrec.adapters.metrics.instruments import Instruments, Step
from usrec.adapters.metrics.ledger_metrics import ledger_metrics, ledger_up
from usrec.adapters.metrics.ledger_reading import LedgerReader, LedgerReading
from usrec.adapters.metrics.standing import Standing, build_metrics, standing_metrics
from usrec.adapters.metrics.timed import CountedSink, TimedGateway, TimedPorts, TimedRenderer, TimedSigner, TimedSource
from usrec.application.ingest import IngestReport
from usrec.domain.source_event import SourceName
from usrec.ports.alert_sink import AlertSink, SinkName
from usrec.ports.clock import Clock
from usrec.ports.event_source import EventSource
from usrec.ports.gateway import Gateway
from usrec.ports.ledger_view import LedgerView
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


class AgentMetrics:
    """Lives as long as the process, also when keys and settings are read again.

    Attributes:
        counts: What is counted and timed while the agent works.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        self._skew: float | None = None
        self._ledger = LedgerReader()
        self.counts = Instruments(self._registry)
        ProcessCollector(registry=self._registry)

    def timed(self, renderer: Renderer, signer: Signer, gateway: Gateway) -> TimedPorts:
        """The same ports, their time taken."""
        return TimedPorts(
            TimedRenderer(renderer, self.counts),
            TimedSigner(signer, self.counts),
            TimedGateway(gateway, self.counts, self._clock, self._remember_skew),
        )

    def ingested(self, source: SourceName, report: IngestReport, seconds: float) -> None:
        """A batch of rows was taken in so many seconds."""
        self.counts.took(Step.INGEST, seconds)
        told = {"taken": report.taken, "repeated": report.repeated, "conflict": report.conflicts}
        self.counts.rows_taken(source, told)

    def timed_source(self, source: EventSource) -> EventSource:
        """The same source, its lag measured."""
        return TimedSource(source, self.counts, self._clock)

    def counted_sink(self, name: SinkName, sink: AlertSink) -> AlertSink:
        """The same sink, its messages counted."""
        return CountedSink(name, sink, self.counts)

    def exposition(
        self,
        view: LedgerView,
        standing: Standing,
        *,
        silence: timedelta,
        sinks: Collection[SinkName],
        cap: int | None = None,
    ) -> bytes:
        """Everything, as :data:`CONTENT_TYPE`. A ledger that does not answer shows as ``usrec_ledger_up 0``.

        Args:
            silence: An agent that gave no sign of life for so long is missed.
            sinks: Names of the alert sinks in the settings.
            cap: Most messages per minute by the settings.
        """
        now = self._clock.now()
        reading = self._ledger.read(view, now)
        return as_text(
            [
                *build_metrics(),
                *standing_metrics(standing, now=now, skew=self._skew),
                *_of_ledger(reading, self._clock, silence, sinks, cap),
                *self._registry.collect(),
            ]
        )

    def _remember_skew(self, seconds: float) -> None:
        self._skew = seconds


def ledger_exposition(
    reading: LedgerReading | None,
    clock: Clock,
    *,
    silence: timedelta,
    sinks: Collection[SinkName],
    cap: int | None = None,
) -> bytes:
    """What can be told without an agent."""
    return as_text([*build_metrics(), *_of_ledger(reading, clock, silence, sinks, cap)])


def _of_ledger(
    reading: LedgerReading | None, clock: Clock, silence: timedelta, sinks: Collection[SinkName], cap: int | None
) -> Iterator[Metric]:
    yield ledger_up(reading)
    if reading is not None:
        yield from ledger_metrics(reading, now=clock.now(), silence=silence, sinks=sinks, cap=cap)


class _Collected:
    """Metrics that were collected already, in the shape that ``generate_latest`` takes."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """All of them, without the times at which series were first seen: twice the series, and nobody asks."""
        for metric in self._metrics:
            metric.samples = [one for one in metric.samples if one.name != f"{metric.name}_created"]
            yield metric


def as_text(metrics: Iterable[Metric]) -> bytes:
    """Text format 0.0.4, UTF-8."""
    return generate_latest(_Collected(metrics))
