"""Damaged input for what surrounds a signature: packages, the signer daemon's settings, questions and log, NCANode.

As in test_kzeds_fuzz.py: no exception but our own, no hang, no heap, and never a wrong answer.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml import etree

from kzeds.cms import verify_detached
from kzeds.errors import (
    DamagedPackageError,
    DocumentError,
    KzedsError,
    MalformedXmlError,
    PackageError,
    SignerError,
    SignerSettingsError,
    SignerUntrustworthyError,
    UnknownPackageVersionError,
)
from kzeds.package import match_signed, read_package, read_signed, sign_package, write_package, write_signed
from kzeds.package.summary import summary_html, summary_text
from kzeds.signer_daemon.assembly import make_policy, make_service, open_records
from kzeds.signer_daemon.keys import open_keys
from kzeds.signer_daemon.log import LogBrokenError, SigningLog, read_log, require_whole
from kzeds.signer_daemon.quota import LogEnd
from kzeds.signer_daemon.server import Server
from kzeds.signer_daemon.service import Peer, SigningService
from kzeds.signer_daemon.settings import load_settings
from kzeds.signer_daemon.signals import Signals
from kzeds.signers.base import KeySigner
from kzeds.signers.checked import require_signed, require_signed_body
from kzeds.signers.daemon_client import SocketSigner
from kzeds.signers.daemon_protocol import Deadline, Frame, FrameError, receive_frame
from kzeds.signers.ncanode import NcanodeSigner
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.timed_http import Cutter
from kzeds.wsse import sign_body, verify_body
from kzeds.xmldsig import sign_enveloped, verify_enveloped
from support import kzeds_material
from support.employer_messages import CONTRACT_NS, as_text, envelope
from support.kzeds_material import CONTRACT, DS, ENVELOPE, NOW, certificate, key, key_bytes, password
from support.kzeds_mutation import damaged_bytes, damaged_xml
from support.kzeds_mutation_files import (
    damaged_elements,
    damaged_frame,
    damaged_json,
    damaged_lines,
    damaged_members,
    damaged_toml,
    damaged_zip,
    frame,
    members_of,
    zipped,
)
from support.kzeds_trials import Damage, only, try_all
from support.ncanode_server import signed_reply
from support.signer_daemon import SignerDaemon, conclusion, journal_head
from support.signing_packages import item, package

CLIENT = Peer(pid=1, uid=os.getuid())
MOMENT = timedelta(seconds=5)
REQUEST = f"{{{CONTRACT_NS}}}contractRequest"


def _content(document: bytes) -> bytes:
    """What a document says, its signature left out, as lxml alone reads it."""
    root = etree.fromstring(document)
    for signature in root.findall(f"{{{DS}}}Signature"):
        before = signature.getprevious()
        if before is None:
            root.text = (root.text or "") + (signature.tail or "")
        else:
            before.tail = (before.tail or "") + (signature.tail or "")
        root.remove(signature)
    return etree.tostring(root, method="c14n")


# Signing packages.

PACKAGE_DAMAGE = (damaged_zip, damaged_members, damaged_members, damaged_bytes)


def test_damaged_packages_are_refused_or_shown_and_signed_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "p.zip"
    write_package(package(), file)
    several = package(*(item(f"S-{one}", CONTRACT.replace(b"002", b"%03d" % one)) for one in range(5)))
    write_package(several, tmp_path / "q.zip")

    def use(data: bytes, _: int) -> None:
        file.write_bytes(data)
        with only(PackageError):
            found = read_package(file)
        with only(DocumentError):
            assert all(one.id in summary_text(found) and one.digest in summary_html(found) for one in found.items)
        with suppress(KzedsError):
            signed = sign_package(found, KeySigner(key()), at=NOW)
            assert [_content(one.document) for one in signed.documents] == [
                _content(one.document) for one in found.items
            ]

    try_all("package", [file.read_bytes(), (tmp_path / "q.zip").read_bytes()], 200, use, *PACKAGE_DAMAGE)


def _returned(place: Path) -> list[bytes]:
    """What may come back: our file, and a plain ZIP."""
    signed = sign_package(package(), KeySigner(key()), at=NOW)
    write_signed(signed, place / "s.zip")
    plain = {f"folder/{one.name}": one.document for one in signed.documents}
    return [(place / "s.zip").read_bytes(), zipped({**plain, "readme.txt": b"x"})]


def _match(source: Path) -> None:
    """Nothing passes for signed that is not one of our documents with the owner's signature."""
    with only(DamagedPackageError, UnknownPackageVersionError):
        back = read_signed(source)
    wanted = {one.id: one for one in package().items}
    found = match_signed(back, wanted.values(), signer=EMPLOYER_BIN, at=NOW)
    assert set(found.signed) | set(found.missing) == set(wanted)
    for name, one in found.signed.items():
        assert _content(one.document) == _content(wanted[name].document)
        assert one.certificate.public_key == certificate().public_key
        verify_enveloped(one.document, trusted=[certificate()])
    for reason in found.refused.values():
        assert str(reason)
        raise reason


def test_damaged_signed_packages_match_nothing_else(tmp_path: Path) -> None:
    def use(data: bytes, _: int) -> None:
        (tmp_path / "s.zip").write_bytes(data)
        _match(tmp_path / "s.zip")

    try_all("signed package", _returned(tmp_path), 200, use, *PACKAGE_DAMAGE)


def test_damaged_documents_in_a_folder_match_nothing_else(tmp_path: Path) -> None:
    signed = [one.document for one in sign_package(package(), KeySigner(key()), at=NOW).documents]
    folder = tmp_path / "folder"
    folder.mkdir()

    def use(data: bytes, number: int) -> None:
        (folder / "1.xml").write_bytes(data)
        (folder / "2.xml").write_bytes(signed[1 - number])
        _match(folder)

    try_all("folder", signed, 120, use, damaged_xml, damaged_elements, damaged_bytes)


RELATIVE = b'<a xmlns:b="relative"><b:c/></a>'
"""A document without a canonical form."""


def test_document_without_a_canonical_form_is_no_document_to_sign(tmp_path: Path) -> None:
    """Canonicalization has an error of its own, which is none of ours."""
    (tmp_path / "x.xml").write_bytes(RELATIVE)
    found = match_signed(read_signed(tmp_path), package().items, signer=EMPLOYER_BIN, at=NOW)
    assert [type(one) for one in found.refused.values()] == [MalformedXmlError]
    with pytest.raises(MalformedXmlError):
        sign_package(package(item("S-1", RELATIVE)), KeySigner(key()), at=NOW)
    with pytest.raises(SignerUntrustworthyError):
        require_signed(RELATIVE, sign_enveloped(CONTRACT, key()), None)


@pytest.mark.parametrize("piece", [b"<!--c-->", b"<?p i?>"])
def test_comment_in_the_body_of_an_answer_is_a_change_and_no_crash(piece: bytes) -> None:
    """The canonical form of a comment that stands alone ends the process, in lxml 6.1."""
    changed = ENVELOPE.replace(b"</s:Body>", piece + b"</s:Body>")
    signed, as_asked = (sign_body(one, key(), body_id="b-1") for one in (changed, ENVELOPE))
    require_signed_body(changed, signed, certificate())
    for asked, returned in ((ENVELOPE, signed), (changed, as_asked)):
        with pytest.raises(SignerUntrustworthyError):
            require_signed_body(asked, returned, certificate())


def test_file_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(zipped({"name": b"x"}).replace(b"name", b"\0ame"))
    with pytest.raises(DamagedPackageError):
        read_package(tmp_path / "p.zip")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("made_at", "9999-12-31T23:00:00+00:00"),
        ("made_at", "1979-12-31T23:00:00+00:00"),
        ("due", "9999-12-31T23:00:00+00:00"),
        ("sha256", "\ud800"),
    ],
)
def test_manifest_with_what_nobody_could_show_or_compare_is_refused(tmp_path: Path, name: str, value: str) -> None:
    """Such a time cannot be told in Kazakhstan's zone, and half a character has no bytes."""
    write_package(package(), tmp_path / "p.zip")
    members = members_of((tmp_path / "p.zip").read_bytes())
    manifest = json.loads(members["manifest.json"])
    (manifest if name in manifest else manifest["items"][0])[name] = value
    (tmp_path / "p.zip").write_bytes(zipped({**members, "manifest.json": json.dumps(manifest).encode()}))
    with pytest.raises(DamagedPackageError):
        read_package(tmp_path / "p.zip")


# The signer daemon.


@pytest.fixture
def daemon(tmp_path: Path) -> SignerDaemon:
    made = SignerDaemon(tmp_path)
    made.set_up(kzeds_material.pki().directory, daily_quota="1000000")
    return made


def test_damaged_settings_of_the_daemon_are_refused_or_whole(daemon: SignerDaemon) -> None:
    """Whatever loads has a limit for every key, and its keys may sign what there are rules for, nothing else."""

    def use(data: bytes, _: int) -> None:
        daemon.settings.write_bytes(data)
        with only(SignerSettingsError):
            found = load_settings(daemon.settings)
        assert found.users
        for rule in found.keys.values():
            assert rule.daily_quota > 0
            assert rule.operations <= set(found.operations)
            assert rule.envelopes <= set(found.envelopes)
        if Random(data).random() < 0.3:
            with only(SignerSettingsError):
                make_policy(found, open_keys(found))

    samples = [daemon.settings.read_bytes()]
    try_all("settings", samples, 150, use, damaged_toml, damaged_toml, damaged_lines, damaged_bytes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("users", "[" * 5000 + "]" * 5000),
        ("users", "1" * 5000),
        ("users", f'["{"1" * 5000}"]'),
        ("users", '["²"]'),
        ("users", '["a\\u0000b"]'),
        ("file", '"a\\u0000b"'),
    ],
    ids=["nested", "number", "long user", "superscript", "NUL in a user", "NUL in a path"],
)
def test_settings_that_python_itself_stumbles_over_are_refused(daemon: SignerDaemon, name: str, value: str) -> None:
    daemon.change(**{name: value.replace("\\", "\\\\")})
    with pytest.raises(SignerSettingsError):
        open_keys(load_settings(daemon.settings))


@contextmanager
def _served(daemon: SignerDaemon) -> Iterator[Callable[[bytes], Frame | None]]:
    """Asks the daemon's own code for connections, in this process; None when it only closes."""
    records = open_records(daemon.state)
    service = make_service(load_settings(daemon.settings), records=records, clock=lambda: NOW)
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        server = Server(listener, service, Signals.__new__(Signals), reload=lambda: None)
        yield lambda raw: _ask(server, service, raw)
    records.log.close()
    records.book.close()


def _ask(server: Server, service: SigningService, raw: bytes) -> Frame | None:
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        ours.sendall(raw[:100_000])
        ours.shutdown(socket.SHUT_WR)
        server._converse(theirs, CLIENT, service)
        assert theirs.fileno() == -1
        try:
            return receive_frame(ours, Deadline(MOMENT))
        except (FrameError, ConnectionError):
            return None


DER_SEQUENCE = b"0"


def _questions() -> list[bytes]:
    stored, own = sign_enveloped(conclusion(1), key()), certificate().fingerprint
    asked: list[tuple[dict[str, Any], bytes]] = [
        ({"ask": "certificate"}, b""),
        ({"ask": "sign_enveloped"}, conclusion(2)),
        ({"ask": "sign_enveloped"}, conclusion(3)),
        ({"ask": "sign_body", "body_id": "b-1"}, envelope(as_text(stored))),
        ({"ask": "sign_body"}, envelope("<data/>")),
        ({"ask": "sign_body"}, envelope(as_text(conclusion(4)))),
        ({"ask": "sign_statement"}, journal_head(1)),
    ]
    head = {"version": 1, "key": "main", "certificate": own}
    return [frame(json.dumps({**head, **header}).encode(), content) for header, content in asked]


def _require_listed(signed: bytes, asked: bytes) -> None:
    """What was signed is a listed document of this employer, an envelope around one signed before, or a statement."""
    if signed[:1] == DER_SEQUENCE:
        header, length = struct.unpack_from(">II", asked)
        content = asked[8 + header : 8 + header + length]
        verify_detached(signed, content, trusted=[certificate()])
        assert json.loads(content).keys() == json.loads(journal_head(1)).keys()
        assert len(content) <= len(journal_head(1)) + 40
        return
    root = etree.fromstring(signed)
    if root.tag == REQUEST:
        verify_enveloped(signed, trusted=[certificate()])
        names = [one.tag for one in root if one.tag != f"{{{DS}}}Signature"]
        assert names == ["newContractData"]
        assert root.xpath("string(newContractData/employerData/bin)") == EMPLOYER_BIN
        return
    body = verify_body(signed, trusted=[certificate()]).body
    (data,) = body.findall("*/request/requestData/data")
    text = "".join(str(one) for one in data.itertext())
    if text.strip():
        with suppress(KzedsError):
            assert verify_enveloped(text.encode(), trusted=None).certificate == certificate()
            return
        question = etree.fromstring(text.encode())
        assert (question.tag, len(question), len(question.attrib)) == (REQUEST, 0, 0)


def test_damaged_questions_get_an_answer_and_no_signature_that_is_not_listed(daemon: SignerDaemon) -> None:
    signatures = 0
    with _served(daemon) as ask:
        questions = _questions()

        def use(data: bytes, _: int) -> None:
            nonlocal signatures
            answer = ask(data)
            if answer is None:
                return
            if answer.text("outcome") == "done":
                if answer.content != certificate().der:
                    signatures += 1
                    _require_listed(answer.content, data)
                return
            assert answer.text("outcome") in {"refused", "unreadable"}, answer.header
            raise SignerError(answer.text("text"))

        try_all("question", questions, 600, use, damaged_frame)
        assert all((answer := ask(one)) is not None and answer.text("outcome") for one in questions)
    lines = [one["event"] for one in daemon.lines() if one["event"] in {"signed", "enveloped", "stated"}]
    assert len(lines) == signatures + 5


def test_damaged_answers_of_the_daemon_are_no_signatures() -> None:
    signed = sign_enveloped(CONTRACT, key())
    answers = [
        frame(b'{"version": 1, "outcome": "done"}', signed),
        frame(b'{"version": 1, "outcome": "refused", "reason": "quota", "text": "no"}', b""),
    ]

    def use(data: bytes, _: int) -> None:
        signer = _answered(data)
        with only(SignerError, DocumentError):
            assert _content(signer.sign_enveloped(CONTRACT)) == _content(CONTRACT)
        with only(SignerError):
            signer.connect()

    try_all("answer", answers, 300, use, damaged_frame)


class _Answered(SocketSigner):
    """Hears what it is told to hear."""

    heard = b""

    @property
    def certificate(self) -> Any:
        return certificate()

    def _exchange(self, question: Frame) -> Frame:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.setblocking(False)
            theirs.sendall(self.heard[:100_000])
            theirs.shutdown(socket.SHUT_WR)
            return receive_frame(ours, Deadline(MOMENT))


def _answered(data: bytes) -> SocketSigner:
    signer = _Answered(Path("/s"), "main")
    signer.heard = data
    return signer


# Its log.


def _logs(place: Path) -> list[tuple[bytes, LogEnd]]:
    """A log, and one in which a crash left half a line, each with its end."""
    found = []
    for number, torn in enumerate((b"", b'{"n": 13, "time')):
        file = place / f"log-{number}"
        with closing(SigningLog(file)) as log:
            for count in range(12):
                log.append("signed", NOW, {"key": "main", "used": count})
        with file.open("ab") as stream:
            stream.write(torn)
        with closing(SigningLog(file)) as log:
            log.append("signed", NOW, {"key": "main", "used": 13})
            found.append((file.read_bytes(), log.end))
    return found


def _rechained(random: Random, data: bytes) -> bytes:
    """A line changed, and all behind it made to fit again, as somebody would who may write to the file."""
    lines = [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]
    place = random.randrange(len(lines))
    lines[place] |= random.choice(({"used": 99}, {"event": "torn"}, {"key": "other"}, {"more": None}))
    written, previous = [], "0" * 64
    for number, line in enumerate(lines, start=1):
        raw = json.dumps({**line, "n": number, "previous": previous}).encode()
        written.append(raw)
        previous = hashlib.sha256(raw).hexdigest()
    return b"\n".join(written) + b"\n"


@pytest.mark.parametrize("damage", [damaged_lines, damaged_bytes, _rechained])
def test_damaged_logs_are_never_whole(tmp_path: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there when a document was last counted is there unchanged, or the log is not whole, also written on."""
    logs, file = _logs(tmp_path), tmp_path / "log"
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def use(data: bytes, number: int) -> None:
        original, end = logs[number]
        file.write_bytes(data)
        with suppress(LogBrokenError):
            require_whole(file, end)
            assert data.startswith(original)
        with suppress(LogBrokenError):
            for line in read_log(file):
                assert line["n"]
        with only(LogBrokenError), closing(SigningLog(file, end)) as log:
            log.append("signed", NOW, {"key": "main"})
        require_whole(file, end)
        assert data.startswith(original) or not data

    try_all(f"log {damage.__name__}", [one for one, _ in logs], 200, use, damage)


def test_log_without_the_half_line_that_it_owns_to_is_not_whole(tmp_path: Path) -> None:
    """What a crash left is evidence too: it may be a line that somebody cut."""
    original, end = _logs(tmp_path)[1]
    left = b'{"n": 13, "time torn\n'
    assert original.count(left) == 1
    (tmp_path / "log").write_bytes(original.replace(left, b""))
    with pytest.raises(LogBrokenError):
        require_whole(tmp_path / "log", end)


def test_line_of_the_log_that_is_nested_too_deeply_is_a_broken_line(tmp_path: Path) -> None:
    original, end = _logs(tmp_path)[0]
    (tmp_path / "log").write_bytes(b"[" * 100_000 + b"\n" + original)
    with pytest.raises(LogBrokenError):
        require_whole(tmp_path / "log", end)


# NCANode.


class _Canned(HTTPConnection):
    """Hears bytes that were there before."""

    heard = b""

    def connect(self) -> None:
        self.sock: Any = self

    def sendall(self, data: Any) -> None:
        pass

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO(self.heard)


def _told(signer: NcanodeSigner, data: bytes) -> None:
    def connect(_: Cutter) -> HTTPConnection:
        connection = _Canned("localhost")
        connection.heard = data
        return connection

    signer._server = replace(signer._server, connect=connect)


def _http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def _damaged_reply(random: Random, data: bytes) -> bytes:
    """Of the HTTP answer, of its JSON, or of the document in it."""
    head, _, body = data.partition(b"\r\n\r\n")
    choice = random.random()
    if choice < 0.3:
        return damaged_bytes(random, head + b"\r\n") + b"\r\n" + body
    if choice < 0.6:
        return _http(damaged_json(random, body))
    answer = json.loads(body)
    if isinstance(answer.get("xml"), str):
        changed = random.choice((damaged_xml, damaged_elements, damaged_bytes))(random, answer["xml"].encode())
        answer["xml"] = changed.decode(errors="surrogateescape")
    return _http(json.dumps(answer).encode())


def test_damaged_answers_of_ncanode_are_no_signatures() -> None:
    signer = NcanodeSigner("http://localhost", key_bytes("employer"), password("employer"))
    enveloped, sealed = sign_enveloped(CONTRACT, key()), sign_body(ENVELOPE, key(), body_id="id-1")
    refused = b'{"status": 500, "message": "Key reading error: Password incorrect.", "details": null}'
    answers = [_http(signed_reply(one).body) for one in (enveloped, sealed)] + [_http(refused, b"500 Error")]

    def use(data: bytes, number: int) -> None:
        _told(signer, data)
        with only(SignerError):
            if number == 1:
                back = signer.sign_body(ENVELOPE)
                body = verify_body(back, trusted=[certificate()]).body
                told = [etree.tostring(one, method="c14n", exclusive=True) for one in body]
                own = [etree.tostring(one, method="c14n", exclusive=True) for one in etree.fromstring(ENVELOPE)[0]]
                assert told == own
            else:
                back = signer.sign_enveloped(CONTRACT)
                assert _content(back) == _content(CONTRACT)
                verify_enveloped(back, trusted=[certificate()])

    try_all("NCANode", answers, 600, use, _damaged_reply)
