"""`SocketSigner` believes nothing that a daemon says without looking."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kzeds.errors import KeyMayNotSignError, SignerUnreachableError, SignerUntrustworthyError
from kzeds.signers.daemon_client import SocketSigner
from kzeds.signers.daemon_protocol import Deadline, Frame, receive_frame, send_frame
from kzeds.wsse import sign_body
from kzeds.xmldsig import sign_enveloped
from support.employer_messages import as_text, conclusion, envelope
from support.kzeds_material import NOW, certificate, key

SECOND = timedelta(seconds=1)
Answer = Callable[[Frame], Frame | bytes | None]


@pytest.fixture
def pretend(tmp_path: Path) -> Iterator[Callable[[Answer], SocketSigner]]:
    """A daemon that answers as the test says: a frame, bytes as they are, or nothing at all."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    threads = []

    def serve(answer: Answer) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                said = answer(receive_frame(connection, Deadline(SECOND)))
                if isinstance(said, Frame):
                    send_frame(connection, said, Deadline(SECOND))
                elif said is None:
                    connection.recv(1)
                else:
                    connection.sendall(said)

    def start(answer: Answer) -> SocketSigner:
        certificate(), key("stranger")  # made on first use, which takes longer than the client waits
        threads.append(threading.Thread(target=serve, args=(answer,)))
        threads[0].start()
        return SocketSigner(tmp_path / "s", "main", timeout=SECOND / 2)

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join()


def saying(signed: Callable[[bytes], bytes]) -> Answer:
    """A daemon that shows the employer's certificate, and signs in its own way."""

    def answer(question: Frame) -> Frame:
        own = certificate().der if question.text("ask") == "certificate" else signed(question.content)
        return Frame({"outcome": "done"}, own)

    return answer


LIES: dict[str, Callable[[bytes], bytes]] = {
    "another document": lambda _: sign_enveloped(conclusion(number="2"), key()),
    "another key": lambda document: sign_enveloped(document, key("stranger")),
    "no signature": lambda document: document,
    "nothing": lambda _: b"",
    "changed afterwards": lambda document: sign_enveloped(document, key()).replace(b">1<", b">2<"),
}


@pytest.mark.parametrize("lie", LIES)
def test_answer_that_is_not_the_document_with_our_signature_is_thrown_away(
    pretend: Callable[[Answer], SocketSigner], lie: str
) -> None:
    with pytest.raises(SignerUntrustworthyError):
        pretend(saying(LIES[lie])).sign_enveloped(conclusion(number="1"))


def test_envelope_is_looked_at_too(pretend: Callable[[Answer], SocketSigner]) -> None:
    other = sign_body(envelope(as_text(conclusion(number="2"))), key())
    with pytest.raises(SignerUntrustworthyError):
        pretend(saying(lambda _: other)).sign_body(envelope(as_text(conclusion(number="1"))))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda _: Frame({"outcome": "done"}, b"no certificate"), SignerUntrustworthyError),
        (lambda _: Frame({"outcome": "perhaps"}), SignerUntrustworthyError),
        (lambda _: Frame({"outcome": "failed", "text": "disk full"}), SignerUnreachableError),
        (lambda _: b"", SignerUnreachableError),
        (lambda _: b"HTTP/1.1 200 OK\r\n\r\n", SignerUnreachableError),
        (lambda _: b"\x00\x00\x00\x02\x00\x00\x00\x00{", SignerUnreachableError),
        (lambda _: None, SignerUnreachableError),
    ],
    ids=["no certificate", "unknown outcome", "failed", "closed", "another protocol", "cut short", "silence"],
)
def test_each_way_of_not_answering_has_its_error(
    pretend: Callable[[Answer], SocketSigner], answer: Answer, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pretend(answer).connect()


def test_certificate_is_asked_for_once_and_late(pretend: Callable[[Answer], SocketSigner]) -> None:
    asked = []

    def answer(question: Frame) -> Frame:
        asked.append(question.text("ask"))
        return Frame({"outcome": "done"}, certificate("employer-auth").der)

    signer = pretend(answer)
    assert asked == []
    with pytest.raises(KeyMayNotSignError):
        signer.require_may_sign(NOW)
    assert signer.certificate == certificate("employer-auth")
    assert asked == ["certificate"]
    assert repr(signer).endswith("/s', 'main')")
