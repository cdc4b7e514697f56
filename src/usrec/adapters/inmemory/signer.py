"""A signer without keys for tests and simulation: same input, same bytes. What it makes would convince nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NoReturn

from usrec.domain.authority import SigningCertificate
from usrec.domain.errors import SigningRefused, UsrecError
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage
from usrec.domain.renewal import ChainKey

_MARK: Final = b"<!-- signed in memory by %s -->"


class InMemorySigner:
    """Marks documents instead of signing them.

    Args:
        valid_until: Last moment of each employer's imaginary certificate, by BIN.
    """

    def __init__(self, valid_until: Mapping[str, datetime]) -> None:
        self._valid_until = dict(valid_until)

    @property
    def keys(self) -> Mapping[str, datetime]:
        """The employers that it signs for."""
        return self._valid_until

    @property
    def refused(self) -> Mapping[str, UsrecError]:
        """Employers without a usable key: there are none."""
        return {}

    @property
    def troubles(self) -> Sequence[NoReturn]:
        """Keys that cannot be used now: there are none."""
        return ()

    @property
    def owners(self) -> frozenset[str]:
        """Employers whose owner signs by hand: there are none."""
        return frozenset()

    @property
    def able(self) -> Collection[str]:
        """Employers that it signs for; the dates are looked at when it does."""
        return self._valid_until.keys()

    @property
    def unusable(self) -> Collection[str]:
        """Employers of whom no key may sign: there are none."""
        return ()

    @property
    def ways(self) -> Mapping[str, str]:
        """Where the keys are: as good as a file."""
        return dict.fromkeys(self._valid_until, "file")

    @property
    def transport_key(self) -> None:
        """No key of its own signs envelopes."""

    @property
    def links(self) -> Mapping[str, Sequence[ChainKey]]:
        """Each employer has one imaginary key."""
        return {bin_: [ChainKey("memory", one.not_before, one.not_after)] for bin_, one in self.certificates.items()}

    def seek(self, at: datetime) -> bool:
        """Nothing is to be found that was away."""
        del at
        return False

    @property
    def certificates(self) -> Mapping[str, SigningCertificate]:
        """Imaginary certificates of first heads."""
        return {bin_: self._certificate(bin_) for bin_ in self._valid_until}

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with a mark behind its root.

        Raises:
            SigningRefused: There is no such employer, or its certificate has expired.
        """
        valid_until = self._valid_until.get(employer_bin)
        if valid_until is None or at > valid_until:
            what = "no key is configured for the employer" if valid_until is None else "the certificate has expired"
            raise SigningRefused(what, where=f"message {message_id}", kept="Nothing was sent")
        certificate = self._certificate(employer_bin).fingerprint
        document = rendered.document + _MARK % certificate.encode()
        return SignedMessage(
            document=document,
            digest=hashlib.sha256(document).hexdigest(),
            record_id=rendered.record_id,
            message_id=message_id,
            signed_at=at,
            certificate=certificate,
            valid_until=valid_until,
        )

    def _certificate(self, employer_bin: str) -> SigningCertificate:
        fingerprint = hashlib.sha256(employer_bin.encode()).hexdigest()
        last = self._valid_until[employer_bin]
        return SigningCertificate(fingerprint[:40], fingerprint, last - timedelta(days=365), last, head=True)
