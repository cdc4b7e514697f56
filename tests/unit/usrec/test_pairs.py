"""A transfer in two halves: a missing half and halves that contradict are told, until they are mended."""

from datetime import date, timedelta
from typing import Any

import pytest

from support.line import BIN, DAY, HOUR, IIN, OTHER_BIN, TIMEOUT, TODAY, Line, numbered, refused
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.give_back import give_back_invalid
from usrec.application.lint import lint
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import ValidationProblem
from usrec.domain.pair import Contradiction, Pair
from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.cli.pair_words import pair_json, standing_words
from usrec.ports.alert_sink import LOG
from usrec.ports.ledger_view import SubmissionStory

OTHER_IIN = numbered("90010130001")
MISSING = (Watched.PAIR, Threshold.HALF_MISSING)
CONTRADICT = (Watched.PAIR, Threshold.HALVES_CONTRADICT)


@pytest.fixture
def line(line: Line) -> Line:
    """Give a line of two employers at one of which somebody works."""
    line.employers[OTHER_BIN] = EmployerName("other")
    line.signer = InMemorySigner(dict.fromkeys((BIN, OTHER_BIN), line.clock.now() + 400 * DAY))
    line.register("hired")
    return line


def ends(line: Line, **fields: Any) -> None:
    line.take("ends", "termination", **{"pair_key": "T-1", **fields})


def begins(line: Line, event: str = "begins", **row: Any) -> None:
    line.take(event, **{"contract": "N-1", "employer": OTHER_BIN, "pair_key": "T-1", **row})


def told(line: Line) -> list[tuple[Watched, Threshold]]:
    """What there is to tell of pairs after a look."""
    watch_deadlines(
        ledger=line.ledger, policy=WatchPolicy(DigestPolicy(line.calendar.common), line.calendar), clock=line.clock
    )
    with line.ledger.begin() as work:
        found = [one.open.alert for one in work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)]
    return [(one.watched, one.threshold) for one in found if one.watched is Watched.PAIR]


def pair(line: Line) -> Pair:
    (found,) = line.ledger.view.pairs()
    return found


def story(line: Line, event: str) -> SubmissionStory:
    return line.story(line.of(event).id)


def test_both_halves_make_a_sound_pair(line: Line) -> None:
    ends(line)
    begins(line)
    assert (pair(line).missing, list(pair(line).contradictions)) == (None, [])
    line.clock.advance(3 * HOUR)
    assert told(line) == []
    assert story(line, "ends").pair == pair(line) == story(line, "begins").pair


def test_missing_conclusion_is_told_after_two_days(line: Line) -> None:
    ends(line)
    assert pair(line).missing is Operation.CONCLUSION
    line.clock.advance(HOUR)
    assert told(line) == []
    line.clock.advance(2 * DAY)
    assert told(line) == [MISSING]


def test_missing_termination_is_told_at_once_for_its_term_is_shorter(line: Line) -> None:
    begins(line)
    assert pair(line).missing is Operation.TERMINATION
    assert told(line) == []
    line.clock.advance(HOUR)
    assert told(line) == [MISSING]


def test_each_working_day_reminds_and_a_registered_half_too(line: Line) -> None:
    begins(line)
    line.deliver_all()
    assert line.of("begins").state is State.ACCEPTED
    for _ in range(3):
        line.clock.advance(DAY)
        assert told(line) == [MISSING]


def test_half_that_comes_ends_the_reminders(line: Line) -> None:
    begins(line)
    line.clock.advance(DAY)
    assert told(line) == [MISSING]
    ends(line)
    assert told(line) == []
    line.clock.advance(5 * DAY)
    assert told(line) == []


def test_half_that_is_taken_back_is_missed_again(line: Line) -> None:
    begins(line)
    line.deliver_all()
    ends(line)
    line.cancel("ends")
    line.clock.advance(DAY)
    assert told(line) == [MISSING]


def test_half_of_which_no_document_can_be_made_is_missed(line: Line) -> None:
    ends(line)
    line.deliver_all()
    begins(line)
    (claim,) = line.claim()
    assert told(line) == []
    give_back_invalid(claim, ValidationProblem("no document"), ledger=line.ledger, clock=line.clock)
    line.clock.advance(5 * DAY)
    assert told(line) == [MISSING]


def test_half_that_came_too_late_as_a_correction_is_missed(line: Line) -> None:
    ends(line)
    line.deliver_all()
    begins(line, pair_key="T-2")
    line.send(TIMEOUT)
    begins(line, revision=2)
    line.clock.advance(20 * DAY)
    assert told(line) == []
    line.send_again(line.registers)
    assert line.of("begins", 2).state is State.INVALID
    line.clock.advance(5 * DAY)
    assert told(line) == [MISSING, MISSING]


def test_correction_that_waits_for_what_was_sent_is_no_third_event(line: Line) -> None:
    ends(line)
    line.deliver_all()
    begins(line)
    line.send(TIMEOUT)
    begins(line, revision=2)
    assert pair(line).is_sound
    assert [half.submission_id for half in pair(line).halves] == [line.of("ends").id, line.of("begins", 2).id]
    assert told(line) == []


def test_half_that_was_refused_and_corrected_to_another_key_is_missed(line: Line) -> None:
    ends(line)
    line.deliver_all()
    begins(line)
    assert told(line) == []
    line.send(TIMEOUT)
    begins(line, revision=2, pair_key="T-2")
    line.send_again(refused("SCSE070"))
    assert line.of("begins", 1).replaced_by == line.of("begins", 2).id
    line.clock.advance(5 * DAY)
    assert told(line) == [MISSING, MISSING]


def test_half_elsewhere_is_not_missed(line: Line) -> None:
    ends(line, pair_elsewhere="true")
    line.clock.advance(9 * DAY)
    assert told(line) == []
    assert pair(line).is_sound


def test_half_ahead_of_its_time_is_not_missed_yet(line: Line) -> None:
    later = TODAY + timedelta(days=21)
    ends(line, termination_date=later.isoformat())
    line.clock.advance(15 * DAY)
    assert told(line) == []
    line.clock.advance(9 * DAY)
    assert told(line) == [MISSING]


def test_both_at_one_employer_contradict(line: Line) -> None:
    ends(line)
    begins(line, employer=line.of("ends").employer_bin)
    assert list(pair(line).contradictions) == [Contradiction.SAME_EMPLOYER]
    assert told(line) == [CONTRADICT]


def test_two_persons_contradict_and_none_is_named(line: Line) -> None:
    ends(line)
    begins(line, employee_iin=OTHER_IIN)
    assert list(pair(line).contradictions) == [Contradiction.OTHER_PERSON]
    assert IIN not in repr(pair(line)) + str(pair_json(pair(line))) + standing_words(pair(line))


def test_contract_that_begins_before_the_old_one_ends_contradicts(line: Line) -> None:
    ends(line)
    begins(line, begin_date=(TODAY - DAY).isoformat())
    assert list(pair(line).contradictions) == [Contradiction.BEGINS_BEFORE_END]


def test_third_event_with_the_key_contradicts(line: Line) -> None:
    ends(line)
    begins(line)
    begins(line, "again", contract="N-2")
    assert list(pair(line).contradictions) == [Contradiction.MORE_THAN_TWO]


def test_mended_half_ends_the_contradiction(line: Line) -> None:
    ends(line)
    begins(line, begin_date=(TODAY - DAY).isoformat())
    assert told(line) == [CONTRADICT]
    begins(line, revision=2)
    assert pair(line).is_sound
    assert told(line) == []


def test_retried_half_stays_in_its_pair(line: Line) -> None:
    ends(line)
    begins(line, position_code="wrong")
    assert line.of("begins").state is State.INVALID
    assert pair(line).missing is Operation.CONCLUSION
    begins(line, revision=2)
    assert pair(line).is_sound


def linted(line: Line) -> dict[str, str]:
    rows = [(row, ()) for row in line.source.fetch(99)]
    found = lint(rows, employers=line.employers, calendar=line.calendar, now=line.clock.now())
    return {one.rule: one.severity.value for ones in found for one in ones if one.rule.startswith("pair_")}


def test_lint_does_not_know_a_half_that_is_not_in_the_file(line: Line) -> None:
    line.enter("e", "termination", pair_key="T-1")
    assert linted(line) == {"pair_half_here": "undetermined"}
    line.enter("e", "termination", pair_key="T-1", pair_elsewhere="true", revision=2)
    assert linted(line) == {}


def test_lint_warns_of_halves_that_contradict(line: Line) -> None:
    begin = date(2026, 11, 13).isoformat()
    line.enter("old", pair_key="", contract="O-1")
    line.enter("e", "termination", pair_key="T-1", contract="O-1")
    line.enter("n", pair_key="T-1", contract="N-1", employee_iin=OTHER_IIN, begin_date=begin)
    kinds = ("pair_in_order", "pair_of_one_person", "pair_of_two_employers")
    assert linted(line) == dict.fromkeys(kinds, "warning")
    line.enter("n2", pair_key="T-1", contract="N-2", employer=OTHER_BIN)
    assert linted(line) == {"pair_of_two": "warning"}
