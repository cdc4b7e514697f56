"""Structured logs on standard error: each record has a stable ``action``; no IIN, name, key or document ever.

The rule is kept by construction (values hide themselves in ``repr``) and by a last processor that masks any run of
twelve digits and drops whatever looks like XML.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_MADE_ID: Final = r"\b(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
"""A SHA-256 digest, or an id of ours: twelve digits in a row there are chance, and whoever compares it needs them."""
_TWELVE_DIGITS: Final = re.compile(rf"({_MADE_ID})|(?<!\d)\d{{8}}(\d{{4}})(?!\d)")
_MARKUP: Final = re.compile(r"<[^<>]+>.*</[^<>]+>|<[^<>]+>", re.DOTALL)
"""From the first tag to the last closing one, with what stands between them; or a single tag."""


def mask(text: str) -> str:
    """``text`` without identification numbers and markup."""
    return _MARKUP.sub("<...>", _TWELVE_DIGITS.sub(lambda found: found[1] or f"********{found[2]}", text))


def _mask_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask(value)
    return event


def configure_logs(*, level: str, style: str) -> None:
    """Set up structlog and the libraries' own loggers.

    Args:
        style: ``json`` or ``text``.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
