"""Rules that rest on our reading of a code: the official text leaves open whether the registry refuses such a row.

An undue refusal of ours makes an employer miss the term; a row sent against such a rule is at worst refused by USREC,
with the reason, and can be mended. So these rules warn, unless the employer has set that they refuse. What would enter
something twice (SCSE014, 120) and what no message can do without refuses always.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from usrec.domain.rules.finding import Finding, Severity

UNSURE_RULES: Final = frozenset(
    {
        "amendment_changes_something",
        "auto_extension_names_term",
        "employer_type_fits_number",
        "extension_end_fits_term",
        "extension_term_allowed",
        "foreigner_basis_fits_employer",
        "foreigner_field_present",
        "harmful_code_forbidden_by_conditions",
        "harmful_code_required_by_conditions",
        "harmful_code_required_by_harmful_work",
        "leave_field_required_by_type",
        "other_leave_only_dates",
        "payment_marks_fit_chosen_conditions",
        "payment_marks_need_age_55",
        "payment_marks_not_with_normal_conditions",
        "payment_marks_when_leaving_harmful_work",
        "permit_term_needs_foreigner",
        "tariff_rate_forbidden_by_mode",
        "tariff_rate_required_by_mode",
        "term_matches_period",
        "third_extension_is_indefinite",
    }
)
"""Their explanations say ``sure = false``."""


def by_reading(findings: Iterable[Finding], unsure: Severity) -> list[Finding]:
    """``findings``, where an error of a rule that rests on our reading is as severe as ``unsure``."""
    return [_read(one, unsure) for one in findings]


def _read(one: Finding, unsure: Severity) -> Finding:
    rests = one.rule in UNSURE_RULES and one.severity is Severity.ERROR
    return replace(one, severity=unsure) if rests else one
