"""The employers' keys: which of them signs at a moment, and what is to be said when none can.

Each employer has a sequence of keys. The newest whose first day has come and whose certificate is valid signs; when it
cannot, the one before it does as long as it may. A signer that refuses (its quota is used up, its rules forbid it) is
obeyed and not got round with an older key; one that does not answer is passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import MappingProxyType
from typing import Final

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerUnreachableError
from kzeds.signers.base import Signer
from usrec.adapters.signing.description import describe_certificate
from usrec.adapters.signing.faults import KeyTrouble
from usrec.adapters.signing.held_key import NOTHING_SENT, RELOAD, HeldKey, KeyAt
from usrec.domain.authority import SigningCertificate
from usrec.domain.errors import ConfigurationError, SignatureAwaited, SignerAway, SigningRefused
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage
from usrec.domain.renewal import ChainKey, key_in_use
from usrec.ports.clock import Clock

ASKED_AT_ONCE: Final = 16
"""Bounds the threads that look for signers."""


class Keyring:
    """Signs with keys that it opened once. Safe in threads.

    One employer's unusable key holds only that employer's events: they wait with the reason shown.

    Args:
        chains: Keys of each employer, by BIN (or IIN), in the order in which they are to be used.
        owners: Employers, by BIN, whose owner signs by hand.
        transport: Signs every envelope instead of the employers' own keys.
        objection: Why a certificate may not be used although its dates allow it (it was revoked); empty when it may.
    """

    def __init__(
        self,
        chains: Mapping[str, Sequence[HeldKey]],
        *,
        clock: Clock,
        owners: Collection[str] = (),
        transport: HeldKey | None = None,
        objection: Callable[[Certificate], str] = lambda _: "",
    ) -> None:
        self._chains = MappingProxyType({bin_: tuple(keys) for bin_, keys in chains.items()})
        self._transport = transport
        self._objection = objection
        self._clock = clock
        self.owners = frozenset(owners)
        self.seek(clock.now())

    def require_some(self) -> None:
        """Check that anything can be signed at all.

        Raises:
            ConfigurationError: Not a single key can be used, or the transport key cannot; names it and what to do.
        """
        if self._transport is not None and self._transport.problem is not None:
            raise self._transport.problem
        if self.refused and len(self.refused) == len(self._chains) and not self.owners:
            raise next(iter(self.refused.values()))

    @property
    def refused(self) -> Mapping[str, ConfigurationError]:
        """Employers of whose keys not one can be used as the settings name it, and why not the first."""
        return {
            bin_: keys[0].problem
            for bin_, keys in self._chains.items()
            if keys[0].problem is not None and all(key.problem is not None for key in keys)
        }

    @property
    def troubles(self) -> Sequence[KeyTrouble]:
        """Keys that cannot be used now, one by one."""
        return list(self._troubles())

    @property
    def keys(self) -> Collection[str]:
        """Employers with a key that could be opened, whatever its dates."""
        return {bin_ for bin_, keys in self._chains.items() if any(key.certificate is not None for key in keys)}

    @property
    def able(self) -> Collection[str]:
        """Employers with a key that may sign now by its dates, with nothing against it and a signer that answers."""
        now, transport = self._clock.now(), self._transport
        if transport is not None and (not self._may_sign(transport, now) or transport.is_away(now)):
            return set()
        return {
            bin_
            for bin_, keys in self._chains.items()
            if any(self._may_sign(key, now) and not key.is_away(now) for key in keys)
        }

    @property
    def unusable(self) -> Collection[str]:
        """Employers of whom no key may sign now: expired, revoked, or not to be opened.

        All of them, owners who sign by hand too, when the key of the envelopes may not. One whose signer does not
        answer may only be restarting, and is not among them.
        """
        now, transport = self._clock.now(), self._transport
        if transport is not None and not (self._may_sign(transport, now) or transport.is_away(now)):
            return {*self._chains, *self.owners}
        return {
            bin_
            for bin_, keys in self._chains.items()
            if not any(self._may_sign(key, now) or key.is_away(now) for key in keys)
        }

    @property
    def certificates(self) -> Mapping[str, SigningCertificate]:
        """What the certificates say, by employer: of the key in use; of the newest known where none can sign now."""
        now = self._clock.now()
        shown = {bin_: self._shown(bin_, now).certificate for bin_ in self._chains}
        return {bin_: describe_certificate(found) for bin_, found in shown.items() if found is not None}

    @property
    def ways(self) -> Mapping[str, str]:
        """Where the same keys are, by employer: ``owner`` for one who signs by hand, else a kind of place."""
        now = self._clock.now()
        return dict.fromkeys(self.owners, "owner") | {bin_: self._shown(bin_, now).place.kind for bin_ in self._chains}

    @property
    def links(self) -> Mapping[str, Sequence[ChainKey]]:
        """What is known of the time of each employer's keys, in their order."""
        return {bin_: [link for key in keys if (link := key.link) is not None] for bin_, keys in self._chains.items()}

    def held(self, employer_bin: str) -> Sequence[HeldKey]:
        """The keys of one employer, in their order."""
        return self._chains.get(employer_bin, ())

    @property
    def transport_key(self) -> HeldKey | None:
        """The key of its own that signs every envelope."""
        return self._transport

    def seek(self, at: datetime) -> bool:
        """Open the keys that are not open yet; whether one was found that was away before.

        Signers outside are asked side by side, so that many that hang take no longer than one.
        """
        unknown = [key for key in self._all() if key.certificate is None]
        found = [self._seek(key, at) for key in unknown if key.place.lasting]
        outside = [key for key in unknown if not key.place.lasting]
        if outside:
            with ThreadPoolExecutor(min(len(outside), ASKED_AT_ONCE), thread_name_prefix="seek") as pool:
                found += pool.map(lambda key: self._seek(key, at), outside)
        return any(found)

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with the employer's enveloped signature.

        Raises:
            SignatureAwaited: The employer's owner signs by hand.
            SignerAway: Whoever holds the key does not answer.
            SigningRefused: There is no key for the employer, none may sign at ``at``, or its signer refused.
        """
        refusals: list[SigningRefused] = []
        for key in self._usable(employer_bin, f"message {message_id}", at, refusals):
            try:
                document = key.sign_enveloped(rendered.document)
            except SignerUnreachableError as error:
                refusals.append(key.held.gone(error))
            except KzedsError as error:
                raise _not_signed(key, error) from None
            else:
                return _message(rendered, document, key, message_id)
        raise _all_of(refusals)

    def transport(self, employer_bin: str, at: datetime) -> Signer:
        """Whoever signs the envelopes of an employer at a moment.

        Raises:
            SigningRefused: Nobody can; says why.
        """
        if self._transport is not None:
            return self._unobjected(self._transport.usable(at))
        if employer_bin in self.owners:
            raise _without_transport()
        refusals: list[SigningRefused] = []
        for key in self._usable(employer_bin, "the envelope", at, refusals):
            return key
        raise _all_of(refusals)

    def _usable(self, employer_bin: str, what: str, at: datetime, refusals: list[SigningRefused]) -> Iterator[KeyAt]:
        """The keys that may sign, newest first; why the others may not goes into ``refusals``.

        Args:
            what: What is to be signed, for messages.
        """
        if employer_bin in self.owners:
            raise _awaited(what)
        keys = self._chains.get(employer_bin)
        if not keys:
            raise _without_key(what)
        for key in reversed(keys):
            try:
                yield self._unobjected(key.usable(at))
            except SigningRefused as refusal:
                refusals.append(refusal)

    def _unobjected(self, key: KeyAt) -> KeyAt:
        """The key, unless there is something against its certificate.

        Raises:
            SigningRefused: There is.
        """
        why = self._objection(key.certificate)
        if why:
            advice = f"Have the owner of the EDS get a new key from the NCA and name it; {RELOAD}"
            raise SigningRefused(why, where=key.held.place.where, kept=NOTHING_SENT, next_step=advice)
        return key

    def _shown(self, employer_bin: str, at: datetime) -> HeldKey:
        """The key in use, else the newest whose certificate is known, else the first.

        One that there is something against is not in use: the one before it signs.
        """
        keys = self._chains[employer_bin]
        known = [key for key in keys if key.certificate is not None]
        believed = [key for key in known if key.certificate is not None and not self._objection(key.certificate)]
        links = [link for key in believed or known if (link := key.link) is not None]
        used = key_in_use(links, at)
        chosen = [key for key in known if key.link == used] or known
        return chosen[-1] if chosen else keys[0]

    def _may_sign(self, key: HeldKey, at: datetime) -> bool:
        link, known = key.link, key.certificate
        return link is not None and known is not None and link.signs_at(at) and not self._objection(known)

    def _seek(self, key: HeldKey, at: datetime) -> bool:
        try:
            return key.open(at)
        except (ConfigurationError, SignerUnreachableError):
            return False

    def _all(self) -> Iterator[HeldKey]:
        for keys in self._chains.values():
            yield from keys
        if self._transport is not None:
            yield self._transport

    def _troubles(self) -> Iterator[KeyTrouble]:
        named = [(bin_, key) for bin_, keys in self._chains.items() for key in keys]
        for bin_, key in [*named, *([("", self._transport)] if self._transport is not None else [])]:
            if key.problem is not None:
                yield KeyTrouble(bin_, key.place.where, key.problem, lasting=True)
            elif key.away is not None:
                yield KeyTrouble(bin_, key.place.where, key.away, lasting=False)


def _message(rendered: RenderedMessage, document: bytes, key: KeyAt, message_id: MessageId) -> SignedMessage:
    return SignedMessage(
        document=document,
        digest=hashlib.sha256(document).hexdigest(),
        record_id=rendered.record_id,
        message_id=message_id,
        signed_at=key.at,
        certificate=key.certificate.fingerprint,
        valid_until=key.certificate.not_after,
    )


def _not_signed(key: KeyAt, error: KzedsError) -> SigningRefused:
    advice = "Look at the signer's own log; the event is tried again by itself"
    return SigningRefused(
        f"it was not signed: {error}", where=key.held.place.where, kept=NOTHING_SENT, next_step=advice
    )


def _awaited(where: str) -> SignatureAwaited:
    return SignatureAwaited(
        "the owner of the EDS signs by hand; no key of theirs is here",
        where=where,
        kept="Nothing was sent; the event is kept and goes on when the signature comes back",
        next_step="Make a signing package for the owner: usrec package create",
    )


def _without_key(where: str) -> SigningRefused:
    return SigningRefused(
        "no key is configured for the employer of this event",
        where=where,
        kept=NOTHING_SENT,
        next_step=f"Add a section [employer.NAME] with its key to usrec.toml; {RELOAD}",
    )


def _without_transport() -> SigningRefused:
    return SigningRefused(
        "no key signs the envelopes of this employer, whose owner signs by hand",
        where="gateway.transport_key",
        kept=NOTHING_SENT,
        next_step=f"Add [gateway.transport_key] to usrec.toml; {RELOAD}",
    )


def _all_of(refusals: Sequence[SigningRefused]) -> SigningRefused:
    """One refusal for all keys; somebody is asked again soon where one of them did not answer."""
    if len(refusals) == 1:
        return refusals[0]
    kind = SignerAway if any(isinstance(one, SignerAway) for one in refusals) else SigningRefused
    reasons = "; ".join(f"{one.where}: {one.what}" for one in refusals)
    newest = refusals[0]
    return kind(f"none of the keys can sign: {reasons}", kept=NOTHING_SENT, next_step=newest.next_step)
