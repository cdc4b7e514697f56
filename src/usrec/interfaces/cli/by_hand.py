"""``usrec submission settle`` and ``checkout``: what a person found out in the portal, or enters there."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from usrec.domain.rules.field_table import REGISTRY_ID
from usrec.interfaces.cli.acting import Result, show_one
from usrec.interfaces.cli.options import AsJson, Config, Reason
from usrec.interfaces.cli.selection import Id, actor, opened, whole_id
from usrec.interfaces.cli.settlement_file import read_evidence
from usrec.interfaces.cli.tables import local_time
from usrec.interfaces.i18n import tr


class Settled(StrEnum):
    """How a doubt ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


def settle(
    submission: Id,
    *,
    outcome: Annotated[Settled, typer.Option("--as", help="Whether it is registered.")],
    evidence: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="What proves it: a portal extract, a letter; 10 MB at most."),
    ],
    reason: Reason,
    contract_id: Annotated[
        str | None,
        typer.Option(
            help="The registry's id of the contract, where a conclusion's is not known, or in place of a mistyped one."
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Record, with evidence, what became of a submission that is in doubt or was entered in the portal by hand."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.settle import Settlement
    from usrec.application.settle import settle as settle_one

    by = actor(reason)
    given = _contract_id(contract_id)
    settlement = Settlement(outcome is Settled.ACCEPTED, given, read_evidence(evidence))
    with opened(config) as place:
        which = whole_id(place.ledger.view, submission)
        settle_one(which, settlement, by, ledger=place.ledger, clock=SystemClock())
    said = tr("settled as accepted") if outcome is Settled.ACCEPTED else tr("settled as rejected")
    show_one(Result(which, "done", outcome.value), said, as_json=as_json)


def check_out(
    submission: Id,
    *,
    person: Annotated[str, typer.Option("--for", help="Who enters it in the portal.")],
    reason: Reason,
    hours: Annotated[int, typer.Option(min=1, max=240, help="After so long the agent sends it after all.")] = 8,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Leave a submission to a person who enters it in the portal; then settle it, or release it."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application import operate

    by = actor(reason)
    if not person.strip():
        raise typer.BadParameter("say who enters it", param_hint="--for")
    with opened(config) as place:
        which = whole_id(place.ledger.view, submission)
        duration = timedelta(hours=hours)
        until = operate.check_out(
            which, person.strip(), by, ledger=place.ledger, clock=SystemClock(), duration=duration
        )
    said = tr("checked out for {person} until {time} in Kazakhstan")
    said = said.format(person=person.strip(), time=local_time(until))
    show_one(Result(which, "done", until.isoformat()), said, as_json=as_json)


def _contract_id(text: str | None) -> str | None:
    if text is None:
        return None
    if not REGISTRY_ID.fullmatch(text.strip()):
        raise typer.BadParameter(
            "the registry's id has 1 to 45 Latin letters, digits and hyphens and nothing else; nothing was changed",
            param_hint="--contract-id",
        )
    return text.strip()
