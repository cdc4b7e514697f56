"""Revocation lists: good, revoked or unknown; whatever is wrong with a list, it never makes a certificate good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import KeyKind, Revocation, RevocationAnswer, judge_crl
from kzeds.certificate import Certificate
from kzeds.der import element, identifier, sequence
from kzeds.errors import CertificateRevokedError, MalformedAnswerError, RevocationUnknownError
from kzeds.issuing import make_authority
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.revocation.crl_list import read_crl
from support.kzeds_authority import HOUR, YEARS, Court, court, other_court, read
from support.kzeds_material import NOW, flipped, shared

GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


def judge(data: bytes, *, of: Court | None = None, delta: bytes | None = None, at: datetime = NOW) -> RevocationAnswer:
    some = of or court()
    return judge_crl(some.holder, some.issuer, data, at=at, delta=delta)


def _critical(oid: str) -> bytes:
    return sequence(identifier(oid), b"\x01\x01\xff", element(0x04, sequence()))


@pytest.mark.parametrize("kind", KeyKind)
def test_list_tells_good_from_revoked(kind: KeyKind) -> None:
    some = court(kind)
    good, revoked = judge(some.crl(77), of=some), judge(some.crl(77, some.serial), of=some)
    assert (good.status, good.source, good.as_of) == (GOOD, "CRL no. 4 of TEST AUTHORITY", NOW - HOUR)
    assert (revoked.status, revoked.revocation_reason) == (REVOKED, "key_compromise")
    assert revoked.revoked_at == NOW - timedelta(days=3)
    assert revoked.next_update == NOW - HOUR + timedelta(days=30)


def test_answer_becomes_an_error_for_whoever_needs_good() -> None:
    judge(court().crl()).require_good()
    with pytest.raises(CertificateRevokedError, match=r"CRL no\. 4 of TEST AUTHORITY: revoked on"):
        judge(court().crl(court().serial)).require_good()
    with pytest.raises(RevocationUnknownError, match="cannot tell"):
        judge(b"").require_good()


def test_empty_list_makes_good() -> None:
    assert judge(court().crl()).status is GOOD


def test_list_of_another_library_is_read() -> None:
    """`cryptography` writes it; in PEM, too."""
    authority = make_authority(generate_private_key(65537, 2048), "OTHER", YEARS)
    issuer = read(authority.certificate)
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(NOW).next_update(NOW + timedelta(days=1))
    entry = x509.RevokedCertificateBuilder().serial_number(issuer.serial_number).revocation_date(NOW).build()
    made = builder.add_revoked_certificate(entry).sign(authority.key, SHA256())  # type: ignore[arg-type]
    for encoding in (Encoding.DER, Encoding.PEM):
        answer = judge_crl(issuer, issuer, made.public_bytes(encoding), at=NOW)
        assert (answer.status, answer.revocation_reason) == (REVOKED, "unspecified")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW - 2 * HOUR, "from the future"),
        (NOW + timedelta(days=31), "stale: its date passed"),
        (NOW + timedelta(days=8), "more than 168 hours old"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_list_counts_only_at_its_time(at: datetime, words: str) -> None:
    answer = judge(court().crl(), at=at)
    assert answer.status is UNKNOWN
    assert words in answer.why


def test_caller_may_accept_older_lists() -> None:
    some, at = court(), NOW + timedelta(days=8)
    assert judge_crl(some.holder, some.issuer, some.crl(), at=at, max_age=timedelta(days=9)).status is GOOD


def test_list_of_another_authority_says_nothing() -> None:
    same_name = other_court()
    answer = judge(same_name.crl())
    assert (answer.status, answer.why) == (UNKNOWN, "the CRL no. 4 is of another authority")
    without_key = replace(read_crl(same_name.crl()), issuer_key_id=None)
    answer = judge_crl(court().holder, court().issuer, without_key, at=NOW)
    assert answer.status is UNKNOWN
    assert "was not signed by the key" in answer.why
    assert judge_crl(court().holder, same_name.issuer, same_name.crl(), at=NOW).status is UNKNOWN


def test_authority_past_its_dates_or_without_the_right_to_sign_lists_says_nothing() -> None:
    some = court()
    for issuer, words in (
        (replace(some.issuer, not_after=NOW - HOUR), "expired"),
        (replace(some.issuer, usages=frozenset({"key_cert_sign"})), "may not sign lists"),
    ):
        answer = judge_crl(some.holder, issuer, some.crl(), at=NOW)
        assert answer.status is UNKNOWN
        assert words in answer.why


def test_weak_signature_of_a_list_is_refused() -> None:
    weak = replace(read_crl(court(KeyKind.RSA).crl()), signature_oid="1.2.840.113549.1.1.5")
    answer = judge_crl(court(KeyKind.RSA).holder, court(KeyKind.RSA).issuer, weak, at=NOW)
    assert (answer.status, answer.why) == (UNKNOWN, "the CRL no. 4 was signed with RSA-SHA1, which is too weak")


@pytest.mark.parametrize(
    "more", [_critical("2.5.29.28"), _critical("1.2.3.4"), _critical("2.5.29.28").replace(b"\x01\x01\xff", b"")]
)
def test_partial_lists_and_unknown_critical_extensions_say_nothing(more: bytes) -> None:
    extra = sequence(identifier("2.5.29.28"), element(0x04, sequence())) if b"\xff" not in more else more
    assert judge(court().crl(more=extra)).status is UNKNOWN


def test_critical_extension_of_any_entry_makes_the_list_useless() -> None:
    """Such an entry may be of another authority (an indirect list), and so may all that follow."""
    read_one = read_crl(court().crl(77))
    entries = sequence(b"\x02\x01\x4d", b"\x17\x0d260101000000Z", sequence(_critical("2.5.29.29")))
    with pytest.raises(RevocationUnknownError, match="critical extension"):
        replace(read_one, entries=entries).find(5)


def test_delta_adds_and_takes_back() -> None:
    some = court()
    hold = some.crl(some.serial, reason="certificate_hold")
    removed = some.delta(some.serial, reason="remove_from_crl")
    assert judge(some.crl(), delta=some.delta(some.serial)).status is REVOKED
    good = judge(some.crl(), delta=some.delta())
    assert (good.status, good.source) == (GOOD, "delta CRL no. 5 of TEST AUTHORITY")
    assert judge(hold, delta=some.delta()).status is REVOKED
    assert judge(hold, delta=removed).status is GOOD
    assert judge(some.crl(some.serial), delta=removed).status is REVOKED


@pytest.mark.parametrize(
    ("number", "base_number", "status"), [(5, 4, GOOD), (4, 3, GOOD), (5, 5, UNKNOWN), (3, 2, UNKNOWN)]
)
def test_delta_must_follow_its_list(number: int, base_number: int, status: Revocation) -> None:
    assert judge(court().crl(), delta=court().delta(number=number, base_number=base_number)).status is status


def test_delta_that_is_ahead_of_its_list_still_tells_whom_it_names() -> None:
    """Of others it tells nothing: what happened between the two is not known."""
    some = court()
    ahead = some.delta(some.serial, number=6, base_number=5)
    assert judge(some.crl(), delta=ahead).status is REVOKED
    assert judge(some.crl(), delta=some.delta(number=6, base_number=5)).status is UNKNOWN
    removed = some.delta(some.serial, number=6, base_number=5, reason="remove_from_crl")
    assert judge(some.crl(), delta=removed).status is UNKNOWN
    assert judge(ahead).status is REVOKED
    without_number = replace(read_crl(ahead), number=None)
    assert judge_crl(some.holder, some.issuer, some.crl(), at=NOW, delta=without_number).status is REVOKED
    behind = some.delta(some.serial, number=3, base_number=2)
    assert "is older than the CRL no. 4" in judge(some.crl(), delta=behind).why
    late = judge(some.crl(), delta=ahead, at=NOW + timedelta(days=8))
    assert (late.status, late.is_denied) == (UNKNOWN, True)


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_entries_about_a_certificate_the_gravest_counts(order: int) -> None:
    some = court()
    reasons = ("key_compromise", "certificate_hold", "remove_from_crl")[::order]
    one_each = [read_crl(some.crl(some.serial, reason=reason)).entries for reason in reasons]
    found = replace(read_crl(some.crl()), entries=b"".join(one_each)).find(some.serial)
    assert found is not None
    assert found.reason == "key_compromise"
    found = replace(read_crl(some.crl()), entries=b"".join(one_each[1:] if order > 0 else one_each[:-1])).find(
        some.serial
    )
    assert found is not None
    assert found.reason == "certificate_hold"


def test_number_that_is_written_longer_than_need_be_is_the_same_number() -> None:
    some = court()
    number = core.Integer(some.serial).contents
    entry = sequence(element(0x02, b"\x00" + number), b"\x17\x0d260101000000Z")
    found = replace(read_crl(some.crl()), entries=entry).find(some.serial)
    assert found is not None
    assert found.reason == "unspecified"
    assert replace(read_crl(some.crl()), entries=entry).find(some.serial % 2**64) is None


def test_delta_and_list_do_not_stand_for_each_other() -> None:
    some = court()
    assert "complete list is missing" in judge(some.delta()).why
    assert "not a delta" in judge(some.crl(), delta=some.crl(number=5)).why
    assert judge(some.crl(), delta=other_court().delta()).status is UNKNOWN
    assert judge(some.crl(), delta=b"junk").status is UNKNOWN


@pytest.mark.parametrize(
    "delta",
    [
        court().delta(number=3, base_number=2),
        court().delta(number=6, base_number=5),
        court().crl(number=5),
        other_court().delta(),
        b"junk",
    ],
    ids=["older", "ahead", "complete", "another authority's", "junk"],
)
def test_delta_that_cannot_be_used_takes_no_revocation_back(delta: bytes) -> None:
    assert judge(court().crl(court().serial), delta=delta).status is REVOKED


def test_young_delta_keeps_an_old_list_in_use() -> None:
    some = court()
    old = some.crl(this_update=NOW - timedelta(days=20))
    assert judge(old).status is UNKNOWN
    assert judge(old, delta=some.delta()).status is GOOD


def test_long_list_is_searched_fast_and_exactly() -> None:
    some = court()
    serials = [some.serial + number * 256 for number in range(1, 20_000)]
    assert judge(some.crl(*serials)).status is GOOD
    assert judge(some.crl(*serials, some.serial)).status is REVOKED


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x80\x00\x00", b"x" * 100, b"-----BEGIN X509 CRL-----\n"])
def test_bytes_that_are_no_list_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        read_crl(data)
    assert judge(data).status is UNKNOWN


def test_too_long_a_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzeds.revocation.crl_list.MAXIMUM_SIZE", 10)
    with pytest.raises(MalformedAnswerError, match="more than 10 bytes"):
        read_crl(court().crl())


def test_no_single_bit_of_a_list_can_be_changed() -> None:
    """A revoked certificate stays revoked or becomes unknown, whichever bit is turned over."""
    some = court()
    data = some.crl(some.serial)
    assert judge(data).status is REVOKED
    for position in range(len(data)):
        assert judge(flipped(data, position, position % 8)).status is UNKNOWN, position


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_altered_lists_are_unknown_and_raise_nothing(data: st.DataObject) -> None:
    original = court().crl(court().serial, 77)
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    expected = REVOKED if bytes(changed) == original else UNKNOWN
    assert judge(bytes(changed)).status is expected
    assert judge(court().crl(), delta=bytes(changed)).status is UNKNOWN


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_junk_is_unknown(data: bytes) -> None:
    assert judge(data).status is UNKNOWN


@pytest.mark.parametrize(
    ("key_file", "password", "authority", "crl", "status"),
    [
        ("key_ceo_revoked_2015.p12", "Aa123456", "nca_2015_cert.cer", "nca_gost2022_test.crl", REVOKED),
        ("key_individual_valid_2015.p12", "Aa123456", "nca_2015_cert.cer", "nca_gost2022_test.crl", GOOD),
        ("key_ceo_sign_revoked_2004.p12", "Qwerty12", "nca_2004_gost_cert.pem", "nca_gost_test.crl", REVOKED),
        ("key_individual_auth_revoked_2004.p12", "Qwerty12", "nca_2004_rsa_cert.pem", "nca_rsa_test.crl", REVOKED),
        ("key_individual_valid_sign_2004.p12", "Qwerty12", "nca_2004_rsa_cert.pem", "nca_rsa_test.crl", GOOD),
        ("key_ceo_sign_revoked_2004.p12", "Qwerty12", "nca_2004_gost_cert.pem", "nca_rsa_test.crl", UNKNOWN),
    ],
)
def test_lists_of_the_nca_are_read_and_proven(
    key_file: str, password: str, authority: str, crl: str, status: Revocation
) -> None:
    """The last one is what its certificate's own address points to: the list of another authority."""
    certificate = load_pkcs12(shared(f"testkeys/{key_file}").read_bytes(), password).certificate
    issuer = Certificate.load(shared(f"testkeys/{authority}"))
    data = shared(f"testkeys/crl/{crl}").read_bytes()
    at = datetime(2022, 9, 2, 17, 0, tzinfo=UTC)
    assert judge_crl(certificate, issuer, data, at=at, max_age=timedelta(days=180)).status is status
    assert judge_crl(certificate, issuer, data, at=at).status is UNKNOWN
    assert judge_crl(certificate, issuer, data, at=NOW, max_age=timedelta(days=9999)).status is UNKNOWN
