"""The `usrec` command, which kills itself with SIGKILL at a named place; run as a process of its own:

    python -m support.crashing_agent before:record 2 -- run --drain --config usrec.toml

The place is a moment (`before` or `after`) and a step; the number says at which occurrence it dies. Steps are the
transactions of the design, told apart by what they do to the ledger, and the three calls to other machines. The agent
itself is the real one, composed by `usrec.bootstrap`: only the classes at its edges are replaced by ones that watch.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final
from unittest import mock

from sqlalchemy import Connection, Engine, RootTransaction

from usrec.adapters.gateway.shep import ShepGateway
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.ledger import SqlLedger, SqlUnitOfWork
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import SourceRow
from usrec.ports.event_source import StatusNote

Calls = set[str]

TRANSACTIONS: Final[dict[str, Callable[[Calls], bool]]] = {
    "receive": lambda calls: "inbox.add_all" in calls,  # T1
    "claim": lambda calls: "outbox.claim" in calls,  # T2
    "intent": lambda calls: "attempts.open" in calls,  # T3
    "record": lambda calls: {"outbox.hold_lease", "attempts.close"} <= calls and "attempts.open" not in calls,  # T4
    "late": lambda calls: "attempts.close" in calls and "outbox.hold_lease" not in calls,  # T5, a late answer
    "settle": lambda calls: "acknowledgements.add" in calls and "attempts.close" not in calls,  # T5, a person
    "ask": lambda calls: {"signing_requests.put", "outbox.release"} <= calls,  # a person is asked to sign or approve
    "take": lambda calls: "submissions.store_message" in calls and "attempts.open" not in calls,  # signed by hand
    "watch": lambda calls: "alerts.add" in calls,  # T6
    "tell": lambda calls: "alert_sinks.begin" in calls,  # T6, its second half, before a sink is told
    "told": lambda calls: "alert_sinks.taken" in calls,  # and after it
    "noted": lambda calls: "write_backs.done" in calls,  # T7
}
"""By what they do, seen from inside the transaction."""

CALLS: Final = ("submit", "mark_taken", "write_back")
"""To the gateway and to HR."""

_PORTS: Final = (
    *("inbox", "submissions", "outbox", "attempts", "acknowledgements"),
    *("write_backs", "alerts", "alert_sinks", "signing_requests"),
)


class Fate:
    """Where this process dies, and how often it has been there."""

    def __init__(self, place: str, occurrence: int) -> None:
        self.moment, _, self.step = place.partition(":")
        if self.moment not in {"before", "after"} or self.step not in {*TRANSACTIONS, *CALLS}:
            raise SystemExit(f"no such place: {place}")
        self._left = occurrence

    def reach(self, moment: str, step: str) -> None:
        """Die here, if this is the place."""
        if (moment, step) != (self.moment, self.step):
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A repository whose successful calls are noted; a call that found nothing to do does not count."""

    def __init__(self, repository: Any, name: str, calls: Calls) -> None:
        self._repository, self._name, self._calls = repository, name, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        inner = getattr(self._repository, method)

        def noted(*arguments: Any, **options: Any) -> Any:
            result = inner(*arguments, **options)
            if result is None or result:
                self._calls.add(f"{self._name}.{method}")
            return result

        return noted


def watching(fate: Fate) -> tuple[type[SqlUnitOfWork], type[ShepGateway], type[OutboxTableSource]]:
    """The classes at the agent's edges, each of which knows the place."""

    class DyingUnitOfWork(SqlUnitOfWork):
        def __init__(self, connection: Connection, transaction: RootTransaction, key: FingerprintKey) -> None:
            super().__init__(connection, transaction, key)
            self.calls: Calls = set()
            for name in _PORTS:
                setattr(self, name, Watched(getattr(self, name), name, self.calls))

        def commit(self) -> None:
            here = fate.step in TRANSACTIONS and TRANSACTIONS[fate.step](self.calls)
            if here:
                fate.reach("before", fate.step)
            super().commit()
            if here:
                fate.reach("after", fate.step)

    class DyingGateway(ShepGateway):
        def submit(self, envelope: Envelope) -> SubmissionOutcome:
            fate.reach("before", "submit")
            outcome = super().submit(envelope)
            if fate.step == "late":
                RememberedLedger.lose_leases()
            fate.reach("after", "submit")
            return outcome

    class DyingSource(OutboxTableSource):
        def mark_taken(self, rows: Sequence[SourceRow]) -> None:
            fate.reach("before", "mark_taken")
            super().mark_taken(rows)
            fate.reach("after", "mark_taken")

        def write_back(self, notes: Sequence[StatusNote]) -> None:
            fate.reach("before", "write_back")
            super().write_back(notes)
            fate.reach("after", "write_back")

    return DyingUnitOfWork, DyingGateway, DyingSource


class RememberedLedger(SqlLedger):
    """The ledger, which can take the leases away as an agent on the same host does that thinks this one dead."""

    opened: SqlLedger | None = None

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        RememberedLedger.opened = self

    @classmethod
    def lose_leases(cls) -> None:
        if cls.opened is not None:
            with cls.opened.begin() as work:
                work.outbox.free_leases(work.outbox.lease_owners())
                work.commit()


def main() -> None:
    place, occurrence, separator, *arguments = sys.argv[1:]
    if separator != "--":
        raise SystemExit("usage: crashing_agent PLACE OCCURRENCE -- ARGUMENTS OF usrec")
    unit_of_work, gateway, source = watching(Fate(place, int(occurrence)))
    sys.argv = ["usrec", *arguments]
    with (
        mock.patch("usrec.adapters.persistence.ledger.SqlLedger", RememberedLedger),
        mock.patch("usrec.adapters.persistence.ledger.SqlUnitOfWork", unit_of_work),
        mock.patch("usrec.adapters.gateway.shep.ShepGateway", gateway),
        mock.patch("usrec.adapters.sources.outbox_table.OutboxTableSource", source),
    ):
        from usrec.__main__ import main as usrec

        usrec()


if __name__ == "__main__":
    main()
