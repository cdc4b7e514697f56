"""What all agents and people of one installation share: the ledger, HR's database, the keys, the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulation.climate import Climate
from simulation.heads import Heads
from simulation.network import Network
from simulation.prepared import PreparedLedger
from simulation.world import START, World
from support.sound_rows import BIN, OTHER_BIN
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.application.delivery import DeliveryPolicy
from usrec.domain.rules.preflight import Preflight
from usrec.domain.source_event import EmployerName
from usrec.domain.watch import WatchPolicy
from usrec.domain.working_calendar import WorkingCalendar

EMPLOYERS: Final[Mapping[str, EmployerName]] = {BIN: EmployerName("alatau"), OTHER_BIN: EmployerName("tulpar")}


@dataclass
class Office:
    """One installation.

    Attributes:
        employers: Their names in the settings, by BIN.
        by_hand: The events that a person is entering in the portal.
        together: The events that HR commits as one of many; nothing of their contracts follows them.
        asked: The events that HR was asked to correct at once.
        leaves: The termination that is half of a transfer; nothing of its contract follows it.
    """

    world: World
    climate: Climate
    ledger: PreparedLedger
    source: InMemorySource
    network: Network
    signer: InMemorySigner
    entropy: SeededEntropy
    calendar: WorkingCalendar
    employers: Mapping[str, EmployerName]
    policy: DeliveryPolicy
    watch: WatchPolicy
    preflight: Preflight
    by_hand: set[str] = field(default_factory=set)
    together: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    leaves: str = ""
    heads: Heads = field(default_factory=Heads)

    def now(self) -> datetime:
        """The clock on the wall; it is never wrong."""
        return self.world.now

    def steady(self) -> timedelta:
        """Counted from the beginning."""
        return self.world.now - START


def text_of(moment: datetime) -> str:
    """A moment as the SQLite ledger stores it."""
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"
