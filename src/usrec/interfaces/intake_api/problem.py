"""Refusals as RFC 9457 has them: ``application/problem+json``, in English, without a word of what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one place of a request; ``pointer`` is a JSON Pointer (RFC 6901)."""

    pointer: str
    detail: str


@dataclass(slots=True)
class ProblemError(Exception):
    """Why a request is not granted."""

    status: HTTPStatus
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        """As the sender reads it."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.faults:
            document["errors"] = [{"pointer": one.pointer, "detail": one.detail} for one in self.faults]
        return JSONResponse(document, self.status, headers=dict(self.headers), media_type=CONTENT_TYPE)
