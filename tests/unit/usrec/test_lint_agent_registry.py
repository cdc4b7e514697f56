"""Lint, the agent and the registry never disagree, whatever HR writes and in whatever order.

`make fuzz FUZZ=20 SEED=7` tries more events, and others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pytest
from hypothesis import HealthCheck, given, seed, settings

from support.drawn_events import contracts
from support.rules_without_rows import PENDING, PENDING_RULES
from support.sound_rows import CONCLUDED, NEEDS, NOW, Changes
from support.three_judges import UNREADABLE, Judged, Step, errors, judge
from usrec.adapters.explanations.book import explain
from usrec.domain.response_code import Handling
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import State

EXAMPLES: Final = 20
EFFORT: Final = int(os.environ.get("FUZZ", "1"))
SEED: Final = os.environ.get("SEED", "353")

OF_ROWS_TOGETHER: Final = frozenset(
    {
        "agreement_not_repeated",
        "amendment_not_before_contract",
        "conclusion_not_repeated",
        "contract_not_terminated",
        "contract_number_unused",
        "event_repeated",
        "letters_lost",
        "letters_mixed",
        "termination_not_before_contract",
    }
)
"""What lint finds in a file and the agent leaves to the registry."""
OF_THE_LEDGER: Final = frozenset({"after_termination", "second_conclusion"})
"""What the agent knows of its own ledger; it says nothing else of such a row."""
BY_FORM: Final = frozenset(
    {"employer_checksum", "field_characters", "field_format", "field_is_date", "field_length", "field_present"}
    | {"iin_checksum", "tariff_rate_in_range", "term_counts"}
)
"""A row that breaks one of these is not read any further, so that the registry may answer another code first."""

BY_DICTIONARY: Final = frozenset({"code_in_dictionary", "code_is_lowest_level"})
"""Without the official dictionaries, which are not of this project, a code is looked at for its form only."""


def alone(operation: Operation, changes: Changes) -> list[Step]:
    """A row with some changes, after what its operation needs."""
    needs = NEEDS.get(operation, () if operation in HEADS else (CONCLUDED,))
    return [*(Step(one.operation, one.changes) for one in needs), Step(operation, changes)]


NO_TERM: Final = {"term_code": None, "end_date": None}
NO_POSITION: Final = {"position_code": None}
NO_POST: Final = {"established_post": None}
BY_MISTAKE: Final = {"order_number": None, "deciding_body_code": None, "court_code": None, "mistake_comment": "Қате"}
ENTERED_ANEW: Final = [Step(one, {}) for one in (Operation.CONCLUSION, Operation.CONTRACT_DELETE, Operation.CONCLUSION)]
Gap = tuple[Operation, str]
GAPS: Final[Mapping[Gap, tuple[Sequence[Step], str]]] = {
    (operation, code): (alone(operation, changes), whose)
    for operations, code, changes, whose in (
        (("conclusion", "legacy_contract", "contract_edit"), "SCSE039", NO_TERM, "agent: a contract names its term"),
        (("amendment", "amendment_edit"), "SCSE006", NO_POSITION, "agent: it may be about something else"),
        (("amendment", "amendment_edit"), "SCSE029", NO_POST, "agent: it may be about something else"),
        (("reinstatement",), "SCSE098", BY_MISTAKE, "agent: a mistake is taken back by its comment alone"),
        (("reinstatement",), "SCSE103", BY_MISTAKE, "agent: a mistake is taken back by its comment alone"),
    )
    for operation in map(Operation, operations)
} | {
    (Operation.CONCLUSION, "SCSE014"): (ENTERED_ANEW, "agent: a deleted contract frees its key and its number"),
}
"""Known disagreements by operation and code: rows whose last one shows it, whose it is and what is right."""


def never_disagree(judged: Judged, gaps: Collection[Gap] = frozenset(GAPS)) -> None:
    """All that the three must have in common."""
    if not _rules(judged) & OF_THE_LEDGER:
        assert _without(judged.linted) == _without(errors(judged.agent)), judged
    if judged.linted or _rules(judged):
        _is_stopped(judged, gaps)
    else:
        _goes_through(judged, gaps)


def _goes_through(judged: Judged, gaps: Collection[Gap]) -> None:
    """What lint lets pass is registered, waits for its day, or fails on what only the registry knows."""
    submission = judged.submission
    if submission.state is State.PENDING:
        dated_ahead = submission.not_before is not None and submission.not_before > NOW
        assert dated_ahead or "contract_id_known" in {one.rule for one in judged.said}, judged
    elif submission.state is not State.ACCEPTED:
        assert submission.state is State.REJECTED, judged
        assert _is_nobodys_to_know(judged, gaps), judged


def _is_stopped(judged: Judged, gaps: Collection[Gap]) -> None:
    """What lint refuses with a code, the registry refuses too; with that very code where the row could be read."""
    if _has_gap(judged, judged.codes, gaps) or not judged.codes:
        return
    assert judged.answer is not None, judged
    if not {rule for rule, _ in judged.linted} & BY_FORM and judged.answer != UNREADABLE:
        assert judged.answer in judged.codes or _is_nobodys_to_know(judged, gaps), judged


def _is_nobodys_to_know(judged: Judged, gaps: Collection[Gap]) -> bool:
    """Whether the answer is no code of a rule, or of one that is still being written."""
    code = judged.answer or ""
    told = explain(code)
    if told is None or code in PENDING or _has_gap(judged, {code}, gaps):
        return told is not None
    return told.handling is not Handling.PREFLIGHT or told.rule in BY_DICTIONARY | PENDING_RULES


def _has_gap(judged: Judged, codes: Collection[str], gaps: Collection[Gap]) -> bool:
    return any((judged.step.operation, code) in gaps for code in codes)


def _rules(judged: Judged) -> frozenset[str]:
    return frozenset(rule for rule, _ in errors(judged.agent))


def _without(found: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(one for one in found if one[0] not in OF_ROWS_TOGETHER)


@pytest.mark.parametrize("operation", list(Operation))
def test_lint_agent_and_registry_never_disagree(operation: Operation) -> None:
    ends: Counter[State] = Counter()

    @seed(f"{SEED} {operation}")
    @settings(max_examples=EXAMPLES * EFFORT, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(contracts(operation))
    def hold(steps: list[Step]) -> None:
        for judged in judge(steps):
            never_disagree(judged)
            if judged.step.operation is operation:
                ends[judged.submission.state] += 1

    hold()
    assert ends[State.ACCEPTED], "no well-made event was drawn"
    assert ends[State.INVALID] + ends[State.REJECTED], "no ill-made event was drawn"


@pytest.mark.parametrize("gap", GAPS)
def test_a_known_disagreement_is_still_there(gap: Gap) -> None:
    """Or it was mended and is to be struck out."""
    last = list(judge(GAPS[gap][0]))[-1]
    never_disagree(last)
    with pytest.raises(AssertionError):
        never_disagree(last, gaps=())
