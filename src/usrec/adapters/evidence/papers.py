"""Papers of a submission in a bundle: each document and answer is the one that the journal names, and was signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from kzeds.bundle.reading import BundleReader
from kzeds.certificate import Certificate
from usrec.adapters.evidence.certificates import signer_of_answer, signer_of_document
from usrec.adapters.evidence.found import CheckedEvidence, Doubt, Notice
from usrec.adapters.evidence.record import contradictions, detail_of, is_about, lines_of
from usrec.domain.chain import ChainLine, keyed_digest
from usrec.domain.chain_proof import digests_named
from usrec.domain.verdict import Ending

UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError)
"""What a file ends with that is not laid out as it has to be."""
_BY_REGISTRY: Final = frozenset({"answer", "question"})
"""Kinds of decisions that the registry itself signs; a settlement is a person's, with whatever evidence there was."""
_SIGNED_ENDINGS: Final = frozenset({Ending.REGISTERED, Ending.REFUSED, Ending.NOT_PROCESSED})


class PapersCheck:
    """Goes through the submissions of an open bundle and notes what it finds."""

    def __init__(
        self, bundle: BundleReader, found: CheckedEvidence, authorities: Collection[Certificate] | None
    ) -> None:
        self._bundle, self._found, self._authorities = bundle, found, authorities
        self._own = {found.bundle.signer.fingerprint}

    def readable_submission(self, name: str) -> None:
        """One submission; a record that is not laid out as a record is a fault like any other."""
        try:
            self._submission(name)
        except UNREADABLE as problem:
            self._found.fault(name, Doubt.RECORD, f"it cannot be read ({type(problem).__name__})")

    def _submission(self, name: str) -> None:
        """One submission's record and the files that it names."""
        record = json.loads(self._bundle.content(name))
        lines = list(lines_of(record))
        self._found.submissions += 1
        for what in contradictions(record, lines):
            self._found.fault(name, Doubt.RECORD, what)
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
            self._found.fault(name, Doubt.DOCUMENT, "sha256")
        signer = signer_of_document(content)
        if signer is None or signer.fingerprint != told["certificate"]:
            self._found.fault(name, Doubt.DOCUMENT_SIGNATURE)
            return
        if employer not in {signer.bin, signer.iin}:
            self._found.fault(name, Doubt.DOCUMENT_SIGNATURE, "it is not of the employer's BIN")
        self._own.add(signer.fingerprint)
        self._found.documents += 1
        self._found.judge_issuer(name, signer, told["signed_at"], self._authorities)

    def _answer(self, attempt: Mapping[str, Any], key: bytes, lines: list[ChainLine]) -> None:
        ends = [line for line in lines if detail_of(line).get("attempt") == attempt["number"]]
        believed = attempt["ending"] in _SIGNED_ENDINGS
        self._received(attempt["answer"], attempt["closed_at"], key, ends, believed=believed)

    def _question(self, asked: Mapping[str, Any], key: bytes, lines: list[ChainLine]) -> None:
        answers = [line for line in lines if is_about(line, asked)]
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
            self._found.fault(name, Doubt.ANSWER_SIGNATURE)
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
            self._found.fault(name, Doubt.ANSWER_SIGNATURE, record)
        else:
            self._answered_by(name, signer, decision["acknowledged_at"])

    def _answered_by(self, name: str, signer: Certificate, moment: str) -> None:
        """An answer that whoever sent has signed himself is none, whoever issued his certificate."""
        if signer.fingerprint in self._own:
            self._found.fault(name, Doubt.ANSWER_SIGNATURE, "it is signed with the key of whoever sent it")
        self._found.answer_signers[signer.fingerprint] = signer
        self._found.judge_issuer(name, signer, moment, self._authorities)

    def _hold(self, name: str, content: bytes, key: bytes, named: set[str], doubt: Doubt) -> None:
        """Hold a file's keyed digest against those that the journal names."""
        if not named:
            self._found.notices[Notice.NO_DIGEST] += 1
        elif keyed_digest(key, content) not in named:
            self._found.fault(name, doubt)
