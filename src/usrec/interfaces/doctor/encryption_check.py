"""How personal data is kept in the ledger: encrypted or not, and whether every key is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from usrec.domain.errors import ConfigurationError, UsrecError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

ENCRYPTED: Final = Kind(
    "encryption", "on", Verdict.OK, N_("Personal data in the ledger is encrypted with the key {key}")
)
UNCOUNTED: Final = Kind(
    "encryption",
    "uncounted",
    Verdict.OK,
    N_(
        "Personal data in the ledger is encrypted with the key {key}. Whether a value stands plain was not counted,"
        " since that would read {size} GiB: usrec ledger keys counts"
    ),
)
PLAIN: Final = Kind(
    "encryption", "off", Verdict.OK, N_("Personal data in the ledger is not encrypted by the agent itself")
)
OLD_KEYS: Final = Kind(
    "encryption",
    "old_keys",
    Verdict.WARN,
    N_("Old keys that values in the ledger may still be under: {keys}"),
    N_("Run, as the ledger's owner and while no agent runs: usrec ledger encrypt"),
)
PLAIN_LEFT: Final = Kind(
    "encryption",
    "plain_left",
    Verdict.WARN,
    N_("Values in the ledger that are not encrypted, and are read like others: {number}. The key is {key}"),
    N_("Run, as the ledger's owner and while no agent runs: usrec ledger encrypt. Then a plain value is damage"),
)
PLANTED: Final = Kind(
    "encryption",
    "planted",
    Verdict.FAIL,
    N_("Values that stand plain in a ledger in which everything was encrypted: {number}, in {columns}"),
    N_("Find out who wrote into the ledger's tables: usrec journal verify. The agent refuses to read them"),
)
NO_KEY: Final = Kind(
    "encryption",
    "no_key",
    Verdict.FAIL,
    N_("Personal data in the ledger cannot be read, so no agent starts: {why}"),
    N_("Name the key in [ledger.encryption]; without it nobody can read those values, and nothing of them is lost"),
)
UNKNOWN: Final = Kind(
    "encryption",
    "unknown",
    Verdict.WARN,
    N_("How personal data is kept is not known, since the ledger cannot be read"),
    N_("Mend the ledger first"),
)

GIB: Final = 1 << 30
READ_AT_MOST: Final = 2 * GIB
"""Of a larger ledger nothing is counted: whoever calls the doctor waits for its answer."""


def examine_encryption(installation: Installation) -> Iterator[Line]:
    """One line."""
    from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
    from usrec.adapters.persistence.sealing import NOT_SEALED
    from usrec.ledger import build_sealing, ledger_access

    try:
        sealing = build_sealing(installation.settings)
    except ConfigurationError as problem:
        yield NO_KEY.line(why=problem.what)
        return
    try:
        ledger = SealedLedger(*ledger_access(installation.settings), NOT_SEALED)
        try:
            used, closed, space = ledger.keys_in_use(), ledger.everything_is_closed(), ledger.space()
            standing = ledger.standing() if used and space <= READ_AT_MOST else []
        finally:
            ledger.close()
    except UsrecError:
        yield UNKNOWN.line()
        return
    plain = {one.place: one.by_key[""] for one in standing if one.by_key[""]}
    found = _judged(used, list(sealing.key_ids), plain, closed=closed)
    yield found if standing or found.kind is not ENCRYPTED else _uncounted(found, space, closed=closed)


def _uncounted(found: Line, space: int, *, closed: bool) -> Line:
    """Of a ledger that is too large to count: its own key is closed last, so while that stands plain, others may."""
    key = found.values["key"]
    return UNCOUNTED.line(key=key, size=-(-space // GIB)) if closed else PLAIN_LEFT.line(number="1+", key=key)


def _judged(used: Sequence[str], at_hand: Sequence[str], plain: Mapping[str, int], *, closed: bool) -> Line:
    lacking = [key for key in used if key not in at_hand]
    if lacking:
        return NO_KEY.line(why=f"the key {', '.join(lacking)} is not at hand")
    if not at_hand:
        return PLAIN.line()
    if plain and closed:
        return PLANTED.line(number=sum(plain.values()), columns=", ".join(plain))
    old = [key for key in used if key != at_hand[0]]
    if plain and not old:
        return PLAIN_LEFT.line(number=sum(plain.values()), key=at_hand[0])
    return OLD_KEYS.line(keys=", ".join(old)) if old else ENCRYPTED.line(key=at_hand[0])
