"""One simulated process of the agent: a greenlet that repeats the real steps of the real application.

Its ports are the places where it can be interrupted or die. After its death whatever its unwinding code still calls
has no effect, as in a process that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from greenlet import getcurrent, greenlet

from simulation.authority import Letter
from simulation.faults import Fault
from simulation.network import Exchange, Network
from simulation.prepared import PreparedLedger
from simulation.world import CrashedError, World
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.application import deliver as delivering
from usrec.application import ingest as ingesting
from usrec.application import watch_deadlines as watching
from usrec.application import write_back as telling
from usrec.domain.document import Attachment
from usrec.domain.errors import LeaseLost, SourceUnavailable
from usrec.domain.message import CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outcome import NothingSent, SubmissionOutcome
from usrec.domain.source_event import EmployerName, Operation, SourceRow, load_details
from usrec.domain.submission import Submission
from usrec.domain.watch import WatchPolicy
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.event_source import StatusNote

_NUMBERS: Final = {Operation.CONCLUSION: "contract_number", Operation.AMENDMENT: "agreement_number"}
_CRASH: Final = 0.004
"""How likely a crash is at a call of a port."""
_CRASH_WHILE_SENDING: Final = 0.04
_SWITCH: Final = 0.25
"""How likely another one has its turn at a call of a port outside a transaction."""


@dataclass
class Office:
    """What all agents of one employer have in common: the ledger's file, the keys, the settings."""

    world: World
    ledger: PreparedLedger
    source: InMemorySource
    network: Network
    signer: InMemorySigner
    entropy: SeededEntropy
    calendar: WorkingCalendar
    employers: dict[str, EmployerName]
    policy: delivering.DeliveryPolicy
    watch: WatchPolicy


class AgentProcess:
    """A process. `turn` lets it run until it is interrupted, has nothing to do, or is dead.

    Attributes:
        skew: How far its clock is off.
        paused_until: It gets no turn before, as after SIGSTOP.
        waits_for: The exchange whose answer it reads.
        idle: It found nothing to do at its last round.
    """

    def __init__(self, office: Office, name: str) -> None:
        self.office = office
        self.name = name
        self.skew = timedelta(0)
        self.paused_until = office.world.now
        self.waits_for: Exchange | None = None
        self.idle = False
        self.dead = False
        self._in_transaction = False
        self._ports = _Ports(self)
        self._work = _Mortal(office.ledger.work, self)
        self._greenlet = greenlet(self._live)

    def now(self) -> datetime:
        """What its clock says."""
        return self.office.world.now + self.skew

    def can_run(self) -> bool:
        """Whether a turn would get it anywhere."""
        waits = self.waits_for is not None and self.office.world.now < self.waits_for.readable_at
        return not self.dead and not waits and self.paused_until <= self.office.world.now

    def turn(self) -> None:
        """Let it run until its next interruption."""
        self._greenlet.switch()

    def port(self, name: str) -> None:
        """It calls a port: here it may die, or be interrupted.

        Raises:
            CrashedError: It dies here, or has died before.
        """
        world = self.office.world
        if self.dead:
            raise CrashedError
        if world.happens(_CRASH_WHILE_SENDING if self.waits_for else _CRASH):
            self._die(name)
        if not self._in_transaction and world.chance.random() < _SWITCH:
            self.interrupted()

    def interrupted(self) -> None:
        """Give the turn away.

        Raises:
            CrashedError: It was killed meanwhile.
        """
        parent = getcurrent().parent
        if parent is not None:
            parent.switch()
        if self.dead:
            raise CrashedError

    def kill(self) -> None:
        """SIGKILL from outside, wherever it is."""
        self.dead = True
        if self._greenlet:
            self._greenlet.throw(CrashedError)

    def _die(self, where: str) -> None:
        kind = Fault.CRASH_IN_TRANSACTION if self._in_transaction else Fault.CRASH
        self.office.world.count(Fault.CRASH_WHILE_SENDING if self.waits_for else kind)
        self.office.world.tell(f"{self.name} dies at {where}")
        self.dead = True
        raise CrashedError

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A unit of work of the real ledger, at whose every call the process may die."""
        self.port("begin")
        self._in_transaction = True
        try:
            with self.office.ledger.begin():
                yield self._work
        finally:
            self._in_transaction = False
        self.port("after the transaction")

    def _live(self) -> None:
        try:
            while True:
                done = [self._round(step) for step in self._ports.steps()]
                self.idle = not any(done)
                self.interrupted()
        except CrashedError:
            self.waits_for = None

    def _round(self, step: Callable[[], int]) -> bool:
        try:
            return bool(step())
        except (LeaseLost, SourceUnavailable) as obstacle:
            self.office.world.tell(f"{self.name}: {type(obstacle).__name__}")
            return isinstance(obstacle, LeaseLost)


class _Mortal:
    """Whatever stands behind it, in a process that may die at each call."""

    def __init__(self, behind: Any, agent: AgentProcess) -> None:
        self._behind = behind
        self._agent = agent

    def __getattr__(self, name: str) -> Any:
        """Asked once for each name: what it finds, it keeps."""
        found = getattr(self._behind, name)
        mortal = self._calling(name, found) if callable(found) else _Mortal(found, self._agent)
        setattr(self, name, mortal)
        return mortal

    def _calling(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        port = self._agent.port

        def call(*args: Any, **kwargs: Any) -> Any:
            port(name)
            result = found(*args, **kwargs)
            if name == "commit":
                port("after commit")
            return result

        return call


class _Ports:
    """The real steps with the process's ports."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent
        self._office = agent.office
        self.ledger: Any = self

    begin = property(lambda self: self._agent.transaction)

    def steps(self) -> Sequence[Callable[[], int]]:
        return (self._ingest, self._deliver, self._watch, self._write_back)

    def _ingest(self) -> int:
        office = self._office
        return ingesting.ingest(
            source=_Hr(self._agent),
            ledger=self.ledger,
            employers=office.employers,
            calendar=office.calendar,
            clock=self._agent,
            entropy=office.entropy,
            limit=4,
        ).taken

    def _deliver(self) -> int:
        office = self._office
        claims = delivering.claim_due(
            ledger=self.ledger, clock=self._agent, policy=office.policy, owner=self._agent.name, limit=1
        )
        for claim in claims:
            done = delivering.deliver(
                claim,
                ledger=self.ledger,
                renderer=_Renderer(self._agent),
                signer=_Keys(self._agent),
                gateway=_Gateway(self._agent),
                clock=self._agent,
                entropy=office.entropy,
                policy=office.policy,
            )
            office.world.tell(f"{self._agent.name}: {claim.submission.event_id} {done.result} {done.reason}")
        return len(claims)

    def _watch(self) -> int:
        return watching.watch_deadlines(ledger=self.ledger, policy=self._office.watch, clock=self._agent)

    def _write_back(self) -> int:
        return telling.write_back(source=_Hr(self._agent), ledger=self.ledger, clock=self._agent)


class _Renderer:
    """Writes the submission as a letter to the simulated registry."""

    supplies_record_id = True

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        del attachment
        self._agent.port("render")
        operation = submission.operation or Operation.CONCLUSION
        details: Any = load_details(operation, submission.details)
        letter = Letter(
            event_id=submission.event_id,
            revision=submission.revision,
            operation=operation.value,
            contract_key=submission.contract_key,
            contract_id=submission.contract_id,
            record_id=record_id or "",
            number=str(getattr(details, _NUMBERS.get(operation, ""), submission.contract_key)),
            post=getattr(details, "established_post", ""),
        )
        return RenderedMessage(letter.to_bytes(), record_id)


class _Keys:
    """The key of the employer, deterministic."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent

    @property
    def certificates(self) -> Any:
        return self._agent.office.signer.certificates

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        self._agent.port("sign")
        return self._agent.office.signer.sign(rendered, employer_bin=employer_bin, message_id=message_id, at=at)


class _Gateway:
    """The agent's end of the network: it waits until there is something to read, or its patience is over."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        del employer_bin
        self._agent.port("seal")
        return self._agent.office.network.seal(message, correlation_id, at)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        self._agent.port("submit")
        exchange = self._agent.office.network.open(envelope)
        if isinstance(exchange, NothingSent):
            return exchange
        self._agent.waits_for = exchange
        self._agent.interrupted()
        self._agent.port("read the answer")
        self._agent.waits_for = None
        return self._agent.office.network.outcome_of(exchange)


class _Hr:
    """The HR database as one process sees it."""

    writable = True

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent
        self._source = agent.office.source
        self.name = self._source.name

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        self._agent.port("fetch")
        return self._source.fetch(limit)

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        self._agent.port("mark taken")
        self._source.mark_taken(rows)

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        self._agent.port("write back")
        self._source.write_back(notes)

    def close(self) -> None:
        """Nothing is open."""
