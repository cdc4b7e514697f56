"""`usrec doctor` on the way to the gateway: real servers with everything that can be wrong with them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from support.connect_proxy import Behaviour, ConnectProxy, hangs, refuses, talks_nonsense
from support.gateway_side import TinyServer, reply, reset
from support.made_certificates import make_server
from support.patient import Patient, provokes, provokes_each
from support.simulator_process import SimulatorProcess
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import gateway_check as say
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.gateway_check import examine_gateway

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
UNSEEN = {say.CLOCK_UNKNOWN.id, say.WSDL_UNSEEN.id}
Setting = Callable[[Patient, ExitStack], None]
"""Makes a patient's gateway what a case says it is."""


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


def served_with(since: timedelta, until: timedelta, *, name: str = "127.0.0.1") -> Setting:
    """A server whose certificate is valid between these."""

    def set_up(patient: Patient, stack: ExitStack) -> None:
        folder = make_server(patient.folder / "server", NOW + since, NOW + until, name=name)
        server = stack.enter_context(TinyServer([reply(405, b"")] * 2, pki=folder))
        patient.tables["gateway"] |= {"url": server.url, "ca_file": str(folder / "tls-ca.pem")}

    return set_up


def at(url: str) -> Setting:
    def set_up(patient: Patient, _: ExitStack) -> None:
        patient.tables["gateway"]["url"] = url

    return set_up


def deaf(patient: Patient, stack: ExitStack) -> None:
    """TCP comes up and nothing ever speaks TLS."""
    server = stack.enter_context(TinyServer([], pki=None, deaf=True))
    patient.tables["gateway"] |= {"url": server.url.replace("http:", "https:")}
    patient.tables["gateway"]["timeouts"]["connect"] = 0.3
    stack.callback(server.stopping.set)


@contextmanager
def blurting() -> Iterator[int]:
    """A server that says something at once, as no TLS server does; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"SSH-2.0-elsewhere\r\n")
                connection.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def no_tls(patient: Patient, stack: ExitStack) -> None:
    patient.tables["gateway"]["url"] = f"https://127.0.0.1:{stack.enter_context(blurting())}/"


def hanging_up(patient: Patient, stack: ExitStack) -> None:
    server = stack.enter_context(TinyServer([reset], pki=patient.pki))
    patient.tables["gateway"]["url"] = server.url


def of_another_authority(patient: Patient, stack: ExitStack) -> None:
    served_with(-DAY, DAY)(patient, stack)
    patient.tables["gateway"]["ca_file"] = str(patient.pki / "tls-ca.pem")


def without_authorities(patient: Patient, _: ExitStack) -> None:
    patient.tables["gateway"]["ca_file"] = str(patient.folder / "missing.pem")


def proxied(behaviour: Behaviour) -> Setting:
    def set_up(patient: Patient, stack: ExitStack) -> None:
        proxy = stack.enter_context(ConnectProxy(behaviour))
        patient.tables["gateway.proxy"] = {"url": proxy.url}
        patient.tables["gateway"]["timeouts"] = {"connect": 1, "pool": 1, "write": 0.5, "read": 0.5, "answer": 1}

    return set_up


@provokes_each(
    {
        say.UNUSABLE: without_authorities,
        say.UNRESOLVED: at("https://gateway.invalid/"),
        say.REFUSED: at("https://127.0.0.1:9/"),
        say.TIMEOUT: deaf,
        say.UNREACHABLE: at("https://255.255.255.255/"),
        say.PROXY: proxied(refuses("407 Who are you")),
        say.UNKNOWN_AUTHORITY: of_another_authority,
        say.OTHER_NAME: served_with(-DAY, DAY, name="shep.example"),
        say.EXPIRED: served_with(-2 * DAY, -DAY),
        say.NOT_YET_VALID: served_with(DAY, 2 * DAY),
        say.NO_TLS: no_tls,
        say.SILENT: hanging_up,
    }
)
@provokes(say.CLOCK_UNKNOWN, say.WSDL_UNSEEN)
def test_each_obstacle_has_its_own_line_and_hides_neither_clock_nor_wsdl(
    kind: Kind, case: Setting, patient: Patient
) -> None:
    with ExitStack() as stack:
        case(patient, stack)
        said = patient.says(examine_gateway)
    assert set(said) == {kind.id} | UNSEEN
    assert said[kind.id].advice
    assert "_ssl.c" not in said[kind.id].text


@provokes(say.PROXY)
@pytest.mark.parametrize("behaviour", [hangs, talks_nonsense], ids=["hangs", "talks nonsense"])
def test_a_proxy_that_opens_no_tunnel_is_told_as_the_proxys_fault(behaviour: Behaviour, patient: Patient) -> None:
    with ExitStack() as stack:
        proxied(behaviour)(patient, stack)
        assert set(patient.says(examine_gateway)) == {say.PROXY.id} | UNSEEN


@provokes(say.REFUSED)
def test_a_proxy_that_is_not_there_is_named_instead_of_the_gateway(patient: Patient) -> None:
    patient.tables["gateway"]["url"] = "https://gateway.invalid/"
    patient.tables["gateway.proxy"] = {"url": "http://127.0.0.1:9"}
    assert "127.0.0.1:9 " in patient.says(examine_gateway)["tls.refused"].text


@provokes(say.UNKNOWN_AUTHORITY)
def test_the_gateways_certificate_is_judged_behind_a_proxy_too(patient: Patient) -> None:
    with ExitStack() as stack:
        of_another_authority(patient, stack)
        patient.tables["gateway.proxy"] = {"url": stack.enter_context(ConnectProxy()).url}
        said = patient.says(examine_gateway)
    assert patient.tables["gateway"]["url"].split("/")[2] in said["tls.unknown_authority"].text


@provokes(say.VERIFIED, say.CLOCK_AGREES, say.WSDL_FITS)
def test_the_simulator_is_found_right_in_everything(patient: Patient) -> None:
    patient.clock.set(datetime.now(UTC))
    with SimulatorProcess.start(patient.folder / "sim.db", patient.pki) as simulator:
        patient.tables["gateway"]["url"] = simulator.url
        said = patient.says(examine_gateway)
        assert simulator.registry() == []
    assert list(said) == ["tls.verified", "clock.agrees", "wsdl.fits"]
    assert said["tls.verified"].values["days"] == 364


@provokes(say.ENDS_SOON)
def test_a_server_certificate_that_ends_soon_is_a_warning(patient: Patient) -> None:
    with ExitStack() as stack:
        served_with(-DAY, 20 * DAY)(patient, stack)
        line = patient.says(examine_gateway)["tls.ends_soon"]
    assert (line.values["days"], line.values["until"]) == (20, NOW + 20 * DAY)


@provokes(say.PLAIN)
def test_a_gateway_without_tls_is_a_warning(patient: Patient) -> None:
    with TinyServer([reply(405, b"")] * 2, pki=None) as server:
        patient.tables["gateway"]["url"] = server.url
        assert "tls.plain" in patient.says(examine_gateway)


def told_time(patient: Patient, *headers: str) -> tuple[str, dict[str, object]]:
    """What the doctor says of the clock when the gateway's answer has these headers."""
    with TinyServer([reply(405, b"", headers=headers)] * 2, pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        said = patient.says(examine_gateway)
    (found,) = [line for kind, line in said.items() if kind.startswith("clock.")]
    return found.kind.id, dict(found.values)


@provokes_each({say.CLOCK_AGREES: 29, say.CLOCK_DRIFTS: 32, say.CLOCK_OFF: 302})
@pytest.mark.parametrize("way", [1, -1], ids=["fast", "slow"])
def test_a_clock_that_differs_is_told_by_how_much(kind: Kind, case: int, way: int, patient: Patient) -> None:
    theirs = format_datetime(NOW + way * timedelta(seconds=case), usegmt=True)
    said, values = told_time(patient, f"Date: {theirs}")
    assert said == kind.id
    assert abs(int(str(values["seconds"])) - case) <= 1


@provokes(say.CLOCK_DRIFTS)
def test_a_short_tolerance_warns_at_its_half(patient: Patient) -> None:
    patient.tables["gateway"]["clock_tolerance"] = 20
    said, _ = told_time(patient, f"Date: {format_datetime(NOW + timedelta(seconds=14), usegmt=True)}")
    assert said == "clock.drifts"


@provokes(say.CLOCK_UNKNOWN)
@pytest.mark.parametrize("headers", [[], ["Date: yesterday"]], ids=["none", "nonsense"])
def test_a_gateway_that_tells_no_time_leaves_the_clock_unknown(headers: list[str], patient: Patient) -> None:
    said, _ = told_time(patient, *headers)
    assert said == "clock.unknown"


@provokes(say.WSDL_DIFFERS)
def test_a_gateway_without_our_wsdl_is_a_warning(patient: Patient) -> None:
    with TinyServer([reply(200, b"no wsdl")] * 2, pki=patient.pki) as server:
        patient.tables["gateway"]["url"] = server.url
        said = patient.says(examine_gateway)
        assert b"GET /bip-sync-wss-gost/?wsdl " in server.requests[0]
    assert "could not be understood" in said["wsdl.differs"].text
