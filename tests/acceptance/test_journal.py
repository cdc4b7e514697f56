"""The journal's chain as an administrator meets it: an agent links and signs, and whatever is changed later shows."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.workplace import MakeWorkplace, Workplace, log_records

GUARDS = ("no_update", "no_delete", "no_replace")
COPIED = "at, submission_id, action, from_state, to_state, actor, reason, detail"


@contextmanager
def attacked(workplace: Workplace) -> Iterator[sqlite3.Connection]:
    """A copy of the ledger for whoever owns its file, without its guards; afterwards the ledger is as it was."""
    file = workplace.folder / "ledger.db"
    kept = workplace.folder / "kept.db"
    with closing(sqlite3.connect(file)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, kept)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for table in ("journal", "journal_batches", "journal_heads"):
            for guard in GUARDS:
                connection.execute(f"DROP TRIGGER {table}_{guard}")
        yield connection
    for rest in (file.with_name("ledger.db-wal"), file.with_name("ledger.db-shm")):
        rest.unlink(missing_ok=True)
    shutil.copy(kept, file)


def verified(workplace: Workplace, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = workplace.usrec("journal", "verify", *arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def shifted(connection: sqlite3.Connection, since: int, by: int) -> None:
    """Give later lines other numbers."""
    connection.execute("UPDATE journal SET seq = -(seq + ?) WHERE seq >= ?", (by, since))
    connection.execute("UPDATE journal SET seq = -seq WHERE seq < 0")


def edit(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal SET actor = 'somebody' WHERE seq = 4")


def remove(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal WHERE seq = 4")
    shifted(connection, 5, -1)


def reorder(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal SET seq = -6 WHERE seq = 4")
    connection.execute("UPDATE journal SET seq = 4 WHERE seq = 6")
    connection.execute("UPDATE journal SET seq = 6 WHERE seq = -6")


def insert(connection: sqlite3.Connection) -> None:
    shifted(connection, 4, 1)
    connection.execute(f"INSERT INTO journal (seq, {COPIED}) SELECT 4, {COPIED} FROM journal WHERE seq = 1")  # noqa: S608 -- literals


def cut_off(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal WHERE seq >= 4")


FIVE_WAYS = {"edited": edit, "removed": remove, "reordered": reorder, "inserted": insert, "cut_off": cut_off}


def test_whatever_is_done_to_the_ledger_file_shows(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    workplace.hire(Person(1))
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        *_, signed = [one for one in log_records(workplace.drain()) if one["action"] == "journal.head"]
    heads = tmp_path / "journal-heads.jsonl"
    assert stat.S_IMODE(heads.stat().st_mode) == 0o600
    code, found = verified(workplace)
    assert (code, found["whole"], found["tail"], found["damage"]) == (0, True, 0, None)
    assert found["heads_in_ledger"] == found["heads_outside"] >= 1
    assert found["last_head"]["lines"] == found["lines_linked"] >= 7
    assert signed["hash"] == found["hash"]
    assert found["head_signers"][0].startswith("BIN 200940000013, certificate …")
    _every_attack_shows(workplace)
    _truncation_shows_by_the_heads_outside(workplace, heads)
    _wrong_signatures_show(workplace, heads)
    _lines_are_shown_with_their_batches(workplace)
    _a_torn_last_line_is_told(workplace, heads)


def _every_attack_shows(workplace: Workplace) -> None:
    for kind, attack in FIVE_WAYS.items():
        with attacked(workplace) as connection:
            attack(connection)
            code, found = verified(workplace)
        assert (code, found["whole"]) == (1, False)
        assert (found["damage"]["kind"], found["damage"]["line"]) == (kind, 4)


def _truncation_shows_by_the_heads_outside(workplace: Workplace, heads: Path) -> None:
    """Whoever cuts off the chain's own tables too, and the lines with them, leaves a ledger that is whole in itself."""
    with attacked(workplace) as connection:
        for table in ("journal_heads", "journal_batches", "journal"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 -- literals
        code, found = verified(workplace)
        assert (code, found["damage"]) == (1, None)
        assert (found["head_damage"]["kind"], found["head_damage"]["outside"]) == ("head_cut_off", True)
        aside = heads.rename(heads.with_name("aside"))
        code, found = verified(workplace)
        assert (code, found["whole"], found["heads_file"]) == (0, True, None)
        said = workplace.usrec("journal", "verify", "--heads", str(aside))
        assert said.returncode == 1
        assert "DAMAGED: the chain was cut off: batch 1, whose head was signed, is gone" in said.stdout
        assert "would not show" not in said.stdout, "it did"
        (empty := heads.with_name("empty")).touch()
        said = workplace.usrec("journal", "verify", "--heads", str(empty))
        assert "a chain that was cut off would not show" in said.stdout, "a file without heads proves nothing"
        aside.rename(heads)


def _wrong_signatures_show(workplace: Workplace, heads: Path) -> None:
    kept = heads.read_text("utf-8")
    said = json.loads(kept.splitlines()[-1])
    other = json.loads(said["statement"]) | {"entries": 3}
    forged = json.dumps(other, sort_keys=True, separators=(",", ":"))
    heads.write_text(json.dumps(said | {"statement": forged}) + "\n", "utf-8")
    code, found = verified(workplace)
    assert (code, found["head_damage"]["kind"], found["head_damage"]["outside"]) == (1, "head_signature", True)
    heads.write_text(kept, "utf-8")
    with attacked(workplace) as connection:
        connection.execute("UPDATE journal_heads SET certificate = ?", ("0" * 64,))
        code, found = verified(workplace)
    assert (code, found["head_damage"]["kind"], found["head_damage"]["outside"]) == (1, "head_signature", False)


def _lines_are_shown_with_their_batches(workplace: Workplace) -> None:
    which = workplace.row("hire-1").id
    lines = workplace.ask("journal", "show", "--submission", which, "--limit", "2")
    batch = verified(workplace)[1]["batches"]
    assert [(line["action"], line["batch"]) for line in lines] == [("attempt_closed", batch), ("accept", batch)]
    assert "registered" in workplace.usrec("journal", "show").stdout


def _a_torn_last_line_is_told(workplace: Workplace, heads: Path) -> None:
    heads.write_bytes(heads.read_bytes() + b'{"batch": 2, "ha')
    said = workplace.usrec("journal", "verify")
    assert said.returncode == 0
    assert "1 line of that file cannot be read" in said.stdout
