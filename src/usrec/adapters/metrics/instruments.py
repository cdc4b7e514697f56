"""What is counted and timed while the agent works. A series is looked up once; after that it is a number and a lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from usrec.adapters.metrics.labels import NO_CODE, CodeLabels, outcome_label
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown, code_of

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of the latency buckets: from a signature to the longest exchange that the timeouts allow."""

_RESULTS: Final = ("accepted", "rejected", "invalid", "signed", "indeterminate", "waiting", "lease_lost")
_OUTCOMES: Final = (("registered", "SCSS001"), ("unknown", NO_CODE), ("nothing_sent", NO_CODE))
"""Series that are there from the start: of one that begins with 1, a rate would miss the first."""


class Step(StrEnum):
    """Steps of the line whose time is taken."""

    INGEST = "ingest"
    """A batch of HR rows is taken, ledger included."""
    RENDER = "render"
    SIGN = "sign"
    SEAL = "seal"
    """The transport envelope is made and signed."""
    SUBMIT = "submit"
    """The exchange with the gateway."""
    DELIVER = "deliver"
    """One whole delivery: the four before, and the ledger's transactions around them."""


class Instruments:
    """Counters, gauges and histograms of one process, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        steps = Histogram("usrec_step_seconds", "Time that a step took", ["step"], buckets=SECONDS, registry=registry)
        self._steps = {step: steps.labels(step.value) for step in Step}
        self._codes = CodeLabels()
        self._attempts = Counter(
            "usrec_attempts", "Exchanges with the gateway, by how they ended", ["outcome", "code"], registry=registry
        )
        doubts = Counter("usrec_doubts", "Exchanges without a trustworthy answer", ["why"], registry=registry)
        self._doubts = {doubt: doubts.labels(doubt.value) for doubt in Doubt}
        self._deliveries = Counter(
            "usrec_deliveries", "Deliveries, by what became of the submission", ["result"], registry=registry
        )
        self._trips = Counter(
            "usrec_breaker_trips", "How often the breaker opened: the gateway reached nobody", registry=registry
        )
        self._messages = Counter(
            "usrec_alert_messages", "Messages to alert sinks", ["sink", "result"], registry=registry
        )
        self._rows = Counter("usrec_source_rows", "Rows read from HR", ["source", "result"], registry=registry)
        self._failures = Counter("usrec_source_failures", "Reads of HR that failed", ["source"], registry=registry)
        self._read: set[str] = set()
        self._last_read = Gauge(
            "usrec_source_last_read_timestamp_seconds",
            "When HR was last read, or first could not be",
            ["source"],
            registry=registry,
        )
        self._last_row = Gauge(
            "usrec_source_last_row_timestamp_seconds", "When HR last had a new row", ["source"], registry=registry
        )
        self._waiting = Gauge(
            "usrec_source_rows_waiting",
            "Rows that the last read found, at most a batch",
            ["source"],
            registry=registry,
        )
        self._lag = Gauge(
            "usrec_source_lag_seconds",
            "How long the oldest row of the last read had waited since HR entered it",
            ["source"],
            registry=registry,
        )
        self._listening = Gauge(
            "usrec_doorbell_listening", "1 while the database wakes the agent", ["database"], registry=registry
        )
        self._rings = Counter("usrec_doorbell_rings", "How often it did", ["database"], registry=registry)

        for result in _RESULTS:
            self._deliveries.labels(result)
        for labels in _OUTCOMES:
            self._attempts.labels(*labels)

    def took(self, step: Step, seconds: float) -> None:
        """A step was made."""
        self._steps[step].observe(seconds)

    @contextmanager
    def timing(self, step: Step) -> Iterator[None]:
        """Take the time of the block, however it ends."""
        began = perf_counter()
        try:
            yield
        finally:
            self._steps[step].observe(perf_counter() - began)

    def attempted(self, outcome: SubmissionOutcome) -> None:
        """An exchange with the gateway has ended."""
        self._attempts.labels(outcome_label(outcome), self._codes.label(code_of(outcome))).inc()
        if isinstance(outcome, Unknown):
            self._doubts[outcome.doubt].inc()

    def delivered(self, result: str) -> None:
        """A delivery has ended; ``result`` as in :class:`usrec.application.deliver.Delivered`."""
        self._deliveries.labels(result).inc()

    def breaker_tripped(self) -> None:
        """The breaker opened."""
        self._trips.inc()

    def told(self, sink: str, *, taken: bool) -> None:
        """A sink was given a message."""
        self._messages.labels(sink, "taken" if taken else "failed").inc()

    def rows_taken(self, source: str, numbers: Mapping[str, int]) -> None:
        """A batch of rows is in the ledger; so many ended so."""
        for result, number in numbers.items():
            self._rows.labels(source, result).inc(number)

    def source_read(self, source: str, at: float, *, rows: int, lag: float) -> None:
        """HR was read at ``at`` (seconds since 1970) and had so many new rows, the oldest ``lag`` seconds old."""
        self._read.add(source)
        self._last_read.labels(source).set(at)
        self._waiting.labels(source).set(rows)
        self._lag.labels(source).set(lag)
        if rows:
            self._last_row.labels(source).set(at)

    def source_failed(self, source: str, at: float) -> None:
        """HR could not be read at ``at``; when it never could, its silence counts from the first failure."""
        self._failures.labels(source).inc()
        if source not in self._read:
            self._read.add(source)
            self._last_read.labels(source).set(at)

    def listens(self, database: str, *, listening: bool) -> None:
        """A database wakes the agent, or does not."""
        self._listening.labels(database).set(listening)
        self._rings.labels(database)

    def rang(self, database: str) -> None:
        """A database woke the agent."""
        self._rings.labels(database).inc()
