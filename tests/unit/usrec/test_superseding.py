"""An unsent change gives way to a newer one of the same thing; papers of their own never do, nor what was begun."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from support.line import BIN, DAY, ENDS_TODAY, TIMEOUT, TODAY, TOMORROW, UNREACHABLE, Line, refused
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.domain.superseding import NEWER_CHANGE


def standing_behind(line: Line, newer: str) -> list[str]:
    """The events that still wait, in the order of their turns."""
    waiting = [line.of(one) for one, state in line.states().items() if state == "pending"]
    assert newer in {one.event_id for one in waiting}
    return [one.event_id for one in sorted(waiting, key=lambda one: one.position)]


def gave_way(line: Line, older: Submission) -> bool:
    found = line.get(older.id)
    return (found.state, found.reason) == (State.CANCELLED, NEWER_CHANGE)


def hired(**row: str) -> Line:
    line = Line()
    line.register("hire", **row)
    return line


@pytest.mark.parametrize("newer", ["contract_edit", "contract_delete"])
def test_an_unsent_correction_gives_way_to_a_newer_one_and_to_the_deletion(newer: str) -> None:
    line = hired()
    older = line.take("mend", "contract_edit", established_post="Аналитик")
    new = line.take("newer", newer)
    assert gave_way(line, older)
    assert line.queued("mend") is None
    assert line.entry("newer").status is QueueStatus.READY
    assert line.notes()[older.row_ref].message == "Taken back: a newer change of the same thing goes in its place."
    assert json.loads(line.journal(older.id)[-1].detail) == {"gave_way_to": new.id}
    assert json.loads(line.journal(new.id)[0].detail) == {"took_the_place_of": [older.id]}
    line.deliver_all()
    assert line.states() == {"hire": "accepted", "mend": "cancelled", "newer": "accepted"}


@pytest.mark.parametrize(
    ("kind", "older", "newer"),
    [
        ("amendment", "amendment_edit", "amendment_edit"),
        ("amendment", "amendment_edit", "amendment_delete"),
        ("social_leave", "social_leave_edit", "social_leave_edit"),
        ("social_leave", "social_leave_edit", "social_leave_delete"),
    ],
)
def test_a_correction_gives_way_only_to_that_of_the_same_agreement_or_leave(kind: str, older: str, newer: str) -> None:
    line = hired()
    name = "agreement_id" if kind == "amendment" else "leave_id"
    known = line.register("first", kind).record_id
    mend = line.take("mend", older, **{name: known})
    line.take("other", newer, **{name: "id-of-another", "not_worked_from": TOMORROW.isoformat()})
    assert not gave_way(line, mend)
    line.take("newer", newer, **{name: known})
    assert gave_way(line, mend)
    assert line.of("other").state is State.PENDING


def test_several_in_one_batch_give_way_to_the_last() -> None:
    line = hired()
    for name in ("one", "two", "three"):
        line.enter(name, "contract_edit")
    line.ingest()
    assert line.states() == {"hire": "accepted", "one": "cancelled", "two": "cancelled", "three": "pending"}


@pytest.mark.parametrize("paper", ["amendment", "extension", "social_leave", "termination", "iin_change"])
def test_a_paper_of_its_own_never_gives_way(paper: str) -> None:
    line = hired(**(ENDS_TODAY if paper == "extension" else {}))
    older = line.take("paper", paper)
    for kind in ("contract_edit", "contract_delete"):
        line.take(f"newer-{kind}", kind)
    assert not gave_way(line, older)
    assert line.of("paper").state is State.PENDING


def test_a_deletion_does_not_give_way_to_a_correction() -> None:
    line = hired()
    deletion = line.take("gone", "contract_delete")
    line.take("mend", "contract_edit")
    assert not gave_way(line, deletion)


def test_the_newer_correction_goes_in_the_first_ones_turn_and_a_deletion_stays_behind() -> None:
    line = hired()
    line.take("mend", "contract_edit")
    line.take("agree", "amendment")
    line.take("newer", "contract_edit")
    assert standing_behind(line, "newer") == ["newer", "agree"]
    line.take("gone", "contract_delete")
    assert standing_behind(line, "gone") == ["agree", "gone"]


def test_a_newer_correction_goes_before_the_termination_that_came_after_the_first() -> None:
    line = hired()
    line.take("mend", "contract_edit")
    line.take("end", "termination", termination_date=TOMORROW.isoformat())
    line.take("newer", "contract_edit")
    line.clock.advance(2 * DAY)
    line.deliver_all()
    assert line.states() == {"hire": "accepted", "mend": "cancelled", "newer": "accepted", "end": "accepted"}


def test_the_newer_change_keeps_the_stricter_of_both_dates() -> None:
    line = hired()
    older = line.take("mend", "contract_edit", entered_on=(TODAY - timedelta(days=9)).isoformat())
    newer = line.take("newer", "contract_edit")
    assert (newer.legal_date, newer.safe_date, newer.due_utc, newer.trigger) == (
        older.legal_date,
        older.safe_date,
        older.due_utc,
        older.trigger,
    )
    assert line.entry("newer").priority == older.safe_utc
    later = line.take("later", "contract_edit", entered_on=(TODAY - timedelta(days=20)).isoformat())
    assert later.legal_date is not None
    assert newer.legal_date is not None
    assert later.legal_date < newer.legal_date


def test_what_may_have_been_sent_does_not_give_way() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    line.send(TIMEOUT)
    line.take("newer", "contract_edit")
    assert not gave_way(line, older)
    entry = line.entry("newer")
    assert (entry.status, entry.wait_reason) == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_IN_DOUBT)


def test_what_is_signed_does_not_give_way_even_when_nothing_was_sent() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    line.send(UNREACHABLE)
    line.take("newer", "contract_edit")
    assert not gave_way(line, older)
    assert line.of("mend").state is State.SIGNED


def test_what_was_refused_does_not_give_way_and_holds_the_newer_change() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    line.send(refused("SCSE007"))
    line.take("newer", "contract_edit")
    assert not gave_way(line, older)
    assert line.entry("newer").wait_reason is WaitReason.PREDECESSOR_REFUSED


@pytest.mark.parametrize("act", [Line.hold, Line.check_out])
def test_what_a_person_has_in_hand_does_not_give_way(act: object) -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    assert callable(act)
    act(line, "mend")
    line.take("newer", "contract_edit")
    assert not gave_way(line, older)
    assert line.entry("newer").status is QueueStatus.BLOCKED


@pytest.mark.parametrize("released", [False, True])
def test_what_a_person_was_asked_to_approve_does_not_give_way(*, released: bool) -> None:
    line = hired()
    line.policy = replace(line.policy, approve={BIN: {Operation.CONTRACT_EDIT}})
    older = line.take("mend", "contract_edit")
    line.send()
    if released:
        line.hold("mend")
        line.release("mend")
    line.take("newer", "contract_edit")
    assert not gave_way(line, older)


def test_a_claimed_but_unsigned_change_is_taken_from_its_agent() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    (claim,) = line.claim()
    line.take("newer", "contract_edit")
    assert gave_way(line, older)
    before = len(line.wire.submitted)
    assert line.deliver(claim).result == "lease_lost"
    assert len(line.wire.submitted) == before


def test_a_change_that_is_refused_itself_takes_nobodys_place() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    line.take("two", contract="K-2", contract_number="18")
    refused_change = line.take("newer", "contract_edit", contract_number="18")
    assert refused_change.state is State.INVALID
    assert not gave_way(line, older)
    assert refused_change.position > line.of("mend").position


def test_a_withdrawn_change_takes_nobodys_place() -> None:
    line = hired()
    older = line.take("mend", "contract_edit")
    line.take("newer", "contract_edit", withdrawn=True)
    assert not gave_way(line, older)


def test_a_change_that_waits_for_its_own_earlier_revision_takes_nobodys_place() -> None:
    line = hired()
    line.take("newer", "contract_edit")
    line.send(TIMEOUT)
    older = line.take("mend", "contract_edit")
    line.take("newer", "contract_edit", revision=2)
    assert not gave_way(line, older)


def test_an_event_that_gave_way_comes_back_with_a_higher_revision() -> None:
    line = hired()
    line.take("mend", "contract_edit")
    newer = line.take("newer", "contract_edit")
    line.take("mend", "contract_edit", revision=2)
    assert gave_way(line, newer)
    line.deliver_all()
    assert line.states() == {"hire": "accepted", "mend": "accepted", "newer": "cancelled"}
