"""Events of one contract as HR might write them, well made and ill made, drawn by hypothesis.

Each event is a sound row of its operation with a few fields taken away, put in, given another code or another day. The
order of the events is drawn too: most often the contract comes first, and nothing else is sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from support.sound_rows import CONCLUDED, FOREIGN_IIN, IIN, NEEDS, NOW, OLD_IIN, OTHER_BIN, OTHER_IIN, SOUND
from support.three_judges import Step
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.source_event import HEADS, Operation

CODES: Final[Mapping[str, Sequence[str]]] = {
    "position_code": ("2512-0-002", "251200"),
    "conscript_code": ("1", "2"),
    "term_code": ("1", "2", "3", "7", "8", "9"),
    "auto_extension_term_code": ("1", "2", "9"),
    "established_post_code": ("A.1", "7"),
    "work_kind_code": ("1", "2", "3"),
    "kato_code": ("710000000", "750000000"),
    "country_code": ("398", "643"),
    "remote_work_code": ("1", "4"),
    "working_hours_code": ("1", "3", "6"),
    "tariff_rate": ("0.5", "1", "0", "1.5"),
    "working_conditions_code": ("1", "2", "3"),
    "harmful_conditions_code": ("L1.2.3", "L3.14.165", "1.2"),
    "employer_type_code": ("1", "2"),
    "foreigner_basis_code": ("1", "2"),
    "foreigner_education_code": ("3",),
    "permit_number": ("A-1",),
    "reason_code": ("01", "03", "03-002", "05"),
    "deciding_body_code": ("1", "2", "3"),
    "court_code": ("12",),
    "leave_type_code": ("1", "2", "3"),
    "digitalisation": ("true", "false"),
    "employee_consent": ("true", "false"),
    "employer_consent": ("true", "false"),
    "employee_phone": ("+77010000001",),
    "employer_phone": ("+77010000002",),
    "supporting_document": ("attestation.pdf", "order.docx", "nowhere.pdf"),
}
"""Codes of the right form, known ones and others; a field that is not here gets a text."""

_ILL_MADE: Final = ("", "  ", "№?", "ё" * 300)
_NO_DATE: Final = ("", "2026-02-30", "20.11.2026", "вчера")
_DAYS: Final = (-30000, -4000, -500, -364, -30, -1, 0, 1, 30, 500, 20000)
_NUMBERS: Final = {
    "iin": (IIN, OTHER_IIN, OLD_IIN, FOREIGN_IIN, "900101300008", "000000000000", "90010130000"),
    "employer": (OTHER_BIN, OTHER_IIN, "200940000013", "200940000014", ""),
}
_MOST_OTHERS: Final = 2
_MOST_CHANGES: Final = 3


def contracts(last: Operation) -> SearchStrategy[list[Step]]:
    """The events of one contract: sound ones, and at the end one that may be wrong in up to three fields."""
    return _before(last).flatmap(_with_changes)


def _before(last: Operation) -> SearchStrategy[list[Operation]]:
    """What comes before the last event: what it needs, and perhaps something else as well, or nothing at all."""
    needs = [one.operation for one in NEEDS.get(last, () if last in HEADS else (CONCLUDED,))]
    also = st.lists(st.sampled_from(list(Operation)), min_size=1, max_size=_MOST_OTHERS)
    whole = st.just([*needs, last])
    return st.one_of(
        whole, whole, whole, also.map(lambda more: [*needs, *more, last]), also.map(lambda few: [*few, last])
    )


def _with_changes(operations: list[Operation]) -> SearchStrategy[list[Step]]:
    *earlier, last = operations
    few = [_step(one, st.sampled_from((0, 0, 0, 1))) for one in earlier]
    return st.tuples(*few, _step(last, st.sampled_from((0, 1, 1, 2, _MOST_CHANGES)))).map(list)


def _step(operation: Operation, number: SearchStrategy[int]) -> SearchStrategy[Step]:
    def changed(many: int) -> SearchStrategy[Step]:
        fields = st.sampled_from(FIELDS[operation])
        one = fields.flatmap(lambda rule: st.tuples(st.just(rule.name), _value(operation, rule)))
        return st.lists(one, min_size=many, max_size=many).map(lambda changes: Step(operation, dict(changes)))

    return number.flatmap(changed)


def _value(operation: Operation, rule: FieldRule) -> SearchStrategy[str | None]:
    """What HR may have written there: nothing, something of the right form more often than of a wrong one."""
    if rule.kind == "date":
        sound = date.fromisoformat(SOUND[operation].get(rule.name, NOW.date().isoformat()))
        shifted = st.sampled_from([(sound + timedelta(days=days)).isoformat() for days in _DAYS])
        return st.one_of(st.none(), shifted, shifted, st.sampled_from(_NO_DATE))
    if rule.kind in _NUMBERS:
        return st.none() | st.sampled_from(_NUMBERS[rule.kind])
    right = st.sampled_from(CODES.get(rule.name, ("Инженер", "18", "0077-а")))
    return st.one_of(st.none(), right, right, st.sampled_from(_ILL_MADE))
