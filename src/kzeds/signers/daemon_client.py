"""A key that the signer daemon holds: `SocketSigner` asks it over its Unix socket.

Example::

    signer = SocketSigner(Path("/run/usrec-signer/signer.sock"), "acme")
    signer.require_may_sign(at=now)
    signed = signer.sign_enveloped(document)

Nothing happens when it is made, so the daemon may start later; its certificate is asked for when it is first needed,
or by `SocketSigner.connect`, and kept. Safe in threads: each question has a connection of its own.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from kzeds.certificate import Certificate
from kzeds.errors import (
    KeyMayNotSignError,
    KzedsError,
    MalformedCertificateError,
    MalformedXmlError,
    NotSignableError,
    SignerRefusedError,
    SignerUnreachableError,
    SignerUntrustworthyError,
)
from kzeds.signers.checked import require_signed, require_signed_body
from kzeds.signers.daemon_protocol import (
    CONTENT_CAP,
    Ask,
    Deadline,
    Frame,
    FrameError,
    Outcome,
    receive_frame,
    send_frame,
)

TIMEOUT: Final = timedelta(seconds=30)
"""For one whole exchange; the daemon itself takes milliseconds."""

_TIME: Final = struct.Struct("@ll")
"""struct timeval."""

OTHER_CERTIFICATE: Final = "other-certificate"
"""Reason of a refusal: the key's name stands for another certificate since the daemon was reloaded."""

_UNREADABLE: Final[Mapping[str, type[KzedsError]]] = {"malformed": MalformedXmlError, "not-signable": NotSignableError}


class SocketSigner:
    """Implements `kzeds.signers.base.Signer` with a key of `kzeds signer-daemon`.

    Source: ours (`kzeds.signers.daemon_protocol`). Making one asks nobody and raises nothing.

    Args:
        socket: Of the daemon (Unix).
        key: Name of the key in the daemon's settings.
        timeout: For one whole exchange; 30 seconds unless you say otherwise.
    """

    def __init__(self, socket: Path, key: str, *, timeout: timedelta = TIMEOUT) -> None:
        self._socket = socket
        self._key = key
        self._timeout = timeout
        self._lock = threading.Lock()
        self._certificate: Certificate | None = None

    @property
    def certificate(self) -> Certificate:
        """The certificate of its key; the daemon is asked once.

        Raises:
            SignerRefusedError: When it has no such key, or this user may not ask.
            SignerUnreachableError: When it does not answer.
            SignerUntrustworthyError: When the answer is not a certificate.
        """
        with self._lock:
            known = self._certificate
        return self.connect() if known is None else known

    def connect(self) -> Certificate:
        """Ask for the certificate now, also where one is known: it is what a key's name stands for from here on.

        Raises:
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `certificate` does.
        """
        answer = self._ask(Frame({"ask": Ask.CERTIFICATE, "key": self._key}))
        try:
            certificate = Certificate.from_der(answer)
        except MalformedCertificateError as error:
            raise SignerUntrustworthyError(
                f"the signer daemon at {self._socket} sent no certificate: {error}"
            ) from error
        with self._lock:
            self._certificate = certificate
        return certificate

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made at `at` would count (`Signer.require_may_sign`).

        Raises:
            KeyMayNotSignError, CertificateExpiredError, CertificateNotYetValidError: As the protocol says.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `certificate` does.
        """
        certificate = self.certificate
        if not certificate.may_sign:
            raise KeyMayNotSignError(
                f"the key {self._key!r} of the signer daemon may not sign: it is an AUTH key (no nonRepudiation)"
            )
        certificate.require_valid_at(at)

    def sign_enveloped(self, document: bytes) -> bytes:
        """The document with an enveloped signature.

        Raises:
            MalformedXmlError, NotSignableError: As `Signer.sign_enveloped`.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: Likewise.
        """
        certificate = self.certificate
        signed = self._ask(self._question(Ask.SIGN_ENVELOPED, certificate, document))
        require_signed(document, signed, certificate)
        return signed

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        """The SOAP envelope with a WS-Security signature over its Body.

        Raises:
            MalformedXmlError, NotSignableError: As `Signer.sign_body`.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: Likewise.
        """
        certificate = self.certificate
        named = {} if body_id is None else {"body_id": body_id}
        signed = self._ask(self._question(Ask.SIGN_BODY, certificate, envelope, **named))
        require_signed_body(envelope, signed, certificate)
        return signed

    def sign_detached(self, content: bytes, *, at: datetime) -> bytes:  # noqa: ARG002 -- the daemon has a clock
        """A detached CMS signature over a statement of the daemon's settings (`DetachedSigner.sign_detached`).

        Args:
            content: Signed only when it is one of the statements that the key may sign.
            at: Not sent: the daemon writes its own time into the signature.

        Raises:
            SignerRefusedError: `statement` when it is none of them, `quota`, or as `sign_enveloped` does.
            SignerUnreachableError, SignerUntrustworthyError: As `sign_enveloped` does.
        """
        from kzeds.cms import verify_detached

        certificate = self.certificate
        signature = self._ask(self._question(Ask.SIGN_STATEMENT, certificate, content))
        try:
            verify_detached(signature, content, trusted=[certificate])
        except KzedsError as error:
            raise SignerUntrustworthyError(f"the signature that came back is not good: {error}") from error
        return signature

    def __repr__(self) -> str:
        return f"SocketSigner({str(self._socket)!r}, {self._key!r})"

    def _question(self, ask: Ask, certificate: Certificate, content: bytes, **more: str) -> Frame:
        return Frame({"ask": ask, "key": self._key, "certificate": certificate.fingerprint, **more}, content)

    def _ask(self, question: Frame) -> bytes:
        """The content of the answer to one question."""
        if len(question.content) > CONTENT_CAP:
            raise NotSignableError(f"the document has {len(question.content)} bytes; at most {CONTENT_CAP} are signed")
        try:
            answer = self._exchange(question)
        except FrameError as error:
            raise SignerUnreachableError(
                f"the exchange with the signer daemon at {self._socket} broke: {error}"
            ) from error
        except OSError as error:
            raise self._unreachable(error) from error
        return self._judge(answer)

    def _exchange(self, question: Frame) -> Frame:
        deadline = Deadline(self._timeout)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            self._connect(connection, deadline)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who refuses at once also says why
                send_frame(connection, question, deadline)
            return receive_frame(connection, deadline)

    def _connect(self, connection: socket.socket, deadline: Deadline) -> None:
        """Connect; where too many wait to be heard already, the kernel lets this one wait too. Source: unix(7)."""
        connection.settimeout(None)
        seconds, rest = divmod(deadline.left(), 1)
        limit = _TIME.pack(int(seconds), max(1, int(rest * 1_000_000)))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        try:
            connection.connect(str(self._socket))
        except BlockingIOError:
            raise TimeoutError("there was no room for the question") from None

    def _judge(self, answer: Frame) -> bytes:
        outcome, reason, text = answer.text("outcome"), answer.text("reason"), answer.text("text")
        if outcome == Outcome.DONE:
            return answer.content
        if outcome == Outcome.REFUSED:
            raise self._refused(text, reason)
        if outcome == Outcome.UNREADABLE:
            raise _UNREADABLE.get(reason, NotSignableError)(text)
        if outcome == Outcome.FAILED:
            raise SignerUnreachableError(f"the signer daemon at {self._socket} cannot sign now: {text}")
        raise SignerUntrustworthyError(f"the signer daemon at {self._socket} answered something that is not known here")

    def _refused(self, text: str, reason: str) -> SignerRefusedError:
        if reason == OTHER_CERTIFICATE:
            with self._lock:
                self._certificate = None
        return SignerRefusedError(text, reason=reason)

    def _unreachable(self, error: OSError) -> SignerUnreachableError:
        if isinstance(error, TimeoutError):
            what = f"did not answer within {self._timeout.total_seconds():g} s"
        else:
            what = f"cannot be reached ({error.strerror or error})"
        return SignerUnreachableError(
            f"the signer daemon at {self._socket} {what}. Look at it: systemctl status usrec-signer"
        )
