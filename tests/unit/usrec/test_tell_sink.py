"""Each sink is told each alert once: in digests or at once, after failures, crashes and restarts, for weeks on end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.ledger_values import an_alert
from support.line import DAY, HOUR, TODAY, Line, WeekdayCalendar
from support.quick_ledger import quick_ledger
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.application.tell_sink import RETRY, Told, tell_sink
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import OpenAlert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import AlertNotTaken
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.source_event import EventId
from usrec.domain.watch import WatchPolicy
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.alert_sink import LOG, AlertMessage, SinkName, Subscriber

MAIL, HOOK = SinkName("mail.hr"), SinkName("webhook.chat")
MINUTE = timedelta(minutes=1)


def in_figures(alerts: Sequence[OpenAlert], *, language: str, now: datetime) -> tuple[str, str]:
    return f"{language} {len(alerts)}", f"{now.isoformat()}\n"


class DyingSink(InMemoryAlertSink):
    """Takes the message, and the agent dies before it can record that."""

    dies = True

    def deliver(self, message: AlertMessage) -> None:
        super().deliver(message)
        if self.dies:
            raise KeyboardInterrupt


@dataclass
class Office:
    """A line, its calendar, and the sinks that are told."""

    line: Line
    calendar: WorkingCalendar = field(default_factory=WeekdayCalendar)
    sinks: dict[SinkName, InMemoryAlertSink] = field(default_factory=lambda: {MAIL: InMemoryAlertSink()})
    owner: str = "host:1"

    @property
    def policy(self) -> WatchPolicy:
        return WatchPolicy(DigestPolicy(self.calendar), self.calendar)

    def watch(self) -> int:
        return watch_deadlines(ledger=self.line.ledger, policy=self.policy, clock=self.line.clock)

    def tell(self, name: SinkName = MAIL) -> Told:
        line = self.line
        return tell_sink(
            subscriber=Subscriber(name, self.sinks[name], "kk", at_once=name == LOG),
            ledger=line.ledger,
            compose=in_figures,
            digests=self.policy.digests,
            clock=line.clock,
            entropy=line.entropy,
            owner=self.owner,
        )

    def work(self) -> None:
        """What the agent's threads do."""
        self.watch()
        for name in self.sinks:
            while self.tell(name).alerts:
                pass

    def until(self, end: datetime, step: timedelta = HOUR) -> None:
        while self.line.clock.now() < end:
            self.work()
            self.line.clock.advance(step)

    def go_to(self, day: date, hour: int, minute: int = 0) -> None:
        self.line.clock.set(at(day, hour, minute))

    def restart(self) -> None:
        """Another process; what the dead one had begun is freed."""
        with self.line.work() as work:
            work.alert_sinks.free(work.alert_sinks.owners())
        self.owner += "1"

    def told(self, name: SinkName = MAIL) -> list[tuple[Watched, Threshold]]:
        messages = self.sinks[name].messages
        return [(one.alert.watched, one.alert.threshold) for message in messages for one in message.alerts]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=KAZAKHSTAN).astimezone(UTC)


@pytest.fixture
def office(line: Line) -> Office:
    return Office(line)


def last_day(office: Office, event: str = "c1") -> date:
    legal = office.line.of(event).legal_date
    assert legal is not None
    return legal


# -- one message


def test_message_says_all_that_is_due_in_the_sinks_language(office: Office) -> None:
    for number in (1, 2):
        office.line.take(f"c{number}", contract=f"K-{number}")
    office.line.clock.advance(60 * DAY)
    office.watch()
    assert office.tell() == Told(4)
    (message,) = office.sinks[MAIL].messages
    assert (message.subject, message.language, message.urgent) == ("kk 4", "kk", True)
    assert message.at == office.line.clock.now()
    assert office.tell() == Told()


def test_nothing_to_tell_is_nothing_sent(office: Office) -> None:
    office.line.take("c1")
    office.work()
    assert office.sinks[MAIL].messages == []


def test_digest_of_a_working_day_bundles_what_the_night_raised(office: Office) -> None:
    office.line.take("c1")
    office.line.take("c2", contract="K-2")
    day = last_day(office)
    third_last = day - timedelta(days=4) if day.weekday() == 0 else day - timedelta(days=2)
    office.until(at(third_last, 8, 59), 30 * MINUTE)
    before = len(office.sinks[MAIL].messages)
    office.go_to(third_last, 9)
    office.work()
    (digest,) = office.sinks[MAIL].messages[before:]
    assert not digest.urgent
    assert len({one.alert.submission_id for one in digest.alerts}) == 2


def test_urgent_alert_goes_at_once_also_at_night_and_takes_nothing_else_along(office: Office) -> None:
    office.line.take("c1")
    office.line.take("c2", "termination", contract="K-2", contract_id="R-2")
    office.until(at(last_day(office, "c2"), 23, 59))
    office.go_to(last_day(office, "c2") + DAY, 0)
    before = len(office.sinks[MAIL].messages)
    office.work()
    (night,) = office.sinks[MAIL].messages[before:]
    assert night.urgent
    assert {one.alert.threshold for one in night.alerts} == {Threshold.MISSED}


def test_log_is_told_at_once(office: Office) -> None:
    office.sinks[LOG] = InMemoryAlertSink()
    office.line.take("c1")
    office.until(at(last_day(office) - DAY * 5, 1))
    assert office.told(LOG)
    assert not office.told(MAIL)


def test_what_was_registered_before_the_digest_is_not_told(office: Office) -> None:
    office.line.take("c1")
    office.until(at(last_day(office) - 5 * DAY, 3))
    with office.line.ledger.begin() as work:
        assert work.alert_sinks.untold(LOG, office.line.clock.now(), 9, at_once=True)
    office.line.deliver_all()
    office.until(at(last_day(office) + DAY, 12))
    assert office.sinks[MAIL].messages == []


def test_later_threshold_takes_the_place_of_an_earlier_one_that_nobody_took(office: Office) -> None:
    office.line.take("c1")
    office.sinks[MAIL].online = False
    office.until(at(last_day(office) + DAY, 1))
    office.sinks[MAIL].online = True
    office.line.clock.advance(RETRY.cap)
    office.work()
    assert sorted(office.told()) == [(Watched.LEGAL, Threshold.MISSED), (Watched.SAFE, Threshold.MISSED)]


# -- failures


def test_sink_that_fails_holds_no_other_and_lets_none_repeat(office: Office) -> None:
    office.sinks[HOOK] = InMemoryAlertSink()
    office.sinks[MAIL].online = False
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.work()
    office.line.clock.advance(RETRY.cap)
    office.work()
    assert len(office.told(HOOK)) == 2
    office.sinks[MAIL].online = True
    office.line.clock.advance(RETRY.cap)
    office.work()
    assert (len(office.told(MAIL)), len(office.told(HOOK))) == (2, 2)
    assert office.sinks[HOOK].repeated == []


def test_failing_sink_is_tried_less_and_less_often_also_after_a_restart(office: Office) -> None:
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    office.sinks[MAIL].online = False
    tries = []
    start = office.line.clock.now()
    while office.line.clock.now() < start + 2 * HOUR:
        if office.tell().problem is not None:
            tries.append(office.line.clock.now() - start)
        office.restart()
        office.line.clock.advance(timedelta(seconds=10))
    assert 8 <= len(tries) <= 60
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert all(wait <= RETRY.cap + timedelta(seconds=10) for wait in waits)
    assert sum(waits[:3], timedelta(0)) < sum(waits[-3:], timedelta(0))


def test_failure_under_a_clock_that_was_set_back_since_silences_no_sink(office: Office) -> None:
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    office.sinks[MAIL].online = False
    now = office.line.clock.now()
    office.line.clock.set(now + 30 * DAY)
    assert office.tell().problem is not None
    office.line.clock.set(now + MINUTE)
    office.sinks[MAIL].online = True
    assert office.tell().alerts == 2


def test_problem_is_kept_for_whoever_asks(office: Office) -> None:
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    office.sinks[MAIL].online = False
    problem = office.tell().problem
    assert isinstance(problem, AlertNotTaken)
    assert "nobody answers" in str(problem)


def test_urgent_alert_is_told_at_night_whatever_a_sink_that_was_down_all_day_has_to_catch_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usrec.application.tell_sink.MOST_AT_ONCE", 2)
    made = office.line.take("c1")
    office.go_to(TODAY, 23)
    now, ahead = office.line.clock.now(), TODAY + 30 * DAY
    morning = {"raised_at": now - 15 * HOUR, "tell_at": now - 14 * HOUR, "last_day": ahead}
    missed = [an_alert(made.id, event_id=EventId(f"e{number}"), **morning) for number in range(3)]
    with office.line.work() as work:
        work.alerts.add(missed)
    assert office.tell() == Told(), "digests wait for the morning"
    with office.line.work() as work:
        work.alerts.add([an_alert(made.id, threshold=Threshold.MISSED, raised_at=now, tell_at=now)])
    assert office.tell().alerts == 1
    assert office.told() == [(Watched.LEGAL, Threshold.MISSED)]


def test_alerts_raised_while_a_sink_fails_follow_in_a_message_of_their_own(office: Office) -> None:
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    office.sinks[MAIL].online = False
    office.tell()
    office.line.take("c2", contract="K-2", signed_on=(TODAY + DAY).isoformat())
    office.watch()
    office.sinks[MAIL].online = True
    office.line.clock.advance(RETRY.cap)
    assert [office.tell().alerts for _ in range(3)] == [2, 2, 0]
    assert len({message.id for message in office.sinks[MAIL].messages}) == 2


def test_message_that_a_sink_refuses_for_good_holds_later_ones_for_three_tries_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    sink = office.sinks[MAIL]
    refused: list[str] = []

    def deliver(message: AlertMessage) -> None:
        refused.append(message.id) if not refused or message.id == refused[0] else sink.messages.append(message)
        if message.id == refused[0]:
            raise AlertNotTaken("it is too long", where="sink in memory", next_step="It is tried again")

    monkeypatch.setattr(sink, "deliver", deliver)
    office.tell()
    office.line.take("c2", contract="K-2", signed_on=(TODAY + DAY).isoformat())
    office.watch()
    for _ in range(3):
        office.line.clock.advance(RETRY.cap)
        office.tell()
    assert len(refused) == 3
    (told,) = sink.messages
    assert {one.alert.event_id for one in told.alerts} == {"c2"}


# -- crashes


def test_death_between_sending_and_recording_repeats_one_message_under_the_same_id(office: Office) -> None:
    dying = office.sinks[MAIL] = DyingSink()
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    with pytest.raises(KeyboardInterrupt):
        office.tell()
    dying.dies = False
    assert office.tell() == Told(), "the dead one may still be telling"
    office.restart()
    office.line.take("c2", contract="K-2", signed_on=(TODAY + DAY).isoformat())
    office.work()
    assert [len(one.alerts) for one in dying.messages] == [2, 2]
    assert [one.id for one in dying.repeated] == [dying.messages[0].id]
    assert {one.alert.event_id for one in dying.messages[1].alerts} == {"c2"}


def test_message_that_a_dead_agent_began_is_told_when_its_lease_runs_out(office: Office) -> None:
    dying = office.sinks[MAIL] = DyingSink()
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    with pytest.raises(KeyboardInterrupt):
        office.tell()
    dying.dies = False
    office.line.clock.advance(Subscriber(MAIL, dying, "kk").lease)
    assert office.tell() == Told(2)


def test_what_was_registered_since_a_crash_is_not_told_again(office: Office) -> None:
    dying = office.sinks[MAIL] = DyingSink()
    office.line.take("c1")
    office.line.clock.advance(60 * DAY)
    office.watch()
    with pytest.raises(KeyboardInterrupt):
        office.tell()
    dying.dies = False
    office.line.deliver_all()
    office.restart()
    office.work()
    assert dying.repeated == []


# -- sinks that come and go


def test_sink_that_is_added_later_learns_how_things_stand_and_no_history(office: Office) -> None:
    for number in (1, 2):
        office.line.take(f"c{number}", contract=f"K-{number}")
    office.until(at(last_day(office) + DAY, 12))
    office.line.send(office.line.registers)
    office.sinks[HOOK] = InMemoryAlertSink()
    office.work()
    assert office.told(HOOK) == [(Watched.SAFE, Threshold.MISSED), (Watched.LEGAL, Threshold.MISSED)]
    (message,) = office.sinks[HOOK].messages
    assert len({one.alert.event_id for one in message.alerts}) == 1


# -- for weeks on end

START = date(2026, 3, 2)
"""Before Women's Day, Nauryz with its transfers, and the days off of May."""
HOURS = 24 * 60
MOMENTS = (0, 4, 9, 13, 20)
"""Hours of a day at which the agent is awake: midnight, the digest, the last four hours, and between."""


@dataclass(frozen=True)
class Weeks:
    """What happens, by the hour since the start.

    Attributes:
        taken: Events, and whether each can be sent.
        away: Hours in which the webhook takes nothing.
        registered: When USREC takes all that waits.
    """

    taken: dict[int, bool]
    away: frozenset[int]
    restarts: frozenset[int]
    registered: int


hours = st.integers(0, HOURS - 24 * 14)
weeks = st.builds(
    Weeks,
    taken=st.dictionaries(hours, st.booleans(), min_size=1, max_size=4),
    away=st.frozensets(st.integers(0, HOURS // 24), max_size=9).map(
        lambda days: frozenset(24 * day + hour for day in days for hour in range(24))
    ),
    restarts=st.frozensets(hours, max_size=5),
    registered=hours,
)


@settings(max_examples=25, deadline=None)
@given(weeks=weeks)
def test_no_deadline_passes_without_an_alert_before_it_and_each_sink_is_told_each_once(weeks: Weeks) -> None:
    """Events are taken at any hour over holidays; the webhook is away now and then; the agent is restarted."""
    line = Line(ledger=quick_ledger(), calendar=KazakhstanCalendar())
    office = Office(line, line.calendar.common, {name: InMemoryAlertSink() for name in (LOG, MAIL, HOOK)})
    live_through(weeks, office)
    for sink in office.sinks.values():
        assert sink.repeated == []
    for hour in weeks.taken:
        for name in office.sinks:
            require_told_in_time_and_once(office, name, f"c{hour}")
    require_digests_in_working_hours(office)
    line.close()


def live_through(weeks: Weeks, office: Office) -> None:
    line = office.line
    eventful = {*weeks.taken, *weeks.restarts, weeks.registered}
    for hour in range(HOURS):
        if hour % 24 not in MOMENTS and hour not in eventful:
            continue
        line.clock.set(at(START, 0) + hour * HOUR)
        if hour in weeks.taken:
            take(line, hour, sendable=weeks.taken[hour])
        if hour == weeks.registered:
            line.deliver_all()
        office.sinks[HOOK].online = hour not in weeks.away
        if hour in weeks.restarts:
            office.restart()
        office.work()


def take(line: Line, hour: int, *, sendable: bool) -> None:
    today = line.clock.now().astimezone(KAZAKHSTAN).date().isoformat()
    fields: dict[str, Any] = {"contract_date": today, "signed_on": today, "begin_date": today}
    fields |= {} if sendable else {"employee_iin": None}
    line.take(f"c{hour}", contract=f"K-{hour}", **fields)


def require_told_in_time_and_once(office: Office, name: SinkName, event: str) -> None:
    submission = office.line.of(event)
    told = [
        (one.alert.watched, one.alert.threshold, message.at)
        for message in office.sinks[name].messages
        for one in message.alerts
        if one.alert.event_id == event
    ]
    assert len({kind[:2] for kind in told}) == len(told), "told twice"
    if submission.decided_at is not None:
        assert all(when <= submission.decided_at for *_, when in told), "told although it was registered"
    elif name != HOOK:
        dates = {Watched.LEGAL: submission.due_utc}
        if submission.safe_date != submission.legal_date:
            dates[Watched.SAFE] = submission.safe_utc
        for watched, bound in dates.items():
            assert bound is not None
            assert any(what is watched and when < bound for what, _, when in told), "a deadline in silence"
            assert (watched, Threshold.MISSED) in {kind[:2] for kind in told}


def require_digests_in_working_hours(office: Office) -> None:
    for message in office.sinks[MAIL].messages:
        local = message.at.astimezone(KAZAKHSTAN)
        if all(one.alert.tell_at > one.alert.raised_at for one in message.alerts):
            assert office.calendar.is_working_day(local.date())
            assert local.hour == 9
