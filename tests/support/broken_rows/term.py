"""The term of a contract: its kind and its last day."""

from __future__ import annotations

from support.sound_rows import BrokenRow
from usrec.domain.source_event import Operation

_CONTRACTS = (Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT)

TERM: tuple[BrokenRow, ...] = (
    *(BrokenRow("SCSE039", "field_present", one, {"term_code": None, "end_date": None}) for one in _CONTRACTS),
    *(BrokenRow("SCSE055", "field_present", one, {"work_place_address": None}) for one in _CONTRACTS),
    BrokenRow("SCSE021", "field_present", Operation.CONCLUSION, {"conscript_code": None}),
    BrokenRow("SCSE054", "end_date_required_by_term", Operation.CONCLUSION, {"end_date": None}),
    BrokenRow("SCSE054", "end_date_required_by_term", Operation.AMENDMENT, {"term_code": "3"}),
    BrokenRow("SCSE057", "end_date_forbidden_by_term", Operation.CONCLUSION, {"term_code": "1"}),
    BrokenRow("SCSE061", "begin_not_after_end", Operation.CONCLUSION, {"term_code": "4", "end_date": "2025-11-16"}),
    BrokenRow(
        "SCSE065",
        "amendment_begin_not_after_end",
        Operation.AMENDMENT,
        {"term_code": "4", "end_date": "2026-11-16"},
    ),
    BrokenRow("SCSE068", "term_matches_period", Operation.CONCLUSION, {"end_date": "2026-11-16"}),
    BrokenRow("SCSE068", "term_matches_period", Operation.EXTENSION, {"end_date": "2027-11-17"}),
    BrokenRow("SCSE141", "end_date_too_late", Operation.CONCLUSION, {"end_date": "2076-11-21"}),
    BrokenRow("SCSE141", "end_date_too_late", Operation.EXTENSION, {"end_date": "2076-11-21"}),
    BrokenRow("SCSE142", "end_date_too_late", Operation.AMENDMENT, {"term_code": "2", "end_date": "2076-11-21"}),
    BrokenRow("SCSE146", "auto_extension_names_term", Operation.AMENDMENT, {"auto_extension_term_code": "2"}),
    BrokenRow("SCSE151", "child_care_term_only_in_amendment", Operation.CONCLUSION, {"term_code": "8"}),
    BrokenRow("SCSE158", "extension_before_new_end", Operation.EXTENSION, {"end_date": "2026-11-18"}),
    BrokenRow("SCSE115", "extension_end_fits_term", Operation.EXTENSION, {"term_code": "1"}),
    BrokenRow("SCSE115", "extension_end_fits_term", Operation.EXTENSION, {"end_date": None}),
)
