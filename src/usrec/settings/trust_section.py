"""``[trust]``: where certificates' revocation is looked up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from usrec.settings.kinds import Seconds
from usrec.settings.section import ProxySettings, Section


class CrlSettings(Section):
    """The revocation list of one authority."""

    authority: Path
    """Certificate of the authority that makes the list, PEM or DER; one of those in ``authorities``."""
    url: str
    """Address of the complete list."""
    delta_url: str | None = None
    """Address of the delta list, where there is one."""


class TrustSettings(Section):
    """Where certificates' revocation is looked up. Without this table nobody looks it up."""

    authorities: Path
    """Folder with the certificates of the NCA's authorities that you trust, PEM or DER; or one file."""
    ocsp: str | None = None
    """Address of the OCSP responder; none is asked when absent."""
    crl: tuple[CrlSettings, ...] = ()
    """Revocation lists."""
    store: Path = Path("revocation")
    """Folder in which lists and answers are kept, and into which ``kzeds revocation import`` puts them."""
    interval: Seconds = timedelta(hours=4)
    """How often the agent looks."""
    unknown: Literal["warn", "refuse"] = "warn"
    """What becomes of a certificate of which nobody can tell: ``warn`` uses it and says so, ``refuse`` does not."""
    crl_max_age: Seconds = timedelta(days=7)
    """Older lists count for nothing."""
    ocsp_max_age: Seconds = timedelta(days=1)
    """Older OCSP answers count for nothing."""
    timeout: Seconds = timedelta(seconds=20)
    """For one answer of a server."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    proxy: ProxySettings | None = None
    """Proxy on the way to these servers; none when absent."""
