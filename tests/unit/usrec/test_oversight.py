"""What the independent watcher makes of what it sees, and what it tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from usrec.domain.heartbeat import Heartbeat, missing, newest_sign
from usrec.domain.oversight import Concern, Impression, Sight, Trouble, troubles_of
from usrec.domain.oversight_notice import Knowledge, Notice, Phase, informed, notices_for
from usrec.domain.submission import SubmissionId

NOON = datetime(2026, 11, 16, 7, tzinfo=UTC)
SILENCE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def agent(name: str = "alfa", *, beat: datetime, started: datetime = NOON - DAY, **changes: Any) -> Heartbeat:
    made = Heartbeat(f"{name}:7", name, "1.2", started, beat, 4, draining=False)
    return replace(made, **changes)


@dataclass
class Watch:
    """A watcher that looks and tells one recipient everything.

    Attributes:
        arrives: Whether the recipient can be told now.
    """

    now: datetime = NOON
    impression: Impression = field(default_factory=lambda: Impression(first_look_at=NOON))
    known: Knowledge = field(default_factory=dict)
    arrives: bool = True

    def look(self, sight: Sight | None, *, later: timedelta = MINUTE) -> list[tuple[Concern, Phase]]:
        """Look after a while; what the recipient would be told."""
        return [(notice.trouble.concern, notice.phase) for notice in self.notices(sight, later=later)]

    def notices(self, sight: Sight | None, *, later: timedelta = MINUTE) -> list[Notice]:
        self.now += later
        self.impression = self.impression.after(sight, self.now)
        found = troubles_of(sight, self.impression, self.now, SILENCE)
        troubles, self.impression = self.impression.dated(found, blind=sight is None)
        notices = list(notices_for(self.known, troubles, self.now, blind=sight is None))
        if self.arrives:
            for notice in notices:
                self.known = informed(self.known, notice)
        return notices


def alive(watch: Watch, later: timedelta = MINUTE) -> Sight:
    """The agent gave a sign just before the next look."""
    return Sight([agent(beat=watch.now + later)])


def overdue(watch: Watch, *ids: str) -> Sight:
    return replace(alive(watch), overdue=[SubmissionId(one) for one in ids])


SILENT, UNREACHABLE, OVERDUE = Concern.AGENT_SILENT, Concern.LEDGER_UNREACHABLE, Concern.OVERDUE


# -- the agent's silence


def test_agent_that_gives_signs_is_no_trouble() -> None:
    watch = Watch()
    for _ in range(30):
        assert watch.look(alive(watch)) == []


def test_silent_agent_is_told_once_and_again_when_it_is_back() -> None:
    watch = Watch()
    died = Sight([agent(beat=NOON)])
    told = [watch.look(died) for _ in range(60)]
    assert told[:10] == [[]] * 10
    assert told[10] == [(SILENT, Phase.NEW)]
    assert told[11:] == [[]] * 49
    assert watch.look(alive(watch)) == [(SILENT, Phase.OVER)]
    assert watch.look(alive(watch)) == []


def test_silence_is_counted_from_the_last_sign_at_the_first_look() -> None:
    assert Watch().look(Sight([agent(beat=NOON - DAY)])) == [(SILENT, Phase.NEW)]


@pytest.mark.parametrize("skew", [-timedelta(hours=1), timedelta(hours=1)])
def test_clock_of_the_agent_may_differ_from_that_of_the_watcher(skew: timedelta) -> None:
    """Signs that go on coming are life, and signs that stop are silence, whatever time they name.

    Where the sign's own time cannot be right, silence counts from the look before the one that found it.
    """
    watch = Watch()
    watch.look(Sight([agent(beat=watch.now + skew)]))
    for _ in range(5):
        last = Sight([agent(beat=watch.now + skew)])
        watch.look(last)
        assert SILENT not in watch.known
    told = [watch.look(last) for _ in range(20)]
    assert [number for number, notices in enumerate(told) if notices] == [9 if skew < timedelta(0) else 10]


def test_watcher_that_looks_once_in_a_while_tells_a_death_at_its_first_look_after_the_silence() -> None:
    """`usrec watch --once` from cron: what it prints and what it tells is the same."""
    watch = Watch()
    watch.look(alive(watch, 15 * MINUTE), later=15 * MINUTE)
    died = Sight([agent(beat=watch.now + MINUTE)])
    assert watch.look(died, later=15 * MINUTE) == [(SILENT, Phase.NEW)]
    assert watch.look(alive(watch, 15 * MINUTE), later=15 * MINUTE) == [(SILENT, Phase.OVER)]


def test_agent_that_was_stopped_and_not_started_again_is_silent_too() -> None:
    watch = Watch()
    stopped = agent(beat=NOON - MINUTE, gone_at=NOON)
    (notice,) = [one for _ in range(11) for one in watch.notices(Sight([stopped]))]
    assert notice.trouble == Trouble(SILENT, NOON, agent=stopped)


def test_ledger_on_which_no_agent_ever_worked_is_told_after_the_same_time() -> None:
    watch = Watch()
    told = [watch.look(Sight()) for _ in range(12)]
    assert [number for number, notices in enumerate(told) if notices] == [10]
    assert watch.known[SILENT].trouble.agent is None


def test_agent_that_is_started_again_ends_the_silence() -> None:
    watch = Watch()
    dead = agent(beat=NOON)
    for _ in range(12):
        watch.look(Sight([dead]))
    reborn = replace(dead, owner="alfa:8", started_at=watch.now, beat_at=watch.now)
    assert watch.look(Sight([reborn, dead])) == [(SILENT, Phase.OVER)]


def test_one_of_several_agents_that_falls_silent_is_missing_until_another_takes_its_place() -> None:
    watch = Watch()
    lost = agent("beta", beat=NOON)
    told = [watch.look(replace(alive(watch), agents=[agent(beat=watch.now + MINUTE), lost])) for _ in range(15)]
    assert [notices for notices in told if notices] == [[(Concern.AGENT_MISSING, Phase.NEW)]]
    heir = agent("gamma", started=watch.now, beat=watch.now + MINUTE)
    assert watch.look(Sight([agent(beat=watch.now + MINUTE), lost, heir])) == [(Concern.AGENT_MISSING, Phase.OVER)]


@pytest.mark.parametrize("gone", [None, NOON])
def test_single_agent_is_never_missing_beside_itself(gone: datetime | None) -> None:
    assert missing([agent(beat=NOON - DAY, gone_at=gone)], SILENCE) == []
    assert missing([], SILENCE) == []
    assert newest_sign([]) is None


def test_agent_that_took_its_leave_is_not_missed() -> None:
    there, gone = agent(beat=NOON), agent("beta", beat=NOON - DAY, gone_at=NOON - DAY)
    assert missing([there, gone], SILENCE) == []
    assert missing([there, replace(gone, gone_at=None)], SILENCE) == [replace(gone, gone_at=None)]


# -- the ledger's silence


def test_ledger_that_does_not_answer_is_told_after_the_same_time_and_when_it_is_back() -> None:
    watch = Watch()
    watch.look(alive(watch))
    told = [watch.look(None) for _ in range(15)]
    assert [number for number, notices in enumerate(told) if notices] == [10]
    assert watch.known[UNREACHABLE].trouble.since == NOON + MINUTE
    assert watch.look(alive(watch)) == [(UNREACHABLE, Phase.OVER)]


def test_ledger_that_never_answered_is_told_too() -> None:
    watch = Watch()
    told = [watch.look(None) for _ in range(12)]
    assert [notices for notices in told if notices] == [[(UNREACHABLE, Phase.NEW)]]


def test_ledger_that_is_away_for_a_moment_is_no_trouble_and_hides_none() -> None:
    watch = Watch()
    watch.look(overdue(watch, "s1"))
    for _ in range(5):
        assert watch.look(None) == []
    assert watch.look(overdue(watch, "s1")) == []
    assert watch.look(alive(watch)) == [(OVERDUE, Phase.OVER)]


# -- what is told how often


def test_more_overdue_ones_are_told_at_once_and_fewer_are_not() -> None:
    watch = Watch()
    assert watch.look(overdue(watch, "s1")) == [(OVERDUE, Phase.NEW)]
    assert watch.look(overdue(watch, "s1")) == []
    assert watch.look(overdue(watch, "s1", "s2")) == [(OVERDUE, Phase.GREW)]
    assert watch.look(overdue(watch, "s2")) == []
    assert watch.look(overdue(watch, "s3")) == [(OVERDUE, Phase.GREW)]
    assert watch.look(alive(watch)) == [(OVERDUE, Phase.OVER)]


def test_trouble_that_lasts_is_told_once_a_day() -> None:
    watch = Watch()
    dead = Sight([agent(beat=NOON)])
    told = [(hour, notices) for hour in range(72) if (notices := watch.look(dead, later=timedelta(hours=1)))]
    assert told == [(0, [(SILENT, Phase.NEW)]), (24, [(SILENT, Phase.LASTS)]), (48, [(SILENT, Phase.LASTS)])]


def test_notice_that_did_not_arrive_comes_again_under_the_same_key_and_others_have_their_own() -> None:
    watch = Watch(arrives=False)
    first, second = (watch.notices(overdue(watch, "s1"))[0] for _ in range(2))
    watch.arrives = True
    third = watch.notices(overdue(watch, "s1"))[0]
    assert first.key == second.key == third.key
    later = [
        watch.notices(overdue(watch, "s1", "s2"))[0],
        watch.notices(overdue(watch, "s1"), later=DAY)[0],
        watch.notices(alive(watch))[0],
        watch.notices(overdue(watch, "s1"))[0],
    ]
    assert len({third.key, *(notice.key for notice in later)}) == 5


def test_trouble_that_nobody_heard_of_needs_no_all_clear() -> None:
    watch = Watch(arrives=False)
    assert watch.look(overdue(watch, "s1")) == [(OVERDUE, Phase.NEW)]
    assert watch.look(alive(watch)) == []


@pytest.mark.parametrize(("since", "told"), [(None, False), (SILENCE, False), (SILENCE + MINUTE, True)])
def test_alerts_that_do_not_arrive_are_told_after_a_while(since: timedelta | None, told: bool) -> None:
    watch = Watch()
    at = NOON + MINUTE
    sight = replace(alive(watch), undelivered=3, undelivered_since=None if since is None else at - since)
    assert watch.look(sight) == ([(Concern.UNDELIVERED, Phase.NEW)] if told else [])


def test_several_troubles_are_told_each_by_itself() -> None:
    watch = Watch()
    sight = Sight([agent(beat=NOON - DAY)], overdue=[SubmissionId("a")], unwatched=[SubmissionId("b")])
    assert {concern for concern, _ in watch.look(sight)} == {SILENT, OVERDUE, Concern.UNWATCHED}


# -- employers that are stopped


def test_stop_is_told_at_once_again_for_another_employer_and_when_it_is_over() -> None:
    watch = Watch()
    stopped = Concern.EMPLOYER_STOPPED

    def sight(**stops: datetime) -> Sight:
        return replace(alive(watch), stops=stops)

    (notice,) = watch.notices(sight(main=NOON - DAY))
    assert (notice.trouble.concern, notice.phase, notice.trouble.since) == (stopped, Phase.NEW, NOON - DAY)
    assert (notice.trouble.about, notice.trouble.number) == (frozenset({"main"}), 1)
    assert watch.look(sight(main=NOON - DAY)) == []
    assert watch.look(sight(main=NOON - DAY, other=NOON)) == [(stopped, Phase.GREW)]
    assert watch.look(sight()) == [(stopped, Phase.OVER)]
