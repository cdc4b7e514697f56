"""``usrec submission``: what operators see of single submissions, and may do to them.

Every decision is journaled with who and why. A command that acts on several goes on where one is refused; it ends with
exit code 5 when any was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR
from usrec.interfaces.cli.acting import act_on
from usrec.interfaces.cli.approval import approve
from usrec.interfaces.cli.options import AsJson, Config, Reason, print_json
from usrec.interfaces.cli.selection import (
    DueBefore,
    Id,
    Ids,
    InState,
    Narrowed,
    OfEmployer,
    WithCode,
    Yes,
    actor,
    employer_named,
    instant_before,
    opened,
    story_of,
    to_act_on,
)
from usrec.interfaces.cli.tables import print_table, say, shown_id
from usrec.interfaces.cli.words import code_words, operation_name, state_name, wait_words
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.ports.ledger_view import SubmissionRow
from usrec.interfaces.cli.by_hand import check_out, settle

app = typer.Typer(help="Look at submissions and decide about them.", no_args_is_help=True)


@app.command("list")
def list_submissions(
    *,
    state: InState = None,
    code: WithCode = None,
    due_before: DueBefore = None,
    employer: OfEmployer = None,
    contract: Annotated[str | None, typer.Option(help="Only of this contract: the HR system's key.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that a later revision or a retry replaced.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List submissions, earliest legal date first."""
    from usrec.interfaces.cli.story import row_json
    from usrec.ports.ledger_view import SubmissionFilter

    bound = instant_before(due_before)
    with opened(config) as place:
        which = SubmissionFilter(
            state=state,
            code=code,
            due_before=bound,
            employer=employer_named(place.settings, employer),
            contract_key=contract,
            current=not everything,
        )
        rows = place.ledger.view.rows(which)
    if as_json:
        print_json([row_json(row) for row in rows])
    elif rows:
        headings = [tr("id"), tr("last day"), tr("state"), tr("code"), tr("event"), tr("contract"), tr("employer")]
        print_table([*headings, tr("why")], _cells(rows))
    else:
        say(tr("No submission matches."))


def _cells(rows: Sequence[SubmissionRow]) -> list[list[str]]:
    return [
        [
            shown_id(row.id),
            str(row.legal_date or ""),
            state_name(row.state),
            row.code,
            operation_name(row.operation),
            row.contract_key,
            row.employer,
            _why(row),
        ]
        for row in rows
    ]


def _why(row: SubmissionRow) -> str:
    """Why it waits, or what is wrong with it."""
    from usrec.domain.rules.finding import Severity, load_findings

    if row.status is not None:
        waits = wait_words(row.wait_reason, row.status)
        return f"{waits} ({code_words(row.code)})" if row.wait_reason in REFUSED_SO_FAR else waits
    if row.state is State.INVALID:
        wrong = [finding.field for finding in load_findings(row.findings) if finding.severity is Severity.ERROR]
        return tr("mend: {fields}").format(fields=", ".join(dict.fromkeys(wrong)))
    return code_words(row.code) if row.state is State.REJECTED else ""


@app.command("show")
def show(submission: Id, *, config: Config = None, as_json: AsJson = False) -> None:
    """Tell the whole story of one submission: timeline, reason, deadline, what waits behind it."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.cli.story import story_json
    from usrec.interfaces.cli.story_page import print_story

    with opened(config) as place:
        story = story_of(place.ledger.view, submission)
    now = SystemClock().now()
    if as_json:
        print_json(story_json(story, now))
    else:
        print_story(story, now)


@app.command("retry")
def retry(
    submissions: Ids = None,
    *,
    reason: Reason,
    state: InState = None,
    code: WithCode = None,
    employer: OfEmployer = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Try again: a refused one as a new signed version, one on its way as the same bytes, an invalid one by its row."""
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.application.retry import retry as retry_one
    from usrec.policies import employers_by_bin
    from usrec.preflight import build_calendars, build_preflight

    by = actor(reason)
    with opened(config) as place:
        act = partial(
            retry_one,
            actor=by,
            ledger=place.ledger,
            clock=SystemClock(),
            entropy=SystemEntropy(),
            employers=employers_by_bin(place.settings),
            calendar=build_calendars(place.settings),
            preflight=build_preflight(place.settings),
        )
        rows = to_act_on(place, "retry", submissions, Narrowed(state, code, employer), yes=yes)
        act_on(rows, act, as_json=as_json, said=tr("goes on as {detail}"))


@app.command("cancel")
def cancel(
    submissions: Ids = None,
    *,
    reason: Reason,
    state: InState = None,
    code: WithCode = None,
    employer: OfEmployer = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take submissions back, or set refused ones aside so that their followers go on. Never what may be registered."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application import operate

    by = actor(reason)
    with opened(config) as place:
        act = partial(operate.cancel, actor=by, ledger=place.ledger, clock=SystemClock())
        rows = to_act_on(place, "cancel", submissions, Narrowed(state, code, employer), yes=yes)
        act_on(rows, act, as_json=as_json, said=tr("taken back"))


@app.command("hold")
def hold(
    submissions: Ids = None,
    *,
    reason: Reason,
    state: InState = None,
    code: WithCode = None,
    employer: OfEmployer = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Stop submissions until they are released."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application import operate

    by = actor(reason)
    with opened(config) as place:
        act = partial(operate.hold, actor=by, ledger=place.ledger, clock=SystemClock())
        rows = to_act_on(place, "hold", submissions, Narrowed(state, code, employer), yes=yes)
        act_on(rows, act, as_json=as_json, said=tr("held"))


@app.command("release")
def release(
    submissions: Ids = None,
    *,
    reason: Reason,
    state: InState = None,
    code: WithCode = None,
    employer: OfEmployer = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let held or checked-out submissions go on."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application import operate

    by = actor(reason)
    with opened(config) as place:
        act = partial(operate.release, actor=by, ledger=place.ledger, clock=SystemClock())
        rows = to_act_on(place, "release", submissions, Narrowed(state, code, employer), yes=yes)
        act_on(rows, act, as_json=as_json, said=tr("released"))


app.command("settle")(settle)
app.command("checkout")(check_out)
app.command("approve")(approve)
