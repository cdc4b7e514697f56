"""How the commands of kzeds print a report, and what their exit codes mean."""

from __future__ import annotations

from typing import Any

import typer

from kzeds.visible import json_text, show_controls

REFUSED = 1
CANNOT_TELL = 2
INTERNAL_ERROR = 70


def show(fields: dict[str, Any], *, as_json: bool) -> None:
    """Print a report, as JSON or as lines "name  value" for a person."""
    if as_json:
        typer.echo(json_text(fields))
        return
    for name, value in fields.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for inner, text in value.items():
                typer.echo(f"  {inner.replace('_', ' '):<20}{in_words(text)}")
        else:
            typer.echo(f"{name.replace('_', ' '):<22}{in_words(value)}")


def in_words(value: object) -> str:
    """A value of a report for a person; nothing of it steers the terminal."""
    if value is None or value in ([], ""):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show_controls(", ".join(value) if isinstance(value, list) else str(value))
