"""The web application: the SyncChannel endpoint with scripted misfortunes.

The straight line is `GatewayApp.post`: maintenance, headers, choice of a fault, what strikes before the commit, the
exchange itself, what strikes after it. Work on XML, signatures and SQLite runs in worker threads.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kzeds.keys.signing_key import SigningKey
from kzeds.wsse import sign_body
from usrec_simulator.clock import Clock
from usrec_simulator.codes import FORM_FAULT, SUCCESS, UNKNOWN_ERROR
from usrec_simulator.exchange import Exchange, Outcome, fault_of, to_another
from usrec_simulator.faults import FaultCounter, FaultKind, FaultRule, FaultScript, Moment
from usrec_simulator.query import of_another, render_entry
from usrec_simulator.responses import XML, DatedAnswers, HalfResponse, ResetResponse, bad_gateway, maintenance
from usrec_simulator.soap import SOAP_ACTIONS, Answer, Fault, render_answer, render_fault, wsdl

ENDPOINT: Final = "/bip-sync-wss-gost/"
"""Path of the synchronous channel on the real gateway."""

_STRANGE_SUCCESS: Final = "<return>true</return>"
"""A success without an id, in the shape that another state service once switched to without notice."""

_INSTEAD: Final[Mapping[FaultKind, Callable[[Answer], Answer]]] = {
    FaultKind.UNKNOWN_SUCCESS_SHAPE: lambda answer: replace(answer, data=_STRANGE_SUCCESS),
    FaultKind.OTHER_ANSWER: to_another,
    FaultKind.NOTHING_FOUND: lambda answer: replace(answer, data=render_entry(None)),
    FaultKind.OTHER_ENTRY: lambda answer: replace(answer, data=of_another(answer.data)),
}
"""What is said, rightly signed, in the place of a success."""

_CONTENT_TYPES: Final = frozenset({"text/xml", "application/xml"})

_log = structlog.get_logger("usrec_simulator")


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that answers are signed with, and the one that signs them wrongly."""

    gateway: SigningKey
    stranger: SigningKey


class GatewayApp:
    """The endpoint with its faults; `refuse` closes the listening socket for a while, `more` are other endpoints."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        keys: Keys,
        script: FaultScript,
        counter: FaultCounter,
        clock: Clock,
        refuse: Callable[[timedelta], None],
        more: Sequence[Route] = (),
    ) -> None:
        self._exchange = exchange
        self._keys = keys
        self._script = script
        self._counter = counter
        self._clock = clock
        self._refuse = refuse
        self._more = more
        self._closed_until: datetime | None = None
        self._earlier_success: bytes | None = None

    def asgi(self) -> Starlette:
        """Return the application for a server."""
        paths = (ENDPOINT, ENDPOINT.rstrip("/"))
        return Starlette(
            routes=[
                *(Route(path, self.get, methods=["GET"]) for path in paths),
                *(Route(path, self.post, methods=["POST"]) for path in paths),
                *self._more,
            ],
            middleware=[Middleware(DatedAnswers, clock=self._clock)],
        )

    async def get(self, request: Request) -> Response:
        """Serve the WSDL and the part that it imports."""
        part = next((value for key, value in request.query_params.items() if key.lower() == "wsdl"), None)
        if part is None:
            return PlainTextResponse("POST a SendMessage request here, or GET with ?wsdl", 405, {"Allow": "POST"})
        endpoint = f"{request.url.scheme}://{request.url.netloc}{ENDPOINT}"
        interface = part == "SyncChannelInterface.wsdl"
        return Response(
            wsdl("SyncChannelInterface.wsdl" if interface else "SyncChannel.wsdl", endpoint), media_type=XML
        )

    async def post(self, request: Request) -> Response:
        """Answer one SendMessage request, or fail to."""
        if self._in_maintenance():
            return maintenance()
        refusal = _wrong_header(request)
        if refusal is not None:
            return await self._sealed(fault_of(FORM_FAULT, refusal, self._clock()))
        envelope = await request.body()
        rule = await run_in_threadpool(self._choose, envelope)
        early = await self._before(rule)
        if early is not None:
            _note(rule, None)
            return early
        outcome = await run_in_threadpool(self._exchange.respond, envelope, scripted=_scripted(rule))
        _note(rule, outcome)
        return await self._after(rule, outcome.reply)

    def _choose(self, envelope: bytes) -> FaultRule | None:
        if self._counter.idle:
            return None
        seen = self._exchange.look(envelope)
        return self._counter.choose(seen.operation, seen.number, question=seen.is_question)

    def _in_maintenance(self) -> bool:
        at = self._clock()
        opened = self._closed_until is not None and at < self._closed_until
        return opened or self._script.maintenance_at(at)

    async def _before(self, rule: FaultRule | None) -> Response | None:
        """Do what strikes before the commit; a response ends the request there."""
        if rule is None or rule.moment is not Moment.BEFORE:
            return None
        await asyncio.sleep(rule.pause.total_seconds())
        match rule.kind:
            case FaultKind.RESET_BEFORE_COMMIT:
                return ResetResponse()
            case FaultKind.BAD_GATEWAY_HTML:
                return bad_gateway()
            case FaultKind.MAINTENANCE_WINDOW:
                self._closed_until = self._clock() + rule.seconds
                return maintenance()
            case FaultKind.CONNECTION_REFUSED:
                self._refuse(rule.seconds)
                return None
            case _:
                return None

    async def _after(self, rule: FaultRule | None, reply: Answer | Fault) -> Response:
        """Send the answer, or what strikes in its place."""
        if rule is None or rule.moment is not Moment.AFTER:
            return await self._delivered(reply)
        await asyncio.sleep(rule.pause.total_seconds())
        return await self._spoilt(rule.kind, reply)

    async def _spoilt(self, kind: FaultKind, reply: Answer | Fault) -> Response:
        match kind:
            case FaultKind.RESET_AFTER_COMMIT:
                return ResetResponse()
            case FaultKind.BAD_GATEWAY_HTML:
                return bad_gateway()
            case FaultKind.HALF_ANSWER:
                whole = await self._sealed(reply)
                return HalfResponse(whole.body, whole.status_code, media_type=XML)
            case FaultKind.WRONG_SIGNATURE:
                return _respond(reply, await run_in_threadpool(_seal, reply, self._keys.stranger))
            case FaultKind.UNSIGNED_ANSWER:
                return _respond(reply, _render(reply))
            case FaultKind.REPLAYED_ANSWER if self._earlier_success is not None:
                return Response(self._earlier_success, media_type=XML)
            case _ if isinstance(reply, Answer) and reply.code == SUCCESS and kind in _INSTEAD:
                return await self._sealed(_INSTEAD[kind](reply))
            case _:
                return await self._delivered(reply)

    async def _delivered(self, reply: Answer | Fault) -> Response:
        """Send an answer whole, and remember a success for a later replay."""
        response = await self._sealed(reply)
        if isinstance(reply, Answer) and reply.code == SUCCESS:
            self._earlier_success = bytes(response.body)
        return response

    async def _sealed(self, reply: Answer | Fault) -> Response:
        return _respond(reply, await run_in_threadpool(_seal, reply, self._keys.gateway))


def _wrong_header(request: Request) -> str | None:
    """Tell what is wrong with the HTTP headers, accepting whatever working clients send."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _CONTENT_TYPES:
        return "Content-Type is neither text/xml nor application/xml"
    if request.headers.get("soapaction", "").strip().strip('"') not in SOAP_ACTIONS:
        return "SOAPAction is not known"
    return None


def _scripted(rule: FaultRule | None) -> str | None:
    if rule is None:
        return None
    return UNKNOWN_ERROR if rule.kind is FaultKind.UNKNOWN_ERROR else rule.code


def _render(reply: Answer | Fault) -> bytes:
    return render_answer(reply) if isinstance(reply, Answer) else render_fault(reply)


def _seal(reply: Answer | Fault, key: SigningKey) -> bytes:
    return sign_body(_render(reply), key)


def _respond(reply: Answer | Fault, content: bytes) -> Response:
    return Response(content, 200 if isinstance(reply, Answer) else 500, media_type=XML)


def _note(rule: FaultRule | None, outcome: Outcome | None) -> None:
    """Log the exchange without anything of its content."""
    _log.info(
        "request",
        action="request.answered" if outcome else "request.dropped",
        operation=outcome.operation if outcome else None,
        code=outcome.reply.code if outcome else None,
        fault=rule.kind if rule else None,
    )
