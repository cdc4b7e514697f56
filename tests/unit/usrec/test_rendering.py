"""contractRequest documents: what the profile promises, what the schema takes, and what an error may say."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzeds.xml import parse
from support.sample_events import details_of_sample, payloads
from usrec.adapters.explanations.book import explain_all
from usrec.adapters.rendering.document import wire_text
from usrec.adapters.rendering.mapping import MappedField, Value, read_mapping
from usrec.adapters.rendering.profile import SHIPPED, WireProfile, load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.domain.document import Attachment
from usrec.domain.errors import ConfigurationError, InvariantViolation, ValidationProblem
from usrec.domain.events.contracts import WorkTerms
from usrec.domain.message import DATA_CAP_BYTES
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.fields import read_details
from usrec.domain.source_event import (
    HEADS,
    Amendment,
    Conclusion,
    ContractKey,
    Details,
    EventId,
    Operation,
    SourceName,
    Termination,
    dump_details,
    load_details,
    operation_of,
)
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId
from usrec.ports.renderer import Renderer

ROOT = Path(__file__).parents[3]
RECORD_ID = "7f3c2a10-5b1e-4d7a-9c42-0e6a1d9b8f0"
EMPLOYEE = "900101300007"

CONCLUSION = Conclusion(
    employee_iin=EMPLOYEE,
    contract_number="ТД-17/2026",
    contract_date=date(2026, 11, 2),
    signed_on=date(2026, 11, 2),
    begin_date=date(2026, 11, 3),
    position_code="2512-0-001",
    established_post="Инженер-программист & аналитик",
    conscript_code="1",
)
AMENDMENT = Amendment(
    agreement_number="ДС-1",
    agreement_date=date(2026, 11, 10),
    signed_on=date(2026, 11, 10),
    begin_date=date(2026, 11, 11),
    position_code="2512-0-001",
    established_post="Жетекші инженер",
)
TERMINATION = Termination(termination_date=date(2026, 11, 18), reason_code="05")
DOCUMENT = Attachment("2b7e9a10-5b1e-4d7a-9c42-0e6a1d9b8f77", "pdf", b"%PDF-1.4\n%%EOF\n")
KEPT_HERE = {"signed_on", "entered_on", "awaits_iin", "changes", "pair_key", "pair_elsewhere", "department"}
"""Fields that USREC has no element for: the days of a term, and what only the agent acts on."""
OURS = {"record_id", "employer_bin", "contract_id", "supporting_document_id", "supporting_document_format"}
"""Values of a message that no row gives."""
SEEN: dict[Operation, Details] = {
    Operation.CONCLUSION: CONCLUSION,
    Operation.AMENDMENT: AMENDMENT,
    Operation.TERMINATION: TERMINATION,
}
"""The operations of both profiles, with the fields that working clients send."""
WHOLE = {operation: details_of_sample(operation) for operation in Operation}
"""All operations with every field that they have."""
DETAILS: dict[Operation, Details] = WHOLE | SEEN


def submission(details: Details = CONCLUSION, *, contract_id: str | None = "10000001") -> Submission:
    operation = operation_of(details)
    return Submission(
        id=SubmissionId("s-1"),
        source=SourceName("hr"),
        row_ref="1",
        event_id=EventId("e-1"),
        revision=1,
        operation=operation,
        employer=None,
        employer_bin="200940000013",
        contract_key=ContractKey("k-1"),
        position=0,
        state=State.PENDING,
        details=dump_details(details),
        withdrawn=False,
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        contract_id=None if operation in HEADS else contract_id,
    )


@cache
def renderer(profile: str = "current") -> XmlRenderer:
    return XmlRenderer(load_profile(profile))


def render(details: Details, profile: str = "current") -> bytes:
    rendered = renderer(profile).render(submission(details), record_id=f"{RECORD_ID}1", attachment=attached(details))
    return rendered.document


def attached(details: Details) -> Attachment | None:
    """The document of an event that names one."""
    return DOCUMENT if getattr(details, "supporting_document", None) else None


def operator_profile(folder: Path, *edits: tuple[str, str], file: str = "profile.toml") -> Path:
    """A copy of the profile `current` in which texts of one file are replaced; further calls edit the same copy."""
    copied = folder / "operator"
    if not copied.exists():
        shutil.copytree(ROOT / "schemas" / "usrec" / "current", copied)
    text = (copied / file).read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    (copied / file).write_text(text, "utf-8")
    return copied


# What is rendered


@pytest.mark.parametrize(
    ("profile", "operation"), [*(("current", one) for one in Operation), *(("seen", one) for one in SEEN)]
)
def test_document_is_the_golden_one_to_the_byte(profile: str, operation: Operation) -> None:
    number = list(Operation).index(operation) + 1
    contract_id = f"{RECORD_ID}1" if profile == "current" else "10000001"
    port: Renderer = renderer(profile)
    rendered = port.render(
        submission(DETAILS[operation], contract_id=contract_id),
        record_id=f"{RECORD_ID}{number}",
        attachment=attached(DETAILS[operation]),
    )
    assert rendered.document == (ROOT / "fixtures" / "golden" / profile / f"{operation}.xml").read_bytes()


@pytest.mark.parametrize("operation", SEEN)
def test_document_with_every_field_is_the_golden_one_to_the_byte(operation: Operation) -> None:
    rendered = renderer().render(submission(WHOLE[operation]), record_id=f"{RECORD_ID}1", attachment=DOCUMENT)
    golden = ROOT / "fixtures" / "golden" / "current" / "whole" / f"{operation}.xml"
    assert rendered.document == golden.read_bytes()


@pytest.mark.parametrize("operation", Operation)
def test_every_field_of_an_event_has_its_element_but_for_the_days_of_a_term(operation: Operation) -> None:
    mapped = {one.value.value for one in load_profile("current").mapping.operation[operation].fields}
    assert {rule.name for rule in FIELDS[operation]} - mapped <= KEPT_HERE
    assert mapped - OURS <= {rule.name for rule in FIELDS[operation]}


@pytest.mark.parametrize("operation", sorted(set(Operation) - set(SEEN)))
def test_operation_that_a_profile_does_not_know_is_refused_before_sending(operation: Operation) -> None:
    with pytest.raises(ValidationProblem, match=f"the profile seen has no message for {operation}"):
        render(DETAILS[operation], "seen")


@given(st.sampled_from(Operation).flatmap(payloads))
def test_any_well_made_event_obeys_the_schema_and_comes_back(made: tuple[Operation, dict[str, str]]) -> None:
    """Both from the ledger's text and from the document."""
    operation, values = made
    details, findings = read_details(operation, values)
    assert details is not None, findings
    assert load_details(operation, dump_details(details)) == details
    element = parse(render(named(details)))[0]
    of_ledger = {Value.CONTRACT_ID, Value.SUPPORTING_DOCUMENT}
    if attached(details) is None:
        of_ledger.add(Value.SUPPORTING_DOCUMENT_NAME)
    for one in mapped(operation):
        if one.value in values and one.value not in of_ledger:
            told = (element.findtext(one.path) or "").removesuffix("+05:00").removesuffix("+06:00")
            assert told == values[one.value]


def named(details: Details) -> Details:
    """As the ledger holds it: the name goes with the document, one without the other never comes so far."""
    if not isinstance(details, WorkTerms):
        return details
    name = (details.supporting_document_name or "attestation") if details.supporting_document else None
    return replace(details, supporting_document_name=name)


def mapped(operation: Operation) -> tuple[MappedField, ...]:
    return load_current().mapping.operation[operation].fields


@cache
def load_current() -> WireProfile:
    return load_profile("current")


def test_only_a_profile_with_record_ids_passes_ours_on() -> None:
    assert renderer("current").supplies_record_id
    assert renderer("current").render(submission(), record_id=f"{RECORD_ID}9").record_id == f"{RECORD_ID}9"
    assert not renderer("seen").supplies_record_id
    assert renderer("seen").render(submission(), record_id=None).record_id is None
    assert renderer("seen").render(submission(), record_id=f"{RECORD_ID}9").record_id is None


def test_rendering_without_a_needed_record_id_is_our_own_fault() -> None:
    with pytest.raises(InvariantViolation):
        renderer("current").render(submission(), record_id=None)
    with pytest.raises(InvariantViolation):
        renderer("seen").render(replace(submission(), operation=None), record_id=None)


def test_absent_optional_values_leave_no_element_behind() -> None:
    assert b"documentData" not in render(replace(CONCLUSION, conscript_code=""))
    bare = render(replace(AMENDMENT, position_code="", established_post=""))
    assert b"position" not in bare
    assert b"establishedPost" not in bare


@given(st.dates())
def test_a_calendar_date_is_never_shifted(day: date) -> None:
    text = wire_text(day, date_with_zone=True)
    assert text[:10] == day.isoformat()
    assert text[10:] == ("+05:00" if day >= date(2024, 3, 1) else "+06:00")
    assert wire_text(day, date_with_zone=False) == day.isoformat()


def test_zone_changes_with_the_day_of_the_change() -> None:
    rendered = render(replace(CONCLUSION, contract_date=date(2024, 2, 29), begin_date=date(2024, 3, 1)))
    assert b"<contractDate>2024-02-29+06:00</contractDate><beginDate>2024-03-01+05:00</beginDate>" in rendered


FREE_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


@given(number=FREE_TEXT, post=FREE_TEXT)
def test_any_text_arrives_unchanged_or_is_refused_without_being_quoted(number: str, post: str) -> None:
    details = replace(CONCLUSION, contract_number=number, established_post=post)
    problem: ValidationProblem | None = None
    try:
        contract = parse(render(details)).find("newContractData/contractData")
    except ValidationProblem as caught:
        problem = caught
    if problem is None:
        assert contract is not None
        assert (contract.findtext("contractNumber"), contract.findtext("establishedPost")) == (number, post)
    else:
        assert problem.what in {
            f"{field} {words}"
            for field in ("contract_number", "established_post")
            for words in ("holds a character that XML cannot carry", "is too long")
        }


# What is refused


@pytest.mark.parametrize(
    ("details", "field", "value"),
    [
        (replace(CONCLUSION, employee_iin="90010130000X"), "employee_iin", "90010130000X"),
        (replace(CONCLUSION, contract_number="N" * 256), "contract_number", "NNN"),
        (replace(CONCLUSION, position_code="2512 0"), "position_code", "2512 0"),
        (replace(CONCLUSION, established_post="П" * 1001), "established_post", "ППП"),
        (replace(CONCLUSION, conscript_code="не служил"), "conscript_code", "не служил"),
        (replace(AMENDMENT, agreement_number="N" * 256), "agreement_number", "NNN"),
        (replace(TERMINATION, reason_code="по собственному"), "reason_code", "по собственному"),
    ],
)
@pytest.mark.parametrize("profile", SHIPPED)
def test_a_value_that_the_schema_refuses_is_named_by_its_field(
    details: Details, field: str, value: str, profile: str
) -> None:
    with pytest.raises(ValidationProblem) as caught:
        render(details, profile)
    assert caught.value.what.startswith(f"{field} ")
    assert (caught.value.where, caught.value.field) == ("submission s-1", field)
    assert value not in str(caught.value)
    assert EMPLOYEE not in str(caught.value)


def test_a_contract_id_of_another_form_is_named() -> None:
    with pytest.raises(ValidationProblem, match="contract_id does not have the form"):
        renderer().render(submission(TERMINATION, contract_id="номер 1"), record_id=f"{RECORD_ID}1")


def test_a_record_id_of_another_form_is_named() -> None:
    with pytest.raises(ValidationProblem, match="record_id does not have the form"):
        renderer().render(submission(), record_id="short")


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (replace(CONCLUSION, employee_iin=""), "employee_iin"),
        (replace(CONCLUSION, established_post=""), "established_post"),
        (replace(AMENDMENT, agreement_number=""), "agreement_number"),
        (replace(TERMINATION, reason_code=""), "reason_code"),
    ],
)
def test_a_missing_value_is_named(details: Details, field: str) -> None:
    with pytest.raises(ValidationProblem, match=f"{field} is missing"):
        render(details)


def test_an_unknown_contract_id_is_named() -> None:
    with pytest.raises(ValidationProblem, match="contract_id is missing"):
        renderer().render(submission(TERMINATION, contract_id=None), record_id=f"{RECORD_ID}1")


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_carry_is_named_by_its_field(character: str) -> None:
    with pytest.raises(ValidationProblem, match="established_post holds a character") as caught:
        render(replace(CONCLUSION, established_post=f"Инженер{character}"))
    assert "Инженер" not in str(caught.value)


def test_a_document_above_the_cap_is_refused(tmp_path: Path) -> None:
    wide = operator_profile(tmp_path, ('<xs:maxLength value="1000"/>', ""), file="contract.xsd")
    tall = XmlRenderer(load_profile(str(wide)))
    base = len(render(replace(CONCLUSION, established_post="x")))
    fits = submission(replace(CONCLUSION, established_post="x" * (DATA_CAP_BYTES - base + 1)))
    assert len(tall.render(fits, record_id=f"{RECORD_ID}1").document) == DATA_CAP_BYTES
    over = submission(replace(CONCLUSION, established_post="x" * (DATA_CAP_BYTES - base + 2)))
    with pytest.raises(ValidationProblem, match=r"SCSE999.*established_post"):
        tall.render(over, record_id=f"{RECORD_ID}1")


def test_threads_never_get_each_others_faults() -> None:
    shared = renderer()
    cases = [CONCLUSION, replace(CONCLUSION, position_code="a b"), replace(CONCLUSION, contract_number="N" * 999)]

    def outcome(index: int) -> tuple[int, str]:
        try:
            shared.render(submission(cases[index % 3]), record_id=f"{RECORD_ID}1")
        except ValidationProblem as problem:
            return index % 3, problem.what.partition(" ")[0]
        return index % 3, ""

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(outcome, range(600))) == {(0, ""), (1, "position_code"), (2, "contract_number")}


# Profiles


def test_assumed_elements_are_listed_for_the_operator() -> None:
    """First what profile.toml lists, then the elements that it marks."""
    seen, current = load_profile("seen"), load_profile("current")
    assert seen.assumed() == seen.mapping.assumed
    listed = current.assumed()
    assert listed[: len(current.mapping.assumed)] == current.mapping.assumed
    known = {f"{kind}.{current.mapping.operation[kind].element}/" for kind in SEEN}
    own = {one for one in listed if one.startswith(tuple(known)) and one.count("/") == 1 and "/id" in one}
    assert own == {f"{one}id" for one in known}
    for operation in set(Operation) - set(SEEN):
        mapping = current.mapping.operation[operation]
        assert {f"{operation}.{mapping.element}/{one.path}" for one in mapping.fields} < set(listed)
        assert f"{operation}.{mapping.element}" in listed


@pytest.mark.parametrize("profile", SHIPPED)
def test_a_contract_without_the_relation_to_military_service_has_a_message(profile: str) -> None:
    """Order 353 p.6 names it in the first edition alone; whether such a row goes on is `[preflight] incomplete`."""
    assert b"documentData" not in render(replace(CONCLUSION, conscript_code=None), profile)


def test_an_operation_that_no_response_code_shows_is_called_assumed_itself() -> None:
    """A code shows an operation where it can be answered to none of the three that clients sent."""
    mapping = load_profile("current").mapping
    sent = {one.value for one in SEEN}
    shown = {one for told in explain_all() if not sent & set(told.operations) for one in told.operations}
    unshown = [mapping.operation[one].element for one in Operation if one.value not in shown | sent]
    assert unshown == ["legacyContractData"]
    assert any("legacyContractData" in one for one in mapping.assumed)


def test_contracts_older_than_the_order_can_be_sent_as_ordinary_ones(tmp_path: Path) -> None:
    folder = operator_profile(tmp_path, ('element = "legacyContractData"', 'element = "newContractData"'))
    older = submission(WHOLE[Operation.LEGACY_CONTRACT])
    custom = XmlRenderer(load_profile(str(folder)))
    document = custom.render(older, record_id=f"{RECORD_ID}1", attachment=DOCUMENT).document
    assert b"<newContractData><id>" in document


def test_an_operators_folder_replaces_names_without_code(tmp_path: Path) -> None:
    folder = operator_profile(tmp_path, ('path = "id", value', 'path = "recordId", value'))
    of_contract = '<xs:complexType name="NewContractData">\n    <xs:sequence>\n      <xs:element name='
    operator_profile(tmp_path, (f'{of_contract}"id"', f'{of_contract}"recordId"'), file="contract.xsd")
    custom = XmlRenderer(load_profile(str(folder)))
    document = custom.render(submission(), record_id=f"{RECORD_ID}1").document
    assert b"<newContractData><recordId>" in document


def test_an_official_schema_of_several_files_is_read_from_its_folder(tmp_path: Path) -> None:
    declared = '<xs:simpleType name="TwelveDigits">'
    folder = operator_profile(
        tmp_path, (declared, f'<xs:include schemaLocation="types.xsd"/>{declared}'), file="contract.xsd"
    )
    lines = (folder / "contract.xsd").read_text("utf-8").splitlines(keepends=True)
    start = next(index for index, line in enumerate(lines) if 'name="Number"' in line)
    header = [line for line in lines if "targetNamespace" in line or "xmlns:" in line]
    (folder / "types.xsd").write_text("".join([*header, *lines[start : start + 3], "</xs:schema>"]), "utf-8")
    (folder / "contract.xsd").write_text("".join([*lines[:start], *lines[start + 3 :]]), "utf-8")
    loaded = XmlRenderer(load_profile(str(folder)))
    with pytest.raises(ValidationProblem, match="contract_number is too long"):
        loaded.render(submission(replace(CONCLUSION, contract_number="N" * 256)), record_id=f"{RECORD_ID}1")


def test_fields_of_one_parent_share_its_element_wherever_they_stand(tmp_path: Path) -> None:
    number = '  { path = "contractData/contractNumber", value = "contract_number", evidence = "seen" },\n'
    employee = '  { path = "employeeData/iin", value = "employee_iin", evidence = "seen" },\n'
    folder = operator_profile(tmp_path, (employee, ""), (number, f"{number}{employee}"))
    employee_element = '      <xs:element name="employeeData" type="con:EmployeeData"/>\n'
    contract_element = '      <xs:element name="contractData" type="con:ContractData"/>\n'
    swapped = (employee_element + contract_element, contract_element + employee_element)
    operator_profile(tmp_path, swapped, file="contract.xsd")
    document = parse(XmlRenderer(load_profile(str(folder))).render(submission(), record_id=f"{RECORD_ID}1").document)
    names = [child.tag for child in document[0]]
    assert names == ["id", "employerData", "contractData", "employeeData", "documentData"]
    assert [child.tag for child in document[0][2]][:2] == ["contractNumber", "contractDate"]


@pytest.mark.parametrize("choice", ["newest", "/nowhere/at-all", ""])
def test_a_profile_that_is_not_there_is_a_setting_to_correct(choice: str) -> None:
    with pytest.raises(ConfigurationError, match=r"gateway\.profile.*current, seen"):
        load_profile(choice)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("record_id = true", "record_id = true\nrecord_ids = 1", "record_ids: unknown key"),
        ("record_id = true", 'record_id = "yes"', "record_id: input should be a valid boolean"),
        ("record_id = true", "record_id = false", "operation.conclusion.fields: the value record_id is placed"),
        ("date_with_zone = true", "", "date_with_zone: missing"),
        ('root = "contractRequest"', 'root = "contract request"', "root: string should match"),
        ('root = "contractRequest"', "root = 7", "root: input should be a valid string"),
        ('schema = "contract.xsd"', 'schema = "../contract.xsd"', "schema: string should match"),
        ('schema = "contract.xsd"', 'schema = "other.xsd"', "schema: the XSD other.xsd is missing"),
        ('value = "employer_bin"', 'value = "employer"', "operation.conclusion.fields.1.value: input should be"),
        (
            'value = "employer_bin"',
            'value = "reason_code"',
            "conclusion.fields: this operation has no value reason_code",
        ),
        (
            'value = "employer_bin", evidence = "seen"',
            'value = "employer_bin", evidence = "hoped"',
            "fields.1.evidence",
        ),
        ('value = "employer_bin"', 'value = "employer_bin", maximum = 5', "fields.1.maximum: unknown key"),
        ('path = "employerData/bin"', 'path = "employerData//bin"', "fields.1.path: string should match"),
        ('path = "employerData/bin"', 'path = "id"', "the path id is used twice"),
        ('path = "employerData/bin"', 'path = "id/bin"', "id/bin stands inside the value of another field"),
        (
            'value = "record_id", evidence = "assumed"',
            'value = "employer_bin", evidence = "seen"',
            "the value record_id",
        ),
        ("[operation.termination]", "[operation.rehire]", "operation.rehire: input should be"),
        ("[operation.termination]", "[other.termination]", "other: unknown key"),
        ('contract_id = "/*/*[2]/*[1]"', 'contract_id = "/*/*[2"', "response.contract_id is not an XPath"),
        ('contract_id = "/*/*[2]/*[1]"', 'contract_id = "/con:a"', "response.contract_id is not an XPath"),
        ('contract_id = "/*/*[2]/*[1]"', 'contract_id = "string(/*)"', "response.contract_id does not select elements"),
        ('name = "current"', 'name = "current', "the file is not TOML"),
        (
            'element = "terminationContractData"',
            'element = "endContract"',
            "operation.termination: the XSD contract.xsd",
        ),
        ('path = "terminationReason"', 'path = "reason"', "terminationContractData/reason"),
    ],
)
def test_a_mapping_is_read_strictly_and_the_error_names_file_and_key(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    folder = operator_profile(tmp_path, (old, new))
    with pytest.raises(ConfigurationError) as caught:
        XmlRenderer(load_profile(str(folder)))
    assert told in str(caught.value)
    assert str(folder / "profile.toml") in str(caught.value)


def test_every_fault_of_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    folder = operator_profile(tmp_path, ("date_with_zone = true", "zone = 1"), ('root = "contractRequest"', ""))
    with pytest.raises(ConfigurationError) as caught:
        load_profile(str(folder))
    assert all(key in caught.value.what for key in ("zone: unknown key", "date_with_zone: missing", "root: missing"))


def test_a_missing_operation_is_told() -> None:
    text = (ROOT / "schemas" / "usrec" / "seen" / "profile.toml").read_text("utf-8")
    with pytest.raises(ConfigurationError, match=r"operation\.termination: missing"):
        read_mapping(text[: text.index("[operation.termination]")].encode(), where="profile.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", "имя = 1".encode("cp1251")])
def test_a_file_that_is_not_text_is_told(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_mapping(content, where="profile.toml")


@pytest.mark.parametrize("content", ["<xs:schema", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'])
def test_a_schema_that_cannot_be_used_names_its_file(content: str, tmp_path: Path) -> None:
    folder = operator_profile(tmp_path)
    (folder / "contract.xsd").write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=r"contract\.xsd.*the XSD cannot be used"):
        load_profile(str(folder))


def test_a_schema_may_choose_among_optional_fields(tmp_path: Path) -> None:
    position = '      <xs:element name="position" type="con:Code" minOccurs="0"/>\n'
    post = '      <xs:element name="establishedPost" type="con:Post" minOccurs="0"/>\n'
    both = position + post
    chosen = f'<xs:choice minOccurs="0">{both}</xs:choice>'.replace('" minOccurs="0"/>', '"/>')
    folder = operator_profile(tmp_path, (both, chosen), file="contract.xsd")
    strict = XmlRenderer(load_profile(str(folder)))
    one = submission(replace(AMENDMENT, position_code=""))
    assert b"establishedPost" in strict.render(one, record_id=f"{RECORD_ID}1").document
    with pytest.raises(ValidationProblem, match="established_post does not fit the schema's structure"):
        strict.render(submission(AMENDMENT), record_id=f"{RECORD_ID}1")


def test_a_schema_may_ask_for_what_the_mapping_calls_optional(tmp_path: Path) -> None:
    edit = ('type="con:DocumentData" minOccurs="0"', 'type="con:DocumentData"')
    strict = XmlRenderer(load_profile(str(operator_profile(tmp_path, edit, file="contract.xsd"))))
    assert b"conscript" in strict.render(submission(), record_id=f"{RECORD_ID}1").document
    bare = submission(replace(CONCLUSION, conscript_code=""))
    with pytest.raises(ValidationProblem, match=r"newContractData does not fit .* while .*conscript_code.* is absent"):
        strict.render(bare, record_id=f"{RECORD_ID}1")


def test_every_value_of_a_mapping_has_a_source() -> None:
    names = {item.name for details in DETAILS.values() for item in fields(details)} - KEPT_HERE
    assert set(Value) == names | OURS
