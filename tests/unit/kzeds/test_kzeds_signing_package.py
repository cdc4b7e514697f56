"""A signing package goes to the owner of a key and comes back: what was asked for is signed, by whom it must."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kzeds import errors
from kzeds.certificate import Certificate
from kzeds.cms import sign_detached
from kzeds.issuing import Holder, Validity, issue, make_authority
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.package import (
    PackageItem,
    SignedDocument,
    SignedPackage,
    SigningPackage,
    match_signed,
    read_package,
    read_signed,
    require_signer,
    sign_package,
    write_package,
    write_signed,
)
from kzeds.signers.base import KeySigner
from kzeds.test_pki import EMPLOYER_BIN, KeyKind, make_test_pki
from kzeds.xmldsig import sign_enveloped
from support.kzeds_material import CONTRACT, NOW, certificate, key, private_key
from support.signing_packages import OTHER, item, members, package, zipped

IIN = "850515400012"


def _matched(signed: SignedPackage, made: SigningPackage) -> tuple[set[str], tuple[str, ...], dict[str, str]]:
    found = match_signed(signed, made.items, signer=made.signer, at=NOW)
    return set(found.signed), found.missing, {name: type(error).__name__ for name, error in found.refused.items()}


def test_package_comes_back_as_it_was_made(tmp_path: Path) -> None:
    write_package(package(), tmp_path / "p.zip")
    assert read_package(tmp_path / "p.zip") == package()
    assert stat.S_IMODE((tmp_path / "p.zip").stat().st_mode) == 0o600


def test_same_package_gives_the_same_bytes(tmp_path: Path) -> None:
    write_package(package(), tmp_path / "1.zip")
    write_package(package(), tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


@pytest.mark.parametrize("kind", [KeyKind.GOST_2015, KeyKind.GOST_2004, KeyKind.RSA])
def test_owner_signs_and_every_document_is_matched(kind: KeyKind, tmp_path: Path) -> None:
    made = make_test_pki(tmp_path / "pki", now=NOW, kind=kind)
    owner = load_pkcs12(made.key_file("employer").read_bytes(), made.password_file("employer").read_text())
    write_package(package(), tmp_path / "p.zip")
    signed = sign_package(read_package(tmp_path / "p.zip"), KeySigner(owner), at=NOW)
    write_signed(signed, tmp_path / "s.zip")
    back = read_signed(tmp_path / "s.zip")
    assert back == signed
    found = match_signed(back, package().items, signer=EMPLOYER_BIN, at=NOW)
    assert (set(found.signed), found.missing, found.refused) == ({"S-1", "S-2"}, (), {})
    assert found.signed["S-2"].certificate == owner.certificate
    assert found.signed["S-2"].document == signed.documents[1].document


def test_entrepreneur_without_a_bin_signs_by_iin() -> None:
    validity = Validity(NOW - timedelta(days=1), NOW + timedelta(days=1))
    authority = make_authority(private_key(), "CA", validity)
    issued = issue(authority, private_key().public_key(), Holder("X", iin=IIN), validity)
    theirs = Certificate.from_der(issued.public_bytes(Encoding.DER))
    assert theirs.bin is None
    require_signer(theirs, IIN, NOW)
    with pytest.raises(errors.WrongSignerError):
        require_signer(theirs, EMPLOYER_BIN, NOW)


def test_nothing_shows_a_document_or_a_summary() -> None:
    signed = sign_package(package(), KeySigner(key()), at=NOW)
    found = match_signed(signed, package().items, signer=EMPLOYER_BIN, at=NOW)
    for text in (repr(package()), repr(package().items[0]), repr(signed), repr(found)):
        assert "contractRequest" not in text
        assert "аналитик" not in text
        assert "850515" not in text


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("employer-2", errors.WrongSignerError),
        ("employer-auth", errors.KeyMayNotSignError),
        ("employer-expired", errors.CertificateExpiredError),
    ],
)
def test_key_that_would_not_count_signs_nothing(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sign_package(package(), KeySigner(key(name)), at=NOW)


def test_certificate_that_is_not_yet_valid_signs_nothing() -> None:
    with pytest.raises(errors.CertificateNotYetValidError):
        sign_package(package(), KeySigner(key()), at=NOW - timedelta(days=60))


def test_one_document_that_cannot_be_signed_stops_all() -> None:
    made = package(item("S-1"), item("S-2", sign_enveloped(OTHER, key())))
    with pytest.raises(errors.NotSignableError):
        sign_package(made, KeySigner(key()), at=NOW)


class _Liar(KeySigner):
    """Signs another document than the one that it was given."""

    def sign_enveloped(self, document: bytes) -> bytes:
        return super().sign_enveloped(OTHER if document == CONTRACT else CONTRACT)


def test_signer_that_signs_something_else_is_found_out() -> None:
    with pytest.raises(errors.SignerUntrustworthyError):
        sign_package(package(), _Liar(key()), at=NOW)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("employer-2", "WrongSignerError"),
        ("employer-auth", "KeyMayNotSignError"),
        ("employer-expired", "CertificateExpiredError"),
    ],
)
def test_signature_of_another_key_is_refused_when_it_comes_back(name: str, error: str) -> None:
    signed = SignedPackage(None, None, (SignedDocument("1.xml", sign_enveloped(CONTRACT, key(name))),))
    assert _matched(signed, package()) == (set(), ("S-1", "S-2"), {"1.xml": error})


def test_employee_of_an_organisation_does_not_sign_for_themselves() -> None:
    """The certificate carries the person's IIN too, but speaks for the organisation."""
    theirs = certificate()
    assert (theirs.bin, theirs.iin) == (EMPLOYER_BIN, IIN)
    made = replace(package(), signer=IIN)
    signed = SignedPackage(None, None, (SignedDocument("1.xml", sign_enveloped(CONTRACT, key())),))
    assert _matched(signed, made)[2] == {"1.xml": "WrongSignerError"}
    with pytest.raises(errors.WrongSignerError):
        sign_package(made, KeySigner(key()), at=NOW)


def test_document_that_was_changed_after_signing_is_refused() -> None:
    signed = sign_enveloped(CONTRACT, key()).replace(b"2026-11-03", b"2026-11-04")
    back = SignedPackage(None, None, (SignedDocument("1.xml", signed),))
    assert _matched(back, package()) == (set(), ("S-1", "S-2"), {"1.xml": "ForeignDocumentError"})


def test_signature_that_was_changed_is_refused() -> None:
    signed = sign_enveloped(CONTRACT, key())
    value = signed.split(b"SignatureValue>")[1][:4]
    back = SignedPackage(None, None, (SignedDocument("1.xml", signed.replace(value, value[::-1])),))
    assert _matched(back, package()) == (set(), ("S-1", "S-2"), {"1.xml": "SignerUntrustworthyError"})


def test_unsigned_document_is_refused() -> None:
    back = SignedPackage(None, None, (SignedDocument("1.xml", CONTRACT),))
    assert _matched(back, package())[2] == {"1.xml": "SignerUntrustworthyError"}


def test_signature_beside_the_document_is_refused() -> None:
    back = SignedPackage(None, None, (SignedDocument("1.xml", sign_detached(CONTRACT, key(), at=NOW)),))
    assert _matched(back, package())[2] == {"1.xml": "MalformedXmlError"}


def test_missing_and_strange_documents_are_told_apart() -> None:
    stranger = CONTRACT.replace(b"2511-1-002", b"9999-9-999")
    documents = (SignedDocument("b.xml", sign_enveloped(OTHER, key())), SignedDocument("c.xml", stranger))
    back = SignedPackage(None, None, documents)
    assert _matched(back, package()) == ({"S-2"}, ("S-1",), {"c.xml": "ForeignDocumentError"})


def test_document_that_claims_to_be_another_item_is_refused() -> None:
    back = SignedPackage("P-1", NOW, (SignedDocument("signed/001.xml", sign_enveloped(OTHER, key()), "S-1"),))
    assert _matched(back, package()) == (set(), ("S-1", "S-2"), {"signed/001.xml": "PackageError"})


def test_document_that_came_back_twice_counts_once() -> None:
    twice = tuple(SignedDocument(name, sign_enveloped(CONTRACT, key())) for name in ("a.xml", "b.xml"))
    assert _matched(SignedPackage(None, None, twice), package()) == ({"S-1"}, ("S-2",), {"b.xml": "PackageError"})


def test_two_items_that_say_the_same_cannot_be_matched() -> None:
    with pytest.raises(errors.PackageError, match="S-1 and S-2 say the same"):
        match_signed(
            SignedPackage(None, None, ()),
            [item("S-1"), item("S-2", CONTRACT + b"\n")],
            signer=EMPLOYER_BIN,
            at=NOW,
        )


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_files_signed_one_by_one_are_matched_by_content(form: str, tmp_path: Path) -> None:
    """As NCALayer leaves them: names of their own, a declaration, other files beside them."""
    declared = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    files = {
        "001_signed.XML": declared + sign_enveloped(CONTRACT, key()),
        "любое имя.xml": sign_enveloped(OTHER, key()),
        "summary.html": b"<html>",
        "._001_signed.xml": b"\x00\x05\x16\x07 of macOS",
        "manifest.json": b"{}",
    }
    source = tmp_path / "back"
    if form == "zip":
        del files["manifest.json"]
        source.write_bytes(zipped(files))
    else:
        source.mkdir()
        for name, content in files.items():
            (source / name).write_bytes(content)
    back = read_signed(source)
    assert back.package_id is None
    assert _matched(back, package()) == ({"S-1", "S-2"}, (), {})


def test_whole_package_comes_back_with_its_payloads_signed_in_their_place(tmp_path: Path) -> None:
    """Whoever unpacks it, signs its files with NCALayer and packs all of it again."""
    write_package(package(), tmp_path / "p.zip")
    content = members(tmp_path / "p.zip")
    content["payloads/001.xml"] = sign_enveloped(content["payloads/001.xml"], key())
    (tmp_path / "back.zip").write_bytes(zipped(content))
    found = _matched(read_signed(tmp_path / "back.zip"), package())
    assert found == ({"S-1"}, ("S-2",), {"payloads/002.xml": "SignerUntrustworthyError"})


def test_package_that_nobody_signed_is_told_document_by_document(tmp_path: Path) -> None:
    write_package(package(), tmp_path / "p.zip")
    found = match_signed(read_signed(tmp_path / "p.zip"), package().items, signer=EMPLOYER_BIN, at=NOW)
    assert found.missing == ("S-1", "S-2")
    assert all("holds no signature" in str(error) for error in found.refused.values())


def test_folder_without_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("nothing")
    with pytest.raises(errors.DamagedPackageError, match="no XML file"):
        read_signed(tmp_path)


def test_folder_of_too_much_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "1.xml").open("wb") as stream:
        stream.truncate(20_000_000)
    with pytest.raises(errors.DamagedPackageError, match="more than"):
        read_signed(tmp_path)


def test_folder_of_too_much_altogether_is_refused(tmp_path: Path) -> None:
    """Sparse files cost nothing to make and their whole length in memory."""
    for number in range(13):
        with (tmp_path / f"{number}.xml").open("wb") as stream:
            stream.truncate(15_999_999)
    with pytest.raises(errors.DamagedPackageError, match="more than 200000000 bytes"):
        read_signed(tmp_path)


def test_only_what_was_signed_here_is_written(tmp_path: Path) -> None:
    with pytest.raises(errors.PackageError):
        write_signed(SignedPackage(None, None, ()), tmp_path / "s.zip")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../1"},
        {"id": ""},
        {"document": b""},
        {"document": b"<a>" + b" " * 1_000_000 + b"</a>"},
        {"summary": {}},
        {"summary": {"RU": "Договор"}},
        {"summary": {"ru": " "}},
        {"summary": {"ru": "я" * 20_001}},
        {"summary": {"ru": "half a character \ud83d"}},
        {"due": NOW.replace(tzinfo=None)},
    ],
)
def test_item_out_of_bounds_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(errors.PackageError):
        PackageItem(**{"id": "S-1", "document": CONTRACT, "summary": {"ru": "Договор"}, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a/b"},
        {"signer": "123"},
        {"signer": "٢٠٠٩٤٠٠٠٠٠١٣"},
        {"items": ()},
        {"items": (item("S-1"), item("S-1", OTHER))},
        {"items": (item("S-1"), item("S-2"))},
        {"items": tuple(item(f"S-{number}", b"<a>%d</a>" % number) for number in range(2001))},
        {"title": {}},
        {"made_at": NOW.replace(tzinfo=None)},
    ],
)
def test_package_out_of_bounds_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(errors.PackageError):
        replace(package(), **change)  # type: ignore[arg-type]


def test_summary_pages_say_everything_in_both_languages_and_run_nothing(tmp_path: Path) -> None:
    bad = "</td><script>alert(1)</script>\x1b[2J\u202egnorw"
    made = package(replace(item(), summary={"kk": "Еңбек шарты", "ru": bad}), item("S-2", OTHER))
    write_package(made, tmp_path / "p.zip")
    content = members(tmp_path / "p.zip")
    page, text = content["summary.html"].decode(), content["summary.txt"].decode()
    for expected in (
        "Еңбек шарты",
        made.items[0].digest,
        made.items[1].digest,
        EMPLOYER_BIN,
        "23.11.2026 12:00 (UTC+5)",
    ):
        assert expected in page
        assert expected in text
    for shown in (page, text):
        assert "position: Жүйелік талдаушы" in shown
        assert "@code: 2511-1-003" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script" not in page
    assert "\\u{202e}gnorw" in text


def test_values_show_all_that_is_signed() -> None:
    from kzeds.package.values import value_lines

    inside = b'<r xmlns:p="urn:p" p:k="v">10<!-- no -->00 <?run it?><p:e/>tail\n\n\n<x>\xc2\xa0a\xe2\x80\xaeb</x></r>'
    assert value_lines(b"<?first pay?><?then me?>" + inside + b"<!-- no --><?last?>") == [
        "?first pay",
        "?then me",
        "r: 10",
        "  @k: v",
        "  ... 00",
        "  ?run it",
        "  e:",
        "  ... tail",
        "  x: a\\u{202e}b",
        "?last ",
    ]


@pytest.mark.parametrize("unseen", ["\u3164", "\u115f", "\u2800", "\ufe0f", "\u034f", "\u00ad", "\u200b", "\x9b"])
def test_characters_that_nobody_sees_are_shown(unseen: str) -> None:
    from kzeds.visible import json_text, visible

    assert visible(f"1{unseen}2") == f"1\\u{{{ord(unseen):x}}}2"
    shown = json_text({"value": f"1{unseen}2 Ә"})
    assert unseen not in shown
    assert "Ә" in shown
    assert json.loads(shown) == {"value": f"1{unseen}2 Ә"}


def test_certificate_of_the_package_is_the_owners() -> None:
    signed = sign_package(package(), KeySigner(key()), at=NOW)
    found = match_signed(signed, package().items, signer=EMPLOYER_BIN, at=NOW)
    assert {one.certificate for one in found.signed.values()} == {certificate()}
