"""Options that commands share."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file; default $USREC_CONFIG, then ./usrec.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes into the journal.")]


class Language(StrEnum):
    """Languages that a person can choose."""

    kk = "kk"
    ru = "ru"
    en = "en"


def print_json(value: object) -> None:
    """Write one JSON document to standard output; dates and aware times in ISO 8601.

    What HR or a server wrote into it steers no terminal: controls and invisible characters are escaped as JSON does it.
    """
    from kzeds.visible import json_text

    typer.echo(json_text(value, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def who() -> str:
    """The login name of the person at the keyboard, for the journal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown user"
