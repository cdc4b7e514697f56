"""``usrec alerts``: whether the sinks of alerts work, and what they were told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.words import operation_name
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.ports.alert_sink import SinkName, Subscriber
    from usrec.ports.alert_sinks import NoticeBoard, PostedAlert, SinkState

app = typer.Typer(help="Who is told of deadlines, and how that goes.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test message.

    Attributes:
        problem: Why it was not taken; empty when it was.
    """

    sink: str
    taken: bool
    problem: str


@app.command("test")
def try_sinks(
    *,
    sink: Annotated[
        str | None, typer.Option("--sink", help="Only this one: log, or kind and name such as mail.personnel.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message to each sink and say what became of it; exit 4 when one did not take it."""
    from usrec.domain.errors import TheirsToWaitFor
    from usrec.interfaces.logs import configure_logs
    from usrec.settings import load_watcher_settings
    from usrec.sinks import subscribers

    settings = load_watcher_settings(config)
    configure_logs(level=settings.values.log.level, style=settings.values.log.format)
    tried = [_try(one) for one in _chosen(subscribers(settings), sink)]
    if as_json:
        print_json([asdict(one) for one in tried])
    else:
        for one in tried:
            words = tr("{sink}: taken") if one.taken else tr("{sink}: NOT taken: {why}")
            say(words.format(sink=one.sink, why=one.problem))
    if not all(one.taken for one in tried):
        raise typer.Exit(TheirsToWaitFor.exit_code)


def _chosen(found: Sequence[Subscriber], name: str | None) -> Sequence[Subscriber]:
    chosen = [one for one in found if name in {None, one.name}]
    if not chosen:
        known = ", ".join(one.name for one in found)
        raise typer.BadParameter(f"there is no such sink; there are: {known}", param_hint="--sink")
    return chosen


def _try(subscriber: Subscriber) -> Tried:
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.domain.errors import AlertNotTaken
    from usrec.domain.identifiers import new_record_id
    from usrec.interfaces.cli.alert_words import compose_test
    from usrec.ports.alert_sink import AlertMessage, AlertMessageId, MessageKind

    subject, text = compose_test(subscriber.name, language=subscriber.language)
    message = AlertMessage(
        id=AlertMessageId(new_record_id(SystemEntropy().token(16))),
        kind=MessageKind.TEST,
        urgent=False,
        at=SystemClock().now(),
        language=subscriber.language,
        subject=subject,
        text=text,
    )
    try:
        subscriber.sink.deliver(message)
    except AlertNotTaken as problem:
        return Tried(subscriber.name, taken=False, problem=str(problem))
    return Tried(subscriber.name, taken=True, problem="")


@app.command("list")
def show(*, config: Config = None, as_json: AsJson = False) -> None:
    """The alerts of events that are still open, who took them, and how each sink fares."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.cli.selection import opened
    from usrec.interfaces.metrics_page import sink_names

    with opened(config) as place:
        board = place.ledger.view.notice_board()
        names = sink_names(place.settings.values.alerts)
    now = SystemClock().now()
    if as_json:
        print_json(board_json(board, names, now))
        return
    _print_alerts(board.alerts)
    typer.echo()
    for line in _sink_lines(board, names, now):
        say(line)


def board_json(board: NoticeBoard, names: Collection[SinkName], now: datetime) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {
        "at": now,
        "alerts": [_alert_json(one) for one in board.alerts],
        "sinks": [_sink_json(name, board, now) for name in _all_names(board, names)],
    }


def _alert_json(one: PostedAlert) -> dict[str, object]:
    alert = one.alert
    return {
        "submission": alert.submission_id,
        "event_id": alert.event_id,
        "employer": alert.employer,
        "operation": alert.operation,
        "watched": alert.watched,
        "threshold": alert.threshold,
        "last_day": alert.last_day,
        "state": one.state,
        "raised_at": alert.raised_at,
        "tell_at": alert.tell_at,
        "taken_by": sorted(one.taken),
    }


def _sink_json(name: SinkName, board: NoticeBoard, now: datetime) -> dict[str, object]:
    state = _state_of(name, board)
    return {
        "sink": name,
        "waiting": _waiting(name, board, now),
        "taken_at": None if state is None else state.taken_at,
        "failures": 0 if state is None else state.failures,
        "failed_at": None if state is None else state.failed_at,
        "retry_at": None if state is None else state.retry_at,
        "problem": "" if state is None else state.problem,
    }


def _all_names(board: NoticeBoard, names: Collection[SinkName]) -> Sequence[SinkName]:
    """Those of the settings, and those that were told before they were taken out."""
    return sorted({*names, *(one.name for one in board.sinks)})


def _state_of(name: SinkName, board: NoticeBoard) -> SinkState | None:
    return next((one for one in board.sinks if one.name == name), None)


def _waiting(name: SinkName, board: NoticeBoard, now: datetime) -> int:
    """How many alerts the sink should have been told by now and has not taken."""
    return sum(name not in one.taken and one.alert.tell_at <= now for one in board.alerts)


def _print_alerts(alerts: Sequence[PostedAlert]) -> None:
    headings = [tr("day"), tr("what"), tr("operation"), tr("employer"), tr("id"), tr("told to")]
    print_table(headings, [_cells(one) for one in alerts])


def _cells(one: PostedAlert) -> Sequence[str]:
    from usrec.interfaces.cli.alert_words import alert_title

    alert = one.alert
    what = alert_title(alert.watched, alert.threshold)
    told = ", ".join(sorted(one.taken))
    operation = operation_name(alert.operation or "")
    return [alert.last_day.isoformat(), what, operation, alert.employer or "", shown_id(alert.submission_id), told]


def _sink_lines(board: NoticeBoard, names: Collection[SinkName], now: datetime) -> Iterator[str]:
    for name in _all_names(board, names):
        state, waiting = _state_of(name, board), _waiting(name, board, now)
        taken = local_time(state.taken_at) if state and state.taken_at else tr("never")
        line = tr("{sink}: last taken {time}, waiting {number}").format(sink=name, time=taken, number=waiting)
        if state is not None and state.failures:
            failed = ntr("{number} failure in a row", "{number} failures in a row", state.failures)
            again = tr("tried again {time}: {why}").format(time=local_time(state.retry_at), why=state.problem)
            line = f"{line}; {failed}; {again}"
        yield line
