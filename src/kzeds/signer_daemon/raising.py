"""Letting a key sign more on one day, with a name and a reason in the log."""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from kzeds.errors import SignerSettingsError
from kzeds.signer_daemon.assembly import BOOK, LOG
from kzeds.signer_daemon.log import SigningLog
from kzeds.signer_daemon.quota import ALL, Allowance, Count, QuotaBook, day_of
from kzeds.signer_daemon.settings import Settings

_NOBODY: Final = 2**32 - 1
"""The login id of a process that nobody's login began. Source: audit, /proc/PID/loginuid."""


MOST: Final = 1_000_000
"""The highest quota that a raise gives."""


@dataclass(frozen=True, slots=True)
class Raise:
    """What is asked for.

    Attributes:
        key: Name of a key, or of its statements (`Settings.allowances`).
        operation: None for the quota of the whole key.
        to: How many new documents there may be on that day, those before included.
    """

    key: str
    operation: str | None
    to: int
    day: date
    reason: str


def raise_quota(settings: Settings, wanted: Raise, at: datetime) -> Count:
    """Raise a quota for one day: first a line in the log, then the count.

    Raises:
        SignerSettingsError: When nothing of this kind can be raised; nothing was changed.
        OSError: When this user may not: only root and the daemon's own user can.
    """
    rule = settings.allowances.get(wanted.key)
    if rule is None:
        raise SignerSettingsError(f"there is no key {wanted.key!r} in {settings.file}; nothing was changed")
    book = QuotaBook(settings.state / BOOK, must_exist=True)
    try:
        operation = _require_sense(rule, wanted, book, at)
        log = SigningLog(settings.state / LOG, book.log_end())
        try:
            log.append("raised", at, _facts(wanted))
            book.raise_to(rule.name, operation, wanted.to, day=wanted.day, log_end=log.end)
        finally:
            log.close()
        return book.count(rule, operation, wanted.day)
    finally:
        book.close()


def _require_sense(rule: Allowance, wanted: Raise, book: QuotaBook, at: datetime) -> str:
    """Check what is asked for, and return which quota is meant."""
    operation = ALL if wanted.operation is None else wanted.operation
    if operation != ALL and operation not in rule.operation_quota:
        raise SignerSettingsError(f"the key {rule.name!r} has no quota for the operation {operation!r}")
    if wanted.day < day_of(at):
        raise SignerSettingsError(f"{wanted.day} has passed in Kazakhstan; nothing was changed")
    if wanted.to > MOST:
        raise SignerSettingsError(f"a quota of more than {MOST} is none; nothing was changed")
    count = book.count(rule, operation, wanted.day)
    if wanted.to <= count.quota:
        raise SignerSettingsError(f"the quota on {wanted.day} is {count.quota} already; nothing was changed")
    if not wanted.reason.strip():
        raise SignerSettingsError("a reason is needed: it stands in the log; nothing was changed")
    if re.search(r"\d{12}", wanted.reason):
        raise SignerSettingsError("the reason holds twelve digits, which may be an IIN; nothing was changed")
    return operation


def _facts(wanted: Raise) -> dict[str, object]:
    return {
        "key": wanted.key,
        "operation": wanted.operation,
        "quota": wanted.to,
        "day": wanted.day.isoformat(),
        "reason": wanted.reason,
        "uid": os.getuid(),
        "who": _name(os.getuid()),
        "login": _login(),
    }


def _login() -> str | None:
    """Who logged in, whatever they became by su or sudo since; None where the kernel does not know."""
    try:
        uid = int(Path("/proc/self/loginuid").read_text("ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == _NOBODY else _name(uid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
