"""The `usrec` command, which kills itself with SIGKILL at a named place; run as a process of its own:

    python -m support.crashing_agent before:record 2 -- run --drain --config usrec.toml

A place is a moment and a step; the number says at which occurrence it dies. Steps are the transactions of the design,
told apart by what they do to the ledger, and the calls to the key and to other machines. Of a transaction, `within` is
the moment between two of its writes, `before` stands after the last write and before the commit, `after` behind the
commit. The agent itself is the real one, composed by `usrec.bootstrap`: only the classes at its edges are replaced by
ones that watch.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from unittest import mock

from sqlalchemy import Connection, Engine, RootTransaction

from usrec.adapters.gateway.inquiry import ShepInquiry
from usrec.adapters.gateway.shep import ShepGateway
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.ledger import SqlLedger, SqlUnitOfWork
from usrec.adapters.persistence.sealing import NOT_SEALED, Sealing
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.inquiry import Question, RegistryReply
from usrec.domain.message import Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import SourceRow
from usrec.ports.event_source import StatusNote

Calls = set[str]
Recognised = Callable[[Calls], bool]

_DELIVERS: Final[frozenset[str]] = frozenset(
    {"inbox.add_all", "outbox.hold_lease", "outbox.hold_leases", "attempts.close", "acknowledgements.add"}
)

_LEASES: Final = frozenset({"outbox.hold_lease", "outbox.hold_leases"})

TRANSACTIONS: Final[dict[str, Recognised]] = {
    "receive": lambda calls: "inbox.add_all" in calls,  # T1
    "claim": lambda calls: "outbox.claim" in calls,  # T2
    "intent": lambda calls: "attempts.open" in calls,  # T3
    "record": lambda calls: _ends_an_attempt(calls) and bool(calls & {"acknowledgements.add", "outbox.release"}),  # T4
    "late": lambda calls: "attempts.close" in calls and not calls & _LEASES,  # T5, a late answer
    "settle": lambda calls: "acknowledgements.add" in calls and not calls & {"attempts.close", "questions.add"},  # T5
    "answered": lambda calls: "questions.add" in calls,  # what the registry answered when it was asked
    "ask": lambda calls: {"signing_requests.put", "outbox.release"} <= calls,  # a person is asked to sign or approve
    "take": lambda calls: "submissions.store_message" in calls and "attempts.open" not in calls,  # signed by hand
    "watch": lambda calls: "alerts.add" in calls,  # T6
    "tell": lambda calls: "alert_sinks.begin" in calls,  # T6, its second half, before a sink is told
    "told": lambda calls: "alert_sinks.taken" in calls,  # and after it
    "noted": lambda calls: "write_backs.done" in calls,  # T7
    "alive": lambda calls: "agents.beat" in calls,  # the sign of life
    "linked": lambda calls: "chain.add" in calls,  # the journal's sequencer
    "headed": lambda calls: "chain.add_head" in calls,  # a signed head of its chain
    "replayed": lambda calls: "outbox.put" in calls and not calls & _DELIVERS,  # one submission of a replay
}
"""By what they do, seen from inside the transaction; recognised as soon as the call that tells has been made."""

CALLS: Final = ("sign", "submit", "inquire", "mark_taken", "write_back")
"""To the key, the gateway and HR."""

PLACES: Final = (
    *(f"{moment}:{step}" for step in TRANSACTIONS for moment in ("within", "before", "after")),
    *(f"{moment}:{call}" for call in CALLS for moment in ("before", "after")),
)

_PORTS: Final = (
    *("inbox", "submissions", "outbox", "attempts", "acknowledgements", "questions", "agents", "chain"),
    *("write_backs", "alerts", "alert_sinks", "signing_requests"),
)


def _ends_an_attempt(calls: Calls) -> bool:
    return "attempts.close" in calls and calls & _LEASES != set() and not calls & {"attempts.open", "questions.add"}


class Fate:
    """Where this process dies, and how often it has been there."""

    def __init__(self, place: str, occurrence: int) -> None:
        if place not in PLACES:
            raise SystemExit(f"no such place: {place}")
        self.place = place
        self.step = place.partition(":")[2]
        self._left = occurrence

    def reach(self, moment: str, step: str) -> None:
        """Die here, if this is the place."""
        if f"{moment}:{step}" != self.place:
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A repository whose successful calls are noted; a call that found nothing to do does not count."""

    def __init__(self, repository: Any, name: str, note: Callable[[str], None]) -> None:
        self._repository, self._name, self._note = repository, name, note

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._repository, method)
        if not callable(inner):
            return inner

        def noted(*arguments: Any, **options: Any) -> Any:
            result = inner(*arguments, **options)
            if result is None or result:
                self._note(f"{self._name}.{method}")
            return result

        return noted


def dying_unit_of_work(fate: Fate) -> type[SqlUnitOfWork]:
    """The unit of work that knows the place."""
    recognised: Recognised = TRANSACTIONS.get(fate.step, lambda _: False)

    class DyingUnitOfWork(SqlUnitOfWork):
        def __init__(self, connection: Connection, transaction: RootTransaction, key: FingerprintKey) -> None:
            super().__init__(connection, transaction, key)
            self.calls: Calls = set()
            for name in _PORTS:
                setattr(self, name, Watched(getattr(self, name), name, self.note))

        def note(self, call: str) -> None:
            known = recognised(self.calls)
            self.calls.add(call)
            if not known and recognised(self.calls):
                fate.reach("within", fate.step)

        def commit(self) -> None:
            here = recognised(self.calls)
            if here:
                fate.reach("before", fate.step)
            super().commit()
            if here:
                fate.reach("after", fate.step)

    return DyingUnitOfWork


def dying_gateways(fate: Fate) -> tuple[type[ShepGateway], type[ShepInquiry]]:
    """The ways to the gateway."""

    class DyingGateway(ShepGateway):
        def submit(self, envelope: Envelope) -> SubmissionOutcome:
            fate.reach("before", "submit")
            outcome = super().submit(envelope)
            if fate.step == "late":
                RememberedLedger.lose_leases()
            fate.reach("after", "submit")
            return outcome

    class DyingInquiry(ShepInquiry):
        def ask(self, question: Question, *, at: datetime) -> RegistryReply:
            fate.reach("before", "inquire")
            reply = super().ask(question, at=at)
            fate.reach("after", "inquire")
            return reply

    return DyingGateway, DyingInquiry


def dying_sides(fate: Fate) -> tuple[type[Keyring], type[OutboxTableSource]]:
    """The keys, and HR."""

    class DyingKeyring(Keyring):
        def sign(self, *arguments: Any, **options: Any) -> SignedMessage:
            fate.reach("before", "sign")
            signed = super().sign(*arguments, **options)
            fate.reach("after", "sign")
            return signed

    class DyingSource(OutboxTableSource):
        def mark_taken(self, rows: Sequence[SourceRow]) -> None:
            fate.reach("before", "mark_taken")
            super().mark_taken(rows)
            fate.reach("after", "mark_taken")

        def write_back(self, notes: Sequence[StatusNote]) -> None:
            fate.reach("before", "write_back")
            super().write_back(notes)
            fate.reach("after", "write_back")

    return DyingKeyring, DyingSource


def watching(fate: Fate) -> dict[str, type]:
    """The classes at the agent's edges, each of which knows the place, by what they stand for."""
    gateway, inquiry = dying_gateways(fate)
    keyring, source = dying_sides(fate)
    return {
        "usrec.adapters.persistence.ledger.SqlLedger": RememberedLedger,
        "usrec.adapters.persistence.ledger.SqlUnitOfWork": dying_unit_of_work(fate),
        "usrec.adapters.gateway.shep.ShepGateway": gateway,
        "usrec.adapters.gateway.inquiry.ShepInquiry": inquiry,
        "usrec.adapters.signing.keyring.Keyring": keyring,
        "usrec.adapters.sources.outbox_table.OutboxTableSource": source,
    }


class RememberedLedger(SqlLedger):
    """The ledger, which can take the leases away as an agent on the same host does that thinks this one dead."""

    opened: SqlLedger | None = None

    def __init__(self, engine: Engine, sealing: Sealing = NOT_SEALED) -> None:
        super().__init__(engine, sealing)
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
    sys.argv = ["usrec", *arguments]
    for replaced, by in watching(Fate(place, int(occurrence))).items():
        mock.patch(replaced, by).start()
    from usrec.__main__ import main as usrec

    usrec()


if __name__ == "__main__":
    main()
