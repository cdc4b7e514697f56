"""Codes that the agent knows before sending and no row of HR's can be answered with, and what proves each instead.

A proof is a test of the project, written as `module::name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Elsewhere:
    """Why no row breaks a rule, what keeps it, and the test that shows it.

    Attributes:
        kept_by: The code that keeps the rule, as `module:name`.
        proof: The test, as `path::name` below `tests`.
    """

    why: str
    kept_by: str
    proof: str


_BLOCKS: Final = Elsewhere(
    "the renderer writes every block that an operation has, and the mapping of the profile asks for it",
    "usrec.adapters.rendering.renderer:XmlRenderer",
    "unit/usrec/test_rendering.py::test_a_missing_value_is_named",
)
_AWAITED: Final = Elsewhere(
    "a paper dated ahead is no mistake: it waits for its day and is then sent",
    "usrec.domain.deadline:not_before",
    "unit/usrec/test_ingest.py::test_paper_dated_ahead_waits_for_its_day_in_kazakhstan",
)
_LATE: Final = Elsewhere(
    "a late event is sent all the same, and its term is watched; the registry takes it",
    "usrec.domain.deadline:compute_deadline",
    "unit/simulator/test_simulator_law.py::test_a_late_message_is_refused_or_noted_by_choice",
)

ELSEWHERE: Final[Mapping[str, Elsewhere]] = {
    "SCSE001": Elsewhere(
        "the key signs, not the row",
        "usrec.adapters.signing.held_key:HeldKey",
        "unit/usrec/test_deliver.py::test_key_that_cannot_sign_is_waited_for_and_nothing_is_doubtful",
    ),
    "SCSE008": _BLOCKS,
    "SCSE010": _BLOCKS,
    "SCSE138": _BLOCKS,
    "SCSE046": Elsewhere(
        "whose key signed is known at the gateway, before the registry reads the record",
        "usrec.domain.rules.examine:examine",
        "unit/usrec/test_rules.py::test_employer_must_be_one_of_ours",
    ),
    "SCSE059": _AWAITED,
    "SCSE062": _AWAITED,
    "SCSE066": _AWAITED,
    "SCSE094": _AWAITED,
    "SCSE110": _AWAITED,
    "SCSE126": _AWAITED,
    "SCSE156": _AWAITED,
    "SCSE086": Elsewhere(
        "the agent makes the record id from fresh random bytes and never uses one twice",
        "usrec.domain.identifiers:new_record_id",
        "unit/usrec/test_identifiers.py::test_different_random_bytes_make_different_record_ids",
    ),
    "SCSE087": Elsewhere(
        "the agent makes the record id itself",
        "usrec.domain.identifiers:new_record_id",
        "unit/usrec/test_identifiers.py::test_a_new_record_id_is_one_that_usrec_takes",
    ),
    "SCSE088": _LATE,
    "SCSE089": _LATE,
    "SCSE091": _LATE,
    "SCSE093": _LATE,
    "SCSE999": Elsewhere(
        "the size is that of the rendered document, which is measured before it is signed",
        "usrec.adapters.rendering.renderer:XmlRenderer",
        "unit/usrec/test_rendering.py::test_a_document_above_the_cap_is_refused",
    ),
}
"""By response code."""

_CODES: Final = """
SCSE014 SCSE026 SCSE028 SCSE031 SCSE047 SCSE048 SCSE049 SCSE050 SCSE054 SCSE055 SCSE056 SCSE057 SCSE061 SCSE063
SCSE065 SCSE067 SCSE068 SCSE070 SCSE074 SCSE076 SCSE077 SCSE080 SCSE081 SCSE082 SCSE083 SCSE084 SCSE085 SCSE090
SCSE092 SCSE095 SCSE097 SCSE101 SCSE102 SCSE105 SCSE108 SCSE111 SCSE112 SCSE113 SCSE114 SCSE115 SCSE116 SCSE117
SCSE118 SCSE120 SCSE121 SCSE122 SCSE127 SCSE128 SCSE129 SCSE130 SCSE131 SCSE132 SCSE140 SCSE141 SCSE142 SCSE143
SCSE144 SCSE146 SCSE147 SCSE151 SCSE155 SCSE158 SCSE161 SCSE162 SCSE164 SCSE165 SCSE167 SCSE168 SCSE169 SCSE170
SCSE171 SCSE172 SCSE173 SCSE174 SCSE175 SCSE176 SCSE178 SCSE179 SCSE180 SCSE181 SCSE182 SCSE183 SCSE184 SCSE185
SCSE187 SCSE189 SCSE191 SCSE192 SCSE253 SCSE255 SCSE256 SCSE257 SCSE258 SCSE266 SCSE267 SCSE270 SCSE272
"""
_RULES: Final = """
agreement_id_known amendment_begin_not_after_end amendment_changes_something auto_extension_names_term
begin_not_after_end child_care_term_only_in_amendment contract_begins_within_permit contract_belongs_to_employer
correction_window_open court_code_required_by_body deletion_names_the_employee deletion_names_the_employer
digitalisation_needs_staff_cut document_format_known document_id_form document_id_unused
document_only_with_harmful_code employer_type_fits_number end_date_forbidden_by_term end_date_required_by_term
end_date_too_late extension_before_new_end extension_date_is_end_date extension_end_fits_term
extension_follows_sequence extension_needs_fixed_term extension_not_repeated extension_term_allowed
first_working_day_not_before_leave_end first_working_day_too_late foreigner_basis_fits_employer
foreigner_field_present foreigner_fields_only_for_foreigner harmful_code_forbidden_by_conditions
harmful_code_required_by_conditions harmful_code_required_by_harmful_work harmful_list_fits_begin_date
harmful_work_sent_singly kato_only_in_kazakhstan kato_required_in_kazakhstan leave_begin_not_after_end
leave_end_too_early leave_field_required_by_type leave_id_known leave_not_before_contract leave_not_repeated
maternity_leave_length mistake_comment_present new_bin_differs new_iin_differs other_leave_only_dates
payment_marks_fit_chosen_conditions payment_marks_need_age_55 payment_marks_not_before_2024
payment_marks_not_with_normal_conditions payment_marks_when_leaving_harmful_work permit_begin_date_has_come
permit_issue_date_has_come permit_term_needs_foreigner reinstatement_needs_termination
reinstatement_not_before_termination reorganisation_not_before_contract tariff_rate_forbidden_by_mode
tariff_rate_in_range tariff_rate_needs_working_hours tariff_rate_required_by_mode term_matches_period
termination_date_as_registered third_extension_is_indefinite
"""

PENDING: Final = frozenset(_CODES.split())
"""Codes whose row is still being written; the test names those that can be struck out."""

PENDING_RULES: Final = frozenset(_RULES.split())
"""Rules that an explanation names and the code does not have yet."""
