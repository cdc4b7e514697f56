"""What Order 353 p.3 wants of every contract is demanded, as the setting says and as far as a message can carry it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sound_rows import BIN, NOW, row_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.rules.completeness import NOT_REGISTERED, Completeness
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.rules.preflight import Preflight
from usrec.domain.source_event import EmployerName, Operation, SourceRow
from usrec.preflight import build_preflight
from usrec.settings import load_settings

SETTINGS = """
[gateway]
url = "https://gateway.example/sync"
profile = "{profile}"
sender_id = "client"
password = {{ file = "sender.password" }}
response_certificate = "registry.crt"
[gateway.transport_key]
key_file = "client.p12"
key_password = {{ file = "client.password" }}
[employer.main]
bin = "200940000013"
key_file = "main.p12"
key_password = {{ file = "main.password" }}
[ledger]
url = "sqlite:///ledger.db"
[source.hr]
kind = "outbox"
url = "sqlite:///hr.db"
{more}
"""
INCOMPLETE = {"conscript_code": None, "term_code": None, "end_date": None, "work_place_address": None}
LEFT_OUT_BY_SEEN = {
    "working_conditions_code": "2",
    "harmful_conditions_code": "7",
    "supporting_document": "act.pdf",
    "foreigner_basis_code": "1",
    "permit_number": "A-1",
}
WARN = '[preflight]\nincomplete = "warn"\n'


def completeness(folder: Path, *, profile: str = "current", more: str = "") -> Completeness:
    file = folder / "usrec.toml"
    file.write_text(SETTINGS.format(profile=profile, more=more), "utf-8")
    return build_preflight(load_settings(file)).completeness


def rules_of(row: SourceRow, demanded: Completeness) -> dict[str, Finding]:
    found = examine(
        row,
        employers={BIN: EmployerName("own")},
        calendar=KazakhstanCalendar(),
        now=NOW,
        preflight=Preflight(completeness=demanded),
    )
    return {one.rule: one for one in found.findings}


def examined(demanded: Completeness, operation: Operation = Operation.CONCLUSION) -> Examined:
    return examine(
        row_of(operation, INCOMPLETE),
        employers={BIN: EmployerName("own")},
        calendar=KazakhstanCalendar(),
        now=NOW,
        preflight=Preflight(completeness=demanded),
    )


@pytest.mark.parametrize("operation", [Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT])
def test_an_incomplete_contract_is_refused_unless_the_setting_says_otherwise(
    operation: Operation, tmp_path: Path
) -> None:
    for more, severity in (("", Severity.ERROR), (WARN, Severity.WARNING)):
        found = examined(completeness(tmp_path, more=more), operation)
        assert [(one.field, one.code, one.point, one.severity) for one in found.findings] == [
            ("conscript_code", "SCSE021", "", severity),
            ("term_code", "SCSE039", "Order 353 p.3", severity),
            ("work_place_address", "SCSE055", "Order 353 p.3", severity),
        ]
        assert (found.event is None) is (severity is Severity.ERROR)


def test_what_the_wire_profile_has_no_element_for_is_not_demanded(tmp_path: Path) -> None:
    found = examined(completeness(tmp_path, profile="seen")).findings
    assert [one.field for one in found if one.rule == "field_present"] == ["conscript_code"]


def test_what_the_message_leaves_out_is_named(tmp_path: Path) -> None:
    """Harmful work and its document, a foreigner's permit, the term: profile `seen` has no element for any of them."""
    row = row_of(Operation.CONCLUSION, LEFT_OUT_BY_SEEN)
    told = rules_of(row, completeness(tmp_path, profile="seen"))["fields_carried"]
    named = told.message.partition(" for ")[2].partition(":")[0].split(", ")
    assert (told.severity, told.point) == (Severity.WARNING, "Order 353 p.3")
    assert set(named) == {*LEFT_OUT_BY_SEEN, "term_code", "end_date", "work_place_address", "country_code", "kato_code"}
    assert "fields_carried" not in rules_of(row, completeness(tmp_path))


def test_an_agreement_and_a_termination_tell_what_their_message_leaves_out(tmp_path: Path) -> None:
    seen = completeness(tmp_path, profile="seen")
    for operation, name, value in (
        (Operation.AMENDMENT, "harmful_conditions_code", "7"),
        (Operation.TERMINATION, "digitalisation", "true"),
    ):
        assert "fields_carried" not in rules_of(row_of(operation), seen)
        assert rules_of(row_of(operation, {name: value}), seen)["fields_carried"].field == name


@pytest.mark.parametrize("operation", Operation)
def test_the_current_profile_has_an_element_for_everything_that_an_event_says(
    operation: Operation, tmp_path: Path
) -> None:
    carried = completeness(tmp_path).carried
    assert carried is not None
    assert {rule.name for rule in FIELDS[operation]} - carried[operation] <= NOT_REGISTERED


def test_what_only_the_agent_reads_is_not_missed_in_the_message(tmp_path: Path) -> None:
    current = completeness(tmp_path)
    for operation, said in (
        (Operation.AMENDMENT, {"changes": "position"}),
        (Operation.TERMINATION, {"pair_key": "transfer-7", "pair_elsewhere": "true"}),
    ):
        assert "fields_carried" not in rules_of(row_of(operation, said), current)


def test_an_agreement_need_not_repeat_term_and_address(tmp_path: Path) -> None:
    assert not examined(completeness(tmp_path), Operation.AMENDMENT).findings


def test_what_rests_on_our_reading_warns_unless_the_setting_says_otherwise(tmp_path: Path) -> None:
    """An undue refusal makes the employer miss the term; a refusal of USREC is explained and can be mended."""
    own = row_of(Operation.CONCLUSION, {"employer_type_code": "2"})
    for more, severity in (("", Severity.WARNING), ('[preflight]\nunsure = "refuse"\n', Severity.ERROR)):
        found = rules_of(own, completeness(tmp_path, more=more))["employer_type_fits_number"]
        assert (found.code, found.severity) == ("SCSE255", severity)
