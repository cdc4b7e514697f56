"""Alerts in words: in three languages, worst first, with what to do, and without anything personal."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from support.languages import CYRILLIC, TRANSLATED, english_words
from support.ledger_values import NOW, an_alert
from support.line import numbered
from usrec.domain.alert import GENTLE, OF_ANSWERS, OF_PERMITS, OpenAlert, Threshold, Watched
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.source_event import EmployerName, EventId, Operation
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.interfaces.cli.alert_words import HEADINGS, MOST_NAMED, alert_title, compose_alerts, compose_test
from usrec.interfaces.i18n import LANGUAGES, in_language, tr, use_language

TODAY = date(2026, 3, 9)
_numbers = count(1)
MISSED = (Watched.LEGAL, Threshold.MISSED)
THREE_DAYS = (Watched.LEGAL, Threshold.WORKING_DAYS_3)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def an_open(kind: tuple[Watched, Threshold] = MISSED, *, event: str | None = None, **changes: Any) -> OpenAlert:
    """An alert of an event of its own."""
    number = next(_numbers)
    about = {name: changes.pop(name) for name in ("operation", "employer") if name in changes}
    alert = an_alert(
        SubmissionId(f"3f2a9c1e-{number:04}-4000-8000-000000000000"),
        event_id=EventId(event or f"event-{number}"),
        watched=kind[0],
        threshold=kind[1],
        **about,
    )
    values: dict[str, Any] = {
        "alert": alert,
        "state": State.PENDING,
        "code": "",
        "wait_reason": None,
        "blocked_by": None,
        "legal_date": date(2026, 3, 10),
        "safe_date": TODAY,
        "trigger": date(2026, 3, 2),
        "entered_at": NOW,
    }
    return OpenAlert(**values | changes)


def page(*alerts: OpenAlert, language: str = "en", day: date = TODAY) -> str:
    return compose_alerts(alerts, language=language, now=day_start_utc(day) + timedelta(hours=9))[1]


def subject(*alerts: OpenAlert, language: str = "en") -> str:
    return compose_alerts(alerts, language=language, now=day_start_utc(TODAY))[0]


def test_every_kind_of_alert_has_a_heading() -> None:
    of_the_line = {
        (Watched.FORECAST, Threshold.WILL_BE_LATE),
        (Watched.PORTAL, Threshold.ENTER_BY_HAND),
        (Watched.PORTAL, Threshold.FIND_OUT),
    }
    of_all = {Threshold.STOPPED, Threshold.CLOCK_WRONG, Threshold.KEY_UNUSABLE}
    others_too = {Threshold.LATE_ENTRY, *of_all, *(one for _, one in of_the_line)}
    of_dates = set(Threshold) - GENTLE - OF_ANSWERS - others_too
    dates = [(watched, threshold) for watched in (Watched.SAFE, Watched.LEGAL) for threshold in of_dates]
    others = {
        (Watched.ENTRY, Threshold.LATE_ENTRY),
        (Watched.EMPLOYER, Threshold.STOPPED),
        (Watched.CLOCK, Threshold.CLOCK_WRONG),
        (Watched.KEY, Threshold.KEY_UNUSABLE),
        (Watched.PERSON, Threshold.AWAITED),
        (Watched.IIN, Threshold.AWAITED),
        (Watched.TARGET, Threshold.TARGET_NEAR),
        (Watched.TARGET, Threshold.TARGET_PASSED),
        (Watched.MASS, Threshold.MASS_HELD),
        (Watched.PAIR, Threshold.HALF_MISSING),
        (Watched.PAIR, Threshold.HALVES_CONTRADICT),
        *((Watched.ANSWER, threshold) for threshold in OF_ANSWERS),
    }
    permits = {(Watched.PERMIT, threshold) for threshold in OF_PERMITS}
    assert set(HEADINGS) == {*dates, *others, *permits, *of_the_line}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["(1 event)", "(2 events)", "(5 events)"]),
        ("ru", ["(1 событие)", "(2 события)", "(5 событий)"]),
        ("kk", ["(1 оқиға)", "(2 оқиға)", "(5 оқиға)"]),
    ],
)
def test_subject_counts_events_in_the_forms_of_the_language(language: str, said: list[str]) -> None:
    for number, words in zip((1, 2, 5), said, strict=True):
        assert words in subject(*(an_open() for _ in range(number)), language=language)


def test_subject_says_the_worst_first() -> None:
    told = subject(an_open(THREE_DAYS), an_open(), an_open((Watched.SAFE, Threshold.HOURS_4)))
    order = ["last day missed", "less than 4 hours left to the safe date", "at most 3 working days left"]
    assert re.findall("|".join(order), told) == order


def test_event_is_told_once_under_its_worst() -> None:
    safe = an_open((Watched.SAFE, Threshold.MISSED), event="hire-1")
    legal = an_open((Watched.LEGAL, Threshold.DAY_1), event="hire-1")
    told = page(safe, legal)
    assert told.startswith("Safe date missed (1 event)\n")
    assert told.count("hire-1") == 1


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 3, 6), "Last day by law: 2026-03-10, in 4 days"),
        (date(2026, 3, 9), "Last day by law: 2026-03-10, in 1 day"),
        (date(2026, 3, 10), "Last day by law: 2026-03-10, today, until 24:00"),
        (date(2026, 3, 11), "Last day by law: 2026-03-10, 1 day ago"),
        (date(2026, 3, 15), "Last day by law: 2026-03-10, 5 days ago"),
    ],
)
def test_reader_learns_how_much_of_the_term_is_left(day: date, said: str) -> None:
    assert said in page(an_open(), day=day)


def test_safe_date_is_told_only_where_it_differs() -> None:
    assert "Safe date: 2026-03-09, today" in page(an_open())
    assert "Safe date:" not in page(an_open(safe_date=date(2026, 3, 10)))


def test_late_entry_is_told_with_the_days_of_signing_and_entry() -> None:
    told = page(an_open((Watched.ENTRY, Threshold.LATE_ENTRY), state=State.INVALID))
    assert "Signed by both on: 2026-03-02" in told
    assert "In HR since: 2026-03-02" in told
    assert "Now: not sent: HR must mend the row" in told
    assert "To do: Mend the fields in the HR system" in told


def test_termination_runs_from_its_own_day() -> None:
    assert "Date of termination: 2026-03-02" in page(an_open(operation=Operation.TERMINATION))


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({"state": State.REJECTED, "code": "SCSE012"}, ["SCSE012: the registry does not know", "retry 3f2a9c1e-"]),
        ({"state": State.INDETERMINATE, "wait_reason": WaitReason.NEEDS_DECISION}, ["settle 3f2a9c1e-"]),
        ({"state": State.INDETERMINATE, "wait_reason": WaitReason.ANSWER_UNKNOWN}, ["sends the same bytes again"]),
        ({"wait_reason": WaitReason.KEY_UNUSABLE}, ["cannot sign", "Put a valid signing key"]),
        ({"wait_reason": WaitReason.HELD_BY_PERSON}, ["a person stopped it", "release 3f2a9c1e-"]),
        (
            {"wait_reason": WaitReason.PREDECESSOR_REFUSED, "blocked_by": SubmissionId("the-one-before")},
            ["show the-one-before"],
        ),
    ],
)
def test_reader_learns_how_it_stands_and_what_to_type(standing: dict[str, Any], said: list[str]) -> None:
    told = page(an_open(**standing))
    assert [words for words in said if words not in told] == []


def test_what_is_in_doubt_is_not_to_be_entered_by_hand() -> None:
    warning = "must not be entered by hand"
    assert warning in page(an_open(THREE_DAYS, state=State.INDETERMINATE))
    assert warning not in page(an_open(THREE_DAYS))


def test_portal_is_named_when_it_is_urgent() -> None:
    assert "enbek.kz" in page(an_open())
    assert "enbek.kz" not in page(an_open(THREE_DAYS))


def test_long_list_is_cut_and_the_rest_is_counted() -> None:
    told = page(*(an_open(event=f"hire-{number}") for number in range(MOST_NAMED + 7)), an_open(THREE_DAYS))
    assert len(re.findall(r"^\d+\. ", told, re.MULTILINE)) == MOST_NAMED
    assert "Last day missed (32 events)" in told
    assert "At most 3 working days left (1 event)" in told
    assert "8 more events are not named here." in told


def every_standing() -> Iterator[OpenAlert]:
    for kind in HEADINGS:
        yield an_open(kind)
    for state in set(State) - {State.ACCEPTED, State.CANCELLED}:
        yield an_open(state=state, code="SCSE012" if state is State.REJECTED else "")
    for reason in WaitReason:
        yield an_open(wait_reason=reason, blocked_by=SubmissionId("3f2a9c1e-0000"))
    for operation in (*Operation, None):
        yield an_open(operation=operation, employer=None)


@pytest.mark.parametrize("language", TRANSLATED)
def test_message_is_wholly_in_the_readers_language(language: str) -> None:
    for one in every_standing():
        told = subject(one, language=language) + "\n" + page(one, language=language).replace("Алатау", "")
        assert CYRILLIC.search(told)
        assert not english_words(re.sub(r"(?m)event-\d+|enbek\.kz|usrec status$", "", told)), told


@pytest.mark.parametrize("language", TRANSLATED)
def test_test_message_is_wholly_in_the_readers_language(language: str) -> None:
    told = " ".join(compose_test("mail.x", language=language))
    assert "mail.x" in told
    assert not english_words(told.replace("mail.x", ""))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", ["Иванов Иван", "hire ivanov", numbered("90010130000"), "x" * 65, "a\nb", "<b>x</b>"])
def test_event_id_that_could_name_a_person_is_not_told(language: str, event: str) -> None:
    one = an_open(event=event)
    told = subject(one, language=language) + page(one, language=language)
    assert event not in told
    assert one.event in {"", "<b>x</b>"}
    assert one.alert.submission_id[:13] in told


def test_number_in_an_employers_name_is_masked() -> None:
    iin = numbered("90010130000")
    assert iin not in page(an_open(employer=EmployerName(iin)))


def test_language_of_a_message_is_nobody_elses() -> None:
    """A thread that composes a Kazakh mail does not change what another one says."""
    use_language("ru")
    inside, go_on = threading.Event(), threading.Event()
    said: list[str] = []

    def compose() -> None:
        with in_language("kk"):
            inside.set()
            go_on.wait(10)
            said.append(tr("registered"))
        said.append(tr("registered"))

    thread = threading.Thread(target=compose)
    thread.start()
    inside.wait(10)
    said.append(tr("registered"))
    go_on.set()
    thread.join()
    assert said == ["зарегистрировано", "тіркелді", "зарегистрировано"]


def test_title_is_in_the_language_of_who_asks() -> None:
    with in_language("kk"):
        assert alert_title(*MISSED) == "мерзімі өтіп кетті"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_portal_is_proposed_behind_the_check_out_and_never_for_what_may_be_registered(language: str) -> None:
    """Whoever enters it first and takes it out of the line afterwards may have it registered twice."""

    def to_do(threshold: Threshold) -> str:
        told = page(an_open((Watched.PORTAL, threshold)), language=language)
        return next(line for line in told.splitlines() if "usrec submission settle" in line)

    by_hand, unsure = to_do(Threshold.ENTER_BY_HAND), to_do(Threshold.FIND_OUT)
    order = [by_hand.index(what) for what in ("usrec submission checkout", "enbek.kz", "usrec submission settle")]
    assert order == sorted(order)
    assert "checkout" not in unsure
