"""Several sources make one answer: revoked wins, unknown is never good, an outage makes nothing good."""

from __future__ import annotations

import os
import socketserver
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kzeds import (
    CrlServer,
    HttpFetch,
    OcspServer,
    Revocation,
    RevocationAnswer,
    RevocationStore,
    StoredAnswers,
    check_chain,
    check_revocation,
    judge_crl,
    judge_ocsp,
)
from kzeds.answering import Revoked, make_ocsp_answer
from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, RevocationUnknownError, UnreachableError
from kzeds.revocation.answer import combine, unknown
from kzeds.revocation.ocsp import make_request
from kzeds.revocation.sources import RevocationSource
from support.kzeds_authority import HOUR, court, http_server, other_court
from support.kzeds_material import NOW, flipped

GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN
DAY = timedelta(days=1)


class Nca:
    """A server with lists and OCSP, whose answers a test may change."""

    def __init__(self) -> None:
        self.revoked: set[int] = set()
        self.lists = {"/nca.crl": court().crl(), "/nca-delta.crl": court().delta()}
        self.status = 200
        self.calls: list[str] = []
        self.now = NOW

    def __call__(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.calls.append(path)
        if path in self.lists:
            return self.status, self.lists[path]
        revoked = {serial: Revoked(NOW - DAY) for serial in self.revoked}
        return self.status, make_ocsp_answer(court().responder, court().issuer, body, at=self.now, revoked=revoked)


@pytest.fixture
def nca() -> Nca:
    return Nca()


@pytest.fixture
def url(nca: Nca) -> Iterator[str]:
    with http_server(nca) as address:
        yield address


@pytest.fixture
def store(tmp_path: Path) -> RevocationStore:
    return RevocationStore(tmp_path / "store")


@pytest.fixture
def lists(url: str, store: RevocationStore) -> CrlServer:
    return CrlServer(HttpFetch(), f"{url}/nca.crl", store, f"{url}/nca-delta.crl")


def ask(*sources: RevocationSource, at: timedelta = timedelta()) -> RevocationAnswer:
    return check_revocation(court().holder, court().issuer, sources, at=NOW + at)


def _answer(status: Revocation, as_of: datetime = NOW) -> RevocationAnswer:
    return RevocationAnswer(status, str(status), "because", as_of=as_of)


def _spoilt(data: bytes) -> bytes:
    return flipped(data, len(data) - 1, 0)


DENIED = replace(_answer(UNKNOWN), is_denied=True)


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([], UNKNOWN),
        ([_answer(UNKNOWN)], UNKNOWN),
        ([_answer(UNKNOWN), _answer(UNKNOWN)], UNKNOWN),
        ([_answer(GOOD), _answer(UNKNOWN)], GOOD),
        ([_answer(GOOD), _answer(REVOKED)], REVOKED),
        ([_answer(REVOKED), _answer(GOOD)], REVOKED),
        ([DENIED, _answer(REVOKED)], REVOKED),
        ([_answer(GOOD), DENIED], UNKNOWN),
        ([_answer(GOOD, NOW - HOUR), DENIED], UNKNOWN),
        ([_answer(GOOD, NOW + HOUR), DENIED], GOOD),
    ],
)
def test_revoked_outweighs_denied_outweighs_good(answers: list[RevocationAnswer], status: Revocation) -> None:
    assert combine(answers).status is status


def test_unknown_says_what_each_source_said() -> None:
    assert combine([unknown("CRL", "stale"), unknown("OCSP", "silent")]).why == "CRL: stale; OCSP: silent"
    assert combine([]).why == "there is no source to ask"


def test_servers_say_good_and_revoked(nca: Nca, url: str, lists: CrlServer) -> None:
    server = OcspServer(HttpFetch(), f"{url}/ocsp/")
    assert ask(server, lists).status is GOOD
    nca.revoked = {court().serial}
    assert ask(lists).status is GOOD
    assert ask(lists, server).status is REVOKED
    assert ask(server, lists).source == "OCSP"


def test_list_is_fetched_when_it_is_due_and_not_before(nca: Nca, lists: CrlServer) -> None:
    assert ask(lists).source == "delta CRL no. 5 of TEST AUTHORITY"
    assert nca.calls == ["/nca-delta.crl", "/nca.crl"]
    assert ask(lists, at=HOUR).status is GOOD
    assert len(nca.calls) == 2
    nca.lists["/nca-delta.crl"] = court().delta(court().serial, number=6)
    assert ask(lists, at=HOUR + timedelta(minutes=1)).status is REVOKED
    assert nca.calls[2:] == ["/nca-delta.crl"]
    ask(lists, at=DAY + HOUR)
    assert nca.calls[3:] == ["/nca-delta.crl", "/nca.crl"]


def test_complete_list_is_fetched_sooner_when_the_delta_was_made_for_a_newer_one(nca: Nca, lists: CrlServer) -> None:
    """Else the news of a whole day would be at hand and tell nothing."""
    ask(lists)
    nca.lists["/nca-delta.crl"] = court().delta(number=7, base_number=6)
    nca.lists["/nca.crl"] = court().crl(court().serial, number=6)
    assert ask(lists, at=2 * HOUR).status is REVOKED
    assert nca.calls[2:] == ["/nca-delta.crl", "/nca.crl"]
    nca.lists["/nca-delta.crl"] = court().delta(number=8, base_number=6)
    ask(lists, at=4 * HOUR)
    assert nca.calls[4:] == ["/nca-delta.crl"]


def test_outage_keeps_the_last_news_only_as_long_as_they_are_young(nca: Nca, url: str, lists: CrlServer) -> None:
    assert ask(lists).status is GOOD
    nca.status = 503
    assert ask(lists, at=2 * HOUR).status is GOOD
    late = ask(lists, at=8 * DAY)
    assert late.status is UNKNOWN
    assert "stale" in late.why
    assert f"{url}/nca.crl answered with status 503" in late.why


def test_outage_from_the_start_is_unknown(nca: Nca, url: str, lists: CrlServer, store: RevocationStore) -> None:
    nca.status = 500
    answer = ask(OcspServer(HttpFetch(), f"{url}/ocsp/"), lists, StoredAnswers(store))
    assert answer.status is UNKNOWN
    assert "OCSP: " in answer.why
    assert "no list of its issuer is stored" in answer.why


def test_page_of_an_outage_replaces_no_list(nca: Nca, lists: CrlServer) -> None:
    ask(lists)
    nca.lists = dict.fromkeys(nca.lists, b"<html>maintenance</html>")
    assert ask(lists, at=2 * HOUR).status is GOOD


def test_list_of_another_authority_on_the_server_is_not_kept(
    nca: Nca, lists: CrlServer, store: RevocationStore
) -> None:
    nca.lists = {"/nca.crl": other_court().crl(), "/nca-delta.crl": other_court().delta()}
    assert ask(lists).status is UNKNOWN
    assert not store.directory.exists()


def test_answer_of_ocsp_is_kept_for_the_next_outage(nca: Nca, url: str, store: RevocationStore) -> None:
    server = OcspServer(HttpFetch(), f"{url}/ocsp/", store)
    assert ask(server).status is GOOD
    nca.status = 500
    assert ask(server, StoredAnswers(store), at=2 * HOUR).status is GOOD
    assert ask(server, StoredAnswers(store), at=25 * HOUR).status is UNKNOWN


def test_replayed_answer_of_a_server_is_unknown(store: RevocationStore) -> None:
    older = make_request(court().holder, court().issuer).der
    replay = make_ocsp_answer(court().responder, court().issuer, older, at=NOW, revoked={})
    with http_server(lambda _path, _body: (200, replay)) as url:
        answer = ask(OcspServer(HttpFetch(), url, store))
    assert (answer.status, answer.why) == (UNKNOWN, "the OCSP answer repeats another nonce: it is a replay")
    assert not store.directory.exists()


def test_store_that_cannot_be_written_does_not_spoil_an_answer(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ask(OcspServer(HttpFetch(), f"{url}/ocsp/", RevocationStore(tmp_path / "file"))).status is GOOD


def test_store_is_private_and_keeps_the_newest(store: RevocationStore) -> None:
    issuer = court().issuer
    assert store.put_list(issuer, court().crl(number=7), at=NOW).is_kept
    assert not store.put_list(issuer, court().crl(number=6), at=NOW).is_kept
    assert store.put_list(issuer, court().crl(number=8), at=NOW).is_kept
    assert StoredAnswers(store).ask(court().holder, issuer, at=NOW).source.startswith("CRL no. 8 ")
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in store.directory.iterdir()] == [0o600]


def test_nothing_is_believed_because_it_lies_in_the_store(store: RevocationStore) -> None:
    """A list that someone else put there is as unknown as none, and the next right one replaces it."""
    store.put_list(court().issuer, court().crl(), at=NOW)
    (path,) = store.directory.iterdir()
    for content in (other_court().crl(number=99), b"junk", b""):
        path.write_bytes(content)
        assert ask(StoredAnswers(store)).status is UNKNOWN
    assert store.put_list(court().issuer, court().crl(court().serial), at=NOW).is_kept
    assert ask(StoredAnswers(store)).status is REVOKED


def test_answer_that_somebody_else_put_there_keeps_out_no_right_one(store: RevocationStore) -> None:
    some, false = court(), other_court()
    asked = make_request(some.holder, some.issuer).der
    good = make_ocsp_answer(some.responder, some.issuer, asked, at=NOW, revoked={})
    store.put_answer(some.holder, some.issuer, good, at=NOW)
    (path,) = store.directory.iterdir()
    path.write_bytes(make_ocsp_answer(false.responder, some.issuer, asked, at=NOW + 9 * DAY, revoked={}))
    assert ask(StoredAnswers(store)).status is UNKNOWN
    right = make_ocsp_answer(some.responder, some.issuer, asked, at=NOW, revoked={some.serial: Revoked(NOW - DAY)})
    assert store.put_answer(some.holder, some.issuer, right, at=NOW).is_kept
    assert ask(StoredAnswers(store)).status is REVOKED


def test_list_that_is_newer_does_not_make_good_what_the_responder_does_not_know() -> None:
    """What was never issued is on no list."""
    some = court()
    asked = make_request(some.holder, some.issuer).der
    strange = make_ocsp_answer(some.responder, some.issuer, asked, at=NOW - 2 * HOUR, revoked={}, unknown={some.serial})
    answers = [
        judge_ocsp(some.holder, some.issuer, strange, at=NOW),
        judge_crl(some.holder, some.issuer, some.crl(), at=NOW),
    ]
    assert [one.status for one in answers] == [UNKNOWN, GOOD]
    assert combine(answers).status is UNKNOWN
    known = make_ocsp_answer(some.responder, some.issuer, asked, at=NOW, revoked={})
    assert combine([*answers, judge_ocsp(some.holder, some.issuer, known, at=NOW)]).status is GOOD


def test_delta_that_does_not_fit_leaves_the_list_alone(store: RevocationStore) -> None:
    store.put_list(court().issuer, court().crl(), at=NOW)
    store.put_list(court().issuer, court().delta(base_number=9, number=10), at=NOW)
    assert ask(StoredAnswers(store)).source.startswith("CRL no. 4 ")


def test_delta_that_does_not_fit_its_list_or_has_none_still_tells_whom_it_names(store: RevocationStore) -> None:
    ahead = court().delta(court().serial, base_number=9, number=10)
    store.put_list(court().issuer, ahead, at=NOW)
    assert ask(StoredAnswers(store)).status is REVOKED
    assert not store.lags(court().issuer)
    store.put_list(court().issuer, court().crl(), at=NOW)
    assert ask(StoredAnswers(store)).status is REVOKED
    assert store.lags(court().issuer)


def test_delta_that_is_too_old_still_denies_what_its_list_does_not_know(store: RevocationStore) -> None:
    """The delta has expired and the list has not: nobody may call the certificate good for that."""
    some, later = court(), NOW + 3 * DAY
    store.put_list(some.issuer, some.crl(), at=NOW)
    short = some.crl(some.serial, number=5, base_number=4, lasts=2 * DAY)
    store.put_list(some.issuer, short, at=NOW)
    assert ask(StoredAnswers(store)).status is REVOKED
    late = ask(StoredAnswers(store), at=3 * DAY)
    assert (late.status, late.is_denied) == (UNKNOWN, True)
    assert "what it says is: revoked on" in late.why
    store.put_list(some.issuer, some.crl(number=6, this_update=later), at=later)
    assert ask(StoredAnswers(store), at=3 * DAY).status is GOOD


def test_answer_that_is_too_old_still_outweighs_older_lists(nca: Nca, url: str, store: RevocationStore) -> None:
    nca.revoked = {court().serial}
    assert ask(OcspServer(HttpFetch(), f"{url}/ocsp/", store)).status is REVOKED
    store.put_list(court().issuer, court().crl(), at=NOW)
    assert ask(StoredAnswers(store), at=2 * DAY).status is UNKNOWN
    newer = court().crl(number=5, this_update=NOW + DAY)
    store.put_list(court().issuer, newer, at=NOW + DAY)
    assert ask(StoredAnswers(store), at=2 * DAY).status is GOOD


def test_files_are_imported_by_what_they_are(store: RevocationStore) -> None:
    authorities = [other_court().issuer, court().issuer]
    asked = make_request(court().holder, court().issuer).der
    answer = make_ocsp_answer(court().responder, court().issuer, asked, at=NOW, revoked={court().serial: Revoked(NOW)})
    (first,) = store.import_bytes(court().crl(), authorities, at=NOW)
    assert (first.what, first.as_of, first.is_kept) == ("CRL no. 4", NOW - HOUR, True)
    assert ask(StoredAnswers(store)).status is GOOD
    (second,) = store.import_bytes(answer, authorities, at=NOW)
    assert (second.what, second.is_kept) == ("OCSP answer", True)
    assert not store.import_bytes(answer, authorities, at=NOW)[0].is_kept
    assert ask(StoredAnswers(store)).status is REVOKED


def test_files_that_prove_nothing_are_not_imported(store: RevocationStore) -> None:
    asked = make_request(court().holder, court().issuer).der
    answer = make_ocsp_answer(court().responder, court().issuer, asked, at=NOW, revoked={})
    unfit: list[tuple[bytes, timedelta]] = [
        (b"junk", timedelta()),
        (court().crl(), 40 * DAY),
        (_spoilt(court().crl()), timedelta()),
        (_spoilt(answer), timedelta()),
    ]
    for data, later in unfit:
        with pytest.raises(KzedsError):
            store.import_bytes(data, [court().issuer], at=NOW + later)
    for data in (court().crl(), answer):
        with pytest.raises(RevocationUnknownError, match="trusted authorit"):
            store.import_bytes(data, [other_court().issuer], at=NOW)
    assert not store.directory.exists()


def test_chain_is_as_good_as_its_worst_certificate(store: RevocationStore) -> None:
    chain = (court().holder, court().issuer)
    store.put_list(court().issuer, court().crl(), at=NOW)
    assert check_chain(chain, [StoredAnswers(store)], at=NOW).status is GOOD
    assert check_chain((*chain, other_court().issuer), [StoredAnswers(store)], at=NOW).status is UNKNOWN
    assert check_chain(chain[:1], [StoredAnswers(store)], at=NOW).status is UNKNOWN


def test_revoked_authority_outweighs_a_holder_of_whom_nobody_can_tell() -> None:
    class Source:
        def ask(self, certificate: Certificate, issuer: Certificate, *, at: datetime) -> RevocationAnswer:
            del issuer, at
            return _answer(UNKNOWN if certificate == court().holder else REVOKED)

    chain = (court().holder, court().issuer, court().issuer)
    assert check_chain(chain, [Source()], at=NOW).status is REVOKED


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *_: (404, b""), "status 404"),
        (lambda *_: (204, b""), "status 204"),
        (lambda *_: (200, bytes(2000)), "more than 1000 bytes"),
        (lambda *_: (302, b"http://127.0.0.1:1/elsewhere"), "status 302"),
        (lambda *_: (302, b"file:///etc/passwd"), "status 302"),
    ],
)
def test_server_that_answers_otherwise_is_unreachable(
    answer: Callable[[str, bytes], tuple[int, bytes]], words: str
) -> None:
    with http_server(answer) as url, pytest.raises(UnreachableError, match=words):
        HttpFetch(maximum_size=1000)(url)


def test_answer_that_breaks_off_is_unreachable() -> None:
    with http_server(lambda *_: (200, b"begun"), missing=5) as url, pytest.raises(UnreachableError, match="broke"):
        HttpFetch()(url)


@pytest.mark.parametrize(
    ("scheme", "begins"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nX-Slow: "),
        ("http", b"HTTP/1.1 "),
        ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0"),
    ],
    ids=["body", "body without an end", "headers", "status line", "TLS handshake"],
)
def test_answer_that_drips_ends_with_the_time(scheme: str, begins: bytes) -> None:
    """Each byte comes in time, and the whole does not."""
    stopped = threading.Event()

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(begins)
            while not stopped.wait(0.02):
                with suppress(OSError):
                    self.request.sendall(b".")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        with pytest.raises(UnreachableError, match=r"did not finish its answer in 0\.2 seconds"):
            HttpFetch(timeout=0.2)(f"{scheme}://127.0.0.1:{server.server_address[1]}/")
        stopped.set()
        server.shutdown()
        thread.join()


def test_redirect_on_the_same_server_is_followed() -> None:
    with http_server(lambda path, _: (302, b"/there") if path == "/" else (200, path.encode())) as url:
        assert HttpFetch()(f"{url}/") == b"/there"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "", "http://127.0.0.1:1/x", "http://[bad"])
def test_address_that_leads_nowhere_is_unreachable(url: str) -> None:
    with pytest.raises(UnreachableError):
        HttpFetch(timeout=2)(url)


def test_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(UnreachableError) as caught:
        HttpFetch(timeout=2)("http://user:secret@127.0.0.1:1/x?key=secret")
    assert "secret" not in str(caught.value)


def test_proxy_is_the_callers_and_not_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    with http_server(lambda path, _: (200, path.encode())) as url:
        assert HttpFetch()(f"{url}/a") == b"/a"
        assert HttpFetch(proxy=url)("http://nca.invalid/b") == b"http://nca.invalid/b"


def test_store_that_this_account_cannot_read_says_so(store: RevocationStore) -> None:
    """Somebody imported as root: that is not the same as nothing imported."""
    store.import_bytes(court().crl(), [court().issuer], at=NOW)
    (only,) = store.directory.iterdir()
    only.rename(store.directory.parent / "elsewhere")
    only.mkdir()
    answer = ask(StoredAnswers(store))
    assert answer.status is UNKNOWN
    assert f"what is stored in {store.directory} cannot be read" in answer.why
    assert store.newest(court().issuer) is None
    only.rmdir()
    assert "no list of its issuer is stored" in ask(StoredAnswers(store)).why
