"""What was sent and received is bound into the journal by keyed digests: the bytes can be proven, and not guessed."""

from __future__ import annotations

import json

import pytest

from support.line import Line, proof, refused
from usrec.domain.chain import keyed_digest
from usrec.domain.outcome import Doubt, NothingSent, SubmissionOutcome, Unknown
from usrec.domain.submission import SubmissionId

ANSWER = b"<what the gateway said/>"


def details(line: Line, submission_id: SubmissionId) -> dict[str, dict[str, str]]:
    return {entry.action: json.loads(entry.detail) for entry in line.journal(submission_id)}


def test_request_document_and_reply_are_bound_by_keyed_digests(line: Line) -> None:
    submission = line.register("c1")
    found = details(line, submission.id)
    key = line.ledger.chain_view.digest_key(submission.id)
    with line.work() as work:
        message = work.submissions.message(submission.id)
    assert message is not None
    document = keyed_digest(key, message.document)
    assert found["sign"]["document"] == found["attempt_opened"]["document"] == document
    assert found["attempt_opened"]["request"] == keyed_digest(key, line.wire.submitted[-1].body)
    assert found["attempt_closed"]["reply"] == keyed_digest(key, proof().raw)
    assert message.digest not in str(found)


@pytest.mark.parametrize(
    ("outcome", "reply"),
    [
        (refused("SCSE001"), proof().raw),
        (Unknown(Doubt.HTTP_ERROR, "500", raw=ANSWER), ANSWER),
        (NothingSent("refused"), None),
    ],
)
def test_whatever_came_back_is_bound_and_silence_is_not(
    line: Line, outcome: SubmissionOutcome, reply: bytes | None
) -> None:
    submission = line.take("c1")
    line.send(outcome)
    key = line.ledger.chain_view.digest_key(submission.id)
    expected = None if reply is None else keyed_digest(key, reply)
    assert details(line, submission.id)["attempt_closed"].get("reply") == expected


@pytest.mark.parametrize("accepted", [True, False])
def test_evidence_of_a_settlement_is_bound(line: Line, accepted: bool) -> None:
    submission = line.take("c1")
    line.send(Unknown(Doubt.TIMEOUT, "no answer"))
    line.settle("c1", accepted=accepted)
    key = line.ledger.chain_view.digest_key(submission.id)
    assert details(line, submission.id)["accept" if accepted else "reject"]["evidence"] == keyed_digest(
        key, b"a letter"
    )
