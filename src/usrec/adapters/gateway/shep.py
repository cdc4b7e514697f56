"""ShEP SyncChannel v10 over https: one envelope out, one outcome back.

The rule of this module: an attempt ends as ``NothingSent`` only where it is *proven* that no byte of the request left,
that is, where there never was a connection (name, TCP, TLS, or none free in time), or where the last thing that httpx
began to write was the question for a proxy's tunnel (CONNECT, RFC 9110, 9.3.6). Everything after that is ``Unknown``
unless the gateway's signed answer says otherwise. A kept connection that the gateway closed when the request was on its
way is in doubt too: the request may have been read before. No transport sends anything twice by itself.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerUnreachableError
from kzeds.signers.base import Signer
from usrec.adapters.gateway.answer import AnswerReader
from usrec.adapters.gateway.connection import Endpoint, open_transport, phases, warn_of_plain_http
from usrec.adapters.gateway.envelope import EnvelopeForm, Sender
from usrec.adapters.gateway.kept_transport import ABOUT_TO_LEAVE, WHOLE_ANSWER
from usrec.domain.errors import ConfigurationError, SignerAway, SigningRefused
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import Doubt, Faulted, NothingSent, SubmissionOutcome, Unknown

ANSWER_CAP_BYTES: Final = 1024 * 1024
"""A longer answer is not read to its end; real ones have a few kilobytes."""

CONNECT_TRIES: Final = 2
CONNECT_PAUSE: Final = timedelta(milliseconds=300)
"""A quick second try to connect bridges a gateway's restart; longer waits belong to the delivery, where they show."""

SignerAt = Callable[[str, datetime], Signer]
"""Who signs an employer's envelopes, by its BIN, at a moment; raises SigningRefused when nobody can."""

_Judged = TypeVar("_Judged")

_HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": "usrec-agent",
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '""',
}
_NEVER_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_BEGINS_TO_WRITE: Final = "send_request_headers.started"
"""How httpcore's word for the moment before the first byte ends."""


class ShepGateway:
    """Implements the gateway port; one instance serves all threads.

    Args:
        sender: Who sends, where an employer has no account of its own.
        signer: Who signs envelopes.
        accounts: By BIN, of employers with one of their own; or why it cannot be used.
        trusted: Certificates that the gateway signs its answers with.
        contract_id_path: The wire profile's XPath of the contract id in an answer.
        wait: Waits some seconds, or less when the agent is asked to stop.
        steady: A counter that nobody can set. Without it nothing that has to leave by a moment leaves.
        objection: Why a certificate of the gateway is not believed any more; empty when it is.

    Raises:
        ConfigurationError: The endpoint cannot be used, or no certificate is trusted.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        sender: Sender,
        *,
        signer: SignerAt,
        accounts: Mapping[str, Sender | ConfigurationError] = MappingProxyType({}),
        trusted: Collection[Certificate],
        contract_id_path: str,
        wait: Callable[[float], object] | None = None,
        steady: Callable[[], timedelta] | None = None,
        objection: Callable[[Certificate], str] = lambda _: "",
    ) -> None:
        if not trusted:
            raise ConfigurationError(
                "no certificate of the gateway is configured, so no answer could be believed",
                where="gateway.response_certificate",
                next_step="Name the certificate that ShEP signs its answers with",
            )
        self._endpoint = endpoint
        self._form = EnvelopeForm(sender)
        self._forms = {bin_: EnvelopeForm(one) for bin_, one in accounts.items() if isinstance(one, Sender)}
        self._unusable = {bin_: one for bin_, one in accounts.items() if isinstance(one, ConfigurationError)}
        self._signer = signer
        self._trusted = tuple(trusted)
        self._reader = AnswerReader(trusted, contract_id_path, objection)
        self._steady = steady
        self._wait = wait or threading.Event().wait
        self._further_tries = Retrying(
            retry=retry_if_exception_type(_NEVER_CONNECTED),
            stop=stop_after_attempt(CONNECT_TRIES - 1),
            wait=wait_fixed(CONNECT_PAUSE),
            sleep=self._pause,
            reraise=True,
        )
        self._transport = open_transport(endpoint)
        self._address = httpx.URL(endpoint.url)
        self._head = httpx.Headers([(b"Host", self._address.netloc), *httpx.Headers(_HEADERS).raw]).raw
        self._phases = phases(endpoint.timeouts).as_dict()
        warn_of_plain_http(endpoint)

    @property
    def trusted(self) -> Collection[Certificate]:
        """The certificates that its answers are held to."""
        return self._trusted

    @property
    def unusable(self) -> Mapping[str, ConfigurationError]:
        """Why accounts of employers cannot be used, by BIN."""
        return self._unusable

    @property
    def reader(self) -> AnswerReader:
        """Reads what the gateway signed."""
        return self._reader

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """The signed transport envelope for one attempt; the same arguments give the same bytes (RSA).

        Raises:
            SigningRefused: Nobody can sign the envelope at ``at``.
            SignerAway: Whoever holds the key does not answer.
        """
        if (problem := self._unusable.get(employer_bin)) is not None:
            raise _refused(SigningRefused, f"the employer's account cannot be used: {problem.what}", message)
        form = self._forms.get(employer_bin, self._form)
        unsigned = form.fill(message, correlation_id=correlation_id, at=at)
        try:
            signer = self._signer(employer_bin, at)
            signer.require_may_sign(at)
            body = signer.sign_body(unsigned, body_id=_body_id(unsigned))
        except SignerUnreachableError as error:
            raise _refused(SignerAway, f"the envelope cannot be signed: {error}", message) from None
        except KzedsError as error:
            raise _refused(SigningRefused, f"the envelope cannot be signed: {error}", message) from None
        return Envelope(body, hashlib.sha256(body).hexdigest(), message.message_id, correlation_id)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """Post the envelope and tell what happened.

        Tried again only after a try that is proven to have sent nothing.
        """
        return self.exchange(envelope.body, self._judge, partial(self._require_in_time, envelope))

    def _require_in_time(self, envelope: Envelope) -> None:
        if envelope.leave_by is not None and (self._steady is None or not envelope.may_leave(self._steady())):
            raise _TooLateError("its lease ran out before a byte left; others may have decided meanwhile")

    def exchange(
        self, body: bytes, judge: Callable[[int, bytes], _Judged], about_to_leave: Callable[[], None] = lambda: None
    ) -> _Judged | NothingSent | Unknown:
        """Post a body once and have status and content of the answer judged.

        Args:
            about_to_leave: Called when there is a connection, as the last thing before the first byte.
        """
        received, progress = bytearray(), _Progress(about_to_leave)
        try:
            return self._patiently(partial(self._post, body, received, progress, judge))
        except _TooLateError as error:
            return NothingSent(str(error), held_back=True)
        except _NEVER_CONNECTED as error:
            return NothingSent(f"{type(error).__name__}: {error}")
        except (httpx.HTTPError, OSError) as error:
            if progress.asked_for_tunnel_only:
                return NothingSent(f"the proxy opened no tunnel ({type(error).__name__}: {error})")
            return _doubt(error, bytes(received))

    def _patiently(self, once: Callable[[], _Judged]) -> _Judged:
        """Try once, and further where that sent nothing."""
        try:
            return once()
        except _NEVER_CONNECTED:
            self._pause(CONNECT_PAUSE.total_seconds())
            return self._further_tries(once)

    def _pause(self, seconds: float) -> None:
        self._wait(seconds)

    def _post(
        self, body: bytes, received: bytearray, progress: _Progress, judge: Callable[[int, bytes], _Judged]
    ) -> _Judged | Unknown:
        progress.about_to_leave()
        how = {"timeout": self._phases, "trace": progress, ABOUT_TO_LEAVE: progress.about_to_leave}
        how[WHOLE_ANSWER] = self._endpoint.timeouts.answer.total_seconds()
        head = [*self._head, (b"Content-Length", b"%d" % len(body))]
        request = httpx.Request("POST", self._address, headers=head, stream=httpx.ByteStream(body), extensions=how)
        with closing(self._transport.handle_request(request)) as response:
            problem = self._receive(response, received)
        return problem or judge(response.status_code, bytes(received))

    def _receive(self, response: httpx.Response, received: bytearray) -> Unknown | None:
        """Read the answer into ``received``, at most up to the cap and the time allowed."""
        until = time.monotonic() + self._endpoint.timeouts.answer.total_seconds()
        for portion in response.iter_raw():
            received += portion
            if len(received) > ANSWER_CAP_BYTES:
                what = f"the answer has more than {ANSWER_CAP_BYTES} bytes; the rest was not read"
                return Unknown(Doubt.NOT_SOAP, what, raw=bytes(received[:ANSWER_CAP_BYTES]))
            if time.monotonic() > until:
                return Unknown(Doubt.TIMEOUT, "the answer trickled in for too long", raw=bytes(received))
        return None

    def _judge(self, status: int, raw: bytes) -> SubmissionOutcome:
        """What status and content mean together: 200 is an answer, 5xx may carry a signed fault, no other counts."""
        if status == httpx.codes.OK:
            return self._reader.read(raw)
        outcome = self._reader.read(raw) if status >= httpx.codes.INTERNAL_SERVER_ERROR else None
        if isinstance(outcome, Faulted):
            return outcome
        code = outcome.code if isinstance(outcome, Unknown) else ""
        return Unknown(Doubt.HTTP_ERROR, f"HTTP status {status} without a signed SOAP fault", code, raw)


class _TooLateError(Exception):
    """What was to be sent must not be sent any more."""


class _Progress:
    """What httpcore last began to write, by its ``trace`` extension, which tells of each request before its first byte.

    Only seeing CONNECT proves anything: should httpcore tell nothing, or in other words, doubt remains.

    Args:
        about_to_leave: Called before the first byte of a request that is not for the proxy itself.
    """

    __slots__ = ("_method", "about_to_leave")

    def __init__(self, about_to_leave: Callable[[], None]) -> None:
        self.about_to_leave = about_to_leave
        self._method = b""

    def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        request = details.get("request")
        self._method = getattr(request, "method", self._method)
        if event.endswith(_BEGINS_TO_WRITE) and not self.asked_for_tunnel_only:
            self.about_to_leave()

    @property
    def asked_for_tunnel_only(self) -> bool:
        """A proxy was asked for a tunnel, and nothing went through it."""
        return self._method == b"CONNECT"


def _doubt(error: Exception, received: bytes) -> Unknown:
    kind = type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return Unknown(Doubt.TIMEOUT, f"no whole answer in time ({kind})", raw=received)
    what = f"the connection broke after the request began to leave ({kind})"
    return Unknown(Doubt.CONNECTION_LOST, what, raw=received)


def _body_id(envelope: bytes) -> str:
    """An id for the signed Body that follows from the envelope, so that simulations repeat."""
    return f"id-{UUID(bytes=hashlib.sha256(envelope).digest()[:16], version=4)}"


def _refused(kind: type[SigningRefused], what: str, message: SignedMessage) -> SigningRefused:
    return kind(
        what,
        where=f"message {message.message_id}",
        kept="Nothing was sent; the signed message is kept and goes on when the key can sign",
        next_step="Check the transport key, or the employer's key, in usrec.toml",
    )
