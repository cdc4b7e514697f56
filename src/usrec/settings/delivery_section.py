"""``[delivery]`` and ``[policies]``: how the agent sends, and what it does after a refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from usrec.settings.kinds import Number, Seconds
from usrec.settings.section import Section

Chosen = Literal["retry", "fix_and_resend", "confirm_then_accept", "other_party", "stop_everything"]
"""What may be done after a refusal."""


class DeliverySettings(Section):
    """How fast and how patiently the agent sends."""

    workers: Annotated[Number, Field(ge=1, le=64)] = 4
    """Submissions of one employer on the wire at the same time."""
    lease: Seconds = timedelta(minutes=5)
    """How long a claim lasts; longer than all timeouts together."""
    poll: Seconds = timedelta(seconds=2)
    """How often an idle agent looks for work."""
    retry_base: Seconds = timedelta(seconds=5)
    """Longest wait after the first attempt; it doubles with each."""
    retry_cap: Seconds = timedelta(minutes=15)
    """Longest wait between attempts."""
    attempts_in_time: Annotated[Number, Field(ge=1, le=100)] = 6
    """Waits are shortened, down to 30 s, so that so many more attempts fit before the next date."""
    rate: Annotated[Number, Field(ge=1, le=100_000)] | None = None
    """At most so many messages per minute to the gateway, by each agent; no limit when absent."""
    breaker_failures: Annotated[Number, Field(ge=1, le=1000)] = 5
    """After so many exchanges in a row that reached nobody, only one at a time is tried."""
    breaker_pause: Seconds = timedelta(seconds=30)
    """How long such a try is waited with."""
