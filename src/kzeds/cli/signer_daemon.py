"""`kzeds signer-daemon`: run it, check its settings, see how it stands, raise a quota, read its log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kzeds.cli.output import REFUSED, show
from kzeds.visible import json_text

if TYPE_CHECKING:
    from kzeds.signer_daemon.keys import HeldKey
    from kzeds.signer_daemon.quota import Allowance, Count, QuotaBook

app = typer.Typer(
    help="Keys in a process of their own. It signs nothing but what its settings list.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

SettingsFile = Annotated[Path, typer.Option("--settings", metavar="FILE", help="Settings of the daemon.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command()
def run(settings: SettingsFile) -> None:
    """Open the keys and sign what may be signed. Until SIGTERM; SIGHUP reads keys and settings again."""
    from kzeds.signer_daemon.running import run as serve

    serve(settings, _now)


@app.command()
def check(settings: SettingsFile) -> None:
    """Check settings and keys, and say what may be signed. In plain words; run it as the daemon's user."""
    from kzeds.signer_daemon.assembly import make_policy
    from kzeds.signer_daemon.keys import open_keys
    from kzeds.signer_daemon.settings import load_settings

    loaded = load_settings(settings)
    keys = open_keys(loaded)
    make_policy(loaded, keys)
    may_sign = [_describe(held) for held in keys.values()]
    typer.echo(f"{len(loaded.users)} user(s) may ask: uid {', '.join(str(one) for one in sorted(loaded.users))}")
    raise typer.Exit(0 if all(may_sign) else REFUSED)


@app.command()
def status(settings: SettingsFile, *, as_json: Json = False) -> None:
    """Show how much each key has signed today, and may sign. In documents; for root and the daemon's user."""
    from kzeds.signer_daemon.assembly import BOOK
    from kzeds.signer_daemon.quota import QuotaBook, day_of
    from kzeds.signer_daemon.settings import load_settings

    loaded, day = load_settings(settings), day_of(_now())
    book = QuotaBook(loaded.state / BOOK, must_exist=True)
    try:
        standing = {name: _standing(rule, book, day) for name, rule in loaded.allowances.items()}
    finally:
        book.close()
    if as_json:
        show({"day": day.isoformat(), "keys": standing}, as_json=True)
        return
    typer.echo(f"{day}, Kazakhstan's calendar")
    for name, counts in standing.items():
        typer.echo(f"{name}: " + ", ".join(f"{what} {one['used']} of {one['quota']}" for what, one in counts.items()))


@app.command("raise")
def raise_(
    settings: SettingsFile,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="NAME", help="Name of the key in the settings; NAME/statements for its statements."
        ),
    ],
    to: Annotated[int, typer.Option("--to", metavar="N", min=1, help="New documents on that day, all together.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the log.")],
    *,
    operation: Annotated[
        str | None, typer.Option("--operation", metavar="NAME", help="Only the quota of this operation.")
    ] = None,
    day: Annotated[str | None, typer.Option("--for", metavar="DAY", help="YYYY-MM-DD; today if absent.")] = None,
) -> None:
    """Let a key sign more on one day; who, when and why go into the log. For root and the daemon's user."""
    from kzeds.signer_daemon.quota import day_of
    from kzeds.signer_daemon.raising import Raise, raise_quota
    from kzeds.signer_daemon.settings import load_settings

    now = _now()
    wanted = Raise(key, operation, to, day_of(now) if day is None else _read_day(day), reason)
    count = raise_quota(load_settings(settings), wanted, now)
    typer.echo(f"{key}: {count.quota} new documents on {wanted.day}, {count.used} of them signed")


@app.command()
def log(
    settings: SettingsFile,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Only check the chain, and that its end is there.")] = False,
) -> None:
    """Show the lines of the log, or check that it is whole. No line changed or cut off: exit code 0 whole, 1 not."""
    from kzeds.signer_daemon.assembly import BOOK, LOG
    from kzeds.signer_daemon.log import BEGUN, read_log, require_whole
    from kzeds.signer_daemon.quota import QuotaBook
    from kzeds.signer_daemon.recount import counted_in, steps_back
    from kzeds.signer_daemon.settings import load_settings

    state = load_settings(settings).state
    if not verify:
        for line in read_log(state / LOG):
            typer.echo(json_text(line, indent=None))
        return
    book = QuotaBook(state / BOOK, must_exist=True)
    try:
        end = require_whole(state / LOG, book.log_end())
        lost = book.lacks(counted_in(state / LOG))
    finally:
        book.close()
    typer.echo(f"{state / LOG}: whole, {end.lines} lines; SHA-256 of the last: {end.digest}")
    first = next(read_log(state / LOG), {})
    if first.get("event") == BEGUN:
        typer.echo(
            f"IT BEGINS behind line {first['former_lines']} of a former log (SHA-256 {first['former_digest']}), "
            "which has to be kept somewhere else"
        )
    for number in steps_back(state / LOG):
        typer.echo(f"THE CLOCK WAS PUT BACK before line {number}")
    if lost:
        typer.echo(
            f"THE COUNTS LACK {lost} documents that the log says were signed: {BOOK} was deleted, or an older one put "
            "back. The daemon counts them again when it starts"
        )
        raise typer.Exit(REFUSED)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is where the clock enters kzeds


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is expected, such as 2026-11-23", param_hint="--for") from None


def _standing(rule: Allowance, book: QuotaBook, day: date) -> dict[str, dict[str, int]]:
    from kzeds.signer_daemon.quota import ALL

    counts: dict[str, Count] = {"all": book.count(rule, ALL, day)}
    counts |= {one: book.count(rule, one, day) for one in sorted(rule.operation_quota)}
    return {what: {"used": one.used, "quota": one.quota} for what, one in counts.items()}


def _describe(held: HeldKey) -> bool:
    """Print what a key may sign; False when its certificate says that it may sign nothing now."""
    from kzeds.errors import KzedsError
    from kzeds.signer_daemon.service import masked

    rule = held.rule
    problem = None
    try:
        held.key.require_may_sign(_now())
    except KzedsError as error:
        problem = str(error)
    typer.echo(
        f"key {rule.name}: certificate {held.certificate.short_id} of {masked(rule.number)}, "
        f"until {held.certificate.not_after:%Y-%m-%d}"
    )
    limits = ", ".join(f"{one} at most {quota}" for one, quota in sorted(rule.operation_quota.items()))
    typer.echo(
        f"  documents: {', '.join(sorted(rule.operations)) or 'none'}; {rule.daily_quota} new ones a day"
        + (f", of them {limits}" if limits else "")
    )
    typer.echo(f"  envelopes around documents that are signed already: {', '.join(sorted(rule.envelopes)) or 'none'}")
    if rule.statements:
        typer.echo(f"  statements: {', '.join(sorted(rule.statements))}; {rule.statement_quota} new ones a day")
    if problem is not None:
        typer.echo(f"  IT MAY SIGN NOTHING: {problem}")
    return problem is None
