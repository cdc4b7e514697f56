"""Whether a bundle can hold a period, found out before anything is written; else the period in parts that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.submission import SubmissionId
from usrec.ports.evidence import Volume

if TYPE_CHECKING:
    from usrec.ports.evidence import Chosen, EvidenceReading

_SPARE: Final = Volume(500, 200_000_000)
"""For certificates, the chain, the act, and what cannot be counted before."""
_MOST_PARTS: Final = 50
_DAY: Final = timedelta(days=1)


def require_room(reading: EvidenceReading, chosen: Chosen, of: SubmissionId | tuple[date, date], output: Path) -> None:
    """Refuse a period that no bundle can hold.

    Raises:
        UnsafeRequest: It holds too much; the message names parts that fit.
    """
    from usrec.domain.errors import UnsafeRequest

    if isinstance(of, str) or not _is_too_much(found := reading.volume(chosen.ids)):
        return
    raise UnsafeRequest(
        f"{len(chosen.ids)} submissions are {found.files} files and {found.size // 10**6} MB at least; a bundle holds "
        f"{_most().files} files and {_most().size // 10**6} MB",
        where=str(output),
        kept="Nothing was written, and nothing was changed",
        next_step=_advice(list(_parts(reading, *of))),
    )


def _most() -> Volume:
    from kzeds.bundle.layout import MAXIMUM_FILES, MAXIMUM_SIZE

    return Volume(MAXIMUM_FILES, MAXIMUM_SIZE)


def _is_too_much(found: Volume) -> bool:
    most, whole = _most(), found + _SPARE
    return whole.files > most.files or whole.size > most.size


def _advice(parts: Sequence[tuple[date, date]]) -> str:
    if len(parts) == 1:
        return "A single day holds too much: export its submissions one by one, with --submission"
    shown = ", ".join(f"--period {first.isoformat()} {last.isoformat()}" for first, last in parts[:_MOST_PARTS])
    more = "" if len(parts) <= _MOST_PARTS else f" and {len(parts) - _MOST_PARTS} more"
    return f"Export it in {len(parts)} parts, each into a file of its own: {shown}{more}"


def _parts(reading: EvidenceReading, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The period in halves of halves until each fits, or is one day."""
    if first == last or not _is_too_much(reading.volume(reading.due_or_taken(first, last).ids)):
        yield first, last
        return
    middle = first + (last - first) // 2
    yield from _parts(reading, first, middle)
    yield from _parts(reading, middle + _DAY, last)
