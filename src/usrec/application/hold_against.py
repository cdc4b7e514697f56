"""A row held against what the ledger knows of its contract, before it becomes a submission."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from usrec.application.correction import with_first_entry, with_registered_id
from usrec.application.keep_document import with_document_kept
from usrec.application.payment_marks import with_marks_checked
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.onboarding import ImportedContract
from usrec.domain.rules.examine import Examined
from usrec.domain.rules.late import with_late_entry
from usrec.domain.rules.preflight import Preflight
from usrec.domain.submission import Submission
from usrec.domain.working_calendar import Calendars
from usrec.ports.ledger import UnitOfWork


def held_against(
    work: UnitOfWork,
    one: Examined,
    standing: Sequence[Submission],
    imported: ImportedContract | None,
    *,
    preflight: Preflight,
    calendar: Calendars,
    now: datetime,
) -> Examined:
    """``one`` with the ids and the term that the ledger knows, its marks checked, and its document in the ledger.

    Args:
        standing: What counts of its contract.
        imported: What was taken over of it from an export of the registry.
    """
    known = with_first_entry(with_registered_id(one, standing), standing, calendar, imported)
    dated = with_late_entry(known, kazakhstan_date(now))
    checked = with_marks_checked(dated, standing, preflight.conditions, preflight.unsure)
    return with_document_kept(work, checked, now)
