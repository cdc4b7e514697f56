"""What the timed ports count, and that they change nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from support.exposition import DAY, MAIL, MINUTE, NOW, STANDING, FakeView, exposed, families, samples, series, value
from support.line import BIN, TIMEOUT, UNREACHABLE, Line, PlainRenderer, faulted, proof, refused, registered
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.inmemory.gateway import ScriptedGateway
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.metrics.agent_metrics import CONTENT_TYPE, AgentMetrics
from usrec.adapters.metrics.instruments import Step
from usrec.adapters.metrics.labels import CODES_AT_MOST, CodeLabels
from usrec.adapters.metrics.timed import skew_seconds
from usrec.application.ingest import IngestReport
from usrec.domain.breaker import BreakerPolicy, BreakerState
from usrec.domain.errors import AlertNotTaken, LedgerUnavailable, SourceUnavailable
from usrec.domain.message import CorrelationId, Envelope, MessageId
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown
from usrec.domain.source_event import SourceName
from usrec.interfaces.gate import Gate
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, MessageKind

SECOND = timedelta(seconds=1)
ENVELOPE = Envelope(b"<soap/>", "d", MessageId("m"), CorrelationId("c"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def metrics(clock: ManualClock) -> AgentMetrics:
    return AgentMetrics(clock)


def submitted(metrics: AgentMetrics, *outcomes: SubmissionOutcome | Callable[[Envelope], SubmissionOutcome]) -> str:
    gateway = ScriptedGateway(outcomes)
    timed = metrics.timed(PlainRenderer(), InMemorySigner({}), gateway).gateway
    for _ in outcomes:
        timed.submit(ENVELOPE)
    assert len(gateway.submitted) == len(outcomes)
    return exposed(metrics)


def test_exchanges_are_counted_by_outcome_and_code(metrics: AgentMetrics) -> None:
    text = submitted(metrics, registered(), registered(), refused("SCSE012"), faulted("SCE004"), TIMEOUT, UNREACHABLE)
    assert value(text, "usrec_attempts_total", outcome="registered", code="SCSS001") == 2
    assert value(text, "usrec_attempts_total", outcome="refused", code="SCSE012") == 1
    assert value(text, "usrec_attempts_total", outcome="fault", code="SCE004") == 1
    assert value(text, "usrec_attempts_total", outcome="unknown", code="none") == 1
    assert value(text, "usrec_attempts_total", outcome="nothing_sent", code="none") == 1
    assert value(text, "usrec_doubts_total", why="timeout") == 1
    assert value(text, "usrec_step_seconds_count", step="submit") == 6


@pytest.mark.parametrize(
    "code", ["900101300123", "SCSE900101300123", "VAL-900101300123", "SBF-AD-900101", "Иванов", "SCSE12", "x" * 40]
)
def test_code_of_no_known_form_never_becomes_a_label(metrics: AgentMetrics, code: str) -> None:
    text = submitted(metrics, Unknown(Doubt.SIGNATURE_INVALID, "not signed", code))
    assert value(text, "usrec_attempts_total", outcome="unknown", code="other") == 1
    assert code not in text


@pytest.mark.parametrize("code", ["SCSS001", "SCSE999", "SCE909", "SBF-AD-1", "SBF-VE-8", "VAL-JSR-001", "FAULT-015"])
def test_known_codes_are_labels(code: str) -> None:
    assert CodeLabels().label(code) == code


def test_number_of_codes_is_bounded() -> None:
    labels = CodeLabels()
    found = {labels.label(f"SCSE{number:03}") for number in range(1000)}
    assert len(found) == CODES_AT_MOST + 1
    assert "other" in found
    assert labels.label("SCSE000") == "SCSE000", "a code that has its series keeps it"


@pytest.mark.parametrize(
    ("answered", "skew"),
    [(0 * SECOND, 0.0), (2 * SECOND, 0.0), (30 * SECOND, 28.0), (-3 * SECOND, -3.0)],
    ids=["at once", "on arrival", "ahead", "behind"],
)
def test_clocks_differ_only_where_both_cannot_be_right(answered: timedelta, skew: float) -> None:
    assert skew_seconds(NOW + answered, NOW, NOW + 2 * SECOND) == skew


def test_skew_is_that_of_the_last_signed_answer_with_a_date(metrics: AgentMetrics, clock: ManualClock) -> None:
    assert "usrec_gateway_clock_skew_seconds" not in exposed(metrics)

    def late(_: Envelope) -> SubmissionOutcome:
        clock.advance(10 * SECOND)
        return registered(response_date=NOW - MINUTE)

    text = submitted(metrics, late, TIMEOUT, registered())
    assert value(text, "usrec_gateway_clock_skew_seconds") == -60


def test_steps_are_timed_also_when_they_fail(metrics: AgentMetrics) -> None:
    line = Line()
    submission = line.take("hire-1")
    line.renderer.refuses = "too long"
    timed = metrics.timed(line.renderer, line.signer, line.wire)
    with pytest.raises(Exception, match="too long"):
        timed.renderer.render(submission, record_id="r")
    assert value(exposed(metrics), "usrec_step_seconds_count", step="render") == 1


def test_timed_ports_give_what_the_ports_give(metrics: AgentMetrics) -> None:
    line = Line()
    submission = line.take("hire-1")
    timed = metrics.timed(line.renderer, line.signer, line.wire)
    rendered = timed.renderer.render(submission, record_id="r")
    assert rendered == line.renderer.render(submission, record_id="r")
    told: dict[str, Any] = {"employer_bin": BIN, "message_id": MessageId("m"), "at": line.clock.now()}
    signed = timed.signer.sign(rendered, **told)
    assert signed == line.signer.sign(rendered, **told)
    sealed = {"employer_bin": BIN, "correlation_id": CorrelationId("c"), "at": line.clock.now()}
    assert timed.gateway.seal(signed, **sealed) == line.wire.seal(signed, **sealed)  # type: ignore[arg-type]  # as told
    assert timed.renderer.supplies_record_id is line.renderer.supplies_record_id
    assert timed.signer.certificates == line.signer.certificates
    text = exposed(metrics)
    counted = {step: value(text, "usrec_step_seconds_count", step=step.value) for step in Step}
    assert counted == {step: float(step in {Step.RENDER, Step.SIGN, Step.SEAL}) for step in Step}


def test_source_tells_how_far_hr_is_ahead(metrics: AgentMetrics, clock: ManualClock) -> None:
    hr = InMemorySource(SourceName("hr"))
    hr.enter("a", entered_at=NOW - DAY)
    hr.enter("b", entered_at=NOW - 2 * DAY)
    hr.enter("c")
    timed = metrics.timed_source(hr)
    rows = timed.fetch(10)
    text = exposed(metrics)
    assert (timed.name, timed.writable, len(rows)) == ("hr", True, 3)
    assert value(text, "usrec_source_rows_waiting", source="hr") == 3
    assert value(text, "usrec_source_lag_seconds", source="hr") == 2 * DAY.total_seconds()
    timed.mark_taken(rows)
    clock.advance(MINUTE)
    assert timed.fetch(10) == []
    text = exposed(metrics)
    assert value(text, "usrec_source_lag_seconds", source="hr") == 0
    assert value(text, "usrec_source_last_read_timestamp_seconds", source="hr") == NOW.timestamp() + 60
    assert value(text, "usrec_source_last_row_timestamp_seconds", source="hr") == NOW.timestamp()


def test_silence_of_a_source_that_never_answered_counts_from_the_first_failure(
    metrics: AgentMetrics, clock: ManualClock
) -> None:
    hr = InMemorySource(SourceName("hr"))
    hr.online = False
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            metrics.timed_source(hr).fetch(10)
        clock.advance(MINUTE)
    text = exposed(metrics)
    assert value(text, "usrec_source_failures_total", source="hr") == 3
    assert value(text, "usrec_source_last_read_timestamp_seconds", source="hr") == NOW.timestamp()


def test_batches_are_counted_by_what_became_of_the_rows(metrics: AgentMetrics) -> None:
    metrics.ingested(SourceName("hr"), IngestReport(rows=6, taken=3, repeated=2, conflicts=1), 0.25)
    text = exposed(metrics)
    rows = {one.labels["result"]: one.value for one in families(text)["usrec_source_rows_total"].samples}
    assert rows == {"taken": 3, "repeated": 2, "conflict": 1}
    assert value(text, "usrec_step_seconds_sum", step="ingest") == 0.25


class OnceDeafSink:
    """Does not take its first message."""

    def __init__(self) -> None:
        self.taken: list[AlertMessage] = []
        self._deaf = True

    def deliver(self, message: AlertMessage) -> None:
        if self._deaf:
            self._deaf = False
            raise AlertNotTaken("no answer", where="mail.hr")
        self.taken.append(message)


def test_messages_of_a_sink_are_counted_and_its_failures_go_on(metrics: AgentMetrics) -> None:
    deaf = OnceDeafSink()
    sink = metrics.counted_sink(MAIL, deaf)
    message = AlertMessage(AlertMessageId("1"), MessageKind.TEST, False, NOW, "ru", "s", "t\n")
    with pytest.raises(AlertNotTaken):
        sink.deliver(message)
    sink.deliver(message)
    assert deaf.taken == [message]
    text = exposed(metrics)
    assert value(text, "usrec_alert_messages_total", sink="mail.hr", result="failed") == 1
    assert value(text, "usrec_alert_messages_total", sink="mail.hr", result="taken") == 1


def test_ledger_that_does_not_answer_is_a_zero_and_no_failure(metrics: AgentMetrics) -> None:
    view = FakeView(problem=LedgerUnavailable("the disk is full", where="ledger"))
    text = exposed(metrics, view)
    assert value(text, "usrec_ledger_up") == 0
    assert "usrec_submissions" not in families(text)
    assert value(text, "usrec_breaker_state", employer="", state="closed") == 1
    exposed(metrics, view)
    assert view.asked == 1, "a ledger in trouble is not asked by every scrape"


def test_storm_of_scrapes_asks_the_ledger_once(metrics: AgentMetrics) -> None:
    view = FakeView()
    threads = [threading.Thread(target=exposed, args=(metrics, view)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert view.asked == 1


def test_exposition_is_the_plain_text_format_without_times_of_creation(metrics: AgentMetrics) -> None:
    metrics.counts.delivered("accepted")
    text = exposed(metrics)
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert "_created" not in text
    assert exposed(metrics).splitlines()[:3] == text.splitlines()[:3], "what was collected once can be collected again"


def test_breaker_that_opens_is_counted_once_each_time(metrics: AgentMetrics) -> None:
    policy = BreakerPolicy(failures=2)
    gate = Gate(metrics.counts.breaker_tripped)
    for outcome in (UNREACHABLE, UNREACHABLE, UNREACHABLE, registered(), UNREACHABLE, UNREACHABLE):
        gate.note(outcome, NOW, policy)
    text = exposed(metrics, standing=replace(STANDING, breakers={"": gate.breaker.state}))
    assert value(text, "usrec_breaker_trips_total") == 2
    assert value(text, "usrec_breaker_state", employer="", state="open") == 1
    assert value(text, "usrec_breaker_state", employer="", state="closed") == 0


def test_breaker_of_each_employer_is_shown(metrics: AgentMetrics) -> None:
    breakers = {"alatau": BreakerState.CLOSED, "zhetisu": BreakerState.PROBING}
    text = exposed(metrics, standing=replace(STANDING, breakers=breakers))
    for employer, closed in {"alatau": 1, "zhetisu": 0}.items():
        assert value(text, "usrec_breaker_state", employer=employer, state="closed") == closed


def test_two_agents_of_one_process_count_apart(clock: ManualClock) -> None:
    one, other = AgentMetrics(clock), AgentMetrics(clock)
    one.counts.breaker_tripped()
    assert value(exposed(one), "usrec_breaker_trips_total") == 1
    assert value(exposed(other), "usrec_breaker_trips_total") == 0


def test_certificates_and_keys_go_by_the_employers_name(metrics: AgentMetrics) -> None:
    text = exposed(metrics)
    assert value(text, "usrec_certificate_remaining_seconds", of="employer", name="main") == 20 * 86400
    assert value(text, "usrec_certificate_remaining_seconds", of="gateway", name="response") == 400 * 86400
    assert value(text, "usrec_employer_key_usable", employer="branch") == 0


def test_number_of_series_does_not_grow_with_the_work(metrics: AgentMetrics) -> None:
    """Everything is done once, and then a hundred times by other people: the series are the same."""

    def work(number: int) -> None:
        outcome = replace(refused("SCSE012"), message=f"person {number}", proof=proof(message_id=f"m-{number}"))
        submitted(metrics, outcome, TIMEOUT)
        metrics.counts.delivered("rejected")

    work(0)
    before = series(exposed(metrics))
    for number in range(1, 100):
        work(number)
    assert series(exposed(metrics)) == before
    assert before < 400


class PatientGateway(ScriptedGateway):
    """Says the same to every envelope and keeps nothing."""

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        del envelope
        return TIMEOUT


def test_taking_the_time_costs_next_to_nothing(metrics: AgentMetrics) -> None:
    """A delivery takes tens of milliseconds; what is counted about it takes less than a two-hundredth of one.

    The fastest of several rounds is judged, so that a busy machine fails nothing.
    """
    line, gateway = Line(), PatientGateway()
    submission = line.take("hire-1")

    def delivery() -> None:
        timed = metrics.timed(line.renderer, line.signer, gateway)
        with metrics.counts.timing(Step.DELIVER):
            timed.renderer.render(submission, record_id="r")
            timed.gateway.submit(ENVELOPE)
        metrics.counts.delivered("accepted")

    def bare() -> None:
        line.renderer.render(submission, record_id="r")
        gateway.submit(ENVELOPE)

    def fastest(act: Callable[[], None]) -> float:
        rounds = []
        for _ in range(10):
            began = perf_counter()
            for _ in range(200):
                act()
            rounds.append((perf_counter() - began) / 200)
        return min(rounds)

    assert fastest(delivery) - fastest(bare) < 100e-6
    assert samples(exposed(metrics))["usrec_step_seconds_count", frozenset({("step", "deliver")})] == 2000
