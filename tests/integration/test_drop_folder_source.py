"""A folder of files as a source: when a file is taken, what is told of it, and that no crash loses or doubles a row."""

from __future__ import annotations

import csv
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from support.dropping_agent import NAME, drop_source, survives, take_all
from support.event_files import csv_text, event, workbook
from support.fresh_ledger import make_ledger
from support.line import BIN
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.sources.files.drop_folder import DropFolder
from usrec.adapters.sources.files.options import ReadingOptions, Sentinel
from usrec.adapters.sources.files.results import CHANGED, write_results
from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import EventId
from usrec.domain.state import State
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger_view import SubmissionFilter

LONG_AGO = time.time() - 3600


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    make_ledger(url)
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir(mode=0o750)
    return folder


def hired(number: int, **changes: object) -> dict[str, object]:
    own = {"event_id": f"e-{number}", "contract_key": f"c-{number}", "contract_number": f"ТД-{number}"}
    return event(employer_bin=BIN, **(own | changes))


def dropped(folder: Path, name: str, *rows: Mapping[str, object]) -> Path:
    file = folder / name
    file.write_text(csv_text(rows), "utf-8")
    return file


def taken(folder: Path, place: str = "taken") -> dict[str, Path]:
    """Files there by the names that HR gave them."""
    found = (folder / place).glob("*")
    return {f"{one.name.split('.')[0]}{one.suffix}": one for one in found if ".result." not in one.name}


def results(file: Path) -> dict[int, dict[str, str]]:
    """What stands in the result file beside a file, by row."""
    beside = file.with_name(f"{file.stem}.result.csv")
    lines = csv.DictReader(beside.read_text("utf-8-sig").splitlines(), delimiter=";")
    return {int(line["row"]): line for line in lines}


def events(ledger: SqlLedger) -> Sequence[tuple[str, State]]:
    return sorted((one.event_id, one.state) for one in ledger.view.rows(SubmissionFilter(current=False)))


def test_rows_are_taken_and_each_has_its_result_beside_the_file(drop: Path, ledger: SqlLedger) -> None:
    dropped(drop, "hires.csv", hired(1), hired(2, employee_iin="900101300008"), hired(3))
    assert take_all(drop_source(drop, ledger), ledger, language="ru") == 3
    file = taken(drop)["hires.csv"]
    assert [(row, line["usrec_state"]) for row, line in sorted(results(file).items())] == [
        (2, "pending"),
        (3, "invalid"),
        (4, "pending"),
    ]
    wrong = results(file)[3]
    assert "контрольн" in wrong["usrec_findings"]
    assert "900101300008" not in file.with_name(f"{file.stem}.result.csv").read_text("utf-8")
    assert [one.name for one in drop.iterdir() if one.is_file()] == []


def test_workbooks_and_json_lines_are_taken_too(drop: Path, ledger: SqlLedger) -> None:
    workbook(drop, hired(1)).rename(drop / "book.xlsx")
    (drop / "lines.jsonl").write_text(json.dumps(hired(2)) + "\n", "utf-8")
    take_all(drop_source(drop, ledger), ledger)
    assert [name for name, _ in events(ledger)] == ["e-1", "e-2"]
    lines = taken(drop)["lines.jsonl"]
    told = json.loads(lines.with_name(f"{lines.stem}.result.jsonl").read_text("utf-8"))
    assert (told["row"], told["usrec_state"]) == ("1", "pending")
    assert results(taken(drop)["book.xlsx"])[2]["usrec_state"] == "pending"


def test_a_file_that_is_still_written_is_left_alone(drop: Path, ledger: SqlLedger) -> None:
    file = dropped(drop, "hires.csv", hired(1))
    for name in (".hires.csv", "~$hires.xlsx", "hires.csv.part", "notes.pdf"):
        (drop / name).write_text("x", "utf-8")
    source = drop_source(drop, ledger, settle=timedelta(seconds=30))
    assert list(source.fetch(10)) == []
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert list(source.fetch(10)) == [], "a copying program may put back the first time, never the second"
    assert len(drop_source(drop, ledger).fetch(10)) == 1
    assert sorted(one.name for one in drop.iterdir() if one.is_file()) == [
        ".hires.csv",
        "hires.csv.part",
        "notes.pdf",
        "~$hires.xlsx",
    ]


def test_an_older_file_that_arrives_late_is_taken(drop: Path, ledger: SqlLedger) -> None:
    """Of two writers the one that began first ends last: no time of the last file is remembered."""
    slow = dropped(drop.parent, "a.csv", hired(1))
    os.utime(slow, (1_700_000_000, 1_700_000_000))
    dropped(drop, "b.csv", hired(2))
    take_all(drop_source(drop, ledger), ledger)
    assert [name for name, _ in events(ledger)] == ["e-2"]
    slow.rename(drop / "a.csv")
    take_all(drop_source(drop, ledger), ledger)
    assert sorted(name for name, _ in events(ledger)) == ["e-1", "e-2"]


def test_what_the_reader_could_not_read_stops_the_row_and_is_kept(drop: Path, ledger: SqlLedger) -> None:
    """A day that may stand for none is a well-formed day to every rule; only its reader can tell."""
    dropped(drop, "hires.csv", hired(1, term_code="2", end_date="2001-01-01"))
    take_all(drop_source(drop, ledger), ledger)
    assert events(ledger) == [("e-1", State.INVALID)]
    line = results(taken(drop)["hires.csv"])[2]
    assert "2001-01-01" in line["usrec_findings"]
    with ledger.begin() as work:
        kept = work.inbox.row((NAME, EventId("e-1"), 1))
    assert kept is not None
    assert "_reader" in json.loads(kept.payload), "examined again, it is refused again"


def test_what_is_declared_of_the_folder_is_read_so(drop: Path, ledger: SqlLedger) -> None:
    options = ReadingOptions(sentinels={"9999-12-31": Sentinel.NONE})
    dropped(drop, "hires.csv", hired(1, end_date="99991231"))
    take_all(drop_source(drop, ledger, options=options), ledger)
    assert events(ledger) == [("e-1", State.PENDING)]


def test_a_file_that_cannot_be_read_as_a_whole_is_refused(drop: Path, ledger: SqlLedger) -> None:
    dropped(drop, "missing.csv", {"event_id": "x", "event_type": "conclusion"})
    dropped(drop, "misspelt.csv", {**hired(1), "end_dat": "2027-01-01"})
    (drop / "empty.csv").write_text(csv_text([hired(1)]).splitlines()[0], "utf-8")
    with structlog.testing.capture_logs() as logs:
        take_all(drop_source(drop, ledger), ledger)
    assert events(ledger) == []
    logged = [one["file"] for one in logs if one["action"] == "files.refused"]
    assert sorted(logged) == sorted(file.name.split(".")[1] for file in taken(drop, "refused").values())
    told = {name: results(file)[0] for name, file in taken(drop, "refused").items()}
    assert {line["usrec_state"] for line in told.values()} == {"refused"}
    assert "contract_key" in told["missing.csv"]["usrec_findings"]
    assert "end_date" in told["misspelt.csv"]["usrec_findings"]
    assert "no row" in told["empty.csv"]["usrec_findings"]


def test_what_another_file_says_again_is_told_and_done_once(drop: Path, ledger: SqlLedger) -> None:
    source = drop_source(drop, ledger)
    dropped(drop, "monday.csv", hired(1))
    take_all(source, ledger)
    dropped(drop, "tuesday.csv", hired(1), hired(2), hired(2, established_post="Кассир"))
    take_all(source, ledger, at_a_time=10)
    assert [name for name, _ in events(ledger)] == ["e-1", "e-2"]
    states = {row: line["usrec_state"] for row, line in results(taken(drop)["tuesday.csv"]).items()}
    assert states == {2: "repeated", 3: "pending", 4: "conflict"}


def test_the_same_name_may_come_every_day(drop: Path, ledger: SqlLedger) -> None:
    source = drop_source(drop, ledger)
    for day in (1, 2):
        dropped(drop, "hires.csv", hired(day))
        take_all(source, ledger)
    assert len([one for one in (drop / "taken").iterdir() if ".result." not in one.name]) == 2
    assert [name for name, _ in events(ledger)] == ["e-1", "e-2"]


def test_results_may_be_read_by_whoever_may_use_the_folder(drop: Path, ledger: SqlLedger) -> None:
    drop.chmod(0o2770)
    dropped(drop, "hires.csv", hired(1))
    take_all(drop_source(drop, ledger), ledger)
    file = taken(drop)["hires.csv"]
    result = file.with_name(f"{file.stem}.result.csv")
    assert stat.S_IMODE(result.stat().st_mode) == 0o660
    assert stat.S_IMODE(result.parent.stat().st_mode) == 0o2770


def test_results_of_a_file_that_hr_took_away_are_written_nowhere(drop: Path, ledger: SqlLedger) -> None:
    source = drop_source(drop, ledger)
    dropped(drop, "hires.csv", hired(1))
    take_all(source, ledger)
    for one in (drop / "taken").iterdir():
        one.unlink()
    with ledger.begin() as work:
        (row_ref,) = work.inbox.row_refs(NAME, [EventId("e-1")]).values()
    source.write_back([_note(row_ref)])
    assert list((drop / "taken").iterdir()) == []


def _note(row_ref: str) -> StatusNote:
    noted_at = datetime(2026, 11, 20, tzinfo=UTC)
    return StatusNote(NAME, row_ref, 1, "accepted", "", "Registered.", "[]", "R-1", None, noted_at)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_result_that_was_saved_in_another_form_is_put_aside_and_stops_nobody(tmp_path: Path, ending: str) -> None:
    result = tmp_path / f"hires.0.result{ending}"
    note = StatusNote(NAME, "0:1", 1, "taken", "", "Принято", "[]", None, None, datetime.now(UTC))
    write_results(result, [(1, note)])
    good = result.read_text("utf-8-sig")
    changed = (
        good.encode("cp1251", "replace"),
        good.replace(";", ",").replace("{", "[").encode(),
        good.replace("+00:00", "").encode(),
        good.replace(note.noted_at.isoformat(), "22.11.2026 20:47").encode(),
    )
    for saved in changed:
        result.write_bytes(saved)
        write_results(result, [(2, note)])
        assert result.with_name(result.name + CHANGED).read_bytes() == saved
        assert "Принято" in result.read_text("utf-8-sig")


def test_what_is_no_result_is_put_aside_and_holds_nobody(tmp_path: Path) -> None:
    """Whoever may drop files may put a pipe there, of which a reader waits for ever, or a file of any size."""
    result = tmp_path / "hires.0.result.csv"
    note = StatusNote(NAME, "0:1", 1, "taken", "", "Принято", "[]", None, None, datetime.now(UTC))

    def pipe() -> None:
        os.mkfifo(result)

    def huge() -> None:
        result.touch()
        os.truncate(result, 10**12)

    for put in (pipe, huge, result.mkdir):
        put()
        write_results(result, [(2, note)])
        assert result.with_name(result.name + CHANGED).exists()
        assert "Принято" in result.read_text("utf-8-sig")
        result.unlink()
        aside = result.with_name(result.name + CHANGED)
        aside.rmdir() if aside.is_dir() else aside.unlink()


def test_a_file_that_is_too_large_is_refused_without_being_read(drop: Path, ledger: SqlLedger) -> None:
    """To read such a file for its digest alone would take longer than any step of the agent may."""
    for name in ("dump.csv", "dump.xlsx"):
        (drop / name).touch()
        os.truncate(drop / name, 10**12)
    dropped(drop, "hires.csv", hired(1))
    assert take_all(drop_source(drop, ledger), ledger) == 1
    assert set(taken(drop, "refused")) == {"dump.csv", "dump.xlsx"}


def test_names_of_any_length_and_in_no_encoding_are_taken(drop: Path, ledger: SqlLedger) -> None:
    dropped(drop, f"{'Я' * 125}.csv", hired(1))
    dropped(drop, os.fsdecode(b"\xff\xfe.csv"), hired(2))
    (drop / os.fsdecode(b"\xff.xlsx")).write_bytes(b"no workbook")
    source = drop_source(drop, ledger)
    assert take_all(source, ledger) == 2
    assert len(list((drop / "taken").glob("*.result.csv"))) == 2
    assert len(list((drop / "refused").glob("*.result.csv"))) == 1


def test_a_folder_that_is_gone_is_told_and_waited_for(drop: Path, ledger: SqlLedger) -> None:
    source = drop_source(drop / "nowhere", ledger)
    with pytest.raises(SourceUnavailable, match="the folder of files cannot be used"):
        source.fetch(10)


def test_a_file_that_may_not_be_read_keeps_no_other_waiting(
    drop: Path, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = DropFolder.take

    def guarded(self: DropFolder, file: Path) -> None:
        if file.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        take(self, file)

    monkeypatch.setattr(DropFolder, "take", guarded)
    dropped(drop, "a.csv", hired(1))
    dropped(drop, "b.csv", hired(2))
    with pytest.raises(SourceUnavailable, match="Permission denied"):
        take_all(drop_source(drop, ledger), ledger)
    assert [name for name, _ in events(ledger)] == ["e-2"]


def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed at its first step, its second and so on, until it comes to its end; each time a sound one goes on."""
    step, survived = 0, False
    while not survived:
        step += 1
        place = tmp_path / str(step)
        (place / "drop").mkdir(parents=True)
        url = f"sqlite:///{place / 'ledger.db'}"
        make_ledger(url)
        dropped(place / "drop", "a.csv", hired(1), hired(2), hired(3))
        dropped(place / "drop", "b.csv", hired(1), hired(4))
        dropped(place / "drop", "bad.csv", {"event_id": "x"})
        survived = survives(place / "drop", url, step)
        _check_all_is_there(place / "drop", url)
    assert step > 15


def _check_all_is_there(drop: Path, url: str) -> None:
    ledger = open_ledger(url)
    try:
        take_all(drop_source(drop, ledger), ledger)
        assert [name for name, _ in events(ledger)] == ["e-1", "e-2", "e-3", "e-4"]
    finally:
        ledger.close()
    assert {row: line["usrec_state"] for row, line in results(taken(drop)["a.csv"]).items()} == dict.fromkeys(
        (2, 3, 4), "pending"
    )
    assert {row: line["usrec_state"] for row, line in results(taken(drop)["b.csv"]).items()} == {
        2: "repeated",
        3: "pending",
    }
    assert results(taken(drop, "refused")["bad.csv"])[0]["usrec_state"] == "refused"
    assert list((drop / "work").iterdir()) == []
