"""The simulator's `serve`, which kills itself with SIGKILL at a named place; run as a process of its own:

    python -m support.crashing_simulator before:answer -- serve --db registry.db --pki pki

It dies at the first request that gets there. What it has committed by then it still knows after a restart on the same
file.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn
from unittest import mock

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from usrec_simulator import registry
from usrec_simulator.app import GatewayApp
from usrec_simulator.exchange import Exchange, Outcome

PLACES: Final = ("before:register", "within:register", "before:answer", "during:answer", "after:answer")
"""Before it judges; between the insert and the commit; committed, not answered; half of the answer sent; all of it."""


def die(*_: object, **__: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit


class DyingAnswer(Response):
    """An answer in the middle of which, or behind which, the process ends."""

    share = 2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        part = self.body[: len(self.body) // self.share]
        await send({"type": "http.response.body", "body": part, "more_body": self.share > 1})
        die()


class LastAnswer(DyingAnswer):
    share = 1


def _dying_exchange(respond: Callable[..., Outcome]) -> Callable[..., Outcome]:
    def dying(*arguments: Any, **options: Any) -> Outcome:
        respond(*arguments, **options)
        die()

    return dying


def _dying_insert(insert: Callable[..., str]) -> Callable[..., str]:
    def dying(connection: sqlite3.Connection, *arguments: Any) -> str:
        insert(connection, *arguments)
        die()

    return dying


def _answering_with(kind: type[DyingAnswer], sealed: Callable[..., Any]) -> Callable[..., Any]:
    async def dying(app: GatewayApp, reply: Any) -> Response:
        whole: Response = await sealed(app, reply)
        return kind(whole.body, whole.status_code, dict(whole.headers))

    return dying


def patched(place: str) -> None:
    """Have the process die there."""
    match place:
        case "before:register":
            mock.patch.object(registry.Registry, "submit", die).start()
        case "within:register":
            mock.patch.object(registry, "_insert", _dying_insert(registry._insert)).start()
        case "before:answer":
            mock.patch.object(Exchange, "respond", _dying_exchange(Exchange.respond)).start()
        case "during:answer":
            mock.patch.object(GatewayApp, "_sealed", _answering_with(DyingAnswer, GatewayApp._sealed)).start()
        case "after:answer":
            mock.patch.object(GatewayApp, "_sealed", _answering_with(LastAnswer, GatewayApp._sealed)).start()
        case _:
            raise SystemExit(f"no such place: {place}")


def main() -> None:
    place, separator, *arguments = sys.argv[1:]
    if separator != "--":
        raise SystemExit("usage: crashing_simulator PLACE -- ARGUMENTS OF usrec-simulator")
    patched(place)
    sys.argv = ["usrec-simulator", *arguments]
    from usrec_simulator.__main__ import main as simulator

    simulator()


if __name__ == "__main__":
    main()
