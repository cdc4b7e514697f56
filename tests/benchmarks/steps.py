"""The steps of the line and the libraries, as they are recognised in a thread's stack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

Place = tuple[str, str]
"""File and function."""

STEPS: Final = (
    "take HR's rows (T1)",
    "claim (T2)",
    "render and check the document",
    "sign the document",
    "envelope and its signature",
    "record the intent (T3)",
    "exchange over https",
    "verify and read the answer",
    "record the answer (T4)",
    "notes to HR (T7)",
    "link and sign the journal",
    "watch, alerts, signs of life",
    "threads, logs, metrics, the rest",
)
INTAKE, CLAIM, RENDER, SIGN, SEAL, INTENT, EXCHANGE, ANSWER, OUTCOME, NOTES, JOURNAL, WATCH, REST = STEPS

_BY_FUNCTION: Final = {
    ("application/deliver", "claim_due"): CLAIM,
    ("application/deliver", "_sign"): SIGN,
    ("application/deliver", "_seal"): SEAL,
    ("application/deliver", "open_attempts"): INTENT,
    ("adapters/gateway/shep", "seal"): SEAL,
    ("adapters/gateway/shep", "_judge"): ANSWER,
    ("adapters/metrics/timed", "sign"): SIGN,
}
_BY_MODULE: Final = {
    "application/ingest": INTAKE,
    "adapters/rendering": RENDER,
    "adapters/gateway/envelope": SEAL,
    "adapters/gateway/answer": ANSWER,
    "adapters/gateway": EXCHANGE,
    "application/sign_and_seal": SIGN,
    "application/record_intent": INTENT,
    "application/record_outcome": OUTCOME,
    "application/record_answers": OUTCOME,
    "application/write_back": NOTES,
    "interfaces/journal_watch": JOURNAL,
    "interfaces/alerting": WATCH,
    "interfaces/authority": WATCH,
    "interfaces/heart": WATCH,
    "interfaces/health": WATCH,
    "interfaces/clock_watch": WATCH,
    "interfaces/trust_watch": WATCH,
}
_LIBRARIES: Final = {
    "sqlalchemy": "SQLAlchemy",
    "psycopg": "psycopg",
    "httpx": "httpx, httpcore, TLS",
    "httpcore": "httpx, httpcore, TLS",
    "h11": "httpx, httpcore, TLS",
    "ssl.py": "httpx, httpcore, TLS",
    "urllib3": "urllib3, TLS",
    "kzeds": "kzeds, with lxml and OpenSSL",
    "usrec": "usrec, with lxml",
    "pydantic": "pydantic",
    "structlog": "logs and metrics",
    "prometheus_client": "logs and metrics",
}
_DRIVER: Final = {"do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_rollback", "do_begin"}
"""Functions of SQLAlchemy in which a driver written in C works (sqlite3)."""


_FRAME: Final = re.compile(r'File "(?P<file>[^"]*)", line [^ ]+ in (?P<function>\S+)')


def places_of(stack: str) -> list[Place]:
    """A stack as ``faulthandler`` writes it, innermost frame first."""
    return [(match["file"], match["function"]) for match in _FRAME.finditer(stack)]


def step_of(stack: Sequence[Place]) -> str:
    """The step of the line that a thread is at.

    Args:
        stack: Innermost frame first. The innermost that belongs to a step tells.
    """
    return next((step for place in stack if (step := _step(place))), REST)


def library_of(stack: Sequence[Place]) -> str:
    """Whose code runs: that of the innermost frame which is not Python's own library."""
    return next((library for place in stack if (library := _library(place))), "Python itself")


def _step(place: Place) -> str | None:
    module = _module(place[0])
    if module is None:
        return None
    found = _BY_FUNCTION.get((module, place[1]))
    longest = (prefix for prefix in sorted(_BY_MODULE, key=len, reverse=True) if module.startswith(prefix))
    return found or next((_BY_MODULE[prefix] for prefix in longest), None)


def _module(file: str) -> str | None:
    """Such as ``application/ingest``; None outside the agent."""
    _, found, rest = f"/{file}".rpartition("/usrec/")
    return rest.removesuffix(".py") if found else None


def _library(place: Place) -> str | None:
    file, function = place
    if function in _DRIVER and "sqlalchemy" in file:
        return "database driver in C"
    parts = file.split("/")
    return next((_LIBRARIES[part] for part in reversed(parts) if part in _LIBRARIES), None)
