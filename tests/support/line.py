"""The whole line in memory: HR, ledger, key, gateway and clock, each told by the test what to do.

The ledger is the real one, on SQLite in memory with its triggers and constraints. Everything else is small enough to
say at a glance what it will do.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import count
from typing import Any, Final, NoReturn

import pytest
from sqlalchemy import Engine

from support.sample_events import SAMPLES, ordinary_fields
from usrec.adapters.inmemory.clock import ManualClock, SeededEntropy
from usrec.adapters.inmemory.gateway import ScriptedGateway, ScriptedStep
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence import SqlLedger, SqlUnitOfWork, create_ledger_engine
from usrec.adapters.persistence.schema import upgrade
from usrec.application import operate
from usrec.application.acting import Actor
from usrec.application.deliver import claim_due, deliver
from usrec.application.delivery import Delivered, DeliveryPolicy
from usrec.application.ingest import IngestReport, ingest
from usrec.application.record_intent import NotOpened, OpenAttempt, Ready, record_intents
from usrec.application.record_outcome import Answer, record_outcomes
from usrec.application.retry import retry
from usrec.application.settle import Settlement, settle
from usrec.application.sign_and_seal import sign_and_seal
from usrec.domain.document import Attachment, DocumentShelf
from usrec.domain.errors import ValidationProblem
from usrec.domain.identifiers import check_digit
from usrec.domain.intake import IntakePolicy
from usrec.domain.message import CorrelationId, Envelope, RenderedMessage, SignedMessage
from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    ReplyProof,
    SubmissionOutcome,
    Unknown,
)
from usrec.domain.policies import Policies
from usrec.domain.retry import RetryPolicy
from usrec.domain.rules.completeness import COMPLETE, Completeness
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.finding import Finding, load_findings
from usrec.domain.rules.preflight import Preflight
from usrec.domain.source_event import PAPER_FIELDS, TRIGGER_FIELDS, EmployerName, EventId, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, Submission, SubmissionId
from usrec.domain.working_calendar import Calendars, WorkingCalendar
from usrec.ports.event_source import StatusNote
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim
from usrec.ports.ledger_view import AttemptRow, JournalRow, SubmissionFilter, SubmissionStory

MONDAY = datetime(2026, 11, 16, 4, tzinfo=UTC)
"""Nine o'clock in Kazakhstan."""
TODAY = date(2026, 11, 16)
TOMORROW = TODAY + timedelta(days=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=5)
TOLERANCE = timedelta(minutes=3)
POLICY = DeliveryPolicy(RetryPolicy(), lease=LEASE, clock_tolerance=TOLERANCE)


def numbered(prefix: str) -> str:
    """Eleven digits with the check digit that belongs to them: an IIN, or a BIN."""
    return f"{prefix}{check_digit(prefix)}"


BIN = numbered("20094000001")
OTHER_BIN = numbered("20094000002")
IIN = numbered("90010130000")
EMPLOYERS = {BIN: EmployerName("alatau")}
ASEL = Actor("asel", "the registry's letter of 16 November")


class WeekdayCalendar(WorkingCalendar):
    """Monday to Friday, apart from the days off that a test names."""

    def __init__(self, *days_off: date) -> None:
        self._days_off = frozenset(days_off)

    @property
    def version(self) -> str:
        return "weekdays"

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._days_off


class PlainRenderer:
    """Writes the submission's event and contract id down as JSON.

    Attributes:
        refuses: What to say instead of rendering; None to render.
    """

    def __init__(self, *, supplies_record_id: bool = True) -> None:
        self.supplies_record_id = supplies_record_id
        self.refuses: str | None = None

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        if self.refuses is not None:
            raise ValidationProblem(self.refuses, where=f"submission {submission.id}", field="established_post")
        content: list[object] = [submission.event_id, submission.revision, submission.contract_id, record_id]
        if attachment is not None:
            content += [attachment.document_id, attachment.format, attachment.content.hex()]
        return RenderedMessage(json.dumps(content).encode(), record_id)


class Wire(ScriptedGateway):
    """A scripted gateway that remembers the signed messages too.

    Attributes:
        messages: The signed message in each envelope, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[SignedMessage] = []

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        self.messages.append(message)
        return super().seal(message, employer_bin=employer_bin, correlation_id=correlation_id, at=at)

    def record_id_in(self, envelope: Envelope) -> str | None:
        """The record id of the message that an envelope carries."""
        return next(one.record_id for one in self.messages if one.message_id == envelope.message_id)


_digests = count(1)


def proof(**changes: Any) -> ReplyProof:
    """A signed answer whose digest nobody has seen."""
    return replace(ReplyProof(f"digest-{next(_digests)}", None, "answer", None, b"<answer/>"), **changes)


def registered(registry_id: str = "R-1", **changes: Any) -> Registered:
    return Registered("SCSS001", "ok", registry_id, proof(**changes))


def refused(code: str, **changes: Any) -> Refused:
    return Refused(code, "no", proof(**changes))


def faulted(code: str) -> Faulted:
    return Faulted(code, "fault", proof())


class PowerCutError(Exception):
    """The agent died while the gateway was at work."""


def power_cut(_: Envelope) -> NoReturn:
    """A gateway's step that never comes back."""
    raise PowerCutError


TIMEOUT = Unknown(Doubt.TIMEOUT, "no answer within 60 s", raw=b"<half")
UNREACHABLE = NothingSent("the connection was refused")


@cache
def _migrated() -> sqlite3.Connection:
    engine = create_ledger_engine("sqlite://")
    upgrade(engine)
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.backup(copy)
    copy.execute("UPDATE ledger_meta SET fingerprint_key = ?", (bytes(range(32)),))
    copy.commit()
    engine.dispose()
    return copy


def empty_ledger() -> SqlLedger:
    """A migrated ledger in memory, copied instead of migrated anew."""
    engine = create_ledger_engine("sqlite://")
    empty(engine)
    return SqlLedger(engine)


def empty(engine: Engine) -> None:
    """Make the ledger in memory behind an engine an empty one."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        _migrated().backup(driver)


def conclusion(**changes: object) -> dict[str, object]:
    """The payload of a well-made conclusion, signed today."""
    return {
        "employee_iin": IIN,
        "contract_number": "17",
        "contract_date": TODAY.isoformat(),
        "signed_on": TODAY.isoformat(),
        "begin_date": TODAY.isoformat(),
        "position_code": "2512-0-001",
        "established_post": "Инженер",
        "conscript_code": "1",
        "term_code": "1",
        "work_place_address": "Астана, Мәңгілік Ел, 1",
    } | changes


ENDS_TODAY: Final = {"begin_date": "2025-11-17", "term_code": "2", "end_date": TODAY.isoformat()}
"""Fields of a contract for a year that is over today: what an extension as of today prolongs."""


def amendment(**changes: object) -> dict[str, object]:
    """The payload of a well-made amendment, signed today."""
    return {
        "agreement_number": "17/1",
        "agreement_date": TODAY.isoformat(),
        "signed_on": TODAY.isoformat(),
        "begin_date": TODAY.isoformat(),
        "position_code": "2512-0-001",
        "established_post": "Старший инженер",
    } | changes


def termination(**changes: object) -> dict[str, object]:
    """The payload of a well-made termination, as of today."""
    return {"termination_date": TODAY.isoformat(), "reason_code": "05"} | changes


def further(operation: Operation, **changes: object) -> dict[str, object]:
    """The payload of a well-made event of another kind, as of today, with what an ordinary row has and its day."""
    names = ordinary_fields(operation)
    same_day = {Operation.CONTRACT_EDIT: {"begin_date"}, Operation.REINSTATEMENT: {"termination_date"}}
    known = {rule.name for rule in FIELDS[operation]}
    dated = {*PAPER_FIELDS.get(operation, ()), TRIGGER_FIELDS.get(operation, "")} & known & {*names, "entered_on"}
    days = same_day.get(operation, set()) | dated
    made: dict[str, object] = {name: value for name, value in SAMPLES[operation].items() if name in names}
    if operation is not Operation.LEGACY_CONTRACT:
        made |= dict.fromkeys(days, TODAY.isoformat())
    return made | changes


NUMBERED: Final = frozenset({Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT})
"""Events that give their contract its number."""

PAYLOADS: Final[Mapping[str, Callable[..., dict[str, object]]]] = {
    **{one: partial(further, one) for one in Operation},
    Operation.CONCLUSION: conclusion,
    Operation.AMENDMENT: amendment,
    Operation.TERMINATION: termination,
}


@dataclass
class Line:
    """The line and both of its ends."""

    ledger: SqlLedger = field(default_factory=empty_ledger)
    source: InMemorySource = field(default_factory=lambda: InMemorySource(SourceName("hr")))
    wire: Wire = field(default_factory=Wire)
    clock: ManualClock = field(default_factory=lambda: ManualClock(MONDAY))
    entropy: SeededEntropy = field(default_factory=lambda: SeededEntropy(17))
    renderer: PlainRenderer = field(default_factory=PlainRenderer)
    signer: InMemorySigner = field(default_factory=lambda: InMemorySigner({BIN: MONDAY + 400 * DAY}))
    calendar: Calendars = field(default_factory=WeekdayCalendar)
    employers: dict[str, EmployerName] = field(default_factory=lambda: dict(EMPLOYERS))
    policy: DeliveryPolicy = POLICY
    shelf: DocumentShelf | None = None
    completeness: Completeness = COMPLETE
    intake: IntakePolicy = field(default_factory=IntakePolicy)
    inquiry: Inquiry | None = None

    @property
    def preflight(self) -> Preflight:
        """What rows are examined with."""
        return Preflight(shelf=self.shelf, completeness=self.completeness, intake=self.intake)

    def enter(
        self,
        event_id: str,
        event_type: str = "conclusion",
        *,
        revision: int = 1,
        contract: str = "K-1",
        employer: str = BIN,
        withdrawn: bool = False,
        payload: str | None = None,
        row_id: int | None = None,
        **fields: object,
    ) -> str:
        """HR commits a row; ``fields`` go over those of a well-made payload. Each contract has a number of its own."""
        numbered = {"contract_number": f"17-{contract}"} if event_type in NUMBERED else {}
        made = json.dumps(PAYLOADS.get(event_type, dict)(**{**numbered, **fields})) if payload is None else payload
        return self.source.enter(
            event_id,
            event_type=event_type,
            contract_key=contract,
            employer_bin=employer,
            payload=made,
            revision=revision,
            withdrawn=withdrawn,
            row_id=row_id,
        )

    def ingest(self, limit: int = 200, held: Callable[[int], None] = lambda _: None) -> IngestReport:
        return ingest(
            source=self.source,
            ledger=self.ledger,
            employers=self.employers,
            calendar=self.calendar,
            clock=self.clock,
            entropy=self.entropy,
            limit=limit,
            preflight=self.preflight,
            held=held,
        )

    def take(self, event_id: str, event_type: str = "conclusion", **row: Any) -> Submission:
        """HR commits a row and the agent takes it."""
        self.enter(event_id, event_type, **row)
        self.ingest()
        return self.of(event_id, row.get("revision"))

    def claim(self, limit: int = 10, *, owner: str = "agent") -> Sequence[Claim]:
        return claim_due(ledger=self.ledger, clock=self.clock, policy=self.policy, owner=owner, limit=limit)

    def deliver(self, claim: Claim) -> Delivered:
        (done,) = self.deliver_together([claim])
        return done

    def deliver_together(self, claims: Sequence[Claim]) -> list[Delivered]:
        return deliver(
            claims,
            ledger=self.ledger,
            renderer=self.renderer,
            signer=self.signer,
            gateway=self.wire,
            clock=self.clock,
            entropy=self.entropy,
            policy=self.policy,
            inquiry=self.inquiry,
        )

    def made_ready(self, claim: Claim) -> Ready:
        """Steps 5 and 6 of one claim, which nothing hinders."""
        made = sign_and_seal(
            claim,
            ledger=self.ledger,
            renderer=self.renderer,
            signer=self.signer,
            gateway=self.wire,
            clock=self.clock,
            entropy=self.entropy,
            policy=self.policy,
        )
        assert isinstance(made, Ready)
        return made

    def intend(self, claim: Claim, message: SignedMessage, envelope: Envelope) -> OpenAttempt:
        """T3 of one claim."""
        group = [Ready(claim, message, envelope)]
        (opened,) = record_intents(group, ledger=self.ledger, clock=self.clock, entropy=self.entropy)
        if isinstance(opened, NotOpened):
            raise opened.obstacle
        return opened

    def record(self, opened: OpenAttempt, outcome: SubmissionOutcome, wait: timedelta = HOUR) -> Submission | None:
        """T4 of one attempt; None when its claim was lost."""
        (recorded,) = record_outcomes(
            [Answer(opened, outcome, wait)],
            ledger=self.ledger,
            clock=self.clock,
            tolerance=self.policy.clock_tolerance,
            policies=Policies(),
        )
        return None if recorded is None else recorded.submission

    def send(self, *steps: ScriptedStep) -> Delivered:
        """Deliver the most urgent submission, which the gateway answers with ``steps``."""
        self.wire.then(*steps)
        (claim,) = self.claim(1)
        return self.deliver(claim)

    def send_again(self, step: ScriptedStep) -> Delivered:
        """The same after the longest wait between attempts."""
        self.clock.advance(self.policy.retry.cap)
        return self.send(step)

    def crash(self) -> None:
        """The agent dies between sending the most urgent submission and recording its answer."""
        for claim in self.claim(1):
            self.wire.then(power_cut)
            with pytest.raises(PowerCutError):
                self.deliver(claim)

    def deliver_all(self) -> list[Delivered]:
        """Deliver until nothing is due, registering everything."""
        done: list[Delivered] = []
        while claims := self.claim():
            for claim in claims:
                self.wire.then(self.registers)
                done.append(self.deliver(claim))
        return done

    def registers(self, envelope: Envelope) -> Registered:
        """A gateway's step: registered under the record id that was sent, or else under a new one."""
        return registered(self.wire.record_id_in(envelope) or f"R-{len(self.wire.submitted)}")

    def register(self, event_id: str, event_type: str = "conclusion", **row: Any) -> Submission:
        """Take an event and have it registered."""
        self.take(event_id, event_type, **row)
        self.deliver_all()
        submission = self.of(event_id)
        assert submission.state is State.ACCEPTED
        return submission

    def cancel(self, event_id: str) -> None:
        operate.cancel(self.of(event_id).id, ASEL, ledger=self.ledger, clock=self.clock)

    def hold(self, event_id: str) -> None:
        operate.hold(self.of(event_id).id, ASEL, ledger=self.ledger, clock=self.clock)

    def release(self, event_id: str, revision: int | None = None) -> None:
        operate.release(self.of(event_id, revision).id, ASEL, ledger=self.ledger, clock=self.clock)

    def check_out(self, event_id: str, *, duration: timedelta = 8 * HOUR) -> datetime:
        which = self.of(event_id).id
        return operate.check_out(which, "dana", ASEL, ledger=self.ledger, clock=self.clock, duration=duration)

    def settle(self, event_id: str, *, accepted: bool = True, contract_id: str | None = None) -> None:
        found = Settlement(accepted, contract_id, b"a letter")
        settle(self.of(event_id).id, found, ASEL, ledger=self.ledger, clock=self.clock)

    def retry(self, event_id: str, *, not_before: datetime | None = None) -> Submission:
        """Try again; returns the submission that goes on."""
        goes_on = retry(
            self.of(event_id).id,
            ASEL,
            ledger=self.ledger,
            clock=self.clock,
            entropy=self.entropy,
            employers=self.employers,
            calendar=self.calendar,
            not_before=not_before,
            preflight=self.preflight,
        )
        return self.get(goes_on)

    @contextmanager
    def work(self) -> Iterator[SqlUnitOfWork]:
        """A transaction that is committed at its end."""
        with self.ledger.begin() as work:
            yield work
            work.commit()

    def all_of(self, event_id: str) -> Sequence[Submission]:
        with self.ledger.begin() as work:
            return list(work.submissions.of_event(self.source.name, EventId(event_id)))

    def of(self, event_id: str, revision: int | None = None) -> Submission:
        """The submission of an event that stands for it now, or that of a revision."""
        found = [one for one in self.all_of(event_id) if revision in {None, one.revision}]
        return max(found, key=lambda one: (one.replaced_by is None, one.revision))

    def get(self, submission_id: SubmissionId) -> Submission:
        with self.ledger.begin() as work:
            found = work.submissions.get(submission_id)
        assert found is not None
        return found

    def queued(self, event_id: str, revision: int | None = None) -> QueueEntry | None:
        submission = self.of(event_id, revision)
        with self.ledger.begin() as work:
            return work.outbox.get(submission.id)

    def entry(self, event_id: str, revision: int | None = None) -> QueueEntry:
        """The queue entry of an event, which must have one."""
        found = self.queued(event_id, revision)
        assert found is not None
        return found

    def story(self, submission_id: SubmissionId) -> SubmissionStory:
        story = self.ledger.view.story(submission_id)
        assert story is not None
        return story

    def attempts(self, event_id: str) -> Sequence[AttemptRow]:
        return self.story(self.of(event_id).id).attempts

    def journal(self, submission_id: SubmissionId) -> Sequence[JournalRow]:
        return self.story(submission_id).journal

    def findings(self, event_id: str, revision: int | None = None) -> Sequence[Finding]:
        return load_findings(self.of(event_id, revision).findings)

    def notes(self) -> dict[str, StatusNote]:
        """What waits to be written back, by row."""
        with self.ledger.begin() as work:
            return {note.row_ref: note for _, note in work.write_backs.due(self.source.name, self.clock.now(), 1000)}

    def states(self) -> dict[str, str]:
        """The state of each event, by the submission that stands for it."""
        return {row.event_id: row.state.value for row in self.ledger.view.rows(SubmissionFilter())}

    def close(self) -> None:
        self.ledger.close()
