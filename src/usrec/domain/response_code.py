"""What a response code of USREC means for whoever has to act on it: one explanation for each code.

Source: the official dictionary of response codes gives numbers and names; everything here is our own wording and our
own reading of it, unofficial. A code has exactly one place (:class:`Handling`), which says whether a rule of this
agent can know it before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALIKE: Final = str.maketrans("СЕ", "CE")
"""Cyrillic letters of a Kazakh or Russian keyboard that look like those of a code."""
_TYPED: Final = re.compile(r"(?P<family>SCS[ES])?[\s_-]*(?P<number>\d{1,3})")


class Handling(StrEnum):
    """The one place of a code.

    Attributes:
        PREFLIGHT: The agent can know it before sending: from the row, its ledger, the dictionaries or the wire format.
        SERVER: Only USREC can know it: other employers' records, state databases, its own state.
        OTHER_PARTY: Somebody else has to act before it can pass.
        OUT_OF_SCOPE: It belongs to operations that the agent does not send; ``Explanation.scope`` says which.
        SUCCESS: Not a refusal.
    """

    PREFLIGHT = "preflight"
    SERVER = "server"
    OTHER_PARTY = "other_party"
    OUT_OF_SCOPE = "out_of_scope"
    SUCCESS = "success"


class Actor(StrEnum):
    """Who must act on a code first. ``IT`` is whoever administers the agent or the HR system."""

    HR = "hr"
    IT = "it"
    KEY_OWNER = "key_owner"
    EMPLOYER_MANAGEMENT = "employer_management"
    EMPLOYEE = "employee"
    OTHER_EMPLOYER = "other_employer"
    LABOUR_AUTHORITY = "labour_authority"
    STATE_REGISTER = "state_register"
    USREC_SUPPORT = "usrec_support"
    NOBODY = "nobody"


class Policy(StrEnum):
    """What is right to do after a code; the safe default of each.

    Attributes:
        RETRY: The same bytes again, at their time.
        FIX_AND_RESEND: A new revision of the row, or a new version of the document.
        CONFIRM_THEN_ACCEPT: It may be registered already, so nothing is sent before somebody has looked.
        OTHER_PARTY: It waits until somebody else has acted.
        STOP_EVERYTHING: Nothing of this employer goes out until it is mended.
        OUT_OF_SCOPE: Nothing of the agent's is concerned.
        SUCCESS: Nothing is left to do.
    """

    RETRY = "retry"
    FIX_AND_RESEND = "fix_and_resend"
    CONFIRM_THEN_ACCEPT = "confirm_then_accept"
    OTHER_PARTY = "other_party"
    STOP_EVERYTHING = "stop_everything"
    OUT_OF_SCOPE = "out_of_scope"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class CodeText:
    """A code in one language, in three parts without a final full stop.

    Attributes:
        meaning: What it means, one clause that begins in lower case.
        cause: What is likely to have led to it.
        action: Who does what now, in whole sentences.
    """

    meaning: str
    cause: str
    action: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is said about one code.

    Attributes:
        code: ``SCSSnnn`` or ``SCSEnnn``.
        active: The official dictionary still has it in use.
        scope: Why the agent has nothing to do with it, in English; only for ``OUT_OF_SCOPE``.
        operations: Operations that can meet it, by their names in HR's rows; ``any`` alone stands for all of them.
        field: The field of HR's row to mend, empty when there is none.
        resend_safe: Whether the same bytes may go again without harm, and not in vain.
        point: The point of law or the dictionary that it rests on, empty when none is known.
        sure: False where the official text can be read in more than one way, and this is our reading.
        rule: The rule that checks it before sending, empty when there is none.
        texts: The words by language: ``kk``, ``ru``, ``en``.
    """

    code: str
    active: bool
    handling: Handling
    scope: str
    operations: tuple[str, ...]
    field: str
    actor: Actor
    policy: Policy
    resend_safe: bool
    point: str
    sure: bool
    rule: str
    texts: Mapping[str, CodeText]


def code_of(typed: str) -> str | None:
    """The code that a person means by ``SCSE003``, ``scse3``, ``SCSE-003`` or ``003``; None where none is meant.

    A bare number is that of a refusal.
    """
    found = _TYPED.fullmatch(typed.strip().upper().translate(ALIKE))
    return f"{found['family'] or 'SCSE'}{int(found['number']):03}" if found else None
