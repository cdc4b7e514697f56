"""``[alerts]``: who is told of what, when, and how."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from usrec.domain.permit import PermitDays
from usrec.settings.kinds import Language, Number, Seconds, TimeOfDay
from usrec.settings.section import ProxySettings, SecretSettings, Section


class CommandSinkSettings(Section):
    """A program that gets each message on its standard input."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments; no shell."""
    timeout: Seconds = timedelta(seconds=30)
    """How long it may run."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class WebhookSinkSettings(Section):
    """An https address that gets each message as JSON."""

    url: Annotated[str, Field(repr=False)]
    """Where to; https, or plain http to this machine."""
    token: SecretSettings | None = None
    """Sent as ``Authorization: Bearer``."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    proxy: ProxySettings | None = None
    """Proxy on the way."""
    timeout: Seconds = timedelta(seconds=10)
    """For each phase of the request."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class MailSinkSettings(Section):
    """A mail server."""

    host: str
    """Name of the SMTP server."""
    port: Annotated[Number, Field(ge=1, le=65535)] = 587
    """The server's port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected; ``none`` only to this machine."""
    user: str | None = None
    """User at the server; no login when absent."""
    password: SecretSettings | None = None
    """The user's password."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    sender: str
    """Address in From."""
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses in To."""
    timeout: Seconds = timedelta(seconds=30)
    """For each step of the exchange."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class AlertSettings(Section):
    """Who is told of a deadline that comes near, and when. The log is always told."""

    language: Language = "ru"
    """Language of the messages."""
    digest_at: TimeOfDay = time(9)
    """When, in Kazakhstan's time, a working day's digest of what is not urgent is sent."""
    late_entry_days: Annotated[Number, Field(ge=1, le=30)] = 3
    """An event that HR entered, or must mend, so many days after its signing is told."""
    portal_from: TimeOfDay = time(15)
    """On the last day by law, from this time in Kazakhstan: what will not make it is proposed for the portal."""
    permit_first_days: Annotated[Number, Field(ge=3, le=365)] = 60
    """So many days before a foreigner's permit ends it is told first."""
    permit_second_days: Annotated[Number, Field(ge=2, le=364)] = 30
    """And then so many; less than ``permit_first_days``."""
    permit_last_days: Annotated[Number, Field(ge=1, le=363)] = 10
    """And last so many; less than ``permit_second_days``."""
    command: dict[str, CommandSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it
    webhook: dict[str, WebhookSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it
    mail: dict[str, MailSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it

    @property
    def permit_days(self) -> PermitDays:
        """The three days on which a permit that ends is told."""
        return PermitDays(self.permit_first_days, self.permit_second_days, self.permit_last_days)
