"""The errors of kzeds, one class for each thing that a caller may want to tell apart.

Source: the outcomes of XML Signature validation (W3C XML Signature, section 3.2), of PKCS#12 (RFC 7292) and of
X.509 (RFC 5280), in the words that an operator acts on. A failed verification always raises; nothing here returns
False. No message holds a password, a key, a name, an IIN or a piece of a document.

::

    KzedsError
    ├── KeyFileError                      a key file: its owner or the settings put it right
    │   ├── WrongPasswordError            the password does not open it
    │   ├── DamagedKeyFileError           not a PKCS#12 file, cut short, or altered
    │   ├── UnknownKeyAlgorithmError      it opens, but its algorithm is not built in (`oid`)
    │   ├── KeyMayNotSignError            an AUTH key: its certificate has no nonRepudiation
    │   └── TokenError                    a PKCS#11 token: its library, PIN, key or certificate (`reason`)
    ├── CertificateError
    │   ├── MalformedCertificateError     the bytes are not a certificate that can be read
    │   ├── CertificateExpiredError
    │   ├── CertificateNotYetValidError
    │   └── CertificateRevokedError       its issuer has taken it back
    ├── DocumentError                     the document, before any signature is looked at
    │   ├── MalformedXmlError             not well-formed, or it carries a DTD or entities
    │   └── NotSignableError              already signed, or not of the expected shape
    ├── IndeterminateError                cannot tell whether the signature is good
    │   ├── UnsupportedAlgorithmError     the algorithm is not built in (`identifier`)
    │   ├── CertificateMissingError       the signature names no certificate that is at hand
    │   ├── RevocationUnknownError        no source says for sure whether the certificate was revoked
    │   ├── MalformedAnswerError          a CRL, an OCSP answer or a time stamp answer that cannot be read
    │   └── UnreachableError              a server did not answer, or not as it has to
    ├── SignatureError                    the signature is not valid
    │   ├── SignatureMissingError         there is none where it has to be
    │   ├── MalformedSignatureError       its elements are not in the expected layout
    │   ├── UnexpectedReferenceError      it signs something else, or by other transforms, than expected
    │   ├── DuplicateIdError              two elements share the identifier that it refers to
    │   ├── WeakAlgorithmError            SHA-1 or a short RSA key
    │   ├── DigestMismatchError           what it signs was changed
    │   ├── SignatureMismatchError        the signature value does not fit the certificate
    │   └── UntrustedCertificateError     the signer is not one that the caller trusts
    ├── TimestampError                    a time stamp that proves nothing
    │   ├── TimestampRefusedError         the authority did not grant it
    │   └── TimestampMismatchError        it is for other data, another request or another purpose
    ├── SignerError                       a signer outside this process
    │   ├── SignerRefusedError            it may not sign this (`reason`); nothing was signed
    │   ├── SignerUnreachableError        it does not answer; nobody knows whether it signed
    │   ├── SignerUntrustworthyError      it answered with something else than was asked for
    │   └── SignerSettingsError           the settings, keys or records of the signer daemon cannot be used
    ├── PackageError                      a signing package that cannot be made, or signed
    │   ├── DamagedPackageError           not a package, or it was changed on its way
    │   ├── UnknownPackageVersionError    written by a newer kzeds (`version`)
    │   ├── ForeignDocumentError          what came back is none of the documents that were to be signed
    │   └── WrongSignerError              the certificate is not the one that the package is for
    ├── BundleError                       a bundle that cannot be made
    │   ├── DamagedBundleError            not a bundle, or its layout was changed (`name`)
    │   └── BundleFilesError              files were changed, taken away or added (`faults`)
    └── TestPkiError                      the test PKI could not be made, or its servers not begun, where asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class KzedsError(Exception):
    """Base of everything that kzeds raises on purpose; its message holds no secret and nothing personal.

    Source: ours; the tree of `kzeds.errors`.
    """


class KeyFileError(KzedsError):
    """A key file cannot be used."""


class WrongPasswordError(KeyFileError):
    """The password does not open the key file."""


class DamagedKeyFileError(KeyFileError):
    """The bytes are not a whole PKCS#12 file with a key and its certificate."""


class UnknownKeyAlgorithmError(KeyFileError):
    """The file opens, but the algorithm of its key or protection is not built in: `oid`, dotted, or "" if unknown."""

    def __init__(self, message: str, *, oid: str = "") -> None:
        super().__init__(message)
        self.oid = oid


class KeyMayNotSignError(KeyFileError):
    """The certificate lacks nonRepudiation: an AUTH key, which the NCA issues for logging in only."""


class TokenError(KeyFileError):
    """A PKCS#11 token, or the key in it, cannot be used.

    Attributes:
        reason: A short word for programs: ``extra``, ``library``, ``token``, ``pin``, ``pin_locked``, ``pin_tries``,
            ``key``, ``certificate``, ``mismatch``, ``ambiguous`` or ``failed``.
    """

    def __init__(self, message: str, *, reason: str = "failed") -> None:
        super().__init__(message)
        self.reason = reason


class CertificateError(KzedsError):
    """A certificate cannot be used."""


class MalformedCertificateError(CertificateError):
    """The bytes cannot be read as an X.509 certificate."""


class CertificateExpiredError(CertificateError):
    """The certificate's last day has passed at the time asked about."""


class CertificateNotYetValidError(CertificateError):
    """The certificate's first day has not come at the time asked about."""


class CertificateRevokedError(CertificateError):
    """The issuer has revoked the certificate, or put it on hold."""


class DocumentError(KzedsError):
    """A document cannot be signed or read."""


class MalformedXmlError(DocumentError):
    """The bytes are not well-formed XML, or hold what the hardened parser refuses."""


class NotSignableError(DocumentError):
    """The document is well-formed but cannot take this signature."""


class IndeterminateError(KzedsError):
    """Neither good nor bad: the signature could not be judged."""


class UnsupportedAlgorithmError(IndeterminateError):
    """An algorithm that is not built in: `identifier` is its URI or dotted OID, or "" if unknown."""

    def __init__(self, message: str, *, identifier: str = "") -> None:
        super().__init__(message)
        self.identifier = identifier


class CertificateMissingError(IndeterminateError):
    """The signature names no certificate that is in the document or among the trusted ones."""


class RevocationUnknownError(IndeterminateError):
    """No source says for sure whether the certificate was revoked; unknown is never good."""


class MalformedAnswerError(IndeterminateError):
    """The bytes are not a CRL, an OCSP answer or a time stamp answer that can be read."""


class UnreachableError(IndeterminateError):
    """A server did not answer in time, or answered with something else than what was asked for."""


class SignatureError(KzedsError):
    """The signature is not valid."""


class SignatureMissingError(SignatureError):
    """No signature where one has to be."""


class MalformedSignatureError(SignatureError):
    """The elements of the signature are not in the one layout that is accepted."""


class UnexpectedReferenceError(SignatureError):
    """The signature covers something else than what is read, or uses transforms that are not expected."""


class DuplicateIdError(SignatureError):
    """The identifier that the signature refers to belongs to more than one element."""


class WeakAlgorithmError(SignatureError):
    """SHA-1 or an RSA key below 2048 bits, which are accepted only when asked for."""


class DigestMismatchError(SignatureError):
    """The signed part of the document was changed after signing."""


class SignatureMismatchError(SignatureError):
    """The signature value was not made by this certificate's key over this SignedInfo."""


class UntrustedCertificateError(SignatureError):
    """The signer's certificate is not among, or not issued by, the trusted ones."""


class TimestampError(KzedsError):
    """A time stamp cannot be had, or proves nothing."""


class TimestampRefusedError(TimestampError):
    """The time stamping authority did not grant the request."""


class TimestampMismatchError(TimestampError):
    """The time stamp is for other data or another request, or its maker may not make any."""


class SignerError(KzedsError):
    """A signer outside this process did not sign."""


class SignerRefusedError(SignerError):
    """The signer may not sign this; nothing was signed.

    Attributes:
        reason: A short word for programs, such as ``quota`` or ``operation``.
    """

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class SignerUnreachableError(SignerError):
    """The signer does not answer; nobody knows whether it signed, and nothing signed came back."""


class SignerUntrustworthyError(SignerError):
    """The signer answered with something else than was asked for; it was thrown away."""


class SignerSettingsError(SignerError):
    """The signer daemon cannot work with its settings, its keys or its own records as they are."""


class PackageError(KzedsError):
    """A signing package cannot be made, read or signed."""


class DamagedPackageError(PackageError):
    """The file is not a signing package that can be read, or its content does not fit its manifest."""


class UnknownPackageVersionError(PackageError):
    """The package is of a version that this kzeds does not know (`version`, as it stands there); none of it is used."""

    def __init__(self, message: str, *, version: object = None) -> None:
        super().__init__(message)
        self.version = version


class ForeignDocumentError(PackageError):
    """What came back says something else than each of the documents that were to be signed."""


class WrongSignerError(PackageError):
    """The certificate does not carry the BIN or IIN that the package is for."""


class BundleError(KzedsError):
    """A bundle cannot be made, or is not what it was."""


class DamagedBundleError(BundleError):
    """Not a bundle that can be read, or something beside a file's content was changed (`name`: of a file, or None)."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class FaultKind(StrEnum):
    """What is wrong with a file of a bundle."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Fault:
    """A file of a bundle that is not as the manifest says."""

    name: str
    kind: FaultKind


class BundleFilesError(BundleError):
    """Files of a bundle are not as its manifest says: `faults` has a `Fault` with `name` and `kind` for each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.name} was {_WORDS[fault.kind]}" for fault in faults))
        self.faults = tuple(faults)


_WORDS = {FaultKind.CHANGED: "changed", FaultKind.MISSING: "taken away", FaultKind.ADDED: "added"}


class TestPkiError(KzedsError):
    """The test PKI cannot be made at the given place, or its servers not begun."""

    __test__ = False
