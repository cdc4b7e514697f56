"""Receivers of alerts as an administrator has them: a mail server, a webhook over https, a program. All are real.

The servers' certificate is that of the test PKI, so that a sink has to verify it.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "usrec", "the mail server's word"


def server_context(pki: Path) -> ssl.SSLContext:
    """TLS with the certificate for localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki / "tls.pem", pki / "tls.key")
    return context


@dataclass
class MailServer:
    """An SMTP server that keeps what it is given.

    Attributes:
        refuses: What it answers to a message instead of taking it; empty to take it.
        unknown: Addresses that it refuses.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    refuses: str = ""
    unknown: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- likewise
        if self.refuses:
            return self.refuses
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.envelopes.append(envelope)
        return "250 taken"

    def text(self, number: int = -1) -> str:
        """A mail's text, its lines ended as ours are."""
        body: str = self.mails[number].get_content()
        return body.replace("\r\n", "\n")


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, said: object) -> AuthResult:
    known = isinstance(said, LoginPassword) and said == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


class _AnyPort(Controller):
    """Learns which port it got before it tries whether it is there."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # as the library wrote it


@contextmanager
def mail_server(pki: Path, *, security: str = "starttls") -> Iterator[MailServer]:
    """One that wants STARTTLS and a login, TLS from the first byte, or nothing at all (``none``)."""
    server = MailServer()
    context = server_context(pki)
    kinds: dict[str, dict[str, Any]] = {
        "starttls": {"tls_context": context, "require_starttls": True, "authenticator": _knows, "auth_required": True},
        "tls": {"ssl_context": context},
        "none": {},
    }
    controller = _AnyPort(server, hostname="127.0.0.1", port=0, **kinds[security])
    controller.start()
    try:
        server.port = controller.port
        yield server
    finally:
        controller.stop()


@dataclass
class Webhook:
    """An address that keeps what is posted to it.

    Attributes:
        status: What it answers.
    """

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 204


@contextmanager
def webhook(pki: Path, *, tls: bool = True) -> Iterator[Webhook]:
    """Serve over https, or plain http."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.headers.append({name.lower(): value for name, value in self.headers.items()})
            hook.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            hook.posts.append(json.loads(hook.bodies[-1]))
            self.send_response(hook.status)
            if hook.status == 302:
                self.send_header("Location", f"{hook.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = server_context(pki).wrap_socket(server.socket, server_side=True)
    hook.url = f"{'https' if tls else 'http'}://localhost:{server.server_port}/hooks/a-secret-path/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Program:
    """A shell script that files each message; what more it does is the test's."""

    file: Path
    folder: Path

    @property
    def texts(self) -> list[str]:
        return [file.read_text("utf-8") for file in sorted(self.folder.glob("*.text"))]

    @property
    def environments(self) -> list[dict[str, str]]:
        return [
            dict(line.partition("=")[::2] for line in file.read_text("utf-8").split("\0") if line)
            for file in sorted(self.folder.glob("*.environment"))
        ]


def program(folder: Path, *, then: str = "") -> Program:
    """Write the script; ``then`` is what it does when it has filed the message."""
    folder.mkdir()
    file = folder / "receive"
    file.write_text(
        f'#!/bin/sh\nn=$(ls {folder} | grep -c text)\ncat > "{folder}/$n.text"\n'
        f'cat /proc/self/environ > "{folder}/$n.environment"\n{then}\n',
        "utf-8",
    )
    file.chmod(0o700)
    return Program(file, folder)
