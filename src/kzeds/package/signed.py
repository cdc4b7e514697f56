"""What the owner of a key sends back: signed documents, by `kzeds sign-package` or one by one by NCALayer.

Nothing that comes back is believed: `match_signed` finds by its content which document was signed, and checks the
signature and whose it is. Whether the certificate was issued by an authority that is trusted, and whether it was
revoked, are the caller's questions (`kzeds.trust`, `kzeds.revocation.sources`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from lxml import etree

from kzeds.certificate import Certificate
from kzeds.errors import (
    DamagedPackageError,
    ForeignDocumentError,
    KeyMayNotSignError,
    KzedsError,
    MalformedXmlError,
    PackageError,
    WrongSignerError,
)
from kzeds.package.archive import read_archive, write_archive
from kzeds.package.folder import is_document, read_folder
from kzeds.package.items import PackageItem, SigningPackage
from kzeds.package.manifest import (
    MANIFEST,
    SIGNED,
    Fields,
    from_json,
    is_unsigned,
    require_digest,
    require_members,
    to_json,
)
from kzeds.package.returned import MatchedDocument, Matching, SignedDocument, SignedPackage
from kzeds.signature import ds
from kzeds.signers.base import Signer
from kzeds.signers.checked import require_signed
from kzeds.xml import parse
from kzeds.xmldsig import detach_signature


def require_signer(certificate: Certificate, signer: str, at: datetime) -> None:
    """Check that a signature by this certificate's key counts for a BIN or IIN.

    Who carries a BIN signs for that organisation, and never for the person whose IIN stands beside it.

    Raises:
        WrongSignerError: It carries another number, or none.
        KeyMayNotSignError: It lacks nonRepudiation (an AUTH key).
        CertificateExpiredError: Its last day has passed at `at`.
        CertificateNotYetValidError: Its first day has not come.
    """
    if signer != (certificate.bin or certificate.iin):
        raise WrongSignerError(
            f"certificate {certificate.short_id} is not that of the signer whom the package is for: it carries another "
            "BIN or IIN"
        )
    if not certificate.may_sign:
        raise KeyMayNotSignError(f"certificate {certificate.short_id} is for logging in (AUTH), not for signing")
    certificate.require_valid_at(at)


def sign_package(package: SigningPackage, signer: Signer, *, at: datetime) -> SignedPackage:
    """Sign every document of a package; each signature is checked before the next is made.

    Source: ours; signatures are those of `kzeds.sign_enveloped`.

    Args:
        package: As `read_package` gives it.
        signer: Whose key signs.
        at: Now, aware; it is noted in what goes back.

    Raises:
        WrongSignerError: The signer's certificate is not the one that the package is for.
        KeyMayNotSignError, CertificateExpiredError, CertificateNotYetValidError: A signature of it would not count.
        MalformedXmlError, NotSignableError: One document cannot be signed, so none is.
        SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `Signer.sign_enveloped`.
    """
    require_signer(signer.certificate, package.signer, at)
    signer.require_may_sign(at)
    for item in package.items:
        _content(item.document)
    documents = []
    for number, item in enumerate(package.items, start=1):
        signed = signer.sign_enveloped(item.document)
        require_signed(item.document, signed, signer.certificate)
        documents.append(SignedDocument(_name(number), signed, item.id))
    originals = {item.id: item.digest for item in package.items}
    return SignedPackage(package.id, at, tuple(documents), originals)


def write_signed(signed: SignedPackage, file: Path) -> None:
    """Write what `sign_package` made, whole or not at all; only its owner may read it.

    Source: ours; docs/reference/kzeds.md describes the file.

    Raises:
        PackageError: It does not come from `sign_package`.
        OSError: It cannot be written.
    """
    if signed.package_id is None or signed.signed_at is None:
        raise PackageError("only what sign_package made can be written as a signed package")
    rows = [
        {
            "id": one.item_id,
            "file": one.name,
            "original_sha256": signed.originals.get(one.item_id or "", ""),
            "sha256": hashlib.sha256(one.document).hexdigest(),
        }
        for one in signed.documents
    ]
    fields = {"package": signed.package_id, "signed_at": signed.signed_at.isoformat(), "items": rows}
    members = {MANIFEST: to_json(SIGNED, fields), **{one.name: one.document for one in signed.documents}}
    write_archive(file, members, at=signed.signed_at)


def read_signed(source: Path) -> SignedPackage:
    """Read what came back: the file of `kzeds sign-package`, or XML files in a folder or in any ZIP.

    Other files in a folder or ZIP without our manifest are left out; folders in the folder are not looked into. A ZIP
    with the manifest of the package that was sent is read so as well: its payloads were signed in their place, or are
    not signed at all, which `match_signed` says of each.

    Source: ours; docs/reference/kzeds.md describes the file. At most 5000 files of 16 000 000 bytes each are read, and
    a ZIP of at most 64 000 000 bytes, 200 000 000 unpacked.

    Raises:
        DamagedPackageError: It cannot be read, does not fit its manifest, or holds no XML file.
        UnknownPackageVersionError: It is of another version.
        OSError: It cannot be read.
    """
    members = read_folder(source) if source.is_dir() else read_archive(source)
    if MANIFEST in members and not is_unsigned(members[MANIFEST]):
        return _by_manifest(members)
    documents = tuple(SignedDocument(name, content) for name, content in sorted(members.items()) if is_document(name))
    if not documents:
        raise DamagedPackageError("there is no XML file in it (folders in a folder are not looked into)")
    return SignedPackage(None, None, documents)


def match_signed(signed: SignedPackage, items: Iterable[PackageItem], *, signer: str, at: datetime) -> Matching:
    """Find which items came back, by their content, and check each signature.

    Source: ours; content is compared by SHA-256 of its canonical form (Canonical XML 1.0), comments included.

    Args:
        signed: As `read_signed` gives it; nothing in it is believed.
        items: The documents as whoever made the package keeps them; not those of a package that came back.
        signer: The BIN or IIN that must have signed.
        at: Now, aware: the certificates have to be within their dates.

    Returns:
        What is good, what is missing, and why a file was refused: a bad signature is in `refused` and raises nothing.

    Raises:
        PackageError: Two items say the same.
        MalformedXmlError: The document of an item cannot be read.
    """
    wanted = _by_content(items)
    found: dict[str, MatchedDocument] = {}
    refused: dict[str, KzedsError] = {}
    for one in signed.documents:
        try:
            item = _which(one, wanted)
            if item.id in found:
                raise PackageError(f"the same document came back signed twice; {found[item.id].name} was taken")
            found[item.id] = _matched(one, item, signer, at)
        except KzedsError as error:
            refused[one.name] = error
    return Matching(found, tuple(item.id for item in wanted.values() if item.id not in found), refused)


def _by_content(items: Iterable[PackageItem]) -> dict[bytes, PackageItem]:
    wanted: dict[bytes, PackageItem] = {}
    for item in items:
        other = wanted.setdefault(_content(item.document), item)
        if other is not item:
            raise PackageError(f"items {other.id} and {item.id} say the same; it cannot be told which was signed")
    return wanted


def _matched(one: SignedDocument, item: PackageItem, signer: str, at: datetime) -> MatchedDocument:
    verified = require_signed(item.document, one.document, None)
    require_signer(verified.certificate, signer, at)
    return MatchedDocument(one.name, one.document, verified.certificate, verified.digest)


def _which(one: SignedDocument, wanted: Mapping[bytes, PackageItem]) -> PackageItem:
    item = wanted.get(_content(one.document))
    if item is None:
        raise ForeignDocumentError("its content is none of the documents that were to be signed")
    if one.item_id not in {None, item.id}:
        raise PackageError(f"its content is that of item {item.id}, but it came back as another one")
    return item


def _content(document: bytes) -> bytes:
    """SHA-256 of what a document says, its signatures left out."""
    root = parse(document, what="document")
    for signature in list(root.iterchildren(ds("Signature"))):
        detach_signature(signature)
    try:
        return hashlib.sha256(etree.tostring(root, method="c14n", with_comments=True)).digest()
    except etree.C14NError:
        raise MalformedXmlError("the document has no canonical form") from None


def _name(number: int) -> str:
    return f"signed/{number:03}.xml"


def _by_manifest(members: Mapping[str, bytes]) -> SignedPackage:
    fields = from_json(members[MANIFEST], SIGNED)
    rows = [Fields(row, "an item of the manifest") for row in fields.rows("items")]
    documents, originals = [], {}
    for number, row in enumerate(rows, start=1):
        name, item_id = row.text("file"), row.text("id")
        if name != _name(number) or name not in members or item_id in originals:
            raise DamagedPackageError(f"the manifest and the ZIP file do not agree on {_name(number)}")
        require_digest(members[name], row.text("sha256"), name)
        originals[item_id] = row.text("original_sha256")
        documents.append(SignedDocument(name, members[name], item_id))
        row.require_no_more()
    signed = SignedPackage(fields.text("package"), fields.moment("signed_at"), tuple(documents), originals)
    fields.require_no_more()
    require_members(members, {MANIFEST, *(one.name for one in documents)})
    return signed
