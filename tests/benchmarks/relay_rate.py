"""How fast a relay is, by the moments at which it did its jobs."""

from __future__ import annotations

from collections.abc import Sequence


def middle_rate(moments: Sequence[float]) -> float:
    """Jobs a second between the first and the last tenth, in which a relay starts and runs dry."""
    ordered = sorted(moments)
    start, end = len(ordered) // 10, len(ordered) * 9 // 10
    if end <= start:
        raise ValueError("there were too few jobs to tell a rate")
    return (end - start) / max(ordered[end] - ordered[start], 1e-9)
