"""``[mass]``, ``[targets]``, ``[pairs]``: what the installation decides about events beyond the law."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from usrec.settings.kinds import Number, Seconds
from usrec.settings.section import Section

TargetDays = Annotated[Number, Field(ge=1, le=366)] | None
"""Days of an internal target; the table's own when absent."""


class MassSettings(Section):
    """Many changes at once: they are held until a person has looked (usrec mass)."""

    amendments: Annotated[Number, Field(ge=0, le=1_000_000)] = 150
    """More amendments of one employer with one date are held; 0 holds none."""
    terminations: Annotated[Number, Field(ge=0, le=1_000_000)] = 20
    """More terminations of one employer on one day are held; 0 holds none."""
    window: Seconds = timedelta(days=1)
    """Those that arrive within it belong together."""


class TargetSettings(Section):
    """Internal targets of events without a term of law, in days from the intake. No law is broken when one passes."""

    days: Annotated[Number, Field(ge=1, le=366)] = 30
    """For every event that is not named below."""
    counted_in: Literal["calendar_days", "working_days"] = "calendar_days"
    """How all days of this table are counted."""
    iin_change: TargetDays = None
    """A changed IIN."""
    bin_change: TargetDays = None
    """A changed BIN."""
    transfer: TargetDays = None
    """A reorganisation transfer."""
    social_leave: TargetDays = None
    """A social leave."""
    social_leave_edit: TargetDays = None
    """A corrected social leave."""
    social_leave_delete: TargetDays = None
    """A deleted social leave."""
    contract_edit: TargetDays = None
    """A correction of a contract whose first entry nobody can date."""
    contract_delete: TargetDays = None
    """A deletion of such a contract."""
    amendment_edit: TargetDays = None
    """A correction of such an agreement."""
    amendment_delete: TargetDays = None
    """A deletion of such an agreement."""


class PairSettings(Section):
    """Transfers in two halves, a termination at one BIN and a conclusion at another (pair_key)."""

    missing_after_days: Annotated[Number, Field(ge=1, le=30)] = 2
    """So many calendar days after one half somebody is told that the other is missing; sooner when its term ends."""
