"""``usrec db``: the ledger's schema, and the rights of the agent's account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import Config
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.settings import LoadedWatcherSettings

EMPTY = "empty"
app = typer.Typer(help="The agent's own database.", no_args_is_help=True)


@app.command()
def upgrade(
    *,
    config: Config = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL instead of running it.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="VERSION", help="With --sql: the ledger's version, or `empty`; default: ask it."
        ),
    ] = None,
) -> None:
    """Make the ledger, or bring it to this version's schema."""
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.schema import current_revision, head_revision
    from usrec.adapters.persistence.schema import upgrade as upgrade_ledger
    from usrec.ledger import ledger_access
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    if sql:
        typer.echo(_sql(settings, since))
        return
    if since is not None:
        raise typer.BadParameter("it goes with --sql only", param_hint="--from")
    engine = create_ledger_engine(*ledger_access(settings))
    before = current_revision(engine)
    upgrade_ledger(engine)
    engine.dispose()
    if before == head_revision():
        typer.echo(tr("The ledger is at revision {revision} already; nothing was changed.").format(revision=before))
    else:
        typer.echo(tr("The ledger is at revision {revision}.").format(revision=head_revision()))


def _sql(settings: LoadedWatcherSettings, since: str | None) -> str:
    """The SQL for a ledger of a version; without one the ledger itself is asked for it."""
    from usrec.adapters.persistence.schema import head_revision, upgrade_sql

    found = _version(settings) if since is None else None if since == EMPTY else since
    if found == head_revision():
        return f"-- The ledger is at revision {found} already: there is nothing to run."
    return upgrade_sql(settings.database_url(settings.values.ledger.url), found)


def _version(settings: LoadedWatcherSettings) -> str | None:
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.schema import current_revision
    from usrec.domain.errors import LedgerUnavailable
    from usrec.ledger import ledger_access

    engine = create_ledger_engine(*ledger_access(settings))
    try:
        return current_revision(engine)
    except LedgerUnavailable as problem:
        raise LedgerUnavailable(
            problem.what,
            where=problem.where,
            kept="Nothing was printed",
            next_step=f"Make it reachable, or say which version it has: --from 0003, or --from {EMPTY}",
        ) from None
    finally:
        engine.dispose()


@app.command()
def check(*, config: Config = None) -> None:
    """Say at which version the ledger is, and whether the agent has all rights in it; exit 3 when not."""
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.rights import shortfalls
    from usrec.adapters.persistence.schema import head_revision, require_current
    from usrec.domain.errors import LedgerSchemaError
    from usrec.ledger import ledger_access
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    engine = create_ledger_engine(*ledger_access(settings))
    try:
        missing = shortfalls(engine)
        if missing:
            raise LedgerSchemaError(
                f"the agent's account lacks {'; '.join(one.what for one in missing)}",
                where="[ledger]",
                kept="Nothing was changed",
                next_step=f"Let its owner run or do: {' '.join(one.remedy for one in missing)}",
            )
        require_current(engine)
    finally:
        engine.dispose()
    typer.echo(
        tr("The ledger is at revision {revision}, and the agent has all rights in it.").format(revision=head_revision())
    )
