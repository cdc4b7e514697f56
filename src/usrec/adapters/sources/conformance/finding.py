"""What one trial of a database found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from usrec.domain.errors import UsrecError


class Verdict(StrEnum):
    """How a trial ended."""

    PASSED = "pass"
    FAILED = "fail"
    SKIPPED = "skip"


class Check(StrEnum):
    """What is tried."""

    CONNECTION = "connection"
    ENCRYPTION = "encryption"
    READING = "reading"
    LIMITS = "limits"
    RIGHTS = "rights"
    TABLE = "table"
    TYPES = "types"
    KEYS = "keys"
    LATE_COMMIT = "late_commit"
    READ_ONLY = "read_only"
    CLAIM = "claim"
    HR_GOES_ON = "hr_goes_on"
    STATUS = "status"
    LOCKS = "locks"
    KILLED = "killed"
    CLEAN = "clean"
    STAFF = "staff"
    LETTERS = "letters"


class NotAsExpected(Exception):  # noqa: N818 -- a finding, not an error of the program
    """The database does otherwise than the agent relies upon."""


class NotTried(Exception):  # noqa: N818 -- see NotAsExpected
    """The trial cannot be made here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of one trial.

    Attributes:
        seconds: How long it took.
        detail: What was seen, in English; no personal data and no name from the address.
    """

    check: Check
    verdict: Verdict
    seconds: float
    detail: str


def tried(check: Check, trial: Callable[[], str]) -> Finding:
    """Make a trial, which returns what it saw."""
    began = time.monotonic()
    try:
        verdict, detail = Verdict.PASSED, trial()
    except NotTried as reason:
        verdict, detail = Verdict.SKIPPED, str(reason)
    except NotAsExpected as problem:
        verdict, detail = Verdict.FAILED, str(problem)
    except UsrecError as problem:
        verdict, detail = Verdict.FAILED, problem.what
    return Finding(check, verdict, round(time.monotonic() - began, 2), detail)
