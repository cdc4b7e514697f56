"""Findings in Kazakh and Russian: every sentence that a rule can write has its translation, whatever it names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from support.broken_rows import BROKEN_ROWS
from support.broken_rows.extensions import EXTENSIONS
from support.broken_rows.foreigners import FOREIGNER, FOREIGNERS
from support.broken_rows.history import HISTORY
from support.broken_rows.late import LATE
from support.code_lists import BOOK, HeldBook
from support.harmful_findings import harmful_findings
from support.languages import CYRILLIC, TRANSLATED, english_words
from support.line import BIN, EMPLOYERS, MONDAY, PAYLOADS, Line, WeekdayCalendar
from support.sample_events import SAMPLES
from support.sound_rows import BIN as OWN_BIN
from support.sound_rows import NOW, OTHER_BIN, rows_of
from usrec.adapters.rendering.schema_check import _VALUE_FAULTS
from usrec.application.lint import lint
from usrec.domain import revision
from usrec.domain.change import DEFAULT_NOTE, Change, RegistrablePolicy
from usrec.domain.mapping.review import ApprovedCodes
from usrec.domain.rules.approved_codes import ApprovedFields
from usrec.domain.rules.codes import CODE_FIELDS, CodeCheck, code_in_dictionary, code_is_lowest_level
from usrec.domain.rules.completeness import fields_carried
from usrec.domain.rules.examine import examine, term_of
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.fields import read_details
from usrec.domain.rules.finding import Finding, Severity, error
from usrec.domain.rules.pairs import check_pairs
from usrec.domain.rules.registrable import judge_changes
from usrec.domain.source_event import EmployerName, Operation, SourceName, SourceRow
from usrec.interfaces.cli.finding_words import TEMPLATES, VALUES, finding_words
from usrec.interfaces.cli.words import LAW
from usrec.interfaces.i18n import in_language, use_language


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def some_row(event_type: str, **changes: Any) -> SourceRow:
    columns: dict[str, Any] = {
        "source": SourceName("hr"),
        "row_ref": "7",
        "event_id": "e1",
        "revision": 1,
        "event_type": event_type,
        "contract_key": "K-1",
        "employer_bin": BIN,
        "payload": json.dumps(PAYLOADS[event_type]()) if event_type in PAYLOADS else "{}",
    }
    return SourceRow(**(columns | changes))


def findings_of(event_type: str, fields: Mapping[str, object] | None = None, **columns: object) -> Sequence[Finding]:
    """What the rules say of a row with other fields or other columns than a good one's."""
    if fields:
        columns["payload"] = json.dumps({**PAYLOADS[event_type](), **fields})
    row = some_row(event_type, **columns)
    return examine(row, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY).findings


def every_broken_row() -> Iterator[Finding]:
    """What is said of the rows that break one rule each."""
    for broken in BROKEN_ROWS:
        yield from findings_of(broken.operation, payload=json.dumps(broken.payload), employer_bin=broken.employer_bin)


def every_finding() -> Iterator[Finding]:
    """Each rule broken at least once, in each of the ways that it words differently."""
    for operation in Operation:
        for rule in FIELDS[operation]:
            for value in ("", 7, "\x00", "Я" * 300, "2030-02-30", "123", "123456789012", "000000000000", "нет"):
                yield from findings_of(operation, {rule.name: value})
        yield from findings_of(operation, payload="[")
        yield from findings_of(operation, payload="[]")
    for text in (" ", "x" * 201):
        yield from findings_of("conclusion", event_id=text)
        yield from findings_of("conclusion", contract_key=text)
    for digits in ("", "12a", "123", "123456789012", "000000000000", "150340000027"):
        yield from findings_of("conclusion", employer_bin=digits)
    yield from findings_of("conclusion", revision=0)
    yield from findings_of("conclusion", {"signed_on": "", "provisional_from": "2026-11-16"})
    yield from findings_of("rehire")
    for year in ("1950", "2020", "2199"):
        yield from findings_of("conclusion", {"begin_date": f"{year}-01-10", "signed_on": f"{year}-01-10"})
    yield from findings_of("conclusion", {"signed_on": "2026-01-01", "contract_date": "2026-01-02"})
    yield from findings_of("legacy_contract", {"contract_date": "2020-09-18"})
    yield from of_foreigners()
    yield from findings_of("amendment", {"agreement_date": "2026-01-02", "begin_date": "2026-01-01"})
    for code in ("251200", "2512-0-009", "2512-0"):
        for book in (BOOK, HeldBook()):
            asked = "position_code", code, CODE_FIELDS["position_code"], CodeCheck(book), MONDAY.date()
            yield from (one for one in (code_in_dictionary(*asked), code_is_lowest_level(*asked)) if one)
    yield from harmful_findings()
    yield from fields_carried(["term_code", "harmful_conditions_code"])
    yield from (one for one in vars(revision).values() if isinstance(one, Finding))
    yield from what_history_says()
    yield from judged()
    yield from about_pairs()
    for message in (
        "the signed document is over 100 KB (code SCSE999)",
        "the message has more than 100 KB (SCSE999); its longest field is established_post",
        "contract_id is missing, and the message needs it",
        "contract_number holds a character that XML cannot carry",
        "the profile x has no message for extension",
        *(f"contract_id {words}" for words in (*_VALUE_FAULTS.values(), "is not a valid value of its type")),
        "established_post does not fit the schema's structure",
        "established_post does not fit the schema's structure while position_code is absent",
        "the element x does not fit the schema's structure",
        "the element x does not fit the schema's structure while term_code is absent",
    ):
        yield error("document", "contract_id", message)


def what_history_says() -> Iterator[Finding]:
    """Each rule of a contract's history, and each warning of a late entry."""
    employers = {one: EmployerName("own") for one in (OWN_BIN, OTHER_BIN)}
    for broken in (*HISTORY, *EXTENSIONS, *LATE):
        rows = [(row, ()) for row in rows_of(broken)]
        said = lint(rows, employers=employers, calendar=WeekdayCalendar(), now=NOW)[-1]
        yield from (one for one in said if one.severity is not Severity.UNDETERMINED)
    yield from findings_of("contract_edit", {"entered_on": "2026-11-17"})
    line = Line()
    for kind, field in (("amendment", "agreement_id"), ("social_leave", "leave_id")):
        line.take(field[:5], kind)
        line.take(f"mend-{kind}", f"{kind}_edit", **{field: field[:5]})
        yield from line.findings(f"mend-{kind}")
    line.take("late", "extension", extension_date="2026-10-01")
    yield from line.findings("late")


def of_foreigners() -> Iterator[Finding]:
    for broken in FOREIGNERS:
        known = {broken.employer_bin: EmployerName("x")}
        yield from examine(rows_of(broken)[-1], employers=known, calendar=WeekdayCalendar(), now=NOW).findings
    yield from findings_of("conclusion", {**FOREIGNER, "employee_iin": "900101300007"})
    yield from findings_of("conclusion", {**FOREIGNER, "permit_begin_date": "2026-12-01"})
    yield from findings_of("conclusion", {"awaits_iin": "true"})
    yield from findings_of("conclusion", {"awaits_iin": "true", "employee_iin": ""})
    yield from findings_of("extension", {"term_code": "7"})
    _, uncoded = ApprovedFields({"position_code": ApprovedCodes()}).coded(
        Operation.CONCLUSION, SAMPLES[Operation.CONCLUSION]
    )
    yield from uncoded


def judged() -> Iterator[Finding]:
    """What a policy of the employer says of an agreement."""
    policy = RegistrablePolicy(frozenset({Change.POSITION}), "17-к, 2026-02-01", own=True)
    for changes in ("", "working_time, remote_work"):
        details, _ = read_details(Operation.AMENDMENT, {**SAMPLES[Operation.AMENDMENT], "changes": changes})
        yield from judge_changes(details, policy)


def about_pairs() -> Iterator[Finding]:
    """Halves that are alone, that contradict, and one too many."""
    begins = {**SAMPLES[Operation.CONCLUSION], "pair_key": "transfer-7", "pair_elsewhere": ""}
    ends = {
        **SAMPLES[Operation.TERMINATION],
        "pair_key": "transfer-7",
        "pair_elsewhere": "",
        "termination_date": "2026-12-31",
    }
    old = {**begins, "pair_key": "", "employee_iin": "900101300811"}
    rows = [("conclusion", "old", old), ("termination", "old", ends), ("conclusion", "new", begins)]
    for chosen in (rows[1:2], rows, [*rows, rows[2]]):
        read = [
            SourceRow(SourceName("hr"), str(place), f"e{place}", 1, kind, contract, BIN, json.dumps(payload))
            for place, (kind, contract, payload) in enumerate(chosen)
        ]
        examined = [
            examine(row, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=datetime(2027, 1, 11, tzinfo=UTC))
            for row in read
        ]
        yield from (found for _, found in check_pairs(examined))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_finding_is_told_in_the_readers_language(language: str) -> None:
    findings = [*every_finding(), *every_broken_row()]
    assert {one.rule for one in findings} == set(TEMPLATES)
    use_language("en")
    assert all(finding_words(one) == one.message for one in findings)
    use_language(language)
    for one in findings:
        told = finding_words(one)
        assert CYRILLIC.search(told), one
        assert not english_words(told), one


def test_a_finding_that_fits_no_sentence_is_told_as_it_was_kept() -> None:
    use_language("ru")
    for rule in ("field_present", "a_rule_of_another_version"):
        one = error(rule, "contract_number", "This sentence is of another version.")
        assert finding_words(one) == one.message


def test_words_inside_findings_and_of_the_law_are_those_of_the_rules() -> None:
    rules = [rule for rules in FIELDS.values() for rule in rules]
    assert {rule.expected for rule in rules} <= VALUES
    assert {rule.point for rule in rules if rule.point} <= LAW
    for operation in Operation:
        for day in (MONDAY.date(), date(2021, 1, 11)):
            deadline = term_of(operation, day, WeekdayCalendar())
            if deadline is not None:
                assert {deadline.point, deadline.term} - {None} <= LAW


@pytest.mark.parametrize("wanted", ["kk", "ru"])
def test_default_policy_is_named_in_the_readers_language(wanted: str) -> None:
    details, _ = read_details(Operation.AMENDMENT, {**SAMPLES[Operation.AMENDMENT], "changes": "salary"})
    (said,) = judge_changes(details, RegistrablePolicy())
    assert DEFAULT_NOTE in said.message
    with in_language(wanted):
        assert "353" in finding_words(said)
        assert DEFAULT_NOTE not in finding_words(said)
