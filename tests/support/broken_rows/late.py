"""Events that come after their term: the rule warns, and a registry that refuses for it answers its code."""

from __future__ import annotations

from typing import Final

from support.sound_rows import CONCLUDED, Before, BrokenRow
from usrec.domain.source_event import Operation
from usrec_simulator.rules import DeadlinePolicy

_REFUSED: Final = {"deadlines": DeadlinePolicy.REFUSE}
_LONG_AGO: Final = {"entered_on": "2026-10-01"}
_ENTERED: Final = Before(Operation.CONCLUSION, days_ago=50)
_AUGUST: Final = "2026-08-03"
_CHANGED: Final = Before(Operation.AMENDMENT, {"agreement_date": _AUGUST, "signed_on": _AUGUST}, days_ago=50)

LATE: tuple[BrokenRow, ...] = (
    BrokenRow("SCSE088", "conclusion_entered_in_time", Operation.CONCLUSION, book=_REFUSED),
    BrokenRow(
        "SCSE089",
        "amendment_entered_in_time",
        Operation.AMENDMENT,
        {"agreement_date": _AUGUST, "signed_on": _AUGUST, "begin_date": _AUGUST},
        book=_REFUSED,
    ),
    BrokenRow(
        "SCSE090", "correction_window_open", Operation.CONTRACT_EDIT, _LONG_AGO, before=(_ENTERED,), book=_REFUSED
    ),
    BrokenRow(
        "SCSE090",
        "correction_window_open",
        Operation.CONTRACT_EDIT,
        {"entered_on": "2026-10-15"},
        before=(_ENTERED,),
        book=_REFUSED,
    ),
    BrokenRow(
        "SCSE090", "correction_window_open", Operation.CONTRACT_DELETE, _LONG_AGO, before=(_ENTERED,), book=_REFUSED
    ),
    BrokenRow(
        "SCSE090",
        "correction_window_open",
        Operation.AMENDMENT_EDIT,
        _LONG_AGO,
        before=(_ENTERED, _CHANGED),
        book=_REFUSED,
    ),
    BrokenRow(
        "SCSE090",
        "correction_window_open",
        Operation.AMENDMENT_DELETE,
        _LONG_AGO,
        before=(_ENTERED, _CHANGED),
        book=_REFUSED,
    ),
    BrokenRow(
        "SCSE091",
        "termination_entered_in_time",
        Operation.TERMINATION,
        {"termination_date": _AUGUST},
        book=_REFUSED,
    ),
    BrokenRow(
        "SCSE093",
        "reinstatement_entered_in_time",
        Operation.REINSTATEMENT,
        {"reinstatement_date": "2026-08-04", "termination_date": _AUGUST},
        before=(CONCLUDED, Before(Operation.TERMINATION, {"termination_date": _AUGUST})),
        book=_REFUSED,
    ),
)
"""Not among ``BROKEN_ROWS``: nothing stops them."""
