"""``usrec mass``: many changes that arrived at once and are held until a person has looked at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import UnsafeRequest
from usrec.interfaces.cli.options import AsJson, Config, Reason, print_json
from usrec.interfaces.cli.selection import Opened, Yes, actor, ask_for, opened
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.words import STATES, operation_name
from usrec.interfaces.i18n import N_, language, ntr, tr

if TYPE_CHECKING:
    from usrec.domain.dictionary import Entry
    from usrec.domain.mass import MassDecision
    from usrec.ports.ledger_view import MassRow, SubmissionRow

app = typer.Typer(help="Look at many changes that are held, and decide about them as one.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the batch, as usrec mass list shows it.")]
SAMPLE: Final = 5
MOST: Final = 15
"""So many kinds of changes are named one by one."""
_DECISIONS: Final[Mapping[str, str]] = {
    "released": N_("released by {person}"),
    "cancelled": N_("taken back by {person}"),
}


@app.command("list")
def list_masses(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that somebody has decided about.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List batches of changes, newest first."""
    with opened(config) as place:
        rows = [one for one in place.ledger.view.masses() if everything or one.batch.decision is None]
    if as_json:
        print_json([mass_json(row) for row in rows])
    elif rows:
        headings = [tr("batch"), tr("operation"), tr("day"), tr("events"), tr("held"), tr("last day"), tr("decision")]
        print_table(headings, [_cells(row) for row in rows])
    else:
        say(tr("Nothing is held as one."))


@app.command("show")
def show(name: Name, *, config: Config = None, as_json: AsJson = False) -> None:
    """Preview a batch: how many, which operation, dates, what changes, a sample."""
    with opened(config) as place:
        row = _known(place, name)
        changes = place.ledger.view.mass_changes(name)
        grounds = {} if as_json else _grounds(place, changes)
        sample = place.ledger.view.mass_sample(name, SAMPLE)
    if as_json:
        from usrec.interfaces.cli.story import row_json

        print_json({**mass_json(row), "changes": dict(changes), "sample": [row_json(one) for one in sample]})
        return
    for line in _page(row, changes, grounds):
        say(line)
    print_table([tr("id"), tr("event"), tr("contract"), tr("last day"), tr("state")], [_sampled(one) for one in sample])
    say(
        tr(
            "One alone can go first: usrec submission release ID --reason WHY; all: usrec mass release {name} --reason "
            "WHY, or usrec mass cancel {name} --reason WHY"
        ).format(name=row.batch.name)
    )


@app.command("release")
def release(name: Name, *, reason: Reason, yes: Yes = False, config: Config = None, as_json: AsJson = False) -> None:
    """Let a whole batch go."""
    from usrec.domain.mass import MassDecision

    _decide(name, MassDecision.RELEASED, reason, config=config, yes=yes, as_json=as_json)


@app.command("cancel")
def cancel(name: Name, *, reason: Reason, yes: Yes = False, config: Config = None, as_json: AsJson = False) -> None:
    """Take a whole batch back: what is held of it is not sent. HR can send rows again by raising their revision."""
    from usrec.domain.mass import MassDecision

    _decide(name, MassDecision.CANCELLED, reason, config=config, yes=yes, as_json=as_json)


def _decide(name: str, decision: MassDecision, reason: str, *, config: Config, yes: bool, as_json: bool) -> None:
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.masses import decide_mass

    by = actor(reason)
    with opened(config) as place:
        row = _known(place, name)
        if not yes and row.batch.decision is None:
            _ask(row)
        act = partial(decide_mass, ledger=place.ledger, clock=SystemClock())
        events = act(name, decision, (by.name, by.reason))
    if as_json:
        print_json({"batch": name, "decision": decision.value, "events": events})
        return
    number = ntr("{number} event", "{number} events", events)
    say(f"{name}: {_decision_words(decision.value, by.name)}; {number}")


def _ask(row: MassRow) -> None:
    for line in _facts(row):
        typer.echo(line, err=True)
    ask_for(row.held)


def _known(place: Opened, name: str) -> MassRow:
    """The batch of that name.

    Raises:
        UnsafeRequest: There is none.
    """
    found = next((one for one in place.ledger.view.masses() if one.batch.name == name), None)
    if found is None:
        raise UnsafeRequest(f"there is no batch {name}", kept="Nothing was changed", next_step="See usrec mass list")
    return found


def mass_json(row: MassRow) -> dict[str, object]:
    """The keys that scripts rely on."""
    batch = row.batch
    return {
        "batch": batch.name,
        "employer": batch.employer,
        "operation": batch.operation.value,
        "day": batch.day,
        "opened_at": batch.opened_at,
        "events": row.events,
        "held": row.held,
        "by_state": {state.value: number for state, number in row.by_state.items()},
        "first_legal_date": row.first_legal,
        "last_legal_date": row.last_legal,
        "first_safe_date": row.first_safe,
        "decision": batch.decision,
        "decided_at": batch.decided_at,
        "decided_by": batch.decided_by,
        "reason": batch.reason,
    }


def _cells(row: MassRow) -> list[str]:
    batch = row.batch
    decision = "" if batch.decision is None else _decision_words(batch.decision.value, batch.decided_by)
    day, last = batch.day.isoformat(), str(row.first_legal or "")
    return [batch.name, operation_name(batch.operation), day, str(row.events), str(row.held), last, decision]


def _decision_words(decision: str, person: str) -> str:
    return tr(_DECISIONS[decision]).format(person=person)


def _facts(row: MassRow) -> Iterator[str]:
    batch = row.batch
    words = tr("{name}: {operation} of {day}, {employer}, held since {time}")
    yield words.format(
        name=batch.name,
        operation=operation_name(batch.operation),
        day=batch.day,
        employer=batch.employer,
        time=local_time(batch.opened_at),
    )
    for state, number in row.by_state.items():
        yield f"  {number:>6}  {tr(STATES[state])}"
    if row.first_legal is not None:
        dates = tr("Last days by law from {first} to {last}; earliest safe date {safe}")
        yield dates.format(first=row.first_legal, last=row.last_legal, safe=row.first_safe)


def _grounds(place: Opened, changes: Mapping[str, int]) -> Mapping[str, str]:
    """Names of grounds of termination in the reader's language, as far as the official dictionary is imported."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.domain.rules.codes import CODE_FIELDS
    from usrec.preflight import build_code_check

    dictionary = CODE_FIELDS["reason_code"].dictionary
    edition = build_code_check(place.settings).book.edition(dictionary, kazakhstan_date(SystemClock().now()))
    entries = {} if edition is None else edition.entries
    return {code: _named(entries[code]) for code in changes if code in entries}


def _named(entry: Entry) -> str:
    """A code with its name; the official lists have none in English."""
    return f"{entry.code}  {(entry.name_kk if language() == 'kk' else entry.name_ru) or entry.name_ru}".rstrip()


def _page(row: MassRow, changes: Mapping[str, int], grounds: Mapping[str, str]) -> Iterator[str]:
    yield from _facts(row)
    if row.batch.decision is not None:
        yield _decision_words(row.batch.decision.value, row.batch.decided_by) + f": {row.batch.reason}"
    yield tr("What changes:")
    unknown = tr("the rows do not tell")
    for what, number in _most(list(changes.items())):
        yield f"  {number:>6}  {grounds.get(what, what) or unknown}"
    yield tr("A sample:")


def _most(changes: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    rest = sum(number for _, number in changes[MOST:])
    return [*changes[:MOST], *([(tr("others"), rest)] if rest else [])]


def _sampled(row: SubmissionRow) -> list[str]:
    return [shown_id(row.id), row.event_id, row.contract_key, str(row.legal_date or ""), tr(STATES[row.state])]
