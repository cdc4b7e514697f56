"""Unsent changes give way to a newer change of the same thing. Called by ``ingest``, which holds the contract's lock.

While that lock is held no claim of the contract begins and one that had begun writes nothing, so what is untouched now
is never sent. Both events stay in the journal, each with the other's id, and HR is told of the one that gave way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from usrec.application.contract_line import take_back
from usrec.application.on_record import OnRecord
from usrec.application.recording import status_note
from usrec.application.standing import against_standing
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import Details, load_details
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission
from usrec.domain.superseding import NEWER_CHANGE, gives_way, in_place_of, is_deletion, is_untouched
from usrec.ports.ledger import UnitOfWork


def placed_among(
    work: UnitOfWork,
    record: OnRecord,
    new: Submission,
    standing: Sequence[Submission],
    unsure: Severity = Severity.ERROR,
) -> tuple[Submission, Sequence[Submission]]:
    """``new`` as its contract's history lets it be, in the place of the unsent changes that it makes void.

    Returns:
        The submission, and those that give way to it: none where it is not to be sent.
    """
    older = _unsent_changes(work, new, standing)
    if older and new.operation is not None:
        deletes = is_deletion(load_details(new.operation, new.details))
        others = [one for one in standing if one not in older]
        judged = against_standing(record, in_place_of(new, older, deletes=deletes), others, unsure)
        if judged.state is State.PENDING:
            return judged, older
    return against_standing(record, new, standing, unsure), ()


def _unsent_changes(work: UnitOfWork, new: Submission, standing: Sequence[Submission]) -> Sequence[Submission]:
    if not standing or new.state is not State.PENDING or new.position == OUTSIDE_THE_LINE or new.operation is None:
        return ()
    others = [one for one in standing if (one.source, one.event_id) != (new.source, new.event_id)]
    pending = [one for one in others if one.state is State.PENDING]
    details = load_details(new.operation, new.details)
    return [one for one in pending if _gives_way(one, details) and _is_untouched(work, one)]


def _gives_way(one: Submission, newer: Details) -> bool:
    return one.operation is not None and gives_way(load_details(one.operation, one.details), newer)


def _is_untouched(work: UnitOfWork, one: Submission) -> bool:
    asked = work.signing_requests.get(one.id) is not None
    return is_untouched(one, work.outbox.get(one.id), asked=asked)


def take_out(work: UnitOfWork, older: Sequence[Submission], new: Submission, now: datetime) -> None:
    """Take the changes that gave way out of the line, and tell HR."""
    for one in older:
        taken = take_back(work, one, NEWER_CHANGE, now, detail=json.dumps({"gave_way_to": new.id}))
        work.write_backs.put(status_note(taken, now))
