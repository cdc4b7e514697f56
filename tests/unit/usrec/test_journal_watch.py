"""An agent's journal: linked and signed at intervals, kept outside the ledger; what fails there hinders nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kzeds import KeyKind, load_pkcs12, make_test_pki
from kzeds.answering import make_timestamp
from kzeds.certificate import Certificate
from kzeds.cms import sign_detached
from support.kzeds_authority import http_server
from support.ledger_values import a_line
from support.patient import Patient
from support.signer_daemon import SignerDaemon
from support.signer_daemon import running as daemon_running
from usrec.adapters.heads.file import JournalHeadFile
from usrec.adapters.inmemory.clock import ManualClock
from usrec.application.verify_heads import RESTORED, HeadDamage, HeadsChecked, verify_heads
from usrec.bootstrap import Agent, build_agent
from usrec.domain.chain_head import HeadStatement, Restoring, read_statement
from usrec.domain.errors import StampRefused
from usrec.domain.state import State
from usrec.heads import build_head_checker
from usrec.interfaces import journal_watch as module
from usrec.interfaces.journal_watch import TRIED_AGAIN, JournalWatch
from usrec.ports.chain import SignedHead
from usrec.ports.outgoing import JournalEntry
from usrec.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def patient(tmp_path: Path, pki: Path, clock: ManualClock) -> Patient:
    return Patient(tmp_path, pki, clock)


@contextmanager
def running(patient: Patient) -> Iterator[Agent]:
    """A whole agent with real keys and an empty ledger."""
    patient.write()
    patient.make_ledger()
    agent = build_agent(load_settings(patient.file), clock=patient.clock)
    yield agent
    agent.close()


def write(agent: Agent, *actions: str) -> None:
    with agent.ledger.begin() as work:
        work.journal.append(*(a_line(one, at=agent.clock.now(), to_state=State.PENDING) for one in actions))
        work.commit()


def outside(patient: Patient) -> list[SignedHead | None]:
    file = JournalHeadFile(patient.folder / "journal-heads.jsonl")
    return list(file.heads()) if file.path.exists() else []


def checked(agent: Agent, patient: Patient) -> HeadsChecked:
    return verify_heads(agent.ledger.chain_view, build_head_checker(agent.settings, agent.clock), outside(patient))


def actions(logs: list[Any]) -> list[str]:
    return [one["action"] for one in logs]


def test_a_head_is_signed_at_once_then_each_hour_when_something_was_linked_and_at_the_end(
    patient: Patient, clock: ManualClock
) -> None:
    with running(patient) as agent, capture_logs() as logs:
        watch = JournalWatch()
        for minutes in (0, 1, 58, 2, 60):
            clock.advance(minutes * MINUTE)
            if minutes != 60:
                write(agent, f"after {minutes}")
            watch.look(agent)
        assert actions(logs) == ["journal.head", "journal.head"]
        write(agent, "last")
        watch.finish(agent)
        watch.finish(agent)
        assert actions(logs) == ["journal.head"] * 3
        assert [head.number for head in outside(patient) if head is not None] == [1, 4, 5]
        found = checked(agent, patient)
        assert (found.breach, found.ledger, found.outside) == (None, 3, 3)


def test_heads_are_signed_by_the_transports_own_key_and_dated_by_an_authority(
    patient: Patient, clock: ManualClock, pki: Path
) -> None:
    patient.tables["gateway.transport_key"] = {
        "key_file": str(pki / "employer-2.p12"),
        "key_password": {"file": str(pki / "employer-2.password")},
    }
    authority = load_pkcs12((pki / "tsa.p12").read_bytes(), (pki / "tsa.password").read_text("utf-8").strip())

    def answer(_path: str, body: bytes) -> tuple[int, bytes]:
        return 200, make_timestamp(authority, body, at=clock.now())

    with http_server(answer) as url:
        patient.tables["journal.timestamp"] = {"url": url, "authorities": str(pki / "nca-ca.pem")}
        with running(patient) as agent:
            write(agent, "first")
            JournalWatch().look(agent)
            found = checked(agent, patient)
            (head,) = outside(patient)
            assert head is not None
            transport = agent.signer.transport_key
            assert transport is not None
            assert transport.certificate is not None
            assert head.certificate == transport.certificate.fingerprint
            other = replace(head, timestamp=(head.timestamp or b"")[:-1] + b"?")
            checker = build_head_checker(agent.settings, agent.clock)
            broken = verify_heads(agent.ledger.chain_view, checker, [other])
    assert (found.breach, found.stamped) == (None, 2)
    assert broken.breach is not None
    assert (broken.breach.damage, broken.breach.outside) == (HeadDamage.TIMESTAMP, True)


def test_a_gost_key_signs_heads_too(tmp_path: Path, clock: ManualClock) -> None:
    made = make_test_pki(tmp_path / "pki", now=NOW, kind=KeyKind.GOST_2015).directory
    patient = Patient(tmp_path, made, clock)
    with running(patient) as agent:
        write(agent, "first")
        JournalWatch().look(agent)
        found = checked(agent, patient)
        assert (found.breach, found.ledger, found.outside) == (None, 1, 1)
        assert found.signers[0].startswith("BIN 200940000013, certificate …")
        (head,) = outside(patient)
        assert head is not None
        other = replace(head, statement=head.statement.replace('"entries":1', '"entries":2'))
        checker = build_head_checker(agent.settings, clock)
        forged = verify_heads(agent.ledger.chain_view, checker, [other])
    assert forged.breach is not None
    assert forged.breach.damage is HeadDamage.SIGNATURE


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        ("journal_heads SET signed_at = 'yesterday'", HeadDamage.SIGNATURE),
        ("journal_heads SET signature = 'no bytes'", HeadDamage.SIGNATURE),
        ("journal_batches SET at = 'yesterday'", HeadDamage.OTHER_CHAIN),
    ],
)
def test_head_or_batch_that_was_made_unreadable_is_damage_and_no_crash(
    patient: Patient, change: str, damage: HeadDamage
) -> None:
    with running(patient) as agent:
        write(agent, "first")
        JournalWatch().look(agent)
        with sqlite3.connect(patient.folder / "ledger.db") as connection:
            for table in ("journal_heads", "journal_batches"):
                connection.execute(f"DROP TRIGGER {table}_no_update")
            connection.execute(f"UPDATE {change}")
        connection.close()
        found = checked(agent, patient)
    assert found.breach is not None
    assert (found.breach.damage, found.breach.batch) == (damage, 1)


def test_heads_of_a_key_that_nobody_trusted_issued_are_damage_where_issuers_are_known(
    patient: Patient, clock: ManualClock, tmp_path: Path
) -> None:
    """A made-up certificate may name the same BIN: by mathematics alone such a head is as good as a true one."""
    with running(patient) as agent:
        write(agent, "first")
        JournalWatch().look(agent)
    other = make_test_pki(tmp_path / "other", now=clock.now()).directory
    patient.tables["trust"] = {"authorities": str(other / "nca-ca.pem")}
    with running(patient) as agent:
        found = checked(agent, patient)
        assert found.breach is not None
        assert found.breach.damage is HeadDamage.SIGNATURE


def test_head_signed_outside_its_certificates_dates_is_damage(patient: Patient, clock: ManualClock, pki: Path) -> None:
    with running(patient) as agent:
        write(agent, "first")
        JournalWatch().look(agent)
        (head,) = outside(patient)
        assert head is not None
        checker = build_head_checker(agent.settings, agent.clock)
        key = load_pkcs12((pki / "employer.p12").read_bytes(), (pki / "employer.password").read_text("utf-8").strip())
        late = replace(read_statement(head.statement), at=clock.now() + timedelta(days=4000))
        signature = sign_detached(late.text.encode(), key, at=clock.now())
        forged = replace(head, statement=late.text, signature=signature)
        found = verify_heads(agent.ledger.chain_view, checker, [forged])
    assert found.breach is not None
    assert (found.breach.damage, "expired" in found.breach.why) == (HeadDamage.SIGNATURE, True)


def test_what_fails_is_said_once_and_hinders_nothing(patient: Patient, clock: ManualClock, pki: Path) -> None:
    """Neither a silent authority nor a folder that is not there stops the chain; what was missed is added later."""
    patient.tables["journal.timestamp"] = {"url": "http://127.0.0.1:9/", "authorities": str(pki / "nca-ca.pem")}
    patient.tables["journal"] = {"heads": "later/journal-heads.jsonl", "sign_every": 60}
    with running(patient) as agent, capture_logs() as logs:
        watch = JournalWatch()
        for one in ("first", "second"):
            write(agent, one)
            watch.look(agent)
            clock.advance(TRIED_AGAIN)
        assert actions(logs) == ["journal.stamp_failed", "journal.head", "journal.file_failed", "journal.head"]
        (patient.folder / "later").mkdir()
        watch.look(agent)
        kept = JournalHeadFile(patient.folder / "later" / "journal-heads.jsonl")
        assert [head.number for head in kept.heads() if head is not None] == [1, 2]
        assert agent.ledger.chain_view.tail().lines == 0


def test_a_stamp_that_is_refused_leaves_the_head_without_one(patient: Patient) -> None:
    class Refusing:
        def stamp(self, signature: bytes) -> bytes:
            raise StampRefused("not today")

    with running(patient) as agent:
        object.__setattr__(agent, "head_stamper", Refusing())
        write(agent, "first")
        JournalWatch().look(agent)
        (head,) = outside(patient)
        assert head is not None
        assert head.timestamp is None


def test_keys_that_ncanode_is_sent_sign_no_heads_and_it_is_said(patient: Patient) -> None:
    with running(patient) as agent, capture_logs() as logs:
        for key in agent.signer.held("200940000013"):
            object.__setattr__(key.place, "kind", "ncanode")
        write(agent, "first")
        watch = JournalWatch()
        watch.look(agent)
        watch.finish(agent)
        assert actions(logs) == ["journal.sign_failed"]
        assert "NCANode signs no heads" in logs[0]["event"]
        assert agent.ledger.chain_view.tail().lines == 0


def test_the_signer_daemon_signs_heads_where_its_settings_list_them(
    patient: Patient, clock: ManualClock, pki: Path, tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    daemon = SignerDaemon(tmp_path / "d")
    daemon.set_up(pki, statement_quota="1")
    main = patient.tables["employer.main"]
    for name in ("key_file", "key_password"):
        del main[name]
    main["signer_daemon"] = {"socket": str(daemon.socket), "key": "main"}
    patient.tables["delivery"] = {"lease": 600}
    with running(patient) as agent, capture_logs() as logs:
        watch = JournalWatch()
        write(agent, "first")
        watch.look(agent)
        assert (actions(logs), outside(patient)) == (["journal.sign_failed"], []), "it is away"
        clock.advance(HOUR)
        with daemon_running(daemon):
            watch.look(agent)
            (head,) = outside(patient)
            assert head is not None
            assert head.certificate == Certificate.load(pki / "employer.pem").fingerprint
            assert checked(agent, patient).breach is None
            write(agent, "second")
            clock.advance(HOUR)
            watch.look(agent)
            assert len(outside(patient)) == 1
    assert [one["action"] for one in logs] == ["journal.sign_failed", "journal.head", "journal.sign_failed"]
    assert "main/statements" in logs[-1]["event"], "the daemon's quota is told as it is"
    stated = [line for line in daemon.lines() if line["event"] == "stated"]
    assert [line["document"] for line in stated] == [hashlib.sha256(head.statement.encode()).hexdigest()]


def test_a_fault_in_the_chain_itself_never_reaches_the_agents_threads(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("somebody's name")

    monkeypatch.setattr(module, "link_journal", broken)
    with running(patient) as agent, capture_logs() as logs:
        watch = JournalWatch()
        for _ in range(3):
            watch.look(agent)
        watch.finish(agent)
    assert [(one["action"], one["kind"]) for one in logs] == [("journal.failed", "RuntimeError")]


def test_a_tail_that_is_not_linked_for_too_long_is_told_each_hour(patient: Patient, clock: ManualClock) -> None:
    with running(patient) as agent, agent.ledger.begin() as other:
        other.journal.append(a_line("first", at=NOW - 2 * HOUR))
        other.commit()
        watch = JournalWatch()
        with capture_logs() as logs:
            for _ in range(4):
                watch._tell_tail(agent, clock.now())
                clock.advance(20 * MINUTE)
    assert actions(logs) == ["journal.behind", "journal.behind"]
    assert logs[0]["lines"] == 1


def test_heads_beyond_a_restored_backup_are_excused_and_others_are_not(patient: Patient, clock: ManualClock) -> None:
    with running(patient) as agent:
        watch = JournalWatch()
        for one in ("first", "second"):
            write(agent, one)
            watch.finish(agent)
            clock.advance(HOUR)
    (patient.folder / "ledger.db").rename(patient.folder / "lost.db")
    heads = outside(patient)
    with running(patient) as agent:
        checker = build_head_checker(agent.settings, agent.clock)
        agent.ledger._key._key = _key_of(patient.folder / "lost.db")
        agent.ledger.chain_view._key._key = agent.ledger._key._key
        cut = verify_heads(agent.ledger.chain_view, checker, heads)
        assert cut.breach is not None
        assert (cut.breach.damage, cut.breach.batch) == (HeadDamage.CUT_OFF, 1)
        with agent.ledger.begin() as work:
            detail = '{"backup_head": 1, "outside_head": 2}'
            work.journal.append(JournalEntry(clock.now(), None, RESTORED, None, None, "asel", "disk", detail))
            work.commit()
        invented = verify_heads(agent.ledger.chain_view, checker, heads[1:])
        assert invented.breach is not None
        assert (invented.breach.damage, invented.excused) == (HeadDamage.RESTORING_UNKNOWN, 0)
        other = Restoring(clock.now() - HOUR, 1)
        assert verify_heads(agent.ledger.chain_view, checker, heads[1:], [other]).breach == invented.breach
        told = [Restoring(clock.now(), 1)]
        left = verify_heads(agent.ledger.chain_view, checker, heads[1:], told)
        assert (left.breach, left.excused) == (None, 1)
        cut = verify_heads(agent.ledger.chain_view, checker, heads, told)
        assert cut.breach is not None
        assert cut.breach.batch == 1


def test_restoring_that_is_told_of_the_future_excuses_nothing_that_is_cut_off_later(
    patient: Patient, clock: ManualClock
) -> None:
    with running(patient) as agent:
        with agent.ledger.begin() as work:
            told = clock.now() + 365 * 24 * HOUR
            work.journal.append(JournalEntry(told, None, RESTORED, None, None, "asel", "", '{"backup_head": 1}'))
            work.commit()
        JournalWatch().look(agent)
        clock.advance(HOUR)
        (head,) = outside(patient)
        assert head is not None
        keeping = agent.head_signer
        assert keeping is not None
        later = replace(read_statement(head.statement), batch=2, hash="0" * 64, at=clock.now())
        signed = keeping.sign(later.text.encode(), clock.now())
        gone = replace(head, number=2, hash=later.hash, statement=later.text, signature=signed.signature)
        checker = build_head_checker(agent.settings, agent.clock)
        found = verify_heads(agent.ledger.chain_view, checker, [gone], [Restoring(told, 1)])
    assert found.breach is not None
    assert (found.breach.damage, found.excused) == (HeadDamage.CUT_OFF, 0)


def _key_of(ledger: Path) -> bytes:
    """The ledger's own key, which a restored backup has too."""
    connection = sqlite3.connect(ledger)
    (key,) = connection.execute("SELECT fingerprint_key FROM ledger_meta").fetchone()
    connection.close()
    return bytes(key)


def test_a_torn_line_is_followed_by_a_whole_one(tmp_path: Path) -> None:
    file = JournalHeadFile(tmp_path / "heads.jsonl")
    signed_at = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    text = HeadStatement("l", 1, 1, "aa", signed_at).text
    head = SignedHead(1, "aa", signed_at, "c" * 64, text, b"cms", b"token")
    file.append(head)
    file.path.write_bytes(file.path.read_bytes() + b'{"batch": 2, "sta')
    file.append(head)
    file.append_restoring(Restoring(signed_at, 7))
    assert list(file.heads()) == [head, None, head]
    assert file.restorings() == [Restoring(signed_at, 7)]
    assert file.last() == 1
