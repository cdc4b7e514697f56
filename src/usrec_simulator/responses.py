"""HTTP responses that break the connection instead of, or while, answering."""

from email.utils import format_datetime
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from usrec_simulator.clock import Clock
from usrec_simulator.listener import Connection

XML: Final = "text/xml; charset=utf-8"


class DatedAnswers:
    """Middleware that writes the simulator's own time into the Date header (RFC 9110 section 6.6.1)."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the date."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_dated)


class ResetResponse(Response):
    """No answer at all: the connection is reset by a TCP RST."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 nothing is sent
        """Reset, then wait until the connection is gone."""
        connection: Connection = scope["state"]["connection"]
        connection.reset()
        await receive()


class HalfResponse(Response):
    """Headers that promise the whole body, then half of it, then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half, cut, then wait until the connection is gone."""
        half = self.body[: len(self.body) // 2]
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection: Connection = scope["state"]["connection"]
        connection.cut()
        await receive()


def bad_gateway() -> Response:
    """Return what a proxy in front of the gateway says when the gateway does not answer."""
    return HTMLResponse(
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>", 502
    )


def maintenance() -> Response:
    """Return the page of a closed gateway: no SOAP, no signature."""
    return HTMLResponse("<html><body><p>Технические работы</p></body></html>", 503, {"Retry-After": "60"})
