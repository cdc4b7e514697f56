from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from usrec_simulator.business import BusinessRecord, Operation, Profile
from usrec_simulator.codes import TEXTS
from usrec_simulator.ledger import Ledger
from usrec_simulator.registry import Registry
from usrec_simulator.rules import DeadlinePolicy, RuleBook, valid_iin

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
TOMORROW = date(2026, 11, 21)
CONTRACT_ID = "contract-00000000000000000000000001"

CONCLUSION = BusinessRecord(
    operation=Operation.CONCLUSION,
    digest="d1",
    record_id=CONTRACT_ID,
    employer="200940000013",
    employee="900101300007",
    number="17",
    event_date=date(2026, 11, 16),
    begin_date=date(2026, 11, 17),
    position="2512-0-001",
    post="Инженер",
)
AMENDMENT = BusinessRecord(
    operation=Operation.AMENDMENT,
    digest="d2",
    record_id="agreement-0000000000000000000000001",
    employer="200940000013",
    contract_id=CONTRACT_ID,
    number="1",
    event_date=date(2026, 11, 18),
    begin_date=date(2026, 11, 19),
    post="Старший инженер",
)
TERMINATION = BusinessRecord(
    operation=Operation.TERMINATION,
    digest="d3",
    record_id="termination-000000000000000000000001",
    employer="200940000013",
    contract_id=CONTRACT_ID,
    event_date=TODAY,
    reason="05",
)


def open_registry(path: Path, **book: Any) -> Registry:
    return Registry(Ledger(path / "registry.db"), RuleBook(**book))


def code_of(registry: Registry, record: BusinessRecord) -> str | None:
    return registry.submit(record, at=NOW).code


def with_contract(path: Path, **book: Any) -> Registry:
    registry = open_registry(path, **book)
    assert code_of(registry, CONCLUSION) is None
    return registry


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"record_id": None}, "SCSE087"),
        ({"record_id": "x" * 31}, "SCSE087"),
        ({"record_id": "x" * 46}, "SCSE087"),
        ({"record_id": "ж" * 36}, "SCSE087"),
        ({"record_id": "x" * 35 + "\n"}, "SCSE087"),
        ({"employer": None}, "SCSE009"),
        ({"employer": "200940000014"}, "SCSE043"),
        ({"employee": None}, "SCSE011"),
        ({"employee": "900101300008"}, "SCSE045"),
        ({"employee": "90010130000"}, "SCSE045"),
        ({"employee": "900101300811"}, "SCSE012"),
        ({"number": None}, "SCSE003"),
        ({"event_date": None}, "SCSE004"),
        ({"begin_date": None}, "SCSE005"),
        ({"position": None}, "SCSE006"),
        ({"position": "25120-001"}, "SCSE007"),
        ({"position": "инженер"}, "SCSE007"),
        ({"post": None}, "SCSE029"),
        ({"event_date": TOMORROW}, "SCSE059"),
        ({"begin_date": TOMORROW}, None),
        ({"position": "251200"}, None),
        ({"record_id": "A" * 32}, None),
        ({"record_id": "9-" * 22 + "z"}, None),
    ],
)
def test_conclusion_is_refused_by_the_code_of_its_fault(
    tmp_path: Path, change: dict[str, Any], code: str | None
) -> None:
    registry = open_registry(tmp_path, unknown_persons={"900101300811"})
    assert code_of(registry, replace(CONCLUSION, **change)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"contract_id": None}, "SCSE026"),
        ({"contract_id": "other"}, "SCSE025"),
        ({"employer": "150340000027"}, "SCSE097"),
        ({"number": None}, "SCSE015"),
        ({"event_date": None}, "SCSE023"),
        ({"begin_date": None}, "SCSE024"),
        ({"post": None}, "SCSE080"),
        ({"position": "x"}, "SCSE007"),
        ({"event_date": TOMORROW, "begin_date": TOMORROW}, "SCSE062"),
        ({"event_date": date(2026, 11, 16)}, "SCSE063"),
        ({"begin_date": date(2026, 11, 17)}, "SCSE064"),
        ({"record_id": CONTRACT_ID}, "SCSE086"),
        ({"begin_date": TOMORROW}, None),
    ],
)
def test_amendment_is_refused_by_the_code_of_its_fault(
    tmp_path: Path, change: dict[str, Any], code: str | None
) -> None:
    assert code_of(with_contract(tmp_path), replace(AMENDMENT, **change)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"contract_id": None}, "SCSE026"),
        ({"contract_id": "other"}, "SCSE025"),
        ({"employer": "150340000027"}, "SCSE097"),
        ({"event_date": None}, "SCSE018"),
        ({"reason": None}, "SCSE022"),
        ({"reason": "3-002"}, "SCSE022"),
        ({"event_date": TOMORROW}, "SCSE066"),
        ({"event_date": date(2026, 11, 16)}, "SCSE067"),
        ({"reason": "03-002"}, None),
    ],
)
def test_termination_is_refused_by_the_code_of_its_fault(
    tmp_path: Path, change: dict[str, Any], code: str | None
) -> None:
    assert code_of(with_contract(tmp_path), replace(TERMINATION, **change)) == code


def test_the_first_failing_rule_gives_the_code(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    broken = replace(CONCLUSION, record_id="short", employee=None, number=None, post=None)
    assert code_of(registry, broken) == "SCSE087"
    assert code_of(registry, replace(broken, record_id="x" * 32)) == "SCSE011"
    assert code_of(registry, replace(broken, record_id="x" * 32, employee="900101300007")) == "SCSE003"


def test_contract_number_is_taken_for_the_same_employer_only(tmp_path: Path) -> None:
    registry = with_contract(tmp_path)
    again = replace(CONCLUSION, record_id="n" * 32, digest="d9", employee="900101300811")
    assert code_of(registry, again) == "SCSE014"
    assert code_of(registry, replace(again, employer="150340000027")) is None


def test_agreement_of_the_same_number_and_date_exists(tmp_path: Path) -> None:
    registry = with_contract(tmp_path)
    assert code_of(registry, AMENDMENT) is None
    again = replace(AMENDMENT, record_id="n" * 32, digest="d9")
    assert code_of(registry, again) == "SCSE070"
    assert code_of(registry, replace(again, event_date=date(2026, 11, 19))) is None


def test_after_the_termination_only_the_authority_may_change(tmp_path: Path) -> None:
    registry = with_contract(tmp_path)
    assert code_of(registry, TERMINATION) is None
    assert code_of(registry, AMENDMENT) == "SCSE092"
    second = replace(TERMINATION, record_id="n" * 32, digest="d9")
    assert code_of(registry, second) == "SCSE092"


def test_seen_profile_ignores_record_ids_and_mints_its_own(tmp_path: Path) -> None:
    registry = open_registry(tmp_path, profile=Profile.SEEN)
    decision = registry.submit(replace(CONCLUSION, record_id=None), at=NOW)
    assert decision.code is None
    assert decision.record_id is not None
    assert decision.record_id.isdecimal()
    change = replace(AMENDMENT, record_id=None, contract_id=decision.record_id)
    assert code_of(registry, change) is None


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (replace(CONCLUSION, event_date=date(2026, 11, 12)), "SCSE088"),
        (replace(AMENDMENT, event_date=date(2026, 11, 4), begin_date=TODAY), "SCSE089"),
        (replace(TERMINATION, event_date=date(2026, 11, 16)), "SCSE091"),
    ],
)
def test_late_entry_is_refused_or_noted_by_choice(tmp_path: Path, record: BusinessRecord, code: str) -> None:
    for policy, answered in ((DeadlinePolicy.REFUSE, code), (DeadlinePolicy.WARN, None)):
        folder = tmp_path / policy
        folder.mkdir()
        registry = open_registry(folder, deadlines=policy)
        if record.operation is not Operation.CONCLUSION:
            registry.seed(
                [replace(CONCLUSION, digest="", contract_id=CONTRACT_ID, begin_date=date(2026, 1, 5))], at=NOW
            )
        late = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
        assert registry.submit(record, at=late).code == answered
        assert [shown.warnings for shown in registry.records() if shown.warnings] == ([] if answered else [(code,)])


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("900101300007", True),
        ("900101300811", True),
        ("260150000030", True),
        ("200940000013", True),
        ("900101300801", False),
        ("900101300008", False),
        ("٩٠٠١٠١٣٠٠٠٠٧", False),
        ("000000000000", False),
        ("", False),
    ],
)
def test_check_digit_of_iin_and_bin(number: str, valid: bool) -> None:
    assert valid_iin(number) is valid


def test_every_text_fits_the_status_message() -> None:
    assert all(0 < len(text) <= 250 for text in TEXTS.values())
