"""Which changes are entered is the employer's written policy; in doubt a change is entered."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.line import ASEL, BIN, TIMEOUT, Line, amendment
from usrec.application.recording import status_note
from usrec.application.settle import Settlement, settle
from usrec.domain.change import DEFAULT_REGISTRABLE, NAMED_BY_THE_ORDER, Change, RegistrablePolicy
from usrec.domain.errors import UnsafeRequest
from usrec.domain.intake import IntakePolicy
from usrec.domain.rules.fields import read_details
from usrec.domain.rules.registrable import judge_changes
from usrec.domain.source_event import Operation
from usrec.domain.state import State

OWN = RegistrablePolicy(NAMED_BY_THE_ORDER, "17-к, 2026-02-01", own=True)
SALARY_ONLY = "salary"


def own(line: Line) -> Line:
    line.intake = IntakePolicy(registrable={BIN: OWN})
    return line


def test_salary_indexation_is_not_sent(line: Line) -> None:
    line.register("hired")
    taken = line.take("raise", "amendment", changes=SALARY_ONLY)
    assert (taken.state, taken.reason) == (State.CANCELLED, "not_registrable")
    assert line.queued("raise") is None
    assert line.ledger.view.passed_over() == 1


def test_policys_note_stands_in_the_journal_and_in_hrs_row(line: Line) -> None:
    own(line).register("hired")
    taken = line.take("raise", "amendment", changes="salary, working_time")
    (entry,) = line.journal(taken.id)
    assert json.loads(entry.detail) == {"policy": "17-к, 2026-02-01"}
    assert "17-к, 2026-02-01" in line.findings("raise")[0].message
    assert status_note(taken, line.clock.now()).message.startswith("Not sent, by the employer's own policy")


def test_what_comes_together_with_a_registrable_change_is_sent(line: Line) -> None:
    line.register("hired")
    assert line.take("raise", "amendment", changes="salary;position").state is State.PENDING


def test_row_that_does_not_tell_is_sent_and_said_where_the_employer_has_a_policy(line: Line) -> None:
    own(line).register("hired")
    taken = line.take("changed", "amendment")
    assert taken.state is State.PENDING
    assert [one.rule for one in line.findings("changed")] == ["changes_not_told"]


def test_word_that_nobody_knows_is_refused_and_not_skipped(line: Line) -> None:
    line.register("hired")
    assert line.take("raise", "amendment", changes="salary, зарплата").state is State.INVALID
    assert [(one.rule, one.field) for one in line.findings("raise")] == [("field_format", "changes")]


def test_operator_has_it_sent_after_all(line: Line) -> None:
    line.register("hired")
    line.take("raise", "amendment", changes=SALARY_ONLY)
    goes_on = line.retry("raise")
    assert (goes_on.state, goes_on.reason, goes_on.findings) == (State.PENDING, "retried", "[]")
    line.deliver_all()
    assert line.of("raise").state is State.ACCEPTED
    assert line.ledger.view.passed_over() == 0


def test_policy_holds_for_a_row_that_is_examined_anew(line: Line) -> None:
    own(line).register("hired")
    employers, line.employers = line.employers, {}
    assert line.take("raise", "amendment", changes=SALARY_ONLY).state is State.INVALID
    line.employers = employers
    found = line.retry("raise")
    assert (found.state, found.reason) == (State.CANCELLED, "not_registrable")
    assert line.queued("raise") is None
    (note,) = [one for one in line.notes().values() if one.state == "cancelled"]
    assert note.message.startswith("Not sent, by the employer's own policy")
    (entry,) = line.journal(found.id)
    assert json.loads(entry.detail)["policy"] == "17-к, 2026-02-01"
    line.take("next", "amendment", changes="position")
    line.deliver_all()
    assert line.states()["next"] == "accepted", "what follows does not wait for it"


def test_what_hr_took_back_itself_is_not_sent_after_all(line: Line) -> None:
    line.register("hired")
    line.take("raise", "amendment", changes=SALARY_ONLY, withdrawn=True)
    with pytest.raises(UnsafeRequest):
        line.retry("raise")


def test_hr_mends_the_words_and_it_is_sent(line: Line) -> None:
    line.register("hired")
    line.take("raise", "amendment", changes=SALARY_ONLY)
    line.take("raise", "amendment", changes="position", revision=2)
    line.deliver_all()
    assert line.of("raise").state is State.ACCEPTED


def test_what_follows_does_not_wait_for_it(line: Line) -> None:
    line.register("hired")
    line.take("raise", "amendment", changes=SALARY_ONLY)
    line.take("gone", "termination")
    assert [delivered.submission.event_id for delivered in line.deliver_all()] == ["gone"]


def test_revision_behind_one_on_the_wire_is_set_aside_when_that_one_is_refused(line: Line) -> None:
    """The earlier one may be registered, so the newer waits; then the policy decides about it."""
    line.register("hired")
    first = line.take("raise", "amendment")
    line.send(TIMEOUT)
    assert line.take("raise", "amendment", changes=SALARY_ONLY, revision=2).state is State.PENDING
    settle(first.id, Settlement(False, None, b"a letter"), ASEL, ledger=line.ledger, clock=line.clock)
    assert line.of("raise", 2).state is State.CANCELLED
    assert line.of("raise", 2).reason == "not_registrable"


@given(words=st.lists(st.sampled_from(Change), max_size=9), chosen=st.frozensets(st.sampled_from(Change), min_size=1))
def test_an_agreement_is_passed_over_exactly_when_it_tells_nothing_that_is_entered(
    words: list[Change], chosen: frozenset[Change]
) -> None:
    payload = amendment(changes=" ".join(words))
    details, findings = read_details(Operation.AMENDMENT, payload)
    said = [one.rule for one in judge_changes(details, RegistrablePolicy(chosen, "n", own=True))]
    assert findings == []
    assert ("not_registrable" in said) == (bool(words) and not set(words) & chosen)
    assert ("changes_not_told" in said) == (not words)


def test_default_enters_all_but_pay_and_benefits() -> None:
    assert set(Change) - DEFAULT_REGISTRABLE == {Change.SALARY, Change.BENEFITS}
