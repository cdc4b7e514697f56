"""Part of the composition root: who can tell the time besides the clock, by the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from usrec.domain.source_event import SourceName
from usrec.gateway import build_endpoint
from usrec.ports.clock import Clock
from usrec.ports.time_witness import TimeWitness
from usrec.settings import LoadedSettings, outboxes

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger


def build_witnesses(settings: LoadedSettings, ledger: SqlLedger, clock: Clock) -> Sequence[TimeWitness]:
    """Who can tell the time; those on this machine know that they cannot."""
    from usrec.adapters.gateway.server_time import GatewayTime
    from usrec.adapters.sources.server_time import SourceTime

    sources = [
        SourceTime(SourceName(name), settings.database_url(one.url), settings.optional_secret(one.password))
        for name, one in outboxes(settings.values.source)
        if not settings.holds_itself_alone(one)
    ]
    return [GatewayTime(build_endpoint(settings), clock), ledger.time, *sources]
