"""Foreigners: what a permit says, whom it lets work for whom, and fields that only a foreigner has."""

from __future__ import annotations

from typing import Final

from support.sound_rows import BIN, FOREIGN_IIN, PERSON_EMPLOYER, BrokenRow, Changes
from usrec.domain.source_event import Operation

FOREIGNER: Final[Changes] = {
    "employee_iin": FOREIGN_IIN,
    "permit_number": "KZ-77",
    "permit_issue_date": "2025-10-20",
    "permit_begin_date": "2025-11-01",
    "permit_end_date": "2026-10-31",
    "foreigner_basis_code": "2",
    "foreigner_education_code": "3",
}
"""What makes a sound contract one with a foreigner, hired by an organisation."""


def _broken(code: str, rule: str, changes: Changes, *, employer_bin: str = BIN) -> BrokenRow:
    return BrokenRow(code, rule, Operation.CONCLUSION, {**FOREIGNER, **changes}, employer_bin=employer_bin)


FOREIGNERS: tuple[BrokenRow, ...] = (
    _broken("SCSE184", "foreigner_field_present", {"permit_number": None}),
    _broken("SCSE185", "foreigner_field_present", {"permit_issue_date": None}),
    _broken("SCSE266", "foreigner_field_present", {"permit_begin_date": None}),
    _broken("SCSE267", "foreigner_field_present", {"permit_end_date": None}),
    _broken("SCSE187", "permit_issue_date_has_come", {"permit_issue_date": "2026-11-21"}),
    _broken("SCSE272", "contract_begins_within_permit", {"permit_end_date": "2025-11-17"}),
    _broken("SCSE256", "foreigner_basis_fits_employer", {"foreigner_basis_code": "1"}),
    _broken("SCSE257", "foreigner_basis_fits_employer", {}, employer_bin=PERSON_EMPLOYER),
    BrokenRow(
        "SCSE192",
        "foreigner_fields_only_for_foreigner",
        Operation.CONCLUSION,
        {"foreigner_education_code": "3"},
    ),
    BrokenRow("SCSE253", "permit_term_needs_foreigner", Operation.CONCLUSION, {"term_code": "7"}),
    BrokenRow("SCSE253", "permit_term_needs_foreigner", Operation.LEGACY_CONTRACT, {"term_code": "7"}),
    BrokenRow(
        "SCSE184",
        "foreigner_field_present",
        Operation.CONTRACT_EDIT,
        {**FOREIGNER, "permit_number": None},
    ),
)
