"""A proxy on the way to the gateway: it opens a tunnel and reads nothing; where it refuses, nothing was sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kzeds.keys.signing_key import SigningKey
from kzeds.test_pki import EMPLOYER_BIN
from support.connect_proxy import (
    Behaviour,
    ConnectProxy,
    hangs,
    hangs_up,
    opens_and_drops,
    refuses,
    talks_nonsense,
)
from support.gateway_side import TinyServer, answer, load_key, reply, reset, say_nothing, sealing_with, signed
from usrec.adapters.gateway.connection import Endpoint, Proxy, Timeouts
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.gateway.shep import CONNECT_TRIES, ShepGateway
from usrec.adapters.gateway.wsdl_check import check_wsdl
from usrec.domain.errors import ConfigurationError
from usrec.domain.message import CorrelationId, Envelope, MessageId
from usrec.domain.outcome import Doubt, NothingSent, Registered, Unknown
from usrec.domain.secret import Secret

WORD = "pröxy-password"
ENVELOPE = Envelope(b"<envelope/>", "digest", MessageId("message-1"), CorrelationId("chain-1"))
SHORT = Timeouts(read=timedelta(milliseconds=200))


@pytest.fixture(scope="module")
def gateway_key(pki: Path) -> SigningKey:
    return load_key(pki, "gateway")


class Way:
    """A gateway behind a proxy, as the agent sees both."""

    def __init__(self, pki: Path, key: SigningKey) -> None:
        self._pki, self._key = pki, key
        self._open: list[ShepGateway] = []
        self.waited: list[float] = []

    def gateway(
        self,
        url: str,
        proxy: str,
        *,
        login: bool = False,
        ca: str = "tls-ca.pem",
        timeouts: Timeouts = SHORT,
        steady: Callable[[], timedelta] | None = None,
    ) -> ShepGateway:
        way = Proxy(proxy, "company", Secret(WORD)) if login else Proxy(proxy)
        endpoint = Endpoint(url, self._pki / ca, timeouts, proxy=way)
        self._open.append(
            ShepGateway(
                endpoint,
                Sender("contract", "company", Secret("sender-password")),
                signer=sealing_with({EMPLOYER_BIN: load_key(self._pki, "employer")}),
                trusted=[self._key.certificate],
                contract_id_path="/*/*[2]/*[1]",
                wait=self.waited.append,
                steady=steady,
            )
        )
        return self._open[-1]

    def close(self) -> None:
        for gateway in self._open:
            gateway.close()


@pytest.fixture
def way(pki: Path, gateway_key: SigningKey) -> Iterator[Way]:
    way = Way(pki, gateway_key)
    yield way
    way.close()


@pytest.fixture
def server(pki: Path, gateway_key: SigningKey) -> AbstractContextManager[TinyServer]:
    return TinyServer([reply(200, signed(answer(), gateway_key))] * 2, pki=pki)


def test_a_request_goes_through_the_tunnel_and_the_proxy_reads_nothing(
    way: Way, server: TinyServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    caplog.set_level(logging.DEBUG)
    with server, ConnectProxy(login=("company", WORD)) as proxy:
        gateway = way.gateway(server.url, proxy.url, login=True)
        assert isinstance(gateway.submit(ENVELOPE), Registered)
        way.close()
    (head,) = proxy.asked
    assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
    assert "sender" not in head
    assert ENVELOPE.body not in proxy.carried
    assert b"POST" not in proxy.carried
    assert ENVELOPE.body in server.requests[0]
    assert b"proxy-authorization" not in server.requests[0].lower()
    assert WORD not in f"{caplog.text} {gateway._endpoint!r}"


def test_the_gateways_certificate_is_verified_behind_the_proxy(way: Way, server: TinyServer) -> None:
    with server, ConnectProxy() as proxy:
        outcome = way.gateway(server.url, proxy.url, ca="nca-ca.pem").submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert "certificate" in outcome.detail
    assert server.requests == []


@pytest.mark.parametrize(
    "behaviour",
    [refuses("407 Who are you"), refuses("502 Bad gateway"), refuses("302 Elsewhere"), hangs, hangs_up, talks_nonsense],
    ids=["asks who", "cannot reach it", "sends elsewhere", "hangs", "hangs up", "talks nonsense"],
)
def test_a_proxy_that_opens_no_tunnel_proves_that_nothing_was_sent(
    behaviour: Behaviour, way: Way, server: TinyServer
) -> None:
    with server, ConnectProxy(behaviour) as proxy:
        outcome = way.gateway(server.url, proxy.url).submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert "the proxy opened no tunnel" in outcome.detail
    assert len(proxy.asked) == 1, "a second question at once would only take time from the lease"
    assert (server.connections, server.requests, way.waited) == (0, [], [])


def test_a_tunnel_that_falls_before_tls_stands_proves_that_nothing_was_sent(way: Way, server: TinyServer) -> None:
    with server, ConnectProxy(opens_and_drops) as proxy:
        outcome = way.gateway(server.url, proxy.url).submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert len(proxy.asked) == CONNECT_TRIES
    assert server.requests == []


def test_a_process_that_stood_still_while_the_tunnel_was_opened_sends_nothing_after_its_lease(
    way: Way, server: TinyServer
) -> None:
    lease_ends = timedelta(seconds=100)
    with server, ConnectProxy() as proxy:
        gateway = way.gateway(server.url, proxy.url, steady=lambda: lease_ends if proxy.asked else timedelta(0))
        outcome = gateway.submit(replace(ENVELOPE, leave_by=lease_ends))
    assert isinstance(outcome, NothingSent)
    assert outcome.held_back
    assert (len(proxy.asked), server.requests) == (1, [])


def test_what_is_within_its_lease_leaves_through_the_tunnel(way: Way, server: TinyServer) -> None:
    with server, ConnectProxy() as proxy:
        gateway = way.gateway(server.url, proxy.url, steady=lambda: timedelta(seconds=99))
        assert isinstance(gateway.submit(replace(ENVELOPE, leave_by=timedelta(seconds=100))), Registered)


def test_a_wrong_password_is_told_and_not_shown(way: Way, server: TinyServer) -> None:
    with server, ConnectProxy(login=("company", "another")) as proxy:
        outcome = way.gateway(server.url, proxy.url, login=True).submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert "407" in outcome.detail
    assert WORD not in outcome.detail


def test_a_proxy_that_is_not_there_proves_that_nothing_was_sent(way: Way) -> None:
    outcome = way.gateway("https://gateway.invalid/", "http://127.0.0.1:1").submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert len(way.waited) == CONNECT_TRIES - 1


def test_a_proxy_whose_own_certificate_nobody_trusts_is_not_used(way: Way, server: TinyServer) -> None:
    with server:
        proxy = f"https://127.0.0.1:{server.port}"
        assert isinstance(way.gateway("https://gateway.invalid/", proxy).submit(ENVELOPE), NothingSent)
    assert server.requests == []


def test_what_breaks_behind_the_tunnel_is_doubt_and_is_never_sent_again(way: Way, pki: Path) -> None:
    with TinyServer([reset], pki=pki) as server, ConnectProxy() as proxy:
        outcome = way.gateway(server.url, proxy.url).submit(ENVELOPE)
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.CONNECTION_LOST
    assert len(server.requests) == 1


def test_silence_behind_the_tunnel_is_doubt_also_on_a_connection_that_is_used_again(
    way: Way, pki: Path, gateway_key: SigningKey
) -> None:
    end = threading.Event()
    script = [reply(200, signed(answer(), gateway_key)), say_nothing(end)]
    with TinyServer(script, pki=pki) as server, ConnectProxy() as proxy:
        gateway = way.gateway(server.url, proxy.url)
        assert isinstance(gateway.submit(ENVELOPE), Registered)
        outcome = gateway.submit(ENVELOPE)
        end.set()
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.TIMEOUT
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost/", "http://gateway.test/"])
def test_plain_http_never_goes_through_a_proxy(way: Way, url: str) -> None:
    with pytest.raises(ConfigurationError, match="is plain http"):
        way.gateway(url, "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "socks5://proxy:1080", "http://", "http://me:pass@proxy", "http://proxy:port"]
)
def test_a_proxys_address_is_http_or_https_with_a_host_alone(way: Way, proxy: str) -> None:
    with pytest.raises(ConfigurationError, match=r"gateway\.proxy: the proxy's address is not") as caught:
        way.gateway("https://gateway.test/", proxy)
    assert "pass" not in caught.value.what


def test_the_wsdl_is_asked_for_through_the_same_proxy(pki: Path) -> None:
    with TinyServer([reply(200, b"no wsdl")], pki=pki) as server, ConnectProxy() as proxy:
        finding = check_wsdl(Endpoint(server.url, pki / "tls-ca.pem", proxy=Proxy(proxy.url)))
    assert not finding.ok
    assert len(proxy.asked) == 1
    assert b"GET /bip-sync-wss-gost/?wsdl " in server.requests[0]
