"""``usrec config``: is everything right that can be known without asking any other machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from pathlib import Path

    from usrec.settings import Fault

FAULTY = 3
app = typer.Typer(help="The settings file.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    *,
    config: Config = None,
    watch: Annotated[bool, typer.Option("--watch", help="The file of an independent `usrec watch`.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for every error in the settings, and in the files and secrets that they name. Exit 3 when there is any."""
    from usrec.interfaces.settings_check import look_at
    from usrec.settings import Settings, WatcherSettings, find_settings

    file = find_settings(config)
    findings = look_at(file, WatcherSettings if watch else Settings)
    if as_json:
        print_json(faults_json(file, findings.faults, findings.variables))
    else:
        _tell(file, findings.faults, findings.variables)
    if findings.faults:
        raise typer.Exit(FAULTY)


def _tell(file: Path, faults: list[Fault], variables: list[str]) -> None:
    for fault in faults:
        place = f"${fault.variable}" if fault.variable else f"{file}:{fault.line}" if fault.line else str(file)
        typer.echo(": ".join(part for part in (place, fault.setting, fault.what) if part))
    if faults:
        typer.echo(ntr("{number} error", "{number} errors", len(faults)))
        return
    typer.echo(tr("{file}: no errors").format(file=file))
    if variables:
        names = ", ".join(f"${name}" for name in variables)
        typer.echo(tr("also read from the environment: {names}").format(names=names))


def faults_json(file: Path, faults: list[Fault], variables: list[str]) -> dict[str, Any]:
    """What was found, in the form that scripts read."""
    return {
        "file": str(file),
        "variables": variables,
        "errors": [
            {"line": fault.line, "variable": fault.variable, "setting": fault.setting or None, "what": fault.what}
            for fault in faults
        ],
    }
