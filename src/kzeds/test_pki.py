"""A public key infrastructure for tests and demonstrations, in the shape of the NCA's.

Source: what the NCA of Kazakhstan hands out (PKCS#12 with HMAC-SHA1 and triple DES, the alias being the key
identifier in hex; the certificates are `kzeds.issuing`'s), and what the agent and the simulator need to talk.

The directory is built beside its final place and renamed, so a reader finds all of it or nothing. Nobody may trust
anything signed with these keys.
"""

from __future__ import annotations

import enum
import re
import secrets
import shutil
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kzeds.answering import Revoked, key_of, make_crl, make_ocsp_answer
from kzeds.certificate import Certificate
from kzeds.errors import TestPkiError
from kzeds.gost import eds, keypair
from kzeds.gost.keypair import GostPrivateKey
from kzeds.issuing import (
    Authority,
    Holder,
    Validity,
    issue,
    issue_responder,
    issue_timestamper,
    issue_tls_server,
    key_id,
    make_authority,
)
from kzeds.keys.packing import pack_key, pack_rsa_key
from kzeds.keys.signing_key import SigningKey
from kzeds.revocation.ocsp import make_request
from kzeds.roles import Role

EMPLOYER_BIN = "200940000013"
EMPLOYER_2_BIN = "150340000027"
GATEWAY_BIN = "000740000014"
ORGANISATION = 'ЖШС "ҮЛГІ КОМПАНИЯ"'


class KeyKind(enum.StrEnum):
    """Which keys a test PKI has; the NCA issues the first ones today.

    Source: the NCA's published test keys. GOST 34.310-2015 with 512 bit, GOST 34.310-2004, RSA with 2048 bits.
    """

    GOST_2015 = "gost2015"
    GOST_2004 = "gost2004"
    RSA = "rsa"


_PASSWORD_BYTES = 18
_AUTHORITY_NAMES = {KeyKind.GOST_2015: "GOST", KeyKind.GOST_2004: "GOST 2004", KeyKind.RSA: "RSA"}
_SERVICES = {"ocsp": issue_responder, "tsa": issue_timestamper}
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_HEAD_ROLES = (Role.LEGAL_ENTITY, Role.FIRST_HEAD)


@dataclass(frozen=True, slots=True)
class TestPki:
    """Where the files of a test PKI lie; keys and passwords are readable by their owner only.

    Source: ours; the names follow the holders (`key_file`). It looks at no file and raises nothing.

    Attributes:
        directory: Of all files.
    """

    __test__: ClassVar[bool] = False

    directory: Path

    @property
    def nca_ca(self) -> Path:
        """Certificate of the test authority that issued the employers' and the gateway's keys."""
        return self.directory / "nca-ca.pem"

    @property
    def crl(self) -> Path:
        """The test authority's revocation list no. 1, which names "employer-revoked"; good for a year."""
        return self.directory / "nca.crl"

    @property
    def delta_crl(self) -> Path:
        """What was added to it: no. 2, which adds nothing."""
        return self.directory / "nca-delta.crl"

    @property
    def tls_ca(self) -> Path:
        """Certificate of the authority behind `tls_certificate`."""
        return self.directory / "tls-ca.pem"

    @property
    def tls_certificate(self) -> Path:
        """Server certificate for localhost, 127.0.0.1, ::1 and the names that were asked for."""
        return self.directory / "tls.pem"

    @property
    def tls_key(self) -> Path:
        """Key of the server certificate, not encrypted."""
        return self.directory / "tls.key"

    def key_file(self, name: str) -> Path:
        """PKCS#12 of one of the holders, or of a service.

        Holders are "gateway", "employer", "employer-auth", "employer-expired", "employer-revoked", "employer-2" and
        "stranger"; "ocsp" answers for the test authority, "tsa" makes timestamps.
        """
        return self.directory / f"{name}.p12"

    def certificate_file(self, name: str) -> Path:
        """PEM certificate of the same names."""
        return self.directory / f"{name}.pem"

    def ocsp_file(self, name: str) -> Path:
        """What "ocsp" answered about "employer" or "employer-revoked" when all this was made; it counts for a day.

        Names a file, and looks at nothing: no `KzedsError` is raised.
        """
        return self.directory / f"{name}.ocsp"

    def password_file(self, name: str) -> Path:
        """Password of the same names; the four keys of the employer share one."""
        owner = "employer" if name in ("employer-auth", "employer-expired", "employer-revoked") else name
        return self.directory / f"{owner}.password"


def make_test_pki(
    directory: Path,
    *,
    now: datetime,
    kind: KeyKind = KeyKind.GOST_2015,
    employer_bin: str = EMPLOYER_BIN,
    organisation: str = ORGANISATION,
    employer_2_bin: str = EMPLOYER_2_BIN,
    server_names: Collection[str] = (),
) -> TestPki:
    """Make all keys and certificates of a demonstration.

    `stranger` claims the employer's BIN but comes from another authority: its signatures are right and worthless.

    Source: the NCA's certificate profile and the form of its key files (PKCS#12, RFC 7292, with triple DES).

    Args:
        directory: Where to; it must not exist, or be empty.
        now: Aware. Certificates are valid from a month before to a year after; the expired one ended a month before.
        kind: Of all keys but those of TLS, which are EC: no TLS library of today speaks GOST.
        employer_bin: BIN of the employer, 12 digits.
        organisation: Name of the employer.
        employer_2_bin: BIN of another employer, 12 digits.
        server_names: Further host names of the TLS server, such as a container's.

    Raises:
        TestPkiError: When the place is taken or cannot be written, or a BIN or host name is not one; nothing is left
            behind.
    """
    for number in (employer_bin, employer_2_bin):
        if not re.fullmatch(r"\d{12}", number, re.ASCII):
            raise TestPkiError("a BIN has 12 digits; nothing was made")
    for name in server_names:
        if not _HOST_NAME.fullmatch(name):
            raise TestPkiError("a host name consists of letters, digits, hyphens and dots; nothing was made")
    if not organisation.strip():
        raise TestPkiError("the organisation has no name; nothing was made")
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise TestPkiError(f"{directory} exists and is not an empty directory; nothing was changed")
        directory.parent.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    except OSError as error:
        raise TestPkiError(f"{directory} cannot be made: {error.strerror}") from None
    try:
        holders = _holders(employer_bin, employer_2_bin, organisation)
        _fill(workspace, now.replace(microsecond=0), kind, holders, server_names)
        workspace.rename(directory)
    except OSError as error:
        raise TestPkiError(f"{directory} cannot be written: {error.strerror}; nothing was made") from None
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return TestPki(directory)


def _holders(employer_bin: str, employer_2_bin: str, organisation: str) -> dict[str, Holder]:
    """Say who gets a key; the people do not exist."""
    head = Holder(
        "СЕЙІТҚАЛИЕВА ӘСЕЛ", "СЕЙІТҚАЛИЕВА", "МҰРАТҚЫЗЫ", "850515400012", organisation, employer_bin, _HEAD_ROLES
    )
    login = Holder(
        head.common_name, head.surname, head.patronymic, head.iin, organisation, employer_bin, _HEAD_ROLES, auth=True
    )
    second = Holder(
        "ИВАНОВ ПЁТР", "ИВАНОВ", "СЕРГЕЕВИЧ", "781120300026", 'ТОО "ВТОРАЯ КОМПАНИЯ"', employer_2_bin, _HEAD_ROLES
    )
    gateway = Holder("ТЕСТ ШЭП", organisation='АҚ "ТЕСТ ШЛЮЗ"', bin=GATEWAY_BIN, roles=(Role.LEGAL_ENTITY,))
    stranger = Holder("БӨТЕН АДАМ", "БӨТЕН", "", "920730300040", organisation, employer_bin, _HEAD_ROLES)
    return {
        "gateway": gateway,
        "employer": head,
        "employer-auth": login,
        "employer-expired": head,
        "employer-revoked": head,
        "employer-2": second,
        "stranger": stranger,
    }


def _fill(
    directory: Path, now: datetime, kind: KeyKind, holders: dict[str, Holder], server_names: Collection[str]
) -> None:
    """Write every file of the PKI into a directory."""
    pki = TestPki(directory)
    of_authority = Validity(now - timedelta(days=3 * 365), now + timedelta(days=10 * 365))
    of_holder = Validity(now - timedelta(days=30), now + timedelta(days=365))
    expired = Validity(now - timedelta(days=395), now - timedelta(days=30))
    names = [*holders, "ocsp", "tsa"]
    with ThreadPoolExecutor() as pool:
        keys = pool.map(_new_key, [kind] * (len(names) + 2))
    title = _AUTHORITY_NAMES[kind]
    nca = make_authority(next(keys), f"ҰКО TEST ({title}) KZEDS", of_authority)
    other = make_authority(next(keys), f"БӨТЕН ҰКО TEST ({title})", of_authority)
    _write(pki.nca_ca, nca.certificate.public_bytes(Encoding.PEM))
    passwords: dict[Path, str] = {}
    services: dict[str, SigningKey] = {}
    for name, key in zip(names, keys, strict=True):
        password = passwords.setdefault(pki.password_file(name), secrets.token_urlsafe(_PASSWORD_BYTES))
        if name in holders:
            validity = expired if name == "employer-expired" else of_holder
            issued = issue(other if name == "stranger" else nca, key.public_key(), holders[name], validity)
        else:
            issued = _SERVICES[name](nca, key.public_key(), f"TEST {name.upper()}", of_holder)
            services[name] = key_of(Authority(issued, key))
        _write(pki.certificate_file(name), issued.public_bytes(Encoding.PEM))
        _write(pki.key_file(name), _pkcs12(key, issued, password))
    for path, password in passwords.items():
        _write(path, password.encode())
    _fill_lists(pki, nca, now, services["ocsp"])
    _fill_tls(pki, of_holder, server_names)


def _fill_lists(pki: TestPki, authority: Authority, now: datetime, responder: SigningKey) -> None:
    """Write the authority's complete revocation list, its delta, and what its responder answers."""
    key = key_of(authority)
    revoked = Certificate.load(pki.certificate_file("employer-revoked"))
    entries = {revoked.serial_number: Revoked(now - timedelta(days=10), "key_compromise")}
    until = now + timedelta(days=365)
    _write(pki.crl, make_crl(key, entries, number=1, this_update=now, next_update=until))
    _write(pki.delta_crl, make_crl(key, {}, number=2, base_number=1, this_update=now, next_update=until))
    for name in ("employer", "employer-revoked"):
        asked = make_request(Certificate.load(pki.certificate_file(name)), key.certificate).der
        answer = make_ocsp_answer(responder, key.certificate, asked, at=now, revoked=entries, with_nonce=False)
        _write(pki.ocsp_file(name), answer)


def _new_key(kind: KeyKind) -> RSAPrivateKey | GostPrivateKey:
    match kind:
        case KeyKind.GOST_2015:
            return keypair.generate(eds.GOST_2015)
        case KeyKind.GOST_2004:
            return keypair.generate(eds.GOST_OF_2004)
        case KeyKind.RSA:
            return generate_private_key(65537, 2048)


def _fill_tls(pki: TestPki, validity: Validity, names: Collection[str]) -> None:
    authority: Authority = make_authority(ec.generate_private_key(ec.SECP256R1()), "KZEDS TEST TLS", validity)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issue_tls_server(authority, key.public_key(), validity, names=names)
    _write(pki.tls_ca, authority.certificate.public_bytes(Encoding.PEM))
    _write(pki.tls_certificate, certificate.public_bytes(Encoding.PEM))
    _write(pki.tls_key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _pkcs12(key: RSAPrivateKey | GostPrivateKey, certificate: x509.Certificate, password: str) -> bytes:
    """Pack a key as the NCA does."""
    if isinstance(key, GostPrivateKey):
        return pack_key(key.pkcs8(), certificate.public_bytes(Encoding.DER), key_id(certificate), password)
    return pack_rsa_key(key, certificate, key_id(certificate), password)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
