"""The events of one contract before lint, before the agent and before the registry, one after another.

Each row is judged where all earlier ones are registered. The agent is the real line in memory, whose gateway hands the
document to the simulator's own registry. What lint or the agent stops goes to the same registry unchecked: it has to
refuse it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from kzeds.xml import parse
from support.document_files import SHELF
from support.line import Line
from support.sound_rows import (
    AGREEMENT_ID,
    BIN,
    CONTRACT_KEY,
    LEAVE_ID,
    NOW,
    SOUND,
    Changes,
    payload_of,
    row_of,
    unchecked_document,
)
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.rendering.document import build_document
from usrec.adapters.rendering.mapping import Value
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.application.lint import lint
from usrec.domain.identifiers import new_record_id
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.rules.completeness import Completeness
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.source_event import HEADS, EmployerName, Operation, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import Submission
from usrec_simulator.business import BusinessRecord, read_business
from usrec_simulator.errors import MessageFormError
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Profile
from usrec_simulator.registry import Registry
from usrec_simulator.rules import Demand, RuleBook

EMPLOYERS: Final = {BIN: EmployerName("own")}
CALENDAR: Final = KazakhstanCalendar()
PROFILE: Final = load_profile("current")
RENDERER: Final = XmlRenderer(PROFILE)
UNREADABLE: Final = "unreadable"
"""The registry could not read the document: it is no xs:date, say, and answers a fault instead of a code."""


@dataclass(frozen=True)
class Step:
    """An event of the contract: the sound one of its operation with some fields changed."""

    operation: Operation
    changes: Changes


@dataclass(frozen=True)
class Judged:
    """What each of the three says of one row.

    Attributes:
        said: Everything that lint finds.
        agent: What the agent keeps of its own findings.
        submission: What the row became.
        answer: What the registry answers, None when it registers; of a row that the agent stops, asked unchecked.
        earlier: What the contract had before.
    """

    step: Step
    said: Sequence[Finding]
    agent: Sequence[Finding]
    submission: Submission
    answer: str | None
    earlier: Sequence[Operation] = ()

    @property
    def linted(self) -> frozenset[tuple[str, str]]:
        """Rule and code of each error of lint."""
        return errors(self.said)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(code for _, code in self.linted if code)


def errors(findings: Sequence[Finding]) -> frozenset[tuple[str, str]]:
    return frozenset((one.rule, one.code) for one in findings if one.severity is Severity.ERROR)


def judge(steps: Sequence[Step], unsure: Severity = Severity.ERROR) -> Iterator[Judged]:
    """Judge row after row, as long as each is registered.

    Args:
        unsure: What the employer has set for rules that rest on our reading.
    """
    with _Court(Completeness(unsure=unsure)) as court:
        for step in steps:
            judged = court.judge(step)
            yield judged
            if judged.submission.state is not State.ACCEPTED:
                return


class _Court:
    def __init__(self, completeness: Completeness) -> None:
        self.completeness = completeness
        self.registry = Registry(Ledger(Path(":memory:")), RuleBook(demand=Demand.ORDER))
        self.line = Line(
            clock=ManualClock(NOW),
            renderer=RENDERER,  # type: ignore[arg-type]  # the line's is a stand-in
            signer=InMemorySigner({BIN: NOW.replace(year=2028)}),
            calendar=CALENDAR,
            employers=dict(EMPLOYERS),
            shelf=SHELF,
            completeness=completeness,
        )
        self.rows: list[SourceRow] = []
        self.ids: dict[str, str] = {}
        self.earlier: list[Operation] = []

    def __enter__(self) -> _Court:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()

    def judge(self, step: Step) -> Judged:
        event_id = f"event-{len(self.rows)}"
        payload = self._named(payload_of(step.operation, step.changes))
        row = row_of(step.operation, _against_sound(step.operation, payload), place=len(self.rows))
        self.rows.append(row)
        said = lint(
            [(one, ()) for one in self.rows],
            employers=EMPLOYERS,
            calendar=CALENDAR,
            now=NOW,
            preflight=self.line.preflight,
        )[-1]
        self.line.enter(event_id, step.operation, contract=CONTRACT_KEY, employer=BIN, payload=row.payload)
        self.line.ingest()
        self._deliver()
        submission = self.line.of(event_id)
        answer = submission.code if submission.state is State.REJECTED else None
        if submission.state is State.INVALID:
            answer = self._unchecked(step.operation, payload)
        self._remember(submission)
        judged = Judged(step, said, self.line.findings(event_id), submission, answer, tuple(self.earlier))
        self.earlier.append(step.operation)
        return judged

    def _named(self, payload: Mapping[str, str]) -> dict[str, str]:
        """The payload with the ids that the registry has given, where the sound one names agreement or leave."""
        return {name: self.ids.get(value, value) for name, value in payload.items()}

    def _remember(self, submission: Submission) -> None:
        known = {Operation.AMENDMENT: AGREEMENT_ID, Operation.SOCIAL_LEAVE: LEAVE_ID}
        if submission.state is State.ACCEPTED and submission.operation in known and submission.record_id:
            self.ids[known[submission.operation]] = submission.record_id

    def _deliver(self) -> None:
        while claims := self.line.claim():
            for claim in claims:
                self.line.wire.then(self._answer)
                self.line.deliver(claim)

    def _answer(self, envelope: Envelope) -> SubmissionOutcome:
        from support.line import refused, registered

        message = next(one for one in self.line.wire.messages if one.message_id == envelope.message_id)
        decision = self.registry.submit(_read(message.document), at=NOW)
        return refused(decision.code) if decision.code else registered(decision.record_id or "")

    def _unchecked(self, operation: Operation, payload: Mapping[str, str]) -> str | None:
        """The answer to a document that nobody looked at, with the values as HR wrote them."""
        known = None if operation in HEADS else self._contract_id()
        record_id = new_record_id(self.line.entropy.token(16))
        contract_id = payload.get("contract_id", "").strip() or known or ""
        values = {**payload, "contract_id": contract_id, "employer_bin": BIN, "record_id": record_id}
        values |= unchecked_document(payload)
        try:
            return self.registry.submit(_read(_document(operation, values)), at=NOW).code
        except (MessageFormError, ValueError):
            return UNREADABLE

    def _contract_id(self) -> str | None:
        concluded = [one for one in self.registry.records() if one.operation in HEADS]
        return concluded[0].contract_id if concluded else None


def _against_sound(operation: Operation, payload: Mapping[str, str]) -> Changes:
    return {name: payload.get(name) for name in {*SOUND[operation], *payload}}


def _document(operation: Operation, values: Mapping[str, str]) -> bytes:
    """A document of the values as they stand; the registry reads a date without its zone too."""
    mapping = PROFILE.mapping
    texts = {Value(name): text for name, text in values.items() if name in set(Value)}
    return etree.tostring(build_document(mapping, mapping.operation[operation], texts))


def _read(document: bytes) -> BusinessRecord:
    record = read_business(parse(document), digest=json.dumps(hash(document)), profile=Profile.CURRENT)
    assert record is not None
    return record
