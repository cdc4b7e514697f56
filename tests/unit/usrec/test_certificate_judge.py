"""A certificate is judged by authorities, servers and lists of the settings; what cannot be told is never good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from kzeds import Certificate, KeyKind, issuing
from kzeds.answering import Revoked, key_of, make_crl, make_ocsp_answer
from kzeds.errors import UnreachableError
from kzeds.issuing import Authority, Holder, Validity
from kzeds.revocation.sources import CrlServer, OcspServer, StoredAnswers
from kzeds.revocation.store import RevocationStore
from support.kzeds_authority import HOUR, YEARS, court, forged, new_key, other_court, read
from support.kzeds_material import NOW
from usrec.adapters.trust.judge import CertificateJudge
from usrec.domain.trust import TrustStatus, TrustVerdict

KIND = KeyKind.GOST_2004
S = TrustStatus


class Servers:
    """Answers by address; one that is not set does not answer. Every question is counted."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[bytes], bytes]] = {}
        self.asked: list[str] = []

    def __call__(self, url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        del content_type
        self.asked.append(url)
        if url not in self.answers:
            raise UnreachableError(f"{url} cannot be reached: connection refused")
        return self.answers[url](body or b"")

    def ocsp(self, *revoked: int) -> None:
        some = court()
        table = {serial: Revoked(NOW - HOUR, "key_compromise") for serial in revoked}
        self.answers["ocsp"] = lambda request: make_ocsp_answer(
            some.responder, some.issuer, request, at=NOW, revoked=table
        )


@pytest.fixture
def servers() -> Servers:
    return Servers()


@cache
def root() -> Authority:
    return issuing.make_authority(new_key(KIND), "TEST ROOT", YEARS)


def judge_of(
    servers: Servers,
    store: Path,
    *authorities: Certificate,
    ocsp: bool = True,
    lists: dict[str, Certificate] | None = None,
) -> CertificateJudge:
    kept = RevocationStore(store)
    return CertificateJudge(
        authorities=authorities or (court().issuer,),
        stored=StoredAnswers(kept),
        ocsp=OcspServer(servers, "ocsp", kept) if ocsp else None,
        lists={issuer.fingerprint: CrlServer(servers, url, kept) for url, issuer in (lists or {}).items()},
    )


def on_holder(judge: CertificateJudge, *, later: timedelta = timedelta(0)) -> TrustVerdict:
    return judge.judge(court().holder.der, at=NOW + later)


def test_responder_tells_good_from_revoked(servers: Servers, tmp_path: Path) -> None:
    judge = judge_of(servers, tmp_path)
    servers.ocsp()
    good = on_holder(judge)
    assert (good.status, good.as_of, good.revoked_at) == (S.GOOD, NOW, None)
    servers.ocsp(court().serial)
    revoked = on_holder(judge)
    assert (revoked.status, revoked.revoked_at) == (S.REVOKED, NOW - HOUR)


def test_silence_is_unknown_and_names_the_server(servers: Servers, tmp_path: Path) -> None:
    verdict = on_holder(judge_of(servers, tmp_path))
    assert verdict.status is S.UNKNOWN
    assert "connection refused" in verdict.why


def test_what_a_responder_said_outlives_its_outage_for_a_day(servers: Servers, tmp_path: Path) -> None:
    judge = judge_of(servers, tmp_path)
    servers.ocsp()
    on_holder(judge)
    servers.answers.clear()
    assert on_holder(judge, later=23 * HOUR).status is S.GOOD
    assert on_holder(judge, later=25 * HOUR).status is S.UNKNOWN


@pytest.mark.parametrize("ocsp", [True, False])
def test_revoked_outlives_the_age_of_what_says_so(servers: Servers, tmp_path: Path, ocsp: bool) -> None:
    """An outage that lasts longer than an answer or a list counts releases no key."""
    judge = judge_of(servers, tmp_path, ocsp=ocsp)
    if ocsp:
        servers.ocsp(court().serial)
        assert on_holder(judge).status is S.REVOKED
        servers.answers.clear()
    else:
        judge.stored.store.import_bytes(court().crl(court().serial), [court().issuer], at=NOW)
    old = on_holder(judge, later=timedelta(days=20))
    assert (old.status, old.revoked_at) == (S.REVOKED, NOW - HOUR if ocsp else NOW - timedelta(days=3))
    assert "stale" in old.why


@pytest.mark.parametrize("ocsp", [True, False])
def test_revoked_outlives_the_end_of_the_certificate_and_a_restart_after_it(
    servers: Servers, tmp_path: Path, ocsp: bool
) -> None:
    judge = judge_of(servers, tmp_path, ocsp=ocsp)
    ended = court().holder.not_after - NOW + HOUR
    assert on_holder(judge, later=ended).status is S.UNKNOWN, "its end alone is no revocation"
    if ocsp:
        servers.ocsp(court().serial)
        assert on_holder(judge).status is S.REVOKED
    else:
        judge.stored.store.import_bytes(court().crl(court().serial), [court().issuer], at=NOW)
    servers.answers.clear()
    restarted = judge_of(servers, tmp_path, ocsp=ocsp)
    assert on_holder(restarted, later=ended).status is S.REVOKED


def test_revoked_outlives_the_end_of_its_authority(servers: Servers, tmp_path: Path) -> None:
    short = issuing.make_authority(new_key(KIND), "SHORT", Validity(NOW - 24 * HOUR, NOW + HOUR))
    issued = issuing.issue(short, new_key(KIND).public_key(), Holder("ТЕСТ"), Validity(NOW - 9 * HOUR, NOW + 99 * HOUR))
    holder, issuer = read(issued), read(short.certificate)
    judge = judge_of(servers, tmp_path, issuer, ocsp=False)
    later = NOW + 2 * HOUR
    assert judge.judge(holder.der, at=later).status is S.UNKNOWN, "that end alone is no revocation"
    table = {holder.serial_number: Revoked(NOW - HOUR, "key_compromise")}
    data = make_crl(key_of(short), table, number=1, this_update=NOW, next_update=NOW + 9 * HOUR)
    judge.stored.store.import_bytes(data, [issuer], at=NOW)
    assert judge.judge(holder.der, at=later).status is S.REVOKED


def test_good_that_is_newer_than_an_old_revoked_releases(servers: Servers, tmp_path: Path) -> None:
    judge = judge_of(servers, tmp_path)
    servers.ocsp(court().serial)
    on_holder(judge)
    later = timedelta(days=2)
    servers.answers["ocsp"] = lambda request: make_ocsp_answer(
        court().responder, court().issuer, request, at=NOW + later, revoked={}
    )
    assert on_holder(judge, later=later).status is S.GOOD


def test_answer_that_breaks_its_reader_is_unknown(servers: Servers, tmp_path: Path) -> None:
    def broken(_: bytes) -> bytes:
        raise RecursionError("of a reader")

    servers.answers["ocsp"] = broken
    verdict = on_holder(judge_of(servers, tmp_path))
    assert (verdict.status, verdict.why) == (S.UNKNOWN, "the look-up itself broke (RecursionError)")


def test_recalling_asks_nobody(servers: Servers, tmp_path: Path) -> None:
    judge = judge_of(servers, tmp_path)
    assert judge.recall(court().holder.der, at=NOW).status is S.UNKNOWN
    servers.ocsp(court().serial)
    on_holder(judge)
    asked = len(servers.asked)
    assert judge.recall(court().holder.der, at=NOW).status is S.REVOKED
    assert len(servers.asked) == asked


def test_stored_list_counts_until_it_is_too_old(servers: Servers, tmp_path: Path) -> None:
    judge = judge_of(servers, tmp_path, ocsp=False)
    judge.stored.store.import_bytes(court().crl(), [court().issuer], at=NOW)
    assert on_holder(judge).status is S.GOOD
    stale = on_holder(judge, later=timedelta(days=8))
    assert stale.status is S.UNKNOWN
    assert "stale" in stale.why


def test_certificate_of_a_stranger_is_untrusted_and_nobody_is_asked(servers: Servers, tmp_path: Path) -> None:
    servers.ocsp()
    verdict = judge_of(servers, tmp_path).judge(other_court().holder.der, at=NOW)
    assert verdict.status is S.UNTRUSTED
    assert servers.asked == []


@pytest.mark.parametrize("algorithm", [None, "1.2.3.4", "1.2.840.113549.1.1.5"], ids=["wrong", "unknown", "SHA-1"])
@pytest.mark.parametrize("days", [(-9, 9), (-9, -1), (1, 9)], ids=["now", "over", "to come"])
def test_certificate_that_only_names_an_authority_is_untrusted(
    servers: Servers, tmp_path: Path, algorithm: str | None, days: tuple[int, int]
) -> None:
    """Whoever makes it chooses its dates, and the algorithm by which it says to be signed."""
    servers.ocsp()
    validity = Validity(*(NOW + timedelta(days=number) for number in days))
    false = forged(court().authority, new_key(KIND).public_key(), Holder("X"), algorithm=algorithm, validity=validity)
    assert judge_of(servers, tmp_path).judge(false.der, at=NOW).status is S.UNTRUSTED
    assert servers.asked == []


def test_certificate_that_is_not_yet_valid_is_unknown(servers: Servers, tmp_path: Path) -> None:
    assert on_holder(judge_of(servers, tmp_path), later=court().holder.not_before - NOW - HOUR).status is S.UNKNOWN


def test_authority_itself_was_issued_to_nobody(servers: Servers, tmp_path: Path) -> None:
    assert judge_of(servers, tmp_path).judge(court().issuer.der, at=NOW).status is S.UNTRUSTED


@pytest.mark.parametrize("certificate", [b"", b"no certificate"])
def test_what_is_no_certificate_is_unknown(servers: Servers, tmp_path: Path, certificate: bytes) -> None:
    assert judge_of(servers, tmp_path).judge(certificate, at=NOW).status is S.UNKNOWN


def intermediate(servers: Servers) -> tuple[Certificate, Certificate]:
    """An authority below the root that answers by OCSP itself, and a holder's certificate that it issued."""
    middle = issuing.make_authority(new_key(KIND), "TEST MIDDLE", YEARS, above=root())
    holder = issuing.issue(middle, new_key(KIND).public_key(), Holder("ТЕСТ"), YEARS)
    key = key_of(middle)
    servers.answers["ocsp"] = lambda request: make_ocsp_answer(key, key.certificate, request, at=NOW, revoked={})
    return key.certificate, read(holder)


def root_list(*revoked: int) -> bytes:
    table = {serial: Revoked(NOW - HOUR, "ca_compromise") for serial in revoked}
    return make_crl(key_of(root()), table, number=1, this_update=NOW - HOUR, next_update=NOW + 24 * HOUR)


def test_authority_is_trusted_as_named_unless_a_list_above_it_is_named_too(servers: Servers, tmp_path: Path) -> None:
    middle, holder = intermediate(servers)
    top = read(root().certificate)
    without = judge_of(servers, tmp_path / "a", middle, top)
    assert without.judge(holder.der, at=NOW).status is S.GOOD
    with_list = judge_of(servers, tmp_path / "b", middle, top, lists={"root.crl": top})
    assert with_list.judge(holder.der, at=NOW).status is S.UNKNOWN, "the list is not there"
    servers.answers["root.crl"] = lambda _: root_list()
    assert with_list.judge(holder.der, at=NOW).status is S.GOOD
    revoked = judge_of(servers, tmp_path / "c", middle, top, lists={"root.crl": top})
    servers.answers["root.crl"] = lambda _: root_list(middle.serial_number)
    assert revoked.judge(holder.der, at=NOW).status is S.REVOKED
    del servers.answers["ocsp"]
    assert revoked.judge(holder.der, at=NOW).status is S.REVOKED, "whatever is not known of the holder"
