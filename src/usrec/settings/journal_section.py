"""``[journal]``: how often the journal's chain is signed, where its heads are kept, who dates them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from usrec.settings.kinds import Seconds
from usrec.settings.section import Section


class TimestampSettings(Section):
    """The time stamping authority (RFC 3161) that dates the journal's heads. Without this table they are not dated."""

    url: str
    """Its address, http or https; only a hash leaves this machine."""
    authorities: Path
    """Folder with the certificates of the authorities that you trust for timestamps, PEM or DER; or one file."""
    hash: Literal["sha256", "sha384", "sha512", "gost2015"] = "sha256"
    """The hash that is dated; ``gost2015`` is GOST 34.11-2015 of 512 bits."""
    policy: str | None = None
    """OID of the policy that it has to work by; its own choice when absent."""
    timeout: Seconds = timedelta(seconds=20)
    """For one answer."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""


class JournalSettings(Section):
    """The chain over the journal. It costs next to nothing and is always kept."""

    heads: Path = Path("journal-heads.jsonl")
    """File outside the ledger in which signed heads are kept; best on another disk, copied to another machine."""
    sign: bool = True
    """Sign heads with the transport's key, or an employer's where the transport has none of its own."""
    sign_every: Seconds = timedelta(hours=1)
    """How often a head is signed, when something was linked since the last one; and at every stop."""
    tail_bound: Seconds = timedelta(hours=1)
    """A line of the journal that is not linked after so long is told."""
    timestamp: TimestampSettings | None = None
    """Who dates the heads."""
