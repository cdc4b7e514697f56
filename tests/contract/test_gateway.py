"""The gateway port: every end that an exchange can have, and which outcome it is.

One rule matters most: ``NothingSent`` only where no byte of the request can have left, doubt everywhere else, and never
a second copy of a request that may have arrived.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import structlog

from kzeds.errors import SignerUnreachableError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.signers.base import KeySigner
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.wsse import verify_body
from support.gateway_side import (
    Act,
    TinyServer,
    answer,
    fault,
    half,
    head_without_end,
    load_key,
    reply,
    reset,
    say_nothing,
    sealing_with,
    signed,
    trickle,
    vanish,
)
from support.made_certificates import PASSWORD as MADE_PASSWORD
from support.made_certificates import make_key
from support.respx_kept import answering
from usrec.adapters.gateway.connection import Endpoint, Timeouts
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.gateway.probe import GatewayNotSeenError, Stage, look_at
from usrec.adapters.gateway.shep import ANSWER_CAP_BYTES, CONNECT_PAUSE, CONNECT_TRIES, ShepGateway, SignerAt
from usrec.adapters.inmemory.gateway import ScriptedGateway
from usrec.adapters.system_clock import SystemClock
from usrec.domain.errors import ConfigurationError, InvariantViolation, SignerAway, SigningRefused
from usrec.domain.message import CorrelationId, Envelope, MessageId, SignedMessage
from usrec.domain.outcome import Doubt, Faulted, NothingSent, Refused, Registered, SubmissionOutcome, Unknown
from usrec.domain.secret import Secret
from usrec.ports.gateway import Gateway

NOW = datetime.now(UTC)
URL = "https://gateway.test/bip-sync-wss-gost/"
PASSWORD = "sender-password"
DOCUMENT = "<a>Инженер 900101300007</a>".encode()
MESSAGE = SignedMessage(DOCUMENT, "digest", None, MessageId("message-1"), NOW, "fingerprint", NOW)
ENVELOPE = Envelope(b"<envelope/>", "digest", MessageId("message-1"), CorrelationId("chain-1"))
USUAL = Timeouts()
SHORT = Timeouts(
    read=timedelta(milliseconds=200), write=timedelta(milliseconds=200), answer=timedelta(milliseconds=200)
)


NOBODY = sealing_with({})


class Open(Protocol):
    """Opens a gateway at an address."""

    def __call__(
        self,
        url: str,
        *,
        timeouts: Timeouts = ...,
        ca_file: Path | None = ...,
        signer: SignerAt | None = ...,
        steady: Callable[[], timedelta] | None = ...,
    ) -> ShepGateway: ...


@pytest.fixture(scope="module")
def gateway_key(pki: Path) -> SigningKey:
    return load_key(pki, "gateway")


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def open_gateway(pki: Path, gateway_key: SigningKey, waited: list[float]) -> Iterator[Open]:
    opened = []

    def open_(
        url: str,
        *,
        timeouts: Timeouts = USUAL,
        ca_file: Path | None = pki / "tls-ca.pem",
        signer: SignerAt | None = None,
        steady: Callable[[], timedelta] | None = None,
    ) -> ShepGateway:
        gateway = ShepGateway(
            Endpoint(url, ca_file, timeouts),
            Sender("contract", "company", Secret(PASSWORD)),
            signer=signer
            or sealing_with({EMPLOYER_BIN: load_key(pki, "employer"), "expired": load_key(pki, "employer-expired")}),
            trusted=[gateway_key.certificate],
            contract_id_path="/*/*[2]/*[1]",
            wait=waited.append,
            steady=steady,
        )
        opened.append(gateway)
        return gateway

    yield open_
    for gateway in opened:
        gateway.close()


@pytest.fixture
def gateway(open_gateway: Open) -> ShepGateway:
    return open_gateway(URL)


@pytest.fixture
def serve(pki: Path) -> Iterator[Callable[..., TinyServer]]:
    servers: list[TinyServer] = []

    def start(*script: Act, tls: bool = True, host: str = "127.0.0.1", deaf: bool = False) -> TinyServer:
        servers.append(TinyServer(script, pki=pki if tls else None, host=host, deaf=deaf).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def doubt_of(outcome: SubmissionOutcome) -> Doubt:
    assert isinstance(outcome, Unknown)
    return outcome.doubt


# Promises of the port, kept by both gateways


@pytest.fixture(params=["shep", "memory"])
def port(request: pytest.FixtureRequest, gateway: ShepGateway, open_gateway: Open, tmp_path: Path) -> Gateway:
    if request.param == "rsa":
        file, _ = make_key(tmp_path, NOW - timedelta(days=1), NOW + timedelta(days=1))
        key = load_pkcs12(file.read_bytes(), MADE_PASSWORD)
        return open_gateway(URL, signer=sealing_with({EMPLOYER_BIN: key}))
    return gateway if request.param == "shep" else ScriptedGateway()


def seal(port: Gateway, chain: str = "chain-1", at: datetime = NOW) -> Envelope:
    return port.seal(MESSAGE, employer_bin=EMPLOYER_BIN, correlation_id=CorrelationId(chain), at=at)


def test_an_envelope_carries_its_ids_and_digest(port: Gateway) -> None:
    envelope = seal(port)
    assert (envelope.message_id, envelope.correlation_id) == ("message-1", "chain-1")
    assert envelope.digest == hashlib.sha256(envelope.body).hexdigest()


@pytest.mark.parametrize("port", ["rsa", "memory"], indirect=True)
def test_the_same_attempt_is_sealed_to_the_same_bytes(port: Gateway) -> None:
    """With an RSA key; a GOST signature has fresh randomness in it."""
    assert seal(port) == seal(port)
    assert seal(port).digest != seal(port, "chain-2").digest
    assert seal(port).digest != seal(port, at=NOW + timedelta(seconds=1)).digest


# Sealing


def test_the_envelope_is_signed_by_the_employer(gateway: ShepGateway, pki: Path) -> None:
    employer = load_key(pki, "employer").certificate
    verified = verify_body(seal(gateway).body, trusted=[employer])
    (data,) = verified.body.iter("data")
    assert (data.text or "").encode() == DOCUMENT


def test_whoever_is_told_to_signs_the_envelope(open_gateway: Open, pki: Path) -> None:
    transport = load_key(pki, "employer-2")
    gateway = open_gateway(URL, signer=lambda *_: KeySigner(transport))
    for employer in (EMPLOYER_BIN, "unknown"):
        envelope = gateway.seal(MESSAGE, employer_bin=employer, correlation_id=CorrelationId("c"), at=NOW)
        assert verify_body(envelope.body, trusted=None).certificate == transport.certificate


def test_a_key_that_cannot_sign_the_envelope_is_refused(gateway: ShepGateway) -> None:
    with pytest.raises(SigningRefused, match=r"expired|passed") as caught:
        gateway.seal(MESSAGE, employer_bin="expired", correlation_id=CorrelationId("c"), at=NOW)
    assert caught.value.where == "message message-1"


class Silent(KeySigner):
    """A signer that does not answer."""

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        raise SignerUnreachableError("the signer daemon cannot be reached")


def test_a_signer_that_does_not_answer_is_told_apart_and_nothing_was_sent(open_gateway: Open, pki: Path) -> None:
    gateway = open_gateway(URL, signer=lambda *_: Silent(load_key(pki, "employer")))
    with pytest.raises(SignerAway, match=r"daemon cannot be reached.*Nothing was sent"):
        seal(gateway)


# What httpx raises


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]
)
def test_no_connection_means_nothing_was_sent(
    error: type[httpx.TransportError], gateway: ShepGateway, waited: list[float]
) -> None:
    with answering() as router:
        route = router.post(URL).mock(side_effect=error("why"))
        outcome = gateway.submit(ENVELOPE)
    assert outcome == NothingSent(f"{error.__name__}: why")
    assert route.call_count == CONNECT_TRIES
    assert waited == [CONNECT_PAUSE.total_seconds()]


@pytest.mark.parametrize(
    ("error", "doubt"),
    [
        (httpx.ReadTimeout, Doubt.TIMEOUT),
        (httpx.WriteTimeout, Doubt.TIMEOUT),
        (httpx.ReadError, Doubt.CONNECTION_LOST),
        (httpx.WriteError, Doubt.CONNECTION_LOST),
        (httpx.CloseError, Doubt.CONNECTION_LOST),
        (httpx.RemoteProtocolError, Doubt.CONNECTION_LOST),
        (httpx.LocalProtocolError, Doubt.CONNECTION_LOST),
        (httpx.ProxyError, Doubt.CONNECTION_LOST),
        (httpx.DecodingError, Doubt.CONNECTION_LOST),
        (httpx.NetworkError, Doubt.CONNECTION_LOST),
        (httpx.TimeoutException, Doubt.TIMEOUT),
        (ConnectionResetError, Doubt.CONNECTION_LOST),
    ],
)
def test_anything_after_the_connection_is_doubt_and_is_never_sent_again(
    error: type[Exception], doubt: Doubt, gateway: ShepGateway, waited: list[float]
) -> None:
    with answering() as router:
        route = router.post(URL).mock(side_effect=error("why"))
        outcome = gateway.submit(ENVELOPE)
    assert doubt_of(outcome) is doubt
    assert route.call_count == 1
    assert waited == []


def test_doubt_ends_the_tries_that_a_refused_connection_began(gateway: ShepGateway) -> None:
    with answering() as router:
        route = router.post(URL).mock(side_effect=[httpx.ConnectError("no"), httpx.ReadTimeout("late")])
        assert doubt_of(gateway.submit(ENVELOPE)) is Doubt.TIMEOUT
    assert route.call_count == 2


def test_a_second_try_to_connect_may_succeed(gateway: ShepGateway, gateway_key: SigningKey) -> None:
    ok = httpx.Response(200, content=signed(answer(), gateway_key))
    with answering() as router:
        router.post(URL).mock(side_effect=[httpx.ConnectError("no"), ok])
        assert isinstance(gateway.submit(ENVELOPE), Registered)


# What the gateway answers


def submit_to(gateway: ShepGateway, status: int, content: bytes) -> SubmissionOutcome:
    with answering() as router:
        route = router.post(URL).mock(return_value=httpx.Response(status, content=content))
        outcome = gateway.submit(ENVELOPE)
    assert route.call_count == 1
    return outcome


def test_signed_answers_are_registered_refused_or_faulted(gateway: ShepGateway, gateway_key: SigningKey) -> None:
    assert isinstance(submit_to(gateway, 200, signed(answer(), gateway_key)), Registered)
    assert isinstance(submit_to(gateway, 200, signed(answer("SCSE046"), gateway_key)), Refused)
    for status in (500, 503, 200):
        outcome = submit_to(gateway, status, signed(fault("SCE006"), gateway_key))
        assert isinstance(outcome, Faulted)
        assert outcome.code == "SCE006"


def test_a_fault_that_is_not_signed_by_the_gateway_is_doubt(gateway: ShepGateway, pki: Path) -> None:
    for content in (fault("SCE006"), signed(fault("SCE006"), load_key(pki, "stranger"))):
        outcome = submit_to(gateway, 500, content)
        assert isinstance(outcome, Unknown)
        assert (outcome.doubt, outcome.code, outcome.raw) == (Doubt.HTTP_ERROR, "SCE006", content)


def test_a_signed_success_under_an_error_status_is_doubt(gateway: ShepGateway, gateway_key: SigningKey) -> None:
    assert doubt_of(submit_to(gateway, 500, signed(answer(), gateway_key))) is Doubt.HTTP_ERROR


@pytest.mark.parametrize(
    "status", [201, 202, 204, 301, 302, 307, 308, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504]
)
def test_any_other_status_is_doubt(status: int, gateway: ShepGateway, gateway_key: SigningKey) -> None:
    html = b"<html><body>Bad Gateway</body></html>"
    outcome = submit_to(gateway, status, html)
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, outcome.raw) == (Doubt.HTTP_ERROR, html)
    assert str(status) in outcome.detail
    if status < 500:
        assert doubt_of(submit_to(gateway, status, signed(answer(), gateway_key))) is Doubt.HTTP_ERROR


def test_a_good_status_without_a_good_signature_is_doubt(gateway: ShepGateway, pki: Path) -> None:
    assert doubt_of(submit_to(gateway, 200, answer())) is Doubt.SIGNATURE_MISSING
    assert doubt_of(submit_to(gateway, 200, signed(answer(), load_key(pki, "stranger")))) is Doubt.SIGNATURE_INVALID
    assert doubt_of(submit_to(gateway, 200, b"<html/>")) is Doubt.NOT_SOAP
    assert doubt_of(submit_to(gateway, 200, b"")) is Doubt.NOT_SOAP


def test_an_endless_answer_is_cut_at_the_cap(gateway: ShepGateway) -> None:
    outcome = submit_to(gateway, 200, b"x" * (ANSWER_CAP_BYTES + 1))
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, len(outcome.raw)) == (Doubt.NOT_SOAP, ANSWER_CAP_BYTES)


def test_the_request_has_the_headers_that_working_clients_send(gateway: ShepGateway, gateway_key: SigningKey) -> None:
    with answering() as router:
        route = router.post(URL).mock(return_value=httpx.Response(200, content=signed(answer(), gateway_key)))
        gateway.submit(ENVELOPE)
    sent = route.calls.last.request
    assert sent.content == ENVELOPE.body
    assert sent.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert sent.headers["SOAPAction"] == '""'
    assert sent.headers["Accept-Encoding"] == "identity"


# Real sockets


def test_a_registration_over_tls(open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey) -> None:
    server = serve(reply(200, signed(answer(), gateway_key)))
    gateway = open_gateway(server.url)
    envelope = seal(gateway)
    assert isinstance(gateway.submit(envelope), Registered)
    (request,) = server.requests
    assert request.startswith(b"POST /bip-sync-wss-gost/ HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + envelope.body)


def test_a_refused_connection_sent_nothing(open_gateway: Open, waited: list[float]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    outcome = open_gateway(f"https://127.0.0.1:{port}/").submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert len(waited) == CONNECT_TRIES - 1


@pytest.mark.parametrize(("host", "authority"), [("127.0.0.2", "tls-ca.pem"), ("127.0.0.1", "nca-ca.pem")])
def test_a_certificate_for_another_host_or_of_another_authority_sent_nothing(
    host: str, authority: str, open_gateway: Open, serve: Callable[..., TinyServer], pki: Path
) -> None:
    server = serve(host=host)
    outcome = open_gateway(server.url, ca_file=pki / authority).submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
    assert (server.connections, server.requests) == (0, [])


def test_the_systems_authorities_are_trusted_where_none_is_named(
    open_gateway: Open, serve: Callable[..., TinyServer]
) -> None:
    server = serve()
    outcome = open_gateway(server.url, ca_file=None).submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail


def test_a_server_that_never_shakes_hands_sent_nothing(open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    gateway = open_gateway(serve(deaf=True).url, timeouts=Timeouts(connect=timedelta(milliseconds=200)))
    outcome = gateway.submit(ENVELOPE)
    assert isinstance(outcome, NothingSent)
    assert outcome.detail.startswith("ConnectTimeout")


def test_a_busy_pool_sent_nothing(pki: Path, gateway_key: SigningKey, serve: Callable[..., TinyServer]) -> None:
    server = serve()
    server.script.append(say_nothing(server.stopping))
    endpoint = Endpoint(server.url, pki / "tls-ca.pem", Timeouts(pool=timedelta(milliseconds=50)), connections=1)
    sender = Sender("contract", "company")
    gateway = ShepGateway(endpoint, sender, signer=NOBODY, trusted=[gateway_key.certificate], contract_id_path="/*")
    with closing(gateway), ThreadPoolExecutor(1) as pool:
        first = pool.submit(gateway.submit, ENVELOPE)
        server.await_requests(1)
        outcome = gateway.submit(ENVELOPE)
        assert isinstance(outcome, NothingSent)
        assert outcome.detail.startswith("PoolTimeout")
        server.stopping.set()
        assert doubt_of(first.result(10)) is Doubt.CONNECTION_LOST
    assert len(server.requests) == 1


LEASE_ENDS = timedelta(seconds=100)
IN_TIME, TOO_LATE = LEASE_ENDS - timedelta(seconds=1), LEASE_ENDS


@pytest.mark.parametrize("readings", [[TOO_LATE], [IN_TIME, TOO_LATE]], ids=["before", "while it connects"])
def test_a_process_that_stood_still_past_its_lease_sends_nothing(
    readings: list[timedelta], open_gateway: Open, serve: Callable[..., TinyServer], waited: list[float]
) -> None:
    """Meanwhile somebody may have decided that it is not registered."""
    server, left = serve(vanish), list(readings)
    outcome = open_gateway(server.url, steady=lambda: left.pop(0)).submit(replace(ENVELOPE, leave_by=LEASE_ENDS))
    assert isinstance(outcome, NothingSent)
    assert outcome.held_back
    assert (server.requests, waited, left) == ([], [], [])


def test_what_is_within_its_lease_leaves(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    server = serve(reply(200, signed(answer(), gateway_key)))
    gateway = open_gateway(server.url, steady=lambda: IN_TIME)
    assert isinstance(gateway.submit(replace(ENVELOPE, leave_by=LEASE_ENDS)), Registered)


def test_nothing_that_has_a_lease_leaves_without_a_counter(open_gateway: Open) -> None:
    outcome = open_gateway(URL).submit(replace(ENVELOPE, leave_by=LEASE_ENDS))
    assert isinstance(outcome, NothingSent)
    assert outcome.held_back


@pytest.mark.parametrize("end", [vanish, reset])
def test_a_connection_that_ends_without_an_answer_is_doubt(
    end: Act, open_gateway: Open, serve: Callable[..., TinyServer]
) -> None:
    server = serve(end)
    assert doubt_of(open_gateway(server.url).submit(ENVELOPE)) is Doubt.CONNECTION_LOST
    assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("chunked", [True, False])
def test_half_an_answer_is_doubt_and_is_kept(
    chunked: bool, open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    whole = signed(answer(), gateway_key)
    server = serve(half(whole, chunked=chunked))
    outcome = open_gateway(server.url).submit(ENVELOPE)
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.CONNECTION_LOST
    assert outcome.raw == whole[: len(whole) // 2]


def test_a_late_answer_is_doubt(open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    server = serve()
    server.script.append(say_nothing(server.stopping))
    outcome = open_gateway(server.url, timeouts=SHORT).submit(ENVELOPE)
    assert doubt_of(outcome) is Doubt.TIMEOUT
    assert len(server.requests) == 1


def test_an_answer_that_trickles_in_is_doubt(open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    server = serve()
    server.script.append(trickle(server.stopping))
    outcome = open_gateway(server.url, timeouts=SHORT).submit(ENVELOPE)
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.TIMEOUT
    assert set(outcome.raw) == {ord("x")}


@pytest.mark.parametrize("portion", [b"X", b"HTTP/1.1 102 Processing\r\n\r\n"])
def test_a_head_without_an_end_is_doubt(portion: bytes, open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    """The limit between two portions never passes; that of the whole answer does, so that no lease runs out."""
    server = serve(head_without_end(portion))
    assert doubt_of(open_gateway(server.url, timeouts=SHORT).submit(ENVELOPE)) is Doubt.TIMEOUT


def test_a_look_at_a_gateway_whose_head_never_ends_is_cut_off(serve: Callable[..., TinyServer], pki: Path) -> None:
    """Nothing is sent while it is waited for."""
    waits = replace(SHORT, connect=timedelta(milliseconds=200))
    server = serve(head_without_end(b"X"))
    began = time.monotonic()
    with pytest.raises(GatewayNotSeenError) as told:
        look_at(Endpoint(server.url, pki / "tls-ca.pem", waits), SystemClock())
    assert told.value.stage is Stage.WAITING
    assert time.monotonic() - began < 2.5


def test_a_server_that_stops_reading_is_doubt(open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    server = serve(tls=False, deaf=True)
    outcome = open_gateway(server.url, timeouts=SHORT).submit(replace(ENVELOPE, body=b"x" * 64_000_000))
    assert doubt_of(outcome) is Doubt.TIMEOUT


def test_a_kept_connection_that_ends_at_the_next_request_is_doubt_and_not_sent_again(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    ok = reply(200, signed(answer(), gateway_key))
    server = serve(ok, vanish, ok)
    gateway = open_gateway(server.url)
    assert isinstance(gateway.submit(ENVELOPE), Registered)
    assert doubt_of(gateway.submit(ENVELOPE)) is Doubt.CONNECTION_LOST
    assert (server.connections, len(server.requests)) == (1, 2)
    assert isinstance(gateway.submit(ENVELOPE), Registered)
    assert (server.connections, len(server.requests)) == (2, 3)


def test_a_kept_connection_that_ended_before_is_replaced(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    content = signed(answer(), gateway_key)
    server = serve(reply(200, content, keep=False), reply(200, content))
    gateway = open_gateway(server.url)
    assert isinstance(gateway.submit(ENVELOPE), Registered)
    server.await_closed(1)
    assert isinstance(gateway.submit(ENVELOPE), Registered)
    assert (server.connections, len(server.requests)) == (2, 2)


def test_a_redirect_is_not_followed(open_gateway: Open, serve: Callable[..., TinyServer]) -> None:
    elsewhere = serve(reply(200, b""))
    server = serve(reply(307, b"", headers=[f"Location: {elsewhere.url}"]))
    assert doubt_of(open_gateway(server.url).submit(ENVELOPE)) is Doubt.HTTP_ERROR
    assert elsewhere.requests == []


def test_proxies_of_the_environment_are_ignored(
    open_gateway: Open,
    serve: Callable[..., TinyServer],
    gateway_key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = serve(reply(200, signed(answer(), gateway_key)))
    assert isinstance(open_gateway(server.url).submit(ENVELOPE), Registered)


def test_threads_share_one_gateway(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    count = 24
    answers = [signed(answer(data=f"<a><b/><c><d>{number}</d></c></a>"), gateway_key) for number in range(count)]
    server = serve(*(reply(200, content) for content in answers))
    gateway = open_gateway(server.url)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(gateway.submit, [ENVELOPE] * count))
    ids = {outcome.registry_id for outcome in outcomes if isinstance(outcome, Registered)}
    assert ids == {str(number) for number in range(count)}
    assert len(server.requests) == count


# Settings


def test_plain_http_to_loopback_is_taken_with_a_warning(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey
) -> None:
    server = serve(reply(200, signed(answer(), gateway_key)), tls=False)
    with structlog.testing.capture_logs() as logs:
        gateway = open_gateway(server.url)
    assert [(entry["action"], entry["log_level"]) for entry in logs] == [("gateway.plain_http", "warning")]
    assert isinstance(gateway.submit(ENVELOPE), Registered)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "[::1]", "localhost"])
def test_loopback_addresses(host: str, open_gateway: Open) -> None:
    with structlog.testing.capture_logs():
        open_gateway(f"http://{host}:8080/")


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.gov.kz/",
        "http://10.0.0.1/",
        "http://128.0.0.1/",
        "http://0.0.0.0/",
        "http://localhost.gov.kz/",
        "http://127.0.0.1.gov.kz/",
        "http://[::ffff:10.0.0.1]/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gateway.gov.kz",
        "https://",
        "https:///path",
        "https://user:secret-in-url@gateway.gov.kz/",
        "https://gateway.gov.kz/#top",
        "https://gateway.gov.kz:port/",
        f"https://{'a' * 64}.kz/",
        "",
    ],
)
def test_an_address_that_is_not_safe_stops_the_start(url: str, open_gateway: Open) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_gateway(url)
    assert caught.value.where == "gateway.url"
    assert "secret-in-url" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"not PEM"])
def test_authorities_that_cannot_be_read_name_their_file(
    content: bytes | None, open_gateway: Open, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"ca\.pem.*gateway\.ca_file"):
        open_gateway(URL, ca_file=file)


def test_a_gateway_whose_answers_nobody_could_check_is_not_opened() -> None:
    with pytest.raises(ConfigurationError, match=r"gateway\.response_certificate"):
        ShepGateway(Endpoint(URL), Sender("contract", "company"), signer=NOBODY, trusted=[], contract_id_path="/*")


def test_no_log_line_holds_password_document_or_iin(
    open_gateway: Open, serve: Callable[..., TinyServer], gateway_key: SigningKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(reply(200, signed(answer(message="900101300007"), gateway_key)), vanish)
    with structlog.testing.capture_logs() as logs:
        gateway = open_gateway(server.url)
        envelope = seal(gateway)
        outcomes = [gateway.submit(envelope), gateway.submit(envelope)]
    text = f"{caplog.text} {logs} {envelope!r} {outcomes[1]!r} {gateway!r}"
    for word in (PASSWORD, "900101300007", "SendMessage", "Инженер", "request_body=<"):
        assert word not in text


# The script


def test_a_script_is_followed_step_by_step_and_no_further() -> None:
    first, second = NothingSent("no"), Unknown(Doubt.TIMEOUT, "late")
    scripted = ScriptedGateway([first])
    scripted.then(lambda envelope: replace(second, detail=envelope.correlation_id))
    envelope = seal(scripted)
    assert scripted.submit(envelope) == first
    assert scripted.submit(envelope) == replace(second, detail="chain-1")
    assert (scripted.sealed, scripted.submitted) == ([envelope], [envelope, envelope])
    with pytest.raises(InvariantViolation, match="message-1"):
        scripted.submit(envelope)
