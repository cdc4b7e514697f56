"""Uvicorn's protocol, which sends away whoever keeps a connection and asks nothing whole.

Uvicorn waits without an end for the head of a request that has begun, and for the rest of one that was refused: a few
hundred of such connections, from somebody without a token, would keep everybody else out. While a request is read, the
application has a patience of its own; between two requests there is keep-alive.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

SILENCE: Final = 15.0
"""Seconds in which a connection must have asked something, and in which what nobody reads must have come whole."""


class Impatient(H11Protocol):
    """Closes a connection whose request nobody reads yet, or any more, and which has not come whole for a while."""

    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """It has to ask something soon."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(SILENCE, self._send_away)

    def data_received(self, data: bytes) -> None:
        """Look whether it was the whole of a request."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Look whether the rest of its request is still to come."""
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        self._forget()

    def _look(self) -> None:
        if not self._is_kept_waiting():
            self._forget()
        elif self._watch is None:
            self._watch = self.loop.call_later(SILENCE, self._send_away)

    def _is_kept_waiting(self) -> bool:
        """Whether a head is begun, or the rest of a request comes to which all is said."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        answered = cycle is None or cycle.response_complete
        begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        return answered and (begun or self.conn.their_state is h11.SEND_BODY)

    def _forget(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _send_away(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
