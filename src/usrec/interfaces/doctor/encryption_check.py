"""How personal data is kept in the ledger: encrypted or not, and whether every key is at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import UsrecError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.adapters.persistence.care.sealed_ledger import SealedLedger

ENCRYPTED: Final = Kind(
    "encryption", "on", Verdict.OK, N_("Personal data in the ledger is encrypted with the key {key}")
)
PLAIN: Final = Kind(
    "encryption", "off", Verdict.OK, N_("Personal data in the ledger is not encrypted by the agent itself")
)
MIXED: Final = Kind(
    "encryption",
    "mixed",
    Verdict.WARN,
    N_("Values in the ledger that are not under the present key: {number}"),
    N_("Run, as the ledger's owner: usrec ledger encrypt"),
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


def examine_encryption(installation: Installation) -> Iterator[Line]:
    """One line."""
    from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
    from usrec.adapters.persistence.sealing import NOT_SEALED
    from usrec.bootstrap import build_sealing, ledger_access
    from usrec.domain.errors import ConfigurationError

    try:
        sealing = build_sealing(installation.settings)
    except ConfigurationError as problem:
        yield NO_KEY.line(why=problem.what)
        return
    try:
        ledger = SealedLedger(*ledger_access(installation.settings), NOT_SEALED)
        by_key = _together(ledger)
        ledger.close()
    except UsrecError:
        yield UNKNOWN.line()
        return
    yield _judged(by_key, list(sealing.key_ids))


def _together(ledger: SealedLedger) -> Mapping[str, int]:
    by_key: Counter[str] = Counter()
    for one in ledger.standing():
        by_key.update(one.by_key)
    return by_key


def _judged(by_key: Mapping[str, int], at_hand: Sequence[str]) -> Line:
    lacking = [key for key, number in by_key.items() if key and number and key not in at_hand]
    if lacking:
        return NO_KEY.line(why=f"the key {', '.join(lacking)} is not at hand")
    if not at_hand:
        return PLAIN.line()
    others = sum(number for key, number in by_key.items() if key != at_hand[0])
    return MIXED.line(number=others) if others else ENCRYPTED.line(key=at_hand[0])
