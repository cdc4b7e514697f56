"""GOST keys that kzeds makes itself, for the test PKI; the keys of people come from key files and have no such form.

Source of the forms: :mod:`kzeds.gost.eds`; RFC 5208 for PrivateKeyInfo.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from kzeds.der import element, identifier, sequence
from kzeds.gost import eds
from kzeds.gost.eds import GostKind


@dataclass(frozen=True, slots=True)
class GostPublicKey:
    """A public key; `spki` is its DER SubjectPublicKeyInfo."""

    kind: GostKind
    spki: bytes


@dataclass(frozen=True, slots=True)
class GostPrivateKey:
    """A private key that only tests may have."""

    kind: GostKind
    number: int = field(repr=False)

    def public_key(self) -> GostPublicKey:
        """The other half."""
        return GostPublicKey(self.kind, eds.public_key_of(self.kind, self.number))

    def sign(self, data: bytes) -> bytes:
        """The raw signature over `data`."""
        return eds.signer(self.kind, self.number)(data)

    def pkcs8(self) -> bytes:
        """The DER PrivateKeyInfo, as the NCA writes it."""
        octets = element(0x04, eds.write_private_key(self.kind, self.number))
        return sequence(b"\x02\x01\x00", eds.algorithm_of(self.kind), octets)


def generate(kind: GostKind) -> GostPrivateKey:
    """Make a new key."""
    return GostPrivateKey(kind, 1 + secrets.randbelow(kind.curve.n - 1))


def signature_algorithm(kind: GostKind) -> bytes:
    """The DER AlgorithmIdentifier of signatures in certificates."""
    return sequence(identifier(kind.signature_oid), b"\x05\x00")
