"""One key after another: which signs, and what is told of gaps, ends and forgotten keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date
from usrec.domain.renewal import FAR_OFF, SETTLED, STAGES, ChainKey, RenewalProblem, examine_renewal, key_in_use

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)
P = RenewalProblem


def key(name: str, since: float, until: float, use_from: date | None = None) -> ChainKey:
    """A key valid from so many days to so many days from now."""
    return ChainKey(name, NOW + since * DAY, NOW + until * DAY, use_from)


def problems(*chain: ChainKey, at: datetime = NOW) -> list[tuple[str, str]]:
    return [(one.problem.value, one.place) for one in examine_renewal(chain, at)]


def used(*chain: ChainKey, at: datetime = NOW) -> str | None:
    found = key_in_use(chain, at)
    return None if found is None else found.place


def test_the_newest_key_that_has_begun_signs() -> None:
    old, new = key("old", -300, 60), key("new", -1, 364)
    assert used(old, new) == "new"
    assert used(old, new, at=NOW - 2 * DAY) == "old"


def test_the_switch_date_begins_at_midnight_in_kazakhstan() -> None:
    day = date(2026, 12, 1)
    old, new = key("old", -300, 60), key("new", -1, 364, use_from=day)
    midnight = datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert day_start_utc(day) == midnight
    assert used(old, new, at=midnight - timedelta(microseconds=1)) == "old"
    assert used(old, new, at=midnight) == "new"


def test_the_one_before_goes_on_while_the_newest_is_not_valid_and_ends_with_its_certificate() -> None:
    old, new = key("old", -300, 60), key("new", 5, 364, use_from=kazakhstan_date(NOW))
    assert used(old, new) == "old"
    assert used(old, new, at=NOW + 61 * DAY) == "new"
    assert used(old, at=NOW + 61 * DAY) is None
    assert used(old, key("other", 70, 80), at=NOW + 61 * DAY) is None


@pytest.mark.parametrize(
    ("left", "stage"),
    [(31.0, None), (30.0, 30), (14.1, 30), (14.0, 14), (7.0, 7), (3.0, 3), (1.0, 1), (0.1, 1), (-0.1, None)],
)
def test_the_end_of_the_last_key_is_told_in_stages(left: float, stage: int | None) -> None:
    found = examine_renewal([key("last", -300, left)], NOW)
    assert [one.stage for one in found] == ([] if stage is None else [stage])
    assert all(one.problem is P.NO_SUCCESSOR and one.days == int(left) for one in found)


def test_a_key_with_a_successor_ends_without_a_word() -> None:
    assert problems(key("old", -300, 5), key("new", -1, 364)) == []


def test_a_gap_between_two_keys_is_told_with_the_day_on_which_it_ends() -> None:
    old = key("old", -300, 40)
    late = key("late", -1, 364, use_from=kazakhstan_date(NOW + 50 * DAY))
    (gap,) = examine_renewal([old, late], NOW)
    assert (gap.problem, gap.place, gap.day) == (P.GAP, "late", kazakhstan_date(NOW + 50 * DAY))
    assert problems(old, key("yet to be valid", 45, 364)) == [("gap", "yet to be valid")]
    next_second = ChainKey("at once", old.not_after + timedelta(seconds=1), NOW + 400 * DAY)
    assert problems(old, next_second) == []


def test_a_gap_in_which_one_stands_is_told() -> None:
    assert problems(key("old", -300, -1), key("new", 1, 364)) == [("expired_kept", "old"), ("gap", "new")]


def test_keys_that_nothing_is_signed_with_any_more_are_told() -> None:
    new = key("new", -20, 364)
    assert problems(key("expired", -300, -1), new) == [("expired_kept", "expired")]
    assert problems(key("superseded", -300, 60), new) == [("superseded_kept", "superseded")]
    fresh = ChainKey("new", NOW - SETTLED + DAY, NOW + 364 * DAY)
    assert problems(key("superseded of late", -300, 60), fresh) == []
    assert problems(key("in use", -300, 60), key("newer, expired", -20, -1)) == [("expired_kept", "newer, expired")]
    assert problems(key("the only one", -300, -1)) == []


def test_a_first_day_that_makes_no_sense_is_told() -> None:
    old = key("old", -10, 700)
    after_its_end = key("new", -1, 364, use_from=kazakhstan_date(NOW + 365 * DAY))
    assert problems(old, after_its_end) == [("never_used", "new")]
    wrong_year = key("new", -1, 700, use_from=kazakhstan_date(NOW + FAR_OFF + 2 * DAY))
    assert problems(old, wrong_year) == [("far_off", "new")]
    overtaken = key("second", -1, 364, use_from=kazakhstan_date(NOW + 20 * DAY))
    assert ("never_used", "second") in problems(old, overtaken, key("third", 10, 374))


def test_key_that_never_signs_hides_not_the_end_of_the_one_before() -> None:
    never = key("new", -1, 364, use_from=kazakhstan_date(NOW + 400 * DAY))
    assert problems(key("old", -300, 5), never) == [("never_used", "new"), ("no_successor", "old")]


moments = st.integers(-500, 500)


@st.composite
def chains(draw: st.DrawFn) -> Sequence[ChainKey]:
    chain = []
    for number in range(draw(st.integers(1, 4))):
        since = draw(moments)
        use_from = draw(st.none() | moments.map(lambda days: kazakhstan_date(NOW + days * DAY)))
        chain.append(key(str(number), since, since + draw(st.integers(1, 400)), use_from))
    return chain


@given(chains(), st.floats(0, 1))
def test_where_no_gap_is_told_a_key_signs_until_the_last_one_ends(chain: Sequence[ChainKey], share: float) -> None:
    found = {one.problem for one in examine_renewal(chain, NOW)}
    if key_in_use(chain, NOW) is None or P.GAP in found:
        return
    end = max(one.not_after for one in chain if one.starts <= one.not_after)
    at = NOW + share * (end - NOW)
    second = timedelta(seconds=1)
    assert any(key_in_use(chain, moment) for moment in (at, at + second)), "but for the second between two of them"


@given(chains(), moments)
def test_what_signs_has_begun_and_is_valid_and_no_newer_one_could(chain: Sequence[ChainKey], days: int) -> None:
    at = NOW + days * DAY
    found = key_in_use(chain, at)
    if found is None:
        assert not any(one.signs_at(at) for one in chain)
        return
    assert found.not_before <= at <= found.not_after
    assert not any(one.signs_at(at) for one in chain[chain.index(found) + 1 :])


@given(chains(), moments)
def test_the_key_that_signs_is_never_called_forgotten_or_unused(chain: Sequence[ChainKey], days: int) -> None:
    at = NOW + days * DAY
    used_now = key_in_use(chain, at)
    told = {
        one.place
        for one in examine_renewal(chain, at)
        if one.problem in {P.EXPIRED_KEPT, P.SUPERSEDED_KEPT, P.NEVER_USED, P.FAR_OFF}
    }
    assert used_now is None or used_now.place not in told


@given(chains(), moments)
def test_the_end_is_told_exactly_when_it_is_near(chain: Sequence[ChainKey], days: int) -> None:
    at = NOW + days * DAY
    signing = [one for one in chain if one.starts <= one.not_after] or chain
    left = max(one.not_after for one in signing) - at
    stages = [one.stage for one in examine_renewal(chain, at) if one.problem is P.NO_SUCCESSOR]
    assert bool(stages) == (timedelta(0) <= left <= STAGES[0] * DAY)
