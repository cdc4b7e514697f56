"""What is in a PKCS#11 token: finding it, logging in, its keys, its certificates, its mechanisms.

Source: OASIS PKCS #11 Cryptographic Token Interface 2.40 and 3.0. The vendor's library is loaded by python-pkcs11,
which is an extra of this package and is imported inside functions only. What it raises becomes one of our own errors.

A PIN is tried once. Tokens count wrong ones and lock themselves, mostly after three to ten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kzeds.certificate import Certificate
from kzeds.errors import MalformedCertificateError, TokenError

if TYPE_CHECKING:
    import pkcs11

HOW_TO_INSTALL = "pip install 'usrec-agent[pkcs11]'"
BY_IDENTIFIER = "id:"
"""What a key's name begins with when it is meant by its CKA_ID in hexadecimal, not by its label."""

_WRONG = "the PIN is wrong; a token locks itself after a few wrong ones, so it is not tried again by itself"
_LOCKED = "its PIN is locked; its owner unlocks it with the vendor's program"
_finding = threading.Lock()
_locks: dict[Path, threading.RLock] = {}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A private key in a token.

    Attributes:
        label: CKA_LABEL.
        identifier: CKA_ID; certificates of the key have the same one.
        kind: CKA_KEY_TYPE as PKCS#11 names it, or in hexadecimal when it is the vendor's own.
        can_sign: CKA_SIGN.
        always_asks: CKA_ALWAYS_AUTHENTICATE: the PIN is needed for each signature.
        handle: python-pkcs11's object.
    """

    label: str
    identifier: bytes
    kind: str
    can_sign: bool
    always_asks: bool
    handle: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TokenCertificate:
    """A certificate in a token; `certificate` is None when its bytes cannot be read."""

    label: str
    identifier: bytes
    certificate: Certificate | None


def lock_of(library: Path) -> threading.RLock:
    """Return the lock under which a library is used.

    python-pkcs11 initialises libraries without saying that there are threads (C_Initialize with no arguments), so a
    library may count on being called by one at a time, whatever keys and tokens it is about.
    """
    with _finding:
        return _locks.setdefault(library.resolve(), threading.RLock())


def load_library(path: Path) -> pkcs11._pkcs11.lib:
    """Load a vendor's library, or return it when it is loaded already.

    Raises:
        TokenError: `extra` when python-pkcs11 is not installed, `library` when the file is not such a library.
    """
    try:
        import pkcs11
    except ImportError:
        raise TokenError(f"PKCS#11 needs an extra that is not installed: {HOW_TO_INSTALL}", reason="extra") from None
    if not path.is_file():
        raise TokenError(f"{path}: there is no such PKCS#11 library", reason="library")
    try:
        with lock_of(path):
            return pkcs11.lib(str(path.resolve()))
    except (RuntimeError, OSError):
        raise TokenError(
            f"{path} is not a PKCS#11 library that loads here; its other libraries or its settings may be missing",
            reason="library",
        ) from None


def find_token(library: pkcs11._pkcs11.lib, label: str) -> pkcs11.Token:
    """Return the one token of that label, as it stands now.

    Raises:
        TokenError: `token` when there is none, `ambiguous` when there are several.
    """
    found = tokens_in(library)
    named = [token for token in found if token.label == label]
    if len(named) > 1:
        raise TokenError(f"{len(named)} tokens are labelled {label!r}; exactly one is expected", reason="ambiguous")
    if not named:
        others = ", ".join(repr(token.label) for token in found) or "none at all"
        raise TokenError(f"no token is labelled {label!r}; there is {others}", reason="token")
    return named[0]


def tokens_in(library: pkcs11._pkcs11.lib) -> list[pkcs11.Token]:
    """Return the tokens in all slots.

    Raises:
        TokenError: `failed`.
    """
    with translating("the tokens cannot be listed"):
        return [token for slot in library.get_slots(token_present=True) if (token := token_in(slot)) is not None]


def token_in(slot: pkcs11.Slot) -> pkcs11.Token | None:
    """Return the token in a slot; None when there is none, or it is not initialised or cannot be read."""
    import pkcs11

    try:
        token = slot.get_token()
    except (pkcs11.PKCS11Error, UnicodeDecodeError):
        return None
    return token if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED else None


def log_in(token: pkcs11.Token, pin: str, *, careful: bool) -> pkcs11.Session:
    """Open a session of the user. The PIN is tried at most once.

    Where this process is logged in already, the session shares that, and the PIN is not looked at.

    Args:
        token: Fresh from `find_token`: its flags are those of that moment.
        pin: The user's.
        careful: Refuse to spend a try when the last one was wrong (CKF_USER_PIN_COUNT_LOW): a program that is started
            again and again would lock the token.

    Raises:
        TokenError: `pin`, `pin_locked`, `pin_tries`, or `failed`.
    """
    import pkcs11

    flags = token.flags
    if flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
        raise TokenError(f"token {token.label!r}: {_LOCKED}", reason="pin_locked")
    low = flags & (pkcs11.TokenFlag.USER_PIN_COUNT_LOW | pkcs11.TokenFlag.USER_PIN_FINAL_TRY)
    if careful and low:
        raise TokenError(
            f"token {token.label!r}: a wrong PIN was entered last, so none is tried by itself. Put the right one into "
            "the settings, then log in once by hand (kzeds pkcs11 probe with --pin-file), which clears this",
            reason="pin_tries",
        )
    with translating(f"token {token.label!r}: no session can be opened"):
        try:
            return token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open()


def keys_in(session: pkcs11.Session) -> list[TokenKey]:
    """Return the private keys that the session sees.

    Raises:
        TokenError: `failed`.
    """
    import pkcs11

    with translating("the keys of the token cannot be read"):
        return [_key(one) for one in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})]


def _key(found: Any) -> TokenKey:
    from pkcs11 import Attribute

    return TokenKey(
        label=_read(found, Attribute.LABEL, ""),
        identifier=_read(found, Attribute.ID, b""),
        kind=_kind(found),
        can_sign=hasattr(found, "sign"),
        always_asks=_read(found, Attribute.ALWAYS_AUTHENTICATE, default=False),
        handle=found,
    )


def _kind(found: Any) -> str:
    """Name the type of a key; python-pkcs11 says ValueError, with the number, of what only the vendor knows."""
    from pkcs11 import Attribute

    try:
        return str(getattr(_read(found, Attribute.KEY_TYPE, None), "name", "unknown"))
    except ValueError as error:
        number = str(error).split(" ", 1)[0]
        return f"0x{int(number):08x}" if number.isdecimal() else "unknown"


def certificates_in(session: pkcs11.Session) -> list[TokenCertificate]:
    """Return the certificates that the session sees.

    Raises:
        TokenError: `failed`.
    """
    from pkcs11 import Attribute, ObjectClass

    with translating("the certificates of the token cannot be read"):
        found = session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
        return [
            TokenCertificate(
                label=_read(one, Attribute.LABEL, ""),
                identifier=_read(one, Attribute.ID, b""),
                certificate=_parsed(_read(one, Attribute.VALUE, b"")),
            )
            for one in found
        ]


def _parsed(der: bytes) -> Certificate | None:
    try:
        return Certificate.from_der(der)
    except MalformedCertificateError:
        return None


def _read(found: Any, attribute: Any, default: Any) -> Any:
    """Read an attribute that a token may lack."""
    import pkcs11

    try:
        return found[attribute]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive, UnicodeDecodeError):
        return default


def certificates_of(key: TokenKey, certificates: list[TokenCertificate]) -> list[Certificate]:
    """Return the certificates of a key: those of its identifier, or, where it has none, those of its label."""
    if key.identifier:
        named = [one for one in certificates if one.identifier == key.identifier]
    else:
        named = [one for one in certificates if one.label == key.label]
    return [one.certificate for one in named if one.certificate is not None]


def mechanism_names(slot: pkcs11.Slot) -> list[str]:
    """Return what the token can do, by PKCS#11's names, or in hexadecimal for what only the vendor knows.

    Raises:
        TokenError: `failed`.
    """
    with translating("the mechanisms of the token cannot be listed"):
        found = slot.get_mechanisms()
    return sorted((name_of(one) for one in found), key=lambda name: (name.startswith("0x"), name))


def name_of(mechanism: int) -> str:
    """Name a mechanism; python-pkcs11 marks the broken ones by an underscore."""
    return str(getattr(mechanism, "name", "")).lstrip("_") or f"0x{int(mechanism):08x}"


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Turn whatever python-pkcs11 raises into a TokenError: about the PIN, or with PKCS#11's own word for it."""
    import pkcs11

    try:
        yield
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
        raise TokenError(f"{what}: {_WRONG}", reason="pin") from None
    except pkcs11.PinLocked:
        raise TokenError(f"{what}: {_LOCKED}", reason="pin_locked") from None
    except (pkcs11.PKCS11Error, UnicodeDecodeError) as error:
        raise TokenError(f"{what} ({type(error).__name__})") from error
