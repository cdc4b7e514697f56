"""Who goes first in the line of a contract, and why the others wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.ledger_values import a_submission, an_entry
from usrec.domain.state import MAY_BE_REGISTERED, SETTLED, State
from usrec.domain.submission import Standpoint, SubmissionId, WaitReason, head_of_line, wait_behind


def at(position: int, state: State = State.PENDING, name: str | None = None) -> Standpoint:
    return Standpoint(SubmissionId(name or f"p{position}"), position, state, None)


LINES = st.lists(
    st.builds(at, st.integers(0, 9), st.sampled_from(State)), max_size=6, unique_by=lambda one: one.position
)


def test_earliest_position_goes_first() -> None:
    assert head_of_line([at(2), at(0), at(1)]) == at(0)


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_what_is_settled_holds_nobody(state: State) -> None:
    assert head_of_line([at(0, state), at(1)]) == at(1)
    assert head_of_line([at(0, state)]) is None


@pytest.mark.parametrize("state", [State.INVALID, State.REJECTED])
def test_what_was_refused_holds_its_followers(state: State) -> None:
    assert head_of_line([at(0, state), at(1)]) == at(0, state)


@pytest.mark.parametrize("state", sorted(MAY_BE_REGISTERED))
def test_what_may_have_reached_the_authority_goes_before_a_conclusion_that_came_later(state: State) -> None:
    assert head_of_line([at(0), at(3, state)]) == at(3, state)


def test_what_a_person_is_entering_goes_before_a_conclusion_that_came_later() -> None:
    assert head_of_line([at(0), at(3)], by_hand={SubmissionId("p3")}) == at(3)


def test_empty_line_has_no_head() -> None:
    assert head_of_line([]) is None


@given(line=LINES)
def test_head_does_not_depend_on_the_order_of_asking(line: list[Standpoint]) -> None:
    assert head_of_line(line) == head_of_line(line[::-1])


@given(line=LINES)
def test_head_is_unsettled_and_nothing_on_the_wire_stands_behind_a_waiting_one(line: list[Standpoint]) -> None:
    head = head_of_line(line)
    if head is None:
        assert {one.state for one in line} <= SETTLED
        return
    assert head.state not in SETTLED
    if any(one.state in MAY_BE_REGISTERED for one in line):
        assert head.state in MAY_BE_REGISTERED


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.PENDING, WaitReason.PREDECESSOR_OPEN),
        (State.SIGNED, WaitReason.PREDECESSOR_OPEN),
        (State.SUBMITTED, WaitReason.PREDECESSOR_OPEN),
        (State.INDETERMINATE, WaitReason.PREDECESSOR_IN_DOUBT),
        (State.INVALID, WaitReason.PREDECESSOR_REFUSED),
        (State.REJECTED, WaitReason.PREDECESSOR_REFUSED),
    ],
)
def test_followers_are_told_what_they_wait_for(state: State, why: WaitReason) -> None:
    assert wait_behind(at(0, state)) is why


def test_submission_never_shows_its_details() -> None:
    submission = a_submission(details='{"employee_iin": "900101300007"}')
    assert "900101300007" not in repr(submission)
    assert "900101300007" not in repr([an_entry(submission)])


TAKEN = datetime(2026, 11, 16, 9, tzinfo=UTC)


def dated(position: int, taken: int, day: int | None = None, state: State = State.PENDING) -> Standpoint:
    """Taken so many days after the first one, and waiting for a day so many days after it."""
    not_before = None if day is None else TAKEN + timedelta(days=day)
    return Standpoint(SubmissionId(f"p{position}"), position, state, None, not_before, TAKEN + timedelta(days=taken))


def test_what_waits_for_its_day_lets_pass_what_can_be_sent_before() -> None:
    leave, amendment, termination = dated(1, 0, 20), dated(2, 1), dated(3, 2, 2)
    assert head_of_line([leave, amendment, termination]) == amendment
    assert head_of_line([leave, termination]) == termination
    assert head_of_line([leave, dated(2, 1, 25)]) == leave
    assert head_of_line([leave, dated(2, 21)]) == leave, "its day had come before"
    assert head_of_line([dated(1, 0, 20), dated(2, 0, 9), dated(3, 0, 5)]) == dated(3, 0, 5)


def test_nothing_passes_a_conclusion_or_what_is_refused_or_held() -> None:
    leave, amendment = dated(1, 0, 20), dated(3, 1)
    assert head_of_line([dated(0, 0, 20), amendment]) == dated(0, 0, 20)
    assert head_of_line([leave, dated(2, 0, state=State.INVALID), amendment]) == leave
    assert head_of_line([leave, amendment], held={amendment.id}) == leave
    assert head_of_line([leave, amendment], by_hand={leave.id}) == leave
