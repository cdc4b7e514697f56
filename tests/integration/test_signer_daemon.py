"""The signer daemon as a process: what it signs, what it survives, and who may ask it."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kzeds.certificate import Certificate
from kzeds.cms import verify_detached
from kzeds.errors import (
    MalformedXmlError,
    NotSignableError,
    SignerRefusedError,
    SignerSettingsError,
    SignerUnreachableError,
    SignerUntrustworthyError,
)
from kzeds.files import read_password
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.signer_daemon.keys import open_keys
from kzeds.signer_daemon.log import read_log
from kzeds.signer_daemon.quota import QuotaBook
from kzeds.signer_daemon.settings import load_settings
from kzeds.signers.base import DetachedSigner, Signer
from kzeds.signers.daemon_client import SocketSigner
from kzeds.signers.daemon_protocol import CONTENT_CAP, HEADER_CAP, Deadline, Frame, receive_frame, send_frame
from kzeds.test_pki import EMPLOYER_2_BIN, KeyKind, make_test_pki
from kzeds.xmldsig import verify_enveloped
from support.employer_messages import as_text, envelope
from support.notify_socket import NotifySocket, notify_socket
from support.signer_daemon import BIN, SignerDaemon, conclusion, journal_head, running

NOBODY = 65534


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_test_pki(
        tmp_path_factory.mktemp("pki") / "pki", now=datetime.now(UTC), kind=KeyKind.GOST_2015
    ).directory


@pytest.fixture(scope="module")
def standing(pki: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignerDaemon]:
    """One running daemon for tests that leave nothing behind but counts."""
    daemon = SignerDaemon(tmp_path_factory.mktemp("signer"))
    daemon.set_up(pki, daily_quota="1000")
    with running(daemon):
        yield daemon


@pytest.fixture
def daemon(pki: Path, tmp_path: Path) -> SignerDaemon:
    made = SignerDaemon(tmp_path)
    made.set_up(pki)
    return made


def test_socket_signer_is_a_signer(standing: SignerDaemon, pki: Path) -> None:
    signer: Signer = standing.signer()
    assert isinstance(signer, DetachedSigner)
    signer.require_may_sign(datetime.now(UTC))
    signed = signer.sign_enveloped(conclusion(1))
    assert verify_enveloped(signed, trusted=[signer.certificate]).digest
    assert signer.certificate == Certificate.load(pki / "employer.pem")
    sealed = signer.sign_body(envelope(as_text(signed)), body_id="id-1")
    assert b'Id="id-1"' in sealed


def test_what_is_refused_or_unreadable_comes_back_as_its_own_error(standing: SignerDaemon) -> None:
    signer = standing.signer()
    with pytest.raises(SignerRefusedError, match="Nothing was signed") as refused:
        signer.sign_enveloped(conclusion(1, employer=EMPLOYER_2_BIN))
    assert refused.value.reason == "number"
    with pytest.raises(MalformedXmlError):
        signer.sign_enveloped(b"<a>")
    with pytest.raises(NotSignableError):
        signer.sign_enveloped(b"<a>" + b" " * CONTENT_CAP + b"</a>")
    with pytest.raises(SignerRefusedError) as unknown:
        standing.signer("other").connect()
    assert unknown.value.reason == "key"


def test_threads_sign_beside_one_another(standing: SignerDaemon) -> None:
    signer = standing.signer()
    numbers = range(100, 140)
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda number: signer.sign_enveloped(conclusion(number)), numbers))
    assert len({verify_enveloped(one, trusted=None).digest for one in signed}) == len(numbers)


GARBAGE = {
    "no frame": b"GET / HTTP/1.1\r\n\r\n",
    "header too long": struct.pack(">II", HEADER_CAP + 1, 0),
    "content too long": struct.pack(">II", 2, CONTENT_CAP + 1),
    "no JSON": struct.pack(">II", 2, 0) + b"\xff\xfe",
    "deep JSON": struct.pack(">II", 9000, 0) + b"[" * 9000,
    "no object": struct.pack(">II", 2, 0) + b"[]",
    "other version": struct.pack(">II", 13, 0) + b'{"version":2}',
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_answered_with_a_refusal(standing: SignerDaemon, what: str) -> None:
    with raw(standing.socket) as end:
        end.sendall(GARBAGE[what])
        answer = receive_frame(end, Deadline(timedelta(seconds=10)))
    assert (answer.text("outcome"), answer.text("reason")) == ("refused", "frame")


def raw(path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(10)
    end.connect(str(path))
    return end


def test_slow_clients_keep_only_themselves_waiting_and_not_for_long(standing: SignerDaemon) -> None:
    slow = [raw(standing.socket) for _ in range(62)]
    for end in slow:
        end.sendall(b"\x00")
    started = time.monotonic()
    assert standing.signer().sign_enveloped(conclusion(200))
    slow += [raw(standing.socket), raw(standing.socket)]
    with pytest.raises(SignerUnreachableError, match="too many questions at once"):
        until_full(standing)
    for end in slow:
        assert end.recv(1) == b"", "closed without an answer"
        end.close()
    assert time.monotonic() - started < 20
    assert standing.signer().sign_enveloped(conclusion(201))


def until_full(daemon: SignerDaemon) -> None:
    """Ask until the last of the slow ones has its place; one is given back a moment after its answer came."""
    for _ in range(100):
        daemon.signer().connect()


def test_another_user_is_refused_by_what_the_kernel_says(daemon: SignerDaemon) -> None:
    with tempfile.TemporaryDirectory() as open_folder:
        daemon.change(users=f'["{NOBODY}"]', socket=f'"{open_folder}/s"')
        daemon.socket = Path(open_folder) / "s"
        with running(daemon):
            with pytest.raises(SignerRefusedError, match="may not ask") as refused:
                daemon.signer().connect()
            assert refused.value.reason == "user"
            if os.getuid() == 0:
                daemon.socket.chmod(0o666)
                daemon.socket.parent.chmod(0o755)
                assert '"outcome": "done"' in as_nobody(daemon.socket)
            daemon.stop()
    refusals = {(line["reason"], line["uid"], line["pid"]) for line in daemon.lines() if line["event"] == "refused"}
    assert refusals == {("user", os.getuid(), os.getpid())}


def as_nobody(path: Path) -> str:
    """Ask for the certificate in a process that became another user; the answer as it came."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            header = b'{"version": 1, "ask": "certificate", "key": "main"}'
            with raw(path) as end:
                end.sendall(struct.pack(">II", len(header), 0) + header)
                os.write(writing, end.recv(4096))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, errors="replace") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return answer


# Dying


def test_no_kill_lets_a_signature_out_that_is_not_counted_and_logged(daemon: SignerDaemon) -> None:
    """Documents are signed without end while the process is killed again and again."""
    chance, given_out, stop = random.Random(4), set(), threading.Event()

    def sign(first: int) -> None:
        signer, number = daemon.signer(timeout=timedelta(seconds=5)), first
        while not stop.is_set():
            number += 1
            try:
                given_out.add(verify_enveloped(signer.sign_enveloped(conclusion(number)), trusted=None).digest)
            except SignerUnreachableError:
                stop.wait(0.01)

    daemon.change(daily_quota="100000")
    threads = [threading.Thread(target=sign, args=(first,)) for first in (0, 1_000_000)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            before = len(given_out)
            with running(daemon):
                daemon.wait_until(lambda before=before: len(given_out) > before + 3)
                time.sleep(chance.random() / 50)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    with running(daemon):
        assert daemon.stop() == 0
    lines = list(read_log(daemon.log))
    logged = [line for line in lines if line["event"] == "signed"]
    counted = int(re.findall(r"all (\d+) of", daemon.command("status"))[0])
    assert len(given_out) >= 24
    assert len(given_out) <= len(logged) <= counted
    assert counted <= len(given_out) + 6 * len(threads), "at most what was in hand at each kill"
    assert "whole" in daemon.command("log", "--verify")


def test_quota_outlives_a_kill_and_only_a_raise_lets_more_through(daemon: SignerDaemon) -> None:
    daemon.change(daily_quota="2")
    with running(daemon):
        assert daemon.signer().sign_enveloped(conclusion(1))
        stored = daemon.signer().sign_enveloped(conclusion(2))
        daemon.kill()
        daemon.start()
        with pytest.raises(SignerRefusedError) as refused:
            daemon.signer().sign_enveloped(conclusion(3))
        assert refused.value.reason == "quota"
        assert daemon.signer().sign_enveloped(conclusion(2)), "the same document once more says nothing new"
        assert daemon.signer().sign_body(envelope(as_text(stored)))
        said = daemon.command("raise", "--key", "main", "--to", "3", "--reason", "merger")
        assert "3 new documents" in said
        assert daemon.signer().sign_enveloped(conclusion(3))
        with pytest.raises(SignerRefusedError):
            daemon.signer().sign_enveloped(conclusion(4))
        daemon.stop()
    assert [line["event"] for line in daemon.lines() if line["event"] != "signed"] == [
        "started",
        "started",
        "refused",
        "enveloped",
        "raised",
        "refused",
        "stopped",
    ]


def test_stop_finishes_the_question_in_hand(daemon: SignerDaemon) -> None:
    with running(daemon):
        fingerprint = daemon.signer().certificate.fingerprint
        header = f'{{"version": 1, "ask": "sign_enveloped", "key": "main", "certificate": "{fingerprint}"}}'.encode()
        document = conclusion(1)
        frame = struct.pack(">II", len(header), len(document)) + header + document
        with raw(daemon.socket) as end:
            end.sendall(frame[:300])
            daemon.signer().connect()
            assert daemon.process is not None
            daemon.process.send_signal(signal.SIGTERM)
            daemon.wait_until(lambda: not daemon.answers())
            end.sendall(frame[300:])
            answer = receive_frame(end, Deadline(timedelta(seconds=10)))
        assert verify_enveloped(answer.content, trusted=None).certificate.fingerprint == fingerprint
        assert daemon.process.wait(30) == 0
    assert [line["event"] for line in daemon.lines()] == ["started", "signed", "stopped"]
    assert not daemon.socket.exists()


# Living with systemd


def test_service_manager_hands_over_the_socket_and_is_told_how_it_goes(daemon: SignerDaemon, pki: Path) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(daemon.socket))
    listener.listen()
    code = (
        "import os,sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
        "os.execv(sys.executable, [sys.executable, '-m', 'kzeds', 'signer-daemon', 'run', '--settings', sys.argv[2]])"
    )
    environment = {"LISTEN_FDS": "1", "NOTIFY_SOCKET": str(daemon.folder / "notify"), "WATCHDOG_USEC": "400000"}
    with (
        closing(listener),
        notify_socket(daemon.folder) as manager,
        (daemon.folder / "stderr").open("wb") as errors,
    ):
        daemon.process = subprocess.Popen(
            [sys.executable, "-c", code, str(listener.fileno()), str(daemon.settings)],
            pass_fds=[listener.fileno()],
            env={**os.environ, **environment},
            stderr=errors,
            text=True,
        )
        try:
            signer = daemon.signer()
            first = signer.certificate
            assert signer.sign_enveloped(conclusion(1))
            manager.wait_for(lambda told: "READY" in told)
            manager.wait_for(lambda told: "WATCHDOG" in told)
            _renew(daemon, pki, manager)
            with pytest.raises(SignerRefusedError, match="another certificate") as refused:
                signer.sign_enveloped(conclusion(2))
            assert refused.value.reason == "other-certificate"
            assert signer.certificate != first
            assert signer.sign_enveloped(conclusion(2, employer=EMPLOYER_2_BIN))
            _spoil(daemon, manager)
            assert signer.sign_enveloped(conclusion(3, employer=EMPLOYER_2_BIN)), "the former settings hold"
            assert daemon.stop() == 0
            manager.wait_for(lambda told: "STOPPING" in told)
        finally:
            daemon.process.kill()
            daemon.process.wait()
    assert daemon.socket.is_socket(), "it is systemd's, and stays"


def _renew(daemon: SignerDaemon, pki: Path, manager: NotifySocket) -> None:
    daemon.put_key(pki, "employer-2")
    daemon.change(number=f'"{EMPLOYER_2_BIN}"')
    _reload(daemon)
    manager.wait_for(lambda told: "RELOADING" in told)
    manager.wait_for(lambda told: told.get("STATUS") == "ready to sign" and "READY" in told)


def _spoil(daemon: SignerDaemon, manager: NotifySocket) -> None:
    daemon.change(number=f'"{BIN}"')
    _reload(daemon)
    manager.wait_for(lambda told: "REFUSED" in told.get("STATUS", ""))
    assert "belongs to another BIN or IIN" in daemon.errors()


def _reload(daemon: SignerDaemon) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)


def test_log_that_was_put_aside_or_cut_off_does_not_pass_for_whole(daemon: SignerDaemon) -> None:
    for number in (1, 2):
        with running(daemon):
            daemon.signer().sign_enveloped(conclusion(number))
            assert daemon.stop() == 0
        if number == 1:
            former = daemon.lines()
            daemon.log.rename(daemon.folder / "former.log")
    first = daemon.lines()[0]
    assert (first["event"], first["former_lines"]) == ("begun", len(former))
    assert f"IT BEGINS behind line {len(former)} of a former log" in daemon.command("log", "--verify")
    os.truncate(daemon.log, daemon.log.read_bytes().index(b"\n") + 1)
    assert "is missing" in daemon.command("log", "--verify", code=1)
    assert "put it aside so that a new one begins" in daemon.command("run", code=1)


def test_counts_that_were_lost_are_made_anew_from_the_log(daemon: SignerDaemon) -> None:
    daemon.change(daily_quota="2")
    for _ in range(2):
        with running(daemon):
            for number in (1, 2):
                assert daemon.signer().sign_enveloped(conclusion(number))
            assert daemon.signer().sign_detached(journal_head(1), at=datetime.now(UTC))
            with pytest.raises(SignerRefusedError, match="2 of 2 new documents") as refused:
                daemon.signer().sign_enveloped(conclusion(3))
            assert refused.value.reason == "quota"
            daemon.stop()
        (daemon.state / "quota.sqlite3").unlink()
    QuotaBook(daemon.state / "quota.sqlite3").close()
    assert "THE COUNTS LACK 3 documents" in daemon.command("log", "--verify", code=1)
    assert [line.get("recounted") for line in daemon.lines() if line["event"] == "started"] == [None, 3]


def test_daemon_with_other_records_takes_no_socket_away(standing: SignerDaemon, daemon: SignerDaemon) -> None:
    daemon.change(socket=f'"{standing.socket}"')
    assert "another process listens on" in daemon.command("run", code=1)
    assert standing.signer().connect().bin == BIN


def test_daemon_leaves_a_socket_that_is_not_its_own_any_more(daemon: SignerDaemon) -> None:
    with running(daemon), closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as other:
        daemon.socket.unlink()
        other.bind(str(daemon.socket))
        assert daemon.stop() == 0
    assert daemon.socket.is_socket()


def test_socket_that_a_dead_process_left_is_replaced(daemon: SignerDaemon) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as dead:
        dead.bind(str(daemon.socket))
    with running(daemon):
        assert daemon.signer().connect().bin == BIN


def test_question_waits_for_room_while_too_many_stand_before_it(tmp_path: Path) -> None:
    """A hostile user's connections fill the queue of the socket: the others come in when it is shorter."""
    path, waiting = tmp_path / "s", list[socket.socket]()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        listener.bind(str(path))
        listener.listen(1)
        while not waiting or waiting[-1].connect_ex(str(path)) == 0:
            waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            waiting[-1].settimeout(0)
        with pytest.raises(SignerUnreachableError, match=r"did not answer within 0\.2 s"):
            SocketSigner(path, "main", timeout=timedelta(seconds=0.2)).connect()
        answering = threading.Timer(0.2, lambda: waiting.extend(_answer_next(listener) for _ in list(waiting)))
        answering.start()
        with pytest.raises(SignerUnreachableError, match="at last"):
            SocketSigner(path, "main", timeout=timedelta(seconds=20)).connect()
        answering.join()
    for end in waiting:
        end.close()


def _answer_next(listener: socket.socket) -> socket.socket:
    end, _ = listener.accept()
    send_frame(end, Frame({"outcome": "failed", "text": "heard at last"}), Deadline(timedelta(seconds=10)))
    return end


def test_head_of_the_journal_is_signed_and_no_other_content(standing: SignerDaemon) -> None:
    signer, head = standing.signer(), journal_head(7)
    signature = signer.sign_detached(head, at=datetime.now(UTC))
    assert verify_detached(signature, head, trusted=[signer.certificate]).certificate == signer.certificate
    line = standing.lines()[-1]
    assert (line["event"], line["operation"], line["allowance"]) == ("stated", "journal_head", "main/statements")
    assert line["document"] == hashlib.sha256(head).hexdigest()
    for content in (conclusion(1), head + b"\n", b"I owe you a million"):
        with pytest.raises(SignerRefusedError) as refused:
            signer.sign_detached(content, at=datetime.now(UTC))
        assert refused.value.reason == "statement"


def test_signature_over_another_statement_is_thrown_away(
    standing: SignerDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = standing.signer()
    other = signer.sign_detached(journal_head(8), at=datetime.now(UTC))
    monkeypatch.setattr(SocketSigner, "_ask", lambda *_: other)
    with pytest.raises(SignerUntrustworthyError):
        signer.sign_detached(journal_head(9), at=datetime.now(UTC))


def test_second_daemon_on_the_same_records_is_refused(standing: SignerDaemon) -> None:
    assert "another signer daemon works with" in standing.command("run", code=1)
    assert standing.signer().connect().bin == BIN


def test_signer_may_be_made_before_its_daemon_runs(daemon: SignerDaemon) -> None:
    signer = daemon.signer()
    with pytest.raises(SignerUnreachableError, match="systemctl status usrec-signer"):
        signer.sign_enveloped(conclusion(1))
    with running(daemon):
        assert signer.sign_enveloped(conclusion(1))
        assert daemon.errors().count('"event": "signed"') == 1, "the journal has a copy of each line"


# On the command line


def test_check_says_in_plain_words_what_may_be_signed(standing: SignerDaemon) -> None:
    said = standing.command("check")
    assert f"of {BIN}, until" in said
    assert "documents: amendment, conclusion, termination; 1000 new ones a day, of them termination at most 20" in said
    assert "envelopes around documents that are signed already: shep" in said
    assert "statements: journal_head; 100 new ones a day" in said


def test_check_fails_for_a_key_that_may_not_sign(daemon: SignerDaemon, pki: Path) -> None:
    daemon.put_key(pki, "employer-auth")
    assert "IT MAY SIGN NOTHING" in daemon.command("check", code=1)


WRONG: dict[str, tuple[Callable[[SignerDaemon], object], str]] = {
    "key open to others": (lambda one: (one.folder / "keys/employer.p12").chmod(0o640), "chmod 400"),
    "password open to others": (lambda one: (one.folder / "keys/employer.password").chmod(0o604), "chmod 400"),
    "settings others may change": (lambda one: one.settings.chmod(0o664), "chmod go-w"),
    "key of another BIN": (lambda one: one.change(number='"150340000027"'), "belongs to another BIN"),
    "misspelt limit": (lambda one: one.change(daily_quota="5\noperations_quota = 1"), "operations_quota: unknown"),
    "quota that is no number": (lambda one: one.change(daily_quota="true"), "a whole number"),
    "no quota": (lambda one: one.change(daily_quota="0"), "a whole number"),
    "unknown operation": (lambda one: one.change(operations='["termination", "gift"]'), "no table [operation.gift]"),
    "unknown envelope": (lambda one: one.change(envelopes='["letter"]'), "no table [envelope.letter]"),
    "unknown statement": (lambda one: one.change(statements='["gift"]'), "no table [statement.gift]"),
    "statements without a quota": (lambda one: one.change(statements="[]"), "name both or neither"),
    "statement without a form": (lambda one: one.add("[statement.a]\nnumbers = ['b']"), "at least one"),
    "statement of two minds": (
        lambda one: one.add("[statement.a]\ntexts = {b='b'}\nnumbers = ['b']"),
        "none of numbers",
    ),
    "statement that is no pattern": (lambda one: one.add("[statement.a]\ntexts = {b='('}"), "not a regular expression"),
    "quota of another operation": (lambda one: one.change(operation_quota="{ gift = 1 }"), "not in operations"),
    "unknown user": (lambda one: one.change(users='["nobody-of-that-name"]'), "no user"),
    "user that is no number": (lambda one: one.change(users='["\u00b2"]'), "no user"),
    "nobody may ask": (lambda one: one.change(users="[]"), "name the agent's user"),
    "bad path": (lambda one: one.change(document='"a//b"'), "not a path"),
    "bad root": (lambda one: one.change(root='"a b"'), "the name of an element"),
    "no TOML": (lambda one: one.add("["), "not TOML"),
    "two places": (
        lambda one: one.change(number=f'"{BIN}"\ntoken = {{ library = "a", label = "b", key = "c" }}'),
        "exactly one of file and token",
    ),
    "token without a label": (
        lambda one: one.change(number=f'"{BIN}"\ntoken = {{ library = "a", key = "c" }}'),
        "label: missing",
    ),
    "two passwords": (lambda one: one.change(number=f'"{BIN}"\npassword_credential = "a"'), "exactly one of"),
}


@pytest.mark.parametrize("what", WRONG)
def test_settings_that_cannot_be_used_are_named(daemon: SignerDaemon, what: str) -> None:
    spoil, why = WRONG[what]
    spoil(daemon)
    with pytest.raises(SignerSettingsError, match=re.escape(why)):
        open_keys(load_settings(daemon.settings))


def test_password_may_be_a_systemd_credential(daemon: SignerDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    text = daemon.settings.read_text("utf-8")
    daemon.settings.write_text(
        text.replace('password_file = "keys/employer.password"', 'password_credential = "employer.password"'), "utf-8"
    )
    with pytest.raises(SignerSettingsError, match="LoadCredential"):
        open_keys(load_settings(daemon.settings))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(daemon.folder / "keys"))
    assert open_keys(load_settings(daemon.settings))["main"].certificate.bin == BIN


def test_key_may_be_in_a_token(daemon: SignerDaemon, pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def open_token_key(library: Path, **more: str) -> SigningKey:
        asked.append((library, more))
        return load_pkcs12((pki / "employer.p12").read_bytes(), read_password(pki / "employer.password"))

    monkeypatch.setattr("kzeds.signers.token.open_token_key", open_token_key)
    text = daemon.settings.read_text("utf-8")
    place = 'token = { library = "vendor.so", label = "HR", key = "eds" }'
    daemon.settings.write_text(text.replace('file = "keys/employer.p12"', place), "utf-8")
    assert open_keys(load_settings(daemon.settings))["main"].certificate.bin == BIN
    pin = read_password(pki / "employer.password")
    assert asked == [(daemon.folder / "vendor.so", {"token": "HR", "key": "eds", "pin": pin})]
