"""What a simulated process calls: the real steps, with ports at whose every call it may be interrupted or die."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Protocol

from simulation.authority import Letter
from simulation.heads import HeadKey, HeadShelf
from simulation.network import Exchange
from simulation.office import Office, text_of
from usrec.application import deliver as delivering
from usrec.application import ingest as ingesting
from usrec.application import link_journal as linking
from usrec.application import masses as massing
from usrec.application import sign_head as signing
from usrec.application import watch_deadlines as watching
from usrec.application import write_back as telling
from usrec.domain.document import Attachment
from usrec.domain.errors import HeadFileUnusable, SigningRefused
from usrec.domain.message import CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outcome import NothingSent, SubmissionOutcome
from usrec.domain.source_event import Operation, SourceRow, load_details
from usrec.domain.submission import Submission
from usrec.interfaces.interrupted import Interrupted
from usrec.ports.event_source import StatusNote

_NUMBERS: Final = {Operation.CONCLUSION: "contract_number", Operation.AMENDMENT: "agreement_number"}

_ANYWAY: Final = 0.1
"""How likely a round takes all steps, whether there is anything to do or not, as real processes do."""
_TO_DELIVER: Final = (
    "SELECT 1 FROM outbox WHERE status = 'ready' OR (status = 'scheduled' AND available_at <= ?)"
    " OR (status = 'claimed' AND lease_until <= ?) LIMIT 1"
)
_TO_WATCH: Final = "SELECT 1 FROM submissions WHERE watch_at <= ? LIMIT 1"
_TO_TELL: Final = "SELECT 1 FROM write_backs WHERE written_at IS NULL AND due_at <= ? LIMIT 1"
_TO_CARRY_OUT: Final = (
    "SELECT 1 FROM mass_batches JOIN mass_members ON batch = name JOIN outbox USING (submission_id)"
    " WHERE decision IS NOT NULL AND wait_reason = 'mass_held' LIMIT 1"
)
_GROUPS: Final = (1, 1, 2, 3, 5)
"""How many are on the line together, at most."""
_SIGNED_LATER: Final = 0.5
"""How likely a round that links leaves the head unsigned."""
_LINKED_LATER: Final = 0.9
"""How likely a round leaves the journal unlinked."""


class Process(Protocol):
    """The process behind the ports.

    Attributes:
        waits_for: The exchange whose answer it reads.
        links: It is linking the journal.
    """

    office: Office
    name: str
    waits_for: Exchange | None
    links: bool

    def port(self, name: str) -> None:
        """It calls a port."""

    def interrupted(self) -> None:
        """It gives the turn away."""

    def now(self) -> datetime:
        """What its clock says."""

    def steady(self) -> timedelta:
        """How long the machine has been running."""

    def transaction(self) -> AbstractContextManager[Any]:
        """A unit of work."""


def letter_of(submission: Submission, record_id: str) -> Letter:
    """What a message to the simulated registry says."""
    operation = submission.operation or Operation.CONCLUSION
    details: Any = load_details(operation, submission.details)
    return Letter(
        event_id=submission.event_id,
        revision=submission.revision,
        operation=operation.value,
        employer_bin=submission.employer_bin,
        contract_key=submission.contract_key,
        contract_id=submission.contract_id,
        record_id=record_id,
        number=str(getattr(details, _NUMBERS.get(operation, ""), submission.contract_key)),
        post=getattr(details, "established_post", ""),
    )


class Steps:
    """The real steps of the application with the process's ports."""

    def __init__(self, agent: Process) -> None:
        self._agent = agent
        self._office = agent.office
        self.ledger: Any = self
        self.interrupted = Interrupted()
        self._deliverer: Any = SimpleNamespace(
            ledger=self, clock=agent, entropy=agent.office.entropy, policy=agent.office.policy
        )

    begin = property(lambda self: self._agent.transaction)

    def due(self) -> Iterator[Callable[[], int]]:
        """One round: the steps that have something to do, each looked for when its turn comes; now and then all."""
        world, source = self._office.world, self._office.source
        driver = self._office.ledger.connection.driver
        anyway = world.chance.random() < _ANYWAY
        if anyway or not source.online or source.fetch(1):
            yield self._ingest
        if (
            anyway
            or self.interrupted.answers
            or driver.execute(_TO_DELIVER, 2 * [text_of(self._agent.now())]).fetchone()
        ):
            yield self._deliver
        if self._office.climate.masses and (anyway or driver.execute(_TO_CARRY_OUT).fetchone()):
            yield self._look_at_masses
        if anyway or driver.execute(_TO_WATCH, [text_of(self._agent.now())]).fetchone():
            yield self._watch
        if anyway or driver.execute(_TO_TELL, [text_of(self._agent.now())]).fetchone():
            yield self._write_back
        if not world.happens(_LINKED_LATER):
            yield self._link
            if self._office.climate.heads and not world.happens(_SIGNED_LATER):
                yield self._sign_head

    def _ingest(self) -> int:
        office = self._office
        return ingesting.ingest(
            source=Hr(self._agent),
            ledger=self.ledger,
            employers=office.employers,
            calendar=office.calendar,
            clock=self._agent,
            entropy=office.entropy,
            limit=4,
            preflight=office.preflight,
        ).taken

    def _deliver(self) -> int:
        office = self._office
        kept: list[Any] = []
        self.interrupted.record(self._deliverer, kept.append)
        for done in kept:
            office.world.tell(f"{self._agent.name}: {done.submission.event_id} {done.result} {done.reason}, kept")
        self.interrupted.give_back(self.ledger)
        size = office.world.chance.choice(_GROUPS)
        claims = delivering.claim_due(
            ledger=self.ledger, clock=self._agent, policy=office.policy, owner=self._agent.name, limit=size
        )
        claims = self.interrupted.unanswered(claims)
        with self.interrupted.remembered(claims):
            delivered = delivering.deliver(
                claims,
                ledger=self.ledger,
                renderer=Renderer(self._agent),
                signer=Keys(self._agent),
                gateway=Gateway(self._agent),
                clock=self._agent,
                entropy=office.entropy,
                policy=office.policy,
            )
        for done in delivered:
            office.world.tell(f"{self._agent.name}: {done.submission.event_id} {done.result} {done.reason}")
        return len(claims) + len(kept)

    def _look_at_masses(self) -> int:
        return massing.watch_masses(ledger=self.ledger, policy=self._office.watch, clock=self._agent)

    def _watch(self) -> int:
        return watching.watch_deadlines(ledger=self.ledger, policy=self._office.watch, clock=self._agent)

    def _write_back(self) -> int:
        return telling.write_back(source=Hr(self._agent), ledger=self.ledger, clock=self._agent)

    def _link(self) -> int:
        """As in the upkeep; what is left over keeps nobody busy."""
        self._agent.links = True
        try:
            linking.link_journal(ledger=self.ledger, clock=self._agent)
        finally:
            self._agent.links = False
        return 0

    def _sign_head(self) -> int:
        """As in the upkeep: what cannot be signed, or kept outside, is tried again another time."""
        office, head = self._office, None
        view, shared = office.ledger.chain_view, office.heads
        try:
            keeping = signing.HeadKeeping(HeadKey(self._agent, office.world, shared))
            head = signing.sign_head(keeping, ledger=self.ledger, view=view, clock=self._agent)
            signing.copy_heads(HeadShelf(self._agent, office.world, shared), view, head)
        except (SigningRefused, HeadFileUnusable) as problem:
            office.world.tell(f"{self._agent.name}: {type(problem).__name__}")
        return 0


class Renderer:
    """Writes the submission as a letter to the simulated registry."""

    supplies_record_id = True

    def __init__(self, agent: Process) -> None:
        self._agent = agent

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        del attachment
        self._agent.port("render")
        return RenderedMessage(letter_of(submission, record_id or "").to_bytes(), record_id)


class Keys:
    """The key of the employer, deterministic."""

    def __init__(self, agent: Process) -> None:
        self._agent = agent

    @property
    def certificates(self) -> Any:
        return self._agent.office.signer.certificates

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        self._agent.port("sign")
        return self._agent.office.signer.sign(rendered, employer_bin=employer_bin, message_id=message_id, at=at)


class Gateway:
    """The agent's end of the network: it waits until there is something to read, or its patience is over."""

    def __init__(self, agent: Process) -> None:
        self._agent = agent

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        del employer_bin
        self._agent.port("seal")
        return self._agent.office.network.seal(message, correlation_id, at)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        self._agent.port("submit")
        if not envelope.may_leave(self._agent.steady()):
            return NothingSent("its lease ran out before a byte left", held_back=True)
        exchange = self._agent.office.network.open(envelope)
        if isinstance(exchange, NothingSent):
            return exchange
        self._agent.waits_for = exchange
        self._agent.interrupted()
        self._agent.port("read the answer")
        self._agent.waits_for = None
        return self._agent.office.network.outcome_of(exchange)


class Hr:
    """The HR database as one process sees it."""

    writable = True

    def __init__(self, agent: Process) -> None:
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
