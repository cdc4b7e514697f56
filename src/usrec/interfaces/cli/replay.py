"""``usrec replay``: what was refused or got stuck is sent again, planned first, one canary ahead of the others."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import GatewayUnavailable, SigningRefused, UnsafeRequest, UsrecError
from usrec.domain.signing_request import AWAITING
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import (
    DueBefore,
    InState,
    Narrowed,
    OfEmployer,
    WithCode,
    Yes,
    actor,
    ask_for,
    instant_before,
    opened,
)
from usrec.interfaces.cli.tables import local_time, say
from usrec.interfaces.cli.words import reason_words, wait_words
from usrec.interfaces.i18n import english, ntr, tr

if TYPE_CHECKING:
    from usrec.application.acting import Actor
    from usrec.application.plan_replay import Plan
    from usrec.application.replay import Canary, Queued, Retry
    from usrec.bootstrap import Agent
    from usrec.settings import LoadedSettings

_RATE: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?:/(s|min|h))?")
_UNITS: Final = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}
_SHORTEST: Final = timedelta(milliseconds=1)
_LONGEST: Final = timedelta(days=7)


def replay(
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would happen; nothing is changed.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; goes into the journal. Not needed with --plan.")] = None,
    rate: Annotated[
        str, typer.Option(metavar="N/s", help="How many to send: per second (2/s, 0.5/s), per minute (30/min), 100/h.")
    ] = "1/s",
    state: InState = None,
    code: WithCode = None,
    employer: OfEmployer = None,
    due_before: DueBefore = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send again what was refused (as a new signed version) or waits for another try (the same bytes).

    The first one goes alone; the others are queued when it is registered, and a running agent sends them at the rate.
    A replay that was stopped goes on when it is called again. What is in doubt is left alone.
    """
    from usrec.interfaces.cli.replay_plan import plan_words

    interval = interval_of(rate)
    narrowed = Narrowed(state, code, employer, instant_before(due_before))
    by = None if plan else actor(reason or "")
    settings, planned = _plan(config, narrowed, interval)
    if by is None or not planned.turns:
        _show_plan(planned, as_json=as_json, executed=by is not None)
        return
    if not yes and len(planned.turns) > 1:
        for line in plan_words(planned):
            typer.echo(line, err=True)
        ask_for(len(planned.turns))
    _execute(settings, planned, by, as_json=as_json)


def interval_of(rate: str) -> timedelta:
    """The time between two submissions at a rate such as ``2/s``."""
    found = _RATE.fullmatch(rate.strip())
    number = float(found[1]) if found else 0
    interval = _UNITS[found[2] or "s"] / number if found and number else timedelta(0)
    if not _SHORTEST <= interval <= _LONGEST:
        raise typer.BadParameter(f"{rate!r} is not a rate such as 2/s, 30/min or 100/h", param_hint="--rate")
    return interval


def _plan(config: Path | None, narrowed: Narrowed, interval: timedelta) -> tuple[LoadedSettings, Plan]:
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.plan_replay import plan_replay

    with opened(config) as place:
        which = narrowed.filter(place.settings)
        view, cap = place.ledger.view, place.settings.values.delivery.rate
        return place.settings, plan_replay(which, view=view, clock=SystemClock(), interval=interval, cap=cap)


def _show_plan(plan: Plan, *, as_json: bool, executed: bool) -> None:
    from usrec.interfaces.cli.replay_plan import plan_json, plan_words

    if as_json:
        print_json(_result_json(plan, None, None) if executed else plan_json(plan))
        return
    for line in plan_words(plan):
        say(line)


def _execute(settings: LoadedSettings, plan: Plan, by: Actor, *, as_json: bool) -> None:
    """Canary, then the rest; nothing behind the canary is touched unless it was registered."""
    from threading import Event

    from usrec.application.replay import CanaryFate, queue_rest, send_canary
    from usrec.bootstrap import build_agent
    from usrec.interfaces.clock_watch import require_right_clock
    from usrec.interfaces.logs import configure_logs

    pause = Event()
    configure_logs(level="error", style=settings.values.log.format)
    agent = build_agent(settings, wait=pause.wait)
    ledger, view, clock = agent.ledger, agent.ledger.view, agent.clock
    retry = _retrying(agent)
    queued = None
    try:
        require_right_clock(agent)
        canary = send_canary(
            plan,
            by,
            view=view,
            retry=retry,
            send=partial(_send, agent),
            wait=lambda duration: pause.wait(duration.total_seconds()),
        )
        if canary.fate in {CanaryFate.REGISTERED, CanaryFate.NONE_SENDABLE}:
            queued = queue_rest(plan, canary, by, ledger=ledger, view=view, clock=clock, retry=retry)
    finally:
        agent.close()
    _report(plan, canary, queued, as_json=as_json)
    if queued is None:
        raise stopped_by(canary)
    if queued.refused:
        raise typer.Exit(UnsafeRequest.exit_code)


def _retrying(agent: Agent) -> Retry:
    """How one submission is tried again, with all that this takes from the agent."""
    from usrec.application.retry import retry as retry_one

    return partial(
        retry_one,
        ledger=agent.ledger,
        clock=agent.clock,
        entropy=agent.entropy,
        employers=agent.employers,
        calendar=agent.calendar,
        preflight=agent.preflight,
    )


def _send(agent: Agent, submission_id: SubmissionId) -> None:
    """Deliver one submission in this process, unless somebody else holds it."""
    from usrec.application.deliver import claim_due, deliver

    claims = claim_due(
        ledger=agent.ledger, clock=agent.clock, policy=agent.policy, owner=agent.owner, limit=1, only=submission_id
    )
    deliver(
        claims,
        ledger=agent.ledger,
        renderer=agent.renderer,
        signer=agent.signer,
        gateway=agent.gateway,
        clock=agent.clock,
        entropy=agent.entropy,
        policy=agent.policy,
    )


def _report(plan: Plan, canary: Canary, queued: Queued | None, *, as_json: bool) -> None:
    if as_json:
        print_json(_result_json(plan, canary, queued))
        return
    if canary.row is None:
        say(tr("None could be sent now: each waits for its date, its contract, an earlier event or a person."))
    else:
        say(tr("The canary {id} {what}").format(id=canary.row.id, what=canary_words(canary)))
    if queued is None:
        return
    for one, why in queued.refused:
        say(tr("Refused: {why}").format(why=f"{one}: {why}"))
    if queued.moved_on:
        gone = queued.moved_on
        say(ntr("{number} submission had moved on meanwhile", "{number} submissions had moved on meanwhile", gone))
    if queued.ids:
        number = ntr("{number} submission queued", "{number} submissions queued", len(queued.ids))
        later = tr("{queued}, the last for {time}; a running agent sends them")
        say(later.format(queued=number, time=local_time(queued.finishes_at)))


def _result_json(plan: Plan, canary: Canary | None, queued: Queued | None) -> dict[str, object]:
    """``usrec replay --json``: the plan, the canary (null where none was sent), and what was queued behind it."""
    from usrec.interfaces.cli.replay_plan import plan_json

    row = None if canary is None else canary.row
    return {
        "plan": plan_json(plan),
        "canary": None
        if canary is None or row is None
        else {
            "id": row.id,
            "replayed": plan.turns[canary.place].id,
            "fate": canary.fate,
            "state": row.state,
            "code": row.code,
            "reason": row.reason,
        },
        "queued": 0 if queued is None else len(queued.ids),
        "moved_on": 0 if queued is None else queued.moved_on,
        "refused": [] if queued is None else [{"id": one, "detail": why} for one, why in queued.refused],
        "finishes_at": None if queued is None or not queued.ids else queued.finishes_at,
    }


def canary_words(canary: Canary) -> str:
    """What became of the canary, and why."""
    from usrec.interfaces.cli.use_case_words import CANARIES

    row, fate = canary.row, tr(CANARIES[canary.fate])
    if row is None:
        return fate
    why = reason_words(row.reason, row.code) if row.status is None else wait_words(row.wait_reason, row.status)
    return f"{fate}: {why}"


def stopped_by(canary: Canary) -> UsrecError:
    """The error with which a replay stops behind its canary; the exit code says who must act."""
    from usrec.application.replay import CanaryFate

    row = canary.row
    kind: type[UsrecError] = UnsafeRequest
    if canary.fate is CanaryFate.REFUSED:
        step = "Mend the cause, or leave it out by --code"
    elif canary.fate is CanaryFate.UNKNOWN:
        step = "Let the agent find out (usrec submission show)"
    elif row is not None and row.wait_reason is WaitReason.KEY_UNUSABLE:
        kind, step = SigningRefused, "Mend the key"
    elif row is not None and row.wait_reason in AWAITING:
        kind, step = SigningRefused, "Have it signed (usrec package create) or approved (usrec submission approve)"
    else:
        kind, step = GatewayUnavailable, "Wait until the gateway answers"
    with english():
        what = f"the replay stopped, its canary {canary_words(canary)}"
    return kind(
        what,
        where="" if row is None else f"submission {row.id}",
        kept="Nothing behind it was touched",
        next_step=f"{step}, then call the same replay again",
    )
