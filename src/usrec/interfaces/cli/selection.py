"""Which submissions a command is about, and the question before it acts on more than one."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from usrec.domain.errors import UnsafeRequest
from usrec.domain.kazakhstan_time import KAZAKHSTAN, day_end_utc
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.options import who
from usrec.interfaces.cli.words import state_name
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger
    from usrec.application.acting import Actor
    from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow, SubmissionStory
    from usrec.settings import LoadedSettings

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the submission, or the beginning of it.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or their beginnings.")]
InState = Annotated[State | None, typer.Option("--state", help="Only submissions in this state.")]


def _as_it_is_kept(typed: str | None) -> str | None:
    """The code as the ledger has it, where a person types ``14`` or ``scse014``, as for ``usrec explain``."""
    from usrec.domain.response_code import code_of

    return typed if typed is None else code_of(typed) or typed


WithCode = Annotated[
    str | None,
    typer.Option("--code", callback=_as_it_is_kept, help="Only with this response code, such as SCSE014; 14 means it."),
]
OfEmployer = Annotated[
    str | None, typer.Option("--employer", help="Only of this employer: its name in the settings, or its BIN.")
]
DueBefore = Annotated[
    str | None,
    typer.Option(
        "--due-before",
        metavar="T",
        help="Only those whose legal date lies before this day (YYYY-MM-DD), or ends before this instant "
        "(ISO 8601; without a zone, Kazakhstan time).",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask, however many there are.")]

_NUMBERS: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_NOTHING_CHANGED: Final = "Nothing was changed"

Act = Literal["retry", "cancel", "hold", "release"]
_QUESTIONS: Final[Mapping[Act, Callable[[int], str]]] = {
    "retry": lambda number: ntr("{number} submission to retry:", "{number} submissions to retry:", number),
    "cancel": lambda number: ntr("{number} submission to cancel:", "{number} submissions to cancel:", number),
    "hold": lambda number: ntr("{number} submission to hold:", "{number} submissions to hold:", number),
    "release": lambda number: ntr("{number} submission to release:", "{number} submissions to release:", number),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The settings and the ledger that they name."""

    settings: LoadedSettings
    ledger: SqlLedger


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filter that a command was given."""

    state: State | None = None
    code: str | None = None
    employer: str | None = None
    due_before: datetime | None = None

    def filter(self, settings: LoadedSettings) -> SubmissionFilter:
        """The unsettled submissions that it names."""
        from usrec.ports.ledger_view import SubmissionFilter

        return SubmissionFilter(
            state=self.state,
            code=self.code,
            employer=employer_named(settings, self.employer),
            due_before=self.due_before,
            unsettled=True,
        )


@contextmanager
def opened(config: Path | None) -> Iterator[Opened]:
    """The ledger, for as long as a command needs it."""
    from usrec.ledger import build_ledger
    from usrec.settings import load_settings

    settings = load_settings(config)
    ledger = build_ledger(settings)
    try:
        yield Opened(settings, ledger)
    finally:
        ledger.close()


def actor(reason: str) -> Actor:
    """Who acts and why, for the journal, from which nothing can ever be erased."""
    from usrec.application.acting import Actor

    if not reason.strip():
        raise typer.BadParameter("say why; it goes into the journal", param_hint="--reason")
    if _NUMBERS.search(reason):
        raise typer.BadParameter(
            "it holds twelve digits like an IIN, and the journal can never be erased; name the submission instead",
            param_hint="--reason",
        )
    return Actor(who(), reason.strip())


def instant_before(text: str | None) -> datetime | None:
    """The exclusive bound that ``--due-before`` means: a day stands for its own 24:00 in Kazakhstan."""
    if text is None:
        return None
    try:
        if len(text) == len("YYYY-MM-DD"):
            return day_end_utc(date.fromisoformat(text))
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=KAZAKHSTAN)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is neither a day nor an instant", param_hint="--due-before") from None


def employer_named(settings: LoadedSettings, text: str | None) -> EmployerName | None:
    """An employer by its name in the settings or by its BIN."""
    by_bin = {employer.bin: name for name, employer in settings.values.employer.items()}
    return None if text is None else EmployerName(by_bin.get(text, text))


def story_of(view: LedgerView, given: str) -> SubmissionStory:
    """The submission whose id begins with ``given``.

    Raises:
        UnsafeRequest: There is none.
        ValidationProblem: There is more than one.
    """
    story = view.story(SubmissionId(given))
    if story is None:
        raise UnsafeRequest(
            f"no submission's id begins with {given}", kept=_NOTHING_CHANGED, next_step="See usrec submission list"
        )
    return story


def whole_id(view: LedgerView, given: str) -> SubmissionId:
    """The id that begins with ``given``; raises as :func:`story_of` does."""
    return story_of(view, given).row.id


def to_act_on(
    place: Opened, what: Act, ids: Sequence[str] | None, narrowed: Narrowed, *, yes: bool
) -> Sequence[SubmissionRow]:
    """The submissions to act on: those named, or the unsettled ones that the filter names; more than one is asked for.

    Args:
        what: What is to be done with them.

    Raises:
        UnsafeRequest: A named one does not exist, nobody can be asked, or it was not confirmed.
    """
    from usrec.ports.ledger_view import SubmissionFilter

    if bool(ids) == (narrowed != Narrowed()):
        raise typer.BadParameter("give either ids or a filter: --state, --code, --employer")
    view = place.ledger.view
    if ids:
        rows = view.rows(SubmissionFilter(ids=[whole_id(view, given) for given in ids], current=False))
    else:
        rows = view.rows(narrowed.filter(place.settings))
        rows = _without_awaited(rows) if what == "retry" else rows
    confirm(rows, what, yes=yes)
    return rows


def _without_awaited(rows: Sequence[SubmissionRow]) -> Sequence[SubmissionRow]:
    """Leave out, and say so, what a person is asked to sign or approve: a retry voids the document they have."""
    from usrec.domain.signing_request import AWAITING

    left = [row for row in rows if row.wait_reason not in AWAITING]
    if len(left) != len(rows):
        said = ntr(
            "{number} submission waits for a signature or an approval and is left alone; name its id to make its "
            "document anew.",
            "{number} submissions wait for a signature or an approval and are left alone; name their ids to make their "
            "documents anew.",
            len(rows) - len(left),
        )
        typer.echo(said, err=True)
    return left


def confirm(rows: Sequence[SubmissionRow], what: Act, *, yes: bool) -> None:
    """Show what is to be acted on and let a person type the number, unless it is one at most.

    Raises:
        UnsafeRequest: Nobody can be asked, or the number was not typed.
    """
    if len(rows) <= 1 or yes:
        return
    typer.echo(_QUESTIONS[what](len(rows)), err=True)
    for (state, code), number in sorted(Counter((row.state, row.code) for row in rows).items()):
        typer.echo(f"  {number:>6}  {state_name(state)}  {code}".rstrip(), err=True)
    ask_for(len(rows))


def ask_for(number: int) -> None:
    """Let a person type ``number``.

    Raises:
        UnsafeRequest: There is no terminal to ask at, or something else was typed.
    """
    if not sys.stdin.isatty():
        raise UnsafeRequest(
            "more than one submission is concerned and there is no terminal to ask at",
            kept=_NOTHING_CHANGED,
            next_step="Add --yes if you mean them all",
        )
    typed: str = typer.prompt(
        tr("Type {number} to go on").format(number=number), default="", show_default=False, err=True
    )
    if typed.strip() != str(number):
        raise UnsafeRequest("it was not confirmed", kept=_NOTHING_CHANGED)
