"""The intake's pages: send events, ask about one, read how both are done.

Nothing that was sent, and no token, is ever logged. Work with the ledger is done in threads of the server's pool.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from usrec.adapters.sources.intake_source import event_document
from usrec.application.receive import KeyReused, receive
from usrec.bootstrap import Agent
from usrec.domain.errors import TheirsToWaitFor, UsrecError
from usrec.domain.source_event import SourceName, SourceRow
from usrec.interfaces.intake_api.admission import Pace, allowed_employers, source_of
from usrec.interfaces.intake_api.openapi import openapi_document
from usrec.interfaces.intake_api.problem import ProblemError
from usrec.interfaces.intake_api.request import read_batch, require_employers, rows_of
from usrec.settings import HttpIntakeSettings

Borrow = Callable[[], AbstractContextManager[Agent]]
"""The agent on duty, for the length of one step."""

_KEY: Final = re.compile(r"[!-~]{1,100}")
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATIENCE: Final = 30.0
"""Seconds in which a request must have come whole."""
_AGAIN: Final = "5"
_log = structlog.get_logger("usrec.intake")


class IntakeApp:
    """Answers requests.

    Args:
        borrow: Gives the agent on duty.
        pace: Counts the requests of each source.
        received: Called when there is something for the line to take.
    """

    def __init__(self, settings: HttpIntakeSettings, borrow: Borrow, pace: Pace, received: Callable[[], None]) -> None:
        self._settings = settings
        self._borrow = borrow
        self._pace = pace
        self._received = received
        self._document = openapi_document(settings.most_events)

    def asgi(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/v1/events", _guarded(self._send), methods=["POST"]),
                Route("/v1/events/{id}", _guarded(self._ask), methods=["GET"]),
                Route("/v1/openapi.json", self._tell, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _http_problem, Exception: _unexpected},
        )

    async def _send(self, request: Request) -> Response:
        source = self._admit(request)
        key = request.headers.get("idempotency-key", "")
        if _KEY.fullmatch(key) is None:
            detail = "Send a header Idempotency-Key: 1 to 100 visible ASCII characters of your own choice"
            raise ProblemError(HTTPStatus.BAD_REQUEST, detail)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json")
        content = await _content(request, self._settings.most_kilobytes * 1024)
        answer = await run_in_threadpool(self._keep, source, key, content)
        self._received()
        return Response(answer, HTTPStatus.ACCEPTED, media_type="application/json")

    async def _ask(self, request: Request) -> Response:
        source = self._admit(request)
        event = request.path_params["id"].lower()
        found = await run_in_threadpool(self._find, source, event) if _ID.fullmatch(event) else None
        if found is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "This source has sent no such event")
        return found

    async def _tell(self, _: Request) -> Response:
        return JSONResponse(self._document)

    def _admit(self, request: Request) -> SourceName:
        with self._borrow() as agent:
            source = source_of(request.headers.get("authorization"), agent.settings.values.source)
        self._pace.take(source, self._settings.requests_per_minute)
        return source

    def _keep(self, source: SourceName, key: str, content: bytes) -> str:
        batch = read_batch(content, most=self._settings.most_events)
        with self._borrow() as agent:
            allowed = allowed_employers(source, agent.settings.values)
            rows = rows_of(batch, source, agent.entropy)
            try:
                return receive(
                    rows,
                    source=source,
                    key=key,
                    content=content,
                    ledger=agent.ledger,
                    clock=agent.clock,
                    answer=_answer,
                    require_allowed=partial(require_employers, batch, allowed),
                )
            except KeyReused as problem:
                raise ProblemError(HTTPStatus.CONFLICT, problem.what) from None

    def _find(self, source: SourceName, event: str) -> Response | None:
        with self._borrow() as agent, agent.ledger.begin() as work:
            found = work.intake.event(source, event)
        return None if found is None else JSONResponse(event_document(found))


def intake_app(settings: HttpIntakeSettings, borrow: Borrow, received: Callable[[], None]) -> Starlette:
    """The application of a running agent."""
    from usrec.adapters.system_clock import steady

    return IntakeApp(settings, borrow, Pace(steady), received).asgi()


def _answer(rows: Sequence[SourceRow]) -> object:
    return {"events": [{"id": row.row_ref, "event_id": row.event_id, "revision": row.revision} for row in rows]}


async def _content(request: Request, most: int) -> bytes:
    too_large = ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is larger than {most // 1024} KB")
    said = request.headers.get("content-length", "0")
    if said.isascii() and said.isdecimal() and int(said) > most:
        raise too_large
    content = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                content += chunk
                if len(content) > most:
                    raise too_large
    except TimeoutError:
        detail = f"The request did not come whole within {PATIENCE:g} s"
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, detail, headers={"Connection": "close"}) from None
    return bytes(content)


def _guarded(page: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The page; what keeps it from its work is told to the sender, and to the log without what was sent."""

    async def answer(request: Request) -> Response:
        try:
            return await page(request)
        except ProblemError as problem:
            return problem.response()
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except UsrecError as problem:
            return _ours(problem).response()

    return answer


def _ours(problem: UsrecError) -> ProblemError:
    if isinstance(problem, TheirsToWaitFor):
        _log.warning(str(problem), action="intake.wait", kind=type(problem).__name__)
        detail = "The ledger cannot be used now; nothing was kept. Send it again"
    else:
        _log.error(str(problem), action="intake.failed", kind=type(problem).__name__)
        detail = "The agent cannot keep it now; its administrator has been told in the log. Send it again"
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": _AGAIN})


async def _http_problem(_: Request, problem: Exception) -> Response:
    status = HTTPStatus(problem.status_code) if isinstance(problem, HTTPException) else HTTPStatus.NOT_FOUND
    headers = (problem.headers or {}) if isinstance(problem, HTTPException) else {}
    return ProblemError(status, f"{status.phrase}: see /v1/openapi.json", headers=headers).response()


async def _unexpected(_: Request, problem: Exception) -> Response:
    _log.error("a request failed", action="intake.failed", kind=type(problem).__name__)
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "It failed; nothing of it is known to be kept").response()
