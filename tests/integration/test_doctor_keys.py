"""`usrec doctor` on the employers' keys, the gateway's certificate, and the orders that appoint who signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from support.made_certificates import PASSWORD, make_key
from support.patient import Patient, provokes, provokes_each
from support.without_libraries import without_libraries
from usrec.adapters.inmemory.clock import ManualClock
from usrec.domain.authority import AuthorityProblem as P
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.renewal import RenewalProblem as R
from usrec.interfaces.doctor import arithmetic_check, authority_check, transport_check
from usrec.interfaces.doctor import keys_check as say
from usrec.interfaces.doctor.arithmetic_check import examine_arithmetic
from usrec.interfaces.doctor.authority_check import PROBLEMS, examine_authorities
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.keys_check import RENEWAL, examine_answer_certificate, examine_keys
from usrec.interfaces.doctor.transport_check import examine_transport_key

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = kazakhstan_date(NOW)
DAY = timedelta(days=1)
OTHER_BIN = "150340000027"


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


def use_key(patient: Patient, file: Path, password: Path) -> None:
    patient.tables["employer.main"] |= {"key_file": str(file), "key_password": {"file": str(password)}}


def use_made_key(patient: Patient, since: timedelta, until: timedelta) -> int:
    """A key that is not the first head's, with these dates; gives its serial number."""
    file, serial = make_key(patient.folder, NOW + since, NOW + until)
    use_key(patient, file, patient.folder / "made.password")
    return serial


@provokes_each(
    {
        say.GOOD: (-DAY, 31 * DAY),
        say.ENDS_SOON: (-DAY, 30 * DAY),
        say.ENDS_NOW: (-DAY, 10 * DAY),
        say.EXPIRED: (-2 * DAY, -DAY),
        say.NOT_YET_VALID: (DAY, 2 * DAY),
    }
)
def test_a_keys_dates_decide(kind: Kind, case: tuple[timedelta, timedelta], patient: Patient) -> None:
    use_made_key(patient, *case)
    said = patient.says(examine_keys)
    assert list(said) == [kind.id]
    assert said[kind.id].about == "main"


def of_nobody(patient: Patient) -> None:
    use_key(patient, patient.folder / "missing.p12", patient.pki / "employer.password")


def locked(patient: Patient) -> None:
    use_key(patient, patient.pki / "employer.p12", patient.pki / "employer-2.password")


def torn(patient: Patient) -> None:
    file = patient.folder / "torn.p12"
    file.touch(mode=0o600)
    file.write_bytes((patient.pki / "employer.p12").read_bytes()[:500])
    use_key(patient, file, patient.pki / "employer.password")


def of_another_algorithm(patient: Patient) -> None:
    """An EC key in an employer's file: a real key of an algorithm that is not built in."""
    make_key(patient.folder, NOW - DAY, NOW + DAY)
    file, word = patient.folder / "ec.p12", BestAvailableEncryption(PASSWORD.encode())
    certificate = _ec_certificate(patient)
    file.touch(mode=0o600)
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"key", certificate[0], certificate[1], None, word))
    use_key(patient, file, patient.folder / "made.password")


def _ec_certificate(patient: Patient) -> tuple[ec.EllipticCurvePrivateKey, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key())
    dated = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    return key, dated.serial_number(7).sign(key, SHA256())


def for_logging_in(patient: Patient) -> None:
    use_key(patient, patient.pki / "employer-auth.p12", patient.pki / "employer.password")


def of_another_employer(patient: Patient) -> None:
    use_key(patient, patient.pki / "employer-2.p12", patient.pki / "employer-2.password")


def without_password(patient: Patient) -> None:
    use_key(patient, patient.pki / "employer.p12", patient.folder / "missing.password")


@provokes_each(
    {
        say.UNREADABLE: of_nobody,
        say.WRONG_PASSWORD: locked,
        say.DAMAGED: torn,
        say.UNKNOWN_ALGORITHM: of_another_algorithm,
        say.AUTH: for_logging_in,
        say.OTHER_EMPLOYER: of_another_employer,
        say.NO_PASSWORD: without_password,
    }
)
def test_a_key_that_cannot_sign_for_the_employer_fails(
    kind: Kind, case: Callable[[Patient], None], patient: Patient
) -> None:
    case(patient)
    said = patient.says(examine_keys)
    assert list(said) == [kind.id]
    assert "{" not in said[kind.id].text + said[kind.id].advice


@provokes(say.OPEN_TO_OTHERS, say.GOOD)
def test_a_key_file_that_others_may_read_is_a_warning(patient: Patient) -> None:
    use_made_key(patient, -DAY, 100 * DAY)
    (patient.folder / "made.p12").chmod(0o644)
    assert list(patient.says(examine_keys)) == ["key.good", "key.open_to_others"]


@provokes(say.EXPIRED, say.GOOD)
def test_one_employers_key_hides_not_anothers(patient: Patient) -> None:
    use_made_key(patient, -2 * DAY, -DAY)
    keys = {
        "key_file": str(patient.pki / "employer-2.p12"),
        "key_password": {"file": str(patient.pki / "employer-2.password")},
    }
    patient.tables["employer.second"] = {"bin": OTHER_BIN, **keys}
    said = patient.says(examine_keys)
    assert {kind: line.about for kind, line in said.items()} == {"key.expired": "main", "key.good": "second"}


def following(patient: Patient, *chain: tuple[timedelta, timedelta], **more: Any) -> None:
    """Keys of these dates, one after another; `more` goes to the last."""
    keys = []
    for number, (since, until) in enumerate(chain):
        folder = patient.folder / f"key-{number}"
        folder.mkdir()
        file, _ = make_key(folder, NOW + since, NOW + until)
        keys.append({"key_file": str(file), "key_password": {"file": str(folder / "made.password")}})
    patient.tables["employer.main"] |= keys[0] | {"next_key": keys[1:]}
    keys[-1].update(more)


@dataclass(frozen=True)
class Chain:
    """Keys by their dates, the last one's first day, and the other lines that are said."""

    keys: tuple[tuple[timedelta, timedelta], ...]
    use_from: date | None = None
    also: tuple[Kind, ...] = ()


OLD, NEW = (-300 * DAY, 5 * DAY), (-DAY, 364 * DAY)


@provokes_each(
    {
        say.FOLLOWS: Chain((OLD, NEW), TODAY + 2 * DAY, also=(say.GOOD,)),
        RENEWAL[R.GAP]: Chain((OLD, NEW), TODAY + 20 * DAY, also=(say.GOOD, say.FOLLOWS)),
        RENEWAL[R.EXPIRED_KEPT]: Chain(((-300 * DAY, -DAY), NEW), also=(say.GOOD,)),
        RENEWAL[R.SUPERSEDED_KEPT]: Chain((OLD, (-20 * DAY, 345 * DAY)), also=(say.GOOD,)),
        RENEWAL[R.NEVER_USED]: Chain((NEW, (-DAY, 100 * DAY)), TODAY + 200 * DAY, also=(say.GOOD,)),
        RENEWAL[R.FAR_OFF]: Chain((NEW, (-DAY, 700 * DAY)), TODAY + 200 * DAY, also=(say.GOOD, say.FOLLOWS)),
    }
)
def test_how_keys_follow_one_another_is_told(kind: Kind, case: Chain, patient: Patient) -> None:
    following(patient, *case.keys, **({} if case.use_from is None else {"use_from": case.use_from}))
    said = patient.says(examine_keys)
    assert set(said) == {one.id for one in (kind, *case.also)}
    assert all(line.about == "main" and "{" not in line.text + line.advice for line in said.values())


@provokes(say.ENDS_NOW)
def test_the_last_of_several_keys_is_the_one_whose_end_counts(patient: Patient) -> None:
    following(patient, (-300 * DAY, 2 * DAY), (-DAY, 8 * DAY))
    assert list(patient.says(examine_keys)) == ["key.ends_now"]


@provokes(say.ENDS_NOW, RENEWAL[R.NEVER_USED])
def test_key_that_never_signs_hides_not_the_end_of_the_one_before(patient: Patient) -> None:
    following(patient, OLD, NEW, use_from=TODAY + 400 * DAY)
    assert list(patient.says(examine_keys)) == ["key.ends_now", "key.never_used"]


@provokes(say.ENDS_NOW)
def test_keys_that_end_together_hide_not_their_end(patient: Patient) -> None:
    following(patient, (-300 * DAY, 5 * DAY), (-DAY, 5 * DAY))
    assert list(patient.says(examine_keys)) == ["key.ends_now"]


@provokes(say.ENDS_NOW, say.GOOD)
def test_an_older_key_that_outlives_the_newest_hides_not_the_end_of_both(patient: Patient) -> None:
    following(patient, (-300 * DAY, 6 * DAY), (-DAY, 5 * DAY))
    assert set(patient.says(examine_keys)) == {"key.good", "key.ends_now"}


@provokes(say.NONE_NOW, RENEWAL[R.EXPIRED_KEPT], RENEWAL[R.GAP])
def test_a_valid_key_whose_day_has_not_come_is_not_good_when_the_one_before_it_has_ended(patient: Patient) -> None:
    following(patient, (-300 * DAY, -DAY), NEW, use_from=TODAY + 3 * DAY)
    assert set(patient.says(examine_keys)) == {"key.none_now", "key.expired_kept", "key.gap"}


@provokes(say.WRONG_PASSWORD, say.GOOD)
def test_a_next_key_that_cannot_be_opened_is_told_beside_the_good_one(patient: Patient) -> None:
    following(patient, NEW, NEW, key_password={"file": str(patient.pki / "employer.password")})
    assert set(patient.says(examine_keys)) == {"key.good", "key.wrong_password"}


@provokes(say.AWAY)
def test_a_signer_daemon_that_is_down_is_told(patient: Patient) -> None:
    main = patient.tables["employer.main"]
    patient.tables["employer.main"] = {"bin": main["bin"], "signer_daemon": {"socket": "no.sock", "key": "main"}}
    (line,) = patient.says(examine_keys).values()
    assert line.kind is say.AWAY
    assert "no.sock" in line.text


@provokes(say.REFUSED)
def test_a_token_without_its_library_is_told(patient: Patient) -> None:
    pin = {"file": str(patient.pki / "employer.password")}
    token = {"library": "no.so", "token": "hr", "key": "main", "pin": pin}
    patient.tables["employer.main"] = {"bin": patient.tables["employer.main"]["bin"], "token": token}
    (line,) = patient.says(examine_keys).values()
    assert line.kind is say.REFUSED
    assert "token hr, key main" in line.text


@provokes(say.WRONG_PASSWORD)
def test_a_key_of_ncanode_is_opened_here_before_it_is_sent_anywhere(patient: Patient) -> None:
    word = {"file": str(patient.pki / "employer-2.password")}
    node = {"url": "http://127.0.0.1:9", "key_file": str(patient.pki / "employer.p12"), "key_password": word}
    patient.tables["employer.main"] = {"bin": patient.tables["employer.main"]["bin"], "ncanode": node}
    assert list(patient.says(examine_keys)) == ["key.wrong_password"]


def transport(patient: Patient, since: timedelta, until: timedelta) -> None:
    file, _ = make_key(patient.folder, NOW + since, NOW + until)
    key = {"key_file": str(file), "key_password": {"file": str(patient.folder / "made.password")}}
    patient.tables["gateway"]["transport_key"] = key


@provokes(transport_check.EMPLOYERS_OWN)
def test_without_a_key_of_its_own_an_envelope_has_the_employers(patient: Patient) -> None:
    assert list(patient.says(examine_transport_key)) == ["transport_key.employers_own"]


@provokes(say.OWNER)
@provokes_each(
    {
        transport_check.TRANSPORT_GOOD: NEW,
        transport_check.TRANSPORT_ENDS_SOON: OLD,
        transport_check.TRANSPORT_UNUSABLE: (-300 * DAY, -DAY),
    }
)
def test_where_the_owner_signs_only_the_key_of_the_envelopes_is_here(
    kind: Kind, case: tuple[timedelta, timedelta], patient: Patient
) -> None:
    patient.tables["employer.main"] = {"bin": patient.tables["employer.main"]["bin"], "owner": {}}
    transport(patient, *case)
    assert list(patient.says(examine_keys)) == ["key.owner"]
    assert list(patient.says(examine_transport_key)) == [kind.id]


@provokes(transport_check.TRANSPORT_UNUSABLE)
@pytest.mark.parametrize("place", ["missing file", "not valid yet", "auth"])
def test_a_key_that_cannot_sign_envelopes_fails(place: str, patient: Patient) -> None:
    transport(patient, DAY, 2 * DAY)
    if place == "missing file":
        (patient.folder / "made.p12").unlink()
    if place == "auth":
        word = {"file": str(patient.pki / "employer.password")}
        patient.tables["gateway"]["transport_key"] = {
            "key_file": str(patient.pki / "employer-auth.p12"),
            "key_password": word,
        }
    assert list(patient.says(examine_keys)) == ["key.good"]
    assert list(patient.says(examine_transport_key)) == ["transport_key.unusable"]


def test_keys_are_opened_once_for_all_checks(patient: Patient) -> None:
    """A token that refused a PIN must not be asked again: it counts."""
    installation = patient.installation()
    assert installation.keyring is installation.keyring


@provokes_each(
    {
        say.ANSWERS_GOOD: (-DAY, 31 * DAY),
        say.ANSWERS_END_SOON: (-DAY, 5 * DAY),
        say.ANSWERS_EXPIRED: (-2 * DAY, -DAY),
        say.ANSWERS_NOT_YET: (DAY, 2 * DAY),
    }
)
def test_the_dates_of_the_certificate_that_answers_are_believed_by(
    kind: Kind, case: tuple[timedelta, timedelta], patient: Patient
) -> None:
    make_key(patient.folder, NOW + case[0], NOW + case[1])
    patient.tables["gateway"]["response_certificate"] = str(patient.folder / "made.pem")
    assert list(patient.says(examine_answer_certificate)) == [kind.id]


@provokes(say.ANSWERS_UNREADABLE)
@pytest.mark.parametrize("content", [None, b"nothing of the kind"], ids=["missing", "no certificate"])
def test_a_certificate_that_cannot_be_read_fails(content: bytes | None, patient: Patient) -> None:
    if content is not None:
        (patient.folder / "answers.pem").write_bytes(content)
    patient.tables["gateway"]["response_certificate"] = "answers.pem"
    assert list(patient.says(examine_answer_certificate)) == ["answer_certificate.unreadable"]


@dataclass(frozen=True)
class Office:
    """What is on record, and how long the key still lasts."""

    orders: tuple[dict[str, Any], ...] = ()
    by_head: bool = False
    key_lasts: timedelta = timedelta(days=300)


def order(number: str = "12-k", since: date = TODAY - 100 * DAY, **more: Any) -> dict[str, Any]:
    return {"number": number, "dated": since, "valid_from": since} | more


DEPUTY = order("13-k", deputy=True)


@provokes_each(
    {
        PROBLEMS[P.NO_ORDER]: Office((DEPUTY,)),
        PROBLEMS[P.ORDER_LAPSED]: Office((order(valid_until=TODAY - DAY), DEPUTY)),
        PROBLEMS[P.ORDER_LAPSES]: Office((order(valid_until=TODAY + DAY), DEPUTY)),
        PROBLEMS[P.ORDER_NOT_YET]: Office((order(since=TODAY + DAY), DEPUTY)),
        PROBLEMS[P.NO_DEPUTY]: Office((order(),)),
        PROBLEMS[P.DEPUTY_LAPSED]: Office((order(), DEPUTY | {"valid_until": TODAY - DAY})),
        PROBLEMS[P.DEPUTY_LAPSES]: Office((order(), DEPUTY | {"valid_until": TODAY + DAY})),
        PROBLEMS[P.DEPUTY_NOT_YET]: Office((order(), order("13-k", TODAY + DAY, deputy=True))),
        PROBLEMS[P.BACKDATED]: Office((order(dated=TODAY), DEPUTY)),
        PROBLEMS[P.OVERLAP]: Office((order(), order("14-k", TODAY - DAY), DEPUTY)),
        PROBLEMS[P.CERTIFICATE_NOT_NAMED]: Office((order(certificate="1f"), DEPUTY | {"certificate": "2f"})),
        PROBLEMS[P.CERTIFICATE_ENDS_FIRST]: Office((order(), DEPUTY), key_lasts=5 * DAY),
        PROBLEMS[P.HEAD_NOT_SHOWN]: Office(by_head=True),
    }
)
def test_each_gap_in_the_authority_to_sign_is_a_warning(kind: Kind, case: Office, patient: Patient) -> None:
    use_made_key(patient, -DAY, case.key_lasts)
    patient.tables["employer.main"] |= {"signed_by_head": case.by_head, "order": list(case.orders)}
    said = patient.says(examine_authorities)
    assert kind.id in said
    assert said[kind.id].about == "main"
    assert "{" not in said[kind.id].text + said[kind.id].advice


@provokes(authority_check.COVERED)
def test_orders_that_cover_the_signer_are_right(patient: Patient) -> None:
    serial = use_made_key(patient, -DAY, 300 * DAY)
    orders = [order(certificate=f"{serial:x}"), DEPUTY]
    patient.tables["employer.main"]["order"] = orders
    assert list(patient.says(examine_authorities)) == ["authority.covered"]


@provokes(authority_check.COVERED)
def test_the_first_heads_own_key_needs_no_order(patient: Patient) -> None:
    assert list(patient.says(examine_authorities)) == ["authority.covered"]


def test_every_problem_of_the_authority_is_provoked_here() -> None:
    assert set(PROBLEMS) == set(P)


@provokes(arithmetic_check.SLOW)
def test_a_machine_without_libraries_is_told_that_gost_is_slow(patient: Patient) -> None:
    with without_libraries():
        patient.says(examine_arithmetic)


@provokes(arithmetic_check.FAST)
def test_libraries_that_calculate_gost_are_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzeds.gost.native.names", lambda: {"curves": "libcrypto"})
    assert "curves: libcrypto" in patient.says(examine_arithmetic)["arithmetic.fast"].text
