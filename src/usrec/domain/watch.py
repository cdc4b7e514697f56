"""When an open event deserves an alert: before its dates, when one is missed, and when HR is late with it.

Safe and legal dates are watched at three working days, one day and four hours before their bound, and at the bound. A
look that finds several thresholds behind it raises only the last one of each date: an alert says how things stand,
not how they stood. What waits for a person's signature or approval, for an IIN, or for somebody to act after a refusal,
is told on every working day until that is done, and so are many changes that are held and a transfer of which one half
is missing. An internal target is told twice, gently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.digest import URGENT_BEFORE, DigestPolicy
from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date
from usrec.domain.pair import Pair
from usrec.domain.permit import PermitDays
from usrec.domain.state import SETTLED, State
from usrec.domain.submission import Submission
from usrec.domain.working_calendar import Calendars, WorkingCalendar

WORKING_DAYS_LEFT: Final = 3
_A_MOMENT: Final = timedelta(microseconds=1)
GRACE: Final = timedelta(hours=1)
"""What HR entered late is told only when the agent could not register it within this time."""


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """What is watched.

    Attributes:
        calendars: In which the working days before a date are counted; digests go by their own.
        late_entry_days: An event that HR entered, or must still mend, so many days after its signing is late.
        permit_days: When a foreigner's permit that ends is told.
        missing_after: So long after one half of a transfer the other is missed.
        portal_from: From this time on, in Kazakhstan, what will not make it on its last day is told.
    """

    digests: DigestPolicy
    calendars: Calendars
    late_entry_days: int = 3
    permit_days: PermitDays = field(default_factory=PermitDays)
    missing_after: timedelta = timedelta(days=2)
    portal_from: time = time(15)


def needs_watching(submission: Submission) -> bool:
    """Whether its term still runs: neither registered, nor taken back, nor replaced by another revision."""
    return submission.state not in SETTLED and submission.replaced_by is None


def thresholds(last_day: date, bound: datetime, calendar: WorkingCalendar) -> Sequence[tuple[Threshold, datetime]]:
    """The instants, aware UTC and in order, at which the thresholds of one date are crossed.

    Args:
        last_day: The date.
        bound: Its exclusive bound: 24:00 in Kazakhstan, aware UTC.
        calendar: In which the working days are counted.
    """
    moments = [
        (Threshold.WORKING_DAYS_3, day_start_utc(calendar.day_with_left(last_day, WORKING_DAYS_LEFT))),
        (Threshold.DAY_1, bound - timedelta(days=1)),
        (Threshold.HOURS_4, bound - URGENT_BEFORE),
        (Threshold.MISSED, bound),
    ]
    return sorted(moments, key=lambda one: one[1])


Moments = Sequence[tuple[Threshold, datetime]]


def look(
    submission: Submission,
    now: datetime,
    policy: WatchPolicy,
    *,
    asked_at: datetime | None = None,
    awaited: Watched = Watched.PERSON,
) -> tuple[Sequence[Alert], datetime | None]:
    """The alerts that are due at ``now`` and when to look again, None when never.

    Args:
        asked_at: Since when somebody, or an IIN, is awaited; None when nobody is.
        awaited: Which of them.
    """
    if not needs_watching(submission):
        return (), None
    alerts, later = [], []
    for watched, last_day, moments in _watched(submission, now, policy):
        crossed = [threshold for threshold, at in moments if at <= now]
        later += [at for _, at in moments if at > now]
        if crossed:
            tell_at = policy.digests.tell_at(crossed[-1], last_day, now)
            alerts.append(_alert(submission, (watched, crossed[-1]), last_day, now, tell_at))
    if asked_at is not None:
        digest = reminder_at(asked_at, now, policy.digests)
        alerts.append(_alert(submission, (awaited, Threshold.AWAITED), kazakhstan_date(digest), now, digest))
        later.append(policy.digests.next(digest + _A_MOMENT))
    return alerts, min(later, default=None)


def reminder_at(asked_at: datetime, now: datetime, digests: DigestPolicy) -> datetime:
    """The digest that reminds of what is awaited now: the first after the asking, and then each working day's."""
    return max(digests.next(asked_at), digests.last(now))


def _watched(submission: Submission, now: datetime, policy: WatchPolicy) -> Sequence[tuple[Watched, date, Moments]]:
    """What is watched: each date, and the instants at which its thresholds are crossed. Once missed, HR was late."""
    safe, legal, bound = submission.safe_date, submission.legal_date, submission.due_utc
    calendar = policy.calendars.of(submission.employer_bin)
    found: list[tuple[Watched, date, Moments]] = []
    if submission.target_date is not None and submission.safe_utc is not None:
        found.append((Watched.TARGET, submission.target_date, _target_moments(submission, calendar)))
    elif safe is not None and submission.safe_utc is not None and safe != legal:
        found.append((Watched.SAFE, safe, thresholds(safe, submission.safe_utc, calendar)))
    if legal is not None and bound is not None:
        found.append((Watched.LEGAL, legal, thresholds(legal, bound, calendar)))
        if now < bound:
            found.append((Watched.ENTRY, legal, _late_entry(submission, policy.late_entry_days)))
    return found


def _target_moments(submission: Submission, calendar: WorkingCalendar) -> Moments:
    """When an internal target is near and when it has passed."""
    last_day, bound = submission.safe_date, submission.safe_utc
    if last_day is None or bound is None:
        return ()
    near = day_start_utc(calendar.day_with_left(last_day, WORKING_DAYS_LEFT))
    return [(Threshold.TARGET_NEAR, near), (Threshold.TARGET_PASSED, bound)]


def mass_reminder(one: Submission, opened_at: datetime, now: datetime, policy: WatchPolicy) -> Alert:
    """The reminder of a batch that is held, on behalf of which ``one`` of it stands: at once, then with each digest."""
    day = max(kazakhstan_date(opened_at), kazakhstan_date(policy.digests.last(now)))
    tell_at = policy.digests.soon(now)
    return _alert(one, (Watched.MASS, Threshold.MASS_HELD), day, now, tell_at)


def foretold_late(one: Submission, now: datetime, digests: DigestPolicy) -> Alert:
    """At the present rate some will be late, on behalf of which ``one`` stands; on each day anew."""
    today = kazakhstan_date(now)
    tell_at = digests.tell_at(Threshold.WILL_BE_LATE, one.legal_date or today, now)
    return _alert(one, (Watched.FORECAST, Threshold.WILL_BE_LATE), today, now, tell_at)


def last_day_alert(one: Submission, threshold: Threshold, now: datetime) -> Alert:
    """It will not make it today; told at once."""
    return _alert(one, (Watched.PORTAL, threshold), kazakhstan_date(now), now, now)


def look_at_pair(
    submission: Submission, pair: Pair, now: datetime, policy: WatchPolicy
) -> tuple[Sequence[Alert], datetime | None]:
    """What is to be told of a transfer by the half that came first, and when to look again; None when never."""
    begin = pair.remind_from(policy.calendars, policy.missing_after)
    if begin is None or pair.halves[0].submission_id != submission.id:
        return (), None
    if begin > now:
        return (), begin
    threshold = Threshold.HALVES_CONTRADICT if pair.contradictions else Threshold.HALF_MISSING
    digest = reminder_at(begin, now, policy.digests)
    told = _alert(submission, (Watched.PAIR, threshold), kazakhstan_date(digest), now, digest)
    return [told], policy.digests.next(digest + _A_MOMENT)


def _late_entry(submission: Submission, days: int) -> Moments:
    """When HR is late with an event: it entered it too long after the signing, or must still mend its row then."""
    signed = submission.trigger
    if signed is None:
        return ()
    entered = kazakhstan_date(submission.entered_at or submission.received_at)
    if submission.state is not State.INVALID and (entered - signed).days < days:
        return ()
    late_from = day_start_utc(signed + timedelta(days=days))
    return [(Threshold.LATE_ENTRY, max(late_from, submission.received_at + GRACE))]


def _alert(
    submission: Submission, kind: tuple[Watched, Threshold], last_day: date, now: datetime, tell_at: datetime
) -> Alert:
    watched, threshold = kind
    return Alert(
        submission_id=submission.id,
        source=submission.source,
        event_id=submission.event_id,
        watched=watched,
        threshold=threshold,
        operation=submission.operation,
        employer=submission.employer,
        last_day=last_day,
        raised_at=now,
        tell_at=tell_at,
    )
