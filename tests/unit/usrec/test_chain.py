"""The chain by itself: whatever is done to the lines or the batches is found, and the first of it is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usrec.domain import spans
from usrec.domain.chain import (
    START,
    Batch,
    ChainLine,
    ChainState,
    digest_key,
    keyed_digest,
    link,
    moment,
    state_after,
)
from usrec.domain.chain_check import Breach, Damage, check_batch
from usrec.domain.submission import SubmissionId

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def a_line(seq: int, **changes: Any) -> ChainLine:
    line = ChainLine(seq, moment(NOW), f"s{seq}", "sign", "pending", "signed", "agent", "", f'{{"a": {seq}}}')
    return replace(line, **changes)


def linked(lines: Sequence[ChainLine], at_once: int) -> list[Batch]:
    state, batches = START, []
    for start in range(0, len(lines), at_once):
        batch = link(state, lines[start : start + at_once], at=NOW, passed=True, horizon=0)
        assert batch is not None
        batches.append(batch)
        state = state_after(batch.header, batch.hash)
    return batches


def checked(batches: Sequence[Batch], lines: Sequence[ChainLine], **how: Any) -> Breach | ChainState:
    state = START
    highest = max((line.seq for line in lines), default=0)
    for batch in batches:
        found = check_batch(state, batch, _of(batch, lines), cut_at=highest, **how)
        if isinstance(found, Breach):
            return found
        state = found
    return state


def _of(batch: Batch, lines: Sequence[ChainLine]) -> list[ChainLine]:
    try:
        wanted = [*spans.read_spans(batch.header.ranges), *spans.read_spans(batch.header.voids)]
    except ValueError:
        return []
    return [line for line in lines if spans.holds(wanted, line.seq)]


SIZES = {"count": st.integers(2, 20), "at_once": st.integers(1, 6)}
WHERE = st.integers(0, 10_000)


@settings(max_examples=40)
@given(**SIZES)
def test_whole_chain_is_whole(count: int, at_once: int) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    state = checked(batches, lines)
    assert isinstance(state, ChainState)
    assert (state.number, state.total, state.through) == (len(batches), count, count)


@settings(max_examples=40)
@given(**SIZES, where=WHERE, field=st.sampled_from([name for name in ChainLine.__slots__ if name != "seq"]))
def test_any_edit_is_found_and_named(count: int, at_once: int, where: int, field: str) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    place = where % count
    changes: dict[str, Any] = {field: "another"}
    lines[place] = replace(lines[place], **changes)
    assert checked(batches, lines) == Breach(Damage.EDITED, place // at_once + 1, place + 1)


@settings(max_examples=40)
@given(**SIZES, where=WHERE, renumbered=st.booleans())
def test_any_removal_is_found_and_named(count: int, at_once: int, where: int, renumbered: bool) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    place = where % count
    last = place == count - 1
    del lines[place]
    if renumbered:
        lines = [replace(line, seq=seq) for seq, line in enumerate(lines, 1)]
    found = checked(batches, lines)
    assert isinstance(found, Breach)
    assert (found.batch, found.seq) == (place // at_once + 1, place + 1)
    within = (place + 1) % at_once != 0 and not last
    if last:
        assert found.damage is Damage.CUT_OFF
    elif not renumbered or within:
        assert found.damage is Damage.REMOVED


@settings(max_examples=40)
@given(**SIZES, where=WHERE, other=WHERE)
def test_any_swap_is_found_and_the_first_is_named(count: int, at_once: int, where: int, other: int) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    first, second = sorted((where % count, other % count))
    if first == second:
        return
    lines[first], lines[second] = (
        replace(lines[second], seq=first + 1),
        replace(lines[first], seq=second + 1),
    )
    found = checked(batches, lines)
    assert isinstance(found, Breach)
    assert found.seq == first + 1
    if first // at_once == second // at_once:
        assert found.damage is Damage.REORDERED


@settings(max_examples=40)
@given(**SIZES, where=WHERE)
def test_any_line_put_in_is_found_and_named(count: int, at_once: int, where: int) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    place = where % count
    lines.insert(place, a_line(place + 1, submission_id="forged"))
    lines = [replace(line, seq=seq) for seq, line in enumerate(lines, 1)]
    found = checked(batches, lines)
    assert isinstance(found, Breach)
    assert found.seq == place + 1
    if (place + 1) % at_once != 0 and place < count - 1:
        assert found.damage is Damage.INSERTED


@settings(max_examples=40)
@given(**SIZES, left=WHERE)
def test_journal_cut_off_is_found_at_the_first_line_that_is_gone(count: int, at_once: int, left: int) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    left %= count
    assert checked(batches, lines[:left]) == Breach(Damage.CUT_OFF, left // at_once + 1, left + 1)


@settings(max_examples=40)
@given(**SIZES, where=WHERE, data=st.data())
def test_any_change_of_a_batch_is_found(count: int, at_once: int, where: int, data: st.DataObject) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    place = where % len(batches)
    header = batches[place].header
    name = data.draw(st.sampled_from([one for one in type(header).__slots__ if one != "number"]))
    value = getattr(header, name)
    other = NOW.replace(year=2020) if name == "at" else "99" if isinstance(value, str) else (value or 0) + 1
    changes: dict[str, Any] = {name: other}
    batches[place] = replace(batches[place], header=replace(header, **changes))
    assert checked(batches, lines) == Breach(Damage.BATCH_EDITED, place + 1, None)


@settings(max_examples=40)
@given(**SIZES, where=WHERE)
def test_any_batch_that_is_gone_is_found(count: int, at_once: int, where: int) -> None:
    lines = [a_line(seq) for seq in range(1, count + 1)]
    batches = linked(lines, at_once)
    place = where % len(batches)
    del batches[place]
    found = checked(batches, lines)
    if place == len(batches):
        assert isinstance(found, ChainState)
    else:
        assert found == Breach(Damage.BATCH_REMOVED, place + 1, None)


def test_batch_that_was_made_anew_does_not_fit_the_next_one() -> None:
    lines = [a_line(seq) for seq in range(1, 7)]
    batches = linked(lines, 2)
    forged = [a_line(1, reason="forged"), *lines[1:]]
    batches[0] = linked(forged, 2)[0]
    assert checked(batches, forged) == Breach(Damage.BATCH_EDITED, 2, None)


def test_late_line_is_taken_into_a_later_batch_and_what_never_came_is_void_after_its_horizon() -> None:
    first = link(START, [a_line(1), a_line(5)], at=NOW, passed=False, horizon=100)
    assert first is not None
    state = state_after(first.header, first.hash)
    assert (state.gaps, state.horizon, state.through) == (((2, 4),), 100, 5)
    second = link(state, [a_line(3), a_line(6)], at=NOW, passed=False, horizon=200)
    assert second is not None
    assert (second.header.ranges, second.header.gaps, second.header.voids) == ("3,6", "2,4", "")
    state = state_after(second.header, second.hash)
    third = link(state, [], at=NOW, passed=True, horizon=300)
    assert third is not None
    assert (third.header.entries, third.header.gaps, third.header.voids, third.header.horizon) == (0, "", "2,4", None)
    lines = [a_line(seq) for seq in (1, 3, 5, 6)]
    assert checked([first, second, third], lines) == state_after(third.header, third.hash)
    assert checked([first, second, third], [*lines, a_line(4)]) == Breach(Damage.INSERTED, 3, 4)


def test_without_gaps_in_its_numbers_a_database_has_lost_the_line_that_is_missing() -> None:
    lines = [a_line(1), a_line(3)]
    batches = linked(lines, 2)
    assert checked(batches, lines, gaps_happen=False) == Breach(Damage.REMOVED, 1, 2)


def test_gap_without_a_horizon_waits_for_one() -> None:
    first = link(START, [a_line(2)], at=NOW, passed=False, horizon=None)
    assert first is not None
    state = state_after(first.header, first.hash)
    assert link(state, [], at=NOW, passed=False, horizon=None) is None
    marked = link(state, [], at=NOW, passed=False, horizon=7)
    assert marked is not None
    assert (marked.header.gaps, marked.header.horizon) == ("1", 7)


def test_batch_that_names_a_line_twice_does_not_follow() -> None:
    state = state_after(*_header_of(linked([a_line(1), a_line(2)], 2)[0]))
    twice = link(replace(state, through=1), [a_line(2)], at=NOW, passed=True, horizon=0)
    assert twice is not None
    assert check_batch(state, twice, [a_line(2)]) == Breach(Damage.BATCH_EDITED, 2, None)


def _header_of(batch: Batch) -> tuple[Any, str]:
    return batch.header, batch.hash


@settings(max_examples=40)
@given(st.sets(st.integers(1, 60)))
def test_numbers_have_one_text_and_come_back_from_it(numbers: set[int]) -> None:
    found = spans.spans_of(sorted(numbers))
    assert list(spans.numbers_in(spans.read_spans(spans.write_spans(found)))) == sorted(numbers)
    assert spans.count(found) == len(numbers)


@settings(max_examples=40)
@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_what_is_left_of_runs_is_what_sets_say(held: set[int], taken: set[int]) -> None:
    left = spans.without(spans.spans_of(sorted(held)), sorted(taken))
    assert left == spans.spans_of(sorted(held - taken))


@settings(max_examples=40)
@given(st.integers(0, 20), st.sets(st.integers(1, 40)))
def test_holes_are_what_is_missing_below_the_last(after: int, numbers: set[int]) -> None:
    missing = set(range(after + 1, max(numbers, default=0))) - numbers
    assert spans.holes(after, sorted(numbers)) == spans.spans_of(sorted(missing))


@pytest.mark.parametrize("text", ["0", "1,2", "2-1", "1-1", "3,1", "01", " 1", "1,", "1-3,3", "-1", "1-", "٣"])
def test_text_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        spans.read_spans(text)


def test_digests_of_two_submissions_have_nothing_in_common() -> None:
    keys = {digest_key(ledger, SubmissionId(which)) for ledger in (b"a" * 32, b"b" * 32) for which in ("s1", "s2")}
    assert len({keyed_digest(key, b"the same bytes") for key in keys}) == 4
