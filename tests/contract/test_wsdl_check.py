"""What the start-up check says of an endpoint's WSDL: it warns, it never stops anything."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import respx

from support.connect_proxy import ConnectProxy
from support.gateway_side import Act, TinyServer, reply
from usrec.adapters.gateway.connection import Endpoint, Proxy
from usrec.adapters.gateway.wsdl_apart import check_wsdl_apart
from usrec.adapters.gateway.wsdl_check import check_wsdl
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret

FOLDER = Path(__file__).parents[2] / "schemas" / "shep" / "sync-v10"
MAIN = (FOLDER / "SyncChannel.wsdl").read_text("utf-8")
PART = (FOLDER / "SyncChannelInterface.wsdl").read_text("utf-8")
URL = "https://gateway.test/bip-sync-wss-gost/"
WORD = "of the proxy"
SENDER_ID = '<xs:element name="senderId" type="xs:string"/>'


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


def offer(router: respx.MockRouter, main: str = MAIN, part: str = PART) -> None:
    router.get(URL, params={"wsdl": ""}).respond(200, text=main)
    router.get(f"{URL}SyncChannelInterface.wsdl").respond(200, text=part)


def test_the_published_interface_is_recognised(router: respx.MockRouter) -> None:
    offer(router)
    finding = check_wsdl(Endpoint(URL))
    assert finding.ok, finding.text
    assert "SendMessage" in finding.text


def test_new_optional_elements_are_no_difference(router: respx.MockRouter) -> None:
    more = f'{SENDER_ID}<xs:element name="branch" type="xs:string" minOccurs="0"/>'
    offer(router, part=PART.replace(SENDER_ID, more))
    assert check_wsdl(Endpoint(URL)).ok


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('<wsdl:operation name="SendMessage">', '<wsdl:operation name="sendMessage">', "no operation SendMessage"),
        ('name="serviceId" type', 'name="service" type', "request/requestInfo no longer takes"),
        (SENDER_ID, "", "request/requestInfo/sender no longer takes senderId, password"),
        (
            SENDER_ID,
            f'{SENDER_ID}<xs:element name="otp" type="xs:string"/>',
            "request/requestInfo/sender now asks for otp",
        ),
        ('<xs:element name="data" type="xs:anyType" minOccurs="0"/>', "", "request/requestData no longer takes data"),
        ('element="typ:SendMessage"', 'element="typ:SendMessageResponse"', "the request element"),
    ],
)
def test_a_changed_interface_is_a_warning_that_says_what_changed(
    old: str, new: str, told: str, router: respx.MockRouter
) -> None:
    assert old in PART
    offer(router, MAIN.replace(old, new), PART.replace(old, new))
    finding = check_wsdl(Endpoint(URL))
    assert not finding.ok
    assert told in finding.text


def test_elements_that_became_qualified_are_a_warning(router: respx.MockRouter) -> None:
    old = 'targetNamespace="http://bip.bee.kz/SyncChannel/v10/Types/Request"'
    offer(router, part=PART.replace(old, f'{old} elementFormDefault="qualified"'))
    assert not check_wsdl(Endpoint(URL)).ok


@pytest.mark.parametrize("status", [301, 401, 404, 500])
def test_a_status_other_than_200_is_a_warning(status: int, router: respx.MockRouter) -> None:
    router.get(URL, params={"wsdl": ""}).respond(status)
    finding = check_wsdl(Endpoint(URL))
    assert not finding.ok
    assert f"HTTP status {status}" in finding.text


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_failed_fetch_is_a_warning(error: type[httpx.TransportError], router: respx.MockRouter) -> None:
    router.get(URL, params={"wsdl": ""}).mock(side_effect=error("why"))
    finding = check_wsdl(Endpoint(URL))
    assert not finding.ok
    assert error.__name__ in finding.text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html/>",
        "no XML",
        "<a",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        MAIN.replace('type="itf:ISyncChannel"', 'type="itf:Absent"'),
    ],
)
def test_what_is_no_wsdl_is_a_warning(content: str, router: respx.MockRouter) -> None:
    offer(router, content)
    assert not check_wsdl(Endpoint(URL)).ok


@pytest.mark.parametrize(
    "location",
    ["https://elsewhere.test/a.wsdl", "http://gateway.test/a.wsdl", "file:///etc/passwd", "https://gateway.test:444/a"],
)
def test_imports_from_elsewhere_are_not_followed(location: str, router: respx.MockRouter) -> None:
    offer(router, MAIN.replace('location="SyncChannelInterface.wsdl"', f'location="{location}"'))
    finding = check_wsdl(Endpoint(URL))
    assert not finding.ok
    assert "not followed" in finding.text
    assert len(router.calls) == 1


def test_a_wsdl_without_end_is_not_read_to_it(router: respx.MockRouter) -> None:
    offer(router, MAIN + " " * 2_000_000)
    finding = check_wsdl(Endpoint(URL))
    assert not finding.ok
    assert "bytes" in finding.text


def test_an_unsafe_address_is_an_error_here_too() -> None:
    with pytest.raises(ConfigurationError):
        check_wsdl(Endpoint("http://gateway.test/"))


def test_the_wsdl_is_fetched_over_verified_tls(pki: Path) -> None:
    script: list[Act] = [reply(200, MAIN.encode()), reply(200, PART.encode())]
    with TinyServer(script, pki=pki) as server:
        assert not check_wsdl(Endpoint(server.url, pki / "nca-ca.pem")).ok
        assert server.requests == []
        assert check_wsdl(Endpoint(server.url, pki / "tls-ca.pem")).ok
    assert [request.split(b" ")[1] for request in server.requests] == [
        b"/bip-sync-wss-gost/?wsdl",
        b"/bip-sync-wss-gost/SyncChannelInterface.wsdl",
    ]


def test_another_process_finds_the_same_and_leaves_nothing_behind(pki: Path) -> None:
    script: list[Act] = [reply(200, MAIN.encode()), reply(200, PART.encode())]
    with TinyServer(script, pki=pki) as server:
        assert not check_wsdl_apart(Endpoint(server.url, pki / "nca-ca.pem")).ok
        assert server.requests == []
        there = Endpoint(server.url, pki / "tls-ca.pem")
        code = (
            "import sys; from pathlib import Path; from usrec.adapters.gateway.connection import Endpoint\n"
            "from usrec.adapters.gateway.wsdl_apart import check_wsdl_apart\n"
            "finding = check_wsdl_apart(Endpoint(sys.argv[1], Path(sys.argv[2])))\n"
            "print(finding.ok, 'zeep' in sys.modules, 'requests' in sys.modules)"
        )
        command = [sys.executable, "-c", code, there.url, str(there.ca_file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]


def test_another_process_goes_through_the_proxy_with_its_password(pki: Path) -> None:
    with (
        TinyServer([reply(200, b"no wsdl")], pki=pki) as server,
        ConnectProxy(login=("agent", "of the proxy")) as proxy,
    ):
        way = Proxy(proxy.url, "agent", Secret(WORD))
        finding = check_wsdl_apart(Endpoint(server.url, pki / "tls-ca.pem", proxy=way))
    assert "could not be understood" in finding.text
    assert base64.b64encode(f"agent:{WORD}".encode()).decode() in proxy.asked[0]


def test_what_another_process_cannot_use_is_a_warning() -> None:
    finding = check_wsdl_apart(Endpoint("http://gateway.test/"))
    assert not finding.ok
    assert "plain http" in finding.text


def test_another_process_is_not_waited_for_without_end() -> None:
    finding = check_wsdl_apart(Endpoint(URL), timedelta(milliseconds=1))
    assert not finding.ok
    assert "within 0.001 s" in finding.text


def test_another_process_ends_although_nobody_waits_for_it_any_more(pki: Path) -> None:
    with TinyServer([], pki=pki, deaf=True) as server:
        told = {"seconds": 1, "url": server.url, "ca_file": str(pki / "tls-ca.pem"), "proxy": None}
        command = [sys.executable, "-m", check_wsdl_apart.__module__]
        done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGALRM


def test_another_process_that_cannot_be_started_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    finding = check_wsdl_apart(Endpoint(URL))
    assert not finding.ok
    assert "FileNotFoundError" in finding.text
