"""Whether an evidence bundle proves what it says, with nothing but the bundle: no ledger, no settings, no network.

First the bundle as a whole (`kzeds`: every byte as it was signed), then what only the agent's own words can tell: each
document and answer is the one that the journal's keyed digests name, was signed, and the journal's lines stand in the
chain up to the signed head.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from kzeds.bundle.reading import BundleReader, reading
from kzeds.bundle.verifying import VerifiedBundle, verify_open
from kzeds.certificate import Certificate
from kzeds.cms import verify_detached
from kzeds.errors import DamagedBundleError, KzedsError
from kzeds.timestamp import verify_timestamp
from kzeds.trust import require_chain
from usrec.adapters.evidence.certificates import signer_of_answer, signer_of_document
from usrec.application import evidence_files as layout
from usrec.domain.chain import BatchHeader, ChainLine, keyed_digest
from usrec.domain.chain_head import HeadStatement, read_statement
from usrec.domain.chain_proof import Link, check_proof, digests_named
from usrec.domain.state import State
from usrec.domain.verdict import Ending

FORMAT: Final = "usrec-evidence"
_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError)
_BY_REGISTRY: Final = frozenset({"answer", "question"})
"""Kinds of decisions that the registry itself signs; a settlement is a person's, with whatever evidence there was."""
_SIGNED_ENDINGS: Final = frozenset({Ending.REGISTERED, Ending.REFUSED, Ending.NOT_PROCESSED})


class Doubt(StrEnum):
    """What does not fit."""

    RECORD = "record"
    """The record says something else than the journal's lines in it."""
    DOCUMENT = "document"
    """The document is not the one that was signed and sent."""
    DOCUMENT_SIGNATURE = "document_signature"
    ANSWER = "answer"
    """The answer is not the one that was received."""
    ANSWER_SIGNATURE = "answer_signature"
    """An answer that decided has no good signature."""
    DECISION = "decision"
    """What decided is not what the journal names."""
    CHAIN = "chain"
    HEAD = "head"
    """The signed head of the chain is not good, or is another chain's."""
    ISSUER = "issuer"
    """None of the authorities that were given issued a certificate."""


class Notice(StrEnum):
    """What cannot be told, and is no fault."""

    NOT_KEPT = "not_kept"
    """A document or answer is not in the ledger any more; its digest is."""
    NO_DIGEST = "no_digest"
    """The journal names no digest: it was written by an older version."""
    NOT_LINKED = "not_linked"
    """A line was written so shortly before the export that the chain does not hold it yet."""
    NO_HEAD = "no_head"
    """No signed head stands behind the lines: only the bundle's own signature covers the chain."""
    STAMP_NOT_CHECKED = "stamp_not_checked"
    """The head's timestamp needs authorities to check it."""
    JOURNAL_DAMAGED = "journal_damaged"
    """Whoever made the bundle found the journal damaged then, and says so in the manifest."""


@dataclass(frozen=True, slots=True)
class EvidenceFault:
    """Something that does not fit, and the file in which it shows."""

    file: str
    doubt: Doubt
    detail: str = ""


@dataclass(slots=True)
class CheckedEvidence:
    """What was found.

    Attributes:
        bundle: What the check of the whole found.
        answers: How many answers have a good signature.
        untrusted: Answers without one; the agent did not believe them either.
        head: What the signed head says.
        head_stamped_at: When an authority dated it.
        issuers: Certificates whose issuer was found among the authorities that were given.
        answer_signers: Whose certificates signed answers: whether that is the gateway nobody can tell from a bundle.
    """

    bundle: VerifiedBundle
    submissions: int = 0
    documents: int = 0
    answers: int = 0
    untrusted: int = 0
    linked: int = 0
    head: HeadStatement | None = None
    head_stamped_at: datetime | None = None
    issuers: set[str] = field(default_factory=set)
    answer_signers: dict[str, Certificate] = field(default_factory=dict)
    notices: Counter[Notice] = field(default_factory=Counter)
    faults: list[EvidenceFault] = field(default_factory=list)


def check_evidence(file: Path, *, authorities: Collection[Certificate] | None, at: datetime) -> CheckedEvidence:
    """Check a bundle.

    Args:
        authorities: Whose certificates are believed; None leaves the issuers unchecked.
        at: Now, aware.

    Raises:
        KzedsError: The bundle as a whole is not as it was signed; names the files.
        OSError: It cannot be read.
    """
    with reading(file) as bundle:
        found = CheckedEvidence(verify_open(bundle, authorities=authorities, at=at))
        if bundle.fields.get("format") != FORMAT or bundle.fields.get("version") != layout.VERSION:
            raise DamagedBundleError("the bundle is whole, but it is no evidence that this program can read")
        check = _Check(bundle, found, authorities)
        for one in bundle.files:
            if one.name.endswith(f"/{layout.RECORD}"):
                check.readable_submission(one.name)
        check.chain(at)
        found.notices[Notice.JOURNAL_DAMAGED] += _is_of_damaged(bundle.fields.get("journal"))
    return found


def _is_of_damaged(told: object) -> bool:
    return isinstance(told, Mapping) and told.get("whole") is False


class _Check:
    """Goes through an open bundle and notes what it finds."""

    def __init__(
        self, bundle: BundleReader, found: CheckedEvidence, authorities: Collection[Certificate] | None
    ) -> None:
        self._bundle, self._found, self._authorities = bundle, found, authorities
        self._own = {found.bundle.signer.fingerprint}

    def readable_submission(self, name: str) -> None:
        """One submission; a record that is not laid out as a record is a fault like any other."""
        try:
            self._submission(name)
        except _UNREADABLE as problem:
            self._fault(name, Doubt.RECORD, f"it cannot be read ({type(problem).__name__})")

    def _submission(self, name: str) -> None:
        """One submission's record and the files that it names."""
        record = json.loads(self._bundle.content(name))
        lines = list(_lines_of(record))
        self._found.submissions += 1
        for what in _contradictions(record, lines):
            self._fault(name, Doubt.RECORD, what)
        key = bytes.fromhex(record["digest_key"])
        self._document(record["document"], record["employer_bin"], key, lines)
        for attempt in record["attempts"]:
            self._answer(attempt, key, lines)
        for asked in record.get("questions", []):
            self._question(asked, key, lines)
        for decision in record["decisions"]:
            self._decision(decision, name, key, lines)

    def _document(self, told: Mapping[str, Any] | None, employer: str, key: bytes, lines: list[ChainLine]) -> None:
        if told is None:
            return
        if told["file"] is None:
            self._found.notices[Notice.NOT_KEPT] += 1
            return
        name, content = told["file"], self._bundle.content(told["file"])
        named = {found for line in lines if (found := digests_named(line).get("document"))}
        self._hold(name, content, key, named, Doubt.DOCUMENT)
        if hashlib.sha256(content).hexdigest() != told["sha256"]:
            self._fault(name, Doubt.DOCUMENT, "sha256")
        signer = signer_of_document(content)
        if signer is None or signer.fingerprint != told["certificate"]:
            self._fault(name, Doubt.DOCUMENT_SIGNATURE)
            return
        if employer not in {signer.bin, signer.iin}:
            self._fault(name, Doubt.DOCUMENT_SIGNATURE, "it is not of the employer's BIN")
        self._own.add(signer.fingerprint)
        self._found.documents += 1
        self._issuer(name, signer, told["signed_at"])

    def _answer(self, attempt: Mapping[str, Any], key: bytes, lines: list[ChainLine]) -> None:
        ends = [line for line in lines if _detail(line).get("attempt") == attempt["number"]]
        believed = attempt["ending"] in _SIGNED_ENDINGS
        self._received(attempt["answer"], attempt["closed_at"], key, ends, believed=believed)

    def _question(self, asked: Mapping[str, Any], key: bytes, lines: list[ChainLine]) -> None:
        answers = [line for line in lines if _is_about(line, asked)]
        believed = asked["signed_digest"] is not None
        self._received(asked["answer"], asked["answered_at"], key, answers, believed=believed)

    def _received(self, name: str | None, moment: str, key: bytes, lines: list[ChainLine], *, believed: bool) -> None:
        """What came back, held against the lines that name it."""
        named = {found for line in lines if (found := digests_named(line).get("reply"))}
        if name is None:
            self._found.notices[Notice.NOT_KEPT] += bool(named)
            return
        content = self._bundle.content(name)
        self._hold(name, content, key, named, Doubt.ANSWER)
        signer = signer_of_answer(content)
        if signer is not None:
            self._found.answers += 1
            self._answered_by(name, signer, moment)
        elif believed:
            self._fault(name, Doubt.ANSWER_SIGNATURE)
        else:
            self._found.untrusted += 1

    def _decision(self, decision: Mapping[str, Any], record: str, key: bytes, lines: list[ChainLine]) -> None:
        if decision["file"] is None:
            self._found.notices[Notice.NOT_KEPT] += 1
            return
        name, content = decision["file"], self._bundle.content(decision["file"])
        digests = [digests_named(line) for line in lines]
        named = {found for one in digests for what in ("reply", "evidence") if (found := one.get(what))}
        self._hold(name, content, key, named, Doubt.DECISION)
        if decision["kind"] not in _BY_REGISTRY:
            return
        signer = signer_of_answer(content)
        if signer is None:
            self._fault(name, Doubt.ANSWER_SIGNATURE, record)
        else:
            self._answered_by(name, signer, decision["acknowledged_at"])

    def _answered_by(self, name: str, signer: Certificate, moment: str) -> None:
        """An answer that whoever sent has signed himself is none, whoever issued his certificate."""
        if signer.fingerprint in self._own:
            self._fault(name, Doubt.ANSWER_SIGNATURE, "it is signed with the key of whoever sent it")
        self._found.answer_signers[signer.fingerprint] = signer
        self._issuer(name, signer, moment)

    def _hold(self, name: str, content: bytes, key: bytes, named: set[str], doubt: Doubt) -> None:
        """Hold a file's keyed digest against those that the journal names."""
        if not named:
            self._found.notices[Notice.NO_DIGEST] += 1
        elif keyed_digest(key, content) not in named:
            self._fault(name, doubt)

    def _issuer(self, name: str, signer: Certificate, moment: str) -> None:
        if self._authorities is None or signer.fingerprint in self._found.issuers:
            return
        try:
            require_chain(signer, self._authorities, at=datetime.fromisoformat(moment))
            self._found.issuers.add(signer.fingerprint)
        except KzedsError as problem:
            self._fault(name, Doubt.ISSUER, str(problem))

    def chain(self, at: datetime) -> None:
        """The proof that all lines stand in the journal."""
        head = self._head(at)
        try:
            links = list(_links_of(self._bundle.content(layout.BATCHES)))
            shown = check_proof(self._all_lines(), links)
        except _UNREADABLE as problem:
            self._fault(layout.BATCHES, Doubt.CHAIN, f"it cannot be read ({type(problem).__name__})")
            return
        self._found.linked = shown.linked
        for fault in shown.faults:
            self._fault(layout.BATCHES, Doubt.CHAIN, fault.what)
        if shown.unlinked:
            self._found.notices[Notice.NOT_LINKED] += shown.unlinked
        if head is None:
            self._found.notices[Notice.NO_HEAD] += 1
        elif (head.batch, head.hash) not in {(link.header.number, link.hash) for link in links}:
            self._fault(layout.HEAD, Doubt.HEAD, "it is the head of another chain")

    def _all_lines(self) -> Iterator[ChainLine]:
        for one in self._bundle.files:
            if one.name.endswith(f"/{layout.RECORD}"):
                with suppress(*_UNREADABLE):
                    yield from _lines_of(json.loads(self._bundle.content(one.name)))

    def _head(self, at: datetime) -> HeadStatement | None:
        if layout.HEAD not in {one.name for one in self._bundle.files}:
            return None
        statement, signature = self._bundle.content(layout.HEAD), self._bundle.content(layout.HEAD_SIGNATURE)
        try:
            head = read_statement(statement.decode())
            signer = verify_detached(signature, statement, trusted=None).certificate
        except (ValueError, KzedsError) as problem:
            self._fault(layout.HEAD, Doubt.HEAD, str(problem))
            return None
        if head.ledger != self._bundle.fields.get("ledger"):
            self._fault(layout.HEAD, Doubt.HEAD, "it is the head of another ledger")
        self._found.head = head
        self._issuer(layout.HEAD_SIGNATURE, signer, head.at.isoformat())
        self._stamp(signature, at)
        return head

    def _stamp(self, signature: bytes, at: datetime) -> None:
        if layout.HEAD_TIMESTAMP not in {one.name for one in self._bundle.files}:
            return
        if self._authorities is None:
            self._found.notices[Notice.STAMP_NOT_CHECKED] += 1
            return
        token = self._bundle.content(layout.HEAD_TIMESTAMP)
        try:
            self._found.head_stamped_at = verify_timestamp(token, signature, self._authorities, at=at).time
        except KzedsError as problem:
            self._fault(layout.HEAD_TIMESTAMP, Doubt.HEAD, str(problem))

    def _fault(self, file: str, doubt: Doubt, detail: str = "") -> None:
        self._found.faults.append(EvidenceFault(file, doubt, detail))


def _lines_of(record: Mapping[str, Any]) -> Iterator[ChainLine]:
    return (ChainLine(**line) for line in record["journal"])


def _links_of(batches: bytes) -> Iterator[Link]:
    for text in batches.splitlines():
        said = json.loads(text)
        digests, found = said.pop("digests"), said.pop("hash")
        header = BatchHeader(**(said | {"at": datetime.fromisoformat(said["at"])}))
        yield Link(header, found, None if digests is None else bytes.fromhex(digests))


def _detail(line: ChainLine) -> Mapping[str, Any]:
    try:
        detail = json.loads(line.detail)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def _is_about(line: ChainLine, asked: Mapping[str, Any]) -> bool:
    return line.action == "asked" and _detail(line).get("after_attempt") == asked["after_attempt"]


def _contradictions(record: Mapping[str, Any], lines: list[ChainLine]) -> Iterator[str]:
    """What a record says otherwise than its own lines of the journal."""
    if any(line.submission_id != record["id"] for line in lines):
        yield "a line of another submission stands in its journal"
    states = [line.to_state for line in lines if line.to_state is not None]
    if states and states[-1] != record["state"]:
        yield f"its state is {record['state']}, the journal's last one {states[-1]}"
    if record["state"] == State.ACCEPTED and not any(one["accepted"] for one in record["decisions"]):
        yield "it is accepted, and no decision says so"
    opened = {_detail(line).get("attempt"): line.at for line in lines if line.action == "attempt_opened"}
    closed = {_detail(line).get("attempt"): line for line in lines if line.action == "attempt_closed"}
    for attempt in record["attempts"]:
        number, end = attempt["number"], closed.get(attempt["number"])
        if opened.get(number, attempt["opened_at"]) != attempt["opened_at"]:
            yield f"attempt {number} began at another time"
        if end is None:
            continue
        said = (end.at, _detail(end).get("ending"), _detail(end).get("code"))
        if said != (attempt["closed_at"], attempt["ending"], attempt["code"]):
            yield f"attempt {number} ended otherwise"
    yield from _otherwise_asked(record.get("questions", []), [line for line in lines if line.action == "asked"])


def _otherwise_asked(questions: list[Mapping[str, Any]], lines: list[ChainLine]) -> Iterator[str]:
    names = ("after_attempt", "finding", "code")
    told = [(line.at, *(_detail(line).get(name) for name in names)) for line in lines]
    if told != [(asked["answered_at"], *(asked[name] for name in names)) for asked in questions]:
        yield "its questions are not those that the journal tells of"
