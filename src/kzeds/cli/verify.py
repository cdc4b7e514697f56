"""`kzeds verify`: is the signature good, what does it cover, who signed, who issued the certificate, is it revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kzeds.cli.keys import Json, Wsse, certificate_fields, describe, now
from kzeds.cli.output import CANNOT_TELL, REFUSED, show
from kzeds.cli.sources import MaxAge, Ocsp, Places, hours
from kzeds.errors import (
    IndeterminateError,
    KzedsError,
    MalformedCertificateError,
    MalformedSignatureError,
    MalformedXmlError,
    SignatureMissingError,
    UnexpectedReferenceError,
)

if TYPE_CHECKING:
    from kzeds.certificate import Certificate

_CANNOT_TELL = (IndeterminateError, MalformedXmlError, MalformedCertificateError, OSError)
_OTHER_KIND = (MalformedXmlError, MalformedSignatureError, SignatureMissingError, UnexpectedReferenceError)
_ENVELOPE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?[^>]*>|<!--[^>]*-->)*<(?:[\w.-]+:)?Envelope[\s>]")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Signed document or envelope; signature with --cms.")],
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="DIR", help="Authorities (PEM or DER) to judge the chain by.")
    ] = None,
    *,
    wsse: Wsse = False,
    cms: Annotated[bool, typer.Option("--cms", help="FILE is a detached CMS (PKCS#7) signature, DER or PEM.")] = False,
    content: Annotated[
        Path | None, typer.Option("--content", metavar="FILE", help="What was signed; with --cms.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--revocation-store", metavar="DIR", help="Lists and answers, fetched or imported.")
    ] = None,
    ocsp: Ocsp = None,
    crl: Annotated[
        str | None, typer.Option("--crl", metavar="URL", help="Revocation list to fetch into the store.")
    ] = None,
    delta: Annotated[str | None, typer.Option("--delta", metavar="URL", help="Delta to that list, likewise.")] = None,
    max_age: MaxAge = None,
    proxy: Annotated[str | None, typer.Option("--proxy", metavar="URL", help="HTTP proxy for the addresses.")] = None,
    as_json: Json = False,
) -> None:
    """Check a signature and what it covers. With --trust also who issued the certificate, for today's date."""
    places = Places(store, ocsp, crl, delta, proxy, hours(max_age))
    _require_sense(wsse=wsse, cms=cms, content=content, trust=trust, places=places)
    report: dict[str, Any] = {"valid": False, "result": "passed", "file": str(file)}
    code = 0
    try:
        verified = _verify(report, file, content, wsse=wsse)
        if trust is not None:
            _judge_trust(report, verified, trust, places)
        report["valid"] = True
    except _CANNOT_TELL as error:
        code = CANNOT_TELL
        report |= {"result": "indeterminate", "error": type(error).__name__, "reason": describe(error)}
    except KzedsError as error:
        code = REFUSED
        report |= {"result": "failed", "error": type(error).__name__, "reason": str(error)}
    show(report, as_json=as_json)
    raise typer.Exit(code)


def _require_sense(*, wsse: bool, cms: bool, content: Path | None, trust: Path | None, places: Places) -> None:
    """Refuse options that would be left out silently."""
    if wsse and cms:
        raise typer.BadParameter("one kind of signature at a time", param_hint="--wsse and --cms")
    if cms is (content is None):
        raise typer.BadParameter("the two belong together", param_hint="--cms and --content")
    if places.are_named and trust is None:
        raise typer.BadParameter("revocation is asked of an authority that --trust DIR names", param_hint="--trust")
    if places.crl is not None and places.store is None:
        raise typer.BadParameter("a list is kept in --revocation-store DIR", param_hint="--crl")
    if places.delta is not None and places.crl is None:
        raise typer.BadParameter("a delta is read together with a complete list", param_hint="--delta")


@dataclass(frozen=True, slots=True)
class _Verified:
    """Whose signature is good, and the time stamp that it brought, which nobody has checked yet."""

    certificate: Certificate
    token: bytes | None = None
    stamped: bytes = b""


def _verify(report: dict[str, Any], file: Path, content: Path | None, *, wsse: bool) -> _Verified:
    """Check the signature and note what it says."""
    data = file.read_bytes()
    if content is not None:
        return _verify_cms(report, data, content)
    with _telling_the_kind(data, wsse=wsse):
        return _verify_xml(report, data, wsse=wsse)


def _verify_xml(report: dict[str, Any], data: bytes, *, wsse: bool) -> _Verified:
    from kzeds.wsse import verify_body
    from kzeds.xmldsig import verify_enveloped

    verified = verify_body(data, trusted=None) if wsse else verify_enveloped(data, trusted=None)
    covers = "soap:Body" if wsse else "whole document"
    _note(report, covers, verified.signature_algorithm, verified.digest, verified.certificate)
    return _Verified(verified.certificate)


@contextmanager
def _telling_the_kind(data: bytes, *, wsse: bool) -> Iterator[None]:
    """Put behind an error which option the file asks for, where it is plainly of another kind than the one named."""
    try:
        yield
    except _OTHER_KIND as error:
        hint = ""
        if data.startswith((b"\x30", b"-----BEGIN")):
            hint = "this looks like a CMS signature, which is checked with --cms --content FILE"
        elif not wsse and _ENVELOPE.match(data[:1000]):
            hint = "this is a SOAP envelope, whose Body is checked with --wsse"
        elif wsse and not _ENVELOPE.match(data[:1000]):
            hint = "without --wsse a document that is no SOAP envelope is checked"
        if hint:
            error.args = (f"{error}; {hint}",)
        raise


def _verify_cms(report: dict[str, Any], signature: bytes, content: Path) -> _Verified:
    from kzeds.algorithms import describe_oid
    from kzeds.cms import ALGORITHMS, der_of, verify_detached
    from kzeds.cms_timestamp import stamped_bytes, timestamp_in

    der, data = der_of(signature), content.read_bytes()
    verified = verify_detached(der, data, trusted=None)
    algorithm = ALGORITHMS[verified.certificate.key_oid]
    name = describe_oid(algorithm.signature_oid)
    _note(report, str(content), name, algorithm.digest(data), verified.certificate)
    token = timestamp_in(der)
    report["signing_time"] = None if verified.signing_time is None else verified.signing_time.isoformat()
    report["timestamp"] = None if token is None else "not judged"
    return _Verified(verified.certificate, token, stamped_bytes(der))


def _note(report: dict[str, Any], covers: str, algorithm: str, digest: bytes, certificate: Certificate) -> None:
    report |= {
        "covers": covers,
        "signature_algorithm": algorithm,
        "digest": digest.hex(),
        "certificate": certificate_fields(certificate, now()),
        "chain": "not judged",
        "revocation": "not judged",
    }


def _judge_trust(report: dict[str, Any], verified: _Verified, directory: Path, places: Places) -> None:
    """Note who issued the certificate, when it signed and whether it was revoked; raise when that is not good."""
    from kzeds.timestamp import verify_timestamp
    from kzeds.trust import load_authorities, require_chain

    at, authorities = now(), load_authorities(directory)
    report["chain"] = "refused"
    chain = require_chain(verified.certificate, authorities, at=at)
    report["chain"] = f"trusted, {len(chain)} certificates"
    if verified.token is not None:
        report["timestamp"] = "refused"
        stamp = verify_timestamp(verified.token, verified.stamped, authorities, at=at)
        report["timestamp"] = stamp.time.isoformat()
    if places.are_named:
        _judge_revocation(report, chain, places, at)


def _judge_revocation(report: dict[str, Any], chain: tuple[Certificate, ...], places: Places, at: datetime) -> None:
    from kzeds.revocation.sources import check_chain

    answer = check_chain(chain[:2], places.sources(), at=at)
    report |= {
        "revocation": str(answer.status),
        "revocation_source": answer.source,
        "revocation_why": answer.why,
        "revoked_at": None if answer.revoked_at is None else answer.revoked_at.isoformat(),
        "revocation_reason": answer.revocation_reason,
    }
    answer.require_good()
