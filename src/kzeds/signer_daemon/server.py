"""Connections: a thread and a time limit for each, so that a slow client keeps nobody waiting but itself.

Who connects is asked of the kernel before a byte is read. Every user has so many places; who takes more is told to come
again, and nobody else's place is gone.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from kzeds.signer_daemon.listening import peer_of, tell, watchdog
from kzeds.signer_daemon.service import Peer, SigningService
from kzeds.signer_daemon.signals import Signals
from kzeds.signers.daemon_protocol import Deadline, Frame, FrameError, Outcome, receive_frame, send_frame

PLACES: Final = 64
"""Connections of one user at the same time."""

RECEIVING: Final = timedelta(seconds=5)
"""For a whole question."""

SENDING: Final = timedelta(seconds=5)
"""For a whole answer."""

ENDING: Final = timedelta(seconds=15)
"""How long the questions in hand are waited for at the end; longer than receiving, signing and sending one."""

_BUSY: Final = Frame({"outcome": Outcome.FAILED, "reason": "busy", "text": "too many questions at once"})


class Server:
    """Answers connections until it is told to stop (SIGTERM, SIGINT); SIGHUP brings a new service.

    Args:
        listener: The listening socket.
        service: Answers the questions.
        signals: Of the process, noted since before anybody could connect.
        reload: Makes the next service from the settings as they are now; None keeps the former one.
    """

    def __init__(
        self,
        listener: socket.socket,
        service: SigningService,
        signals: Signals,
        *,
        reload: Callable[[], SigningService | None],
    ) -> None:
        self._listener = listener
        self._service = service
        self._signals = signals
        self._reload = reload
        self._changed = threading.Condition()
        self._places: Counter[int] = Counter()

    def run(self) -> None:
        """Serve until the end; the questions in hand are finished first."""
        self._listener.settimeout(0)
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._signals.woken, selectors.EVENT_READ)
            tell("READY=1", "STATUS=ready to sign")
            self._serve(selector)
            tell("STOPPING=1", "STATUS=finishing the questions in hand")
        self._listener.close()
        self._finish()

    def _serve(self, selector: selectors.BaseSelector) -> None:
        pause = watchdog()
        while not self._signals.is_end:
            if pause is not None:
                tell("WATCHDOG=1")
            for key, _ in selector.select(None if pause is None else pause.total_seconds()):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._signals.drain()
            if self._signals.take_reload():
                self._renew()

    def _renew(self) -> None:
        tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reading keys and settings")
        service = self._reload()
        if service is not None:
            self._service = service
        tell("READY=1", "STATUS=ready to sign" if service else "STATUS=THE NEW SETTINGS WERE REFUSED, see the journal")

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        peer = peer_of(connection)
        service = self._service
        if not service.may_ask(peer):
            self._turn_away(connection, service.answer(Frame({}), peer))
        elif not self._begin(connection, peer, service):
            self._turn_away(connection, _BUSY)

    def _begin(self, connection: socket.socket, peer: Peer, service: SigningService) -> bool:
        """Answer in a thread of its own; False when there is no place for one."""
        if not self._take_place(peer):
            return False
        try:
            threading.Thread(target=self._converse, args=(connection, peer, service), daemon=True).start()
        except RuntimeError:
            self._leave_place(peer)
            return False
        return True

    def _turn_away(self, connection: socket.socket, answer: Frame) -> None:
        """Answer without waiting for anything."""
        with connection, suppress(OSError, FrameError):
            send_frame(connection, answer, Deadline(timedelta(milliseconds=50)))

    def _converse(self, connection: socket.socket, peer: Peer, service: SigningService) -> None:
        try:
            with connection, suppress(OSError):
                send_frame(connection, self._hear(connection, peer, service), Deadline(SENDING))
        finally:
            self._leave_place(peer)

    def _hear(self, connection: socket.socket, peer: Peer, service: SigningService) -> Frame:
        try:
            question = receive_frame(connection, Deadline(RECEIVING))
        except FrameError as error:
            return Frame({"outcome": Outcome.REFUSED, "reason": "frame", "text": str(error)})
        return service.answer(question, peer)

    def _take_place(self, peer: Peer) -> bool:
        with self._changed:
            if self._places[peer.uid] >= PLACES:
                return False
            self._places[peer.uid] += 1
            return True

    def _leave_place(self, peer: Peer) -> None:
        with self._changed:
            self._places[peer.uid] -= 1
            self._changed.notify_all()

    def _finish(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._places.total(), timeout=ENDING.total_seconds())
