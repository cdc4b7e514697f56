"""Alerts by e-mail: SMTP with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314), verified, in UTF-8.

A message that is sent again has the same ``Message-ID`` (RFC 5322, 3.6.4), by which a mail server or reader can drop
it. ``Auto-Submitted`` (RFC 3834) keeps holiday notices from answering. What a server says may hold addresses, so that
errors tell its number only.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog

from usrec.adapters.alerts.way import trust
from usrec.domain.errors import AlertNotTaken, ConfigurationError
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.secret import Secret
from usrec.domain.this_machine import is_this_machine
from usrec.ports.alert_sink import AlertMessage

_log = structlog.get_logger("usrec.alerts")


class Security(StrEnum):
    """How the way to the server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"
    """This machine only."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server and how to get in.

    Attributes:
        user: No login when absent.
        ca_file: Authorities to trust instead of the system's, PEM.
        timeout: For each step of the exchange.
    """

    host: str
    port: int
    security: Security
    timeout: timedelta
    user: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None


class MailAlertSink:
    """Sends each message as one mail to all addresses.

    Raises:
        ConfigurationError: The way is not protected, or the file of authorities cannot be used.
    """

    def __init__(self, server: MailServer, *, sender: str, to: Sequence[str]) -> None:
        if server.security is Security.NONE and not is_this_machine(server.host):
            raise ConfigurationError(
                "mail goes to another machine by starttls or tls only", where=server.host, next_step="Set security"
            )
        self._server = server
        self._sender = sender
        self._to = to
        self._trust = None if server.security is Security.NONE else trust(server.ca_file)

    def deliver(self, message: AlertMessage) -> None:
        """Send it.

        Raises:
            AlertNotTaken: The server could not be reached or took it for nobody.
        """
        mail = compose_mail(message, sender=self._sender, to=self._to)
        try:
            refused = self._send(mail)
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            raise AlertNotTaken(
                _reason(problem),
                where=f"mail server {self._server.host}:{self._server.port}",
                next_step="Look at host, port, security, user, password and the addresses",
            ) from None
        if refused:
            what = "the mail server refused some of the addresses"
            _log.error(what, action="alert.mail_partly_refused", refused=len(refused), of=len(self._to))

    def _send(self, mail: EmailMessage) -> Sequence[str]:
        """Send a mail; returns the addresses that the server refused while it took others."""
        connection = self._connect()
        try:
            if self._server.security is Security.STARTTLS:
                connection.starttls(context=self._trust)
            if self._server.user is not None and self._server.password is not None:
                connection.login(self._server.user, self._server.password.reveal())
            return list(connection.send_message(mail))
        finally:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        host, port, seconds = self._server.host, self._server.port, self._server.timeout.total_seconds()
        if self._server.security is Security.TLS:
            return smtplib.SMTP_SSL(host, port, timeout=seconds, context=self._trust)
        return smtplib.SMTP(host, port, timeout=seconds)


def compose_mail(message: AlertMessage, *, sender: str, to: Sequence[str]) -> EmailMessage:
    """The mail of a message."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at.astimezone(KAZAKHSTAN))
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.urgent:
        mail["Importance"] = "high"
    mail.set_content(message.text)
    mail["Content-Language"] = message.language
    return mail


def _reason(problem: Exception) -> str:
    match problem:
        case smtplib.SMTPAuthenticationError():
            return f"the server refused user or password ({problem.smtp_code})"
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({str(code) for code, _ in problem.recipients.values()})
            return f"the server refused all addresses ({', '.join(codes)})"
        case smtplib.SMTPResponseException():
            return f"the server refused ({problem.smtp_code})"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({problem.verify_message})"
        case _:
            kind = type(problem).__name__
            return next(
                (words for one, words in _WORDS.items() if isinstance(problem, one)), f"no mail was made ({kind})"
            )


_WORDS: Final[Mapping[type[Exception], str]] = {
    smtplib.SMTPNotSupportedError: "the server does not offer what is needed: STARTTLS, a login, or addresses in UTF-8",
    smtplib.SMTPServerDisconnected: "the server broke off, or did not answer in time",
    TimeoutError: "no answer in time",
    ConnectionRefusedError: "the connection is refused",
    OSError: "no connection",
}
