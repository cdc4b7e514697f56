"""From the gateway's bytes to an outcome. Only what the gateway signed is believed.

Sources: ShEP SyncChannel v10 (SendMessageResponse with status code and text, SOAP fault with ErrorInfo) and the one
known reader of a USREC success: ``data`` is text that holds another document, in which the wire profile's path leads to
the contract id. Element names are compared without their namespaces below the signed Body, since generated services
differ in qualifying them; the three outcomes are never told by shape alone, but by shape *and* signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from lxml import etree

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, MalformedXmlError, SignatureMissingError
from kzeds.wsse import VerifiedBody, verify_body
from kzeds.xml import Element, parse
from usrec.adapters.gateway.envelope import SOAP, TYPES
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.outcome import Doubt, Faulted, Refused, Registered, ReplyProof, SubmissionOutcome, Unknown

SUCCESS: Final = "SCSS001"

_CODE: Final = re.compile(r"(?=[0-9_.:-]*[A-Za-z])[A-Za-z0-9_.:-]{1,40}")
_REGISTRY_ID: Final = re.compile(r"\S{1,64}")
_DECLARATION: Final = re.compile(r"\s*<\?xml\s[^>]*\?>")
_ENVELOPE: Final = f"{{{SOAP}}}Envelope"
_SIGNED_FAULT: Final = f"{{{SOAP}}}Fault"
_SIGNED_RESPONSE: Final = f"{{{TYPES}}}SendMessageResponse"


@dataclass(frozen=True, slots=True)
class SignedReply:
    """A signed answer with its responseInfo.

    Attributes:
        data: The element that holds the answer's own document as text; None where there is none.
    """

    code: str
    message: str
    proof: ReplyProof
    data: Element | None

    def document(self) -> Element | None:
        """The answer's own document; None where ``data`` holds none."""
        if self.data is None or len(self.data) or not self.data.text:
            return None
        try:
            return parse(_DECLARATION.sub("", self.data.text, count=1).encode(), what="the answer's document")
        except MalformedXmlError:
            return None


class AnswerReader:
    """Reads answers signed by one of the gateway's known certificates. Safe in threads.

    Args:
        trusted: Certificates that the gateway signs with, one or several while they are being renewed.
        contract_id_path: The wire profile's XPath of the contract id.
        objection: Why a certificate is not believed any more (it was revoked); empty when it is.
    """

    def __init__(
        self,
        trusted: Collection[Certificate],
        contract_id_path: str,
        objection: Callable[[Certificate], str] = lambda _: "",
    ) -> None:
        self._trusted = tuple(trusted)
        self._contract_id = etree.XPath(contract_id_path)
        self._objection = objection

    def read(self, raw: bytes) -> SubmissionOutcome:
        """What the answer says; unknown where it is not signed by the gateway or has no known shape."""
        opened = self.open(raw)
        return self._registered(opened) if isinstance(opened, SignedReply) else opened

    def open(self, raw: bytes) -> SignedReply | Faulted | Unknown:
        """The signed answer, whatever it tells; unknown where the gateway's signature does not hold."""
        try:
            verified = verify_body(raw, trusted=self._trusted)
        except KzedsError as error:
            return _unproven(raw, error)
        why = self._objection(verified.certificate)
        if why:
            what, code = f"the gateway's signature: {why}", unproven_code(verified.body)
            return Unknown(Doubt.SIGNATURE_INVALID, what, code, raw)
        return self._signed(verified, raw)

    def _signed(self, verified: VerifiedBody, raw: bytes) -> SignedReply | Faulted | Unknown:
        contents = list(verified.body.iterchildren("*"))
        content = contents[0] if len(contents) == 1 else verified.body
        if content.tag == _SIGNED_FAULT:
            return _faulted(content, verified, raw)
        if content.tag == _SIGNED_RESPONSE:
            return _answered(content, verified, raw)
        return Unknown(Doubt.UNKNOWN_SHAPE, "the signed answer is neither a response nor a fault", raw=raw)

    def _registered(self, reply: SignedReply) -> SubmissionOutcome:
        if reply.code != SUCCESS:
            return Refused(reply.code, reply.message, reply.proof)
        registry_id = self._registry_id(reply.document())
        if registry_id is None:
            what = "the signed success holds no contract id where the wire profile expects it"
            return Unknown(Doubt.UNKNOWN_SHAPE, what, reply.code, reply.proof.raw)
        return Registered(reply.code, reply.message, registry_id, reply.proof)

    def _registry_id(self, document: Element | None) -> str | None:
        """The contract id inside the answer's document, None for any other shape than the profile's."""
        if document is None:
            return None
        found = self._contract_id(document)
        if not isinstance(found, list) or len(found) != 1 or not _is_leaf(found[0]):
            return None
        text = _text(found[0])
        return text if _REGISTRY_ID.fullmatch(text) else None


def _unproven(raw: bytes, why: KzedsError) -> Unknown:
    """What remains of an answer whose signature does not hold, or that is none."""
    try:
        envelope = parse(raw, what="the answer")
    except MalformedXmlError as error:
        return Unknown(Doubt.NOT_SOAP, str(error), raw=raw)
    if envelope.tag != _ENVELOPE:
        return Unknown(Doubt.NOT_SOAP, "the answer is XML but not a SOAP envelope", raw=raw)
    doubt = Doubt.SIGNATURE_MISSING if isinstance(why, SignatureMissingError) else Doubt.SIGNATURE_INVALID
    return Unknown(doubt, str(why), unproven_code(envelope), raw)


def unproven_code(envelope: Element) -> str:
    """The code in an answer that cannot be trusted: for a person's eyes, never for a decision."""
    for name in ("code", "errorCode", "faultcode"):
        for element in envelope.iter(f"{{*}}{name}"):
            code = (element.text or "").strip()
            return code if _CODE.fullmatch(code) else ""
    return ""


def _answered(content: Element, verified: VerifiedBody, raw: bytes) -> SignedReply | Unknown:
    response = _child(content, "response")
    info = _child(response, "responseInfo")
    status = _child(info, "status")
    code = _text(_child(status, "code"))
    at = _instant(_text(_child(info, "responseDate")))
    if not code or at is None:
        return Unknown(Doubt.UNKNOWN_SHAPE, "the signed answer has no status code or an unreadable date", raw=raw)
    correlation_id = _text(_child(info, "correlationId")) or None
    proof = ReplyProof(verified.signed_digest, at, _text(_child(info, "messageId")), correlation_id, raw)
    data = _child(_child(response, "responseData"), "data")
    return SignedReply(code, _text(_child(status, "message")), proof, data)


def _faulted(fault: Element, verified: VerifiedBody, raw: bytes) -> Faulted:
    """A signed fault; ErrorInfo is preferred to faultcode, which some gateways fill with ``soap:Server``."""
    error = _child(_child(fault, "detail"), "SendMessageFault1_SendMessageFault")
    code = _text(_child(error, "errorCode")) or _text(_child(fault, "faultcode")).rpartition(":")[2]
    message = _text(_child(error, "errorMessage")) or _text(_child(fault, "faultstring"))
    at = _instant(_text(_child(error, "errorDate")))
    return Faulted(code, message, ReplyProof(verified.signed_digest, at, "", None, raw))


def _is_leaf(node: Any) -> TypeGuard[Element]:
    """Whether an XPath found an element without children, not an attribute, a text or a comment."""
    return isinstance(getattr(node, "tag", None), str) and not len(node)


def _child(parent: Element | None, name: str) -> Element | None:
    return None if parent is None else next(parent.iterchildren(f"{{*}}{name}"), None)


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


def _instant(text: str) -> datetime | None:
    """An xs:dateTime as aware UTC; one without a zone is Kazakhstan's time. None where it is none."""
    try:
        stamp = datetime.fromisoformat(text)
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=KAZAKHSTAN)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
