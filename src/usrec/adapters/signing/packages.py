"""Signing packages of ``kzeds``: documents travel to the owner of an EDS, because its key may not travel to us.

Source: the law forbids handing one's EDS to others. What comes back is judged as a key of ours is: it must carry the
employer's own BIN or IIN (USREC code SCSE046), may sign and be in force (SCSE001).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateError,
    ForeignDocumentError,
    KeyMayNotSignError,
    KzedsError,
    PackageError,
    WrongSignerError,
)
from kzeds.package import (
    MatchedDocument,
    PackageItem,
    SignedDocument,
    SignedPackage,
    SigningPackage,
    match_signed,
    read_signed,
    write_package,
)
from usrec.adapters.signing.description import describe_certificate
from usrec.domain.errors import SigningRefused, ValidationProblem, unwritable
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import SubmissionId
from usrec.ports.signing_package import HandSignature, Inspected, OwnersPackage, ReturnedPaper, UnfitPaper

_OTHER_KEY: Final = "Have its owner sign the same package again, with the employer's own valid key for signing"
_UNBELIEVED: Final = (
    "See usrec doctor: are all authorities of the NCA in [trust], and do its servers answer? Then take the same file"
    " again; if its certificate itself is bad, have its owner sign with the employer's own valid key"
)
_SIGN_AGAIN: Final = "Have its owner sign the same package again, without changing what is in its files"

Objection = Callable[[Certificate, datetime], str]
"""Why a certificate's signature cannot be taken (nobody trusted issued it, it was revoked); empty when it can."""


class KzedsPackages:
    """The ``SigningPackages`` port.

    Args:
        pinned: Serial numbers, lower-case hex, of the only certificates that are taken, by BIN.
        objection: Asked once of every certificate that signed.
    """

    def __init__(self, pinned: Mapping[str, Collection[str]], objection: Objection = lambda _, __: "") -> None:
        self._pinned = dict(pinned)
        self._objection = objection
        self._objections: dict[str, str] = {}

    def write(self, package: OwnersPackage, file: Path) -> None:
        """Write a package that only its owner may read."""
        try:
            items = tuple(
                PackageItem(one.request.submission_id, one.request.document, one.summary, one.due)
                for one in package.papers
            )
            whole = SigningPackage(package.id, package.made_at, package.employer_bin, package.title, items)
            write_package(whole, file)
        except (OSError, PackageError) as problem:
            kept = "What waits for a signature goes on waiting"
            advice = "Check the folder and its free space, or name another file with --output"
            raise unwritable("the signing package", file, problem, kept=kept, next_step=advice) from None

    def read(self, source: Path) -> Sequence[ReturnedPaper]:
        """What is in a file or a folder that came back."""
        try:
            found = read_signed(source)
        except (OSError, KzedsError) as problem:
            raise ValidationProblem(
                f"what came back cannot be read: {problem}",
                where=str(source),
                kept="Nothing was changed",
                next_step="Give the file that kzeds sign-package wrote, or a folder or ZIP of signed XML files",
            ) from None
        return [
            ReturnedPaper(one.name, one.document, None if one.item_id is None else SubmissionId(one.item_id))
            for one in found.documents
        ]

    def inspect(
        self, papers: Sequence[ReturnedPaper], requests: Sequence[SigningRequest], *, employer_bin: str, at: datetime
    ) -> Inspected:
        """Hold ``papers`` against the documents that were asked for; of equal ones against the first alone."""
        by_name = {paper.name: paper for paper in papers}
        asked = {request.digest: request for request in reversed(requests)}
        by_id = {str(request.submission_id): request for request in reversed(asked.values())}
        items = [PackageItem(which, request.document, {"en": which}) for which, request in by_id.items()]
        returned = SignedPackage(
            None, None, tuple(SignedDocument(one.name, one.document, one.submission_id) for one in papers)
        )
        matching = match_signed(returned, items, signer=employer_bin, at=at)
        unfit = [
            UnfitPaper(by_name[name], str(error), isinstance(error, ForeignDocumentError), _advice(error))
            for name, error in matching.refused.items()
        ]
        signatures = []
        for which, matched in matching.signed.items():
            paper = by_name[matched.name]
            try:
                self._require_welcome(matched, employer_bin, at)
            except SigningRefused as refusal:
                unfit.append(UnfitPaper(paper, refusal.what, foreign=False, advice=refusal.next_step))
            else:
                signatures.append(HandSignature(paper, by_id[which], describe_certificate(matched.certificate)))
        return Inspected(signatures, unfit)

    def _require_welcome(self, matched: MatchedDocument, employer_bin: str, at: datetime) -> None:
        """Check what the agent asks beyond a good signature of that number.

        Raises:
            SigningRefused: The certificate is none of the pinned ones, or not trusted.
        """
        certificate = matched.certificate
        pinned = self._pinned.get(employer_bin)
        if pinned is not None and f"{certificate.serial_number:x}" not in pinned:
            raise SigningRefused(
                "it is signed with another certificate than the one that the settings name",
                next_step="Have its owner sign the same package again with the named one, or name this one too",
            )
        if certificate.fingerprint not in self._objections:
            self._objections[certificate.fingerprint] = self._objection(certificate, at)
        if self._objections[certificate.fingerprint]:
            raise SigningRefused(self._objections[certificate.fingerprint], next_step=_UNBELIEVED)


def _advice(error: KzedsError) -> str:
    """What to do about a document that was not matched; nothing where it is a copy of one that was."""
    if isinstance(error, WrongSignerError | KeyMayNotSignError | CertificateError):
        return _OTHER_KEY
    return "" if isinstance(error, PackageError) else _SIGN_AGAIN
