"""Employers of whom nothing goes out: said before all else, and nothing is said where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.errors import UsrecError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.ledger import build_ledger

STOPPED: Final = Kind(
    "employer",
    "stopped",
    Verdict.FAIL,
    N_("It is stopped since {at}: nothing of it is signed or sent"),
    N_("See why: usrec employer list; when it is mended: usrec employer release NAME --reason WHY"),
)


def examine_stops(installation: Installation) -> Iterator[Line]:
    """One line for each; a ledger that cannot be read is told by its own check."""
    try:
        ledger = build_ledger(installation.settings)
    except UsrecError:
        return
    try:
        stops = ledger.view.employer_stops()
    finally:
        ledger.close()
    for stop in stops:
        yield STOPPED.line(about=stop.employer, at=stop.stopped_at)
