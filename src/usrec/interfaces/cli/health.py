"""``usrec health``: ask the running agent how it is. For containers and scripts without an HTTP client of their own."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.i18n import tr

NOT_WELL: Final = 4


def health(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Only ask whether its threads move, not whether it can do its work.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask the running agent, at [health] listen, whether it is ready; exit 4 when it is not."""
    from http import HTTPStatus

    from usrec.domain.errors import ConfigurationError
    from usrec.interfaces.cli.health_call import ask
    from usrec.settings import find_settings, load_health_settings
    from usrec.settings.listen import read_listen

    settings = load_health_settings(config)
    if settings.listen is None:
        raise ConfigurationError(
            "the agent listens nowhere",
            where=str(find_settings(config)),
            next_step='Write an address into [health], such as listen = "127.0.0.1:9464", and restart the agent',
        )
    status, told = ask(read_listen(settings.listen), "live" if live else "ready")
    if as_json:
        print_json(told)
    else:
        _say(told)
    if status != HTTPStatus.OK:
        raise typer.Exit(NOT_WELL)


def _say(told: dict[str, Any]) -> None:
    _say_how_it_is(told)
    if unrecorded := told.get("answers_unrecorded"):
        said = tr("Answers that the ledger has yet to take: {number}. Do not restart the agent: it alone knows them.")
        typer.echo(said.format(number=unrecorded))


def _say_how_it_is(told: dict[str, Any]) -> None:
    obstacles = told.get("obstacles") or told.get("hung")
    if not obstacles:
        typer.echo(tr("The agent is live.") if "hung" in told else tr("The agent is ready."))
        return
    typer.echo(tr("The agent is not ready:") if "obstacles" in told else tr("These threads hang:"))
    for obstacle in obstacles:
        typer.echo(f"  {obstacle}")
