"""What time the gateway's HTTP answers tell: an unsigned word, since any server on the way can write it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from usrec.adapters.gateway.connection import Endpoint
from usrec.adapters.gateway.probe import GatewayNotSeenError, look_at
from usrec.domain.clock_trust import Witness
from usrec.ports.clock import Clock

_PATIENCE: Final = timedelta(seconds=5)
"""For each phase: whoever waits for the answer sends nothing meanwhile."""


class GatewayTime:
    """Implements the port ``TimeWitness`` by the harmless look that the doctor takes, too."""

    name: Final = Witness.GATEWAY

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        waits = endpoint.timeouts
        short = {phase: min(getattr(waits, phase), _PATIENCE) for phase in ("connect", "write", "read", "pool")}
        self._endpoint = replace(endpoint, timeouts=replace(waits, **short))
        self._clock = clock

    def tell(self) -> datetime | None:
        """The Date of an answer; None without an answer or a Date."""
        try:
            seen = look_at(self._endpoint, self._clock)
        except GatewayNotSeenError:
            return None
        return None if seen.date is None else seen.date + timedelta(seconds=0.5)
