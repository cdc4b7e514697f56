"""Bugs to plant in what is held as one of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import bindparam, null, update

from usrec.adapters.persistence.masses import SqlMasses
from usrec.adapters.persistence.together_tables import mass_members
from usrec.application import deliver
from usrec.domain.mass import MassDecision

_LEAVES: Final = update(mass_members).where(mass_members.c.submission_id == bindparam("which")).values(batch=null())


def _all_of_them(work: Any, claims: Any, now: Any) -> Any:
    del work, now
    return claims


@contextmanager
def _mass_not_held() -> Iterator[None]:
    """A batch is opened and nothing of it is stopped, neither then nor when an agent claims it."""

    def none_of_them(self: Any, name: str) -> Any:
        del self, name
        return []

    with patch.object(SqlMasses, "hold", none_of_them), patch.object(deliver, "unless_undecided", _all_of_them):
        yield


@contextmanager
def _freed_claim_goes_out() -> Iterator[None]:
    """What a dead agent had in hand when its batch was opened is claimed by the next one and sent."""
    with patch.object(deliver, "unless_undecided", _all_of_them):
        yield


@contextmanager
def _leaving_forgotten() -> Iterator[None]:
    """What left its batch alone joins it again with the next newcomer."""

    def left(self: Any, submission_id: str) -> None:
        self._connection.execute(_LEAVES, {"which": submission_id})

    with patch.object(SqlMasses, "leave", left):
        yield


@contextmanager
def _taken_back_goes_free() -> Iterator[None]:
    """A decision is carried out as if every batch had been let go."""
    batch = SqlMasses.batch

    def released(self: Any, name: str) -> Any:
        found = batch(self, name)
        if found is None or found.decision is None:
            return found
        return replace(found, decision=MassDecision.RELEASED)

    with patch.object(SqlMasses, "batch", released):
        yield


@contextmanager
def _decision_stays_half_done() -> Iterator[None]:
    """Nobody goes on with what a console left half done."""

    def nothing(self: Any) -> Any:
        del self
        return []

    with patch.object(SqlMasses, "unfinished", nothing):
        yield


MASSES: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "mass-not-held": _mass_not_held,
    "freed-claim-goes-out": _freed_claim_goes_out,
    "leaving-forgotten": _leaving_forgotten,
    "taken-back-goes-free": _taken_back_goes_free,
    "decision-stays-half-done": _decision_stays_half_done,
}
