"""Golden documents, our XSD and the simulator's own reading agree."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from lxml import etree

from kzeds.xml import parse
from usrec_simulator.business import BusinessRecord, Operation, Profile, read_business

ROOT = Path(__file__).parents[3]
SEEN = (Operation.CONCLUSION, Operation.AMENDMENT, Operation.TERMINATION)
CASES = [(Profile.SEEN, one) for one in SEEN] + [(Profile.CURRENT, one) for one in Operation]


def golden(profile: Profile, operation: Operation) -> bytes:
    return (ROOT / "fixtures" / "golden" / profile / f"{operation}.xml").read_bytes()


def xsd(profile: Profile) -> etree.XMLSchema:
    return etree.XMLSchema(parse((ROOT / "schemas" / "usrec" / profile / "contract.xsd").read_bytes()))


@pytest.mark.parametrize(("profile", "operation"), CASES)
def test_golden_document_is_valid_and_read(profile: Profile, operation: Operation) -> None:
    root = parse(golden(profile, operation))
    xsd(profile).assertValid(root)
    record = read_business(root, digest="", profile=profile)
    assert isinstance(record, BusinessRecord)
    assert record.operation is operation
    assert (record.record_id is not None) is (profile is Profile.CURRENT)


@pytest.mark.parametrize(("profile", "operation"), CASES)
def test_mapping_names_the_elements_of_the_golden_document_in_order(profile: Profile, operation: Operation) -> None:
    mapping = tomllib.loads((ROOT / "schemas" / "usrec" / profile / "profile.toml").read_text("utf-8"))
    element = parse(golden(profile, operation))[0]
    entry = mapping["operation"][operation]
    assert element.tag == entry["element"]
    tree = element.getroottree()
    leaves = [tree.getelementpath(leaf).partition("/")[2] for leaf in element.iter("*") if not len(leaf)]
    expected = [field["path"] for field in entry["fields"] if field["path"] in leaves or not field.get("optional")]
    assert leaves == expected


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures" / "golden" / "current" / "whole").glob("*.xml")), ids=str)
def test_golden_document_with_every_field_is_valid_and_read(path: Path) -> None:
    root = parse(path.read_bytes())
    xsd(Profile.CURRENT).assertValid(root)
    record = read_business(root, digest="", profile=Profile.CURRENT)
    assert isinstance(record, BusinessRecord)
    assert record.operation == path.stem
    assert record.details.values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<bin>200940000013", b"<bin>20094000001"),
        (b"<bin>200940000013", b"<bin>20094000001X"),
        (b"<iin>900101300007</iin>", b""),
        (b"2026-11-02+05:00", b"02.11.2026"),
        (b"<contractNumber>\xd0\xa2\xd0\x94-17/2026", b"<contractNumber>"),
        (b"7f3c2a10-5b1e-4d7a-9c42-0e6a1d9b8f01", b"7f3c2a10"),
        (b"<beginDate>2026-11-03+05:00</beginDate>", b"<beginDate>2026-11-03+05:00</beginDate><extra/>"),
        (b"newContractData", b"newContract"),
    ],
)
def test_xsd_refuses_what_the_interface_cannot_carry(old: bytes, new: bytes) -> None:
    document = golden(Profile.CURRENT, Operation.CONCLUSION)
    assert old in document
    assert not xsd(Profile.CURRENT).validate(parse(document.replace(old, new)))


def test_xsd_accepts_a_signature_as_the_last_child() -> None:
    document = golden(Profile.SEEN, Operation.TERMINATION)
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    end = b"</con:contractRequest>"
    assert xsd(Profile.SEEN).validate(parse(document.replace(end, signature + end)))
    start = document.index(b"><") + 1
    assert not xsd(Profile.SEEN).validate(parse(document[:start] + signature + document[start:]))
