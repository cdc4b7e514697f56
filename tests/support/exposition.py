"""Reading Prometheus text, and an exposition in which every metric of the agent has a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.adapters.metrics.instruments import Step
from usrec.adapters.metrics.standing import CertificateLife, CertificateOf, CertificateTrust, Standing
from usrec.application.ingest import IngestReport
from usrec.domain.forecast import QueueGroup, QueueLoad
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.outcome import Doubt, NothingSent, Registered, ReplyProof, Unknown
from usrec.domain.source_event import EmployerName, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId
from usrec.domain.trust import SubjectKind, TrustStatus
from usrec.ports.alert_sink import LOG, SinkName
from usrec.ports.figures import AuditFigures, Backlog, Figures, JournalFigures, OpenGroup, SinkRecord

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SILENCE = timedelta(minutes=10)
MAIL = SinkName("mail.hr")
LABELS_OF_THE_FORMAT = {"le"}


def figures(**changes: object) -> Figures:
    """Figures in which nothing is empty."""
    told: dict[str, object] = {
        "schema": "0006",
        "by_state": {State.PENDING: 3, State.ACCEPTED: 1_000_000},
        "open": [OpenGroup(State.PENDING, NOW + 2 * DAY, NOW + 3 * DAY, 3, NOW - DAY)],
        "queue": {(QueueStatus.READY, None): 3},
        "in_doubt": Backlog(1, NOW - MINUTE),
        "write_backs": {SourceName("hr"): Backlog(2, NOW - MINUTE)},
        "undelivered_alerts": Backlog(1, NOW - MINUTE),
        "sinks": {LOG: SinkRecord(0, NOW - MINUTE), MAIL: SinkRecord(3, NOW - DAY)},
        "stopped": ["main"],
        "journal": JournalFigures(1000, Backlog(2, NOW - MINUTE), NOW - 60 * MINUTE),
        "audits": [AuditFigures(EmployerName("main"), NOW - DAY, {"late": 1, "agrees": 20_000}, 3)],
        "puzzles": {SourceName("hr"): 2},
    }
    return Figures(**(told | changes))  # type: ignore[arg-type]  # each test names its own


def heartbeat(owner: str = "host:1", **changes: object) -> Heartbeat:
    told: dict[str, object] = {
        "owner": owner,
        "host": "host",
        "version": "0.1.0",
        "started_at": NOW - DAY,
        "beat_at": NOW - timedelta(seconds=15),
        "workers": 4,
        "draining": False,
    }
    return Heartbeat(**(told | changes))  # type: ignore[arg-type]  # each test names its own


@dataclass
class FakeView:
    """The part of a ledger's view that metrics ask.

    Attributes:
        problem: Raised instead of an answer.
        asked: How often it was asked.
    """

    figures_now: Figures = field(default_factory=figures)
    agents: Sequence[Heartbeat] = field(default_factory=lambda: [heartbeat()])
    exchanged_at: datetime | None = NOW - MINUTE
    problem: Exception | None = None
    asked: int = 0

    def figures(self, now: datetime) -> Figures:
        assert now.tzinfo is not None
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return self.figures_now

    def heartbeats(self) -> Sequence[Heartbeat]:
        return self.agents

    def queue_load(self, now: datetime, since: datetime) -> QueueLoad:
        group = QueueGroup(NOW + 2 * DAY, NOW + 3 * DAY, 100_000, SubmissionId("s"))
        return QueueLoad([group], 1, 1, since, tried=20, decided=20, in_vain_since=None)

    def last_exchange(self) -> datetime | None:
        return self.exchanged_at


STANDING = Standing(
    certificates=[
        CertificateLife(CertificateOf.EMPLOYER, "main", NOW + 20 * DAY),
        CertificateLife(CertificateOf.GATEWAY, "response", NOW + 400 * DAY),
    ],
    keys={"main": True, "branch": False},
    trust=[CertificateTrust(SubjectKind.EMPLOYER, "main", "1f2e", TrustStatus.GOOD, NOW - MINUTE)],
)


def exposed(metrics: AgentMetrics, view: FakeView | None = None, standing: Standing = STANDING) -> str:
    told = metrics.exposition(view or FakeView(), standing, silence=SILENCE, sinks={LOG, MAIL})  # type: ignore[arg-type]  # the part that is asked
    return told.decode()


def full_exposition() -> str:
    """An agent's exposition in which every metric has at least one value."""
    metrics = AgentMetrics(ManualClock(NOW))
    metrics._remember_skew(0.5)
    counts = metrics.counts
    for step in Step:
        counts.took(step, 0.01)
    proof = ReplyProof("d", NOW, "m", None, b"")
    for outcome in (Registered("SCSS001", "", "R", proof), Unknown(Doubt.TIMEOUT, ""), NothingSent("")):
        counts.attempted(outcome)
    counts.delivered("accepted")
    counts.breaker_tripped()
    counts.told(MAIL, taken=True)
    counts.listens("ledger", listening=True)
    counts.rang("ledger")
    metrics.ingested(SourceName("hr"), IngestReport(3, 1, 1, 1), 0.1)
    counts.source_read("hr", NOW.timestamp(), rows=3, lag=1.0)
    counts.source_failed("hr", NOW.timestamp())
    return exposed(metrics)


def families(text: str) -> Mapping[str, Metric]:
    """The metrics of an exposition by the name under which people know them: counters with their ``_total``."""
    found = text_string_to_metric_families(text)
    return {f"{one.name}_total" if one.type == "counter" else one.name: one for one in found}


def samples(text: str) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every value by its name and labels."""
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(text: str, metric: str, /, **labels: str) -> float:
    """The one value with exactly these labels."""
    return samples(text)[metric, frozenset(labels.items())]


def labels_of(family: Metric) -> set[str]:
    """The names of a metric's labels."""
    return {name for one in family.samples for name in one.labels} - LABELS_OF_THE_FORMAT


def series(text: str) -> int:
    """How many lines have a value."""
    return sum(not line.startswith("#") for line in text.splitlines())
