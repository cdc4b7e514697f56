"""``usrec db``: the ledger's schema."""

from __future__ import annotations

import typer

from usrec.interfaces.cli.options import Config
from usrec.interfaces.i18n import tr

app = typer.Typer(help="The agent's own database.", no_args_is_help=True)


@app.command()
def upgrade(
    *,
    config: Config = None,
    sql: bool = typer.Option(False, "--sql", help="Print the SQL instead of running it."),  # noqa: FBT003 -- typer's default
) -> None:
    """Make the ledger, or bring it to this version's schema."""
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.schema import head_revision, upgrade_sql
    from usrec.adapters.persistence.schema import upgrade as upgrade_ledger
    from usrec.settings import load_settings

    settings = load_settings(config)
    url = settings.database_url(settings.values.ledger.url)
    if sql:
        typer.echo(upgrade_sql(url))
        return
    engine = create_ledger_engine(url)
    upgrade_ledger(engine)
    engine.dispose()
    typer.echo(tr("The ledger is at revision {revision}.").format(revision=head_revision()))


@app.command()
def check(*, config: Config = None) -> None:
    """Say whether the ledger is at this version's schema; exit 3 when it is not."""
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.schema import require_current
    from usrec.settings import load_settings

    settings = load_settings(config)
    engine = create_ledger_engine(settings.database_url(settings.values.ledger.url))
    require_current(engine)
    engine.dispose()
    typer.echo(tr("The ledger is at this version's schema."))
