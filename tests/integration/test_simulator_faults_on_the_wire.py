"""Every scripted fault, as a client meets it, and what the registry holds afterwards."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kzeds.certificate import Certificate
from kzeds.errors import SignatureMissingError, UntrustedCertificateError
from kzeds.wsse import verify_body
from kzeds.xml import parse
from support.employer_messages import EmployerKeys, conclusion, new_record_id
from support.simulator_process import SimulatorProcess

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}

SCRIPT = "\n".join(
    f'[[fault]]\nnumber = "{number}"\nlimit = 1\n{rest}'
    for number, rest in {
        "reset-before": 'kind = "reset_before_commit"',
        "reset-after": 'kind = "reset_after_commit"\nseconds = 0.05',
        "gateway-before": 'kind = "bad_gateway_html"',
        "gateway-after": 'kind = "bad_gateway_html"\nwhen = "after"',
        "half": 'kind = "half_answer"',
        "stranger": 'kind = "wrong_signature"',
        "unsigned": 'kind = "unsigned_answer"',
        "shape": 'kind = "unknown_success_shape"',
        "replay": 'kind = "replayed_answer"',
        "delay-before": 'kind = "delay"\nseconds = 0.4',
        "delay-after": 'kind = "delay"\nseconds = 0.4\nwhen = "after"',
        "unknown": 'kind = "unknown_error"',
        "refuse": 'kind = "refuse"\ncode = "SCSE012"',
    }.items()
)


class Wire:
    """A client of one running simulator."""

    def __init__(self, simulator: SimulatorProcess, pki: Path) -> None:
        self.simulator = simulator
        self.keys = EmployerKeys(pki)
        self.gateway = Certificate.load(pki / "gateway.pem")
        self.tls = ssl.create_default_context(cafile=pki / "tls-ca.pem")
        self.client = httpx.Client(verify=self.tls, headers=HEADERS, timeout=10)

    def request(self, number: str) -> bytes:
        return self.keys.request(conclusion(record_id=new_record_id(), number=number))

    def post(self, request: bytes, **options: Any) -> httpx.Response:
        return self.client.post(self.simulator.url, content=request, **options)

    def code(self, request: bytes) -> str:
        """Send and return the status code of an answer that has to be signed by the gateway."""
        return self.status(self.post(request))

    def status(self, response: httpx.Response) -> str:
        verified = verify_body(response.content, trusted=[self.gateway])
        return str(verified.body.findtext(".//status/code"))

    def received(self, number: str) -> int:
        return sum(row["times_received"] for row in self.simulator.registry() if row["number"] == number)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[Wire]:
    folder = tmp_path_factory.mktemp("simulator")
    with SimulatorProcess.start(folder / "r.db", pki, faults=SCRIPT) as simulator:
        wire = Wire(simulator, pki)
        with wire.client:
            yield wire


def read_bare(wire: Wire, request: bytes) -> None:
    """Send over TLS and read below it, where the kernel's own error shows (Python's ssl calls a reset an EOF)."""
    plain = socket.create_connection(("127.0.0.1", wire.simulator.port), timeout=5)
    stream = wire.tls.wrap_socket(plain, server_hostname="127.0.0.1")
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    head = f"POST /bip-sync-wss-gost/ HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(request)}\r\n\r\n"
    stream.sendall(head.encode() + request)
    with socket.socket(fileno=stream.detach()) as bare:
        bare.settimeout(5)
        while bare.recv(65536):
            pass


def test_reset_before_commit_is_a_tcp_reset_and_registers_nothing(wire: Wire) -> None:
    request = wire.request("reset-before")
    with pytest.raises(ConnectionResetError):
        read_bare(wire, request)
    assert wire.received("reset-before") == 0
    assert wire.code(request) == "SCSS001"


def test_reset_after_commit_is_a_tcp_reset_and_the_record_is_there(wire: Wire) -> None:
    request = wire.request("reset-after")
    with pytest.raises(ConnectionResetError):
        read_bare(wire, request)
    assert wire.received("reset-after") == 1
    assert wire.code(request) == "SCSE086"
    assert wire.received("reset-after") == 2


@pytest.mark.parametrize(("number", "registered"), [("gateway-before", 0), ("gateway-after", 1)])
def test_bad_gateway_is_an_html_page(wire: Wire, number: str, registered: int) -> None:
    response = wire.post(wire.request(number))
    assert response.status_code == 502
    assert response.headers["content-type"].startswith("text/html")
    assert "502 Bad Gateway" in response.text
    assert wire.received(number) == registered


def test_half_an_answer_ends_before_its_announced_length(wire: Wire) -> None:
    received: list[bytes] = []
    with wire.client.stream("POST", wire.simulator.url, content=wire.request("half")) as response:
        announced = int(response.headers["content-length"])
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            received.extend(response.iter_raw())
    assert response.status_code == 200
    assert 0 < len(b"".join(received)) < announced
    assert wire.received("half") == 1


def test_wrong_signature_is_right_in_itself_but_a_strangers(wire: Wire) -> None:
    response = wire.post(wire.request("stranger"))
    assert verify_body(response.content, trusted=None).body.findtext(".//status/code") == "SCSS001"
    with pytest.raises(UntrustedCertificateError):
        verify_body(response.content, trusted=[wire.gateway])
    assert wire.received("stranger") == 1


def test_unsigned_answer_has_no_signature(wire: Wire) -> None:
    response = wire.post(wire.request("unsigned"))
    with pytest.raises(SignatureMissingError):
        verify_body(response.content, trusted=None)
    assert b"SCSS001" in response.content
    assert wire.received("unsigned") == 1


def test_unknown_success_shape_is_a_signed_success_without_an_id(wire: Wire) -> None:
    response = wire.post(wire.request("shape"))
    assert wire.status(response) == "SCSS001"
    data = parse(response.content).findtext(".//data")
    assert data is not None
    assert parse(data.encode()).xpath("/*/*[2]/*[1]") == []
    assert wire.received("shape") == 1


def test_replayed_answer_is_an_earlier_one_byte_for_byte(wire: Wire) -> None:
    earlier = wire.post(wire.request("before the replay"))
    replayed = wire.post(wire.request("replay"))
    assert replayed.content == earlier.content
    assert wire.received("replay") == 1


@pytest.mark.parametrize("number", ["delay-before", "delay-after"])
def test_delayed_answer_comes_too_late_but_the_record_is_registered(wire: Wire, number: str) -> None:
    request = wire.request(number)
    with pytest.raises(httpx.ReadTimeout):
        wire.post(request, timeout=httpx.Timeout(10, read=0.15))
    limit = time.monotonic() + 5
    while not wire.received(number) and time.monotonic() < limit:
        time.sleep(0.05)
    assert wire.received(number) == 1
    assert wire.code(request) == "SCSE086"


@pytest.mark.parametrize(("number", "code"), [("unknown", "SCSE002"), ("refuse", "SCSE012")])
def test_scripted_code_is_a_signed_refusal_that_registers_nothing(wire: Wire, number: str, code: str) -> None:
    request = wire.request(number)
    assert wire.code(request) == code
    assert wire.received(number) == 0
    assert wire.code(request) == "SCSS001"


def test_refused_connections_are_refused_by_the_kernel_for_a_while(tmp_path: Path, pki: Path) -> None:
    script = '[[fault]]\nkind = "connection_refused"\nseconds = 1.2\nafter = 1\nlimit = 1'
    with SimulatorProcess.start(tmp_path / "r.db", pki, faults=script) as simulator:
        wire = Wire(simulator, pki)
        with wire.client, httpx.Client(verify=wire.tls, headers=HEADERS) as idle:
            assert idle.post(simulator.url, content=wire.request("1")).status_code == 200
            assert wire.code(wire.request("2")) == "SCSS001"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", simulator.port), timeout=1)
            for client in (idle, wire.client):
                with pytest.raises(httpx.ConnectError):
                    client.post(simulator.url, content=wire.request("3"))
            again = httpx.HTTPTransport(verify=wire.tls, retries=8)
            with httpx.Client(transport=again, headers=HEADERS) as patient:
                assert wire.status(patient.post(simulator.url, content=wire.request("3"))) == "SCSS001"
        assert [row["number"] for row in simulator.registry()] == ["1", "2", "3"]


def test_maintenance_window_answers_503_to_everyone_for_a_while(tmp_path: Path, pki: Path) -> None:
    script = '[[fault]]\nkind = "maintenance_window"\nseconds = 1\nlimit = 1\nnumber = "2"'
    with SimulatorProcess.start(tmp_path / "r.db", pki, faults=script) as simulator:
        wire = Wire(simulator, pki)
        with wire.client:
            first, second = wire.request("1"), wire.request("2")
            assert wire.code(first) == "SCSS001"
            closed = [wire.post(request) for request in (second, first)]
            assert [response.status_code for response in closed] == [503, 503]
            assert all("Envelope" not in response.text for response in closed)
            limit = time.monotonic() + 5
            while (response := wire.post(second)).status_code == 503 and time.monotonic() < limit:
                time.sleep(0.05)
            assert wire.status(response) == "SCSS001"
        assert [row["times_received"] for row in simulator.registry()] == [1, 1]
