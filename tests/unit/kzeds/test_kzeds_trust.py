"""A certificate is trusted when a given authority issued it, at a given time, with an algorithm that holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding

from kzeds.certificate import Certificate
from kzeds.der import Extension
from kzeds.errors import (
    CertificateExpiredError,
    CertificateMissingError,
    CertificateNotYetValidError,
    MalformedCertificateError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.issued import require_issued, verifier_of
from kzeds.issuing import Authority, Holder, Validity, issue, make_authority
from kzeds.trust import _require_depth, load_authorities, require_chain
from support.kzeds_authority import STRANGE
from support.kzeds_material import NOW, certificate, flipped, pki, private_key, shared

YEARS = Validity(NOW - timedelta(days=900), NOW + timedelta(days=900))
NAME = "ҰКО TEST (RSA) KZEDS"


def _nca() -> Certificate:
    return Certificate.load(pki().nca_ca)


def _new_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def _known(root: Authority) -> RSAPrivateKey:
    """Its key, which `cryptography` can sign with."""
    assert isinstance(root.key, RSAPrivateKey)
    return root.key


def _read(made: x509.Certificate) -> Certificate:
    return Certificate.from_der(made.public_bytes(Encoding.DER))


def _sub_authority(
    root: Authority,
    key: RSAPrivateKey,
    validity: Validity = YEARS,
    *,
    name: str = "MIDDLE",
    ca: bool = True,
    path_length: int | None = None,
    more: tuple[x509.ExtensionType, ...] = (),
) -> Authority:
    """Issue a certificate for an authority under another.

    Args:
        more: Further extensions, all critical.
    """
    builder = (
        x509.CertificateBuilder()
        .issuer_name(root.certificate.subject)
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    for extension in more:
        builder = builder.add_extension(extension, critical=True)
    return Authority(builder.sign(_known(root), SHA384()), key)


def test_certificate_of_the_authority_is_trusted() -> None:
    for name in ("employer", "gateway", "employer-2", "employer-auth"):
        assert require_chain(certificate(name), [_nca()], at=NOW) == (certificate(name), _nca())


def test_certificate_of_another_authority_is_not() -> None:
    for authorities in ([_nca()], []):
        with pytest.raises(UntrustedCertificateError):
            require_chain(certificate("stranger"), authorities, at=NOW)


def test_authority_of_the_same_name_is_not_the_same_authority() -> None:
    """An attacker can call an authority as he likes; only its key counts."""
    impostor = make_authority(_new_key(), NAME, YEARS)
    assert impostor.certificate.subject.public_bytes() == _nca().subject
    forged = _read(issue(impostor, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(UntrustedCertificateError):
        require_chain(forged, [_nca()], at=NOW)


def test_altered_certificate_is_not_trusted() -> None:
    der = certificate().der
    position = der.index(b"BIN200940000013") + 4
    altered = Certificate.from_der(flipped(der, position, 0))
    assert altered.bin == "210940000013"
    with pytest.raises(UntrustedCertificateError, match="did not sign it"):
        require_chain(altered, [_nca()], at=NOW)


def test_every_certificate_of_the_chain_must_be_valid_at_the_time() -> None:
    with pytest.raises(CertificateExpiredError):
        require_chain(certificate("employer-expired"), [_nca()], at=NOW)
    before = certificate("employer-expired").not_before
    assert require_chain(certificate("employer-expired"), [_nca()], at=before)
    with pytest.raises(CertificateNotYetValidError):
        require_chain(certificate(), [_nca()], at=before)
    root = make_authority(_new_key(), "ROOT", Validity(YEARS.not_before, NOW - timedelta(days=1)))
    leaf = _read(issue(root, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(CertificateExpiredError):
        require_chain(leaf, [_read(root.certificate)], at=NOW)


def test_chain_goes_on_as_far_as_issuers_are_given() -> None:
    root = make_authority(_new_key(), "ROOT", YEARS)
    middle = _sub_authority(root, _new_key(), YEARS)
    leaf = _read(issue(middle, private_key().public_key(), Holder("X"), YEARS))
    top, between = _read(root.certificate), _read(middle.certificate)
    assert require_chain(leaf, [top, between], at=NOW) == (leaf, between, top)
    assert require_chain(leaf, [between], at=NOW) == (leaf, between)
    with pytest.raises(UntrustedCertificateError):
        require_chain(leaf, [top], at=NOW)


def test_given_intermediate_that_its_given_root_did_not_sign_is_refused() -> None:
    root, other = make_authority(_new_key(), "ROOT", YEARS), make_authority(_new_key(), "ROOT", YEARS)
    middle = _sub_authority(root, _new_key(), YEARS)
    leaf = _read(issue(middle, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(UntrustedCertificateError):
        require_chain(leaf, [_read(middle.certificate), _read(other.certificate)], at=NOW)


def test_holder_of_an_ordinary_certificate_cannot_issue() -> None:
    root = make_authority(_new_key(), "ROOT", YEARS)
    ordinary = _sub_authority(root, _new_key(), YEARS, ca=False)
    leaf = _read(issue(ordinary, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(UntrustedCertificateError):
        require_chain(leaf, [_read(root.certificate), _read(ordinary.certificate)], at=NOW)


@pytest.mark.parametrize(("allowed", "is_trusted"), [((None, 0), True), ((1, None), True), ((0, None), False)])
def test_authority_has_no_more_below_it_than_it_allows(allowed: tuple[int | None, ...], is_trusted: bool) -> None:
    above = make_authority(_new_key(), "ROOT", YEARS)
    root = _sub_authority(above, _new_key(), name="UPPER", path_length=allowed[0])
    middle = _sub_authority(root, _new_key(), path_length=allowed[1])
    leaf = _read(issue(middle, private_key().public_key(), Holder("X"), YEARS))
    authorities = [_read(one.certificate) for one in (above, root, middle)]
    if is_trusted:
        assert len(require_chain(leaf, authorities, at=NOW)) == 4
        return
    with pytest.raises(UntrustedCertificateError, match="allows 0 authorities below it, and 1"):
        require_chain(leaf, authorities, at=NOW)


def test_authority_that_certified_itself_anew_does_not_count_as_one_below() -> None:
    root = make_authority(_new_key(), "ROOT", YEARS)
    upper = _sub_authority(root, _new_key(), name="UPPER", path_length=0)
    renewed = _sub_authority(upper, _new_key(), name="UPPER", path_length=0)
    leaf = _read(issue(renewed, private_key().public_key(), Holder("X"), YEARS))
    chain = [leaf, *(_read(one.certificate) for one in (renewed, upper))]
    _require_depth(chain)
    with pytest.raises(UntrustedCertificateError):
        _require_depth([*chain[:2], _read(_sub_authority(root, _new_key(), name="LOWER").certificate), chain[2]])


def test_path_length_that_cannot_be_read_is_an_error_of_ours() -> None:
    middle = _read(_sub_authority(make_authority(_new_key(), "ROOT", YEARS), _new_key()).certificate)
    spoilt = Extension(critical=True, value=bytes.fromhex("30060101ff020000")[:5] + b"\x02\x00")
    with pytest.raises(MalformedCertificateError, match="basic constraints"):
        _require_depth([middle, replace(middle, extensions={"2.5.29.19": spoilt})])


def test_critical_extension_that_nobody_here_understands_is_not_passed_over() -> None:
    """It may forbid just what the certificate is taken for: name constraints do."""
    root = make_authority(_new_key(), "ROOT", YEARS)
    names = x509.NameConstraints([x509.DNSName("kz")], None)
    middle = _sub_authority(root, _new_key(), more=(names,))
    leaf = _read(issue(middle, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(UntrustedCertificateError, match=r"not known here: 2\.5\.29\.30"):
        require_chain(leaf, [_read(root.certificate), _read(middle.certificate)], at=NOW)
    strange = _read(_sub_authority(root, _new_key(), ca=False, more=(STRANGE,)).certificate)
    with pytest.raises(UntrustedCertificateError, match=r"not known here: 1\.2\.3\.4"):
        require_chain(strange, [_read(root.certificate)], at=NOW)
    with pytest.raises(UntrustedCertificateError, match=r"not known here: 1\.2\.3\.4"):
        require_issued(strange, _read(root.certificate))


def test_short_key_of_an_authority_proves_nothing() -> None:
    short = make_authority(generate_private_key(65537, 1024), "ROOT", YEARS)  # noqa: S505 - a key that must be refused
    leaf = _read(issue(short, private_key().public_key(), Holder("X"), YEARS))
    with pytest.raises(WeakAlgorithmError, match="below 2048 bits"):
        require_chain(leaf, [_read(short.certificate)], at=NOW)
    with pytest.raises(WeakAlgorithmError, match="below 2048 bits"):
        require_issued(leaf, _read(short.certificate))


def test_certificate_that_is_given_itself_is_trusted() -> None:
    assert require_chain(certificate("stranger"), [certificate("stranger")], at=NOW) == (certificate("stranger"),)


def test_self_signed_certificate_that_is_not_given_is_refused() -> None:
    own = _read(make_authority(_new_key(), NAME, YEARS).certificate)
    with pytest.raises(UntrustedCertificateError):
        require_chain(own, [_nca()], at=NOW)


@pytest.mark.parametrize("algorithm", [SHA384(), SHA512()])
def test_longer_hashes_of_the_issuer_are_accepted(algorithm: SHA384 | SHA512) -> None:
    root = make_authority(_new_key(), "ROOT", YEARS)
    made = (
        x509.CertificateBuilder()
        .issuer_name(root.certificate.subject)
        .subject_name(x509.Name([]))
        .public_key(private_key().public_key())
        .serial_number(7)
        .not_valid_before(YEARS.not_before)
        .not_valid_after(YEARS.not_after)
        .sign(_known(root), algorithm)
    )
    assert len(require_chain(_read(made), [_read(root.certificate)], at=NOW)) == 2


@pytest.mark.parametrize("oid", ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5"])
def test_weak_hashes_of_the_issuer_are_refused(oid: str) -> None:
    """MD5 and SHA-1: whoever can forge the hash needs no authority."""
    with pytest.raises(WeakAlgorithmError):
        require_chain(replace(certificate(), signature_oid=oid), [_nca()], at=NOW)


def test_directory_gives_authorities_only(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_bytes(pki().certificate_file("stranger").read_bytes() + pki().nca_ca.read_bytes())
    (tmp_path / "tls.CRT").write_bytes(Certificate.load(pki().tls_ca).der)
    (tmp_path / "note.txt").write_text("not read")
    assert load_authorities(tmp_path) == [_nca(), Certificate.load(pki().tls_ca)]


def test_directory_without_authorities_or_with_junk_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateMissingError, match=str(tmp_path)):
        load_authorities(tmp_path)
    (tmp_path / "junk.cer").write_bytes(b"junk")
    with pytest.raises(MalformedCertificateError, match=r"junk\.cer"):
        load_authorities(tmp_path)


def test_chain_of_the_nca_is_trusted_at_its_time() -> None:
    signer = Certificate.load(shared("testkeys/cert_individual.pem"))
    authority = Certificate.load(shared("testkeys/nca_2004_rsa_cert.pem"))
    assert require_chain(signer, [authority], at=signer.not_before) == (signer, authority)
    with pytest.raises(CertificateExpiredError):
        require_chain(signer, [authority], at=NOW)


def test_gost_certificates_of_the_nca_were_issued_by_its_authorities() -> None:
    signer = Certificate.load(shared("testkeys/certs/ceo_valid_sign_2004_gost.cer"))
    authority = Certificate.load(shared("testkeys/nca_2004_gost_cert.pem"))
    assert require_chain(signer, [authority], at=signer.not_before) == (signer, authority)
    forged = Certificate.load(shared("testkeys/nca_2015_cert.cer"))
    with pytest.raises(UntrustedCertificateError):
        require_chain(signer, [forged], at=signer.not_before)


def test_signature_of_a_certificate_is_verified_once_and_its_dates_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_authority(_new_key(), "ROOT", YEARS)
    leaf = _read(issue(root, _new_key().public_key(), Holder("ТЕСТ"), YEARS))
    authority = _read(root.certificate)
    verified: list[bytes] = []

    def counting(oid: str, *, what: str) -> Callable[[bytes, bytes, bytes], bool]:
        verify = verifier_of(oid, what=what)

        def verify_and_count(key: bytes, signature: bytes, content: bytes) -> bool:
            verified.append(content)
            return verify(key, signature, content)

        return verify_and_count

    monkeypatch.setattr("kzeds.trust.verifier_of", counting)
    for _ in range(3):
        require_chain(leaf, [authority], at=NOW)
    assert len(verified) == 1
    with pytest.raises(CertificateExpiredError):
        require_chain(leaf, [authority], at=NOW + timedelta(days=901))
    for broken in (
        replace(leaf, signature=flipped(leaf.signature, 5, 0)),
        replace(leaf, signed_part=flipped(leaf.signed_part, len(leaf.signed_part) - 1, 0)),
    ):
        with pytest.raises(UntrustedCertificateError):
            require_chain(broken, [authority], at=NOW)
