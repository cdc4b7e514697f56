"""The servers of a test PKI on this machine: OCSP, time stamps and revocation lists, as the NCA has them for its keys.

The NCA's own servers know nothing of keys that `kzeds test-pki` made, so whoever tries revocation and time stamps with
them needs others. Source of the forms: `kzeds.answering`; of the content types: RFC 6960, appendix A, RFC 3161, 3.4,
and RFC 5280, 4.2.1.13. Nobody but this machine is answered.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from cryptography import x509

from kzeds.answering import Revoked, make_ocsp_answer, make_timestamp
from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, TestPkiError
from kzeds.files import read_password
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.revocation.ocsp import ANSWER_TYPE
from kzeds.test_pki import TestPki

HOST = "127.0.0.1"

_TIMESTAMP_TYPE = "application/timestamp-reply"
_LIST_TYPE = "application/pkix-crl"
_MAXIMUM_REQUEST = 65536


class TestServers:
    """Answers for the authority of a test PKI, on 127.0.0.1 alone, as long as the block of `with` lasts.

    Revoked is what `nca.crl` names; every other certificate of the authority is good.

    Source: RFC 6960 (OCSP), RFC 3161 (time stamps), RFC 5280 (lists).

    Example::

        with kzeds.TestServers(Path("pki"), clock=now) as servers:
            stamp = kzeds.fetch_timestamp(data, servers.tsp, kzeds.HttpFetch(), authorities, at=now)

    Attributes:
        url: Where it listens, without the last slash.
        ocsp: Address of the OCSP responder.
        tsp: Address of the time stamping authority.
        crl: Address of the complete list.
        delta_crl: Address of the delta.
    """

    __test__: ClassVar[bool] = False

    def __init__(self, directory: Path, *, clock: Callable[[], datetime], port: int = 0) -> None:
        """Read the keys and lists, and take the port; connections wait until the block begins.

        Args:
            directory: Made by `make_test_pki`.
            clock: Gives the time (aware) that answers and time stamps carry.
            port: 0 takes a free one.

        Raises:
            TestPkiError: The directory is no test PKI, or the port is taken.
        """
        pki = TestPki(directory)
        try:
            answers = _Answers(pki, clock)
        except (OSError, ValueError, KzedsError):
            raise TestPkiError(f"{directory} is not a directory that kzeds test-pki made") from None
        try:
            self._server = _Server(port, answers)
        except (OSError, OverflowError):
            raise TestPkiError(f"port {port} of {HOST} cannot be had; --port 0 takes a free one") from None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://{HOST}:{self._server.server_port}"
        self.ocsp = f"{self.url}/ocsp/"
        self.tsp = f"{self.url}/tsp/"
        self.crl = f"{self.url}/crl/{pki.crl.name}"
        self.delta_crl = f"{self.url}/crl/{pki.delta_crl.name}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Go on until the process is interrupted."""
        self._thread.join()


class _Answers:
    """What is answered at which path."""

    def __init__(self, pki: TestPki, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._authority = Certificate.load(pki.nca_ca)
        self._responder, self._timestamper = _key(pki, "ocsp"), _key(pki, "tsa")
        self.lists: Mapping[str, bytes] = {f"/crl/{one.name}": one.read_bytes() for one in (pki.crl, pki.delta_crl)}
        complete = x509.load_der_x509_crl(self.lists[f"/crl/{pki.crl.name}"])
        self._revoked = {one.serial_number: Revoked(one.revocation_date_utc, _reason(one)) for one in complete}
        self.questions: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
            "/ocsp/": (self._status, ANSWER_TYPE),
            "/tsp/": (self._stamp, _TIMESTAMP_TYPE),
        }

    def _status(self, request: bytes) -> bytes:
        return make_ocsp_answer(self._responder, self._authority, request, at=self._clock(), revoked=self._revoked)

    def _stamp(self, request: bytes) -> bytes:
        return make_timestamp(self._timestamper, request, at=self._clock(), serial_number=secrets.randbits(63))


def _key(pki: TestPki, name: str) -> SigningKey:
    return load_pkcs12(pki.key_file(name).read_bytes(), read_password(pki.password_file(name)))


def _reason(one: x509.RevokedCertificate) -> str:
    """The reason in the words of `kzeds.answering.REASONS`."""
    try:
        return one.extensions.get_extension_for_class(x509.CRLReason).value.reason.name
    except x509.ExtensionNotFound:
        return "unspecified"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, answers: _Answers) -> None:
        self.answers = answers
        super().__init__((HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        content = self.server.answers.lists.get(self.path)
        if content is None:
            self._say(404)
        else:
            self._say(200, content, _LIST_TYPE)

    def do_POST(self) -> None:
        size, questions = self.headers.get("Content-Length", ""), self.server.answers.questions
        if self.path not in questions:
            self._say(404)
        elif not size.isdecimal() or int(size) > _MAXIMUM_REQUEST:
            self._say(400)
        else:
            self._answer(*questions[self.path], self.rfile.read(int(size)))

    def _answer(self, compute: Callable[[bytes], bytes], kind: str, question: bytes) -> None:
        try:
            content = compute(question)
        except ValueError:
            self._say(400)
        else:
            self._say(200, content, kind)

    def _say(self, status: int, content: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: every question shows in what the asker prints."""
