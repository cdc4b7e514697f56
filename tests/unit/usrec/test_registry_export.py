"""An export of the registry: its columns under any name, workbooks with true dates, and rows that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from support.line import BIN, IIN, OTHER_BIN
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable
from usrec.adapters.sources.files.registry_export import Unusable, read_export, read_roster
from usrec.domain.onboarding import KnownAgreement, folded_number, merged_rows
from usrec.domain.spreadsheet import harmless

HEADER = ["Шарт", "employee_iin", "contract_number", "contract_date", "entered_on", "agreement_id", "employer_bin"]
RENAMED = {"contract_id": "Шарт"}
DAY = date(2022, 4, 1)


def a_workbook(file: Path, *rows: Sequence[object], header: Sequence[str] = HEADER) -> Path:
    book = Workbook()
    for row in (header, *rows):
        book.worksheets[0].append(list(row))
    book.save(file)
    return file


def test_rows_of_a_workbook_are_one_contract_with_its_agreements(tmp_path: Path) -> None:
    cells = ["R-1", IIN, 17, DAY, "02.04.2022"]
    file = a_workbook(tmp_path / "export.xlsx", [*cells, None, BIN], [*cells, "A-1", None], [*cells, "A-2", None])
    rows, unusable = read_export(file, ReadingOptions(), RENAMED, BIN)
    (found,), faults = merged_rows(rows)
    assert (unusable, faults) == ([], [])
    assert (found.number, found.day, found.entered, found.rows) == ("17", DAY, date(2022, 4, 2), (2, 3, 4))
    assert found.agreements == (KnownAgreement("A-1"), KnownAgreement("A-2"))


@pytest.mark.parametrize("number", ["=1+1", "+7", "-17/к", "@a", "'17", "17"])
def test_a_number_goes_through_the_review_file_unchanged_and_is_no_formula_there(tmp_path: Path, number: str) -> None:
    cell = harmless(number)
    assert cell[0] not in "=+-@"
    file = a_workbook(tmp_path / "export.xlsx", ["R-1", IIN, cell, DAY, None, None, None])
    assert [one.number for one in read_export(file, ReadingOptions(), RENAMED, BIN)[0]] == [number]


def test_a_row_that_cannot_be_used_is_named_with_its_column(tmp_path: Path) -> None:
    good = ["R-1", IIN, "17", "2022-04-01", None, None, None]
    bad = {
        "contract_id": ["R 1", *good[1:]],
        "employee_iin": ["R-1", "900101300001", *good[2:]],
        "contract_number": [*good[:2], None, *good[3:]],
        "contract_date": [*good[:3], "апрель", *good[4:]],
        "entered_on": [*good[:4], "2022-02-31", *good[5:]],
        "agreement_id": [*good[:5], "ДС 1", None],
        "employer_bin": [*good[:6], OTHER_BIN],
    }
    file = a_workbook(tmp_path / "export.xlsx", *bad.values())
    rows, unusable = read_export(file, ReadingOptions(), RENAMED, BIN)
    assert rows == []
    assert unusable == [Unusable(number, name) for number, name in enumerate(bad, 2)]


def test_a_file_that_lacks_a_column_or_is_another_kind_is_refused(tmp_path: Path) -> None:
    file = a_workbook(tmp_path / "export.xlsx", ["R-1"])
    with pytest.raises(FileUnreadable, match="no column contract_id"):
        read_export(file, ReadingOptions(), {}, BIN)
    with pytest.raises(FileUnreadable, match="no column contract_key"):
        read_roster(file, ReadingOptions(), {})
    doubled = a_workbook(tmp_path / "twice.xlsx", header=[*HEADER, "Шарт"])
    with pytest.raises(FileUnreadable, match="twice"):
        read_export(doubled, ReadingOptions(), RENAMED, BIN)
    with pytest.raises(FileUnreadable, match="does not tell"):
        read_export(tmp_path / "export.pdf", ReadingOptions(), {}, BIN)


def test_spelling_of_a_number_makes_no_other_contract() -> None:
    assert folded_number(" ТД-17 / а") == folded_number("тд-17/А")
    assert folded_number("ТД-17") != folded_number("ТД-171")
