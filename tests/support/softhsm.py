"""SoftHSM 2, a token in software: found on the machine, or where $SOFTHSM2_MODULE says; tokens are made in a folder."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kzeds.certificate import Certificate

_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
_NAMED = os.environ.get("SOFTHSM2_MODULE")
SOFTHSM = next((Path(place) for place in ((_NAMED,) if _NAMED else _PLACES) if place and Path(place).exists()), None)
needs_softhsm = pytest.mark.skipif(
    SOFTHSM is None, reason="no SoftHSM 2: libsofthsm2.so is neither installed nor named by $SOFTHSM2_MODULE"
)

_INITIALISED = 0x400
"""CKF_TOKEN_INITIALIZED."""

PIN = "246810"
SO_PIN = "13579135"


class SoftHsm:
    """SoftHSM with its tokens in one folder. Its library reads the place from $SOFTHSM2_CONF when it is initialised."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        import pkcs11

        assert SOFTHSM is not None
        self.module = SOFTHSM.resolve()
        self.tokens = place / "tokens"
        self.tokens.mkdir()
        settings = place / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        patch.setenv("SOFTHSM2_CONF", str(settings))
        self.library = pkcs11.lib(str(self.module))
        self.library.reinitialize()

    def token(self, label: str = "HR") -> SoftToken:
        """Make a token with a user's PIN."""
        free = next(slot for slot in self.library.get_slots() if not slot.get_token().flags & _INITIALISED)
        self.relabel(free.slot_id, label)
        with self.library.get_token(token_label=label).open(rw=True, so_pin=SO_PIN) as session:
            session.init_pin(PIN)
        return SoftToken(self, label)

    def relabel(self, slot: int, label: str) -> None:
        """Initialise the token in a slot, which empties it (C_InitToken, which python-pkcs11 does not offer)."""
        library = ctypes.CDLL(str(self.module))
        assert (
            library.C_InitToken(
                ctypes.c_ulong(slot), SO_PIN.encode(), ctypes.c_ulong(len(SO_PIN)), label.encode().ljust(32)
            )
            == 0
        )

    def lose_sessions(self) -> None:
        """What a token that is pulled out and put in again looks like: every session is gone."""
        self.library.reinitialize()

    def take_away(self) -> None:
        """Pull every token out."""
        self.tokens.rename(self.tokens.with_name("away"))
        self.tokens.mkdir()
        self.lose_sessions()

    def put_back(self) -> None:
        """Put them in again."""
        self.tokens.rmdir()
        self.tokens.with_name("away").rename(self.tokens)
        self.lose_sessions()


class SoftToken:
    """A token of SoftHSM."""

    def __init__(self, hsm: SoftHsm, label: str) -> None:
        self.hsm, self.label = hsm, label

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A session that may write, closed with its login at the end."""
        with self.hsm.library.get_token(token_label=self.label).open(rw=True, user_pin=PIN) as session:
            yield session

    def put(
        self,
        certificate: Certificate | None,
        private_key: RSAPrivateKey | None,
        *,
        label: str = "employer",
        identifier: bytes = b"\x01",
        **attributes: bool,
    ) -> None:
        """Store a certificate and a key."""
        from pkcs11 import Attribute, CertificateType, ObjectClass
        from pkcs11.util.rsa import decode_rsa_private_key

        with self.session() as session:
            named = {Attribute.TOKEN: True, Attribute.LABEL: label, Attribute.ID: identifier}
            if private_key is not None:
                der = private_key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
                more = {Attribute[name.upper()]: value for name, value in attributes.items()}
                session.create_object({**decode_rsa_private_key(der), **named, **more})
            if certificate is not None:
                session.create_object(
                    {
                        Attribute.CLASS: ObjectClass.CERTIFICATE,
                        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                        Attribute.SUBJECT: certificate.subject,
                        Attribute.VALUE: certificate.der,
                        **named,
                    }
                )
