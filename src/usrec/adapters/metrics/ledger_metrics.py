"""Metrics that follow from the ledger: the same for every agent that works on it, and for ``usrec metrics``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final, TypeVar

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from usrec.adapters.metrics.ledger_reading import LedgerReading
from usrec.application.survey import NEEDED_BY_STATE, NEEDED_BY_WAIT, PersonNeeded
from usrec.domain.forecast import QueueLoad, foretell, rate_of
from usrec.domain.heartbeat import missing, newest_sign
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.ports.alert_sink import SinkName
from usrec.ports.figures import Backlog, Figures, JournalFigures, OpenGroup, SinkRecord

Word = TypeVar("Word", bound=StrEnum)

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
DEADLINE_BOUNDS: Final = (0.0, _HOUR, 4 * _HOUR, _DAY, 3 * _DAY, 5 * _DAY, 10 * _DAY, 15 * _DAY, 30 * _DAY)
"""Upper bounds, in seconds, of the time that is left; what is in the first one is missed."""

DATES: Final[Mapping[str, Callable[[OpenGroup], datetime | None]]] = {
    "safe": lambda group: None if group.due_utc is None else group.safe_utc,
    "legal": lambda group: group.due_utc,
}


def ledger_up(reading: LedgerReading | None) -> Metric:
    """Whether the ledger answered."""
    return _gauge("usrec_ledger_up", "1 when the ledger answered", 0 if reading is None else 1)


def ledger_metrics(
    reading: LedgerReading,
    *,
    now: datetime,
    silence: timedelta,
    sinks: Collection[SinkName],
    cap: int | None = None,
) -> Iterator[Metric]:
    """Everything that the ledger tells.

    Args:
        silence: An agent that gave no sign of life for so long is missed.
        sinks: Those of the settings; one that was told long ago and is configured no more is left out.
        cap: Most messages per minute by the settings.
    """
    figures = reading.figures
    yield InfoMetricFamily("usrec_ledger", "The ledger's schema", {"schema": figures.schema})
    stopped = [(name, 1.0) for name in figures.stopped]
    yield _by("employer", "usrec_employer_stopped", "Employers of whom nothing is signed or sent", stopped)
    yield from _submissions(figures)
    yield from _deadlines(figures.open, now)
    yield from _waiting(figures, now)
    if reading.load is not None:
        yield from _forecast(reading.load, now, cap)
    yield from _agents(reading, now, silence)
    yield from _journal(figures.journal, now)
    yield from _audits(figures)
    yield from _sinks({name: record for name, record in figures.sinks.items() if name in sinks})


def _submissions(figures: Figures) -> Iterator[Metric]:
    states = dict.fromkeys(State, 0) | dict(figures.by_state)
    yield _by("state", "usrec_submissions", "Current submissions", _words(states))
    queue, waits = dict.fromkeys(QueueStatus, 0), dict.fromkeys(WaitReason, 0)
    for (status, reason), number in figures.queue.items():
        queue[status] += number
        if reason is not None:
            waits[reason] += number
    yield _by("status", "usrec_queue_entries", "Submissions in the queue", _words(queue))
    yield _by("reason", "usrec_submissions_waiting", "Submissions that wait, by why", _words(waits))
    needed = _words(_needs_person(figures.by_state, waits))
    yield _by("why", "usrec_needs_person", "Submissions that wait for a person, by why", needed)


def _needs_person(states: Mapping[State, int], waits: Mapping[WaitReason, int]) -> Mapping[PersonNeeded, int]:
    needed = dict.fromkeys(PersonNeeded, 0)
    for state, why in NEEDED_BY_STATE.items():
        needed[why] += states.get(state, 0)
    for reason, why in NEEDED_BY_WAIT.items():
        needed[why] += waits[reason] if reason is not None else 0
    return needed


def _deadlines(groups: Sequence[OpenGroup], now: datetime) -> Iterator[Metric]:
    left = HistogramMetricFamily(
        "usrec_deadline_seconds", "Time until the open submissions are due; 0 or less: missed", labels=["date"]
    )
    overdue = {}
    for date, bound in DATES.items():
        times = [((at - now).total_seconds(), group.number) for group in groups if (at := bound(group)) is not None]
        buckets, total = deadline_buckets(times)
        left.add_metric([date], buckets, total)
        overdue[date] = buckets[0][1]
    yield left
    yield _by("date", "usrec_submissions_overdue", "Open submissions whose date is over", overdue.items())


def deadline_buckets(times: Sequence[tuple[float, int]]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets and the sum of a histogram.

    Args:
        times: Seconds left, and how many have just so many.
    """
    counts = [0.0] * (len(DEADLINE_BOUNDS) + 1)
    for seconds, number in times:
        place = next((place for place, bound in enumerate(DEADLINE_BOUNDS) if seconds <= bound), len(DEADLINE_BOUNDS))
        counts[place] += number
    names = [*(str(bound) for bound in DEADLINE_BOUNDS), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True)), sum(seconds * number for seconds, number in times)


def _waiting(figures: Figures, now: datetime) -> Iterator[Metric]:
    first = min((group.first_received_at for group in figures.open), default=None)
    yield _gauge("usrec_oldest_open_seconds", "Age of the open submission that was taken first", _age(first, now))
    doubt = figures.in_doubt
    yield _gauge("usrec_in_doubt", "Submissions whose answer is unknown", doubt.number)
    yield _gauge("usrec_in_doubt_oldest_seconds", "Time since the oldest doubt began", _age(doubt.since, now))
    notes = figures.write_backs
    numbers = {source: backlog.number for source, backlog in notes.items()}
    ages = {source: _age(backlog.since, now) for source, backlog in notes.items()}
    yield _by("source", "usrec_write_backs_waiting", "Notes to HR that are not written", numbers.items())
    yield _by("source", "usrec_write_backs_oldest_seconds", "Age of the note to HR that waits longest", ages.items())
    yield from _undelivered(figures.undelivered_alerts, now)


def _forecast(load: QueueLoad, now: datetime, cap: int | None) -> Iterator[Metric]:
    """The number of late ones is left out where it is not known: 0 would be a promise."""
    forecast = foretell(load, rate_of(load, now, cap), now)
    known = forecast.late is not None
    yield _gauge("usrec_forecast_known", "1 when the rate is known, so that something is foretold", float(known))
    numbers = {"safe": forecast.late_safe, "legal": forecast.late}
    late = [(date, float(number)) for date, number in numbers.items() if number is not None]
    yield _by("date", "usrec_forecast_late", "Submissions that will miss a date at the present rate", late)


def _undelivered(alerts: Backlog, now: datetime) -> Iterator[Metric]:
    yield _gauge("usrec_alerts_undelivered", "Alerts that somebody should have got by now", alerts.number)
    late = _age(alerts.since, now)
    yield _gauge("usrec_alerts_undelivered_oldest_seconds", "Time since the oldest of them was to be told", late)


def _agents(reading: LedgerReading, now: datetime, silence: timedelta) -> Iterator[Metric]:
    working = [one for one in reading.heartbeats if one.gone_at is None and now - one.beat_at <= silence]
    lost = missing(reading.heartbeats, silence)
    yield _gauge("usrec_agents_running", "Agents that gave a sign of life lately", len(working))
    yield _gauge("usrec_agents_missing", "Agents that fell silent without a farewell", len(lost))
    newest = newest_sign(reading.heartbeats)
    if newest is not None:
        yield _gauge("usrec_agent_heartbeat_age_seconds", "Time since any agent's last sign of life", _age(newest, now))
    if reading.last_exchange is not None:
        at = reading.last_exchange.timestamp()
        yield _gauge("usrec_last_exchange_timestamp_seconds", "When USREC's last trusted answer was recorded", at)


def _journal(journal: JournalFigures, now: datetime) -> Iterator[Metric]:
    waiting = journal.unlinked
    yield _gauge("usrec_journal_lines_linked", "Lines of the journal that are linked into its chain", journal.linked)
    yield _gauge("usrec_journal_lines_unlinked", "Lines of the journal that are not linked yet", waiting.number)
    age = _age(waiting.since, now)
    yield _gauge("usrec_journal_unlinked_oldest_seconds", "Age of the oldest line that is not linked", age)
    if journal.head_at is not None:
        at = journal.head_at.timestamp()
        yield _gauge("usrec_journal_head_timestamp_seconds", "When a head of the journal was signed last", at)


def _audits(figures: Figures) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "usrec_audit_contracts", "Contracts of the last audit, by finding", labels=["employer", "kind"]
    )
    for audit in figures.audits:
        for kind, number in audit.counts.items():
            found.add_metric([audit.employer, kind], number)
    yield found
    taken = [(audit.employer, audit.taken_at.timestamp()) for audit in figures.audits]
    yield _by("employer", "usrec_audit_timestamp_seconds", "When the last audit was taken", taken)
    unmatched = [(audit.employer, float(audit.unmatched)) for audit in figures.audits]
    yield _by("employer", "usrec_contracts_unmatched", "Contracts whose id in the registry is not known", unmatched)
    puzzles = figures.puzzles.items()
    yield _by("source", "usrec_snapshot_puzzles", "Contracts of a staff that cannot be understood", puzzles)


def _sinks(records: Mapping[SinkName, SinkRecord]) -> Iterator[Metric]:
    failures = {sink: record.failures for sink, record in records.items()}
    taken = {sink: record.taken_at.timestamp() for sink, record in records.items() if record.taken_at is not None}
    yield _by("sink", "usrec_alert_sink_failures", "Failures in a row of an alert sink", failures.items())
    yield _by("sink", "usrec_alert_sink_last_success_timestamp_seconds", "When it last took a message", taken.items())


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds; 0 for what lies ahead by the clock of another machine."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _words(numbers: Mapping[Word, int]) -> Iterable[tuple[str, int]]:
    return [(word.value, number) for word, number in numbers.items()]


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value)


def _by(label: str, name: str, documentation: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family
