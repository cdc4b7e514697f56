"""What rows say about each other, and what lint takes over from readers and rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from support.event_files import csv_file, event, linted, rules
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.reading import read_event_file
from usrec.application.lint import lint
from usrec.domain.rules.finding import Finding, Severity, has_errors
from usrec.domain.source_event import Operation, SourceName

Row = Mapping[str, Any]


def hire(**changes: Any) -> Row:
    return event(Operation.CONCLUSION, **{"contract_key": "K-1", "event_id": "hire-1", **changes})


def agree(**changes: Any) -> Row:
    given = {"contract_key": "K-1", "event_id": "agree-1", "contract_id": None, "begin_date": "2026-12-01", **changes}
    return event(Operation.AMENDMENT, **given)


def leave(**changes: Any) -> Row:
    given = {"contract_key": "K-1", "event_id": "leave-1", "contract_id": None, "termination_date": "2026-12-31"}
    return event(Operation.TERMINATION, **{**given, **changes})


def test_papers_in_order_are_clean(tmp_path: Path) -> None:
    assert not linted(csv_file(tmp_path, hire(), agree(), leave()))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([hire(), agree(agreement_date="2026-11-20")], (3, "amendment_not_before_contract", "agreement_date")),
        ([agree(agreement_date="2026-11-20"), hire()], (2, "amendment_not_before_contract", "agreement_date")),
        ([hire(), agree(agreement_date="2026-12-02")], (3, "agreement_after_its_effect", "agreement_date")),
        ([hire(), leave(termination_date="2026-11-20")], (3, "termination_not_before_contract", "termination_date")),
        ([hire(), leave(), agree()], (4, "contract_not_terminated", "contract_key")),
        ([hire(), leave(), leave(event_id="leave-2")], (4, "contract_not_terminated", "contract_key")),
        ([hire(), hire(event_id="hire-2", contract_number="2")], (3, "conclusion_not_repeated", "event_id")),
        ([hire(), hire(event_id="hire-2", contract_key="K-2")], (3, "contract_number_unused", "contract_number")),
        ([hire(), agree(), agree(event_id="agree-2")], (4, "agreement_not_repeated", "agreement_number")),
        ([hire(), hire()], (3, "event_repeated", "event_id")),
    ],
)
def test_rows_that_contradict_each_other(rows: list[Row], expected: tuple[int, str, str], tmp_path: Path) -> None:
    assert rules(csv_file(tmp_path, *rows)) == [expected]


def test_a_contract_signed_after_work_began_passes(tmp_path: Path) -> None:
    """The registry takes it; what the law says of it is another matter."""
    assert not linted(csv_file(tmp_path, hire(begin_date="2026-10-01")))


def test_a_newer_revision_or_a_withdrawal_takes_a_row_out_of_the_comparison(tmp_path: Path) -> None:
    wrong = agree(agreement_date="2026-11-20")
    assert not linted(csv_file(tmp_path, hire(), wrong, agree(revision="2")))
    assert not linted(csv_file(tmp_path, hire(), {**wrong, "withdrawn": "true"}))
    assert not linted(csv_file(tmp_path, hire(), leave(withdrawn="true"), agree()))


def test_another_employer_may_use_the_same_number(tmp_path: Path) -> None:
    other = hire(event_id="hire-2", employer_bin="150340000028", contract_key="K-1")
    assert "contract_number_unused" not in {rule for _, rule, _ in rules(csv_file(tmp_path, hire(), other))}


def test_a_change_without_its_conclusion_is_undetermined_unless_the_registrys_id_is_given(tmp_path: Path) -> None:
    ((row, finding),) = linted(csv_file(tmp_path, agree()))
    assert (row, finding.rule, finding.code, finding.severity) == (
        2,
        "contract_id_known",
        "SCSE026",
        Severity.UNDETERMINED,
    )
    assert not has_errors([finding])
    ((_, given),) = linted(csv_file(tmp_path, agree(contract_id="abc")))
    assert (given.rule, given.severity) == ("contract_history_known", Severity.UNDETERMINED)


@pytest.mark.parametrize(
    "row", [agree(agreement_date="2026-11-20"), leave(termination_date="2026-11-20")], ids=["063", "067"]
)
def test_a_paper_in_the_wrong_order_keeps_its_date_and_has_a_way_out(row: Row, tmp_path: Path) -> None:
    ((_, finding),) = linted(csv_file(tmp_path, hire(), row))
    assert "its date stays: " in finding.message
    assert "change the date" not in finding.message


def test_no_finding_repeats_what_stands_in_the_row(tmp_path: Path) -> None:
    secret = "Жасырын Тegi"
    row = hire(employee_iin="90010130000", established_post=secret, begin_date="12/31/2026", contract_number="9" * 101)
    found = linted(csv_file(tmp_path, row))
    assert len(found) == 4
    for _, finding in found:
        assert not any(value in finding.message for value in (secret, "90010130000", "12/31/2026", "9" * 12))


def test_employers_of_the_settings_are_required_where_they_are_known(tmp_path: Path) -> None:
    read = read_event_file(csv_file(tmp_path, hire()), SourceName("file"), ReadingOptions())

    def said(employers: Any) -> list[Finding]:
        rows = [(one.row, one.findings) for one in read.rows]
        now = datetime(2026, 11, 23, tzinfo=UTC)
        return [one for ones in lint(rows, employers=employers, calendar=KazakhstanCalendar(), now=now) for one in ones]

    assert [one.rule for one in said({})] == ["employer_configured"]
    assert not said(None)


def test_twenty_thousand_rows_take_seconds(tmp_path: Path) -> None:
    """Measured at 2.3 s on two shared cores; the limit leaves room for a busy machine."""
    rows = [
        hire(event_id=f"e{one}", contract_key=f"k{one}", contract_number=f"ТД-{one}", established_post="Әдіскер")
        for one in range(20_000)
    ]
    file = csv_file(tmp_path, *rows)
    began = perf_counter()
    assert not linted(file)
    assert perf_counter() - began < 20
