"""The `kzeds` command: look at a key, sign, verify, make a test PKI.

Exit codes: 0 done or valid; 1 not valid, or refused (wrong password, AUTH key, expired certificate, document that
cannot be signed); 2 cannot tell (file that cannot be read, algorithm that is not built in, no certificate) or wrong
usage; 70 an error of the program itself. Passwords are taken from files only: arguments show in process lists.

This module is where the clock enters kzeds. Whatever needs lxml or cryptography is imported inside the commands, so
that `kzeds --help` starts at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from kzeds.cli_output import CANNOT_TELL, INTERNAL_ERROR, REFUSED, show
from kzeds.cli_revocation import app as revocation_app
from kzeds.errors import IndeterminateError, KzedsError, MalformedCertificateError, MalformedXmlError
from kzeds.files import is_open_to_others, read_password, write_atomically

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from kzeds.keys.signing_key import SigningKey
    from kzeds.wsse import VerifiedBody
    from kzeds.xmldsig import VerifiedDocument

_CANNOT_TELL = (IndeterminateError, MalformedXmlError, MalformedCertificateError, OSError)

app = typer.Typer(
    help="Kazakhstan's EDS: look at a key, sign, verify, make a test PKI.",
    epilog="Exit codes: 0 done or valid, 1 not valid or refused, 2 cannot tell or wrong usage, 70 internal error.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
app.add_typer(revocation_app, name="revocation")

KeyFile = Annotated[Path, typer.Argument(metavar="KEY.p12", help="Key file of the NCA (PKCS#12).")]
PasswordFile = Annotated[Path, typer.Option("--password-file", metavar="F", help="File with the key's password.")]
Wsse = Annotated[bool, typer.Option("--wsse", help="WS-Security over the SOAP Body instead of enveloped.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def main() -> None:
    """Run the command and turn every failure into one clear line and an exit code."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="kzeds")
    except KzedsError as error:
        _fail(str(error), REFUSED)
    except OSError as error:
        _fail(_describe(error), CANNOT_TELL)
    except Exception as error:  # noqa: BLE001 - the outermost frame: anything unforeseen must exit 70
        _fail(_internal(error), INTERNAL_ERROR)


@app.command()
def info(key: KeyFile, password_file: PasswordFile, *, as_json: Json = False) -> None:
    """Show whose key it is, what it may do and until when."""
    certificate = _load_key(key, password_file).certificate
    show({"file": str(key), **_certificate_fields(certificate, _now())}, as_json=as_json)


@app.command()
def sign(
    key: KeyFile,
    password_file: PasswordFile,
    document: Annotated[Path, typer.Argument(metavar="IN", help="XML document or SOAP envelope.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Where the signed document goes.")],
    *,
    wsse: Wsse = False,
) -> None:
    """Sign a document; OUT is written whole or not at all, and only its owner may read it."""
    from kzeds.wsse import sign_body
    from kzeds.xmldsig import sign_enveloped

    signing_key = _load_key(key, password_file)
    signing_key.require_may_sign(_now())
    content = document.read_bytes()
    with _naming(document):
        signed = sign_body(content, signing_key) if wsse else sign_enveloped(content, signing_key)
        _verify(signed, wsse=wsse)
    write_atomically(output, signed)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Signed document or envelope.")],
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="DIR", help="Authorities (PEM or DER) to judge the chain by.")
    ] = None,
    *,
    wsse: Wsse = False,
    as_json: Json = False,
) -> None:
    """Check a signature and what it covers; with --trust also who issued the certificate, for today's date."""
    report: dict[str, Any] = {"valid": False, "result": "passed", "file": str(file)}
    code = 0
    try:
        verified = _verify(file.read_bytes(), wsse=wsse)
        report |= _verified_fields(verified, _now(), covers="soap:Body" if wsse else "whole document")
        if trust is not None:
            report["chain"] = "refused"
            report["chain"] = _judge_chain(verified.certificate, trust)
        report["valid"] = True
    except _CANNOT_TELL as error:
        code = CANNOT_TELL
        report |= {"result": "indeterminate", "error": type(error).__name__, "reason": _describe(error)}
    except KzedsError as error:
        code = REFUSED
        report |= {"result": "failed", "error": type(error).__name__, "reason": str(error)}
    show(report, as_json=as_json)
    raise typer.Exit(code)


@app.command("test-pki")
def pki_for_tests(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty directory.")],
    employer_bin: Annotated[str | None, typer.Option("--bin", metavar="BIN", help="Employer's BIN, 12 digits.")] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help="Employer's name.")] = None,
    kind: Annotated[str, typer.Option("--keys", metavar="KIND", help="gost2015, gost2004 or rsa.")] = "rsa",
    server_name: Annotated[
        list[str] | None,
        typer.Option("--server-name", metavar="HOST", help="Further host name of the TLS server; may be repeated."),
    ] = None,
) -> None:
    """Make keys and certificates for tests and demonstrations, in the NCA's profile; nobody may trust them."""
    from kzeds.test_pki import EMPLOYER_BIN, ORGANISATION, KeyKind, make_test_pki

    if kind not in set(KeyKind):
        raise typer.BadParameter(f"one of {', '.join(KeyKind)} is expected", param_hint="--keys")
    pki = make_test_pki(
        directory,
        now=_now(),
        kind=KeyKind(kind),
        employer_bin=EMPLOYER_BIN if employer_bin is None else employer_bin,
        organisation=ORGANISATION if organisation is None else organisation,
        server_names=server_name or (),
    )
    typer.echo(f"test PKI made in {pki.directory}; its passwords lie in the *.password files")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is where the clock enters kzeds


def _load_key(key: Path, password_file: Path) -> SigningKey:
    """Open a key file; a password file that others can read is used, with a warning."""
    from kzeds.keys.pkcs12 import load_pkcs12

    password = read_password(password_file)
    if is_open_to_others(password_file):
        typer.echo(f"kzeds: WARNING: {password_file} is open to others; run: chmod 600 {password_file}", err=True)
    with _naming(key):
        return load_pkcs12(key.read_bytes(), password)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name before the message of whatever goes wrong with it."""
    try:
        yield
    except KzedsError as error:
        error.args = (f"{path}: {error}",)
        raise


def _verify(content: bytes, *, wsse: bool) -> VerifiedBody | VerifiedDocument:
    from kzeds.wsse import verify_body
    from kzeds.xmldsig import verify_enveloped

    return verify_body(content, trusted=None) if wsse else verify_enveloped(content)


def _judge_chain(certificate: Certificate, directory: Path) -> str:
    from kzeds.trust import load_authorities, require_chain

    chain = require_chain(certificate, load_authorities(directory), at=_now())
    return f"trusted, {len(chain)} certificates"


def _verified_fields(verified: VerifiedBody | VerifiedDocument, now: datetime, *, covers: str) -> dict[str, Any]:
    return {
        "covers": covers,
        "signature_algorithm": verified.signature_algorithm,
        "digest": verified.digest.hex(),
        "certificate": _certificate_fields(verified.certificate, now),
        "chain": "not judged",
    }


def _certificate_fields(certificate: Certificate, now: datetime) -> dict[str, Any]:
    from kzeds.algorithms import describe_oid

    return {
        "subject": certificate.subject_common_name,
        "iin": certificate.iin,
        "organisation": certificate.organisation,
        "bin": certificate.bin,
        "roles": [str(role) for role in certificate.roles],
        "may_sign": certificate.may_sign,
        "key_algorithm": describe_oid(certificate.key_oid),
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "dates": _dates(certificate, now),
        "issuer": certificate.issuer_common_name,
        "serial_number": f"{certificate.serial_number:x}",
        "fingerprint": certificate.fingerprint,
    }


def _dates(certificate: Certificate, now: datetime) -> str:
    if now < certificate.not_before:
        return "not yet valid"
    if now > certificate.not_after:
        return "expired"
    return f"valid, {(certificate.not_after - now).days} days left"


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _internal(error: Exception) -> str:
    """Say where the program failed, without the error's own text, which may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
    return f"internal error {type(error).__name__} at {place}; no file was changed. Please report it."


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"kzeds: {message}", err=True)
    raise SystemExit(code)
