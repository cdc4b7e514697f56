"""A day's quota: what is counted, when it begins anew, who may raise it, and what the log says of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kzeds.errors import SignerRefusedError, SignerSettingsError
from kzeds.signer_daemon.key_rule import KeyRule
from kzeds.signer_daemon.log import LogBrokenError, SigningLog, read_log, require_whole
from kzeds.signer_daemon.quota import ALL, Count, Counted, LogEnd, QuotaBook, day_of
from kzeds.signer_daemon.raising import Raise, raise_quota
from kzeds.signer_daemon.recount import counted_in, steps_back
from kzeds.signer_daemon.settings import Settings, load_settings
from support import kzeds_material
from support.signer_daemon import SignerDaemon

DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EMPTY = LogEnd(0, "0" * 64)


def rule(*, daily: int = 3, **operations: int) -> KeyRule:
    return KeyRule(
        "main", Path("k"), None, Path("p"), None, "200940000013", frozenset(), frozenset(), daily, operations
    )


@pytest.fixture
def book(tmp_path: Path) -> Iterator[QuotaBook]:
    opened = QuotaBook(tmp_path / "quota.sqlite3")
    yield opened
    opened.close()


def take(
    book: QuotaBook, document: int, *, day: date = DAY, key: KeyRule | None = None, what: str = "conclusion"
) -> bool:
    digest = hashlib.sha256(str(document).encode()).digest()
    return book.take(key or rule(), what, digest, day=day, log_end=EMPTY).is_new


# Counting


def test_day_ends_at_midnight_in_kazakhstan(book: QuotaBook) -> None:
    before, after = datetime(2026, 11, 22, 18, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
    assert (day_of(before), day_of(after)) == (DAY, DAY + timedelta(days=1))
    for document in range(3):
        take(book, document, day=day_of(before))
    with pytest.raises(SignerRefusedError) as refused:
        take(book, 3, day=day_of(before))
    assert refused.value.reason == "quota"
    assert take(book, 3, day=day_of(after))


def test_refusal_says_what_happened_what_is_not_lost_and_what_to_do(book: QuotaBook) -> None:
    take(book, 1, key=rule(daily=1))
    with pytest.raises(SignerRefusedError) as refused:
        take(book, 2, key=rule(daily=1))
    text = str(refused.value)
    assert "1 of 1 new documents on 2026-11-22" in text
    assert "Nothing was signed and nothing is lost" in text
    assert "kzeds signer-daemon raise --key main --to NUMBER --reason TEXT" in text


def test_repeat_is_never_counted_whatever_the_day(book: QuotaBook) -> None:
    assert [take(book, document) for document in (1, 2, 3)] == [True] * 3
    assert [take(book, document) for document in (3, 2, 1)] == [False] * 3
    assert not take(book, 1, day=DAY + timedelta(days=40))
    assert book.count(rule(), ALL, DAY + timedelta(days=40)).used == 0


def test_clock_that_goes_back_gives_no_second_quota(book: QuotaBook) -> None:
    for document in range(3):
        take(book, document)
    take(book, 3, day=DAY + timedelta(days=1))
    with pytest.raises(SignerRefusedError):
        take(book, 4)


def test_operation_has_a_quota_within_the_keys(book: QuotaBook) -> None:
    key = rule(daily=4, termination=1)
    assert take(book, 1, key=key, what="termination")
    with pytest.raises(SignerRefusedError, match="operation 'termination'"):
        take(book, 2, key=key, what="termination")
    assert all(take(book, document, key=key) for document in (3, 4, 5))
    with pytest.raises(SignerRefusedError, match="key 'main' is used up"):
        take(book, 6, key=key)


def test_many_threads_get_no_more_than_the_quota(book: QuotaBook) -> None:
    def attempt(document: int) -> bool:
        try:
            return take(book, document, key=rule(daily=20))
        except SignerRefusedError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(60))) == 20


def test_two_processes_share_one_count(book: QuotaBook, tmp_path: Path) -> None:
    other = QuotaBook(tmp_path / "quota.sqlite3")
    assert [take(one, document) for one, document in ((book, 1), (other, 2), (book, 3))] == [True] * 3
    with pytest.raises(SignerRefusedError):
        take(other, 4)
    other.close()


def test_book_is_for_its_owner_alone(book: QuotaBook, tmp_path: Path) -> None:
    take(book, 1)
    assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}


def test_something_else_than_a_book_is_refused(tmp_path: Path) -> None:
    (tmp_path / "quota.sqlite3").write_text("not a database " * 100)
    with pytest.raises(SignerSettingsError, match="cannot be used"):
        QuotaBook(tmp_path / "quota.sqlite3")
    with pytest.raises(SignerSettingsError, match="has never run"):
        QuotaBook(tmp_path / "none", must_exist=True)


# Raising


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    daemon = SignerDaemon(tmp_path)
    daemon.set_up(kzeds_material.pki().directory, daily_quota="2", operation_quota="{ termination = 1 }")
    return load_settings(daemon.settings)


@pytest.fixture
def kept(settings: Settings) -> Iterator[QuotaBook]:
    opened = QuotaBook(settings.state / "quota.sqlite3")
    yield opened
    opened.close()


def wanted(
    to: int, *, day: date = DAY, operation: str | None = None, reason: str = "hiring", key: str = "main"
) -> Raise:
    return Raise(key, operation, to, day, reason)


def test_raise_holds_for_one_day_and_is_in_the_log_with_name_and_reason(settings: Settings, kept: QuotaBook) -> None:
    key = settings.keys["main"]
    assert [take(kept, document, key=key) for document in (1, 2)] == [True, True]
    assert raise_quota(settings, wanted(3), AT) == Count(2, 3)
    assert take(kept, 3, key=key)
    with pytest.raises(SignerRefusedError):
        take(kept, 4, key=key)
    assert kept.count(key, ALL, DAY + timedelta(days=1)).quota == 2
    (line,) = read_log(settings.state / "signatures.log")
    assert (line["event"], line["key"], line["quota"], line["day"]) == ("raised", "main", 3, "2026-11-22")
    assert (line["reason"], line["uid"], line["time"]) == ("hiring", os.getuid(), "2026-11-22T09:00:00.000Z")
    assert line["who"]


def test_raise_of_one_operation_leaves_the_others(settings: Settings, kept: QuotaBook) -> None:
    key = settings.keys["main"]
    assert raise_quota(settings, wanted(2, operation="termination"), AT) == Count(0, 2)
    assert kept.count(key, ALL, DAY) == Count(0, 2)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wanted(5, key="other"), "no key 'other'"),
        (wanted(2), "is 2 already"),
        (wanted(5, day=DAY - timedelta(days=1)), "has passed"),
        (wanted(5, reason=" "), "a reason is needed"),
        (wanted(5, reason="for 900101300007"), "twelve digits"),
        (wanted(5, operation="conclusion"), "no quota for the operation"),
        (wanted(10**30), "more than 1000000"),
    ],
)
def test_raise_without_sense_changes_nothing(settings: Settings, kept: QuotaBook, asked: Raise, why: str) -> None:
    with pytest.raises(SignerSettingsError, match=why):
        raise_quota(settings, asked, AT)
    assert kept.count(settings.keys["main"], ALL, DAY).quota == 2
    assert not (settings.state / "signatures.log").exists()


def test_raise_of_statements_leaves_the_documents(settings: Settings, kept: QuotaBook) -> None:
    assert raise_quota(settings, wanted(300, key="main/statements"), AT) == Count(0, 300)
    assert kept.count(settings.keys["main"], ALL, DAY) == Count(0, 2)


def test_log_that_root_begins_belongs_to_the_daemon(
    settings: Settings, kept: QuotaBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root raises while the log is put aside: the daemon has to be able to write to what that made."""
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    raise_quota(settings, wanted(3), AT)
    status = settings.state.stat()
    assert given == [(status.st_uid, status.st_gid)]
    assert kept.count(settings.keys["main"], ALL, DAY).quota == 3


def test_no_other_file_of_the_log_is_given_to_the_daemon(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever may write to the folder could have put another name of somebody's file there."""
    (settings.state / "signatures.log").unlink(missing_ok=True)
    theirs = tmp_path / "theirs"
    theirs.touch(0o600)
    os.link(theirs, settings.state / "signatures.log")
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda *who: given.append(who))
    SigningLog(settings.state / "signatures.log")
    assert given == []


def test_what_a_daemon_counts_meanwhile_lacks_nothing(book: QuotaBook) -> None:
    """It counts first and logs then: the counts have to be read after the log."""
    key = rule()

    def of_a_log_that_grows() -> Iterator[Counted]:
        for document in range(2):
            take(book, document, key=key)
            yield Counted(key.name, hashlib.sha256(str(document).encode()).digest(), DAY, "conclusion")

    assert book.lacks(of_a_log_that_grows()) == 0
    assert book.lacks([Counted(key.name, bytes(32), DAY, "conclusion")]) == 1


# The log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    log = SigningLog(tmp_path / "signatures.log")
    for number in range(5):
        log.append("signed", AT, {"used": number})
    log.close()
    return tmp_path / "signatures.log"


def _swap(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _forge(lines: list[bytes]) -> list[bytes]:
    """The last line anew, with a chain that holds."""
    line = json.loads(lines[-1])
    return [*lines[:-1], json.dumps(line | {"used": 0}).encode()]


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": lambda lines: [lines[0].replace(b'"used": 0', b'"used": 9'), *lines[1:]],
    "taken out": lambda lines: lines[:2] + lines[3:],
    "first one taken out": lambda lines: lines[1:],
    "put in": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "two exchanged": _swap,
    "emptied": lambda lines: [*lines[:2], b"", *lines[3:]],
    "no JSON": lambda lines: [*lines[:2], b"garbage", b"garbage", *lines[2:]],
    "cut off at the end": lambda lines: lines[:-1],
    "all gone": lambda lines: [],
    "last one forged": _forge,
}


@pytest.mark.parametrize("what", CHANGES)
def test_line_that_was_tampered_with_is_found(file: Path, what: str) -> None:
    whole = require_whole(file, None)
    assert (whole.lines, require_whole(file, whole)) == (5, whole)
    file.write_bytes(b"".join(line + b"\n" for line in CHANGES[what](file.read_bytes().splitlines())))
    with pytest.raises(LogBrokenError):
        require_whole(file, whole)


def test_clock_that_was_put_back_shows(file: Path) -> None:
    log = SigningLog(file)
    for hours in (1, 0, 2, -30, -29):
        log.append("signed", AT + timedelta(hours=hours), {})
    log.close()
    assert steps_back(file) == [7, 9]


@pytest.mark.parametrize("fields", [{}, {"document": 5}, {"document": "no digest"}])
def test_line_that_counts_nothing_known_is_told(file: Path, fields: dict[str, object]) -> None:
    log = SigningLog(file)
    log.append("signed", AT, {"counted": True, "key": "main", **fields})
    log.close()
    with pytest.raises(LogBrokenError, match="line 6 does not name"):
        list(counted_in(file))


def test_broken_log_is_not_written_to(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(LogBrokenError):
        SigningLog(file)


def test_log_whose_end_was_cut_off_is_not_written_to(file: Path) -> None:
    known = require_whole(file, None)
    lines = file.read_bytes().splitlines(keepends=True)
    SigningLog(file, known).close()
    file.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(LogBrokenError, match="line 5"):
        SigningLog(file, known)


def test_log_that_begins_anew_says_where_the_former_ended(file: Path) -> None:
    known = require_whole(file, None)
    file.unlink()
    for _ in range(2):
        log = SigningLog(file, known)
        log.append("started", AT, {})
        log.close()
    first, *others = read_log(file)
    assert (first["event"], first["former_lines"], first["former_digest"]) == ("begun", 5, known.digest)
    assert [line["event"] for line in others] == ["started", "started"]
    assert require_whole(file, known).lines == 3


def test_raise_does_not_cover_up_a_log_that_was_cut_off(settings: Settings, kept: QuotaBook) -> None:
    raise_quota(settings, wanted(3), AT)
    raise_quota(settings, wanted(4), AT)
    log = settings.state / "signatures.log"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(LogBrokenError):
        raise_quota(settings, wanted(5), AT)
    assert kept.count(settings.keys["main"], ALL, DAY).quota == 4


@pytest.mark.parametrize("left", [1, 30, -1])
def test_line_that_a_crash_cut_short_is_kept_and_owned_to(file: Path, left: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4]) + lines[4][:left])
    for number in range(2):
        log = SigningLog(file)
        log.append("signed", AT, {"used": number})
        log.close()
    events = [line["event"] for line in read_log(file)]
    assert events == ["signed"] * 4 + ["torn", "signed", "signed"]
    assert lines[4][:left].rstrip(b"\n") in file.read_bytes()
    content = file.read_bytes()
    file.write_bytes(content.replace(b" torn\n", b"x torn\n"))
    with pytest.raises(LogBrokenError):
        require_whole(file, None)


def test_crash_between_closing_and_owning_to_it_is_survived(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b'{"n": 6 torn\n')
    log = SigningLog(file)
    log.append("signed", AT, {})
    log.append("signed", AT, {})
    log.close()
    assert require_whole(file, None).lines == 8


def test_two_writers_make_one_chain(file: Path) -> None:
    one, other = SigningLog(file), SigningLog(file)
    for number in range(6):
        (one, other)[number % 2].append("signed", AT, {})
    one.close()
    other.close()
    assert require_whole(file, None).lines == 11


def test_log_is_for_its_owner_alone(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
