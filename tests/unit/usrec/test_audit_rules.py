"""Every contract of the three books ends in exactly one finding, and in the one that its facts call for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usrec.domain.audit import (
    Books,
    Cause,
    Change,
    Finding,
    Kind,
    LedgerEntry,
    OpenEvent,
    RosterEntry,
    Step,
    count_kinds,
)
from usrec.domain.audit_rules import compare
from usrec.domain.onboarding import HrContract, KnownContract
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import SubmissionId

TODAY = date(2026, 11, 16)
LONG_AGO, AHEAD = date(2026, 3, 2), date(2026, 11, 30)
DAY = date(2022, 4, 1)


def known(number: int, **changes: str) -> HrContract:
    told = {"employee_iin": "900101300007", "number": f"ТД-{number}", "day": DAY.isoformat()} | changes
    return HrContract(ContractKey(f"K-{number}"), **told)


def hr(number: int, **more: Any) -> RosterEntry:
    return RosterEntry(known(number), **more)


def ours(number: int, **more: Any) -> LedgerEntry:
    return LedgerEntry(ContractKey(f"K-{number}"), (known(number),), **more)


def exported(serial: int, **more: Any) -> KnownContract:
    told: dict[str, Any] = {"employee_iin": "900101300007", "number": f"тд-{serial} ", "day": DAY} | more
    return KnownContract(f"R-{serial}", **told)


def only(books: Books) -> Finding:
    found = compare(books, TODAY)
    assert len(found) == 1, found
    return found[0]


OPEN = (OpenEvent(SubmissionId("s-1"), AHEAD),)
OVER = (OpenEvent(SubmissionId("s-1"), LONG_AGO),)
CHANGE = Change("amendment", "new_agreement", LONG_AGO)
SENT: dict[str, Any] = {"entered": True, "contract_id": "R-1"}

CASES: list[tuple[RosterEntry | None, LedgerEntry | None, KnownContract | None, Cause]] = [
    (hr(1), None, None, Cause.NEVER_TAKEN),
    (hr(1, legal_date=LONG_AGO), None, None, Cause.ENTRY_LATE),
    (hr(1, legal_date=LONG_AGO), None, exported(1), Cause.NOT_TAKEN_OVER),
    (hr(1, legal_date=LONG_AGO), ours(1, remembered=True), None, Cause.ID_UNKNOWN),
    (hr(1), ours(1, remembered=True), exported(1), Cause.NOT_TAKEN_OVER),
    (hr(1), ours(1, open=OPEN), None, Cause.OPEN),
    (hr(1), ours(1, open=OPEN), exported(1), Cause.NOT_TAKEN_OVER),
    (hr(1), ours(1, open=OPEN, underway=True), exported(1), Cause.BEING_SENT),
    (hr(1), ours(1, open=OVER), None, Cause.EVENT_LATE),
    (hr(1), ours(1, open=OVER, **SENT), exported(1), Cause.EVENT_LATE),
    (hr(1), ours(1, **SENT), exported(1), Cause.SAME),
    (hr(1), ours(1, **SENT), None, Cause.NOT_IN_REGISTRY),
    (hr(1), ours(1, registered_on=TODAY, **SENT), None, Cause.SAME),
    (hr(1), ours(1, **SENT), exported(1, number="ТД-7"), Cause.OTHER_IDENTITY),
    (hr(1), None, exported(1, number="ТД-7"), Cause.OTHER_IDENTITY),
    (hr(1), ours(1, entered=True, contract_id="R-9"), exported(1), Cause.OTHER_ID),
    (hr(1), ours(1, deleted=True), exported(1), Cause.DELETED),
    (hr(1, changes=(CHANGE,)), ours(1, **SENT), exported(1), Cause.CHANGE_LATE),
    (hr(1, changes=(Change("amendment", "new_agreement"),)), ours(1, **SENT), exported(1), Cause.NOT_TOLD),
    (hr(1, puzzle="other_employee"), ours(1, **SENT), exported(1), Cause.PUZZLE),
    (None, None, exported(1), Cause.UNKNOWN_TO_HR),
    (None, ours(1, **SENT), exported(1), Cause.GONE_FROM_HR),
    (None, ours(1, remembered=True), exported(1), Cause.GONE_FROM_HR),
    (None, ours(1, ended=True, **SENT), exported(1), Cause.NOTHING_STANDS),
    (None, ours(1, open=OVER, **SENT), exported(1), Cause.EVENT_LATE),
    (None, ours(1), None, Cause.NOTHING_STANDS),
]


@pytest.mark.parametrize(("roster", "ledger", "registry", "cause"), CASES)
def test_a_contract_is_told_by_its_facts(
    roster: RosterEntry | None, ledger: LedgerEntry | None, registry: KnownContract | None, cause: Cause
) -> None:
    books = Books(
        [ledger] if ledger else [], [roster] if roster else [], [registry] if registry else [], exported_on=TODAY
    )
    assert only(books).cause is cause


def test_of_hr_without_a_roster_the_ledger_speaks() -> None:
    assert only(Books([ours(1, **SENT)], None, [exported(1)])).cause is Cause.SAME
    assert only(Books([ours(1)], None, [exported(1)])).step is Step.TAKE_OVER
    assert only(Books([ours(1, **SENT)], None, None)).cause is Cause.SAME, "no export, nothing missing in it"


def test_what_came_by_another_way_is_not_missed_in_a_staff() -> None:
    books = [ours(1, **SENT), ours(2, entered=True, contract_id="R-2", remembered=True)]
    found = compare(Books(books, [], None, is_whole=False), TODAY)
    assert {one.key: one.cause for one in found} == {"K-1": Cause.SAME, "K-2": Cause.GONE_FROM_HR}


def test_what_may_belong_to_several_is_never_taken_over() -> None:
    twins = [hr(1), RosterEntry(HrContract(ContractKey("K-2"), "900101300007", "ТД-1", DAY.isoformat()))]
    found = compare(Books([], twins, [exported(1)]), TODAY)
    assert [(one.key, one.contract_id, one.cause) for one in found] == [
        (None, "R-1", Cause.SEVERAL),
        ("K-1", None, Cause.SEVERAL),
        ("K-2", None, Cause.SEVERAL),
    ]
    assert found[0].candidates == ("K-1", "K-2")


def test_a_finding_does_not_show_whom_it_is_about() -> None:
    assert "900101300007" not in repr(only(Books([], [hr(1)], [exported(1, number="ТД-7")])))


numbers = st.integers(1, 4)
days = st.sampled_from([None, LONG_AGO, AHEAD])


@st.composite
def roster_entries(draw: st.DrawFn) -> RosterEntry:
    contract = HrContract(ContractKey(f"K-{draw(numbers)}"), f"iin-{draw(numbers)}", f"ТД-{draw(numbers)}", str(DAY))
    changes = (CHANGE,) if draw(st.booleans()) else ()
    return RosterEntry(contract, draw(days), changes, draw(st.sampled_from(["", "other_key"])))


@st.composite
def ledger_entries(draw: st.DrawFn) -> LedgerEntry:
    key = ContractKey(f"K-{draw(numbers)}")
    flags = {name: draw(st.booleans()) for name in ("entered", "ended", "deleted", "underway", "remembered")}
    identity = HrContract(key, f"iin-{draw(numbers)}", f"ТД-{draw(numbers)}", str(DAY))
    events = (OpenEvent(SubmissionId("s"), draw(days)),) if draw(st.booleans()) else ()
    contract_id = draw(st.sampled_from([None, "R-1", "R-2", "R-3"]))
    told = (identity,) if draw(st.booleans()) else ()
    return LedgerEntry(key, told, contract_id, registered_on=draw(days), open=events, **flags)


@st.composite
def registry_rows(draw: st.DrawFn) -> KnownContract:
    stated = draw(st.sampled_from([None, None, ContractKey("K-1"), ContractKey("K-9")]))
    facts = f"iin-{draw(numbers)}", f"тд-{draw(numbers)}", draw(st.sampled_from([DAY, AHEAD]))
    return KnownContract(f"R-{draw(numbers)}", *facts, stated_key=stated)


@settings(max_examples=300, deadline=None)
@given(
    st.none() | st.lists(roster_entries(), max_size=4, unique_by=lambda one: one.known.key),
    st.lists(ledger_entries(), max_size=4, unique_by=lambda one: one.key),
    st.none() | st.lists(registry_rows(), max_size=4, unique_by=lambda one: one.contract_id),
)
def test_every_contract_of_the_three_books_ends_in_exactly_one_finding(
    roster: list[RosterEntry] | None, ledger: list[LedgerEntry], registry: list[KnownContract] | None
) -> None:
    found = compare(Books(ledger, roster, registry, TODAY), TODAY)
    keys = [one.key for one in found if one.key is not None]
    assert sorted(keys) == sorted({one.known.key for one in roster or []} | {one.key for one in ledger})
    exported_ids = {one.contract_id for one in registry or []}
    alone = [one.contract_id for one in found if one.key is None]
    paired = [one.contract_id for one in found if one.key is not None and one.contract_id in exported_ids]
    assert set(alone) <= exported_ids
    assert {*alone, *paired} == exported_ids
    assert len(alone) == len(set(alone))
    assert sum(count_kinds(found).values()) == len(found)
    taken = [one for one in found if one.step is Step.TAKE_OVER]
    assert len({one.contract_id for one in taken}) == len(taken), "an id goes to one contract"
    assert all(one.kind is Kind.BY_HAND and one.key and one.contract_id in exported_ids for one in taken)
