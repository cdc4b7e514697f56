"""The doctor tells how personal data is kept in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from support.ledger_values import a_submission
from support.patient import Patient, provokes
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.care.reencrypt import reencrypt
from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
from usrec.adapters.persistence.engine import create_ledger_engine
from usrec.adapters.persistence.keys_in_use import require_keys
from usrec.adapters.persistence.sealing import KeySealing, sealing_key
from usrec.adapters.persistence.tables import submissions
from usrec.domain.secret import Secret
from usrec.interfaces.doctor import encryption_check as say
from usrec.interfaces.doctor.encryption_check import examine_encryption

OLD, NEW = "1" * 64, "2" * 64
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


@provokes(say.PLAIN, say.PLAIN_LEFT, say.ENCRYPTED, say.OLD_KEYS, say.NO_KEY, say.UNKNOWN)
def test_the_doctor_tells_how_personal_data_is_kept(patient: Patient) -> None:
    assert list(patient.says(examine_encryption)) == ["encryption.unknown"]
    patient.make_ledger()
    assert list(patient.says(examine_encryption)) == ["encryption.off"]
    engine = create_ledger_engine(f"sqlite:///{patient.folder / 'ledger.db'}")
    for keys in ([OLD], [NEW, OLD]):
        sealing = KeySealing(*(sealing_key(Secret(one)) for one in keys))
        require_keys(engine, sealing, NOW)
        name_keys(patient, *keys)
        if keys == [OLD]:
            assert list(patient.says(examine_encryption)) == ["encryption.plain_left"], "the ledger's own key"
            reencrypt(engine, sealing, lambda _, __: None)
        (line,) = patient.says(examine_encryption).values()
        assert line.kind is (say.ENCRYPTED if keys == [OLD] else say.OLD_KEYS)
    engine.dispose()
    name_keys(patient, NEW)
    assert list(patient.says(examine_encryption)) == ["encryption.no_key"]
    name_keys(patient, "no key")
    assert list(patient.says(examine_encryption)) == ["encryption.no_key"]


@provokes(say.PLANTED)
def test_a_plain_value_where_everything_was_encrypted_fails(patient: Patient) -> None:
    patient.make_ledger()
    engine = create_ledger_engine(f"sqlite:///{patient.folder / 'ledger.db'}")
    ledger = SqlLedger(engine, sealing := KeySealing(sealing_key(Secret(OLD))))
    require_keys(engine, sealing, NOW)
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.commit()
    reencrypt(engine, sealing, lambda _, __: None)
    name_keys(patient, OLD)
    assert list(patient.says(examine_encryption)) == ["encryption.on"]
    with engine.begin() as connection:
        connection.execute(update(submissions).values(details='{"employee_iin": "910101300001"}'))
    (line,) = patient.says(examine_encryption).values()
    engine.dispose()
    assert (line.kind, line.values["columns"]) == (say.PLANTED, "submissions.details")


@provokes(say.UNCOUNTED)
def test_a_large_ledger_is_not_read_through_and_that_is_said(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(say, "READ_AT_MOST", 1000)
    monkeypatch.setattr(SealedLedger, "standing", lambda _: pytest.fail("it is too large"))
    patient.make_ledger()
    assert list(patient.says(examine_encryption)) == ["encryption.off"]
    engine = create_ledger_engine(f"sqlite:///{patient.folder / 'ledger.db'}")
    require_keys(engine, sealing := KeySealing(sealing_key(Secret(OLD))), NOW)
    name_keys(patient, OLD)
    assert list(patient.says(examine_encryption)) == ["encryption.plain_left"], "the ledger's own key is closed last"
    reencrypt(engine, sealing, lambda _, __: None)
    engine.dispose()
    (line,) = patient.says(examine_encryption).values()
    assert (line.kind, line.values["size"]) == (say.UNCOUNTED, 1)


def name_keys(patient: Patient, *keys: str) -> None:
    places = []
    for number, key in enumerate(keys):
        file = patient.folder / f"{number}.key"
        file.touch(mode=0o600)
        file.write_text(key, "utf-8")
        places.append({"file": str(file)})
    patient.tables["ledger.encryption"] = {"key": places[0], "old_keys": places[1:]}
