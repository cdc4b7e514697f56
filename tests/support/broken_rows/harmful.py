"""Harmful work: conditions, the item of the lists, and the marks of the special social payment at its end."""

from __future__ import annotations

from typing import Final

from support.sound_rows import OLD_IIN, Before, BrokenRow, Changes
from usrec.domain.source_event import Operation

HARMFUL_WORK: Final[Changes] = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}
MARKS: Final[Changes] = {
    "employee_consent": "true",
    "employer_consent": "true",
    "employee_phone": "+77010000001",
    "employer_phone": "+77010000002",
}
PHONES: Final[Changes] = {"employee_phone": "+77010000001", "employer_phone": "+77010000002"}
_TO_NORMAL: Final[Changes] = {"working_conditions_code": "1"}
_OLD: Final = (Before(Operation.CONCLUSION, {**HARMFUL_WORK, "employee_iin": OLD_IIN}),)
_YOUNG: Final = (Before(Operation.CONCLUSION, HARMFUL_WORK),)
_EARLIER: Final = (
    Before(
        Operation.CONCLUSION,
        {
            **HARMFUL_WORK,
            "employee_iin": OLD_IIN,
            "contract_date": "2020-10-05",
            "signed_on": "2020-10-05",
            "begin_date": "2020-10-05",
            "term_code": "1",
            "end_date": None,
        },
    ),
)


def _contract(code: str, rule: str, changes: Changes) -> tuple[BrokenRow, ...]:
    return (
        BrokenRow(code, rule, Operation.CONCLUSION, changes),
        BrokenRow(code, rule, Operation.AMENDMENT, changes),
    )


HARMFUL: tuple[BrokenRow, ...] = (
    *_contract("SCSE162", "harmful_code_forbidden_by_conditions", {**HARMFUL_WORK, "working_conditions_code": "1"}),
    *_contract("SCSE162", "harmful_code_forbidden_by_conditions", {**HARMFUL_WORK, "working_conditions_code": None}),
    *_contract("SCSE183", "harmful_code_required_by_harmful_work", {"working_conditions_code": "2"}),
    *_contract("SCSE176", "harmful_code_required_by_conditions", {"working_conditions_code": "3"}),
    *_contract("SCSE165", "harmful_list_fits_begin_date", {**HARMFUL_WORK, "harmful_conditions_code": "L1.2.3"}),
    BrokenRow(
        "SCSE165",
        "harmful_list_fits_begin_date",
        Operation.LEGACY_CONTRACT,
        {**HARMFUL_WORK, "contract_date": "2013-12-30", "begin_date": "2013-12-31", "term_code": "1", "end_date": None},
    ),
    BrokenRow(
        "SCSE178",
        "payment_marks_not_before_2024",
        Operation.TERMINATION,
        {**MARKS, "termination_date": "2023-12-31"},
        before=_EARLIER,
    ),
    BrokenRow("SCSE179", "payment_marks_need_age_55", Operation.TERMINATION, MARKS, before=_YOUNG),
    BrokenRow("SCSE179", "payment_marks_need_age_55", Operation.AMENDMENT, {**MARKS, **_TO_NORMAL}, before=_YOUNG),
    BrokenRow(
        "SCSE180",
        "payment_marks_not_with_normal_conditions",
        Operation.TERMINATION,
        MARKS,
        before=(Before(Operation.CONCLUSION, {"employee_iin": OLD_IIN}),),
    ),
    BrokenRow(
        "SCSE180",
        "payment_marks_not_with_normal_conditions",
        Operation.AMENDMENT,
        {**MARKS, **_TO_NORMAL},
        before=(Before(Operation.CONCLUSION, {**_TO_NORMAL, "employee_iin": OLD_IIN}),),
    ),
    BrokenRow(
        "SCSE180",
        "payment_marks_not_with_normal_conditions",
        Operation.TERMINATION,
        MARKS,
        before=(
            Before(Operation.CONCLUSION, {**HARMFUL_WORK, "employee_iin": OLD_IIN}),
            Before(Operation.AMENDMENT, {**_TO_NORMAL, **MARKS}),
        ),
    ),
    BrokenRow("SCSE181", "payment_marks_when_leaving_harmful_work", Operation.TERMINATION, before=_OLD),
    BrokenRow(
        "SCSE181",
        "payment_marks_when_leaving_harmful_work",
        Operation.TERMINATION,
        {**MARKS, "employer_phone": None},
        before=_OLD,
    ),
    BrokenRow("SCSE181", "payment_marks_when_leaving_harmful_work", Operation.AMENDMENT, _TO_NORMAL, before=_OLD),
    BrokenRow("SCSE258", "payment_marks_fit_chosen_conditions", Operation.TERMINATION, PHONES),
    BrokenRow("SCSE258", "payment_marks_fit_chosen_conditions", Operation.AMENDMENT, MARKS, before=_OLD),
)
