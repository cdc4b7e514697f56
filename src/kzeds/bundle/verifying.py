"""Whether a bundle is as it was signed, and by whom.

The certificate's dates are judged for the moment of the signature: a bundle is looked at when the key that signed it
may have expired long ago. A time stamp in the signature proves that moment; without one it is the signer's word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kzeds.bundle.layout import MANIFEST, SIGNATURE
from kzeds.bundle.reading import BundleReader, reading
from kzeds.bundle.strictness import require_plain
from kzeds.certificate import Certificate
from kzeds.cms import verify_detached
from kzeds.cms_timestamp import stamped_bytes, timestamp_in
from kzeds.errors import (
    BundleFilesError,
    MalformedSignatureError,
    SignatureError,
)
from kzeds.timestamp import verify_timestamp
from kzeds.trust import require_chain


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle of which no byte was changed since it was signed.

    Source: ours; docs/reference/kzeds.md describes the file.

    Attributes:
        fields: What its manifest says, the list of files among it.
        files: How many it holds, beside the manifest and its signature.
        signer: Whose signature it is.
        signing_time: What the signer says, UTC.
        chain: From the signer up to the last authority; empty where no authorities were given: issuer not checked.
        stamped_at: The time of the time stamp, proven by the authorities; None where there is none, or nobody to prove.
        has_stamp: There is a time stamp in the signature.
    """

    fields: Mapping[str, Any]
    files: int
    signer: Certificate
    signing_time: datetime | None
    chain: tuple[Certificate, ...]
    stamped_at: datetime | None
    has_stamp: bool


def verify_bundle(file: Path, *, authorities: Collection[Certificate] | None, at: datetime) -> VerifiedBundle:
    """Check every byte of a bundle.

    Source: APPNOTE.TXT 4.3 (ZIP), RFC 5652 (the signature, as `kzeds.verify_detached`), RFC 3161 (its time stamp); the
    manifest is ours, docs/reference/kzeds.md describes it.

    Args:
        file: A ZIP of at most 65 000 files and 2 000 000 000 bytes; it is not read into memory as a whole.
        authorities: Who may have issued the signer's certificate; None asks for mathematics only.
        at: Now, aware; for time stamps.

    Raises:
        DamagedBundleError: It is not a bundle, or its layout was changed.
        BundleFilesError: Files are not as the manifest says; has `faults`.
        SignatureError: The manifest is not as it was signed.
        UntrustedCertificateError, CertificateError, TimestampError: The authorities refuse the signer or the stamp.
        IndeterminateError: An algorithm that is not built in.
        OSError: It cannot be read.
    """
    with reading(file) as bundle:
        return verify_open(bundle, authorities=authorities, at=at)


def verify_open(bundle: BundleReader, *, authorities: Collection[Certificate] | None, at: datetime) -> VerifiedBundle:
    """The same for one that is open; raises as `verify_bundle` does."""
    try:
        signed = verify_detached(bundle.signature, bundle.manifest, trusted=None)
        require_plain(bundle.signature)
        token = timestamp_in(bundle.signature)
        if signed.certificate.fingerprint != bundle.fields["signer"]:
            raise MalformedSignatureError("the certificate in it is not the one that the manifest names")
    except SignatureError as error:
        error.args = (f"{MANIFEST} or {SIGNATURE} was changed: {error}",)
        raise
    faults = bundle.faults()
    if faults:
        raise BundleFilesError(faults)
    stamped_at = None
    if token is not None and authorities is not None:
        stamped_at = verify_timestamp(token, stamped_bytes(bundle.signature), authorities, at=at).time
    moment = stamped_at or signed.signing_time or at
    chain = () if authorities is None else require_chain(signed.certificate, authorities, at=moment)
    return VerifiedBundle(
        fields=bundle.fields,
        files=len(bundle.files),
        signer=signed.certificate,
        signing_time=signed.signing_time,
        chain=chain,
        stamped_at=stamped_at,
        has_stamp=token is not None,
    )
