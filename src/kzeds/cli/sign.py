"""`kzeds sign`: an XML document, the Body of a SOAP envelope, or any file by a signature apart from it (CMS)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kzeds.cli.keys import KeyFile, PasswordFile, Wsse, load_key, naming, now, require_other_file
from kzeds.files import write_atomically

if TYPE_CHECKING:
    from kzeds.keys.signing_key import SigningKey


def sign(
    key: KeyFile,
    password_file: PasswordFile,
    document: Annotated[Path, typer.Argument(metavar="IN", help="XML document, SOAP envelope; any file with --cms.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Where the result goes.")],
    *,
    wsse: Wsse = False,
    cms: Annotated[bool, typer.Option("--cms", help="Detached CMS (PKCS#7): OUT is the signature alone, DER.")] = False,
    timestamp: Annotated[
        str | None, typer.Option("--timestamp", metavar="URL", help="Time stamping authority to ask; with --cms.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="DIR", help="Authorities, to judge the time stamp by.")
    ] = None,
    proxy: Annotated[str | None, typer.Option("--proxy", metavar="URL", help="HTTP proxy for --timestamp.")] = None,
) -> None:
    """Sign a document. OUT is written whole or not at all, and only its owner may read it."""
    if wsse and cms:
        raise typer.BadParameter("one kind of signature at a time", param_hint="--wsse and --cms")
    if timestamp is not None and not (cms and trust):
        raise typer.BadParameter("it needs --cms, and --trust DIR to judge the answer by", param_hint="--timestamp")
    signed_apart = document if cms else None
    kept = {"the key": key, "its password": password_file, "what is signed": signed_apart}
    require_other_file(output, kept, option="--output")
    signing_key = load_key(key, password_file)
    signing_key.require_may_sign(now())
    content = document.read_bytes()
    with naming(document):
        signed = _detached(content, signing_key) if cms else _inside(content, signing_key, wsse=wsse)
    if timestamp is not None and trust is not None:
        signed = _stamped(signed, timestamp, trust, proxy)
    write_atomically(output, signed)


def _inside(content: bytes, key: SigningKey, *, wsse: bool) -> bytes:
    """Sign in the document, and check what was made."""
    from kzeds.wsse import sign_body, verify_body
    from kzeds.xmldsig import sign_enveloped, verify_enveloped

    if wsse:
        signed = sign_body(content, key)
        verify_body(signed, trusted=[key.certificate])
    else:
        signed = sign_enveloped(content, key)
        verify_enveloped(signed, trusted=[key.certificate])
    return signed


def _detached(content: bytes, key: SigningKey) -> bytes:
    """Sign apart from the document, and check what was made."""
    from kzeds.cms import sign_detached, verify_detached

    signature = sign_detached(content, key, at=now())
    verify_detached(signature, content, trusted=[key.certificate])
    return signature


def _stamped(signature: bytes, url: str, trust: Path, proxy: str | None) -> bytes:
    """The signature with a time stamp of it, which was checked."""
    from kzeds.cms_timestamp import add_timestamp, stamped_bytes
    from kzeds.fetching import HttpFetch
    from kzeds.trust import load_authorities
    from kzeds.tsp import fetch_timestamp

    authorities = load_authorities(trust)
    stamp = fetch_timestamp(stamped_bytes(signature), url, HttpFetch(proxy=proxy), authorities, at=now)
    return add_timestamp(signature, stamp.token)
