from __future__ import annotations

from datetime import date

import pytest

from kzeds.xml import parse
from support.employer_messages import CONTRACT_NS, amendment, conclusion, termination
from usrec_simulator.business import BusinessRecord, Operation, Profile, peek, read_business
from usrec_simulator.errors import MessageFormError

RECORD_ID = "7f3c2a10-5b1e-4d7a-9c42-0e6a1d9b8f01"


def read(document: bytes, profile: Profile = Profile.CURRENT) -> BusinessRecord | None:
    return read_business(parse(document), digest="00", profile=profile)


def test_conclusion_is_read_whole() -> None:
    record = read(conclusion(record_id=RECORD_ID))
    assert record == BusinessRecord(
        operation=Operation.CONCLUSION,
        digest="00",
        record_id=RECORD_ID,
        employer="200940000013",
        employee="900101300007",
        number="17",
        event_date=date(2026, 11, 16),
        begin_date=date(2026, 11, 16),
        position="2512-0-001",
        post="Инженер",
    )


def test_empty_elements_are_absent_values() -> None:
    record = read(conclusion(record_id="", iin="", number="  ", signed=""))
    assert record is not None
    assert (record.record_id, record.employee, record.number, record.event_date) == (None, None, None, None)


@pytest.mark.parametrize("zone", ["+06:00", "+05:00", "Z", "", "-11:00"])
def test_any_zone_leaves_the_calendar_date_alone(zone: str) -> None:
    record = read(conclusion(signed=f"2018-07-12{zone}"))
    assert record is not None
    assert record.event_date == date(2018, 7, 12)


@pytest.mark.parametrize("text", ["2026-02-30", "12.07.2018", "2026-11-16T00:00:00", "２０２６-11-16"])
def test_what_is_no_date_is_a_form_error(text: str) -> None:
    with pytest.raises(MessageFormError, match="xs:date"):
        read(conclusion(signed=text))


@pytest.mark.parametrize(
    "document",
    [
        conclusion().replace(b"contractRequest", b"otherRequest"),
        conclusion().replace(CONTRACT_NS.encode(), b"http://example.invalid/ns"),
        conclusion().replace(b"newContractData", b"deleteContractData"),
        conclusion().replace(b"<bin>", b"<bin>1</bin><bin>"),
        conclusion().replace(b"<iin>", b"<ns2:iin>").replace(b"</iin>", b"</ns2:iin>"),
        conclusion(record_id=RECORD_ID).replace(b"<employerData>", b"<note>x</note><employerData>"),
        amendment("1")
        .replace(b"<contractId>1</contractId>", b"")
        .replace(b"</sub", b"<contractId>1</contractId></sub"),
    ],
)
def test_unknown_repeated_or_displaced_elements_are_form_errors(document: bytes) -> None:
    with pytest.raises(MessageFormError):
        read(document)


def test_two_operations_in_one_message_are_a_form_error() -> None:
    inner = termination("1").split(b">", 1)[1].rsplit(b"<", 1)[0]
    with pytest.raises(MessageFormError, match="more than one"):
        read(conclusion().replace(b"</ns2:contractRequest>", inner + b"</ns2:contractRequest>"))


def test_record_id_is_no_part_of_the_seen_interface() -> None:
    with pytest.raises(MessageFormError, match="id"):
        read(conclusion(record_id=RECORD_ID), Profile.SEEN)
    assert read(conclusion(), Profile.SEEN) is not None


def test_message_without_operation_is_empty() -> None:
    assert read(f'<c:contractRequest xmlns:c="{CONTRACT_NS}"/>'.encode()) is None


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        (conclusion(number="17"), (Operation.CONCLUSION, "17")),
        (amendment("9", number="17/1"), (Operation.AMENDMENT, "17/1")),
        (termination("9"), (Operation.TERMINATION, "9")),
        (b"<x/>", (None, None)),
    ],
)
def test_a_glance_tells_operation_and_number(document: bytes, seen: tuple[Operation | None, str | None]) -> None:
    assert peek(parse(document)) == seen
