"""Structured logs on standard error: each record has a stable ``action``; no IIN, name, key or document ever.

The rule is kept by construction (values hide themselves in ``repr``) and by a last processor that masks any run of
twelve digits and drops whatever looks like XML. What a server said, or HR, makes no line of its own and steers no
terminal: controls are shown as their codes (CWE-117, CWE-150).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from kzeds.visible import show_controls, visible
from usrec.interfaces.masking import mask

_TRACEBACK: Final = "exception"
"""The one value of several lines."""


def _mask_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _plain(mask(value), of_lines=key == _TRACEBACK)
    return event


def _plain(text: str, *, of_lines: bool) -> str:
    if text.isprintable():
        return text
    return "\n".join(map(show_controls, text.split("\n"))) if of_lines else visible(text)


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
