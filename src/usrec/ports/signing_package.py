"""The package in which documents travel to the owner of an EDS, and what comes back from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from usrec.domain.authority import SigningCertificate
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import SubmissionId


@dataclass(frozen=True, slots=True)
class Paper:
    """One document for the owner to sign.

    Attributes:
        summary: What it says, by language: ``kk`` and ``ru``.
        due: When its term ends, aware UTC.
    """

    request: SigningRequest
    summary: Mapping[str, str] = field(repr=False)
    due: datetime | None


@dataclass(frozen=True, slots=True)
class OwnersPackage:
    """All that one owner is asked to sign at once.

    Attributes:
        id: Printable and short.
        employer_bin: BIN, or an entrepreneur's IIN, that the signing certificate must carry.
        title: One line, by language.
        papers: Most urgent first.
    """

    id: str
    made_at: datetime
    employer_bin: str
    title: Mapping[str, str] = field(repr=False)
    papers: Sequence[Paper]


@dataclass(frozen=True, slots=True)
class ReturnedPaper:
    """A document that came back; nothing of it is believed yet.

    Attributes:
        name: Of its file.
        submission_id: What it says that it is; None when it says nothing.
    """

    name: str
    document: bytes = field(repr=False)
    submission_id: SubmissionId | None


@dataclass(frozen=True, slots=True)
class HandSignature:
    """A good signature of an employer over exactly the document of ``request``."""

    paper: ReturnedPaper
    request: SigningRequest
    certificate: SigningCertificate


@dataclass(frozen=True, slots=True)
class UnfitPaper:
    """A document that cannot be taken.

    Attributes:
        why: One sentence in English without personal data.
        foreign: It is none of the documents that were asked for.
        advice: What to do about it, one sentence in English; empty where there is nothing to say.
    """

    paper: ReturnedPaper
    why: str
    foreign: bool
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What is to be thought of the documents that came back."""

    signatures: Sequence[HandSignature]
    unfit: Sequence[UnfitPaper]


class SigningPackages(Protocol):
    """Writes packages, reads what comes back and judges its signatures."""

    def write(self, package: OwnersPackage, file: Path) -> None:
        """Write a package that only its owner may read.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        ...

    def read(self, source: Path) -> Sequence[ReturnedPaper]:
        """What is in a file or a folder that came back.

        Raises:
            ValidationProblem: It cannot be read, or holds nothing signed.
        """
        ...

    def inspect(
        self, papers: Sequence[ReturnedPaper], requests: Sequence[SigningRequest], *, employer_bin: str, at: datetime
    ) -> Inspected:
        """Hold ``papers`` against the documents that an employer's owner was asked to sign."""
        ...
