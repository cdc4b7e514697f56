"""How the commands of kzeds print a report, and what their exit codes mean."""

from __future__ import annotations

import json
from typing import Any

import typer

from kzeds.visible import show_controls

REFUSED = 1
CANNOT_TELL = 2
INTERNAL_ERROR = 70


def show(fields: dict[str, Any], *, as_json: bool) -> None:
    """Print a report, as JSON or as lines "name  value" for a person."""
    if as_json:
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=2))
        return
    for name, value in fields.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for inner, text in value.items():
                typer.echo(f"  {inner.replace('_', ' '):<20}{_in_words(text)}")
        else:
            typer.echo(f"{name.replace('_', ' '):<22}{_in_words(value)}")


def _in_words(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show_controls(", ".join(value) if isinstance(value, list) else str(value))
