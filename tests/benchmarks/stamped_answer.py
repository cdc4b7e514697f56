"""Signed answers that cost little more than their signature, for a gateway that must not be what is measured.

One answer is rendered and signed the ordinary way, with marks where each answer has values of its own. From then on the
marks are replaced in its bytes and in the canonical forms that are hashed and signed, so that no XML is handled again.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime

from lxml import etree

from kzeds import SigningKey, sign_body, verify_body
from kzeds.algorithms import RSA_SHA256
from kzeds.xml import Element, parse
from usrec_simulator.business import NAMESPACE
from usrec_simulator.clock import KAZAKHSTAN
from usrec_simulator.codes import SUCCESS
from usrec_simulator.soap import Answer, render_answer

_MESSAGE, _CHAIN, _SESSION, _RECORD = (f"mark-{word}-mark" for word in ("message", "chain", "session", "record"))
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


def success(message: str, chain: str, session: str, record: str, at: datetime) -> Answer:
    """That a record was registered."""
    receipt = (
        f'<con:contractResponse xmlns:con="{NAMESPACE}"><registeredAt>{_stamp(at)}</registeredAt>'
        f"<contract><id>{record}</id></contract></con:contractResponse>"
    )
    return Answer(SUCCESS, message, chain, f"{{{session}}}", at, receipt)


class PlainAnswers:
    """Each rendered and signed by itself, whatever the key is."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def make(self, chain: str) -> bytes:
        """The signed answer to a message of this correlation id."""
        ids = [str(uuid.uuid4()) for _ in range(3)]
        return sign_body(render_answer(success(ids[0], chain, ids[1], ids[2], datetime.now(UTC))), self._key)


class StampedAnswers:
    """By RSA with SHA-256; proven once to be what the EDS library accepts."""

    def __init__(self, key: SigningKey) -> None:
        at = datetime.now(UTC)
        self._key = key
        self._at = _stamp(at).encode()
        self._envelope = sign_body(render_answer(success(_MESSAGE, _CHAIN, _SESSION, _RECORD, at)), key)
        root = parse(self._envelope, what="the answer")
        self._body = _canonical(root.find("{*}Body"))
        self._signed = _canonical(root.find(f".//{_DS}SignedInfo"))
        self._digest = (root.findtext(f".//{_DS}DigestValue") or "").encode()
        self._value = (root.findtext(f".//{_DS}SignatureValue") or "").encode()
        verify_body(self.make("chain"), trusted=[key.certificate])

    def make(self, chain: str) -> bytes:
        """The signed answer to a message of this correlation id."""
        values = {_CHAIN: chain, **{mark: str(uuid.uuid4()) for mark in (_MESSAGE, _SESSION, _RECORD)}}
        marks = {mark.encode(): value.encode() for mark, value in values.items()}
        marks[self._at] = _stamp(datetime.now(UTC)).encode()
        digest = base64.b64encode(hashlib.sha256(_replaced(self._body, marks)).digest())
        value = base64.b64encode(self._key.sign(self._signed.replace(self._digest, digest)))
        return _replaced(self._envelope, {**marks, self._digest: digest, self._value: value})


def answers_of(key: SigningKey) -> PlainAnswers | StampedAnswers:
    """The quickest that there are for this key."""
    return StampedAnswers(key) if key.algorithm is RSA_SHA256 else PlainAnswers(key)


def _replaced(text: bytes, marks: dict[bytes, bytes]) -> bytes:
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def _canonical(element: Element | None) -> bytes:
    assert element is not None
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _stamp(at: datetime) -> str:
    return at.astimezone(KAZAKHSTAN).isoformat(timespec="milliseconds")
