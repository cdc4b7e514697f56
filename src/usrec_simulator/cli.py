"""Command line of the simulator: serve, registry, seed.

Imports stand inside the commands, so that `--help` answers at once.
"""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec_simulator.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from usrec_simulator.registry import RegisteredRecord, Registry

app = typer.Typer(
    name="usrec-simulator",
    help="The government side for tests: the ShEP gateway and the USREC registry, with scripted faults.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class ProfileOption(StrEnum):
    """Values of --profile."""

    CURRENT = "current"
    SEEN = "seen"


class DeadlineOption(StrEnum):
    """Values of --deadlines."""

    WARN = "warn"
    REFUSE = "refuse"


class DemandOption(StrEnum):
    """Values of --demand."""

    SEEN = "seen"
    ORDER = "order"


_Database = Annotated[Path, typer.Option("--db", help="The registry's SQLite file; made when absent.")]


_Pki = Annotated[Path, typer.Option("--pki", help="Directory made by `kzeds test-pki`.")]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")]
_Host = Annotated[str, typer.Option(help="Address to listen on.")]
_Faults = Annotated[Path | None, typer.Option(help="Fault script (TOML).")]
_Profile = Annotated[ProfileOption, typer.Option(help="Generation of clients.")]
_Deadlines = Annotated[DeadlineOption, typer.Option(help="What a late entry meets: codes 088-091, 093.")]
_Demand = Annotated[
    DemandOption, typer.Option(help="What a contract needs: the fields seen in clients, or all of the Order.")
]
_Dictionaries = Annotated[
    Path | None, typer.Option(help="Folder of official dictionaries (CSV); without it codes are judged by form.")
]
_Query = Annotated[bool, typer.Option("--query", help="Answer the assumed question whether a record is there.")]
_ServiceId = Annotated[str, typer.Option(help="The one service that is registered.")]
_SenderOption = Annotated[str | None, typer.Option(help="The one senderId that may send.")]
_PasswordFile = Annotated[Path | None, typer.Option(help="Password of --sender.")]
_ClockOffset = Annotated[
    float, typer.Option(help="Seconds that its clock goes ahead: of answers, Date headers, trust services.")
]
_Plain = Annotated[bool, typer.Option("--plain", help="http instead of https; loopback only.")]
_DieWithParent = Annotated[
    bool,
    typer.Option("--die-with-parent", help="Stop when the parent process ends (a pipe on stdin is best)."),
]
_Verbose = Annotated[bool, typer.Option("--verbose", help="Log every request to stderr.")]


@app.command()
def serve(
    *,
    database: _Database,
    pki: _Pki,
    port: _Port = 0,
    host: _Host = "127.0.0.1",
    faults: _Faults = None,
    profile: _Profile = ProfileOption.CURRENT,
    deadlines: _Deadlines = DeadlineOption.WARN,
    demand: _Demand = DemandOption.SEEN,
    dictionaries: _Dictionaries = None,
    query: _Query = False,
    service_id: _ServiceId = "contract",
    sender: _SenderOption = None,
    password_file: _PasswordFile = None,
    clock_offset: _ClockOffset = 0,
    plain: _Plain = False,
    die_with_parent: _DieWithParent = False,
    verbose: _Verbose = False,
) -> None:
    """Serve the SyncChannel; writes {"url": ..., "port": ...} once it listens."""
    from datetime import timedelta

    from usrec_simulator import server
    from usrec_simulator.business import Profile
    from usrec_simulator.clock import shifted
    from usrec_simulator.dictionaries import Dictionaries, load_dictionaries
    from usrec_simulator.exchange import Admission
    from usrec_simulator.fault_script import load_script
    from usrec_simulator.faults import FaultScript
    from usrec_simulator.material import load_material
    from usrec_simulator.rules import DeadlinePolicy, Demand

    _log_to_stderr(verbose=verbose)
    if plain and host not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigurationError(f"--plain serves loopback addresses only, not {host}")
    material = load_material(pki)
    service = server.Service(
        host=host,
        port=port,
        database=database,
        material=material,
        script=load_script(faults) if faults else FaultScript(),
        admission=Admission(service_id, {**material.senders, **_sender(sender, password_file)}),
        profile=Profile(profile),
        deadlines=DeadlinePolicy(deadlines),
        clock=shifted(timedelta(seconds=clock_offset)),
        demand=Demand(demand),
        dictionaries=load_dictionaries(dictionaries) if dictionaries else Dictionaries(),
        query=query,
        plain=plain,
        die_with_parent=die_with_parent,
    )
    server.serve(service)


@app.command("registry")
def show_registry(
    *,
    database: _Database,
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects.")] = False,
) -> None:
    """Show every registered record and how often it was received."""
    if not database.is_file():
        raise ConfigurationError(f"{database} does not exist; `usrec-simulator serve --db {database} ...` makes it")
    records = _open(database).records()
    if as_json:
        typer.echo(json.dumps([record.as_dict() for record in records], ensure_ascii=False, indent=1))
    else:
        _print_table(records)


@app.command()
def seed(
    *,
    database: _Database,
    source: Annotated[Path, typer.Option("--from", help="History: a JSON array of records.")],
) -> None:
    """Register history; doing it again with the same file changes nothing."""
    from usrec_simulator.clock import system_clock
    from usrec_simulator.seeding import load_history

    history = load_history(source)
    added = _open(database).seed(history, at=system_clock())
    typer.echo(f"{added} of {len(history)} records registered, {len(history) - added} were there already")


def _open(database: Path) -> "Registry":
    from usrec_simulator.ledger import Ledger
    from usrec_simulator.registry import Registry
    from usrec_simulator.rules import RuleBook

    return Registry(Ledger(database), RuleBook())


def _sender(name: str | None, password_file: Path | None) -> "Mapping[str, str]":
    from usrec_simulator.material import read_password

    if (name is None) != (password_file is None):
        raise ConfigurationError("--sender and --password-file belong together")
    return {} if name is None or password_file is None else {name: read_password(password_file)}


def _log_to_stderr(*, verbose: bool) -> None:
    import logging

    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _print_table(records: "Sequence[RegisteredRecord]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(records)} records")
    for heading in ("operation", "record id", "contract id", "BIN", "IIN", "number", "date", "received", "notes"):
        table.add_column(heading, overflow="fold")
    for record in records:
        table.add_row(
            record.operation,
            record.record_id,
            record.contract_id,
            record.bin,
            record.iin_masked,
            record.number,
            record.date,
            _received(record),
            " ".join(record.warnings),
        )
    Console().print(table)


def _received(record: "RegisteredRecord") -> str:
    changed = f", {record.times_changed} changed" if record.times_changed else ""
    return f"{record.times_received}{changed}"
