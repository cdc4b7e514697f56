"""The employer's signature with a key file of the NCA.

Sources: USREC codes SCSE001 (an expired certificate or an AUTH key is refused) and SCSE046 (the BIN or IIN in the
message has to be the one in the certificate). What is wrong with a file is found when the agent starts; what time
changes (a certificate that expires) is asked again at every signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kzeds.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    DamagedKeyFileError,
    UnknownKeyAlgorithmError,
    WrongPasswordError,
)
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.xmldsig import sign_enveloped
from usrec.adapters.signing.description import describe_certificate
from usrec.domain.authority import SigningCertificate
from usrec.domain.errors import ConfigurationError, SigningRefused
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage
from usrec.domain.secret import Secret

_RELOAD: Final = "then reload the agent: systemctl reload usrec-agent"
_NOTHING_SENT: Final = "Nothing was sent; the event is kept and goes on when the key can sign"


class KeyFault(StrEnum):
    """Why a key file cannot be used."""

    UNREADABLE = "unreadable"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- a fault's name
    DAMAGED = "damaged"
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    AUTH = "auth"
    OTHER_EMPLOYER = "other_employer"


class KeyUnusableError(ConfigurationError):
    """A key file that cannot be used.

    Attributes:
        fault: Why.
    """

    def __init__(self, fault: KeyFault, what: str, *, where: str, next_step: str) -> None:
        super().__init__(what, where=where, kept="Nothing was changed", next_step=next_step)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class EmployerKey:
    """Where an employer's key is.

    Attributes:
        bin: BIN of the employer, or the IIN of an individual entrepreneur.
        password: Of the key file.
    """

    bin: str
    key_file: Path
    password: Secret


class Pkcs12Signer:
    """Signs with keys that it read once. Safe in threads.

    One employer's unusable key holds only that employer's events: they wait with the reason shown.

    Args:
        employers: By BIN, or IIN of an individual entrepreneur.
        unreadable: Employers whose key or password could not even be read, and why.

    Raises:
        ConfigurationError: Not a single key can be used; names the first one's file and what to do.
    """

    def __init__(
        self, employers: Mapping[str, EmployerKey], unreadable: Mapping[str, ConfigurationError] | None = None
    ) -> None:
        keys, refused = {}, dict(unreadable or {})
        for bin_, employer in employers.items():
            try:
                keys[bin_] = load_employer_key(employer)
            except ConfigurationError as problem:
                refused[bin_] = problem
        if refused and not keys:
            raise next(iter(refused.values()))
        self._keys = MappingProxyType(keys)
        self._refused = MappingProxyType(refused)
        self._files = {bin_: employer.key_file for bin_, employer in employers.items()}

    @property
    def refused(self) -> Mapping[str, ConfigurationError]:
        """Employers without a usable key, and why."""
        return self._refused

    @property
    def keys(self) -> Mapping[str, SigningKey]:
        """The loaded keys by employer, for the transport signature and for reports on their validity."""
        return self._keys

    @property
    def certificates(self) -> Mapping[str, SigningCertificate]:
        """What the certificates of the loaded keys say, by employer."""
        return {bin_: describe_certificate(key.certificate) for bin_, key in self._keys.items()}

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with the employer's enveloped signature.

        Raises:
            SigningRefused: There is no key for the employer, or its certificate is not valid at ``at``.
        """
        key = self._keys.get(employer_bin)
        if key is None:
            raise self._without_key(employer_bin, message_id)
        _require_valid(key, at, where=str(self._files[employer_bin]))
        document = sign_enveloped(rendered.document, key)
        return SignedMessage(
            document=document,
            digest=hashlib.sha256(document).hexdigest(),
            record_id=rendered.record_id,
            message_id=message_id,
            signed_at=at,
            certificate=key.certificate.fingerprint,
            valid_until=key.certificate.not_after,
        )

    def _without_key(self, employer_bin: str, message_id: MessageId) -> SigningRefused:
        problem = self._refused.get(employer_bin)
        if problem is None:
            return SigningRefused(
                "no key is configured for the employer of this event",
                where=f"message {message_id}",
                kept=_NOTHING_SENT,
                next_step=f"Add a section [employer.NAME] with its key to usrec.toml; {_RELOAD}",
            )
        advice = f"{problem.next_step}; {_RELOAD}"
        return SigningRefused(problem.what, where=problem.where, kept=_NOTHING_SENT, next_step=advice)


def load_employer_key(employer: EmployerKey) -> SigningKey:
    """Read a key file and check that it is the employer's own SIGN key. Its dates are asked when it signs.

    Raises:
        KeyUnusableError: It cannot be used; names the file and what to do.
    """
    key = load_key(employer.key_file, employer.password)
    if employer.bin != (key.certificate.bin or key.certificate.iin):
        what = "the certificate belongs to another BIN or IIN than this employer's (USREC would refuse it: SCSE046)"
        advice = "Name this employer's own key file, or correct `bin` in its section of usrec.toml"
        raise _unusable(KeyFault.OTHER_EMPLOYER, employer.key_file, what, advice)
    return key


def load_key(file: Path, password: Secret) -> SigningKey:
    """Read a key file and check that its key may sign.

    Raises:
        KeyUnusableError: It cannot be used; names the file and what to do.
    """
    try:
        key = load_pkcs12(file.read_bytes(), password.reveal())
    except OSError as error:
        what = f"the key file cannot be read ({error.strerror})"
        raise _unusable(KeyFault.UNREADABLE, file, what, "Check its path and permissions") from None
    except WrongPasswordError:
        what = "the password does not open the key file"
        raise _unusable(KeyFault.WRONG_PASSWORD, file, what, "Correct the key's password file") from None
    except DamagedKeyFileError as error:
        what = f"the key file is damaged: {error}"
        raise _unusable(KeyFault.DAMAGED, file, what, "Copy it again from where the NCA gave it") from None
    except UnknownKeyAlgorithmError as error:
        what = f"the key cannot be used: {error}"
        raise _unusable(KeyFault.UNKNOWN_ALGORITHM, file, what, "Ask the NCA for a key of a known algorithm") from None
    if not key.certificate.may_sign:
        what = "this is an AUTH key: it may log in, not sign (USREC would refuse it: SCSE001)"
        raise _unusable(KeyFault.AUTH, file, what, "Use the SIGN key that the NCA issued together with it")
    return key


def _require_valid(key: SigningKey, at: datetime, *, where: str) -> None:
    """Check that a signature made at ``at`` would count.

    Raises:
        SigningRefused: The certificate has expired or is not valid yet.
    """
    try:
        key.require_may_sign(at)
    except CertificateExpiredError:
        what = f"the certificate expired at {key.certificate.not_after:%Y-%m-%dT%H:%MZ}"
        advice = f"Put the renewed key in its place; {_RELOAD}"
        raise SigningRefused(what, where=where, kept=_NOTHING_SENT, next_step=advice) from None
    except CertificateNotYetValidError:
        what = f"the certificate is valid only from {key.certificate.not_before:%Y-%m-%dT%H:%MZ}"
        advice = "Check this machine's clock, or wait for that moment"
        raise SigningRefused(what, where=where, kept=_NOTHING_SENT, next_step=advice) from None


def _unusable(fault: KeyFault, file: Path, what: str, advice: str) -> KeyUnusableError:
    return KeyUnusableError(fault, what, where=str(file), next_step=advice)
