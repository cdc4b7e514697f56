"""What a verdict on a certificate forbids, and what is put on record of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from usrec.adapters.inmemory.clock import ManualClock
from usrec.application.watch_trust import dump_trust, look_up
from usrec.domain.trust import Subject, SubjectKind, TrustPolicy, TrustStatus, TrustVerdict, UnknownPolicy

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARN, REFUSE = (TrustPolicy(one, 4 * HOUR) for one in (UnknownPolicy.WARN, UnknownPolicy.REFUSE))
S = TrustStatus


def verdict(status: TrustStatus, judged_at: datetime = NOW) -> TrustVerdict:
    return TrustVerdict(status, "the reason", judged_at, source="CRL no. 4")


def subject(name: str) -> Subject:
    return Subject(SubjectKind.EMPLOYER, name, f"fingerprint of {name}", "1f", name.encode())


@pytest.mark.parametrize(
    ("status", "warned", "refused"),
    [(S.GOOD, False, False), (S.REVOKED, True, True), (S.UNKNOWN, False, True), (S.UNTRUSTED, False, True)],
)
def test_revoked_is_always_refused_and_what_is_not_good_by_the_settings(
    status: TrustStatus, warned: bool, refused: bool
) -> None:
    assert bool(WARN.objection(verdict(status), NOW)) is warned
    assert bool(REFUSE.objection(verdict(status), NOW)) is refused


def test_what_was_never_looked_up_is_refused_only_where_unknown_is() -> None:
    assert WARN.objection(None, NOW) == ""
    assert "not looked up yet" in REFUSE.objection(None, NOW)


def test_good_verdict_does_not_outlive_three_missed_looks() -> None:
    good = verdict(S.GOOD)
    assert REFUSE.objection(good, NOW + 12 * HOUR) == ""
    assert "not looked up since" in REFUSE.objection(good, NOW + 12 * HOUR + timedelta(seconds=1))
    assert WARN.objection(good, NOW + 1000 * HOUR) == ""


def test_revoked_verdict_never_ages() -> None:
    assert "revoked" in WARN.objection(verdict(S.REVOKED), NOW + 10_000 * HOUR)


class Judge:
    """Says "good" and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        self.asked.append(certificate)
        return verdict(S.GOOD, at)

    def recall(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        raise AssertionError("nobody recalls here")


def test_look_ends_between_two_certificates_when_the_agent_stops() -> None:
    judge = Judge()
    found = look_up(
        [subject("a"), subject("b"), subject("c")],
        judge=judge,
        clock=ManualClock(NOW),
        stopping=lambda: len(judge.asked) == 2,
    )
    assert [one.name for one in found] == ["a", "b"]


def test_record_changes_with_a_status_only() -> None:
    def told(statuses: Sequence[TrustStatus], judged_at: datetime) -> str:
        return dump_trust({subject(status): verdict(status, judged_at) for status in statuses})

    assert told([S.GOOD, S.UNKNOWN], NOW) == told([S.UNKNOWN, S.GOOD], NOW + HOUR)
    assert told([S.GOOD], NOW) != told([S.REVOKED], NOW)
    assert "the reason" not in told([S.REVOKED], NOW)
