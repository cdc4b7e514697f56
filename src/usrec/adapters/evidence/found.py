"""What a check of an evidence bundle finds: faults, what cannot be told, and whose certificates signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kzeds.bundle.verifying import VerifiedBundle
from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.trust import require_chain
from usrec.domain.chain_head import HeadStatement


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

    def fault(self, file: str, doubt: Doubt, detail: str = "") -> None:
        """Note what does not fit."""
        self.faults.append(EvidenceFault(file, doubt, detail))

    def judge_issuer(
        self, name: str, signer: Certificate, moment: str, authorities: Collection[Certificate] | None
    ) -> None:
        """Note whether one of the authorities, where any were given, had issued a certificate by then."""
        if authorities is None or signer.fingerprint in self.issuers:
            return
        try:
            require_chain(signer, authorities, at=datetime.fromisoformat(moment))
            self.issuers.add(signer.fingerprint)
        except KzedsError as problem:
            self.fault(name, Doubt.ISSUER, str(problem))
