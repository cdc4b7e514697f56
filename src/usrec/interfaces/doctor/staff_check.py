"""Each staff that is looked at: its mapping fits, and its queries return a staff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, SourceUnavailable
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.interfaces.doctor.installation import Installation
    from usrec.settings import SnapshotSourceSettings

STAFF_UNUSABLE: Final = Kind(
    "source",
    "staff_unusable",
    Verdict.FAIL,
    N_("The staff cannot be looked at: {why}"),
    N_("Mend [source.{about}], its mapping file or the account's rights; usrec source check {about} tells more"),
)
STAFF_EMPTY: Final = Kind(
    "source",
    "staff_empty",
    Verdict.FAIL,
    N_("The query of the staff returns no contract; a look is refused"),
    N_("Run the query of the mapping file with the account of [source.{about}]: has a right or a view been lost?"),
)
STAFF: Final = Kind("source", "staff", Verdict.OK, N_("The staff can be looked at; contracts: {number}"))


def examine_staff(installation: Installation, name: str, source: SnapshotSourceSettings) -> Iterator[Line]:
    """One staff of the settings."""
    from usrec.staffs import build_mapping, build_roster

    settings = installation.settings
    try:
        roster = build_roster(settings, name, source, build_mapping(settings, source))
        try:
            number = len(roster.look(installation.clock.now()).contracts)
        finally:
            roster.close()
    except (ConfigurationError, SourceUnavailable) as problem:
        yield STAFF_UNUSABLE.line(about=name, why=problem.what)
        return
    yield STAFF.line(about=name, number=number) if number else STAFF_EMPTY.line(about=name)
