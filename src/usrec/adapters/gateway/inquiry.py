"""Asking the registry what it holds, by the same SendMessage and over the same connection as every message.

No such question is public: it is [assumed] from end to end, and asked only where the operator's wire profile describes
it (``[question]``). Its document carries our record id and the employer's BIN, no personal data, and no signature of
the employer: it declares nothing. The envelope is sealed by the key that seals all envelopes, and an answer counts only
when the gateway signed it. A success without the expected shape finds out nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import httpx
from lxml import etree

from kzeds.xml import Element
from usrec.adapters.gateway.answer import SUCCESS, SignedReply
from usrec.adapters.gateway.shep import ShepGateway
from usrec.domain.errors import SigningRefused
from usrec.domain.inquiry import Facts, Found, NotFound, Question, RegistryReply, Unanswered
from usrec.domain.message import SignedMessage
from usrec.domain.outcome import Doubt, Faulted, NothingSent, ReplyProof, Unknown

ENTRY: Final = ("record_id", "contract_id", "employer_bin", "employee_iin", "number", "date")
"""What an answer tells of an entry."""


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """The elements of question and answer, by the wire profile.

    Attributes:
        namespace: Of both roots; what stands below them has none.
        root: Of the question; ``record_id`` and ``employer_bin`` are the elements below it.
        answer: Root of the answer's document.
        entry: Its child for the entry; absent where nothing was found.
        fields: The elements below that child, by the names of ``ENTRY``.
    """

    namespace: str
    root: str
    record_id: str
    employer_bin: str
    answer: str
    entry: str
    fields: Mapping[str, str]


class ShepInquiry:
    """Implements the inquiry port over a gateway; one instance serves all threads."""

    def __init__(self, gateway: ShepGateway, form: QuestionForm) -> None:
        self._gateway = gateway
        self._form = form

    def ask(self, question: Question, *, at: datetime) -> RegistryReply:
        """Seal the question, post it once, and read what the gateway signed."""
        message = _message(question, self._form, at)
        try:
            envelope = self._gateway.seal(
                message, employer_bin=question.employer_bin, correlation_id=question.correlation_id, at=at
            )
        except SigningRefused as refusal:
            return Unanswered(None, refusal.what)
        outcome = self._gateway.exchange(envelope.body, self._judge)
        match outcome:
            case NothingSent():
                return Unanswered(None, outcome.detail)
            case Unknown():
                return Unanswered(outcome.doubt, outcome.detail, outcome.code, outcome.raw)
            case _:
                return outcome

    def _judge(self, status: int, raw: bytes) -> RegistryReply | Unknown:
        opened = self._gateway.reader.open(raw)
        if isinstance(opened, Faulted):
            return Unanswered(Doubt.SERVER_UNSURE, "a signed fault", opened.code, raw)
        if isinstance(opened, Unknown):
            return opened
        if status != httpx.codes.OK:
            return Unanswered(Doubt.HTTP_ERROR, f"HTTP status {status}", opened.code, raw)
        if opened.code != SUCCESS:
            return Unanswered(Doubt.SERVER_UNSURE, "the question was refused", opened.code, raw)
        return self._read(opened)

    def _read(self, reply: SignedReply) -> RegistryReply:
        document = reply.document()
        if document is None or document.tag != etree.QName(self._form.namespace, self._form.answer).text:
            return _strange(reply.code, reply.proof)
        entries = document.findall(self._form.entry)
        if not entries:
            return NotFound(reply.code, reply.proof) if not len(document) else _strange(reply.code, reply.proof)
        found = _entry(entries[0], self._form.fields) if len(entries) == 1 else None
        if found is None:
            return _strange(reply.code, reply.proof)
        return Found(*found, reply.code, reply.proof)


def _message(question: Question, form: QuestionForm, at: datetime) -> SignedMessage:
    """The question's document, as the gateway seals documents; nobody signs it."""
    root = etree.Element(etree.QName(form.namespace, form.root), nsmap={"con": form.namespace})
    etree.SubElement(root, form.record_id).text = question.record_id
    etree.SubElement(root, form.employer_bin).text = question.employer_bin
    document = etree.tostring(root, encoding="UTF-8")
    digest = hashlib.sha256(document).hexdigest()
    return SignedMessage(document, digest, question.record_id, question.message_id, at, "", at)


def _entry(element: Element, fields: Mapping[str, str]) -> tuple[str, str, Facts] | None:
    """Record id, contract id and facts; None where the ids, the employer or a readable date are missing."""
    texts = {name: (element.findtext(fields[name]) or "").strip() for name in ENTRY}
    try:
        day = date.fromisoformat(texts["date"][:10]) if texts["date"] else None
    except ValueError:
        return None
    if not (texts["record_id"] and texts["contract_id"] and texts["employer_bin"]):
        return None
    facts = Facts(texts["employer_bin"], texts["employee_iin"] or None, texts["number"] or None, day)
    return texts["record_id"], texts["contract_id"], facts


def _strange(code: str, proof: ReplyProof) -> Unanswered:
    what = "the signed answer to the question has a shape that the wire profile does not know"
    return Unanswered(Doubt.UNKNOWN_SHAPE, what, code, proof.raw)
