"""The simulator as a process: how it starts, ends, dies and comes back, and what it never says."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from kzeds.certificate import Certificate
from kzeds.wsse import sign_body, verify_body
from support.employer_messages import (
    EmployerKeys,
    amendment,
    as_text,
    conclusion,
    envelope,
    message_info,
    new_record_id,
    termination,
)
from support.simulator_process import SimulatorProcess

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


def client_of(pki: Path) -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(cafile=pki / "tls-ca.pem"), headers=HEADERS, timeout=10)


def code_in(response: httpx.Response, pki: Path) -> str:
    body = verify_body(response.content, trusted=[Certificate.load(pki / "gateway.pem")]).body
    return body.findtext(".//status/code") or body.findtext(".//errorCode") or ""


def gone(pid: int, *, within: float) -> bool:
    """Tell whether a process that is not our child ends in time."""
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_ready_line_tells_url_and_port(tmp_path: Path, pki: Path) -> None:
    with SimulatorProcess.start(tmp_path / "r.db", pki) as simulator:
        assert simulator.url == f"https://127.0.0.1:{simulator.port}/bip-sync-wss-gost/"
        with client_of(pki) as client:
            assert client.get(simulator.url).status_code == 405
            assert client.get(simulator.url.replace("bip-sync", "other")).status_code == 404


def test_terminate_ends_cleanly_and_soon_even_with_an_idle_connection(tmp_path: Path, pki: Path) -> None:
    with SimulatorProcess.start(tmp_path / "r.db", pki) as simulator, client_of(pki) as client:
        client.get(f"{simulator.url}?wsdl")
        started = time.monotonic()
        assert simulator.stop() == 0
        assert time.monotonic() - started < 4


def test_port_in_use_is_one_clear_message(tmp_path: Path, pki: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "usrec_simulator", "serve", "--db", str(tmp_path / "r.db")]
        done = subprocess.run(
            [*command, "--pki", str(pki), "--port", str(port)], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_simulator_keeps_what_it_answered(tmp_path: Path, pki: Path) -> None:
    keys = EmployerKeys(pki)
    requests = [keys.request(conclusion(record_id=new_record_id(), number=str(number))) for number in range(5)]
    with client_of(pki) as client:
        first = SimulatorProcess.start(tmp_path / "r.db", pki)
        codes = [code_in(client.post(first.url, content=request), pki) for request in requests[:4]]
        assert first.kill() == -signal.SIGKILL
        assert codes == ["SCSS001"] * 4
        with SimulatorProcess.start(tmp_path / "r.db", pki, port=first.port) as second:
            codes = [code_in(client.post(second.url, content=request), pki) for request in requests]
            assert codes == ["SCSE086"] * 4 + ["SCSS001"]
            assert [row["times_received"] for row in second.registry()] == [2, 2, 2, 2, 1]


@pytest.mark.parametrize("stdin", ["subprocess.PIPE", "subprocess.DEVNULL"])
def test_it_dies_with_a_killed_parent(tmp_path: Path, pki: Path, stdin: str) -> None:
    command = ["-m", "usrec_simulator", "serve", "--db", str(tmp_path / "r.db"), "--pki", str(pki)]
    program = (
        "import subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, *{command!r}, '--die-with-parent'], stdin={stdin},"
        " stdout=subprocess.PIPE, text=True);"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    try:
        assert gone(child, within=5)
    finally:
        if not gone(child, within=0):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        {"Content-Type": "application/xml; charset=utf-8"},
        {"Content-Type": "text/xml", "SOAPAction": "SendMessage"},
        {"Content-Type": "TEXT/XML", "SOAPAction": '"SendMessage"'},
        {"Content-Type": "text/xml", "SOAPAction": ""},
    ],
)
@pytest.mark.parametrize("path", ["bip-sync-wss-gost/", "bip-sync-wss-gost"])
def test_headers_of_working_clients_are_accepted(
    shared: SimulatorProcess, pki: Path, headers: dict[str, str], path: str
) -> None:
    request = EmployerKeys(pki).request(conclusion(record_id=new_record_id(), number=new_record_id()))
    with client_of(pki) as client:
        client.headers.pop("SOAPAction")
        url = shared.url.replace("bip-sync-wss-gost/", path)
        assert code_in(client.post(url, content=request, headers=headers), pki) == "SCSS001"


@pytest.mark.parametrize("headers", [{"Content-Type": "application/json"}, {"SOAPAction": "DeleteEverything"}])
def test_other_headers_are_a_signed_fault(shared: SimulatorProcess, pki: Path, headers: dict[str, str]) -> None:
    with client_of(pki) as client:
        response = client.post(shared.url, content=b"{}", headers=headers)
    assert (response.status_code, code_in(response, pki)) == (500, "SCE001")


def test_data_in_cdata_with_the_default_namespace_is_accepted(shared: SimulatorProcess, pki: Path) -> None:
    keys = EmployerKeys(pki)
    signed = keys.request(conclusion(record_id=new_record_id(), number=new_record_id()))
    inner = verify_body(signed, trusted=None).body.findtext(".//data")
    assert inner is not None
    info = message_info(session="6be367e4-ed29-45a0-a1f6-4e94134325a4")
    plain = envelope(f"<data><![CDATA[{inner}]]></data>", info=info, request='request xmlns=""').decode()
    plain = plain.replace("<typ:SendMessage xmlns:typ=", "<SendMessage xmlns=").replace("/typ:", "/")
    with client_of(pki) as client:
        response = client.post(shared.url, content=sign_body(plain.encode(), keys.key()))
    assert code_in(response, pki) == "SCSS001"


def test_copies_sent_at_once_register_once(shared: SimulatorProcess, pki: Path) -> None:
    number = new_record_id()
    request = EmployerKeys(pki).request(conclusion(record_id=new_record_id(), number=number))
    with client_of(pki) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(shared.url, content=request), range(24)))
    codes = [code_in(answer, pki) for answer in answers]
    assert sorted(codes) == ["SCSE086"] * 23 + ["SCSS001"]
    assert [row["times_received"] for row in shared.registry() if row["number"] == number] == [24]


def test_only_configured_senders_with_their_password_may_send(tmp_path: Path, pki: Path) -> None:
    keys = EmployerKeys(pki)
    (tmp_path / "sender.password").write_text("right\n", "utf-8")
    options = ["--sender", "company", "--password-file", str(tmp_path / "sender.password")]
    with (
        SimulatorProcess.start(tmp_path / "r.db", pki, options=options) as simulator,
        client_of(pki) as client,
    ):
        for password, code in (("wrong", "SBF-AD-1"), ("right", "SCSE001")):
            unsigned = envelope(as_text(conclusion()), info=message_info(password=password))
            response = client.post(simulator.url, content=sign_body(unsigned, keys.key()))
            assert code_in(response, pki) == code


def test_plain_http_serves_loopback_on_demand(tmp_path: Path, pki: Path) -> None:
    with SimulatorProcess.start(tmp_path / "r.db", pki, options=["--plain"]) as simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        request = EmployerKeys(pki).request(conclusion(record_id=new_record_id()))
        assert code_in(httpx.post(simulator.url, content=request, headers=HEADERS), pki) == "SCSS001"


def test_no_personal_data_and_no_message_is_ever_logged(tmp_path: Path, pki: Path) -> None:
    keys, record_id = EmployerKeys(pki), new_record_id()
    messages = [
        keys.request(conclusion(record_id=record_id)),
        keys.request(amendment(record_id, record_id=new_record_id())),
        keys.request(termination(record_id, record_id=new_record_id())),
        keys.request(conclusion(record_id=record_id).replace(b"<iin>", b"<iin><x>").replace(b"</iin>", b"</x></iin>")),
        keys.request(conclusion(record_id=record_id), inner="stranger"),
        b"<broken>900101300007",
    ]
    command = [sys.executable, "-m", "usrec_simulator", "serve", "--db", str(tmp_path / "r.db"), "--pki", str(pki)]
    process = subprocess.Popen(
        [*command, "--verbose"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    with client_of(pki) as client:
        codes = [code_in(client.post(url, content=message), pki) for message in messages]
    process.terminate()
    _, logged = process.communicate(timeout=15)
    assert codes == ["SCSS001", "SCSS001", "SCSS001", "SCE001", "SCSE001", "SCE001"]
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["code"] for line in lines] == codes
    assert {line["action"] for line in lines} == {"request.answered"}
    for secret in ("900101300007", "нженер", "<", "open sesame"):
        assert secret not in logged


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess.start(tmp_path_factory.mktemp("simulator") / "r.db", pki)
    yield simulator
    assert simulator.stop() == 0
