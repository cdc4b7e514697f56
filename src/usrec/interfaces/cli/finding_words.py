"""What a finding says, in the reader's language.

The ledger keeps a finding's sentence in English, as the rule wrote it. For each rule its sentences stand here with a
placeholder for every value (a test holds them against the rules); a sentence that fits none is shown as it was kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from usrec.domain.rules.finding import Finding
from usrec.interfaces.cli.content_words import CONTENT_TEMPLATES
from usrec.interfaces.cli.harmful_words import HARMFUL_TEMPLATES
from usrec.interfaces.cli.history_words import HISTORY_TEMPLATES
from usrec.interfaces.i18n import N_, tr

_NUMBER_FAULTS: Final = (
    N_("{field}: the {number} holds other characters than digits."),
    N_("{field}: the {number} has {digits} digits where 12 are needed."),
    N_("{field}: the {number} is a number that is never issued."),
    N_("{field}: the {number} has a wrong check digit."),
)

_NOT_LOOKED_UP: Final = N_("No official dictionary for {field} is imported for this day; it was not looked up.")

_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "key_present": (N_("{field} is empty; without it nothing can be matched."),),
    "key_form": (N_("{field} is longer than {longest} or not printable."),),
    "revision_counts": (N_("revision must be a whole number, 1 or more."),),
    "event_type_known": (N_("event_type must be one of: {known}."),),
    "employer_present": (N_("{field} is missing."),),
    "employer_checksum": _NUMBER_FAULTS,
    "employer_configured": (
        N_("No [employer] section of the settings has this BIN, so there is no key to sign with."),
    ),
    "term_counts": (
        N_(
            "{day} lies before 2020-09-18, when Order 353 took effect; no term runs from it. "
            "Check the date; a contract signed earlier and still in force is a legacy contract."
        ),
        N_(
            "{day} lies before 2020-09-18, when Order 353 took effect; no term runs from it. "
            "Check the date; if the paper is so, ask USREC support how to enter it."
        ),
        N_("the year of {day} cannot be right. Check the date."),
        N_("{day} has not come yet, so nothing can have been entered on it. Check the date."),
    ),
    "term_provisional": (
        N_("The day from which the term runs is missing; until it is given, it is counted from {day}."),
    ),
    "payload_is_json": (
        N_("The payload is not valid JSON."),
        N_("The payload is JSON but not an object of fields."),
    ),
    "field_present": (N_("{field} is missing."),),
    "fields_carried": (
        N_(
            "The wire profile has no element for {fields}: USREC does not get it, and an incomplete entry is an "
            "offence. Choose a profile that has it, or complete the entry in the portal."
        ),
    ),
    "field_is_text": (N_("{field} must be JSON text, expected {expected}."),),
    "field_is_date": (N_("{field} is not a date YYYY-MM-DD."),),
    "iin_checksum": _NUMBER_FAULTS,
    "field_length": (N_("{field} is longer than {longest} characters."),),
    "field_characters": (N_("{field} holds control characters."),),
    "field_format": (N_("{field} must be {expected}."),),
    "begin_too_early": (N_("begin_date is over 70 years ago."),),
    "begin_too_late": (N_("begin_date is over 50 years ahead."),),
    "signed_before_contract_date": (
        N_("Both parties had signed before the date of the contract; check which date is right."),
    ),
    "agreement_after_its_effect": (
        N_(
            "The agreement is dated after the day on which it takes effect; the registry refuses that. Compare the row "
            "with the paper. If the paper is so, its dates stay: sign a new agreement that applies from its own day "
            "on, and ask a lawyer about the time before; or ask USREC support."
        ),
    ),
    "legacy_since_the_order": (N_("A legacy contract is dated before 2020-09-18; enter this one as a conclusion."),),
    "not_registrable": (
        N_("Not sent: a change of {changes} is not entered in USREC by the employer's policy ({policy})."),
    ),
    "changes_not_told": (
        N_("The row does not tell what it changes, so it is sent, whatever the employer's policy ({policy})."),
    ),
    "pair_half_here": (
        N_(
            "The other half of the transfer {pair} is not among these rows; only the agent's ledger or the other "
            "employer knows it."
        ),
    ),
    "pair_of_two_employers": (
        N_("Both halves of the transfer {pair} name one employer; within one employer nothing is terminated."),
    ),
    "pair_of_one_person": (N_("The halves of the transfer {pair} name two IINs."),),
    "pair_in_order": (N_("The new contract of the transfer {pair} begins before the old one ends."),),
    "pair_of_two": (N_("More rows than one termination and one conclusion have the pair_key {pair}."),),
    "code_approved": (
        N_(
            "No code is approved for the value of {field} on the day of the event; once one is, the row can be "
            "examined again as it stands."
        ),
    ),
    "code_in_dictionary": (
        N_("{field} {code} is not in the official dictionary of {day}."),
        N_("{field} {code} is out of use in the official dictionary of {day}."),
        _NOT_LOOKED_UP,
    ),
    "code_is_lowest_level": (
        N_("{field} {code} is a heading of the official dictionary; choose an entry below it."),
        _NOT_LOOKED_UP,
    ),
    "foreigner_field_present": (
        N_("The contract is with a foreigner and {field} is missing; take it from the permit itself."),
    ),
    "foreigner_fields_only_for_foreigner": (
        N_("The row has fields of a foreigner and the IIN may be a citizen's: only the register of persons knows."),
        N_("A foreigner's education is given, and nothing else says that the person is a foreigner."),
    ),
    "foreigner_basis_fits_employer": (
        N_("By our reading a labour immigrant's permit is for work with a natural person; compare the permit."),
        N_("By our reading a permit for foreign labour is for work with an organisation; compare the permit."),
    ),
    "permit_issue_date_has_come": (N_("permit_issue_date has not come yet; compare it with the permit."),),
    "permit_begin_date_has_come": (
        N_(
            "The permit begins on {day}; USREC takes the contract from that day on and the agent waits for it, but the "
            "term runs from the signing."
        ),
    ),
    "contract_begins_within_permit": (
        N_("The contract begins after the permit has ended; if there is a newer permit, give its number and days."),
    ),
    "permit_term_needs_foreigner": (
        N_("A term by a foreigner's permit is given, and neither the IIN nor the row names a foreigner."),
        N_("A term by a permit is for foreigners only; this row does not name the employee."),
    ),
    "iin_given_or_awaited": (
        N_("employee_iin is given and awaits_iin says that there is none; take out the one that is not true."),
    ),
    "iin_awaited": (
        N_("The employee's IIN is awaited; nothing is sent before a later revision brings it, and the term runs."),
    ),
    "already_registered": (
        N_(
            "This event is registered already; a revision cannot change it. Send an amendment, or a correction or "
            "deletion within the term of Order 353 p.9; a changed IIN is an event iin_change with the same "
            "contract_key."
        ),
    ),
    "second_conclusion": (
        N_(
            "This contract already has a conclusion under another event_id; sending it could register the contract "
            "twice. To correct the first event, raise its revision; an employee's changed IIN is an event iin_change "
            "with the same contract_key. Is that contract being deleted: when its deletion is registered, raise the "
            "revision of this event."
        ),
    ),
    "stands_in_registry": (
        N_(
            "This contract stands in USREC already: its id was taken over from an export. It is not registered again; "
            "send what has changed since as events of its own. Is it another contract: have the match undone and raise "
            "the revision."
        ),
    ),
    "entered_by_hand": (
        N_(
            "A person is entering this event in the portal. When that is settled, raise the revision again if it is "
            "still needed."
        ),
    ),
    "contract_changed": (
        N_(
            "An earlier revision is on its way for another contract or employer. When its answer is known, raise the "
            "revision again."
        ),
    ),
    "document": (
        N_("the signed document is over 100 KB (code SCSE999)"),
        N_("the message has more than 100 KB (SCSE999); its longest field is {field}"),
        N_("{field} is missing, and the message needs it"),
        N_("{field} holds a character that XML cannot carry"),
        N_("the profile {profile} has no message for {operation}"),
        N_("{field} does not have the form that the schema asks for"),
        N_("{field} is too long"),
        N_("{field} is too short"),
        N_("{field} does not have the length that the schema asks for"),
        N_("{field} is not among the values that the schema lists"),
        N_("{field} is below the schema's minimum"),
        N_("{field} is above the schema's maximum"),
        N_("{field} has too many digits"),
        N_("{field} has too many digits after the point"),
        N_("{field} is not a valid value of its type"),
        N_("the element {element} does not fit the schema's structure while {fields} is absent"),
        N_("the element {element} does not fit the schema's structure"),
        N_("{field} does not fit the schema's structure while {fields} is absent"),
        N_("{field} does not fit the schema's structure"),
    ),
}

_ALL: Final = (_TEMPLATES, CONTENT_TEMPLATES, HARMFUL_TEMPLATES, HISTORY_TEMPLATES)
TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    rule: tuple(one for templates in _ALL for one in templates.get(rule, ()))
    for templates in _ALL
    for rule in templates
}
"""By rule."""

VALUES: Final = frozenset(
    {
        N_("IIN"),
        N_("employer's BIN or IIN"),
        N_("text"),
        N_("an IIN"),
        N_("a code"),
        N_("a date YYYY-MM-DD"),
        N_("a code of the classifier of occupations, NNNN-N-NNN or six digits"),
        N_("the registry's id of the contract: letters, digits and hyphens"),
        N_("a code such as 01 or 03-002"),
        N_("the name of a file in the folder of documents"),
        N_("true or false"),
        N_("a phone number, 10 to 15 digits"),
        N_("the registry's id of the agreement: letters, digits and hyphens"),
        N_("the registry's id of the leave: letters, digits and hyphens"),
        N_("a BIN or an IIN"),
        N_("nine digits of KATO"),
        N_("a country's number of three digits"),
        N_("a decimal above 0 and at most 1, such as 0.5"),
        N_(
            "words of: position, work_kind, place, term, begin_date, working_time, working_conditions, remote_work, "
            "salary, benefits, other"
        ),
        N_("Order 353 p.3 and p.6"),
    }
)
"""Values in those sentences that are words themselves; all others are names of fields, codes, dates and numbers."""


def finding_words(finding: Finding, templates: Mapping[str, tuple[str, ...]] = TEMPLATES) -> str:
    """A finding's sentence."""
    for template in templates.get(finding.rule, ()):
        found = _pattern(template).fullmatch(finding.message)
        if found:
            return tr(template).format(**{name: _value(text) for name, text in found.groupdict().items()})
    return finding.message


def _value(text: str) -> str:
    return tr(text) if text in VALUES else text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a sentence made from ``template`` looks like, its values as groups."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)))
