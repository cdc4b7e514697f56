"""What may stand in a label."""

from __future__ import annotations

import re
from typing import Final

from usrec.domain.outcome import Faulted, NothingSent, Refused, Registered, SubmissionOutcome, Unknown

NO_CODE: Final = "none"
OTHER_CODE: Final = "other"
CODES_AT_MOST: Final = 150
"""Different codes with a series of their own; USREC's public dictionary has fewer that can be answered to us."""

_CODE: Final = re.compile(r"SCSS\d{3}|SCSE\d{3}|SCE\d{3}|FAULT-\d{3}|SBF-[A-Z]{2}-\d{1,2}|VAL-[A-Z]{1,3}-\d{3}")
"""USREC's and ShEP's codes. The code of an answer that cannot be trusted could be anything, a person's number too."""


def outcome_label(outcome: SubmissionOutcome) -> str:
    """How an exchange with the gateway ended, in one word."""
    match outcome:
        case Registered():
            return "registered"
        case Refused():
            return "refused"
        case Faulted():
            return "fault"
        case Unknown():
            return "unknown"
        case NothingSent():
            return "nothing_sent"


class CodeLabels:
    """Response codes as labels: what has no known form, or would be one code too many, is ``other``."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def label(self, code: str) -> str:
        """The label for ``code``, which may be empty."""
        if not code:
            return NO_CODE
        if code not in self._seen:
            if len(self._seen) >= CODES_AT_MOST or _CODE.fullmatch(code) is None:
                return OTHER_CODE
            self._seen.add(code)
        return code
