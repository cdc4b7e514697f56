"""Who may sign: orders of the employer on record, the certificate under them, and what is wrong with them on a day."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.authority import (
    Appointment,
    Authority,
    AuthorityFinding,
    AuthorityProblem,
    SigningCertificate,
    dump_authorities,
    examine_authority,
    last_covered_day,
    load_authorities,
)
from usrec.domain.source_event import EmployerName
from usrec.interfaces.authority_words import WORDS, as_written, finding_words

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
SERIAL = "4f1a0c"
OF_HR = SigningCertificate(
    SERIAL, "ab" * 32, datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC), head=False
)
OF_HEAD = replace(OF_HR, head=True)
ORDER = Appointment("12-k", date(2026, 1, 9), date(2026, 1, 12), certificate=SERIAL)
DEPUTY = Appointment("13-k", date(2026, 1, 9), date(2026, 1, 12), deputy=True, certificate="77")
P = AuthorityProblem


def found(
    *orders: Appointment, certificate: SigningCertificate | None = OF_HR, by_head: bool = False
) -> list[tuple[AuthorityProblem, str, date | None]]:
    authority = Authority(EmployerName("main"), by_head, certificate, orders)
    return [(one.problem, one.number, one.day) for one in examine_authority(authority, TODAY)]


def test_an_order_and_a_deputy_in_force_for_this_certificate_are_all_that_is_asked() -> None:
    assert found(ORDER, DEPUTY) == []


def test_without_any_order_nobody_is_appointed() -> None:
    assert found() == [(P.NO_ORDER, "", None), (P.NO_DEPUTY, "", None)]


def test_a_first_head_needs_no_order() -> None:
    assert found(certificate=OF_HEAD) == []
    assert found(by_head=True, certificate=OF_HEAD) == []
    assert found(by_head=True, certificate=None) == []


def test_a_head_whom_the_certificate_does_not_show_is_told() -> None:
    assert found(by_head=True) == [(P.HEAD_NOT_SHOWN, "", None)]


def test_orders_on_record_are_looked_at_even_where_the_head_signs() -> None:
    lapsed = replace(ORDER, valid_until=TODAY - DAY, certificate="other")
    assert found(lapsed, DEPUTY, certificate=OF_HEAD) == [(P.ORDER_LAPSED, "12-k", TODAY - DAY)]


def test_an_order_holds_through_its_last_day_and_not_beyond() -> None:
    last_day_today = replace(ORDER, valid_until=TODAY)
    assert found(last_day_today, DEPUTY) == [(P.ORDER_LAPSES, "12-k", TODAY)]
    ended_yesterday = replace(ORDER, valid_until=TODAY - DAY)
    assert (P.ORDER_LAPSED, "12-k", TODAY - DAY) in found(ended_yesterday, DEPUTY)


@pytest.mark.parametrize(("days", "told"), [(30, True), (31, False)])
def test_an_order_that_ends_within_thirty_days_is_told(days: int, told: bool) -> None:
    ending = replace(ORDER, valid_until=TODAY + days * DAY)
    assert found(ending, DEPUTY) == ([(P.ORDER_LAPSES, "12-k", TODAY + days * DAY)] if told else [])


def test_an_order_until_the_last_day_that_can_be_written_has_no_end() -> None:
    assert found(replace(ORDER, valid_until=date.max), DEPUTY) == []


def test_an_order_whose_successor_follows_without_a_gap_does_not_lapse() -> None:
    ending = replace(ORDER, valid_until=TODAY + 5 * DAY)
    following = replace(ORDER, number="20-k", dated=TODAY, valid_from=TODAY + 6 * DAY)
    assert found(ending, following, DEPUTY) == []
    after_a_gap = replace(following, valid_from=TODAY + 7 * DAY)
    assert found(ending, after_a_gap, DEPUTY) == [(P.ORDER_LAPSES, "12-k", TODAY + 5 * DAY)]


def test_an_order_that_was_replaced_is_history_and_not_a_warning() -> None:
    old = replace(ORDER, number="1-k", dated=date(2025, 2, 1), valid_from=date(2025, 1, 1), valid_until=ORDER.dated)
    assert found(old, ORDER, DEPUTY) == []


def test_an_order_of_tomorrow_does_not_hold_today() -> None:
    tomorrow = replace(ORDER, dated=TODAY, valid_from=TODAY + DAY)
    assert found(tomorrow, DEPUTY) == [(P.ORDER_NOT_YET, "12-k", TODAY + DAY), (P.CERTIFICATE_NOT_NAMED, "", None)]


def test_an_order_signed_after_it_took_effect_is_told() -> None:
    backdated = replace(ORDER, dated=ORDER.valid_from + DAY)
    assert found(backdated, DEPUTY) == [(P.BACKDATED, "12-k", ORDER.valid_from + DAY)]
    on_the_day = replace(ORDER, dated=ORDER.valid_from)
    assert found(on_the_day, DEPUTY) == []


def test_a_missing_deputy_is_told() -> None:
    assert found(ORDER) == [(P.NO_DEPUTY, "", None)]


def test_the_deputys_order_is_watched_like_the_other() -> None:
    assert found(ORDER, replace(DEPUTY, valid_until=TODAY - DAY)) == [(P.DEPUTY_LAPSED, "13-k", TODAY - DAY)]
    assert found(ORDER, replace(DEPUTY, valid_until=TODAY + DAY)) == [(P.DEPUTY_LAPSES, "13-k", TODAY + DAY)]
    assert found(ORDER, replace(DEPUTY, valid_from=TODAY + DAY)) == [(P.DEPUTY_NOT_YET, "13-k", TODAY + DAY)]


def test_a_deputy_alone_does_not_make_a_responsible_person() -> None:
    assert found(replace(DEPUTY, certificate=SERIAL)) == [(P.NO_ORDER, "", None)]


def test_two_responsible_persons_at_once_are_told() -> None:
    second = replace(ORDER, number="20-k", dated=date(2026, 6, 1), valid_from=date(2026, 6, 1))
    assert found(ORDER, second, DEPUTY) == [(P.OVERLAP, "20-k", date(2026, 6, 1))]


def test_a_certificate_that_no_order_in_force_names_is_told() -> None:
    assert found(replace(ORDER, certificate="99"), DEPUTY) == [(P.CERTIFICATE_NOT_NAMED, "", None)]


def test_the_deputy_may_sign_with_a_key_of_the_deputys_own() -> None:
    assert found(replace(ORDER, certificate="99"), replace(DEPUTY, certificate=SERIAL)) == []


def test_an_order_without_a_certificate_leaves_open_whose_key_it_is() -> None:
    assert found(replace(ORDER, certificate=None), DEPUTY) == []


def test_a_key_that_cannot_be_read_is_not_told_here() -> None:
    assert found(ORDER, DEPUTY, certificate=None) == []


@pytest.mark.parametrize(
    ("until", "told"),
    [(None, True), (TODAY + 100 * DAY, True), (TODAY + 20 * DAY, False)],
    ids=["order without an end", "order ends later", "order ends first"],
)
def test_a_certificate_that_ends_soon_and_before_its_order_is_told(until: date | None, told: bool) -> None:
    ends = TODAY + 25 * DAY
    certificate = replace(OF_HR, not_after=datetime(ends.year, ends.month, ends.day, 6, tzinfo=UTC))
    problems = found(replace(ORDER, valid_until=until), DEPUTY, certificate=certificate)
    assert ((P.CERTIFICATE_ENDS_FIRST, "12-k", ends) in problems) is told


def test_a_certificate_that_ends_before_its_order_but_not_soon_is_no_warning_yet() -> None:
    certificate = replace(OF_HR, not_after=datetime(2026, 12, 24, tzinfo=UTC))
    assert found(ORDER, DEPUTY, certificate=certificate) == []


def test_a_certificates_last_day_is_that_of_kazakhstan() -> None:
    assert replace(OF_HR, not_after=datetime(2026, 11, 30, 20, tzinfo=UTC)).last_day == date(2026, 12, 1)


DATES = st.dates(date(2026, 1, 1), date(2026, 12, 31))
ORDERS = st.lists(
    st.builds(
        Appointment,
        number=st.text(st.characters(exclude_characters="{}"), max_size=5),
        dated=DATES,
        valid_from=DATES,
        valid_until=st.none() | DATES,
        deputy=st.booleans(),
        certificate=st.none() | st.sampled_from([SERIAL, "77"]),
    ),
    max_size=6,
)


@given(orders=ORDERS, on=DATES)
def test_the_covered_days_are_those_on_which_some_order_holds(orders: list[Appointment], on: date) -> None:
    last = last_covered_day(orders, on)
    end = last if last is not None else date(2027, 6, 1)
    walked = [on + number * DAY for number in range((end - on).days + 1)]
    assert all(any(order.holds_on(day) for order in orders) for day in walked)
    assert last is None or not any(order.holds_on(last + DAY) for order in orders)


@given(orders=ORDERS, on=DATES, by_head=st.booleans(), certificate=st.sampled_from([None, OF_HR, OF_HEAD]))
def test_every_record_can_be_examined_and_told(
    orders: list[Appointment], on: date, by_head: bool, certificate: SigningCertificate | None
) -> None:
    authority = Authority(EmployerName("main"), by_head, certificate, tuple(orders))
    for finding in examine_authority(authority, on):
        what, advice = finding_words(finding, as_written)
        assert what
        assert advice
        assert "{" not in what + advice


@given(orders=ORDERS, by_head=st.booleans(), certificate=st.sampled_from([None, OF_HR, OF_HEAD]))
def test_the_record_comes_back_from_the_journal_as_it_was(
    orders: list[Appointment], by_head: bool, certificate: SigningCertificate | None
) -> None:
    one = Authority(EmployerName("b"), by_head, certificate, tuple(orders))
    other = replace(one, employer=EmployerName("a"))
    assert load_authorities(dump_authorities([one, other])) == [other, one]
    assert dump_authorities([one, other]) == dump_authorities([other, one])


def test_the_record_is_readable_without_the_program() -> None:
    told: Any = json.loads(
        dump_authorities(
            [Authority(EmployerName("main"), signed_by_head=False, certificate=OF_HR, appointments=(ORDER,))]
        )
    )
    assert told[0]["appointments"][0] == {
        "number": "12-k",
        "dated": "2026-01-09",
        "valid_from": "2026-01-12",
        "valid_until": None,
        "deputy": False,
        "certificate": SERIAL,
    }
    assert told[0]["certificate"]["not_after"] == "2027-12-31T00:00:00+00:00"


def test_every_problem_has_its_words_and_its_date_where_they_speak_of_one() -> None:
    assert set(WORDS) == set(AuthorityProblem)
    for problem, texts in WORDS.items():
        assert set(re.findall(r"\{(\w+)\}", " ".join(texts))) <= {"number", "day"}
        told = finding_words(AuthorityFinding(problem, "12-k", TODAY), as_written)
        assert not any(text.endswith(".") for text in told)
