"""`usrec doctor --ask`: the one message, what it holds, and what each answer to it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kzeds import Certificate, RevocationStore
from kzeds.wsse import verify_body
from support.gateway_side import TinyServer, answer, fault, load_key, reply, reset, signed
from support.patient import Patient, note, provokes, provokes_each
from support.simulator_process import SimulatorProcess
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.system_clock import SystemEntropy
from usrec.interfaces.doctor import ask_check as say
from usrec.interfaces.doctor.ask_check import ask_usrec
from usrec.interfaces.doctor.finding import Kind, Line
from usrec.interfaces.doctor.trust_check import examine_trust

Change = Callable[[Patient], None]


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))


def ask(patient: Patient) -> Line:
    (line,) = note(list(ask_usrec(patient.installation(), SystemEntropy())))
    return line


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[SimulatorProcess]:
    """A simulator that knows one sender and its password."""
    folder = tmp_path_factory.mktemp("simulator")
    (folder / "password").write_text("the sender's word", "utf-8")
    options = ("--sender", "company", "--password-file", str(folder / "password"))
    with SimulatorProcess.start(folder / "sim.db", pki, options=options) as process:
        yield process


def nothing(_: Patient) -> None:
    """Everything is as it should be."""


def wrong_password(patient: Patient) -> None:
    (patient.folder / "sender.password").write_text("another word", "utf-8")


def unknown_service(patient: Patient) -> None:
    patient.tables["gateway"]["service_id"] = "contracts"


def untrusted_key(patient: Patient) -> None:
    """A key with the employer's BIN that the NCA never issued."""
    key = {
        "key_file": str(patient.pki / "stranger.p12"),
        "key_password": {"file": str(patient.pki / "stranger.password")},
    }
    patient.tables["employer.main"] |= key


def other_certificate(patient: Patient) -> None:
    patient.tables["gateway"]["response_certificate"] = str(patient.pki / "stranger.pem")


@provokes_each(
    {
        say.ANSWERS: nothing,
        say.SENDER: wrong_password,
        say.SERVICE: unknown_service,
        say.TRANSPORT: untrusted_key,
        say.UNTRUSTED: other_certificate,
    }
)
def test_the_simulators_answer_tells_what_is_wrong_and_registers_nothing(
    kind: Kind, case: Change, patient: Patient, simulator: SimulatorProcess
) -> None:
    patient.tables["gateway"]["url"] = simulator.url
    case(patient)
    line = ask(patient)
    assert line.kind is kind
    assert "another word" not in line.text + line.advice
    assert simulator.registry() == []


@provokes(say.ANSWERS)
def test_the_old_profile_asks_in_the_same_way(patient: Patient, simulator: SimulatorProcess) -> None:
    patient.tables["gateway"] |= {"url": simulator.url, "profile": "seen"}
    assert ask(patient).values == {"code": "SCSE001"}


def unknown_sender(patient: Patient) -> None:
    patient.tables["gateway"]["sender_id"] = "somebody"


@provokes(say.SENDER)
def test_an_unknown_sender_is_told_like_a_wrong_password(patient: Patient, simulator: SimulatorProcess) -> None:
    patient.tables["gateway"]["url"] = simulator.url
    unknown_sender(patient)
    assert ask(patient).values == {"code": "SBF-AD-1"}


@provokes_each({say.REGISTERED: "SCSS001", say.OTHER_CODE: "SCSE002"})
def test_a_code_that_usrec_would_not_answer_here_is_told(kind: Kind, case: str, patient: Patient) -> None:
    said = signed(answer(case, correlation=None, date=_now()), load_key(patient.pki, "gateway"))
    with TinyServer([reply(200, said)], pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        assert ask(patient).kind is kind
        assert len(server.requests) == 1, "one message, whatever comes back"


def _now() -> str:
    return datetime.now(UTC).isoformat()


@provokes(say.OTHER_CODE)
@pytest.mark.parametrize("code", ["SCE001", "SCE909", "FAULT-015"])
def test_a_fault_that_says_nothing_of_us_is_a_warning(code: str, patient: Patient) -> None:
    unsigned = fault(code).replace(b"2026-11-20T10:00:00+05:00", _now().encode())
    with TinyServer([reply(500, signed(unsigned, load_key(patient.pki, "gateway")))], pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        assert ask(patient).values == {"code": code}


@provokes(say.NOT_SENT)
def test_a_gateway_that_is_not_there_was_sent_nothing(patient: Patient) -> None:
    assert ask(patient).kind is say.NOT_SENT


@provokes(say.NO_KEY)
def test_without_a_key_that_may_sign_nothing_is_sent(patient: Patient) -> None:
    patient.tables["employer.main"]["key_file"] = str(patient.pki / "employer-expired.p12")
    with TinyServer([], pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        assert ask(patient).kind is say.NO_KEY
        assert server.connections == 0


@provokes(say.UNPREPARED)
def test_without_the_senders_password_nothing_is_sent(patient: Patient) -> None:
    patient.tables["gateway"]["password"] = {"env": "NOT_SET_BY_ANYBODY"}
    assert ask(patient).kind is say.UNPREPARED


@provokes(say.NO_ANSWER)
def test_the_message_holds_no_operation_and_no_signature_of_the_employer(patient: Patient) -> None:
    with TinyServer([reset], pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        ask(patient)
    sent = server.requests[0].partition(b"\r\n\r\n")[2]
    body = verify_body(sent, trusted=[load_key(patient.pki, "employer").certificate]).body
    (data,) = body.iter("data")
    assert data.text == '<n:contractRequest xmlns:n="http://enbek.kz/contract/ws/schemas"/>'
    assert "".join(map(str, body.itertext())).count("<") == 1


@provokes(say.NO_KEY)
def test_with_a_revoked_key_nothing_is_sent(patient: Patient) -> None:
    """The check of trust, which comes before, has found that out."""
    authority = Certificate.load(patient.pki / "nca-ca.pem")
    patient.tables["employer.main"]["key_file"] = str(patient.pki / "employer-revoked.p12")
    patient.tables["trust"] = {"authorities": str(patient.pki / "nca-ca.pem"), "store": "lists"}
    store = RevocationStore(patient.folder / "lists")
    store.import_bytes((patient.pki / "nca.crl").read_bytes(), [authority], at=patient.clock.now())
    with TinyServer([], pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        assert _after_trust(patient).kind is say.NO_KEY
        assert server.connections == 0


@provokes(say.ANSWERS)
def test_where_unknown_is_refused_a_certificate_that_is_known_is_used(
    patient: Patient, simulator: SimulatorProcess
) -> None:
    patient.tables["gateway"]["url"] = simulator.url
    patient.tables["trust"] = {
        "authorities": str(patient.pki / "nca-ca.pem"),
        "ca_file": str(patient.pki / "tls-ca.pem"),
        "ocsp": f"https://127.0.0.1:{simulator.port}/ocsp/",
        "unknown": "refuse",
    }
    assert _after_trust(patient).kind is say.ANSWERS
    del patient.tables["trust"]["ocsp"]
    assert _after_trust(patient).kind is say.NO_KEY


def _after_trust(patient: Patient) -> Line:
    installation = patient.installation()
    assert len(installation.keyring.keys) == 1, "it could be opened"
    list(examine_trust(installation))
    (line,) = note(list(ask_usrec(installation, SystemEntropy())))
    return line
