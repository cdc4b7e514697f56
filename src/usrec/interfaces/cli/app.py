"""The ``usrec`` command. Its commands are imported when they are called, so that each answers at once."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from usrec.interfaces.cli.on_demand import Later, Program

COMMANDS: Final = (
    Later(
        "authority",
        "authority.authority",
        "Who may sign for each employer, under which order and certificate, until when, and what is wrong with it.",
    ),
    Later("backup", "backup.backup", "Write a backup of the ledger, which contains personal data; agents may work on."),
    Later(
        "calendar",
        "calendar.calendar",
        "The working days of a year, what differs from Monday to Friday and why, and whether the year was checked.",
    ),
    Later(
        "deadline",
        "deadline.show_deadline",
        "The legal and the safe date of an event, by the edition of Order 353 in force on its day; always JSON.",
    ),
    Later("demo", "demo.demo", "Register the waiting events of a made-up company, and show what became of each."),
    Later("doctor", "doctor.doctor", "Look at all that the agent needs."),
    Later(
        "explain",
        "explain.explain",
        "What a response code means, its likely cause, who must act, and whether the same may be sent again.",
    ),
    Later(
        "health",
        "health.health",
        "Ask the running agent, at [health] listen, whether it is ready; exit 4 when it is not.",
    ),
    Later("init", "init.init", "Write a commented usrec.toml with every setting there is."),
    Later(
        "liability",
        "liability.liability",
        "What was registered late or is overdue, and the range of the fine for each by art. 98.",
    ),
    Later("lint", "lint.lint", "Check rows by the agent's rules."),
    Later(
        "metrics",
        "metrics.metrics",
        "What the ledger tells Prometheus, in the text format that node_exporter's textfile collector reads.",
    ),
    Later("run", "run.run", "Take events from HR, register them, and record what came back."),
    Later("status", "status.status", "How many stand where, why they wait, what is overdue and what needs a person."),
    Later(
        "replay",
        "replay.replay",
        "Send again what was refused (as a new signed version) or waits for another try (the same bytes).",
    ),
    Later(
        "restore",
        "restore.restore",
        "Restore the ledger from a backup: everything open is held, every employer stopped, until somebody has looked.",
    ),
    Later("watch", "watch.watch", "Tell when the agent is silent, its ledger is away or a term is not watched."),
    Later("submission", "submission.app", "Look at submissions and decide about them."),
    Later("employer", "employer.app", "Stop employers and let them go on."),
    Later("evidence", "evidence.app", "Proof of how submissions went, in one signed file."),
    Later("package", "package.app", "Have documents signed by an owner of an EDS who signs by hand."),
    Later("mass", "mass.app", "Look at many changes that are held, and decide about them as one."),
    Later("onboard", "onboard.app", "Take over the ids of contracts that stand in USREC already."),
    Later("audit", "audit.app", "Hold HR's roster, the ledger and the registry against each other."),
    Later("pair", "pair.app", "Look at transfers that are entered in two halves."),
    Later("alerts", "alerts.app", "Who is told of deadlines, and how that goes."),
    Later("journal", "journal.app", "The journal of everything that was done, and the chain that shows any change."),
    Later("intake", "intake.app", "What HR systems need that send their events over HTTP."),
    Later("source", "source.app", "Look at HR's staff where events are derived from it."),
    Later("mapping", "mapping.app", "Review official codes for HR's values."),
    Later("outbox", "outbox.app", "SQL for HR's database: the outbox table, rights, triggers that fill it."),
    Later("template", "template.app", "Files to begin with."),
    Later("config", "config.app", "The settings file."),
    Later("dictionaries", "dictionaries.app", "The official code lists of USREC."),
    Later("document", "document.app", "Supporting documents of harmful work."),
    Later("retention", "retention.app", "Retention of personal data."),
    Later("db", "ledger.app", "The agent's own database."),
    Later("ledger", "encryption.app", "Encryption of personal data in the ledger."),
)
"""In the order of the help: the commands, then the groups of commands."""


class Usrec(Program):
    """The program's commands."""

    later = COMMANDS


app = typer.Typer(
    name="usrec",
    cls=Usrec,
    help="Registers employment contracts in USREC (ЕСУТД): exactly once, signed, in time, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_release(asked: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if asked:
        from usrec import release

        typer.echo(f"usrec-agent {release()}")
        raise typer.Exit


@app.callback()
def _program(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_release, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version
