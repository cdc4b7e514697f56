"""Personal data encrypted at rest: the one place that closes values on their way into the tables and opens them.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each value. Table, column and the row's key are the
associated data, so that no value opens in another row's place. A stored value says by its beginning what it is; plain
values and values under several keys may stand side by side, so encryption can be switched on, and keys be changed,
while agents work. Once the ledger's own key stands encrypted, everything does (``usrec ledger encrypt`` closes it
last, while no agent runs), and nobody can put a plain one back who does not know it: from then on a plain value in
the place of an encrypted one is damage. ``docs/how-to/data-care.md`` lists every column and says why it is encrypted or
not.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from usrec.domain.errors import ConfigurationError, InvariantViolation

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from usrec.adapters.persistence.writing import AnyConnection
    from usrec.domain.secret import Secret

OPTION: Final = "usrec_sealing"
"""Execution option of connections: the :class:`Sealing` of their ledger."""

RowKey: TypeAlias = Sequence[str | int]
"""What tells a row from all others of its table."""

_MARK: Final = "\x01usrec:"
_PLAIN: Final = f"{_MARK}0:"
_CLOSED: Final = f"{_MARK}1:"
_FIND_OUT: Final = "Find out who wrote into the ledger's tables; restore the newest backup"
_NONCE: Final = 12
_ID: Final = 8
_KEY_DIGITS: Final = 64
_PRUNED: Final = re.compile(r'\{\}|\{"pruned": "\d{4}-\d\d-\d\d"\}|pruned \d{4}-\d\d-\d\d')
"""What retention leaves in the place of a value; it is plain, and tells nothing."""
LONGEST_MARK: Final = 24
"""Characters of the longest of them."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key and the name by which stored values call it.

    Attributes:
        id: Eight hexadecimal digits made of the key, which tell nothing about it.
    """

    id: str
    cipher: AESGCM = field(repr=False)


class Sealing(Protocol):
    """Closes and opens values."""

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys at hand, the one that closes first; none where nothing is encrypted."""
        ...

    @property
    def closes(self) -> bool:
        """Whether new values are encrypted."""
        ...

    def refusing_plain(self) -> Sealing:
        """The same, for a ledger in which everything is encrypted: a plain value there is damage."""
        ...

    def text(self, place: str, row: RowKey, value: str) -> str:
        """``value`` as it is stored."""
        ...

    def opened_text(self, place: str, row: RowKey, stored: str) -> str:
        """The value of a stored text."""
        ...

    def content(self, place: str, row: RowKey, value: bytes) -> bytes:
        """``value`` as it is stored."""
        ...

    def opened_content(self, place: str, row: RowKey, stored: bytes) -> bytes:
        """The value of stored bytes."""
        ...


class KeySealing:
    """Closes with the first of its keys and opens with any of them.

    Args:
        closes: False to store plain values again.
        takes_plain: False where a plain value is damage.
    """

    def __init__(self, *keys: SealingKey, closes: bool = True, takes_plain: bool = True) -> None:
        self._keys = {key.id: key for key in keys}
        self._current = keys[0] if keys and closes else None
        self._takes_plain = takes_plain

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys at hand, the one that closes first."""
        return list(self._keys)

    @property
    def closes(self) -> bool:
        """Whether new values are encrypted."""
        return self._current is not None

    def refusing_plain(self) -> KeySealing:
        """The same, for a ledger in which everything is encrypted."""
        return KeySealing(*self._keys.values(), closes=self.closes, takes_plain=False)

    def text(self, place: str, row: RowKey, value: str) -> str:
        """As it is stored."""
        if self._current is None:
            return f"{_PLAIN}{value}" if value.startswith(_MARK) else value
        closed = _close(self._current, place, row, value.encode("utf-8", "surrogatepass"))
        return stored_beginning(self._current.id) + b64encode(closed).decode()

    def opened_text(self, place: str, row: RowKey, stored: str) -> str:
        """Open a stored text.

        Raises:
            ConfigurationError: Its key is not at hand.
            InvariantViolation: It was changed, put into another row, stands plain where everything is encrypted, or
                has a form that this program does not know.
        """
        if not stored.startswith(_CLOSED):
            self._require_may_be_plain(place, stored)
            return stored.removeprefix(_PLAIN)
        key, rest = _named(stored), stored[len(_CLOSED) + _ID + 1 :]
        try:
            closed = b64decode(rest, validate=True)
        except (NotBase64, ValueError):
            raise _damaged(place) from None
        return self._open(key, place, row, closed).decode("utf-8", "surrogatepass")

    def content(self, place: str, row: RowKey, value: bytes) -> bytes:
        """As it is stored."""
        if self._current is None:
            return _PLAIN.encode() + value if value.startswith(_MARK.encode()) else value
        return stored_beginning(self._current.id).encode() + _close(self._current, place, row, value)

    def opened_content(self, place: str, row: RowKey, stored: bytes) -> bytes:
        """Open stored bytes; raises as :meth:`opened_text` does."""
        if not stored.startswith(_CLOSED.encode()):
            self._require_may_be_plain(place, stored.decode("latin-1"))
            return stored.removeprefix(_PLAIN.encode())
        key = _named(stored[: len(_CLOSED) + _ID].decode("latin-1"))
        return self._open(key, place, row, stored[len(_CLOSED) + _ID + 1 :])

    def _require_may_be_plain(self, place: str, stored: str) -> None:
        if stored.startswith(_MARK) and not stored.startswith(_PLAIN):
            what = f"a value of {place} is stored in a form that this program does not know"
            raise _damaged(place, what, "Install the usrec-agent that wrote it, or a newer one; nothing was opened")
        if not self._takes_plain and stored and not is_pruned(stored):
            raise _damaged(place, f"a value of {place} stands plain in a ledger in which everything is encrypted")

    def _open(self, key_id: str, place: str, row: RowKey, closed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        key = self._keys.get(key_id)
        if key is None:
            raise missing_keys([key_id])
        try:
            return key.cipher.decrypt(closed[:_NONCE], closed[_NONCE:], _bound_to(place, row))
        except (InvalidTag, ValueError):
            raise _damaged(place) from None


NOT_SEALED: Final[Sealing] = KeySealing()
"""Of a ledger without keys."""


def sealing_of(connection: AnyConnection) -> Sealing:
    """How a connection's ledger keeps personal data."""
    found: Sealing = connection.get_execution_options().get(OPTION, NOT_SEALED)
    return found


def sealing_key(secret: Secret) -> SealingKey:
    """The key that a secret holds.

    Raises:
        ConfigurationError: It is not 64 hexadecimal digits.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    text = secret.reveal().strip()
    try:
        key = bytes.fromhex(text) if len(text) == _KEY_DIGITS else b""
    except ValueError:
        key = b""
    if not key:
        raise ConfigurationError(
            "the key of the ledger's encryption is not 64 hexadecimal digits",
            where="[ledger.encryption]",
            kept="Nothing was read or written",
            next_step="Make one with: openssl rand -hex 32",
        )
    return SealingKey(sha256(b"usrec key id|" + key).hexdigest()[:_ID], AESGCM(key))


def stored_beginning(key_id: str) -> str:
    """How every value begins that is stored under a key."""
    return f"{_CLOSED}{key_id}:"


def missing_keys(ids: Sequence[str]) -> ConfigurationError:
    """What to say when values were closed with keys that the settings do not name."""
    return ConfigurationError(
        f"it holds values that were encrypted with a key that is not at hand: {', '.join(ids)}",
        where="[ledger.encryption]",
        kept="Nothing was lost or changed: what is encrypted stays as it is",
        next_step="Name that key in key or old_keys of [ledger.encryption]; usrec ledger keys tells the ids of yours",
    )


def _close(key: SealingKey, place: str, row: RowKey, value: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + key.cipher.encrypt(nonce, value, _bound_to(place, row))


def _bound_to(place: str, row: RowKey) -> bytes:
    return json.dumps([place, *row], ensure_ascii=True).encode()


def _named(stored: str) -> str:
    return stored[len(_CLOSED) : len(_CLOSED) + _ID]


def is_pruned(stored: str) -> bool:
    """Whether retention left this in the place of a value; no such mark is longer than :data:`LONGEST_MARK`."""
    return _PRUNED.fullmatch(stored) is not None


def is_closed(stored: bytes) -> bool:
    """Whether stored bytes are encrypted, under whatever key."""
    return stored.startswith(_CLOSED.encode())


def _damaged(place: str, what: str = "", next_step: str = _FIND_OUT) -> InvariantViolation:
    moved = f"an encrypted value of {place} does not open with its own key: it was changed, or moved from another row"
    return InvariantViolation(
        what or moved,
        where="ledger",
        kept="Nothing was written",
        next_step=next_step,
    )
