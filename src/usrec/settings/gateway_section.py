"""``[gateway]``: ShEP, and how long its answers are waited for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from usrec.settings.key_section import KeySettings
from usrec.settings.kinds import Seconds
from usrec.settings.section import ProxySettings, SecretSettings, Section


class TimeoutSettings(Section):
    """How long each phase of one exchange with the gateway may take."""

    connect: Seconds = timedelta(seconds=10)
    """Until TCP and TLS are up."""
    write: Seconds = timedelta(seconds=30)
    """Between two portions of the request."""
    read: Seconds = timedelta(seconds=60)
    """Until the answer begins, and between two portions of it."""
    pool: Seconds = timedelta(seconds=10)
    """For a free connection."""
    answer: Seconds = timedelta(seconds=60)
    """Until the whole answer is there, counted from its first line."""


class GatewaySettings(Section):
    """ShEP, or the simulator."""

    url: str
    """Address of the SyncChannel."""
    service_id: str = "contract"
    """Id of the service in ShEP's register; the production id may differ."""
    sender_id: str
    """Our id as a participant of ShEP."""
    password: SecretSettings
    """The participant's password."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    response_certificate: Path
    """Certificate that the gateway signs its answers with, PEM or DER."""
    profile: str = "current"
    """Wire profile: ``current``, ``seen``, or a folder with profile.toml and the official XSD."""
    timeouts: TimeoutSettings = TimeoutSettings()
    clock_tolerance: Seconds = timedelta(minutes=5)
    """How far the gateway's clock may differ from ours."""
    proxy: ProxySettings | None = None
    """Proxy on the way to the gateway; none when absent, whatever the environment says."""
    transport_key: KeySettings | None = None
    """Key that signs every envelope; the employer's own when absent. Needed where an owner signs by hand."""
