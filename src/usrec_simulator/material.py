"""The keys and certificates that the simulator works with, read from one directory.

The directory is the one that `kzeds test-pki` makes: `tls.pem` and `tls.key` for the server, `nca-ca.pem` that issues
the participants' certificates, `gateway.p12` that signs answers, `stranger.p12` that signs them wrongly on demand,
`ocsp.p12` and `tsa.p12` that answer for the authority (a directory without them serves no OCSP and no timestamps). An
optional `senders.toml` with a table `[senders]` of `id = "password"` limits who may send.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from usrec_simulator.errors import MaterialError
from usrec_simulator.trust_services import RevokedCertificates


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that was read from the PKI directory."""

    authority: Certificate
    gateway: SigningKey
    stranger: SigningKey
    responder: SigningKey | None
    timestamper: SigningKey | None
    revoked: RevokedCertificates
    tls_certificate: Path
    tls_key: Path
    senders: Mapping[str, str] = field(repr=False)


def load_material(directory: Path) -> Material:
    """Read the PKI directory.

    Raises:
        MaterialError: A file is missing or unusable; the text names it.
    """
    for name in ("tls.pem", "tls.key"):
        if not (directory / name).is_file():
            raise MaterialError(f"{directory / name} is missing; `kzeds test-pki {directory}` makes a whole directory")
    return Material(
        authority=_certificate(directory / "nca-ca.pem"),
        gateway=_key(directory / "gateway.p12"),
        stranger=_key(directory / "stranger.p12"),
        responder=_optional_key(directory / "ocsp.p12"),
        timestamper=_optional_key(directory / "tsa.p12"),
        revoked=RevokedCertificates.of(directory),
        tls_certificate=directory / "tls.pem",
        tls_key=directory / "tls.key",
        senders=_senders(directory / "senders.toml"),
    )


def read_password(path: Path) -> str:
    """Read a password file without its line end.

    Raises:
        MaterialError: The file cannot be read.
    """
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MaterialError(f"password file {path} cannot be read: {type(error).__name__}") from None


def _certificate(path: Path) -> Certificate:
    try:
        return Certificate.load(path)
    except (OSError, KzedsError) as error:
        raise MaterialError(f"certificate {path} cannot be used: {error}") from error


def _key(path: Path) -> SigningKey:
    password = read_password(path.with_suffix(".password"))
    try:
        return load_pkcs12(path.read_bytes(), password)
    except (OSError, KzedsError) as error:
        raise MaterialError(f"key file {path} cannot be used: {error}") from error


def _optional_key(path: Path) -> SigningKey | None:
    return _key(path) if path.exists() else None


def _senders(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    try:
        senders = tomllib.loads(path.read_text("utf-8")).get("senders")
    except (OSError, ValueError) as error:
        raise MaterialError(f"{path} is not a readable TOML file ({type(error).__name__})") from None
    if not isinstance(senders, dict) or not all(isinstance(value, str) for value in senders.values()):
        raise MaterialError(f'{path} needs a table [senders] with lines such as company = "password"')
    return senders
