"""``usrec outbox``: SQL for the administrator of an HR database. It is printed, and never run by this program."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="SQL for HR's database: the outbox table, rights, triggers that fill it.", no_args_is_help=True)


class Dialect(StrEnum):
    """HR databases."""

    postgresql = "postgresql"
    mssql = "mssql"
    oracle = "oracle"
    mariadb = "mariadb"
    sqlite = "sqlite"


@app.callback()
def _sql() -> None:
    """SQL for HR's database."""


@app.command("ddl")
def ddl(
    *,
    dialect: Annotated[Dialect, typer.Option(help="HR's database.")],
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="The agent's account in HR's database; prints its rights.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A mapping file with [triggers]; prints triggers by it.")
    ] = None,
) -> None:
    """Print the SQL that makes the outbox table; with options also rights and triggers. Nothing is run."""
    from usrec.adapters.sources.outbox_ddl import outbox_ddl
    from usrec.adapters.sources.outbox_kit.rights import rights

    parts = [outbox_ddl(dialect.value)]
    if account is not None:
        parts.append(rights(dialect.value, account))
    if mapping is not None:
        from usrec.adapters.sources.outbox_kit.triggers import triggers

        parts.append(triggers(dialect.value, mapping))
    typer.echo("\n".join(parts), nl=False)
