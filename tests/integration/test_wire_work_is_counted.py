"""What one exchange costs in things that can be counted: the same on every machine, and nothing twice.

Keys, schema, certificates and authorities are read when the agent starts; no exchange reads a file.
"""

from __future__ import annotations

import builtins
import io
import os
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from kzeds import certificate, rsa
from kzeds.gost import native, scheme
from kzeds.gost.curves import GOST_2015_512
from kzeds.gost.eds import GOST_2015
from kzeds.gost.native import LibCrypto, libcrypto
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.signers import base
from kzeds.test_pki import EMPLOYER_BIN, KeyKind, TestPki, make_test_pki
from support.gateway_side import TinyServer, answer, reply, signed
from support.sample_events import details_of_sample
from usrec.adapters.gateway.connection import Endpoint
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.gateway.shep import ShepGateway
from usrec.adapters.rendering import profile
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.adapters.signing import pkcs12
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.places import key_file_place
from usrec.adapters.system_clock import SystemClock
from usrec.adapters.trust.book import TrustBook
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import Registered
from usrec.domain.secret import Secret
from usrec.domain.source_event import Conclusion, ContractKey, EventId, Operation, SourceName, dump_details
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId
from usrec.domain.trust import TrustPolicy, UnknownPolicy

EXCHANGES = 10
_SAMPLE = details_of_sample(Operation.CONCLUSION)
assert isinstance(_SAMPLE, Conclusion)
CONCLUSION = Submission(
    id=SubmissionId("s-1"),
    source=SourceName("hr"),
    row_ref="1",
    event_id=EventId("e-1"),
    revision=1,
    operation=Operation.CONCLUSION,
    employer=None,
    employer_bin=EMPLOYER_BIN,
    contract_key=ContractKey("k-1"),
    position=0,
    state=State.PENDING,
    details=dump_details(replace(_SAMPLE, supporting_document=None, supporting_document_name=None)),
    withdrawn=False,
    received_at=datetime(2026, 11, 20, tzinfo=UTC),
)
Count = Callable[[Any, str, str], None]


@pytest.fixture(params=[KeyKind.GOST_2015, KeyKind.RSA], ids=["GOST", "RSA"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> TestPki:
    return make_test_pki(tmp_path / "pki", now=datetime.now(UTC), kind=request.param)


@pytest.fixture
def made() -> Counter[str]:
    return Counter()


@pytest.fixture
def count(made: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Count:
    """Counts the calls of a function under a name, and calls it."""

    def begin(owner: Any, function: str, name: str) -> None:
        original = getattr(owner, function)

        def counted(*args: Any, **kwargs: Any) -> Any:
            made[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, function, counted)

    return begin


class Wire:
    """Everything between a submission and its judged answer, as the agent puts it together."""

    def __init__(self, keys: TestPki, url: str) -> None:
        clock = SystemClock()
        book = TrustBook(TrustPolicy(UnknownPolicy.WARN, timedelta(hours=6)), clock)
        password = Secret(keys.password_file("employer").read_text())
        place = key_file_place(keys.key_file("employer"), lambda: password)
        self.ring = Keyring(
            {EMPLOYER_BIN: [HeldKey(place, number=EMPLOYER_BIN)]}, clock=clock, objection=book.objection
        )
        self.renderer = XmlRenderer(load_profile("current"))
        self.gateway = ShepGateway(
            Endpoint(url, keys.tls_ca),
            Sender("contract", "company", Secret("any")),
            signer=self.ring.transport,
            trusted=[certificate.Certificate.load(keys.certificate_file("gateway"))],
            contract_id_path="/*/*[2]/*[1]",
            objection=book.objection,
        )

    def exchange(self, number: int) -> None:
        now = datetime.now(UTC)
        rendered = self.renderer.render(CONCLUSION, record_id=str(UUID(int=number)))
        message_id, chain = MessageId(f"message-{number}"), CorrelationId(f"chain-{number}")
        message = self.ring.sign(rendered, employer_bin=EMPLOYER_BIN, message_id=message_id, at=now)
        envelope = self.gateway.seal(message, employer_bin=EMPLOYER_BIN, correlation_id=chain, at=now)
        assert isinstance(self.gateway.submit(envelope), Registered)


@pytest.fixture
def server(keys: TestPki) -> Iterator[TinyServer]:
    key = load_pkcs12(keys.key_file("gateway").read_bytes(), keys.password_file("gateway").read_text())
    replies = [reply(200, signed(answer(correlation=f"chain-{one}"), key)) for one in range(EXCHANGES + 1)]
    with TinyServer(replies, pki=keys.directory) as server:
        yield server


def test_an_exchange_makes_two_signatures_checks_one_and_reads_no_file(
    keys: TestPki, server: TinyServer, made: Counter[str], count: Count
) -> None:
    wire = Wire(keys, server.url)
    with closing(wire.gateway):
        wire.exchange(0)
        for owner, function, name in (
            (base, "sign_enveloped", "signatures"),
            (base, "sign_body", "signatures"),
            (rsa, "_verify", "checks of a signature"),
            (scheme, "verify", "checks of a signature"),
            (etree, "fromstring", "readings of XML"),
            (etree, "XMLSchema", "schemas compiled"),
            (profile, "_compile", "schemas compiled"),
            (pkcs12, "load_pkcs12", "keys loaded"),
            (ssl, "create_default_context", "authorities read"),
            (ssl.SSLContext, "wrap_socket", "connections"),
            (io, "open", "files"),
            (builtins, "open", "files"),
            (os, "open", "files"),
            (os, "stat", "files"),
        ):
            count(owner, function, name)
        certificates = certificate._read.cache_info().misses
        for number in range(EXCHANGES):
            wire.exchange(number + 1)
        assert certificate._read.cache_info().misses == certificates, "a certificate was taken apart again"
    assert made == {
        "signatures": 2 * EXCHANGES,
        "checks of a signature": EXCHANGES,
        "readings of XML": 5 * EXCHANGES,
    }
    assert server.connections == 1


def test_a_request_leaves_in_one_write(
    keys: TestPki, server: TinyServer, made: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ssl.SSLSocket.send

    def counted(self: ssl.SSLSocket, data: bytes, flags: int = 0) -> int:
        made["by the server" if self.server_side else "writes"] += 1
        return original(self, data, flags)

    wire = Wire(keys, server.url)
    monkeypatch.setattr(ssl.SSLSocket, "send", counted)
    with closing(wire.gateway):
        for number in range(EXCHANGES):
            wire.exchange(number)
    assert made["writes"] == EXCHANGES


def test_a_gateways_gost_key_is_prepared_once(
    keys: TestPki, server: TinyServer, made: Counter[str], count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RSA keys need no preparing. The keys of other tests in this process may have taken all places."""
    if libcrypto(GOST_2015_512) is None:
        pytest.skip("OpenSSL's libcrypto is not on this machine")
    monkeypatch.setattr(native, "_MOST_TABLES", sys.maxsize)
    wire = Wire(keys, server.url)
    count(LibCrypto, "_make_table", "tables")
    with closing(wire.gateway):
        for number in range(EXCHANGES):
            wire.exchange(number)
    key = certificate.Certificate.load(keys.certificate_file("gateway")).key_oid
    assert made["tables"] == (1 if key == GOST_2015.key_oid else 0)
