"""Settings of the retention of personal data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from usrec.settings.kinds import Number
from usrec.settings.section import Section


class RetentionSettings(Section):
    """How long personal data and closed alerts stay. Nothing is pruned by itself: ``usrec retention apply`` does it."""

    ended_contracts_years: Annotated[Number, Field(ge=1, le=75)] | None = None
    """Personal data of a contract may go so many years after its end was registered; it stays for good when absent."""
    taken_back_years: Annotated[Number, Field(ge=1, le=75)] | None = None
    """The same for contracts of which nothing was registered, after the last event was taken back."""
    closed_alerts_years: Annotated[Number, Field(ge=1, le=75)] | None = None
    """Alerts of events that are settled may go so many years after they were closed; they stay for good when absent."""
