"""What a document says, for the person who signs or approves it: who, which contract, what changes, until when.

It holds personal data, because nobody signs what they cannot see. It goes into signing packages and, masked, to the
terminal; never into a log, an alert or JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from usrec.application.pack_papers import Unsigned
from usrec.domain.source_event import Amendment, Conclusion, Details, Operation, load_details
from usrec.domain.submission import Submission
from usrec.interfaces.cli.field_words import CodeNames, field_facts, no_names, with_name
from usrec.interfaces.cli.words import OPERATIONS
from usrec.interfaces.i18n import in_language, ntr, tr

_TOLD: Final = {
    "employee_iin",
    "contract_number",
    "contract_date",
    "agreement_number",
    "agreement_date",
    "signed_on",
    "begin_date",
    "established_post",
    "position_code",
}
"""What a conclusion or an amendment tells by itself."""
OWNERS_LANGUAGES: Final = ("kk", "ru")


def paper_summaries(paper: Unsigned, names: CodeNames = no_names) -> Mapping[str, str]:
    """The summary in the languages of a signing package.

    Args:
        names: What codes mean.
    """
    found = {}
    for language in OWNERS_LANGUAGES:
        with in_language(language):
            found[language] = paper_summary(paper, names)
    return found


def package_titles(employer: str, number: int) -> Mapping[str, str]:
    """The title of a package in the same languages."""
    found = {}
    for language in OWNERS_LANGUAGES:
        with in_language(language):
            what = ntr("{number} document for USREC", "{number} documents for USREC", number)
            label = tr("Contains personal data")
            found[language] = f"{employer}, {what}. {label}"
    return found


def paper_summary(paper: Unsigned, names: CodeNames = no_names) -> str:
    """Lines of "name: value" in the language of the moment; what HR typed makes no lines of its own."""
    submission = paper.submission
    operation = tr(OPERATIONS[submission.operation]) if submission.operation else tr("unknown event")
    lines = [operation[:1].upper() + operation[1:]]
    lines += [f"{name}: {' '.join(value.split())}" for name, value in _facts(paper, names) if value]
    return "\n".join(lines)


def _facts(paper: Unsigned, names: CodeNames) -> Iterator[tuple[str, str]]:
    submission = paper.submission
    details, contract = _details(submission), _details(paper.conclusion)
    if isinstance(contract, Conclusion):
        yield tr("Employee's IIN"), contract.employee_iin
        numbered = tr("No. {number} of {day}").format(number=contract.contract_number, day=contract.contract_date)
        yield tr("Contract"), numbered
    else:
        yield tr("Contract"), submission.contract_key
    yield tr("Registry id of the contract"), submission.contract_id or ""
    if details is not None:
        yield from _own_facts(details, names)
    yield tr("Last day by law"), "" if submission.legal_date is None else submission.legal_date.isoformat()
    dated = submission.legal_date is not None and submission.safe_date != submission.legal_date
    safe = submission.safe_date if dated else None
    yield tr("Safe date"), "" if safe is None else safe.isoformat()
    event = tr("{event}, revision {revision}")
    yield tr("HR's event"), event.format(event=submission.event_id, revision=submission.revision)


def _own_facts(details: Details, names: CodeNames) -> Iterator[tuple[str, str]]:
    match details:
        case Conclusion():
            yield tr("Signed by both on"), details.signed_on.isoformat()
            yield tr("First day of work"), details.begin_date.isoformat()
            yield from _post(details, names)
            yield from field_facts(details, besides=_TOLD, names=names)
        case Amendment():
            numbered = tr("No. {number} of {day}")
            agreement = numbered.format(number=details.agreement_number, day=details.agreement_date)
            yield tr("Additional agreement"), agreement
            yield tr("Signed by both on"), details.signed_on.isoformat()
            yield tr("Applies from"), details.begin_date.isoformat()
            yield from _post(details, names)
            yield from field_facts(details, besides=_TOLD, names=names)
        case _:
            yield from field_facts(details, names=names)


def _post(details: Conclusion | Amendment, names: CodeNames) -> Iterator[tuple[str, str]]:
    if details.established_post is not None:
        yield tr("Post"), details.established_post
    if details.position_code is not None:
        yield tr("Position, code"), with_name("position_code", details.position_code, names)


def _details(submission: Submission | None) -> Details | None:
    """What HR entered; None where there is nothing or it is invalid."""
    if submission is None or submission.operation is None or submission.details == "{}":
        return None
    return load_details(Operation(submission.operation), submission.details)
