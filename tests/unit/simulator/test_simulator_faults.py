from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from usrec_simulator.business import Operation
from usrec_simulator.errors import FaultScriptError
from usrec_simulator.fault_script import load_script
from usrec_simulator.faults import FaultCounter, FaultKind, FaultRule, FaultScript, Moment
from usrec_simulator.ledger import Ledger


def script(tmp_path: Path, text: str) -> FaultScript:
    path = tmp_path / "faults.toml"
    path.write_text(text, "utf-8")
    return load_script(path)


def fired(counter: FaultCounter, requests: int) -> list[int]:
    return [turn for turn in range(1, requests + 1) if counter.choose(Operation.CONCLUSION, "1") is not None]


@pytest.mark.parametrize(
    ("rule", "turns"),
    [
        (FaultRule(FaultKind.DELAY), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (FaultRule(FaultKind.DELAY, every=3), [3, 6, 9]),
        (FaultRule(FaultKind.DELAY, after=8), [9, 10]),
        (FaultRule(FaultKind.DELAY, every=2, after=3, limit=2), [5, 7]),
        (FaultRule(FaultKind.DELAY, operation=Operation.TERMINATION), []),
        (FaultRule(FaultKind.DELAY, number="2"), []),
        (FaultRule(FaultKind.DELAY, operation=Operation.CONCLUSION, number="1", every=5), [5, 10]),
    ],
)
def test_rule_fires_on_its_turns(tmp_path: Path, rule: FaultRule, turns: list[int]) -> None:
    assert fired(FaultCounter(FaultScript((rule,)), Ledger(tmp_path / "r.db")), 10) == turns


def test_a_rule_whose_turn_was_taken_fires_next(tmp_path: Path) -> None:
    rules = (FaultRule(FaultKind.DELAY, limit=1), FaultRule(FaultKind.HALF_ANSWER, limit=1))
    counter = FaultCounter(FaultScript(rules), Ledger(tmp_path / "r.db"))
    chosen = [counter.choose(None, None) for _ in range(3)]
    assert [rule.kind if rule else None for rule in chosen] == ["delay", "half_answer", None]


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    faults = FaultScript((FaultRule(FaultKind.DELAY, every=4, limit=1),))
    first = Ledger(tmp_path / "r.db")
    assert fired(FaultCounter(faults, first), 3) == []
    first.close()
    second = Ledger(tmp_path / "r.db")
    assert fired(FaultCounter(faults, second), 4) == [1]


def test_every_key_is_read(tmp_path: Path) -> None:
    read = script(
        tmp_path,
        """
        unknown_persons = ["900101300007"]
        foreign_persons = ["900101300811"]
        [[fault]]
        kind = "bad_gateway_html"
        every = 10
        after = 3
        limit = 5
        operation = "amendment"
        number = "17/1"
        seconds = 0.2
        when = "after"
        [[fault]]
        kind = "refuse"
        code = "SCSE012"
        [[fault]]
        kind = "maintenance_window"
        opens = 2026-11-22T10:00:00+05:00
        closes = 2026-11-22T11:00:00+05:00
        """,
    )
    assert read.rules == (
        FaultRule(
            FaultKind.BAD_GATEWAY_HTML,
            every=10,
            after=3,
            limit=5,
            operation=Operation.AMENDMENT,
            number="17/1",
            seconds=timedelta(milliseconds=200),
            when=Moment.AFTER,
        ),
        FaultRule(FaultKind.REFUSE, code="SCSE012"),
    )
    assert read.unknown_persons == {"900101300007"}
    assert read.foreign_persons == {"900101300811"}
    assert read.maintenance_at(datetime(2026, 11, 22, 5, 0, tzinfo=UTC))
    assert not read.maintenance_at(datetime(2026, 11, 22, 6, 0, tzinfo=UTC))
    assert not read.maintenance_at(datetime(2026, 11, 22, 4, 59, tzinfo=UTC))
    assert "900101300007" not in repr(read)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("faults = 1", "unknown key 'faults'"),
        ("[fault]\nkind = 'delay'", r"\[\[fault\]\]"),
        ("[[fault]]\nkind = 'explode'", "fault 1: unknown kind 'explode'"),
        ("[[fault]]\nevery = 2", "fault 1: unknown kind None"),
        ("[[fault]]\nkind='half_answer'\n[[fault]]\nkind='half_answer'\nevry=1", r"fault 2 \(half_answer\): .*'evry'"),
        ("[[fault]]\nkind = 'half_answer'\ncode = 'SCSE012'", "unknown key 'code'"),
        ("[[fault]]\nkind = 'half_answer'\nevery = 0", "every is a whole number of at least 1"),
        ("[[fault]]\nkind = 'half_answer'\nafter = -1", "after"),
        ("[[fault]]\nkind = 'half_answer'\nlimit = true", "limit"),
        ("[[fault]]\nkind = 'half_answer'\noperation = 'hire'", "operation is one of conclusion"),
        ("[[fault]]\nkind = 'half_answer'\nnumber = 17", "number is a text"),
        ("[[fault]]\nkind = 'half_answer'\nseconds = 'long'", "seconds"),
        ("[[fault]]\nkind = 'refuse'", "needs code"),
        ("[[fault]]\nkind = 'delay'", "needs seconds"),
        ("[[fault]]\nkind = 'connection_refused'", "needs seconds"),
        ("[[fault]]\nkind = 'maintenance_window'", "needs seconds"),
        ("[[fault]]\nkind = 'maintenance_window'\nopens = 2026-11-22T10:00:00", "opens"),
        ("[[fault]]\nkind = 'maintenance_window'\nopens = 2026-11-22T10:00:00Z", "opens and closes"),
        ("unknown_persons = [1]", "unknown_persons"),
        ('foreign_persons = "900101300811"', "foreign_persons"),
        ("[[fault", "fault script"),
    ],
)
def test_a_slip_in_the_script_is_an_error_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(FaultScriptError, match=place):
        script(tmp_path, text)


def test_a_missing_script_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError, match=r"absent\.toml"):
        load_script(tmp_path / "absent.toml")
