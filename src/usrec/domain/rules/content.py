"""What one event says by itself, subject by subject: no other row, no ledger and no dictionary is asked.

Each subject is a module of its own with the codes that it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from usrec.domain.rules.changes import check_change
from usrec.domain.rules.extension import check_extension
from usrec.domain.rules.finding import Finding
from usrec.domain.rules.leave import check_leave
from usrec.domain.rules.papers import check_papers
from usrec.domain.rules.parties import check_parties
from usrec.domain.rules.place import check_place
from usrec.domain.rules.reinstatement import check_reinstatement
from usrec.domain.rules.term import check_term
from usrec.domain.rules.working_time import check_working_time
from usrec.domain.source_event import Details


def check_content(details: Details, employer_bin: str, today: date) -> Iterator[Finding]:
    """Findings about one event of an employer, as of ``today`` in Kazakhstan."""
    yield from check_papers(details, today)
    yield from check_parties(details, employer_bin)
    yield from check_term(details, today)
    yield from check_place(details)
    yield from check_working_time(details)
    yield from check_change(details)
    yield from check_reinstatement(details)
    yield from check_extension(details)
    yield from check_leave(details, today)
