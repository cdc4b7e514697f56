"""Part of the composition root: the employers' keys, by the settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.ports.clock import Clock
from usrec.settings import EmployerSettings, KeySettings, LoadedSettings, SecretSettings
from usrec.settings.signing_time import DAEMON_TIMEOUT

if TYPE_CHECKING:
    from usrec.adapters.signing.held_key import HeldKey
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.signing.places import KeyPlace, ReadSecret
    from usrec.adapters.signing.statements import StatementKey
    from usrec.adapters.trust.book import TrustBook


def build_keyring(settings: LoadedSettings, clock: Clock, book: TrustBook) -> Keyring:
    """The employers' keys and the transport's, for an agent.

    Raises:
        ConfigurationError: Not a single key can be used, or the transport key cannot.
    """
    keyring = open_keyring(settings, clock, book)
    keyring.require_some()
    return keyring


def open_keyring(settings: LoadedSettings, clock: Clock, book: TrustBook | None = None) -> Keyring:
    """The same to look at: whatever is wrong with the keys stands in it."""
    from usrec.adapters.signing.keyring import Keyring
    from usrec.revocation import build_book

    return Keyring(
        key_chains(settings),
        clock=clock,
        owners=[one.bin for one in settings.values.employer.values() if one.owner is not None],
        transport=transport_key(settings),
        objection=(book or build_book(settings, clock)).objection,
    )


def key_chains(settings: LoadedSettings) -> dict[str, list[HeldKey]]:
    """The keys of each employer that has any here, by its BIN (or IIN), in the order in which they are to be used."""
    from usrec.adapters.signing.held_key import HeldKey

    chains = {}
    for employer in settings.values.employer.values():
        if employer.owner is None:
            chains[employer.bin] = [
                HeldKey(key_place(settings, key), number=employer.bin, use_from=use_from)
                for key, use_from in _keys_of(employer)
            ]
    return chains


def transport_key(settings: LoadedSettings) -> HeldKey | None:
    """The key of its own that signs envelopes; it may belong to anybody."""
    from usrec.adapters.signing.held_key import HeldKey

    key = settings.values.gateway.transport_key
    return None if key is None else HeldKey(key_place(settings, key), number=None)


def build_statement_key(settings: LoadedSettings, employer: str | None, at: datetime) -> StatementKey:
    """The key that signs an evidence bundle: an employer's, else the transport's, else the first employer's that can.

    Args:
        employer: Name in the settings, or BIN.

    Raises:
        ConfigurationError: There is no such employer.
        SigningRefused: No such key can sign.
    """
    from usrec.adapters.signing.statements import usable_key

    chains, transport = key_chains(settings), transport_key(settings)
    if employer is not None:
        number = {name: one.bin for name, one in settings.values.employer.items()}.get(employer, employer)
        if number not in {one.bin for one in settings.values.employer.values()}:
            raise ConfigurationError(f"there is no employer {employer}", where=str(settings.file))
        return usable_key(list(reversed(chains.get(number, []))), at)
    if transport is not None:
        return usable_key([transport], at)
    return usable_key([key for keys in chains.values() for key in reversed(keys)], at)


def _keys_of(employer: EmployerSettings) -> Iterator[tuple[KeySettings, date | None]]:
    yield employer, None
    for one in employer.next_key:
        yield one, one.use_from


def key_place(settings: LoadedSettings, key: KeySettings) -> KeyPlace:
    """Where a key of the settings is; nothing is read or asked yet."""
    from usrec.adapters.signing import places

    if key.signer_daemon is not None:
        daemon = key.signer_daemon
        return places.daemon_place(settings.path(daemon.socket), daemon.key, timeout=DAEMON_TIMEOUT)
    if key.ncanode is not None:
        node = key.ncanode
        return places.ncanode_place(
            node.url,
            settings.path(node.key_file),
            _reading(settings, node.key_password),
            alias=node.key_alias,
            ca_file=None if node.ca_file is None else settings.path(node.ca_file),
            timeout=node.timeout,
        )
    if key.token is not None:
        token = key.token
        pin = _reading(settings, token.pin)
        return places.token_place(settings.path(token.library), token=token.token, key=token.key, pin=pin)
    if key.key_file is None or key.key_password is None:
        raise AssertionError("the rules of the settings let no key without a place pass")
    return places.key_file_place(settings.path(key.key_file), _reading(settings, key.key_password))


def _reading(settings: LoadedSettings, secret: SecretSettings) -> ReadSecret:
    def read() -> Secret:
        return settings.secret(secret)

    return read
