"""``[employer.NAME]``: who signs with which key by which order, and which changes it enters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from usrec.domain.change import Change
from usrec.domain.source_event import Operation
from usrec.settings.key_section import KeySettings, NextKeySettings, OwnerSettings
from usrec.settings.kinds import Day, EmployerNumber, Number, SerialNumber
from usrec.settings.preflight_section import CalendarSettings
from usrec.settings.section import SecretSettings, Section


class OrderSettings(Section):
    """The employer's order that appoints who enters and signs (Order 353, point 5)."""

    number: str
    """Its number."""
    dated: Day
    """Its date."""
    valid_from: Day
    """First day on which it holds."""
    valid_until: Day | None = None
    """Last day on which it holds; without an end when absent."""
    deputy: bool = False
    """It appoints the deputy."""
    certificate: SerialNumber | None = None
    """Serial number, hexadecimal, of the certificate that is used under it."""


class NumberedSettings(Section):
    """Whoever has a BIN or an IIN; a table of its own so that the number comes before the key."""

    bin: EmployerNumber
    """BIN, or the IIN of an individual entrepreneur."""


class RegistrableSettings(Section):
    """Which changes of a contract the employer enters in USREC, by its own order. Without this table: p.3 and p.6."""

    changes: Annotated[frozenset[Change], Field(min_length=1)]
    """What is entered; an agreement that changes nothing of it is not sent."""
    order_number: Annotated[str, Field(min_length=1)]
    """Number of the employer's order that says so."""
    order_dated: Day
    """Its date."""


class OwnMassSettings(Section):
    """From how many on changes of this employer are held until a person has looked, instead of ``[mass]``."""

    amendments: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    """More amendments with one date are held; 0 holds none; those of [mass] when absent."""
    terminations: Annotated[Number, Field(ge=0, le=1_000_000)] | None = None
    """More terminations on one day are held; 0 holds none; those of [mass] when absent."""


class AccountSettings(Section):
    """The employer's own account at ShEP; that of ``[gateway]`` when absent."""

    id: str
    """Its id as a participant of ShEP."""
    password: SecretSettings
    """The participant's password."""


class EmployerSettings(KeySettings, NumberedSettings):
    """One employer and its EDS."""

    rate: Annotated[Number, Field(ge=1, le=100_000)] | None = None
    """At most so many messages of this employer per minute, by each agent; no limit of its own when absent."""
    account: AccountSettings | None = None
    """Its own account at ShEP."""
    owner: OwnerSettings | None = None
    """The owner signs by hand, with no key here; instead of the four ways above."""
    next_key: tuple[NextKeySettings, ...] = ()
    """Keys that follow, in order."""
    approve: frozenset[Operation] = frozenset()
    """Operations that a person approves, document by document, before they are signed."""
    signed_by_head: bool = False
    """The key is the first head's own, who needs no order."""
    order: tuple[OrderSettings, ...] = ()
    """Orders that appoint who signs."""
    calendar: CalendarSettings | None = None
    """Days in which its terms are counted otherwise than by ``[calendar]``."""
    registrable: RegistrableSettings | None = None
    """Which changes are entered."""
    mass: OwnMassSettings | None = None
    """From how many on its changes are held."""
