"""The journal's heads are signed with a key that this process holds, a token's, or the signer daemon's.

NCANode is asked for XML documents only, so heads are not signed with keys that it is sent. The daemon signs a head
where its own settings list the statement for the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kzeds.errors import KzedsError, SignerUnreachableError
from usrec.adapters.signing.held_key import HeldKey, KeyAt
from usrec.adapters.signing.keyring import Keyring
from usrec.domain.errors import SignerAway, SigningRefused
from usrec.ports.head_signer import HeadSignature

ABLE: Final = frozenset({"file", "token", "signer_daemon"})
"""Kinds of places whose keys sign heads."""
_OUTSIDE: Final = "signer_daemon"
_ASKED: Final = 3
"""Keys of signer daemons that are asked for one head; one daemon mostly has them all, and says the same of each."""
_KEPT: Final = "The chain goes on; its head is signed when a key can"
_ADVICE: Final = (
    "Name a key file, a token or a signer daemon in [gateway.transport_key], or write sign = false in [journal]: "
    "NCANode signs no heads, and a signer daemon only where its settings list the statement journal_head for the key"
)


@dataclass(frozen=True, slots=True)
class KeyringHeadSigner:
    """The ``HeadSigner`` port.

    Attributes:
        employers: BINs or IINs of those whose keys sign when the transport has none of its own, in their order.
    """

    keyring: Keyring
    employers: Sequence[str]

    def sign(self, statement: bytes, at: datetime) -> HeadSignature:
        """A detached CMS signature of the first key that can."""
        refusals: list[SigningRefused] = []
        asked: set[HeldKey] = set()
        for key in self._keys():
            is_outside = key.place.kind == _OUTSIDE
            if key.place.kind not in ABLE or (is_outside and len(asked) == _ASKED):
                continue
            try:
                found = key.usable(at)
                if is_outside:
                    asked.add(key)
                return _signed(key, found, statement)
            except SigningRefused as refusal:
                if is_outside and isinstance(refusal, SignerAway):
                    asked.add(key)
                refusals.append(refusal)
        if refusals:
            raise refusals[0]
        raise SigningRefused("no key signs the journal's heads", where="[journal]", kept=_KEPT, next_step=_ADVICE)

    def _keys(self) -> Iterator[HeldKey]:
        if self.keyring.transport_key is not None:
            yield self.keyring.transport_key
            return
        for one in self.employers:
            yield from reversed(self.keyring.held(one))


def _signed(key: HeldKey, found: KeyAt, statement: bytes) -> HeadSignature:
    try:
        signature = found.sign_detached(statement)
    except SignerUnreachableError as error:
        raise key.gone(error) from None
    except KzedsError as problem:
        raise SigningRefused(str(problem), where=key.place.where, kept=_KEPT, next_step=_ADVICE) from None
    return HeadSignature(found.certificate.fingerprint, signature)
