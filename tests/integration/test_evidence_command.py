"""What `usrec evidence export` says and leaves behind when something is missing."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import sys
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from kzeds.bundle import layout
from support.operator_desk import UNANSWERED, Desk, registered
from support.plain_settings import PLAIN
from usrec.adapters.evidence.checking import check_evidence
from usrec.application.link_journal import link_journal
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.interfaces.cli.evidence_check import evidence_json


@pytest.fixture
def busy(desk: Desk, pki: Path) -> Desk:
    """Three contracts, of which one is registered and one in doubt, and a key that can sign."""
    keyed = PLAIN.replace('"k"', f'"{pki}/employer.p12"').replace('"kp"', f'"{pki}/employer.password"')
    desk.settings.write_text(keyed, "utf-8")
    for number in (1, 2, 3):
        desk.hire(number)
    desk.take()
    desk.send_one("hire-1", registered())
    desk.send_one("hire-2", UNANSWERED)
    return desk


def names_in(bundle: Path) -> set[str]:
    with zipfile.ZipFile(bundle) as archive:
        return set(archive.namelist())


def test_export_without_the_typesetter_goes_on_and_says_so(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    bundle = busy.folder / "b.zip"
    said = busy.usrec("evidence", "export", "--submission", busy.row("hire-1").id, "-o", str(bundle))
    assert said.code == 0, said.err
    assert "NO ACT (PDF) WAS MADE" in said.out
    assert "usrec-agent[evidence]" in said.out
    assert "act.pdf" not in names_in(bundle)
    (line,) = [line for line in busy.story("hire-1").journal if line.action == "exported"]
    assert line.actor not in {"", "agent"}
    assert "DAMAGED" not in said.out + said.err
    assert json.loads(line.detail).keys() == {"command", "records", "period", "manifest"}


def test_export_of_a_ledger_that_cannot_be_written_stands_and_is_said_loudly(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LedgerUnavailable("the disk is full", where="ledger.db")

    monkeypatch.setattr("usrec.application.record_export.record_export", refuse)
    monkeypatch.setattr("usrec.application.link_journal.link_journal", refuse)
    bundle = busy.folder / "b.zip"
    said = busy.usrec("evidence", "export", "--submission", busy.row("hire-2").id, "-o", str(bundle), "--json")
    assert (said.code, said.json["journaled"], bundle.exists()) == (0, False, True)
    assert "NOT in the journal" in said.err


@pytest.mark.parametrize(
    "scope",
    [[], ["--submission", "x", "--period", "2026-01-01", "2026-01-02"], ["--period", "2026-01-02", "2026-01-01"]],
)
def test_export_needs_one_sensible_scope(busy: Desk, scope: list[str]) -> None:
    bundle = busy.folder / "b.zip"
    assert busy.usrec("evidence", "export", *scope, "-o", str(bundle)).code == 2
    assert busy.usrec("evidence", "export", "--submission", "nobody", "-o", str(bundle)).code == 2
    assert not bundle.exists()


def test_export_without_a_key_writes_nothing(desk: Desk) -> None:
    desk.hire(1)
    desk.take()
    bundle = desk.folder / "b.zip"
    said = desk.usrec("evidence", "export", "--submission", desk.row("hire-1").id, "-o", str(bundle))
    assert (said.code, "--sign-with" in said.err) == (5, True)
    unknown = ("--sign-with", "nobody")
    assert desk.usrec("evidence", "export", "--period", "2026-01-01", "2026-01-02", "-o", "b", *unknown).code == 3
    assert not list(desk.folder.glob("*b.zip*"))


def test_period_asks_the_ledger_no_more_for_many_than_for_few(busy: Desk) -> None:
    """One snapshot, and no question for each submission."""
    from sqlalchemy import event

    asked: list[str] = []
    with busy.ledger.evidence.reading() as reading:
        connection = reading._connection
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        ids = [busy.row(f"hire-{number}").id for number in (1, 2, 3)]
        reading.records(ids[:1])
        for_one = len(asked)
        reading.records(ids)
    assert len(asked) - for_one == for_one


def test_folder_that_is_not_there_is_named(busy: Desk) -> None:
    said = busy.usrec("evidence", "export", "--period", "2026-01-01", "2026-01-02", "-o", "/nowhere/b.zip")
    assert (said.code, "/nowhere/b.zip" in said.err) == (3, True)


def unguarded(desk: Desk, *statements: str) -> None:
    """What whoever owns the ledger's file can do to it."""
    with closing(sqlite3.connect(desk.folder / "ledger.db", isolation_level=None)) as connection:
        for table in ("journal", "journal_batches"):
            for guard in ("no_update", "no_delete", "no_replace"):
                connection.execute(f"DROP TRIGGER {table}_{guard}")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        ("UPDATE journal SET actor = 'x' WHERE seq = 1", "line 1 was edited (batch 1)"),
        ("UPDATE journal_batches SET ranges = 'x'", "batch 1 of the chain was changed, or does not follow"),
    ],
)
def test_export_from_a_damaged_journal_is_labelled_said_loudly_and_ends_with_6(
    busy: Desk, statement: str, damage: str
) -> None:
    link_journal(ledger=busy.ledger, clock=busy.clock)
    unguarded(busy, statement)
    bundle = busy.folder / "b.zip"
    said = busy.usrec("evidence", "export", "--submission", busy.row("hire-3").id, "-o", str(bundle))
    assert (said.code, damage in said.out, damage in said.err) == (6, True, True)
    with zipfile.ZipFile(bundle) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert damage in archive.read("README.txt").decode()
        act = PdfReader(io.BytesIO(archive.read("act.pdf"))).pages[0].extract_text()
    assert manifest["label"] == "contains personal data; MADE FROM A DAMAGED JOURNAL"
    assert damage in manifest["journal"]["damage"]
    assert "БҮЛІНГЕН" in act
    checked = evidence_json(check_evidence(bundle, authorities=None, at=busy.clock.now()), bundle, judged=False)
    assert (checked["journal"]["whole"], checked["notices"]["journal_damaged"]) == (False, 1)


HIDDEN = "UPDATE journal SET submission_id = NULL WHERE seq = (SELECT max(seq) FROM journal WHERE submission_id = '{}')"
EARLIER = "UPDATE journal SET actor = 'x' WHERE seq = 1"
EARLIER_HEADER = "UPDATE journal_batches SET total = total + 1 WHERE number = 1"
AFTER_IT = "UPDATE journal SET actor = 'x' WHERE seq = (SELECT max(seq) FROM journal)"
ALL_BUT_ITS_LAST = HIDDEN.replace("seq = ", "submission_id = '{0}' AND seq < ").replace("'{}'", "'{0}'")
TAKEN_LATE = "UPDATE submissions SET received_at = (SELECT max(received_at) FROM submissions) WHERE id = '{}'"


@pytest.mark.parametrize(
    ("statement", "code"),
    [(EARLIER, 0), (EARLIER_HEADER, 6), (AFTER_IT, 6), (HIDDEN, 6), (ALL_BUT_ITS_LAST, 6), (TAKEN_LATE, 0)],
)
def test_of_a_single_submission_the_journal_is_checked_from_its_intake_on(
    busy: Desk, statement: str, code: int
) -> None:
    def linked() -> None:
        link_journal(ledger=busy.ledger, clock=busy.clock)

    linked()
    busy.clock.advance(timedelta(days=3))
    busy.hire(4)
    busy.take()
    linked()
    busy.send_one("hire-4", registered())
    linked()
    busy.clock.advance(timedelta(days=3))
    busy.hire(5)
    busy.take()
    linked()
    which, bundle = busy.row("hire-4").id, busy.folder / "b.zip"
    unguarded(busy, statement.format(which))
    said = busy.usrec("evidence", "export", "--submission", which, "-o", str(bundle), "--json")
    assert (said.code, said.json["journal"]["from_batch"]) == (code, 1 if statement == EARLIER_HEADER else 2), said.err
    with zipfile.ZipFile(bundle) as archive:
        told = "checked from its batch 2 on" in archive.read("README.txt").decode()
        assert told is (statement != EARLIER_HEADER)
        assert json.loads(archive.read("manifest.json"))["journal"] == said.json["journal"]
    day = kazakhstan_date(busy.clock.now()).isoformat()
    whole = busy.usrec("evidence", "export", "--period", day, day, "-o", str(bundle), "--force", "--json")
    assert (whole.code, whole.json["journal"]["from_batch"]) == (0 if statement == TAKEN_LATE else 6, 1)


def test_a_period_that_no_bundle_can_hold_is_refused_before_anything_is_written_with_parts_that_fit(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.clock.advance(timedelta(days=2))
    busy.hire(4)
    busy.take()
    with busy.ledger.evidence.reading() as reading:
        of_two = reading.volume([busy.row("hire-1").id, busy.row("hire-3").id])
        whole = reading.volume([busy.row(f"hire-{number}").id for number in (1, 2, 3, 4)])
    assert of_two.files == 2 + 2 + 1 + 1, "records, rows, the document and the answer of the one that was sent"
    monkeypatch.setattr(layout, "MAXIMUM_FILES", whole.files - 1 + 500)
    bundle, today = busy.folder / "b.zip", datetime.now(UTC)
    days = [kazakhstan_date(today + timedelta(days=ahead)).isoformat() for ahead in (0, 2)]
    said = busy.usrec("evidence", "export", "--period", *days, "-o", str(bundle))
    assert (said.code, "Export it in 2 parts" in said.err) == (5, True), said.err
    assert not list(busy.folder.glob("*b.zip*"))
    parts = re.findall(r"--period (\S+) (\d{4}-\d\d-\d\d)", said.err)
    assert (parts[0][0], parts[-1][1]) == tuple(days)
    for part in parts:
        again = busy.usrec("evidence", "export", "--period", *part, "-o", str(bundle), "--force")
        assert again.code == 0, again.err
