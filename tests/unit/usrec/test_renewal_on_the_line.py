"""The line while an employer's key is renewed: real signatures and envelopes, simulated time, a scripted gateway.

What was signed with the old key goes out again as it is, in envelopes of the new one, until the old certificate ends;
from then on a person decides. Nothing is ever signed again in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kzeds.certificate import Certificate
from kzeds.errors import SignerUnreachableError
from kzeds.wsse import verify_body
from kzeds.xmldsig import verify_enveloped
from support.line import BIN, DAY, MONDAY, TIMEOUT, UNREACHABLE, Line, Wire, registered
from support.made_certificates import PASSWORD, make_key
from usrec.adapters.gateway.connection import Endpoint
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.gateway.shep import ShepGateway
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.pkcs12 import load_key
from usrec.adapters.signing.places import KeyPlace, key_file_place
from usrec.domain.document import Attachment
from usrec.domain.errors import UnsafeRequest
from usrec.domain.message import CorrelationId, Envelope, RenderedMessage, SignedMessage
from usrec.domain.secret import Secret
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Submission, WaitReason

WORD = Secret(PASSWORD)
SWITCH = date(2026, 11, 18)
"""The Wednesday after the line's Monday."""
OLD_ENDS = MONDAY + 5 * DAY


class SealingWire(Wire):
    """Envelopes are the real ones; what the gateway answers is the script's."""

    def __init__(self, gateway: ShepGateway) -> None:
        super().__init__()
        self._gateway = gateway

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        self.messages.append(message)
        envelope = self._gateway.seal(message, employer_bin=employer_bin, correlation_id=correlation_id, at=at)
        self.sealed.append(envelope)
        return envelope


class XmlRenderer:
    """A document that a signature fits into."""

    supplies_record_id = True
    refuses = None

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        return RenderedMessage(f"<d><event>{submission.event_id}</event></d>".encode(), record_id)


def made(folder: Path, name: str, since: datetime, until: datetime) -> Path:
    (folder / name).mkdir()
    return make_key(folder / name, since, until)[0]


def certificate_of(file: Path) -> Certificate:
    return load_key(file, WORD).certificate


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    return {
        "old": made(tmp_path, "old", MONDAY - 300 * DAY, OLD_ENDS),
        "new": made(tmp_path, "new", MONDAY - DAY, MONDAY + 364 * DAY),
    }


def held(file: Path, use_from: date | None = None) -> HeldKey:
    return HeldKey(key_file_place(file, lambda: WORD), number=BIN, use_from=use_from)


@pytest.fixture
def line(keys: dict[str, Path], pki: Path) -> Iterator[Line]:
    line = Line()
    yield from working_with(line, Keyring({BIN: [held(keys["old"]), held(keys["new"], SWITCH)]}, clock=line.clock), pki)


def working_with(line: Line, keyring: Keyring, pki: Path) -> Iterator[Line]:
    trusted = [Certificate.load(pki / "gateway.pem")]
    endpoint, sender = Endpoint("https://127.0.0.1:9/", pki / "tls-ca.pem"), Sender("contract", "company", WORD)
    gateway = ShepGateway(endpoint, sender, signer=keyring.transport, trusted=trusted, contract_id_path="/*")
    line.signer, line.renderer, line.wire = keyring, XmlRenderer(), SealingWire(gateway)  # type: ignore[assignment]
    yield line
    gateway.close()
    line.close()


def signatures(line: Line) -> list[tuple[Certificate, Certificate]]:
    """Whose signature is on the document and whose on the envelope, for each that was sent."""
    sent = {one.message_id: one for one in line.wire.messages}
    return [
        (
            verify_enveloped(sent[envelope.message_id].document, trusted=None).certificate,
            verify_body(envelope.body, trusted=None).certificate,
        )
        for envelope in line.wire.submitted
    ]


def test_documents_are_signed_with_the_old_key_before_the_day_and_with_the_new_one_from_it_on(
    line: Line, keys: dict[str, Path]
) -> None:
    old, new = certificate_of(keys["old"]), certificate_of(keys["new"])
    line.take("c1")
    line.send(registered())
    line.clock.set(MONDAY + 3 * DAY)
    line.take("c2", contract="K-2")
    line.send(registered("R-2"))
    assert signatures(line) == [(old, old), (new, new)]


def test_a_doubtful_document_of_the_old_key_is_resent_as_it_is_in_envelopes_of_the_new_one(
    line: Line, keys: dict[str, Path]
) -> None:
    old, new = certificate_of(keys["old"]), certificate_of(keys["new"])
    line.take("c1")
    line.send(TIMEOUT)
    line.clock.set(MONDAY + 3 * DAY)
    assert line.send(registered()).result == "accepted"
    assert signatures(line) == [(old, old), (old, new)]
    first, second = line.wire.messages
    assert first == second, "the same signed bytes and ids"


def test_a_doubtful_document_whose_certificate_has_ended_goes_to_a_person_and_is_not_signed_again(line: Line) -> None:
    """Although a new key is there, in use, and could sign at once."""
    line.take("c1")
    line.send(TIMEOUT)
    stored = line.wire.messages[0]
    line.clock.set(OLD_ENDS + timedelta(seconds=1))
    (claim,) = line.claim()
    done = line.deliver(claim)
    assert (done.result, done.alert) == ("waiting", True)
    assert "the certificate of the stored signature has expired" in done.reason
    entry = line.entry("c1")
    assert (entry.status, entry.wait_reason, entry.doubtful) == (QueueStatus.HELD, WaitReason.NEEDS_DECISION, True)
    assert len(line.wire.submitted) == 1
    submission = line.of("c1")
    with line.ledger.begin() as work:
        assert work.submissions.message(submission.id) == stored
    with pytest.raises(UnsafeRequest, match="neither sent again nor signed anew"):
        line.retry("c1")
    assert line.of("c1").state is State.INDETERMINATE
    line.settle("c1")
    assert line.of("c1").state is State.ACCEPTED


def test_a_document_that_was_never_sent_is_signed_anew_only_when_a_person_says_so(
    line: Line, keys: dict[str, Path]
) -> None:
    line.take("c1")
    line.send(UNREACHABLE)
    line.clock.set(OLD_ENDS + timedelta(seconds=1))
    (claim,) = line.claim()
    line.deliver(claim)
    assert line.claim() == []
    line.retry("c1")
    assert line.send(registered()).result == "accepted"
    new = certificate_of(keys["new"])
    assert signatures(line)[-1] == (new, new)


def test_a_signer_that_is_away_is_asked_again_soon_and_what_it_signed_before_is_resent_as_it_is(
    keys: dict[str, Path], pki: Path
) -> None:
    """The inner document is signed once, whatever happens to the signer of the envelopes."""
    line, away = Line(), [SignerUnreachableError("the daemon is down")]

    def opened() -> tuple[object, Certificate]:
        if away:
            raise away[0]
        return key_file_place(keys["new"], lambda: WORD).open()

    place = KeyPlace("the daemon", opened, lasting=False)  # type: ignore[arg-type]
    keyring = Keyring({BIN: [HeldKey(place, number=BIN)]}, clock=line.clock)
    for working in working_with(line, keyring, pki):
        working.take("c1")
        (claim,) = working.claim()
        assert "does not answer" in working.deliver(claim).reason
        entry = working.entry("c1")
        assert (entry.wait_reason, entry.available_at) == (
            WaitReason.KEY_UNUSABLE,
            working.clock.now() + timedelta(minutes=1),
        )
        assert working.wire.sealed == []
        away.clear()
        working.clock.advance(timedelta(minutes=1))
        working.send(TIMEOUT)
        assert working.send_again(registered()).result == "accepted"
        first, second = working.wire.messages
        assert first == second
