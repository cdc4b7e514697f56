"""What the ledger's figures say to a monitoring system."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.exposition import (
    DAY,
    MAIL,
    MINUTE,
    NOW,
    SILENCE,
    families,
    figures,
    heartbeat,
    labels_of,
    samples,
    value,
)
from support.line import TIMEOUT, UNREACHABLE, Line, refused
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.metrics.agent_metrics import ledger_exposition
from usrec.adapters.metrics.ledger_metrics import DEADLINE_BOUNDS, deadline_buckets
from usrec.adapters.metrics.ledger_reading import LedgerReading, read_ledger
from usrec.application.survey import take_survey
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.state import State
from usrec.ports.alert_sink import LOG
from usrec.ports.figures import Backlog, Figures, JournalFigures, OpenGroup

SECOND = timedelta(seconds=1)


def told(found: Figures, *agents: Heartbeat) -> str:
    reading = LedgerReading(found, agents, None)
    return ledger_exposition(reading, ManualClock(NOW), silence=SILENCE, sinks={LOG}).decode()


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(-1.0, 0), (0.0, 0), (0.5, 1), (3600.0, 1), (3601.0, 2), (86400.0, 3), (1e9, 9)]
)
def test_time_left_falls_into_the_first_bucket_that_holds_it(seconds: float, bucket: int) -> None:
    buckets, total = deadline_buckets([(seconds, 2)])
    assert [number for _, number in buckets] == [0.0] * bucket + [2.0] * (len(DEADLINE_BOUNDS) + 1 - bucket)
    assert total == 2 * seconds


def test_term_is_missed_at_the_instant_when_it_ends() -> None:
    groups = [
        OpenGroup(State.PENDING, NOW - DAY, NOW + SECOND, 5, NOW - DAY),
        OpenGroup(State.INVALID, NOW - 2 * DAY, NOW, 2, NOW - DAY),
        OpenGroup(State.PENDING, None, None, 9, NOW),
    ]
    text = told(figures(open=groups))
    assert value(text, "usrec_submissions_overdue", date="legal") == 2
    assert value(text, "usrec_submissions_overdue", date="safe") == 7
    assert value(text, "usrec_deadline_seconds_bucket", date="legal", le="0.0") == 2
    assert value(text, "usrec_deadline_seconds_bucket", date="legal", le="3600.0") == 7
    assert value(text, "usrec_deadline_seconds_count", date="legal") == 7, "those without a term are in no bucket"
    assert value(text, "usrec_deadline_seconds_sum", date="legal") == 5.0


def test_every_state_reason_and_status_has_a_value_when_the_ledger_is_empty() -> None:
    nothing = Backlog(0, None)
    empty = figures(
        by_state={},
        open=[],
        queue={},
        in_doubt=nothing,
        write_backs={},
        undelivered_alerts=nothing,
        journal=JournalFigures(0, nothing, None),
        audits=[],
        puzzles={},
    )
    text = told(empty)
    assert {one.labels["state"] for one in families(text)["usrec_submissions"].samples} == set(State)
    assert set(samples(text).values()) <= {0.0, 1.0} | {
        one.value for one in families(text)["usrec_alert_sink_last_success_timestamp_seconds"].samples
    }
    assert value(text, "usrec_oldest_open_seconds") == 0


def test_ages_go_on_from_the_times_that_were_read() -> None:
    reading = LedgerReading(figures(), [heartbeat()], NOW)
    clock = ManualClock(NOW)
    clock.advance(5 * MINUTE)
    text = ledger_exposition(reading, clock, silence=SILENCE, sinks=()).decode()
    assert value(text, "usrec_in_doubt_oldest_seconds") == 360
    assert value(text, "usrec_write_backs_oldest_seconds", source="hr") == 360
    assert value(text, "usrec_alerts_undelivered_oldest_seconds") == 360
    assert value(text, "usrec_agent_heartbeat_age_seconds") == 315
    assert value(text, "usrec_oldest_open_seconds") == DAY.total_seconds() + 300
    assert value(text, "usrec_last_exchange_timestamp_seconds") == NOW.timestamp()


def test_sinks_that_are_configured_no_more_are_left_out() -> None:
    assert "mail.hr" not in told(figures())
    reading = LedgerReading(figures(), [], None)
    both = ledger_exposition(reading, ManualClock(NOW), silence=SILENCE, sinks={LOG, MAIL}).decode()
    assert value(both, "usrec_alert_sink_failures", sink="mail.hr") == 3


def test_agents_that_gave_a_sign_lately_are_running_and_the_silent_ones_missing() -> None:
    silent = heartbeat("host:2", beat_at=NOW - 11 * MINUTE)
    gone = heartbeat("host:3", beat_at=NOW - MINUTE, gone_at=NOW - MINUTE)
    text = told(figures(), heartbeat(), silent, gone)
    assert value(text, "usrec_agents_running") == 1
    assert value(text, "usrec_agents_missing") == 1
    assert value(text, "usrec_agent_heartbeat_age_seconds") == 15


def test_what_there_never_was_has_no_value() -> None:
    text = told(figures())
    assert {"usrec_agent_heartbeat_age_seconds", "usrec_last_exchange_timestamp_seconds"} & set(families(text)) == set()


def test_numbers_are_those_of_the_status_page() -> None:
    """Whatever state the ledger is in, metrics and `usrec status` count the same."""
    line = Line()
    for number in range(6):
        line.take(f"hire-{number}", contract=f"K-{number}")
    line.take("bad", contract="K-bad", begin_date="tomorrow")
    line.take("change", "amendment", contract="K-0")
    line.send(refused("SCSE012"))
    line.send(TIMEOUT)
    line.send(UNREACHABLE)
    line.hold("hire-5")
    survey = take_survey(view=line.ledger.view, clock=line.clock)
    text = ledger_exposition(
        read_ledger(line.ledger.view, line.clock.now()), line.clock, silence=SILENCE, sinks=()
    ).decode()
    by_state = {one.labels["state"]: one.value for one in families(text)["usrec_submissions"].samples}
    assert by_state == {state.value: number for state, number in survey.by_state.items()}
    needed = {one.labels["why"]: one.value for one in families(text)["usrec_needs_person"].samples if one.value}
    assert needed == {why.value: number for why, number in survey.needs_person.items()}
    waiting = {one.labels["reason"]: one.value for one in families(text)["usrec_submissions_waiting"].samples}
    assert {reason: number for reason, number in waiting.items() if number} == {
        reason.value: number for reason, number in survey.waiting.items()
    }
    assert value(text, "usrec_submissions_overdue", date="legal") == survey.overdue.number
    assert sum(survey.needs_person.values()) >= 3, "too little happened to prove anything"
    assert value(text, "usrec_in_doubt") == 1


def test_labels_are_only_the_known_ones() -> None:
    text = told(figures(), heartbeat())
    names = {name for family in families(text).values() for name in labels_of(family)}
    known = {"version", "python", "schema", "state", "status", "reason", "why", "date", "source", "sink"}
    known |= {"employer", "kind"}
    assert names == known
