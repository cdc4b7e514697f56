"""Which policy is in force for a response code, and which ones the settings may not choose.

The safe default of each code stands with its explanation; an employer's settings may choose another one where that can
neither register anything twice nor send in vain. The codes named here are held to the explanations by a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from usrec.domain.response_code import Policy

UNKNOWN_ERROR: Final = "SCSE002"
"""It does not even say whether the record was taken."""

CHOOSABLE: Final = frozenset(
    {
        Policy.RETRY,
        Policy.FIX_AND_RESEND,
        Policy.CONFIRM_THEN_ACCEPT,
        Policy.OTHER_PARTY,
        Policy.STOP_EVERYTHING,
    }
)
"""What can be done after a refusal."""


def _codes(*numbers: int) -> frozenset[str]:
    return frozenset(f"SCSE{number:03}" for number in numbers)


RESENDABLE: Final = _codes(2, 12, 13, 58, 59, 62, 66, 94, 110, 126, 153, 156, 187, 270)
"""The same bytes may pass on another day, without harm."""
EXISTS_ALREADY: Final = _codes(14, 17, 20, 41, 52, 70, 86, 95, 120, 121, 137, 169)
"""What is sent, or its effect, stands in the registry already."""
OF_THE_EMPLOYER: Final = _codes(1, 46)
"""About the employer's key or the employer itself, not about one row. They come before the registry looks for us."""

_KNOWN: Final = re.compile(r"SCSE(?!000)(?:[01]\d\d|2[0-7]\d|28[0-5]|999)")


@dataclass(frozen=True, slots=True)
class Policies:
    """What is done after each code.

    Attributes:
        default: The safe default of a code that somebody explained.
        chosen: By code, what the settings put in its place.
    """

    default: Callable[[str], Policy] = field(default=lambda _: Policy.FIX_AND_RESEND)
    chosen: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, code: str) -> Policy:
        """The policy in force."""
        return self.chosen.get(code) or self.default(code)

    def is_chosen(self, code: str) -> bool:
        """Whether the settings changed it."""
        return code in self.chosen and self.chosen[code] is not self.default(code)


def is_known_code(code: str) -> bool:
    """Whether USREC has a refusal with this code."""
    return _KNOWN.fullmatch(code) is not None


def objection(code: str, wanted: Policy) -> str:
    """Why ``wanted`` would be wrong for ``code``, one clause; empty where it may be chosen."""
    if wanted not in CHOOSABLE:
        return f"{wanted.value} is nothing that can be done after a refusal"
    if code == UNKNOWN_ERROR:
        return _only(wanted, Policy.RETRY, "it leaves open whether the record was taken, so only the same bytes may go")
    if code in EXISTS_ALREADY:
        why = "the record may be registered already, and sending it again could register it twice"
        return _only(wanted, Policy.CONFIRM_THEN_ACCEPT, why)
    if wanted is Policy.STOP_EVERYTHING and code not in OF_THE_EMPLOYER:
        return "it is about one row, and one row must not stop everything of an employer"
    if wanted is Policy.RETRY and code not in RESENDABLE:
        return "the same bytes cannot pass on another day; something has to change first"
    return ""


def _only(wanted: Policy, allowed: Policy, why: str) -> str:
    return "" if wanted is allowed else f"{why} ({allowed.value})"
