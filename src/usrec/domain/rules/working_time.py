"""Working time: a tariff rate belongs to part-time work, and part-time work to a tariff rate.

Sources: response codes SCSE074, 076, 077 and the dictionary D_WORKING_HOURS. That mode 3, part-time, is the one that
takes a rate is our reading of it. Whether the rate is a share is said by the field table (078).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.events.contracts import WorkTerms
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Details

PART_TIME: Final = "3"


def check_working_time(details: Details) -> Iterator[Finding]:
    """Findings about the mode of working time."""
    if not isinstance(details, WorkTerms):
        return
    mode, rate = details.working_hours_code, details.tariff_rate
    if rate is not None and mode is None:
        message = "A tariff rate is given without the mode of working time."
        yield error("tariff_rate_needs_working_hours", "working_hours_code", message, code="SCSE074")
    if rate is not None and mode not in {None, PART_TIME}:
        message = "This mode of working time takes no tariff rate; only part-time work, mode 3, does."
        yield error("tariff_rate_forbidden_by_mode", "tariff_rate", message, code="SCSE076")
    if rate is None and mode == PART_TIME:
        message = "Part-time work, mode 3, needs its tariff rate."
        yield error("tariff_rate_required_by_mode", "tariff_rate", message, code="SCSE077")
