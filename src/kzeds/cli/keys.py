"""What the commands of kzeds have in common: options, the clock, opening a key, telling whose certificate it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kzeds.errors import KzedsError
from kzeds.files import is_open_to_others, read_password

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from kzeds.keys.signing_key import SigningKey

KeyFile = Annotated[Path, typer.Argument(metavar="KEY.p12", help="Key file of the NCA (PKCS#12).")]
PasswordFile = Annotated[Path, typer.Option("--password-file", metavar="F", help="File with the key's password.")]
Wsse = Annotated[bool, typer.Option("--wsse", help="WS-Security over the SOAP Body instead of enveloped.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def now() -> datetime:
    """The clock; it enters kzeds on the command line only."""
    return datetime.now(UTC)  # noqa: TID251 - the command line is where the clock enters kzeds


def load_key(key: Path, password_file: Path) -> SigningKey:
    """Open a key file; a password file that others can read is used, with a warning."""
    return open_key(key, read_secret(password_file))


def require_other_file(output: Path | None, kept: Mapping[str, Path | None], *, option: str) -> None:
    """Check that what is written does not go over what was read: a key file may be its owner's only one.

    Args:
        output: Where something goes; None for nowhere.
        kept: Files to keep, by what they are.

    Raises:
        typer.BadParameter: It is one of them.
    """
    over = [what for what, file in kept.items() if output and file and output.resolve() == file.resolve()]
    if over:
        raise typer.BadParameter(f"it would be written over {over[0]}", param_hint=option)


def read_secret(file: Path) -> str:
    """Read a password or a PIN, with a warning when others can read it too."""
    if is_open_to_others(file):
        typer.echo(f"kzeds: WARNING: {file} is open to others; run: chmod 600 {file}", err=True)
    return read_password(file)


def open_key(key: Path, password: str) -> SigningKey:
    """Open a key file; errors name it."""
    from kzeds.keys.pkcs12 import load_pkcs12

    with naming(key):
        return load_pkcs12(key.read_bytes(), password)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before the message of whatever goes wrong with it."""
    try:
        yield
    except KzedsError as error:
        error.args = (f"{path}: {error}",)
        raise


def describe(error: Exception) -> str:
    """What went wrong, with the file where the system names one."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def certificate_fields(certificate: Certificate, at: datetime) -> dict[str, Any]:
    """Whose certificate it is, what its key may do, and how long still."""
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
        "dates": _dates(certificate, at),
        "days_left": _days_left(certificate, at),
        "issuer": certificate.issuer_common_name,
        "serial_number": f"{certificate.serial_number:x}",
        "fingerprint": certificate.fingerprint,
    }


def _dates(certificate: Certificate, at: datetime) -> str:
    if at < certificate.not_before:
        return "not yet valid"
    if at > certificate.not_after:
        return "expired"
    return f"valid, {_days_left(certificate, at)} days left"


def _days_left(certificate: Certificate, at: datetime) -> int:
    return max(0, (certificate.not_after - at).days)
