"""A broken query of the leaves is not taken for the deletion of all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from usrec.domain.errors import SnapshotRefused
from usrec.domain.snapshot.look import Memory, differ
from usrec.domain.snapshot.sound import BY_DEFAULT, Soundness, require_sound
from usrec.domain.snapshot.staff import LeaveRow, Look, StaffRow

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
ROW = StaffRow("1", "200940000013", {"employee_iin": "900101300007", "contract_number": "1"})
LEAVE = {"leave_type_code": "1", "not_worked_from": "2026-12-01", "not_worked_to": "2027-06-01"}


def _look(*numbers: int) -> Look:
    return Look([ROW], [LeaveRow(f"L{number}", "1", LEAVE) for number in numbers], AT)


def _remembered(count: int) -> Memory:
    made = differ(Memory(), _look(*range(count)), {})
    return Memory(date(2026, 11, 20), made.contracts, made.leaves)


@pytest.mark.parametrize(("stood", "left"), [(3, 0), (200, 0), (200, 150), (8, 2)])
def test_a_look_that_lacks_too_many_leaves_is_refused(stood: int, left: int) -> None:
    with pytest.raises(SnapshotRefused, match=f"{stood - left} of {stood} leaves are missing") as refused:
        require_sound(_look(*range(left)), _remembered(stood), BY_DEFAULT, "hr", leaves_are_complete=True)
    assert "lost_percent" in (refused.value.next_step or "")


@pytest.mark.parametrize(("stood", "left"), [(1, 0), (6, 1), (200, 190), (0, 0)])
def test_a_few_may_be_deleted_at_once(stood: int, left: int) -> None:
    require_sound(_look(*range(left)), _remembered(stood), BY_DEFAULT, "hr", leaves_are_complete=True)


def test_leaves_that_are_not_deleted_by_going_may_go() -> None:
    require_sound(_look(), _remembered(200), BY_DEFAULT, "hr")


def test_the_share_may_be_set() -> None:
    require_sound(_look(*range(150)), _remembered(200), Soundness(25), "hr", leaves_are_complete=True)


@pytest.mark.parametrize("stood", [2, 3, 200])
def test_what_the_refusal_advises_lets_the_deletion_of_all_pass(stood: int) -> None:
    require_sound(_look(), _remembered(stood), Soundness(100), "hr", leaves_are_complete=True)
