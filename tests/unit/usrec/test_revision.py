"""What a new revision of an event does to the earlier ones."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.ledger_values import a_submission
from support.line import MONDAY
from usrec.domain.revision import (
    ALREADY_REGISTERED,
    SECOND_CONCLUSION,
    Placement,
    place_revision,
    refuse,
    refuse_registered,
)
from usrec.domain.rules.finding import load_findings
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission, SubmissionId


def version(revision: int, state: State, *, replaced_by: str | None = None, name: str = "") -> Submission:
    return a_submission(
        name or f"r{revision}",
        revision=revision,
        state=state,
        replaced_by=None if replaced_by is None else SubmissionId(replaced_by),
    )


def test_unknown_event_is_the_first() -> None:
    assert place_revision(1, []).placement is Placement.FIRST


@pytest.mark.parametrize("revision", [1, 2])
@pytest.mark.parametrize("state", State)
def test_revision_that_is_not_newer_is_stale(revision: int, state: State) -> None:
    placed = place_revision(revision, [version(2, state)])
    assert placed.placement is Placement.STALE
    assert placed.earlier is not None
    assert placed.earlier.id == "r2"
    assert placed.displaced == ()


def test_stale_revision_points_to_the_one_that_stands_now() -> None:
    retried = version(2, State.SIGNED, name="again")
    placed = place_revision(1, [version(2, State.REJECTED, replaced_by="again"), retried])
    assert placed.earlier == retried


@pytest.mark.parametrize("state", [State.PENDING, State.INVALID, State.REJECTED, State.CANCELLED])
def test_revision_replaces_what_cannot_be_registered(state: State) -> None:
    earlier = version(1, state)
    placed = place_revision(2, [earlier])
    assert placed.placement is Placement.REPLACES
    assert placed.earlier == earlier
    assert placed.displaced == (earlier,)


@pytest.mark.parametrize("state", sorted(MAY_BE_REGISTERED))
def test_revision_waits_for_what_may_be_registered(state: State) -> None:
    earlier = version(1, state)
    placed = place_revision(2, [earlier])
    assert placed.placement is Placement.WAITS
    assert placed.earlier == earlier
    assert placed.displaced == ()


@pytest.mark.parametrize("waiting", [State.PENDING, State.INVALID])
def test_third_revision_displaces_the_second_and_waits_for_the_first(waiting: State) -> None:
    first, second = version(1, State.INDETERMINATE), version(2, waiting)
    placed = place_revision(3, [first, second])
    assert placed.placement is Placement.WAITS
    assert placed.earlier == first
    assert placed.displaced == (second,)


def test_revision_of_a_registered_event_is_too_late() -> None:
    first = version(1, State.ACCEPTED)
    placed = place_revision(2, [first])
    assert placed.placement is Placement.TOO_LATE
    assert placed.earlier == first


def test_next_advice_takes_the_place_of_the_one_before() -> None:
    first, advised = version(1, State.ACCEPTED), version(2, State.INVALID)
    assert place_revision(3, [first, advised]).displaced == (advised,)


def test_revision_of_what_a_person_is_entering_is_turned_away() -> None:
    first = version(1, State.PENDING)
    placed = place_revision(2, [first], by_hand={first.id})
    assert placed.placement is Placement.BY_HAND
    assert placed.displaced == ()


def test_signed_and_entered_by_hand_is_waited_for() -> None:
    first = version(1, State.SIGNED)
    assert place_revision(2, [first], by_hand={first.id}).placement is Placement.WAITS


def test_what_was_replaced_before_is_left_alone() -> None:
    first, retried = version(1, State.REJECTED, replaced_by="again"), version(1, State.REJECTED, name="again")
    assert place_revision(2, [first, retried]).displaced == (retried,)


@given(
    states=st.lists(st.sampled_from(State), min_size=1, max_size=4),
    replaced=st.integers(0, 3),
    by_hand=st.booleans(),
)
def test_a_new_revision_never_displaces_what_may_be_or_is_registered(
    states: list[State], replaced: int, *, by_hand: bool
) -> None:
    existing = [
        version(number, state, replaced_by="next" if number < min(replaced, len(states) - 1) else None)
        for number, state in enumerate(states)
    ]
    hand = {one.id for one in existing if by_hand and one.state is State.PENDING}
    placed = place_revision(len(states), existing, by_hand=hand)
    assert not [one for one in placed.displaced if one.state in MAY_BE_REGISTERED | {State.ACCEPTED}]
    standing = {one.id for one in existing if one.replaced_by is None} - {one.id for one in placed.displaced}
    assert standing or placed.placement in {Placement.REPLACES, Placement.TOO_LATE}
    assert not standing or placed.placement is not Placement.REPLACES


def test_refused_revision_stands_outside_the_line_with_its_finding() -> None:
    refused = refuse(a_submission(position=3), SECOND_CONCLUSION)
    assert (refused.state, refused.position) == (State.INVALID, OUTSIDE_THE_LINE)
    assert load_findings(refused.findings) == [SECOND_CONCLUSION]
    assert refused.legal_date is not None


def test_refused_revision_of_a_registered_event_has_no_term_of_its_own() -> None:
    refused = refuse_registered(a_submission(safe_date=date(2026, 11, 20), safe_utc=MONDAY))
    assert load_findings(refused.findings) == [ALREADY_REGISTERED]
    assert (refused.legal_date, refused.safe_date, refused.due_utc, refused.safe_utc) == (None, None, None, None)
