"""What the ledger keeps for whoever watches: alerts, permits that end, agents, employers that are stopped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from usrec.domain.alert import Alert, Watched
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import Submission, SubmissionId


class Alerts(Protocol):
    """Durable alerts, each raised once. What each sink took of them is told in ``AlertSinks``."""

    def add(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Record alerts; returns those that were new (unique on event, date and threshold).

        A new one closes the event's earlier alerts about the same date. One that was raised before and closed is open
        again: it stands for its event once more.
        """
        ...

    def outdated(self, limit: int) -> Sequence[tuple[int, Alert]]:
        """Open alerts whose submission is settled or was replaced, and reminders of what is not awaited any more.

        Each with its handle. What is told of a pair stays open while its half stands, registered or not.
        """
        ...

    def unsay(self, after: datetime, now: datetime, limit: int) -> Sequence[SubmissionId]:
        """Close open alerts that were raised after ``after``, as if nobody had been told; gives whose they were."""
        ...

    def hand_over(self, handle: int, to: SubmissionId) -> None:
        """Another submission of the same event stands for it now."""
        ...

    def close(self, handles: Sequence[int], at: datetime) -> None:
        """There is nothing left to tell."""
        ...

    def withdraw(self, submission_id: SubmissionId, watched: Watched, at: datetime) -> None:
        """What was told of this about its event is not true any more."""
        ...

    def foretold(self, watched: Watched, since: date) -> Sequence[tuple[int, Alert]]:
        """What was told of the forecast, or of the last day, since then, and what is open of earlier; oldest first.

        Each with its handle. ``watched`` is one of these two.
        """
        ...

    def watch(self, submission_id: SubmissionId, at: datetime | None) -> None:
        """Look at the submission's dates at ``at`` (aware UTC); None: never again. The latest call wins."""
        ...

    def to_watch(self, now: datetime, limit: int) -> Sequence[Submission]:
        """Submissions whose time to be looked at has come, earliest first."""
        ...

    def looked_at(self, again: Mapping[SubmissionId, datetime | None]) -> None:
        """When to look again at those that ``to_watch`` gave in this transaction; None: never again.

        Where somebody has named another time since, as with the beginning of a wait for a person, that one stands; and
        one that is being changed at this moment keeps its time, so that it is looked at again.
        """
        ...


class Permits(Protocol):
    """Foreigners' permits: at most one for each contract, that of its newest registered event."""

    def put(self, employer_bin: str, contract_key: ContractKey, submission_id: SubmissionId, end_date: date) -> None:
        """The contract's permit ends then. With another last day than before it is a newer permit, told anew."""
        ...

    def remove(self, employer_bin: str, contract_key: ContractKey) -> None:
        """The contract has no permit."""
        ...

    def pause(self, employer_bin: str, contract_key: ContractKey, *, ended: bool) -> None:
        """The contract has ended, so nobody is told of its permit; or it goes on again."""
        ...

    def move(self, employer_bin: str, contract_key: ContractKey, *, to: str) -> None:
        """The employer of the contract has another BIN; a permit that is known there already stays in its place."""
        ...

    def untold(self, until: date, days: int, limit: int) -> Sequence[tuple[SubmissionId, date]]:
        """Permits that end by ``until`` and were not told ``days`` before their end or later, the first to end first.

        Each by the event that named it, with its last day.
        """
        ...

    def told(self, submission_id: SubmissionId, days: int) -> None:
        """The permit that this event named was told ``days`` before its end."""
        ...


class Agents(Protocol):
    """The agents that work on the ledger, each with its last sign of life."""

    def beat(self, sign: Heartbeat) -> None:
        """Put the agent's newest sign in the place of its last one; a sign after a farewell revokes that."""
        ...

    def leave(self, owner: str, at: datetime) -> None:
        """The agent takes its leave; one that never gave a sign may do so too."""
        ...

    def forget(self, before: datetime) -> int:
        """Strike off agents that have given no sign since ``before``; returns how many."""
        ...


class EmployerStops(Protocol):
    """Employers of whom nothing more is signed or sent until a person releases them."""

    def add(self, stop: EmployerStop) -> bool:
        """Stop an employer; false when it was stopped already, and then that stop stands."""
        ...

    def get(self, employer_bin: str) -> EmployerStop | None:
        """Its stop, None when it has none."""
        ...

    def of(self, employers: Collection[str]) -> Mapping[str, EmployerStop]:
        """The stops of those of these that have one, by their BIN."""
        ...

    def remove(self, employer_bin: str) -> bool:
        """Release an employer; false when nobody had stopped it."""
        ...

    def noted(self, employer_bin: str, message: str, limit: int) -> Sequence[Submission]:
        """Its submissions that wait to be signed, and of whose rows HR was told this last."""
        ...
