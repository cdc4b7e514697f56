"""`usrec doctor` on the journal's chain: what is linked, what of it is signed, and what is kept outside the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.ledger_values import a_line
from support.patient import Patient, provokes
from usrec.adapters.heads.file import JournalHeadFile
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.application.link_journal import link_journal
from usrec.domain.chain_head import state_head
from usrec.interfaces.doctor import journal_check as say
from usrec.interfaces.doctor.ledger_check import examine_ledger
from usrec.ports.chain import SignedHead

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    made = Patient(tmp_path, pki, ManualClock(NOW))
    made.make_ledger()
    return made


def ledger_of(patient: Patient) -> SqlLedger:
    return open_ledger(f"sqlite:///{patient.folder / 'ledger.db'}")


def write(patient: Patient, *, linked: bool) -> SignedHead | None:
    """One line of two hours ago, and where it is linked a head of the chain."""
    ledger, head = ledger_of(patient), None
    with ledger.begin() as work:
        work.journal.append(a_line("first", at=NOW - timedelta(hours=2)))
        work.commit()
    if linked:
        link_journal(ledger=ledger, clock=patient.clock)
        with ledger.begin() as work:
            state = work.chain.state()
            text = state_head(ledger.chain_view.ledger_id(), state, NOW).text
            head = SignedHead(state.number, state.hash, NOW, "c" * 64, text, b"cms")
            work.chain.add_head(head)
            work.commit()
    ledger.close()
    return head


def journal_lines(patient: Patient) -> set[str]:
    return {kind for kind in patient.says(examine_ledger) if kind.startswith("journal.")}


@provokes(say.SIGNED)
def test_a_journal_that_is_linked_and_signed_is_right(patient: Patient) -> None:
    write(patient, linked=True)
    assert journal_lines(patient) == {"journal.signed"}


@provokes(say.BEHIND, say.NONE_YET)
def test_lines_that_wait_for_longer_than_their_bound_are_a_warning(patient: Patient) -> None:
    write(patient, linked=False)
    assert journal_lines(patient) == {"journal.behind", "journal.none_yet"}
    patient.tables["journal"] = {"tail_bound": 3 * 3600}
    assert journal_lines(patient) == {"journal.none_yet"}


@provokes(say.CUT_OFF)
def test_a_chain_that_ends_before_a_head_outside_fails(patient: Patient) -> None:
    head = write(patient, linked=True)
    assert head is not None
    file = JournalHeadFile(patient.folder / "journal-heads.jsonl")
    file.append(head)
    assert journal_lines(patient) == {"journal.signed"}
    (patient.folder / "ledger.db").unlink()
    patient.make_ledger()
    assert journal_lines(patient) == {"journal.cut_off"}, "a cut chain has nothing beside it that is right"


@provokes(say.NOT_WANTED)
def test_heads_that_nobody_wants_signed_are_a_warning(patient: Patient) -> None:
    patient.tables["journal"] = {"sign": False}
    assert journal_lines(patient) == {"journal.not_wanted"}


def keep_the_key_in(patient: Patient, place: str, **table: object) -> None:
    main = patient.tables["employer.main"]
    own = {name: main.pop(name) for name in ("key_file", "key_password")}
    main[place] = table | (own if place == "ncanode" else {})


@provokes(say.NO_KEY)
def test_a_key_that_ncanode_is_sent_signs_no_heads(patient: Patient) -> None:
    keep_the_key_in(patient, "ncanode", url="http://127.0.0.1:14579")
    assert journal_lines(patient) == {"journal.no_key"}


def test_a_key_of_a_signer_daemon_may_sign_heads(patient: Patient) -> None:
    keep_the_key_in(patient, "signer_daemon", socket="/run/usrec-signer/sock", key="main")
    assert journal_lines(patient) == {"journal.none_yet"}


@provokes(say.UNSIGNED)
def test_a_head_that_nobody_signed_though_lines_were_linked_is_a_warning(patient: Patient) -> None:
    write(patient, linked=True)
    link_one_more(patient)
    patient.clock.advance(timedelta(hours=2))
    assert "journal.signed" in journal_lines(patient)
    patient.clock.advance(timedelta(seconds=1))
    assert "journal.unsigned" in journal_lines(patient)


def test_a_first_head_that_was_never_signed_is_a_warning(patient: Patient) -> None:
    link_one_more(patient)
    assert journal_lines(patient) == {"journal.unsigned"}


def link_one_more(patient: Patient) -> None:
    ledger = ledger_of(patient)
    with ledger.begin() as work:
        work.journal.append(a_line("more", at=NOW))
        work.commit()
    link_journal(ledger=ledger, clock=patient.clock)
    ledger.close()


@provokes(say.HEADS_UNUSABLE)
def test_a_file_of_heads_that_cannot_be_written_is_a_warning(patient: Patient) -> None:
    patient.tables["journal"] = {"heads": "no-such-folder/heads.jsonl"}
    assert journal_lines(patient) == {"journal.none_yet", "journal.heads_unusable"}


@provokes(say.STAMP_UNUSABLE)
def test_authorities_for_timestamps_that_cannot_be_read_are_a_warning(patient: Patient) -> None:
    patient.tables["journal"] = {"timestamp": {"url": "http://tsp.example", "authorities": "nowhere.pem"}}
    assert journal_lines(patient) == {"journal.none_yet", "journal.stamp_unusable"}


@provokes(say.UNREAD)
def test_nothing_is_known_of_the_journal_of_a_ledger_that_cannot_be_read(patient: Patient) -> None:
    (patient.folder / "ledger.db").unlink()
    assert journal_lines(patient) == {"journal.unread"}
