"""Social leaves, and the way back after a termination."""

from __future__ import annotations

from support.sound_rows import Before, BrokenRow
from usrec.domain.source_event import Operation

_CHILD_CARE = {"leave_type_code": "2", "first_working_day": None, "timesheet_number": None}
_NO_DECISION = {"order_number": None, "deciding_body_code": None, "court_code": None}

LEAVES: tuple[BrokenRow, ...] = (
    BrokenRow("SCSE122", "leave_field_required_by_type", Operation.SOCIAL_LEAVE, {"timesheet_number": None}),
    BrokenRow("SCSE129", "leave_field_required_by_type", Operation.SOCIAL_LEAVE_EDIT, {"first_working_day": None}),
    BrokenRow("SCSE127", "leave_begin_not_after_end", Operation.SOCIAL_LEAVE, {"not_worked_to": "2026-05-31"}),
    BrokenRow(
        "SCSE128",
        "leave_end_too_early",
        Operation.SOCIAL_LEAVE,
        {**_CHILD_CARE, "not_worked_from": "1974-01-10", "not_worked_to": "1976-11-10"},
        before=(Before(Operation.LEGACY_CONTRACT, {"contract_date": "1973-03-01", "begin_date": "1973-03-01"}),),
    ),
    BrokenRow(
        "SCSE130",
        "first_working_day_not_before_leave_end",
        Operation.SOCIAL_LEAVE,
        {"first_working_day": "2026-10-03"},
    ),
    BrokenRow("SCSE131", "first_working_day_too_late", Operation.SOCIAL_LEAVE, {"first_working_day": "2076-11-21"}),
    BrokenRow(
        "SCSE143",
        "maternity_leave_length",
        Operation.SOCIAL_LEAVE,
        {"not_worked_to": "2026-12-02", "first_working_day": "2026-12-03"},
    ),
    BrokenRow("SCSE144", "other_leave_only_dates", Operation.SOCIAL_LEAVE, {**_CHILD_CARE, "timesheet_number": "42"}),
    BrokenRow("SCSE182", "mistake_comment_present", Operation.REINSTATEMENT, _NO_DECISION),
    BrokenRow("SCSE098", "field_present", Operation.REINSTATEMENT, {"order_number": None}),
    BrokenRow("SCSE103", "field_present", Operation.REINSTATEMENT, {"deciding_body_code": None}),
    BrokenRow("SCSE101", "court_code_required_by_body", Operation.REINSTATEMENT, {"court_code": None}),
    BrokenRow(
        "SCSE102",
        "reinstatement_not_before_termination",
        Operation.REINSTATEMENT,
        {"reinstatement_date": "2026-11-18"},
    ),
)
