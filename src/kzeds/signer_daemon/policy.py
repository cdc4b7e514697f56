"""What may be signed: the daemon reads operation and BIN out of the document itself, never from what a client says.

A document is judged by its canonical bytes, the ones that the signature covers. Comments and processing instructions
are refused: a signature does not cover the first, and both let two readers see two texts. So are other encodings than
UTF-8, which a reader of the text would not see, and xsi:type, which makes another element of what the name says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, MalformedXmlError, NotSignableError, SignerRefusedError
from kzeds.signature import ds
from kzeds.signer_daemon.envelope_content import holds_only
from kzeds.signer_daemon.keys import HeldKey, number_of
from kzeds.signer_daemon.paths import TYPE, NotThereError
from kzeds.signer_daemon.settings import EnvelopeRule, OperationRule, Where
from kzeds.signer_daemon.statements import StatementRule, recognise
from kzeds.trust import require_chain
from kzeds.wsse import SOAP
from kzeds.xml import Element, parse
from kzeds.xmldsig import verify_enveloped

QUESTION: Final = "question"
"""What stands for the operation of an envelope without a document."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a document is.

    Attributes:
        operation: Name in the settings.
        number: BIN or IIN of whose it is; None for a question and for a statement.
        digest: SHA-256 of its canonical bytes, or of the statement.
    """

    operation: str
    number: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures on documents count, for one kind of envelope.

    Attributes:
        certificates: The daemon's own and those of the settings; whatever their dates, since stored documents are sent
            again for as long as it takes.
        authorities: All certificates of theirs count, for as long as they are valid.
    """

    certificates: Collection[Certificate]
    authorities: Collection[Certificate]


class Policy:
    """The rules of the settings.

    Args:
        operations: By name.
        envelopes: By name, each with whose signatures count in it.
        statements: By name.
    """

    def __init__(
        self,
        operations: Mapping[str, OperationRule],
        envelopes: Mapping[str, tuple[EnvelopeRule, Trust]],
        statements: Mapping[str, StatementRule],
    ) -> None:
        self._operations = operations
        self._envelopes = envelopes
        self._statements = statements

    def judge_document(self, document: bytes, held: HeldKey) -> Recognised:
        """Say what a document is that may be signed with this key.

        Raises:
            MalformedXmlError: When it cannot be read.
            NotSignableError: When it already holds a signature, anywhere.
            SignerRefusedError: When it may not be signed.
        """
        root = _plain(document)
        found = self._recognise(root)
        if found.operation not in held.rule.operations:
            raise _refused("operation", f"the key {held.rule.name!r} may not sign the operation {found.operation!r}")
        if found.number != held.rule.number:
            raise _refused("number", f"the document belongs to another BIN or IIN than the key {held.rule.name!r}")
        if next(root.iter(ds("Signature")), None) is not None:
            raise NotSignableError("the document already holds a signature; nothing was signed")
        return found

    def judge_envelope(self, envelope: bytes, held: HeldKey, at: datetime) -> Recognised:
        """Say what an envelope carries that may be signed with this key.

        Raises:
            MalformedXmlError: When it cannot be read.
            SignerRefusedError: When it may not be signed.
        """
        content = _content_of_body(_plain(envelope))
        rule, trust = self._envelope_of(content, held)
        if rule.elements and not holds_only(content, _places(rule), rule.document.steps):
            raise _refused("envelope", f"the envelope holds more than the elements of {rule.name!r}, or more in them")
        text = _document_in(content, rule)
        if self._is_question(text):
            if not rule.questions:
                raise _refused("question", f"envelopes {rule.name!r} without a signed document are not allowed")
            return Recognised(QUESTION, None, hashlib.sha256(text.encode()).digest())
        return self._stored(text.encode(), rule, trust, held, at)

    def judge_statement(self, content: bytes, held: HeldKey) -> Recognised:
        """Say what a statement is that may be signed with this key.

        Raises:
            SignerRefusedError: When it may not be signed.
        """
        name, digest = recognise(content, {one: self._statements[one] for one in held.rule.statements})
        return Recognised(name, None, digest)

    def _recognise(self, root: Element) -> Recognised:
        found = [rule for rule in self._operations.values() if _is(rule, root)]
        if len(found) != 1:
            what = "none" if not found else f"{len(found)}"
            raise _refused("operation", f"the document is {what} of the listed operations; it has to be exactly one")
        if any(TYPE in one.attrib for one in root.iter()):
            raise _refused("operation", "an element of the document says that it is of another type (xsi:type)")
        try:
            number = found[0].number.read(root)
        except NotThereError as error:
            raise _refused("number", f"{error}, where the BIN of the operation {found[0].name!r} has to be") from None
        return Recognised(found[0].name, number, hashlib.sha256(_canonical(root)).digest())

    def _envelope_of(self, content: Element, held: HeldKey) -> tuple[EnvelopeRule, Trust]:
        allowed = [self._envelopes[name] for name in sorted(held.rule.envelopes)]
        found = [one for one in allowed if content.tag == one[0].element and _has(one[0].where, content)]
        if len(found) != 1:
            what = f"the envelope is not exactly one of those that the key {held.rule.name!r} may sign"
            raise _refused("envelope", what)
        return found[0]

    def _is_question(self, text: str) -> bool:
        """Nothing at all, or an empty root element of a listed operation."""
        if not text.strip():
            return True
        try:
            root = _plain(text.encode())
        except KzedsError:
            return False
        names = {rule.root for rule in self._operations.values()}
        return root.tag in names and not len(root) and not root.attrib and not (root.text or "").strip()

    def _stored(self, document: bytes, rule: EnvelopeRule, trust: Trust, held: HeldKey, at: datetime) -> Recognised:
        """A document that somebody who counts has signed before."""
        try:
            _plain(document)
            verified = verify_enveloped(document, trusted=None)
        except SignerRefusedError:
            raise
        except KzedsError as error:
            raise _refused("unsigned", f"the document in the envelope bears no valid signature: {error}") from error
        _require_trusted(verified.certificate, trust, at)
        found = self._recognise(verified.element)
        listed = rule.numbers or {held.rule.number}
        if found.number not in listed or number_of(verified.certificate) != found.number:
            raise _refused(
                "number", "the document in the envelope, or who signed it, belongs to a BIN that is not listed"
            )
        return found


def _places(rule: EnvelopeRule) -> set[tuple[str, ...]]:
    return {path.steps for path in (*rule.elements, *rule.where)}


def _document_in(content: Element, rule: EnvelopeRule) -> str:
    """The text that has to be a document; nothing else may stand beside it."""
    try:
        return rule.document.read(content, alone=True)
    except NotThereError as error:
        raise _refused(
            "envelope", f"{error}, where the document of an envelope {rule.name!r} has to be alone"
        ) from None


def _require_trusted(certificate: Certificate, trust: Trust, at: datetime) -> None:
    if certificate in trust.certificates:
        return
    try:
        require_chain(certificate, trust.authorities, at=at)
    except KzedsError as error:
        raise _refused("stranger", f"who signed the document in the envelope is not known here: {error}") from error
    if not certificate.may_sign:
        raise _refused("stranger", "the document in the envelope is signed with an AUTH key")


def _is(rule: OperationRule, root: Element) -> bool:
    names = sorted(str(one.tag) for one in root)
    return root.tag == rule.root and (not rule.elements or names == sorted(rule.elements)) and _has(rule.where, root)


def _has(where: Where, root: Element) -> bool:
    try:
        return all(path.read(root) in values for path, values in where.items())
    except NotThereError:
        return False


def _content_of_body(root: Element) -> Element:
    bodies = [one for one in root if one.tag == f"{{{SOAP}}}Body"]
    if root.tag != f"{{{SOAP}}}Envelope" or len(bodies) != 1 or len(bodies[0]) != 1:
        raise _refused("envelope", "not a SOAP 1.1 envelope with one Body and one element in it")
    return bodies[0][0]


def _plain(document: bytes) -> Element:
    """Read a document that says the same to every reader."""
    root = parse(document, what="document to sign")
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() != "UTF-8" or not _is_utf8(document):
        raise _refused("encoding", "the document is in another encoding than UTF-8, or says so")
    if any(not isinstance(one.tag, str) for one in root.iter()) or _stands_beside(root):
        raise _refused("comment", "the document holds comments or processing instructions, which are not signed here")
    return parse(_canonical(root), what="canonical document")


def _is_utf8(document: bytes) -> bool:
    """Say so of the bytes; XML can also be known as UTF-16 by a mark before it, or by the zeros in it."""
    try:
        return "\0" not in document.decode()
    except UnicodeDecodeError:
        return False


def _stands_beside(root: Element) -> bool:
    return root.getprevious() is not None or root.getnext() is not None


def _canonical(root: Element) -> bytes:
    try:
        return etree.tostring(root, method="c14n", with_comments=False)
    except etree.C14NError:
        raise MalformedXmlError("the document has no canonical form") from None


def _refused(reason: str, text: str) -> SignerRefusedError:
    return SignerRefusedError(f"{text}. Nothing was signed.", reason=reason)
