"""Lint, the agent and the registry never disagree, whatever HR writes and in whatever order.

`make fuzz FUZZ=20 SEED=7` tries more events, and others.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from support.drawn_events import contracts
from support.sound_rows import FOREIGN_IIN, NOW, OTHER_IIN, row_of
from support.three_judges import CALENDAR, EMPLOYERS, UNREADABLE, Judged, Step, errors, judge
from usrec.adapters.explanations.book import explain
from usrec.application.lint import lint
from usrec.domain.response_code import Handling
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import Operation
from usrec.domain.state import State

EXAMPLES: Final = 20
EFFORT: Final = int(os.environ.get("FUZZ", "1"))
SEED: Final = os.environ.get("SEED", "353")

OF_ROWS_TOGETHER: Final = frozenset({"conclusion_not_repeated", "event_repeated", "letters_lost", "letters_mixed"})
"""What lint finds in a file: the agent never takes an event twice, and leaves the letters to a person's eye."""
OF_HISTORY: Final = frozenset(
    {
        "agreement_not_repeated",
        "amendment_not_before_contract",
        "contract_belongs_to_employer",
        "contract_not_terminated",
        "contract_number_unused",
        "deletion_names_the_employee",
        "deletion_names_the_employer",
        "extension_date_is_end_date",
        "extension_follows_sequence",
        "extension_needs_fixed_term",
        "extension_not_repeated",
        "extension_term_allowed",
        "leave_not_before_contract",
        "leave_not_repeated",
        "reinstatement_needs_termination",
        "reorganisation_not_before_contract",
        "term_matches_period",
        "termination_date_as_registered",
        "termination_not_before_contract",
        "third_extension_is_indefinite",
    }
)
"""What the agent holds against a row once it is well by itself, and lint tells at once with the row's own mistakes."""
OF_THE_LEDGER: Final = {
    Operation.AMENDMENT_EDIT: frozenset(
        {
            "payment_marks_fit_chosen_conditions",
            "payment_marks_need_age_55",
            "payment_marks_not_before_2024",
            "payment_marks_not_with_normal_conditions",
            "payment_marks_when_leaving_harmful_work",
        }
    )
}
"""What only the agent says: a file does not tell which agreement has the registry's id that a correction names."""
OF_IDS: Final = {
    "agreement_not_repeated": {Operation.AMENDMENT_EDIT, Operation.AMENDMENT_DELETE},
    "leave_not_repeated": {Operation.SOCIAL_LEAVE_EDIT, Operation.SOCIAL_LEAVE_DELETE},
}
"""What only the agent says of these and after them: a file does not tell what the registry's id stands for."""
BY_FORM: Final = frozenset(
    {"employer_checksum", "field_characters", "field_format", "field_is_date", "field_length", "field_present"}
    | {"iin_checksum", "tariff_rate_in_range", "term_counts"}
)
"""A row that breaks one of these is not read any further, so that the registry may answer another code first."""

BY_DICTIONARY: Final = frozenset({"code_in_dictionary", "code_is_lowest_level"})
"""Without the official dictionaries, which are not of this project, a code is looked at for its form only."""


def never_disagree(judged: Judged) -> None:
    """All that the three must have in common."""
    _say_the_same(judged)
    if judged.linted or _rules(judged):
        _is_stopped(judged)
    else:
        _goes_through(judged)


def _say_the_same(judged: Judged) -> None:
    """Lint and the agent; a row with mistakes of its own is held against its contract's history by lint alone.

    What is refused because the contract is concluded or terminated already leaves the line, and the agent says no more.
    """
    linted, kept = _without(judged.linted), _without(errors(judged.agent))
    if "second_conclusion" in _rules(judged):
        assert judged.linted, judged
        return
    if "contract_not_terminated" in _rules(judged):
        assert kept <= linted, judged
        return
    own = {one for one in kept if one[0] not in OF_HISTORY}
    more = {one for one in linted - kept if not own or one[0] not in OF_HISTORY}
    assert more == set(), judged
    by_id = {rule for rule, operations in OF_IDS.items() if operations & {judged.step.operation, *judged.earlier}}
    assert {rule for rule, _ in kept - linted} <= OF_THE_LEDGER.get(judged.step.operation, frozenset()) | by_id, judged


def _goes_through(judged: Judged) -> None:
    """What lint lets pass is registered, waits for its day, or fails on what only the registry knows."""
    submission = judged.submission
    if submission.state is State.PENDING:
        dated_ahead = submission.not_before is not None and submission.not_before > NOW
        assert dated_ahead or "contract_id_known" in {one.rule for one in judged.said}, judged
    elif submission.state is not State.ACCEPTED:
        assert submission.state is State.REJECTED, judged
        assert _is_nobodys_to_know(judged), judged


def _is_stopped(judged: Judged) -> None:
    """What lint refuses with a code, the registry refuses too; with that very code where the row could be read."""
    if not judged.codes:
        return
    assert judged.answer is not None, judged
    if not {rule for rule, _ in judged.linted} & BY_FORM and judged.answer != UNREADABLE:
        assert judged.answer in judged.codes or _is_nobodys_to_know(judged), judged


def _is_nobodys_to_know(judged: Judged) -> bool:
    """Whether the answer is no code of a rule, or of one that lint warns of or calls undetermined."""
    code = judged.answer or ""
    told = explain(code)
    if told is None or told.handling is not Handling.PREFLIGHT or told.rule in BY_DICTIONARY:
        return told is not None
    return code in {one.code for one in judged.said if one.severity is not Severity.ERROR}


def _rules(judged: Judged) -> frozenset[str]:
    return frozenset(rule for rule, _ in errors(judged.agent))


def _without(found: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(one for one in found if one[0] not in OF_ROWS_TOGETHER)


@pytest.mark.parametrize("operation", list(Operation))
def test_lint_agent_and_registry_never_disagree(operation: Operation) -> None:
    ends: Counter[State] = Counter()

    @seed(f"{SEED} {operation}")
    @settings(max_examples=EXAMPLES * EFFORT, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(contracts(operation), st.sampled_from((Severity.ERROR, Severity.WARNING)))
    def hold(steps: list[Step], unsure: Severity) -> None:
        for judged in judge(steps, unsure):
            never_disagree(judged)
            if judged.step.operation is operation:
                ends[judged.submission.state] += 1

    hold()
    assert ends[State.ACCEPTED], "no well-made event was drawn"
    assert ends[State.INVALID] + ends[State.REJECTED], "no ill-made event was drawn"


def test_marks_of_a_corrected_agreement_are_judged_by_the_ledger_alone() -> None:
    phones = Step(Operation.AMENDMENT_EDIT, {"employer_phone": "+77010000002"})
    last = list(judge([Step(Operation.CONCLUSION, {}), Step(Operation.AMENDMENT, {}), phones]))[-1]
    assert last.linted == frozenset()
    assert errors(last.agent) == {("payment_marks_fit_chosen_conditions", "SCSE258")}
    assert last.answer == "SCSE258"


def test_history_waits_in_the_agent_until_the_row_is_well_by_itself_and_lint_tells_both() -> None:
    unnumbered = Step(Operation.REINSTATEMENT, {"order_number": None})
    last = list(judge([Step(Operation.CONCLUSION, {}), unnumbered]))[-1]
    assert errors(last.agent) == {("field_present", "SCSE098")}
    assert last.linted == {("field_present", "SCSE098"), ("reinstatement_needs_termination", "SCSE095")}


def test_an_extension_of_what_goes_on_by_itself_is_held_to_no_last_day() -> None:
    """The registry's own end of the automatic period is not in the row (SCSE116)."""
    itself = Step(Operation.CONCLUSION, {"auto_extension_term_code": "2"})
    last = list(judge([itself, Step(Operation.EXTENSION, {"extension_date": "2026-11-19", "end_date": "2027-11-19"})]))[
        -1
    ]
    assert (last.linted, last.answer) == (frozenset(), None)


def test_an_agreement_that_moves_the_last_day_alone_moves_the_day_of_the_extension() -> None:
    """The registry takes the end from the contract, an agreement or an automatic extension (SCSE116)."""
    moved = [Step(Operation.CONCLUSION, {}), Step(Operation.AMENDMENT, {"end_date": "2026-11-19"})]
    extended = list(
        judge([*moved, Step(Operation.EXTENSION, {"extension_date": "2026-11-19", "end_date": "2027-11-19"})])
    )[-1]
    assert (extended.linted, errors(extended.agent), extended.answer) == (frozenset(), frozenset(), None)
    old = list(judge([*moved, Step(Operation.EXTENSION, {"extension_date": "2026-11-18"})]))[-1]
    assert errors(old.agent) == old.linted == {("extension_date_is_end_date", "SCSE116")}
    assert old.answer == "SCSE116"


def test_a_last_day_for_an_indefinite_contract_leaves_its_term_unknown() -> None:
    endless = Step(Operation.CONCLUSION, {"term_code": "1", "end_date": None})
    ended = Step(Operation.AMENDMENT, {"end_date": "2026-11-19"})
    last = list(
        judge([endless, ended, Step(Operation.EXTENSION, {"extension_date": "2026-11-19", "end_date": "2027-11-19"})])
    )[-1]
    assert (last.linted, errors(last.agent), last.answer) == (frozenset(), frozenset(), None)


def test_a_termination_that_waits_for_its_day_forbids_nothing_that_comes_before_it() -> None:
    """As in the agent's line, which lets it pass."""
    ahead = Step(Operation.TERMINATION, {"termination_date": "2026-11-27"})
    hired, agreed = Step(Operation.CONCLUSION, {}), Step(Operation.AMENDMENT, {})
    assert _linted(hired, ahead, agreed) == frozenset()
    assert _linted(hired, ahead, agreed, Step(Operation.EXTENSION, {"extension_date": "2026-11-18"})) == frozenset()
    assert _linted(hired, ahead, agreed, ahead) == {("contract_not_terminated", "SCSE092")}
    over = Step(Operation.TERMINATION, {"termination_date": "2026-11-20"})
    assert _linted(hired, over, agreed) == {("contract_not_terminated", "SCSE092")}


def _linted(*steps: Step) -> frozenset[tuple[str, str]]:
    rows = [row_of(step.operation, step.changes, place=place) for place, step in enumerate(steps)]
    said = lint([(row, ()) for row in rows], employers=EMPLOYERS, calendar=CALENDAR, now=NOW)
    return errors(said[-1])


def test_a_correction_that_makes_the_term_go_on_by_itself_leaves_no_last_day_to_hold_against() -> None:
    """Neither here nor there is the end of the automatic period known (SCSE116)."""
    before = [Step(Operation.CONCLUSION, {}), Step(Operation.AMENDMENT, {})]
    off = Step(Operation.EXTENSION, {"extension_date": "2026-11-19", "end_date": "2027-11-19"})
    itself = Step(
        Operation.AMENDMENT_EDIT, {"term_code": "2", "end_date": "2027-11-19", "auto_extension_term_code": "2"}
    )
    known = list(judge([*before, off]))[-1]
    assert errors(known.agent) == known.linted == {("extension_date_is_end_date", "SCSE116")}
    last = list(judge([*before, itself, off]))[-1]
    assert (last.step, last.linted, errors(last.agent)) == (off, frozenset(), frozenset())


def test_a_wrong_person_is_told_of_a_deletion_before_the_end_of_the_contract() -> None:
    """As of contracts and agreements, so of leaves (SCSE132 before 092)."""
    deletion = Step(Operation.SOCIAL_LEAVE_DELETE, {"employee_iin": OTHER_IIN})
    before = [Step(one, {}) for one in (Operation.CONCLUSION, Operation.SOCIAL_LEAVE, Operation.TERMINATION)]
    last = list(judge([*before, deletion]))[-1]
    assert last.linted == {("deletion_names_the_employee", "SCSE132")}
    assert last.answer == "SCSE132"


def test_a_row_against_our_own_reading_is_sent_with_a_warning_and_the_registry_decides() -> None:
    """A citizen of the EAEU needs no permit, and the official text leaves open whether one must be entered (184)."""
    foreigner = Step(Operation.CONCLUSION, {"employee_iin": FOREIGN_IIN})
    held = list(judge([foreigner]))[-1]
    assert ("foreigner_field_present", "SCSE184") in held.linted
    assert held.submission.state is State.INVALID
    sent = list(judge([foreigner], unsure=Severity.WARNING))[-1]
    assert sent.linted == frozenset()
    assert "SCSE184" in {one.code for one in sent.agent if one.severity is Severity.WARNING}
    assert (sent.submission.state, sent.answer) == (State.REJECTED, "SCSE184")
