from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from usrec_simulator.business import BusinessRecord, Operation, Profile
from usrec_simulator.errors import SeedError
from usrec_simulator.ledger import Ledger
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

CONTRACT = BusinessRecord(
    operation=Operation.CONCLUSION,
    digest="d1",
    record_id="a" * 32,
    employer="200940000013",
    employee="900101300007",
    number="17",
    event_date=date(2026, 11, 16),
    begin_date=date(2026, 11, 17),
    position="2512-0-001",
    post="Инженер",
)
AGREEMENT = BusinessRecord(
    operation=Operation.AMENDMENT,
    digest="d2",
    record_id="b" * 32,
    employer="200940000013",
    contract_id="a" * 32,
    number="1",
    event_date=date(2026, 11, 18),
    begin_date=date(2026, 11, 18),
    post="Инженер",
)
END = BusinessRecord(
    operation=Operation.TERMINATION,
    digest="d3",
    record_id="c" * 32,
    employer="200940000013",
    contract_id="a" * 32,
    event_date=date(2026, 11, 20),
    reason="05",
)


def open_registry(path: Path, profile: Profile = Profile.CURRENT) -> Registry:
    return Registry(Ledger(path), RuleBook(profile=profile))


def counts(registry: Registry) -> list[tuple[int, int]]:
    return [(record.times_received, record.times_changed) for record in registry.records()]


def test_resent_bytes_are_counted_and_refused_as_used(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    for code in (None, "SCSE086", "SCSE086"):
        assert registry.submit(CONTRACT, at=NOW).code == code
    assert counts(registry) == [(3, 0)]


@pytest.mark.parametrize(("record", "code"), [(CONTRACT, "SCSE014"), (AGREEMENT, "SCSE070"), (END, "SCSE092")])
def test_rewritten_record_is_seen_as_the_same_one(tmp_path: Path, record: BusinessRecord, code: str) -> None:
    registry = open_registry(tmp_path / "r.db")
    first = [CONTRACT] if record is CONTRACT else [CONTRACT, record]
    for item in first:
        assert registry.submit(item, at=NOW).code is None
    again = replace(record, record_id="z" * 32, digest="other")
    assert registry.submit(again, at=NOW).code == code
    assert counts(registry)[-1] == (2, 1)
    assert len(registry.records()) == len(first)


def test_seen_profile_recognises_a_contract_sent_twice(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db", Profile.SEEN)
    first = registry.submit(replace(CONTRACT, record_id=None), at=NOW)
    again = registry.submit(replace(CONTRACT, record_id=None, digest="other"), at=NOW)
    assert (first.code, again.code) == (None, "SCSE014")
    assert counts(registry) == [(2, 1)]
    assert registry.records()[0].contract_id == first.record_id


def test_a_number_of_another_person_is_not_the_same_record(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    registry.submit(CONTRACT, at=NOW)
    other = replace(CONTRACT, record_id="z" * 32, digest="other", employee="900101300811")
    assert registry.submit(other, at=NOW).code == "SCSE014"
    assert counts(registry) == [(1, 0)]


def test_scripted_code_registers_nothing_but_counts_what_is_there(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    assert registry.submit(CONTRACT, at=NOW, scripted="SCSE012").code == "SCSE012"
    assert registry.records() == []
    assert registry.submit(CONTRACT, at=NOW).code is None
    assert registry.submit(CONTRACT, at=NOW, scripted="SCSE002").code == "SCSE002"
    assert counts(registry) == [(2, 0)]


def test_registered_rows_show_the_person_masked_and_later_ones_take_it_from_the_contract(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    for record in (CONTRACT, AGREEMENT, END):
        registry.submit(record, at=NOW)
    rows = registry.records()
    assert [row.operation for row in rows] == ["conclusion", "amendment", "termination"]
    assert {row.iin_masked for row in rows} == {"********0007"}
    assert [row.number for row in rows] == ["17", "1", "17"]
    assert {row.contract_id for row in rows} == {"a" * 32}
    assert [row.record_id for row in rows] == ["a" * 32, "b" * 32, "c" * 32]
    assert "900101300007" not in repr(rows)
    assert "900101300007" not in repr(CONTRACT)


def test_what_was_registered_survives_reopening(tmp_path: Path) -> None:
    open_registry(tmp_path / "r.db").submit(CONTRACT, at=NOW)
    reopened = open_registry(tmp_path / "r.db")
    assert reopened.submit(CONTRACT, at=NOW).code == "SCSE086"
    assert counts(reopened) == [(2, 0)]


def test_concurrent_copies_register_once(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: registry.submit(CONTRACT, at=NOW).code, range(40)))
    assert codes.count(None) == 1
    assert counts(registry) == [(40, 0)]


def test_history_is_registered_once_and_can_be_amended(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    history = replace(CONTRACT, digest="", contract_id="a" * 32)
    assert registry.seed([history], at=NOW) == 1
    assert registry.seed([history], at=NOW) == 0
    assert registry.submit(AGREEMENT, at=NOW).code is None


def test_contradicting_history_registers_nothing(tmp_path: Path) -> None:
    registry = open_registry(tmp_path / "r.db")
    history = replace(CONTRACT, digest="", contract_id="a" * 32)
    clash = replace(history, record_id="y" * 32, number="18")
    with pytest.raises(SeedError, match="nothing was registered"):
        registry.seed([history, clash], at=NOW)
    assert registry.records() == []
