"""Preflight rules: each cites its code and its field, none ever repeats a value, and nothing makes them fail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.line import (
    BIN,
    EMPLOYERS,
    IIN,
    MONDAY,
    OTHER_BIN,
    PAYLOADS,
    TODAY,
    WeekdayCalendar,
    amendment,
    conclusion,
    numbered,
    termination,
)
from support.sample_events import SAMPLES
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.rules.fields import read_date, read_details, without_unknown_fields
from usrec.domain.rules.finding import (
    Severity,
    dump_findings,
    error,
    has_errors,
    load_findings,
    warning,
)
from usrec.domain.source_event import (
    TRIGGER_FIELDS,
    Amendment,
    Conclusion,
    Operation,
    SourceName,
    SourceRow,
    Termination,
    dump_details,
    load_details,
    paper_dates,
    trigger_date,
)

CALENDAR = WeekdayCalendar()
RULES = [(operation, rule) for operation, rules in FIELDS.items() for rule in rules]
REQUIRED = [(operation, rule) for operation, rule in RULES if rule.required]
UNDATED = {Operation.IIN_CHANGE, Operation.BIN_CHANGE, Operation.SOCIAL_LEAVE_DELETE}
WITHOUT_A_POINT = UNDATED | {Operation.TRANSFER}
SECRET = "Секретов Секрет"


def a_row(event_type: str = "conclusion", payload: object = None, **changes: Any) -> SourceRow:
    made = PAYLOADS[event_type]() if payload is None else payload
    columns: dict[str, Any] = {
        "source": SourceName("hr"),
        "row_ref": "7",
        "event_id": "e1",
        "revision": 1,
        "event_type": event_type,
        "contract_key": "K-1",
        "employer_bin": BIN,
        "payload": made if isinstance(made, str) else json.dumps(made),
    }
    return SourceRow(**(columns | changes))


def examined(row: SourceRow) -> Examined:
    return examine(row, employers=EMPLOYERS, calendar=CALENDAR, now=MONDAY)


def found(row: SourceRow) -> list[tuple[str, str, str]]:
    """What the rules say, as (rule, field, code)."""
    return [(one.rule, one.field, one.code) for one in examined(row).findings]


def names(rules: Iterable[tuple[Operation, FieldRule]]) -> list[str]:
    return [f"{operation}-{rule.name}" for operation, rule in rules]


@pytest.mark.parametrize("operation", Operation)
def test_well_made_row_becomes_an_event(operation: Operation) -> None:
    result = examined(a_row(operation))
    assert result.findings == ()
    assert result.event is not None
    assert result.event.operation is operation
    assert result.event.employer_bin == BIN
    assert result.employer == EMPLOYERS[BIN]
    assert (result.deadline is None) is (operation in WITHOUT_A_POINT)
    if operation not in UNDATED | {Operation.LEGACY_CONTRACT}:
        assert result.trigger == TODAY


@pytest.mark.parametrize(
    ("operation", "point", "term"),
    [
        ("contract_edit", "p.9(1)", "30 working days"),
        ("contract_delete", "p.9(2)", "30 working days"),
        ("amendment_edit", "p.9(1)", "30 working days"),
        ("amendment_delete", "p.9(2)", "30 working days"),
        ("reinstatement", "p.10", "10 working days"),
        ("extension", "p.13-1", "15 working days"),
        ("social_leave", "p.6", None),
        ("social_leave_edit", "p.6", None),
        ("legacy_contract", "p.7 para 2", "1 year, headcount up to 2000"),
    ],
)
def test_operation_has_the_term_of_its_point(operation: str, point: str, term: str | None) -> None:
    deadline = examined(a_row(operation)).deadline
    assert deadline is not None
    assert (deadline.point, deadline.term) == (point, term)


@pytest.mark.parametrize("operation", ["contract_edit", "contract_delete", "amendment_edit", "amendment_delete"])
def test_correction_is_safe_after_the_registrys_30_days_and_legal_after_the_orders(operation: str) -> None:
    deadline = examined(a_row(operation)).deadline
    assert deadline is not None
    assert deadline.safe_date is not None
    assert deadline.legal_date is not None
    assert deadline.safe_date <= TODAY + timedelta(days=30) < deadline.legal_date


def test_correction_without_the_day_of_its_first_entry_has_no_term_yet() -> None:
    result = examined(a_row("contract_edit", PAYLOADS["contract_edit"](entered_on=None)))
    assert (result.trigger, result.deadline) == (None, None)
    assert result.event is not None


@pytest.mark.parametrize("operation", ["contract_edit", "contract_delete", "amendment_edit", "amendment_delete"])
def test_correction_of_what_was_entered_before_the_order_has_no_term(operation: str) -> None:
    """As with an entry that an export of the registry tells of."""
    result = examined(a_row(operation, PAYLOADS[operation](entered_on="2020-09-17")))
    assert (result.findings, result.deadline) == ((), None)
    assert result.event is not None


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2026-11-17", "2100-01-01"])
@pytest.mark.parametrize("operation", ["contract_edit", "amendment_delete"])
def test_nothing_was_entered_before_the_registry_or_after_today(operation: str, day: str) -> None:
    result = examined(a_row(operation, PAYLOADS[operation](entered_on=day)))
    assert [(one.rule, one.field) for one in result.findings] == [("term_counts", "entered_on")]
    assert (result.event, result.deadline) == (None, None)


def test_leave_that_began_before_the_order_has_no_term() -> None:
    result = examined(
        a_row("social_leave", PAYLOADS["social_leave"](not_worked_from="2019-05-01", not_worked_to="2019-09-03"))
    )
    assert result.findings == ()
    assert result.deadline is not None
    assert (result.deadline.legal_date, result.deadline.safe_date) == (None, None)


@pytest.mark.parametrize(
    ("extended", "too_short", "long_enough"),
    [
        ("2025-11-18", "2026-11-17", "2026-11-18"),
        ("2023-02-28", "2024-02-27", "2024-02-28"),
        ("2024-02-29", "2025-02-27", "2025-02-28"),
        ("2025-02-28", "2026-02-27", "2026-02-28"),
    ],
)
def test_an_extension_for_a_year_or_more_lasts_until_the_same_day_of_the_next_year(
    extended: str, too_short: str, long_enough: str
) -> None:
    """Labour Code art. 30 p.1(2): for the same term, which is a year at least."""
    made = {"extension_date": extended, "term_code": "2"}
    short = a_row("extension", PAYLOADS["extension"](**made, end_date=too_short))
    assert found(short) == [("term_matches_period", "term_code", "SCSE068")]
    assert found(a_row("extension", PAYLOADS["extension"](**made, end_date=long_enough))) == []


def test_legacy_contract_of_after_the_order_is_a_conclusion() -> None:
    made = PAYLOADS["legacy_contract"](contract_date="2020-09-18")
    assert found(a_row("legacy_contract", made)) == [("legacy_since_the_order", "contract_date", "")]


@pytest.mark.parametrize(("operation", "rule"), REQUIRED, ids=names(REQUIRED))
@pytest.mark.parametrize("absent", [None, "", " \t"])
def test_missing_field_is_named_with_its_code(operation: Operation, rule: FieldRule, absent: str | None) -> None:
    row = a_row(operation, PAYLOADS[operation](**{rule.name: absent}))
    assert ("field_present", rule.name, rule.missing) in found(row)
    assert examined(row).event is None


@pytest.mark.parametrize(("operation", "rule"), REQUIRED, ids=names(REQUIRED))
def test_every_mandatory_field_cites_a_code_or_a_clause(operation: Operation, rule: FieldRule) -> None:
    row = a_row(operation, PAYLOADS[operation](**{rule.name: None}))
    (finding,) = examined(row).findings
    assert finding.code or finding.point


@pytest.mark.parametrize(("operation", "rule"), RULES, ids=names(RULES))
@pytest.mark.parametrize("value", [17, 1.5, True, [SECRET], {"a": SECRET}])
def test_field_that_is_not_text_is_named(operation: Operation, rule: FieldRule, value: object) -> None:
    row = a_row(operation, PAYLOADS[operation](**{rule.name: value}))
    assert [(one.rule, one.field) for one in examined(row).findings] == [("field_is_text", rule.name)]


@pytest.mark.parametrize(("operation", "rule"), RULES, ids=names(RULES))
def test_malformed_field_is_named_with_its_code_and_never_its_value(operation: Operation, rule: FieldRule) -> None:
    malformed = f"{SECRET}\n" + "7" * 256
    row = a_row(operation, PAYLOADS[operation](**{rule.name: malformed}))
    findings = examined(row).findings
    assert {one.field for one in findings} == {rule.name}
    severity = Severity.WARNING if rule.is_label else Severity.ERROR
    assert {one.severity for one in findings} == {severity}
    assert SECRET not in dump_findings(findings)
    assert "7777" not in dump_findings(findings)


@pytest.mark.parametrize(
    ("operation", "field", "value", "rule", "code"),
    [
        ("conclusion", "employee_iin", "900101300009", "iin_checksum", "SCSE045"),
        ("conclusion", "employee_iin", "90010130000", "iin_checksum", "SCSE045"),
        ("conclusion", "contract_date", "16.11.2026", "field_is_date", "SCSE004"),
        ("conclusion", "begin_date", "2026-02-30", "field_is_date", "SCSE005"),
        ("conclusion", "position_code", "25-12", "field_format", "SCSE007"),
        ("conclusion", "position_code", "2215", "field_format", "SCSE007"),
        ("conclusion", "position_code", "X4000-0", "field_format", "SCSE007"),
        ("conclusion", "position_code", "\uff12\uff15\uff11\uff12\uff10\uff11", "field_format", "SCSE007"),
        ("conclusion", "conscript_code", "да", "field_format", "SCSE040"),
        ("conclusion", "contract_number", "1" * 101, "field_length", ""),
        ("conclusion", "established_post", "Инженер\x00", "field_characters", ""),
        (
            "amendment",
            "agreement_date",
            "2026-11-1\u0666",
            "field_is_date",
            "SCSE023",
        ),
        ("amendment", "contract_id", "a/b", "field_format", "SCSE025"),
        ("termination", "termination_date", "2026-11-16T00:00", "field_is_date", "SCSE018"),
        ("termination", "reason_code", "5", "field_format", "SCSE022"),
        ("termination", "reason_code", "0\u0665", "field_format", "SCSE022"),
    ],
)
def test_malformed_value_is_refused(operation: str, field: str, value: str, rule: str, code: str) -> None:
    assert found(a_row(operation, PAYLOADS[operation](**{field: value}))) == [(rule, field, code)]


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        ("conclusion", "position_code", "251201"),
        ("conclusion", "position_code", "2215-9"),
        ("conclusion", "position_code", "2331-001"),
        ("conclusion", "position_code", "1-99-999"),
        ("conclusion", "position_code", "Х4000-0"),
        ("amendment", "position_code", "Y1000"),
        ("conclusion", "contract_number", "№ 17/ә-2026"),
        ("conclusion", "established_post", "Бас инженер 👩‍🔧"),
        ("termination", "reason_code", "03-002"),
        ("termination", "contract_id", "R-1"),
    ],
)
def test_value_of_another_form_passes(operation: str, field: str, value: str) -> None:
    assert found(a_row(operation, PAYLOADS[operation](**{field: value}))) == []


@pytest.mark.parametrize("code", ["3", "6B01101", "5АВ02150101", "7М032"])
def test_a_code_of_education_passes_with_the_letters_of_the_official_list(code: str) -> None:
    read, wrong = read_details(
        Operation.CONCLUSION, {**SAMPLES[Operation.CONCLUSION], "foreigner_education_code": code}
    )
    assert wrong == []
    assert isinstance(read, Conclusion)
    assert read.foreigner_education_code == code


@pytest.mark.parametrize("blank", [None, "", "   "])
@pytest.mark.parametrize("event_type", ["amendment", "termination"])
def test_blank_contract_id_is_none(event_type: str, blank: str | None) -> None:
    event = examined(a_row(event_type, PAYLOADS[event_type](contract_id=blank))).event
    assert event is not None
    assert isinstance(event.details, Amendment | Termination)
    assert event.details.contract_id is None


def test_blanks_around_a_value_are_dropped_and_its_letters_composed() -> None:
    decomposed = " Бухгалтер ци\u0306 "
    event = examined(a_row(payload=conclusion(established_post=decomposed, contract_date=f" {TODAY} "))).event
    assert event is not None
    assert isinstance(event.details, Conclusion)
    assert event.details.established_post == "Бухгалтер ци\u0306".replace("и\u0306", "й")
    assert event.details.contract_date == TODAY


@pytest.mark.parametrize("payload", ["", "{", "[]", '"text"', "17", "null", "[" * 100_000, "9" * 5000])
def test_payload_that_is_no_object_is_one_finding(payload: str) -> None:
    assert found(a_row(payload=payload)) == [("payload_is_json", "payload", "")]


@pytest.mark.parametrize("column", ["event_id", "contract_key"])
@pytest.mark.parametrize(
    ("value", "rule"), [("", "key_present"), (" ", "key_present"), ("k" * 201, "key_form"), ("k\n1", "key_form")]
)
def test_key_is_present_printable_and_not_endless(column: str, value: str, rule: str) -> None:
    assert found(a_row(**{column: value})) == [(rule, column, "")]


def test_row_without_an_event_id_is_known_by_its_own_key() -> None:
    assert examined(a_row(event_id="")).event_id == "row:7"


@pytest.mark.parametrize("revision", [0, -1])
def test_revision_counts_from_one(revision: int) -> None:
    assert found(a_row(revision=revision)) == [("revision_counts", "revision", "")]


@pytest.mark.parametrize("event_type", ["", "Conclusion", "vacation"])
def test_unknown_event_type_is_refused_and_says_what_is_known(event_type: str) -> None:
    (finding,) = examined(a_row(event_type, payload={})).findings
    assert (finding.rule, finding.field) == ("event_type_known", "event_type")
    assert all(operation in finding.message for operation in Operation)


@pytest.mark.parametrize(
    ("employer_bin", "rule", "code"),
    [
        ("", "employer_present", "SCSE009"),
        (" ", "employer_present", "SCSE009"),
        ("20094000001", "employer_checksum", "SCSE043"),
        (f"{OTHER_BIN[:-1]}{(int(OTHER_BIN[-1]) + 1) % 10}", "employer_checksum", "SCSE043"),
        (OTHER_BIN, "employer_configured", "SCSE046"),
    ],
)
def test_employer_must_be_one_of_ours(employer_bin: str, rule: str, code: str) -> None:
    assert found(a_row(employer_bin=employer_bin)) == [(rule, "employer_bin", code)]


@pytest.mark.parametrize(
    ("begin", "rule", "code"),
    [
        (date(1956, 11, 15), "begin_too_early", "SCSE139"),
        (date(2076, 11, 17), "begin_too_late", "SCSE140"),
    ],
)
def test_begin_date_beyond_a_working_life_is_refused(begin: date, rule: str, code: str) -> None:
    row = a_row(payload=conclusion(begin_date=begin.isoformat()))
    assert found(row) == [(rule, "begin_date", code)]
    assert examined(row).event is None


@pytest.mark.parametrize("begin", [date(1956, 11, 16), date(2076, 11, 16)])
def test_begin_date_at_the_edge_passes(begin: date) -> None:
    assert found(a_row(payload=conclusion(begin_date=begin.isoformat()))) == []


def test_signing_before_the_contracts_date_is_only_a_warning() -> None:
    result = examined(a_row(payload=conclusion(signed_on=(TODAY - timedelta(days=1)).isoformat())))
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("signed_before_contract_date", Severity.WARNING)
    assert result.event is not None


def test_agreement_dated_after_its_effect_is_refused() -> None:
    earlier = (TODAY - timedelta(days=1)).isoformat()
    assert found(a_row("amendment", amendment(begin_date=earlier))) == [
        ("agreement_after_its_effect", "agreement_date", "SCSE064")
    ]


@pytest.mark.parametrize("day", ["2020-09-17", "0001-01-01", "2100-01-01", "9999-12-31"])
def test_day_from_which_no_term_runs_is_refused(day: str) -> None:
    result = examined(a_row("termination", termination(termination_date=day)))
    stopped = [one for one in result.findings if one.severity is Severity.ERROR]
    assert [(one.rule, one.field) for one in stopped] == [("term_counts", "termination_date")]
    assert "legacy contract" not in stopped[0].message
    assert result.deadline is None


def test_a_contract_of_before_the_order_is_sent_to_the_legacy_contracts() -> None:
    result = examined(a_row(payload=conclusion(signed_on="2020-09-17", contract_date="2020-09-17")))
    (stopped,) = [one for one in result.findings if one.severity is Severity.ERROR]
    assert stopped.message.endswith("a contract signed earlier and still in force is a legacy contract.")


@pytest.mark.parametrize("event_type", sorted(set(Operation) - UNDATED - {Operation.LEGACY_CONTRACT}))
def test_refused_row_keeps_the_term_that_can_still_be_read(event_type: str) -> None:
    rules = FIELDS[Operation(event_type)]
    field = next(one.name for one in rules if one.required and one.name != TRIGGER_FIELDS[Operation(event_type)])
    result = examined(a_row(event_type, PAYLOADS[event_type](**{field: None})))
    assert result.event is None
    assert result.trigger == TODAY
    assert (result.deadline is None) is (event_type in WITHOUT_A_POINT)
    assert result.not_before is None


def test_row_of_another_employer_keeps_its_term_and_its_date() -> None:
    result = examined(a_row(employer_bin=OTHER_BIN))
    assert result.deadline is not None
    assert result.not_before == day_start_utc(TODAY)


@pytest.mark.parametrize("value", [None, 17, "soon"])
def test_unreadable_trigger_gives_no_term(value: object) -> None:
    result = examined(a_row("amendment", amendment(signed_on=value)))
    assert (result.trigger, result.deadline) == (None, None)
    assert read_date({"signed_on": value}, "signed_on") is None


def test_term_runs_from_signing_or_termination_and_waits_for_the_papers_date() -> None:
    other = TODAY - timedelta(days=3)
    made = {
        "conclusion": conclusion(signed_on=other.isoformat(), contract_date=other.isoformat()),
        "amendment": amendment(signed_on=other.isoformat(), agreement_date=other.isoformat()),
        "termination": termination(termination_date=other.isoformat()),
    }
    for event_type, payload in made.items():
        event = examined(a_row(event_type, payload)).event
        assert event is not None
        assert trigger_date(event.details) == other
        assert set(paper_dates(event.details)) == {other}


def test_what_is_signed_tomorrow_waits_until_then() -> None:
    tomorrow = TODAY + timedelta(days=1)
    for event_type, payload in (("conclusion", conclusion()), ("amendment", amendment())):
        result = examined(a_row(event_type, payload | {"signed_on": tomorrow.isoformat()}))
        assert result.not_before == day_start_utc(tomorrow) + AFTER_MIDNIGHT


@pytest.mark.parametrize("operation", Operation)
def test_details_come_back_from_the_ledgers_text(operation: Operation) -> None:
    event = examined(a_row(operation)).event
    assert event is not None
    assert load_details(operation, dump_details(event.details)) == event.details


def test_event_and_row_never_show_personal_data() -> None:
    row = a_row()
    event = examined(row).event
    assert IIN not in repr(row) + repr(event) + repr(a_row(event_id=""))
    assert repr(event) == "SourceEvent(hr/e1 r1 conclusion)"


def test_findings_come_back_from_the_ledgers_text() -> None:
    findings = [error("a", "b", "Мәтін.", code="SCSE003"), warning("c", "d", "e", point="p.7")]
    assert load_findings(dump_findings(findings)) == findings
    assert has_errors(findings)
    assert not has_errors(findings[1:])
    assert not has_errors([])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
IDENTIFIERS = st.integers(0, 10**11 - 1).map("{:011d}".format).filter(lambda text: text[0] != "0").map(numbered)
TYPES = st.sampled_from([*Operation, "vacation"])


@st.composite
def payloads(draw: st.DrawFn) -> str:
    """Well-made payloads with some of their fields spoilt, and anything else that a column may hold."""
    made = dict(PAYLOADS[draw(st.sampled_from(sorted(PAYLOADS)))]())
    for field in draw(st.lists(st.sampled_from(sorted(made)), max_size=3)):
        made[field] = draw(JSON | st.dates().map(date.isoformat) | st.just(IIN))
    return draw(st.text() | JSON.map(json.dumps) | st.just(json.dumps(made)))


@given(
    payload=payloads(),
    event_type=TYPES | st.text(max_size=5),
    event_id=st.text(max_size=5),
    contract_key=st.text(max_size=5),
    employer_bin=st.sampled_from([BIN, OTHER_BIN, IIN]) | st.text(max_size=13),
    revision=st.integers(),
)
def test_examining_is_total_and_tells_nothing_personal(
    payload: str, event_type: str, event_id: str, contract_key: str, employer_bin: str, revision: int
) -> None:
    row = a_row(
        payload=payload,
        event_type=event_type,
        event_id=event_id,
        contract_key=contract_key,
        employer_bin=employer_bin,
        revision=revision,
    )
    result = examined(row)
    assert (result.event is None) == has_errors(result.findings)
    assert IIN not in dump_findings(result.findings)
    assert row.canonical() == row.canonical()
    assert result.event_id


@given(data=st.data(), operation=st.sampled_from(Operation))
def test_no_value_of_a_payload_is_ever_repeated(data: st.DataObject, operation: Operation) -> None:
    marks = {rule.name: data.draw(st.text("abcdefgh", min_size=12, max_size=300)) for rule in FIELDS[operation]}
    findings = examined(a_row(operation, marks)).findings
    said = dump_findings(findings)
    assert findings
    assert not [name for name, mark in marks.items() if mark in said]


@pytest.mark.parametrize("operation", Operation)
def test_ledger_keeps_the_fields_that_the_rules_know_and_no_others(operation: Operation) -> None:
    made = PAYLOADS[operation]()
    kept = json.loads(without_unknown_fields(json.dumps(made | {"home_address": SECRET, "full_name": SECRET})))
    assert kept == made


@pytest.mark.parametrize("payload", ["", "{", f'["{SECRET}"]', f'"{SECRET}"', "[" * 100_000])
def test_ledger_keeps_nothing_of_a_payload_that_is_no_object(payload: str) -> None:
    assert without_unknown_fields(payload) == ""


@given(payload=payloads(), event_type=TYPES)
def test_row_as_the_ledger_keeps_it_is_judged_like_the_row_that_came(payload: str, event_type: str) -> None:
    came = a_row(payload=payload, event_type=event_type)
    kept = replace(came, payload=without_unknown_fields(payload))
    kept.payload.encode()
    before, after = examined(came), examined(kept)
    assert [(one.rule, one.field, one.code) for one in after.findings] == found(came)
    assert (after.trigger, after.deadline, after.not_before) == (before.trigger, before.deadline, before.not_before)
    assert (after.event and after.event.details) == (before.event and before.event.details)


def test_same_payload_in_another_order_is_the_same_row() -> None:
    turned = json.dumps(dict(reversed(conclusion().items())), indent=2)
    assert a_row(payload=turned).canonical() == a_row().canonical()


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": conclusion(contract_number="18")},
        {"payload": "{"},
        {"event_type": "amendment"},
        {"contract_key": "K-2"},
        {"employer_bin": OTHER_BIN},
        {"withdrawn": True},
    ],
)
def test_every_part_of_what_hr_said_makes_another_row(changes: dict[str, Any]) -> None:
    payload = changes.get("payload", conclusion())
    assert a_row(**{**changes, "payload": payload}).canonical() != a_row().canonical()


@pytest.mark.parametrize("payload", ["[" * 100_000, '{"established_post": "\\ud83d"}', "NaN", "\ud83d"])
def test_strange_payload_still_has_canonical_bytes(payload: str) -> None:
    assert a_row(payload=payload).canonical() == a_row(payload=payload).canonical()
    assert examined(a_row(payload=payload)).event is None
