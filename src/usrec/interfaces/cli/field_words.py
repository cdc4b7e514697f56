"""What the fields of an event are called, for the person who signs, approves or reads an alert."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Final

from usrec.domain.dictionary import CodeBook
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.domain.source_event import TRIGGER_FIELDS, Details, Operation
from usrec.interfaces.i18n import N_, language, tr

FIELD_WORDS: Final[Mapping[str, str]] = {
    "order_number": N_("Number of the order"),
    "reinstatement_date": N_("Reinstated on"),
    "extension_date": N_("Extended on"),
    "reorganisation_date": N_("Reorganised on"),
    "not_worked_from": N_("Not at work from"),
    "not_worked_to": N_("Not at work to"),
    "first_working_day": N_("First working day"),
    "leave_type_code": N_("Kind of leave, code"),
    "timesheet_number": N_("Timesheet number"),
    "employee_iin": N_("Employee's IIN"),
    "awaits_iin": N_("IIN not issued yet"),
    "new_employee_iin": N_("Employee's new IIN"),
    "new_employer_bin": N_("New BIN of the employer"),
    "contract_number": N_("Number of the contract"),
    "contract_date": N_("Date of the contract"),
    "agreement_id": N_("Registry id of the agreement"),
    "leave_id": N_("Registry id of the leave"),
    "agreement_number": N_("Number of the agreement"),
    "agreement_date": N_("Date of the agreement"),
    "signed_on": N_("Signed by both on"),
    "entered_on": N_("First entered on"),
    "termination_date": N_("Date of termination"),
    "reason_code": N_("Ground of termination, code"),
    "begin_date": N_("Valid from"),
    "established_post": N_("Post"),
    "position_code": N_("Position, code"),
    "deciding_body_code": N_("Who decided, code"),
    "court_code": N_("Court, code"),
    "mistake_comment": N_("Comment on the mistaken termination"),
    "term_code": N_("Term of the contract, code"),
    "end_date": N_("Ends on"),
    "auto_extension_term_code": N_("Term of automatic extension, code"),
    "established_post_code": N_("Post by the dictionary, code"),
    "work_kind_code": N_("Kind of work, code"),
    "work_place_address": N_("Place of work"),
    "kato_code": N_("Place of work, KATO code"),
    "country_code": N_("Country, code"),
    "remote_work_code": N_("Remote work, code"),
    "working_hours_code": N_("Working time, code"),
    "tariff_rate": N_("Share of a full rate"),
    "professional_skill_code": N_("Professional skill, code"),
    "personal_quality_code": N_("Personal quality, code"),
    "working_conditions_code": N_("Conditions of work, code"),
    "harmful_conditions_code": N_("Harmful work, code"),
    "supporting_document_name": N_("Supporting document"),
    "employer_type_code": N_("Kind of employer, code"),
    "foreigner_basis_code": N_("Ground for employing a foreigner, code"),
    "foreigner_education_code": N_("Foreigner's education, code"),
    "permit_number": N_("Permit, number"),
    "permit_issue_date": N_("Permit issued on"),
    "permit_begin_date": N_("Permit valid from"),
    "permit_end_date": N_("Permit valid to"),
    "digitalisation": N_("Because of new technology"),
    "employee_consent": N_("Employee consents"),
    "employer_consent": N_("Employer consents"),
    "employee_phone": N_("Employee's phone"),
    "employer_phone": N_("Employer's phone"),
    "changes": N_("What it changes"),
    "pair_key": N_("Key of the transfer in two halves"),
    "pair_elsewhere": N_("Its other half is entered elsewhere"),
    "department": N_("Department"),
}
"""In the order in which a document is read. The registry's id of the contract stands with the contract itself."""


CodeNames = Callable[[str, str], str]
"""Field and code to the code's name in the language of the moment; empty where nobody knows it."""


def no_names(_: str, __: str) -> str:
    """Codes alone."""
    return ""


def names_of(book: CodeBook, day: date) -> CodeNames:
    """The names of the imported dictionaries, as they hold on a day."""

    def name(field: str, code: str) -> str:
        known = CODE_FIELDS.get(field)
        edition = None if known is None else book.edition(known.dictionary, day)
        entry = None if edition is None else edition.entries.get(code)
        if entry is None:
            return ""
        kazakh, russian = entry.name_kk, entry.name_ru
        return (kazakh or russian) if language() == "kk" else (russian or kazakh)

    return name


def with_name(field: str, code: str, names: CodeNames) -> str:
    """A code, and what it means where that is known."""
    name = names(field, code)
    return f"{code} ({name})" if name else code


def field_facts(
    details: Details, *, besides: Collection[str] = (), names: CodeNames = no_names
) -> Iterator[tuple[str, str]]:
    """Name and value of everything that an event says, ``besides`` what is told already.

    Args:
        names: What its codes mean.
    """
    for name, words in FIELD_WORDS.items():
        value = getattr(details, name, None)
        if value and name not in besides:
            yield tr(words), value.isoformat() if isinstance(value, date) else with_name(name, str(value), names)


def trigger_name(operation: Operation | None) -> str:
    """What happened on the day from which the term runs."""
    name = "signed_on" if operation is None else TRIGGER_FIELDS.get(operation, "signed_on")
    return tr(FIELD_WORDS[name])
