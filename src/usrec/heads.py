"""Part of the composition root: the heads of the journal's chain, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from usrec.authorities import load_trusted, tls_of
from usrec.domain.errors import StampRefused
from usrec.ports.clock import Clock
from usrec.settings import LoadedSettings, LoadedWatcherSettings

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from kzeds.fetching import HttpFetch
    from usrec.adapters.heads.file import JournalHeadFile
    from usrec.adapters.heads.signatures import CmsHeadChecker, TspHeadStamper
    from usrec.adapters.signing.heads import KeyringHeadSigner
    from usrec.adapters.signing.keyring import Keyring
    from usrec.settings.journal_section import TimestampSettings

_TABLE: Final = "journal.timestamp"
_log = structlog.get_logger()


def build_head_file(settings: LoadedWatcherSettings) -> JournalHeadFile:
    """The file outside the ledger, whether it is there yet or not."""
    from usrec.adapters.heads.file import JournalHeadFile

    return JournalHeadFile(settings.path(settings.values.journal.heads))


def can_sign_heads(settings: LoadedSettings) -> bool:
    """Whether any key of the settings lies where heads can be signed with it; no key is opened or asked."""
    from usrec.adapters.signing.heads import ABLE
    from usrec.keys import key_chains, transport_key

    own = transport_key(settings)
    keys = [own] if own is not None else [key for chain in key_chains(settings).values() for key in chain]
    return any(key.place.kind in ABLE for key in keys)


def build_head_signer(settings: LoadedWatcherSettings, keyring: Keyring) -> KeyringHeadSigner | None:
    """Who signs heads; None where the settings want none signed."""
    from usrec.adapters.signing.heads import KeyringHeadSigner

    if not settings.values.journal.sign:
        return None
    return KeyringHeadSigner(keyring, [one.bin for one in settings.values.employer.values() if one.owner is None])


def build_head_stamper(settings: LoadedWatcherSettings, clock: Clock) -> TspHeadStamper | None:
    """Who dates heads; None where the settings name nobody.

    Raises:
        ConfigurationError: The certificates of the authorities cannot be read.
    """
    from usrec.adapters.heads.signatures import TspHeadStamper

    chosen = settings.values.journal.timestamp
    if chosen is None:
        return None
    authorities = stamp_authorities(settings, chosen)
    return TspHeadStamper(chosen.url, _fetch(settings, chosen), authorities, clock, chosen.hash, chosen.policy)


def build_bundle_signature(settings: LoadedWatcherSettings, sign: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """How an evidence bundle is signed: with a time stamp in the signature where the settings name an authority.

    Without its time stamp the bundle stands; that is said loudly.
    """
    from kzeds.cms_timestamp import add_timestamp, stamped_bytes
    from usrec.adapters.system_clock import SystemClock

    stamper = build_head_stamper(settings, SystemClock())

    def signed(content: bytes) -> bytes:
        signature = sign(content)
        if stamper is None:
            return signature
        try:
            return add_timestamp(signature, stamper.stamp(stamped_bytes(signature)))
        except StampRefused as problem:
            _log.warning(f"the bundle has no time stamp: {problem}", action="evidence.no_timestamp")
            return signature

    return signed


def build_head_checker(settings: LoadedWatcherSettings, clock: Clock) -> CmsHeadChecker:
    """Who checks heads.

    Raises:
        ConfigurationError: The certificates of the authorities cannot be read.
    """
    from usrec.adapters.heads.signatures import CmsHeadChecker
    from usrec.revocation import read_authorities

    chosen, trust = settings.values.journal.timestamp, settings.values.trust
    issuers = None if trust is None else read_authorities(settings, trust)
    return CmsHeadChecker(clock, () if chosen is None else stamp_authorities(settings, chosen), issuers)


def stamp_authorities(settings: LoadedWatcherSettings, chosen: TimestampSettings) -> Sequence[Certificate]:
    """The authorities that are trusted for timestamps.

    Raises:
        ConfigurationError: They cannot be read, or there is none.
    """
    return load_trusted(settings.path(chosen.authorities), _TABLE)


def _fetch(settings: LoadedWatcherSettings, chosen: TimestampSettings) -> HttpFetch:
    from kzeds.fetching import HttpFetch

    ca_file = None if chosen.ca_file is None else settings.path(chosen.ca_file)
    return HttpFetch(timeout=chosen.timeout.total_seconds(), tls=tls_of(ca_file, _TABLE))
