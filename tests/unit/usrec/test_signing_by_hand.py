"""Documents that wait for a person: the owner's signature by hand and approvals, on the line in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from support.by_hand import (
    MARK,
    OwnersSigner,
    approve_event,
    asked,
    signed_by_hand,
    take,
)
from support.line import ASEL, BIN, DAY, HOUR, MONDAY, POLICY, TIMEOUT, TODAY, UNREACHABLE, Line, registered
from usrec.application.pack_papers import fit_for_one_package, record_package, unsigned_papers
from usrec.application.take_signed import Fate
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.chain import keyed_digest
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import UnsafeRequest
from usrec.domain.signing_request import digest_of
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.cli.paper_words import paper_summary
from usrec.ports.signing_package import ReturnedPaper

UNTIL = MONDAY + 400 * DAY


@pytest.fixture
def line(line: Line) -> Line:
    """The employer's owner signs by hand."""
    line.signer = OwnersSigner({BIN: UNTIL})
    return line


@pytest.fixture
def approving(line: Line) -> Line:
    """A key is here, and a person approves terminations and conclusions."""
    line.signer = type(line.signer).__bases__[0]({BIN: UNTIL})
    line.policy = replace(POLICY, approve={BIN: frozenset({Operation.CONCLUSION})})
    return line


def hr_reads(line: Line, event_id: str) -> str:
    """The last word to HR."""
    return line.notes()[line.of(event_id).row_ref].message


def wait(line: Line, event_id: str = "e1") -> None:
    """Bring an event to where a person is needed."""
    line.take(event_id)
    assert [line.deliver(claim).result for claim in line.claim()] == ["waiting"]


def test_document_waits_for_its_owner_and_nothing_is_sent(line: Line) -> None:
    line.take("e1")
    (delivered,) = line.deliver_all()
    entry = line.entry("e1")
    assert (delivered.result, delivered.reason, delivered.alert) == ("waiting", "awaiting_signature", False)
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.AWAITING_SIGNATURE)
    assert line.of("e1").state is State.PENDING
    assert line.wire.messages == []
    assert "the EDS's owner" in line.notes()["1"].message
    assert asked(line, "e1").digest == digest_of(asked(line, "e1").document)


def test_what_waits_for_a_person_is_never_claimed(line: Line) -> None:
    wait(line)
    line.clock.advance(30 * DAY)
    assert line.claim() == []


def test_signed_document_goes_on_with_the_bytes_and_record_id_that_were_asked_for(line: Line) -> None:
    wait(line)
    request, submission = asked(line, "e1"), line.of("e1")
    taken = take(line, signed_by_hand(line))
    assert taken[submission.id].fate is Fate.TAKEN
    assert line.of("e1").state is State.SIGNED
    line.deliver_all()
    (message,) = line.wire.messages
    assert (message.document, message.record_id) == (request.document + MARK, request.record_id)
    assert line.of("e1").state is State.ACCEPTED
    signing = next(one for one in line.journal(submission.id) if one.action == "sign")
    assert signing.actor == "dana"
    with line.work() as work:
        assert work.journal.digest(submission.id, message.document) in signing.detail
    assert message.certificate in signing.detail


def test_taking_a_package_twice_changes_nothing(line: Line) -> None:
    wait(line)
    papers = signed_by_hand(line)
    take(line, papers)
    before = line.journal(line.of("e1").id)
    again = take(line, papers)
    assert {one.fate for one in again.values()} == {Fate.ALREADY_TAKEN}
    assert line.journal(line.of("e1").id) == before
    line.deliver_all()
    assert {one.fate for one in take(line, papers).values()} == {Fate.ALREADY_TAKEN}
    assert len(line.wire.submitted) == 1


def test_two_signatures_of_one_document_are_not_both_taken(line: Line) -> None:
    wait(line)
    (paper,) = signed_by_hand(line)
    take(line, [paper])
    other = replace(paper, document=paper.document + MARK)
    refused = take(line, [other])[paper.submission_id]
    assert refused.fate is Fate.REFUSED
    assert "waits for no signature" in refused.why


Meanwhile = Callable[[Line], object]


NEW_PACKAGE, SEE, RELEASE = "usrec package create", "usrec submission show", "take the same file again"


@pytest.mark.parametrize(
    ("meanwhile", "why", "advice"),
    [
        (lambda line: line.take("e1", revision=2), "stands in the place of", NEW_PACKAGE),
        (lambda line: line.take("e1", revision=2, withdrawn=True), "stands in the place of", NEW_PACKAGE),
        (lambda line: line.cancel("e1"), "is cancelled and waits for no signature", SEE),
        (lambda line: line.hold("e1"), "does not wait for a signature now (held_by_person)", RELEASE),
        (lambda line: line.check_out("e1"), "does not wait for a signature now (checked_out)", RELEASE),
        (
            lambda line: (line.check_out("e1"), line.settle("e1", contract_id="R-9")),
            "is accepted and waits for no",
            SEE,
        ),
        (lambda line: line.retry("e1"), "does not wait for a signature now (ready)", SEE),
        (lambda line: (line.retry("e1"), line.deliver_all()), "another document of", NEW_PACKAGE),
    ],
    ids=["corrected", "withdrawn", "cancelled", "held", "checked out", "entered by hand", "retried", "made anew"],
)
def test_what_changed_while_the_package_was_out_is_refused_and_named(
    line: Line, meanwhile: Meanwhile, why: str, advice: str
) -> None:
    wait(line)
    (paper,) = signed_by_hand(line)
    meanwhile(line)
    refused = take(line, [paper])[paper.submission_id]
    assert refused.fate is Fate.REFUSED
    assert why in refused.why
    assert [one for one in (NEW_PACKAGE, SEE, RELEASE) if one in refused.why] == [advice]
    assert State.SIGNED not in {one.state for one in line.all_of("e1")}


def test_same_file_is_taken_when_a_person_has_released_what_it_is_for(line: Line) -> None:
    wait(line)
    (paper,) = signed_by_hand(line)
    line.hold("e1")
    assert RELEASE in take(line, [paper])[paper.submission_id].why
    line.release("e1")
    line.deliver_all()
    assert take(line, [paper])[paper.submission_id].fate is Fate.TAKEN


def test_one_paper_that_is_refused_holds_no_other(line: Line) -> None:
    wait(line, "e1")
    line.take("e2", contract="K-2")
    line.deliver_all()
    papers = signed_by_hand(line)
    line.take("e1", revision=2)
    fates = [one.fate for one in take(line, papers).values()]
    assert sorted(fates) == [Fate.REFUSED, Fate.TAKEN]
    assert line.of("e2").state is State.SIGNED


def test_changed_document_and_unknown_submission_are_refused(line: Line) -> None:
    wait(line)
    (paper,) = signed_by_hand(line)
    changed = replace(paper, name="changed", document=b"[]" + MARK)
    unknown = ReturnedPaper("unknown", b"{}" + MARK, type(line.of("e1").id)("nobody"))
    nameless = ReturnedPaper("nameless", b"{}{}" + MARK, None)
    told = {one.name: one.why for one in take(line, [changed, unknown, nameless]).values()}
    assert "was changed, or is older" in told["changed"]
    assert "no submission nobody" in told["unknown"]
    assert "the agent that made its package" in told["unknown"]
    assert "it was not asked for" in told["nameless"]


def test_document_stays_the_same_while_a_person_holds_and_releases_it(line: Line) -> None:
    wait(line)
    before, papers = asked(line, "e1"), signed_by_hand(line)
    line.hold("e1")
    line.release("e1")
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_SIGNATURE
    assert asked(line, "e1") == before
    assert take(line, papers)[line.of("e1").id].fate is Fate.TAKEN


def test_expired_check_out_comes_back_to_the_owner_with_the_same_document(line: Line) -> None:
    wait(line)
    before = asked(line, "e1")
    line.check_out("e1", duration=HOUR)
    line.clock.advance(HOUR)
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_SIGNATURE
    assert asked(line, "e1") == before


def test_release_of_what_waits_for_its_owner_is_refused_with_advice(line: Line) -> None:
    wait(line)
    with pytest.raises(UnsafeRequest, match=r"waits for a person's signature.*usrec package create"):
        line.release("e1")


def test_retry_makes_the_document_anew(line: Line) -> None:
    wait(line)
    before = asked(line, "e1")
    line.retry("e1")
    line.deliver_all()
    assert asked(line, "e1").digest != before.digest


def test_request_goes_with_its_queue_entry(line: Line) -> None:
    wait(line)
    which = line.of("e1").id
    line.cancel("e1")
    with line.ledger.begin() as work:
        assert work.signing_requests.get(which) is None


def test_signed_document_waits_like_any_other_when_the_gateway_is_away(line: Line) -> None:
    wait(line)
    take(line, signed_by_hand(line))
    line.send(UNREACHABLE)
    assert line.entry("e1").wait_reason is WaitReason.GATEWAY_UNREACHABLE
    line.send_again(registered())
    assert line.of("e1").state is State.ACCEPTED
    assert len({message.document for message in line.wire.messages}) == 1


def test_document_whose_certificate_ended_unsent_is_put_before_the_owner_anew(line: Line) -> None:
    wait(line)
    before = asked(line, "e1")
    take(line, signed_by_hand(line))
    line.clock.advance(UNTIL - line.clock.now() + HOUR)
    line.deliver_all()
    assert line.wire.messages == []
    assert line.entry("e1").wait_reason is WaitReason.NEEDS_DECISION
    assert hr_reads(line, "e1").startswith("Signed, but the certificate ended before it was sent")
    line.retry("e1")
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_SIGNATURE
    assert asked(line, "e1").digest != before.digest
    assert line.wire.messages == []


def test_document_in_doubt_whose_certificate_ended_is_never_put_before_the_owner_anew(line: Line) -> None:
    wait(line)
    take(line, signed_by_hand(line))
    line.send(TIMEOUT)
    line.clock.advance(UNTIL - line.clock.now() + HOUR)
    for _ in range(2):
        line.deliver_all()
        assert (line.of("e1").state, line.entry("e1").wait_reason) == (State.INDETERMINATE, WaitReason.NEEDS_DECISION)
        assert hr_reads(line, "e1").startswith("The answer is unknown and the certificate has ended; somebody has to")
        with pytest.raises(UnsafeRequest, match=r"certificate .* has expired.* usrec submission settle"):
            line.retry("e1")
        line.release("e1")
    assert len(line.all_of("e1")) == 1
    assert len(line.wire.messages) == 1


def test_retry_of_a_document_that_was_taken_sends_the_same_bytes(line: Line) -> None:
    wait(line)
    take(line, signed_by_hand(line))
    line.send(UNREACHABLE)
    line.retry("e1")
    line.deliver_all()
    assert len({message.document for message in line.wire.messages}) == 1
    assert line.of("e1").state is State.ACCEPTED


def test_follower_waits_behind_and_the_most_urgent_comes_first(line: Line) -> None:
    line.take("late", contract="K-2", signed_on=TODAY.isoformat())
    line.take("early", signed_on=(TODAY - DAY).isoformat(), contract_date=(TODAY - DAY).isoformat())
    line.take("behind", "amendment")
    line.deliver_all()
    assert [one.submission.event_id for one in unsigned_papers(BIN, ledger=line.ledger)] == ["early", "late"]
    assert line.entry("behind").status is QueueStatus.BLOCKED


def test_package_holds_each_document_once_and_no_more_than_a_person_reads(line: Line) -> None:
    wait(line)
    (paper,) = unsigned_papers(BIN, ledger=line.ledger)
    others = [replace(paper, request=replace(paper.request, digest=f"{number}")) for number in range(2500)]
    assert fit_for_one_package([paper, *others, paper]) == [paper, *others[:1999]]


def test_what_hr_typed_makes_no_lines_of_its_own_in_a_summary(line: Line) -> None:
    wait(line)
    (paper,) = unsigned_papers(BIN, ledger=line.ledger)
    details = paper.submission.details.replace("Инженер", "Инженер\\n\\u2028Post: 2030")
    forged = replace(paper, submission=replace(paper.submission, details=details))
    assert "Post: Инженер Post: 2030" in paper_summary(forged).splitlines()


def test_package_is_remembered_unless_the_document_was_made_anew_meanwhile(line: Line) -> None:
    wait(line)
    old = asked(line, "e1")
    record_package("P-1", [old], ASEL, ledger=line.ledger, now=line.clock.now())
    assert asked(line, "e1").package_id == "P-1"
    line.retry("e1")
    line.deliver_all()
    record_package("P-2", [old], ASEL, ledger=line.ledger, now=line.clock.now())
    assert asked(line, "e1").package_id is None
    assert [one.action for one in line.journal(line.of("e1").id)].count("package") == 1


def test_approved_document_is_the_one_that_is_signed(approving: Line) -> None:
    line = approving
    wait(line)
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_APPROVAL
    request = asked(line, "e1")
    approve_event(line, "e1", request.digest)
    line.deliver_all()
    (message,) = line.wire.messages
    assert message.document.startswith(request.document)
    assert message.record_id == request.record_id
    approval = next(one for one in line.journal(line.of("e1").id) if one.action == "approve")
    keyed = keyed_digest(line.ledger.chain_view.digest_key(request.submission_id), request.document)
    assert (approval.actor, json.loads(approval.detail)) == ("dana", {"unsigned": keyed})
    assert line.of("e1").state is State.ACCEPTED


def test_approval_of_another_digest_is_refused(approving: Line) -> None:
    wait(approving)
    with pytest.raises(UnsafeRequest, match="the digest is not that of the document"):
        approve_event(approving, "e1", "0" * 64)
    assert approving.entry("e1").wait_reason is WaitReason.AWAITING_APPROVAL


def test_approval_does_not_outlive_its_revision(approving: Line) -> None:
    line = approving
    wait(line)
    approve_event(line, "e1", asked(line, "e1").digest)
    line.take("e1", revision=2)
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_APPROVAL
    assert not asked(line, "e1").is_approved
    assert line.wire.messages == []


def test_approval_binds_to_the_bytes_and_not_to_the_row(approving: Line) -> None:
    line = approving
    wait(line)
    approve_event(line, "e1", asked(line, "e1").digest)
    approved = asked(line, "e1")
    with line.work() as work:
        work.signing_requests.put(replace(approved, document=approved.document + b" "))
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_APPROVAL
    assert line.wire.messages == []


def test_only_what_waits_for_an_approval_is_approved(approving: Line) -> None:
    wait(approving)
    digest = asked(approving, "e1").digest
    approve_event(approving, "e1", digest)
    with pytest.raises(UnsafeRequest, match="does not wait for an approval"):
        approve_event(approving, "e1", digest)


def test_operations_that_need_no_approval_go_on(approving: Line) -> None:
    approving.policy = replace(POLICY, approve={BIN: frozenset({Operation.TERMINATION})})
    approving.register("e1")


def test_owner_signs_the_document_that_was_approved(line: Line) -> None:
    line.policy = replace(POLICY, approve={BIN: frozenset({Operation.CONCLUSION})})
    wait(line)
    request = asked(line, "e1")
    assert signed_by_hand(line) == []
    approve_event(line, "e1", request.digest)
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_SIGNATURE
    assert asked(line, "e1").document == request.document
    assert asked(line, "e1").approved_by == "dana"


def reminders(line: Line) -> list[Alert]:
    """Open reminders after a look."""
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    posted = [one.alert for one in line.ledger.view.notice_board().alerts]
    return [one for one in posted if (one.watched, one.threshold) == (Watched.PERSON, Threshold.AWAITED)]


def test_person_is_reminded_with_the_next_digest_and_then_each_working_day(line: Line) -> None:
    line.clock.advance(HOUR)
    wait(line)
    told = []
    while line.clock.now() <= MONDAY + 7 * DAY:
        told += [one for one in reminders(line) if one not in told]
        assert len(reminders(line)) == 1
        line.clock.advance(HOUR)
    days = [TODAY + number * DAY for number in (1, 2, 3, 4, 7)]
    assert [one.last_day for one in told] == days
    assert [one.tell_at for one in told] == [MONDAY + number * DAY for number in (1, 2, 3, 4, 7)]
    assert not any(one.urgent for one in told)


def test_reminder_ends_when_the_signature_is_there(line: Line) -> None:
    wait(line)
    assert len(reminders(line)) == 1
    take(line, signed_by_hand(line))
    assert reminders(line) == []


def test_reminder_ends_with_the_revision_that_it_was_for(line: Line) -> None:
    wait(line)
    assert len(reminders(line)) == 1
    line.take("e1", revision=2)
    assert reminders(line) == []
    line.deliver_all()
    (reminder,) = reminders(line)
    assert reminder.submission_id == line.of("e1").id
