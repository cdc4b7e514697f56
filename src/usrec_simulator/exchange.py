"""From the bytes of one request to one answer: the order of checks of ShEP and USREC.

Source: the order in which the public facts let the real service be imagined: form of the envelope, sender, service,
transport signature (faults of the gateway), then size, employer's signature, BIN of the signer against BIN of the
document, and the rules of the registry (status codes). The form of the business document is judged once its signature
holds; that such a slip gives fault SCE001 is [assumed].
"""

import hmac
import sqlite3
import uuid
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.xml import Element, parse
from usrec_simulator.business import NAMESPACE, BusinessRecord, Operation, Profile, peek, read_business
from usrec_simulator.clock import KAZAKHSTAN, Clock
from usrec_simulator.codes import (
    EMPTY_MESSAGE,
    FOREIGN_EMPLOYER_KEY,
    FORM_FAULT,
    INTERNAL_FAULT,
    SENDER_FAULT,
    SERVICE_FAULT,
    SUCCESS,
    TOO_LARGE,
)
from usrec_simulator.errors import FaultError, MessageFormError, RefusalError
from usrec_simulator.query import is_question, question_in, read_question, render_entry
from usrec_simulator.registry import Registry
from usrec_simulator.soap import Answer, Fault, Message, body_of, read_message
from usrec_simulator.verification import belongs_to, verify_employer, verify_transport

SIZE_LIMIT: Final = 100 * 1024
"""Code SCSE999: 100 KB of data; counted on the document itself, before SOAP escapes it [assumed]."""


_AGREEMENTS: Final = frozenset({Operation.AMENDMENT, Operation.AMENDMENT_EDIT})
_NUMBERED: Final = _AGREEMENTS | {Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT}
"""Operations that carry a number of their own."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may send to which service; without senders every non-empty senderId is welcome."""

    service_id: str = "contract"
    senders: Mapping[str, str] = field(default_factory=dict, repr=False)

    def require(self, message: Message) -> None:
        """Check sender, then service.

        Raises:
            FaultError: One of them is not known.
        """
        if not message.sender_id or (self.senders and not self._knows(message)):
            raise FaultError(SENDER_FAULT, "senderId or password is not known")
        if message.service_id != self.service_id:
            raise FaultError(SERVICE_FAULT, "no such service")

    def _knows(self, message: Message) -> bool:
        expected = self.senders.get(message.sender_id)
        return expected is not None and hmac.compare_digest(expected.encode(), (message.password or "").encode())


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer and what it was about, as far as it could be read."""

    reply: Answer | Fault
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What a request seems to be about, read without any check."""

    operation: Operation | None = None
    number: str | None = None
    is_question: bool = False


class Exchange:
    """The gateway and the registry behind it; stateless but for the registry, thread-safe."""

    def __init__(
        self,
        registry: Registry,
        *,
        authority: Certificate,
        revoked: Container[Certificate] = (),
        admission: Admission,
        profile: Profile,
        clock: Clock,
        query: bool = False,
    ) -> None:
        self._registry = registry
        self._authority = authority
        self._revoked = revoked
        self._admission = admission
        self._profile = profile
        self._clock = clock
        self._query = query

    def respond(self, envelope: bytes, *, scripted: str | None = None) -> Outcome:
        """Check, register and answer; what was accepted is committed when this returns.

        Args:
            envelope: The HTTP body.
            scripted: A code to answer instead of the registry's own, once the signatures hold.
        """
        at = self._clock()
        try:
            message = self._admit(envelope, at)
        except FaultError as error:
            return Outcome(_fault(error, at))
        if self._query and (question := question_in(message.data)) is not None:
            return self._tell(question, message, at, scripted)
        try:
            record = self._read(message, at)
            decision = self._registry.submit(record, at=at, scripted=scripted)
        except FaultError as error:
            return Outcome(_fault(error, at))
        except sqlite3.Error as error:
            return Outcome(_fault(FaultError(INTERNAL_FAULT, type(error).__name__), at))
        except RefusalError as error:
            return Outcome(_answer(message, error.code, at))
        code = decision.code or SUCCESS
        data = _receipt(decision.record_id, at) if decision.record_id else None
        return Outcome(_answer(message, code, at, data), record.operation)

    def _tell(self, question: Element, message: Message, at: datetime, scripted: str | None) -> Outcome:
        """Answer a question; nothing is registered or counted."""
        try:
            asked = read_question(question)
            entry = self._registry.entry(asked.record_id, asked.employer)
        except MessageFormError as error:
            return Outcome(_fault(FaultError(FORM_FAULT, str(error)), at))
        except sqlite3.Error as error:
            return Outcome(_fault(FaultError(INTERNAL_FAULT, type(error).__name__), at))
        if scripted is not None:
            return Outcome(_answer(message, scripted, at))
        return Outcome(_answer(message, SUCCESS, at, render_entry(entry)))

    def look(self, envelope: bytes) -> Glance:
        """Read operation and contract number without any check, for choosing scripted faults."""
        try:
            body = body_of(parse(envelope, what="SOAP envelope"))
            document = parse(read_message(body).data, what="business document")
        except (KzedsError, MessageFormError):
            return Glance()
        if self._query and is_question(document):
            return Glance(is_question=True)
        operation, number = peek(document)
        if number and operation not in _NUMBERED:
            number = self._registry.contract_number(number)
        return Glance(operation, number)

    def _admit(self, envelope: bytes, at: datetime) -> Message:
        """Do the gateway's part; the message is read from the body whose signature was checked."""
        self._admission.require(_read_message(_parse_body(envelope)))
        verified = verify_transport(envelope, authority=self._authority, revoked=self._revoked, at=at)
        return _read_message(verified.body)

    def _read(self, message: Message, at: datetime) -> BusinessRecord:
        """Do the registry's part up to the rules."""
        if len(message.data) > SIZE_LIMIT:
            raise RefusalError(TOO_LARGE)
        verified = verify_employer(message.data, authority=self._authority, revoked=self._revoked, at=at)
        try:
            record = read_business(verified.element, digest=verified.digest.hex(), profile=self._profile)
        except MessageFormError as error:
            raise FaultError(FORM_FAULT, str(error)) from error
        if record is None:
            raise RefusalError(EMPTY_MESSAGE)
        if record.employer is not None and not belongs_to(verified.certificate, record.employer):
            raise RefusalError(FOREIGN_EMPLOYER_KEY)
        if record.is_empty:
            raise RefusalError("SCSE080" if record.operation in _AGREEMENTS else EMPTY_MESSAGE)
        return record


def fault_of(code: str, reason: str, at: datetime) -> Fault:
    """Make a fault for something that happened before the exchange began."""
    return Fault(code=code, reason=reason, session_id=_session(), at=at)


def to_another(answer: Answer) -> Answer:
    """Make the answer to somebody else's message of the same moment: whole, and not about this one."""
    at, chain = answer.at, str(uuid.uuid4())
    return replace(answer, correlation_id=chain, data=_receipt(str(uuid.uuid4()), at))


def _fault(error: FaultError, at: datetime) -> Fault:
    return fault_of(error.code, error.reason, at)


def _answer(message: Message, code: str, at: datetime, data: str | None = None) -> Answer:
    return Answer(
        code=code,
        message_id=str(uuid.uuid4()),
        correlation_id=message.correlation_id,
        session_id=_session(),
        at=at,
        data=data,
    )


def _session() -> str:
    return f"{{{uuid.uuid4()}}}"


def _receipt(record_id: str, at: datetime) -> str:
    """Write the document inside a success: the id is the first child of the second child of the root.

    That path is how a client of 2018 read it; every name here is [assumed].
    """
    stamp = at.astimezone(KAZAKHSTAN).isoformat(timespec="seconds")
    return (
        f'<con:contractResponse xmlns:con="{NAMESPACE}"><registeredAt>{stamp}</registeredAt>'
        f"<contract><id>{escape(record_id)}</id></contract></con:contractResponse>"
    )


def _parse_body(envelope: bytes) -> Element:
    try:
        return body_of(parse(envelope, what="SOAP envelope"))
    except (KzedsError, MessageFormError) as error:
        raise FaultError(FORM_FAULT, str(error)) from error


def _read_message(body: Element) -> Message:
    try:
        return read_message(body)
    except MessageFormError as error:
        raise FaultError(FORM_FAULT, str(error)) from error
