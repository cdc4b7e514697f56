"""The file with which a person proves what became of a submission."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from usrec.domain.errors import UnsafeRequest

LARGEST_EVIDENCE: Final = 10 * 1024 * 1024
"""Bytes; the ledger keeps the evidence for good."""


def read_evidence(file: Path) -> bytes:
    """The bytes of an evidence file.

    Raises:
        UnsafeRequest: It cannot be read, is empty or too large.
    """
    try:
        with file.open("rb") as opened_file:
            content = opened_file.read(LARGEST_EVIDENCE + 1)
    except OSError as problem:
        raise _bad_evidence(file, f"it cannot be read: {problem.strerror}") from None
    if not content:
        raise _bad_evidence(file, "it is empty")
    if len(content) > LARGEST_EVIDENCE:
        raise _bad_evidence(file, f"it is larger than {LARGEST_EVIDENCE // 1024**2} MB")
    return content


def _bad_evidence(file: Path, what: str) -> UnsafeRequest:
    return UnsafeRequest(
        what, where=str(file), kept="Nothing was changed", next_step="Give a file that proves the outcome"
    )
