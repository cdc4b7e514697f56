"""Doing the same to several submissions: each on its own, each reported, the refused ones among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from usrec.domain.errors import PersonDecides, UnsafeRequest
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.options import print_json
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.ports.ledger_view import SubmissionRow


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one submission of a command.

    Attributes:
        result: ``done`` or ``refused``.
        detail: Of a retry, the id that goes on; of a refusal, why.
    """

    id: SubmissionId
    result: str
    detail: str


def act_on(
    rows: Sequence[SubmissionRow], act: Callable[[SubmissionId], str | None], *, as_json: bool, said: str
) -> None:
    """Act on each, report each, and end with exit code 5 when any was refused.

    Args:
        said: What to tell of one that was done.
    """
    results: list[Result] = []
    try:
        for row in rows:
            results.append(_tried(row.id, act))
            if not as_json:
                _say_result(results[-1], said)
    finally:
        if as_json:
            print_json([asdict(result) for result in results])
    if not rows and not as_json:
        say(tr("No submission matches."))
    if any(result.result == "refused" for result in results):
        raise typer.Exit(UnsafeRequest.exit_code)


def _tried(submission_id: SubmissionId, act: Callable[[SubmissionId], str | None]) -> Result:
    try:
        return Result(submission_id, "done", act(submission_id) or "")
    except PersonDecides as refusal:
        return Result(submission_id, "refused", str(refusal))


def _say_result(result: Result, said: str) -> None:
    if result.result == "done":
        say(f"{result.id}: {said.format(detail=result.detail)}")
    else:
        say(tr("Refused: {why}").format(why=result.detail))


def show_one(result: Result, said: str, *, as_json: bool) -> None:
    """Report the one submission that a command was about."""
    if as_json:
        print_json(asdict(result))
    else:
        say(f"{result.id}: {said}")
