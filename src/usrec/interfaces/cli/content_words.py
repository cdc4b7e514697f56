"""The sentences of the rules that one event shows by itself, for :mod:`finding_words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.interfaces.i18n import N_

CONTENT_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "paper_date_has_come": (
        N_("{field} lies ahead, and USREC takes nothing dated ahead: the agent sends this on {day}."),
    ),
    "tariff_rate_in_range": (N_("{field} must be {expected}."),),
    "new_iin_differs": (N_("The new IIN is the old one."),),
    "new_bin_differs": (N_("The new BIN or IIN of the employer is the present one."),),
    "employer_type_fits_number": (
        N_("The kind of employer does not fit employer_bin: a natural person has an IIN, all others a BIN."),
    ),
    "end_date_required_by_term": (N_("The term {term} ends on a day, and end_date is empty."),),
    "end_date_forbidden_by_term": (
        N_("The term is indefinite and end_date names a last day; the paper says which of the two is right."),
    ),
    "end_date_too_late": (N_("end_date is over 50 years ahead."),),
    "begin_not_after_end": (N_("The contract begins after its last day."),),
    "amendment_begin_not_after_end": (N_("The agreement begins after the last day of the contract that it names."),),
    "term_matches_period": (
        N_("The term is a year or more, and the days from begin_date to end_date are fewer."),
        N_("The term is a year or more, and from extension_date to end_date there are fewer days."),
    ),
    "auto_extension_names_term": (
        N_("An automatic extension is entered without the term that it extends: term_code is empty."),
    ),
    "child_care_term_only_in_amendment": (
        N_("The term to the end of a child-care leave is for an agreement, not for a contract."),
    ),
    "kato_required_in_kazakhstan": (N_("The work is done in Kazakhstan, and the KATO code of the place is missing."),),
    "kato_only_in_kazakhstan": (N_("A KATO code stands beside another country than Kazakhstan."),),
    "tariff_rate_needs_working_hours": (N_("A tariff rate is given without the mode of working time."),),
    "tariff_rate_forbidden_by_mode": (
        N_("This mode of working time takes no tariff rate; only part-time work, mode 3, does."),
    ),
    "tariff_rate_required_by_mode": (N_("Part-time work, mode 3, needs its tariff rate."),),
    "amendment_changes_something": (
        N_("The agreement changes nothing that USREC keeps: nothing of post, term, place and hours is filled in."),
    ),
    "digitalisation_needs_staff_cut": (
        N_("The mark of digitalisation belongs to a cut of staff only, ground 03-002."),
    ),
    "mistake_comment_present": (
        N_(
            "Neither a decision nor a mistake is told: fill in deciding_body_code and order_number, or mistake_comment "
            "where the termination was entered by mistake."
        ),
    ),
    "court_code_required_by_body": (N_("A court decided, and its court_code is missing."),),
    "reinstatement_not_before_termination": (
        N_("The person comes back before the contract was terminated; the orders say which day is which."),
    ),
    "extension_before_new_end": (
        N_("The new last day does not lie after the day from which the contract is extended."),
    ),
    "extension_end_fits_term": (
        N_("The contract goes on for an indefinite term, and end_date names a last day."),
        N_("The contract goes on for a term, and end_date is empty."),
    ),
    "leave_begin_not_after_end": (N_("The leave begins after its last day."),),
    "leave_end_too_early": (N_("not_worked_to is over 50 years ago."),),
    "leave_field_required_by_type": (N_("A leave of type 1 needs {field}."),),
    "first_working_day_not_before_leave_end": (N_("The first working day lies before the last day of the leave."),),
    "first_working_day_too_late": (N_("first_working_day is over 50 years ahead."),),
    "maternity_leave_length": (N_("The leave of type 1 is longer than 184 days, both end days counted."),),
    "other_leave_only_dates": (
        N_("{field} belongs to a leave of type 1 only; the paper says which type this leave is."),
    ),
}
