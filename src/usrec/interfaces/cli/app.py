"""The ``usrec`` command. Imports stand inside the commands, so that ``--help`` answers at once."""

from __future__ import annotations

import typer

from usrec.interfaces.cli import deadline, demo, ledger, replay, run, status, submission

app = typer.Typer(
    name="usrec",
    help="Registers employment contracts in USREC (ЕСУТД): exactly once, signed, in time, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("deadline")(deadline.show_deadline)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("replay")(replay.replay)
app.add_typer(submission.app, name="submission")
app.add_typer(ledger.app, name="db")
