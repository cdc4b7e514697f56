"""The states of a submission, in the program and in the database: both allow the same moves and no others."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.ledger_values import a_submission
from support.line import empty_ledger
from usrec.domain.errors import InvariantViolation
from usrec.domain.state import MAY_BE_REGISTERED, OPEN, SETTLED, TRANSITIONS, Move, State, next_state
from usrec.domain.submission import SubmissionId

ONLY = SubmissionId("s1")


def reachable_from(state: State) -> set[State]:
    """Every state that some sequence of moves leads to, ``state`` itself included."""
    found, new = {state}, {state}
    while new:
        new = {after for (before, _), after in TRANSITIONS.items() if before in new} - found
        found |= new
    return found


def test_every_state_can_be_reached_from_pending() -> None:
    assert reachable_from(State.PENDING) == set(State)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CANCELLED])
def test_what_is_settled_stays_as_it_is(state: State) -> None:
    assert reachable_from(state) == {state}


@pytest.mark.parametrize("state", sorted(set(State) - SETTLED))
def test_every_unsettled_state_has_a_way_to_an_end(state: State) -> None:
    assert reachable_from(state) & SETTLED


def test_every_move_is_used() -> None:
    assert {move for _, move in TRANSITIONS} == set(Move)


@pytest.mark.parametrize("state", [State.SUBMITTED, State.INDETERMINATE])
def test_what_may_be_registered_cannot_be_cancelled(state: State) -> None:
    assert (state, Move.CANCEL) not in TRANSITIONS


def test_doubt_never_leads_back_to_an_unsigned_or_undoubted_state() -> None:
    assert reachable_from(State.INDETERMINATE) == {
        State.INDETERMINATE,
        State.ACCEPTED,
        State.REJECTED,
        State.CANCELLED,
    }


def test_open_and_settled_states_do_not_overlap() -> None:
    assert not OPEN & SETTLED
    assert MAY_BE_REGISTERED < OPEN
    assert set(State) - OPEN - SETTLED == {State.INVALID, State.REJECTED}


@pytest.mark.parametrize(("state", "move"), sorted(set(product(State, Move)) - set(TRANSITIONS)))
def test_every_other_move_is_refused(state: State, move: Move) -> None:
    with pytest.raises(InvariantViolation, match=f"in state {state} cannot {move}"):
        next_state(state, move)


class Lives(RuleBasedStateMachine):
    """One submission's life, told twice: by ``TRANSITIONS`` and by a real ledger whose trigger guards the column."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = empty_ledger()
        self.state = State.PENDING

    @initialize()
    def begins(self) -> None:
        with self.ledger.begin() as work:
            work.submissions.add(a_submission(ONLY))
            work.commit()

    @rule(move=st.sampled_from(Move))
    def moves_as_the_table_says(self, move: Move) -> None:
        try:
            after = next_state(self.state, move)
        except InvariantViolation:
            assert (self.state, move) not in TRANSITIONS
            return
        self._store(after)
        self.state = after

    @rule(wanted=st.sampled_from(State))
    def the_database_refuses_what_the_table_does_not_know(self, wanted: State) -> None:
        allowed = {after for (before, _), after in TRANSITIONS.items() if before is self.state} | {self.state}
        if wanted in allowed:
            return
        with pytest.raises(InvariantViolation, match="forbidden move"):
            self._store(wanted)

    @invariant()
    def the_ledger_holds_the_same_state(self) -> None:
        with self.ledger.begin() as work:
            stored = work.submissions.get(ONLY)
        assert stored is None or stored.state is self.state

    def _store(self, state: State) -> None:
        with self.ledger.begin() as work:
            stored = work.submissions.get(ONLY)
            assert stored is not None
            work.submissions.update(replace(stored, state=state), was=self.state)
            work.commit()

    def teardown(self) -> None:
        self.ledger.close()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
