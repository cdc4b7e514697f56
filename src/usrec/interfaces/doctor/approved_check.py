"""The review files of sources in which HR writes its own values: one that cannot be used holds its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.approved import read_approved
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.settings import mapped

REVIEW_UNUSABLE: Final = Kind(
    "source",
    "review_unusable",
    Verdict.FAIL,
    N_("Nothing is taken from this source, because a review file of its values cannot be used: {why}"),
    N_("Mend the file, or approved in [source.{about}]; then reload the agent"),
)


def examine_approved(installation: Installation) -> Iterator[Line]:
    """Each source that has such files."""
    for name, _ in mapped(installation.settings.values.source):
        try:
            read_approved(installation.settings, name)
        except ConfigurationError as problem:
            yield REVIEW_UNUSABLE.line(about=name, why=problem.what)
