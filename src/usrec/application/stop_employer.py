"""The latch of an employer: an answer of USREC or a person sets it, only a person releases it.

It is set in the transaction that records the answer (T4), so that no crash can lose it, and looked at by every claim
and again before the first byte leaves (T3). What is on the wire at that moment ends as it ends.
"""

from __future__ import annotations

import json
from datetime import datetime

from usrec.application.recording import alert_now, journal
from usrec.domain.alert import Threshold, Watched
from usrec.domain.employer_stop import AGENT, EmployerStop
from usrec.domain.errors import UnsafeRequest
from usrec.domain.source_event import EmployerName
from usrec.domain.submission import Submission
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

STOPPED = "employer_stopped"
RELEASED = "employer_released"
"""The journal's words."""


def stop_for_answer(work: UnitOfWork, submission: Submission, code: str, now: datetime) -> bool:
    """Stop the employer of ``submission`` because USREC refused it with ``code``; false when that proves nothing.

    The caller has held the signed answer against its own attempt. Bytes that an older key signed say nothing about the
    key of today; so they stop nobody.
    """
    message = work.submissions.message(submission.id)
    if message is None or message.certificate != work.submissions.newest_certificate(submission.employer_bin):
        return False
    name = submission.employer or EmployerName("")
    stop = EmployerStop(submission.employer_bin, name, now, AGENT, code=code, submission_id=submission.id)
    if work.employer_stops.add(stop):
        detail = json.dumps({"employer": name, "code": code}, ensure_ascii=False)
        journal(work, submission, STOPPED, submission.state, now, reason=code, detail=detail)
        work.alerts.add([alert_now(submission, Watched.EMPLOYER, Threshold.STOPPED, now)])
    return True


def stop_employer(
    employer_bin: str, name: EmployerName, *, by: str, reason: str, ledger: Ledger, clock: Clock
) -> EmployerStop:
    """A person stops an employer.

    Raises:
        UnsafeRequest: It is stopped already; that stop stands.
    """
    stop = EmployerStop(employer_bin, name, clock.now(), by, reason)
    with ledger.begin() as work:
        if not work.employer_stops.add(stop):
            raise UnsafeRequest(
                "it is stopped already",
                where=f"employer {name}",
                kept="The stop that stands was not changed",
                next_step="See usrec employer list",
            )
        work.journal.append(_line(STOPPED, name, stop.stopped_at, by, reason))
        work.commit()
    return stop


def release_employer(
    employer_bin: str, name: EmployerName, *, by: str, reason: str, ledger: Ledger, clock: Clock
) -> EmployerStop:
    """A person lets an employer go on; returns the stop that is over.

    Raises:
        UnsafeRequest: Nobody had stopped it.
    """
    now = clock.now()
    with ledger.begin() as work:
        stop = work.employer_stops.get(employer_bin)
        if stop is None or not work.employer_stops.remove(employer_bin):
            raise UnsafeRequest(
                "it is not stopped",
                where=f"employer {name}",
                kept="Nothing was changed",
                next_step="See why something waits: usrec status",
            )
        work.journal.append(_line(RELEASED, name, now, by, reason))
        work.commit()
    return stop


def _line(action: str, name: EmployerName, at: datetime, by: str, reason: str) -> JournalEntry:
    detail = json.dumps({"employer": name}, ensure_ascii=False)
    return JournalEntry(at, None, action, None, None, by, reason, detail)
