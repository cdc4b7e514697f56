"""What an answer means: three outcomes by shape and signature, and doubt for everything else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kzeds.keys.signing_key import SigningKey
from kzeds.wsse import verify_body
from support.gateway_side import RECEIPT, answer, envelope, fault, load_key, signed
from usrec.adapters.gateway.answer import AnswerReader
from usrec.domain.outcome import Doubt, Faulted, Refused, Registered, Unknown

PATH = "/*/*[2]/*[1]"


@pytest.fixture(scope="module")
def key(pki: Path) -> SigningKey:
    return load_key(pki, "gateway")


@pytest.fixture(scope="module")
def refusal(key: SigningKey) -> bytes:
    return signed(answer("SCSE046"), key)


@pytest.fixture(scope="module")
def reader(key: SigningKey) -> AnswerReader:
    return AnswerReader([key.certificate], PATH)


def test_success_with_the_promised_shape_is_registered(reader: AnswerReader, key: SigningKey) -> None:
    raw = signed(answer(), key)
    outcome = reader.read(raw)
    assert isinstance(outcome, Registered)
    assert (outcome.code, outcome.message, outcome.registry_id) == ("SCSS001", "Успешно", "REG-77")
    proof = outcome.proof
    assert proof.response_date == datetime(2026, 11, 20, 5, 0, 0, 123_000, tzinfo=UTC)
    assert (proof.message_id, proof.correlation_id) == ("theirs-1", "chain-1")
    assert proof.raw == raw
    assert proof.signed_digest == verify_body(raw, trusted=None).signed_digest


def test_another_status_code_is_a_refusal_with_or_without_data(reader: AnswerReader, key: SigningKey) -> None:
    for data in (None, RECEIPT, "not even XML"):
        outcome = reader.read(signed(answer("SCSE046", message="БИН не совпадает", data=data), key))
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.message) == ("SCSE046", "БИН не совпадает")


def test_an_absent_correlation_is_none(reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(answer(correlation=None), key))
    assert isinstance(outcome, Registered)
    assert outcome.proof.correlation_id is None


def test_an_answer_without_its_mandatory_date_is_doubt(reader: AnswerReader, key: SigningKey) -> None:
    """Without a date an old answer could not be told from this one's."""
    outcome = reader.read(signed(answer(date=None), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


def test_a_date_without_a_zone_is_kazakhstans(reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(answer(date="2026-11-20T10:00:00"), key))
    assert isinstance(outcome, Registered)
    assert outcome.proof.response_date == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize("date", ["yesterday", "0001-01-01T00:00:00", "2026-13-01T00:00:00Z"])
def test_an_unreadable_date_is_doubt(date: str, reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(answer(date=date), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


@pytest.mark.parametrize(
    ("data", "registry_id"),
    [
        (f'<?xml version="1.0" encoding="windows-1251"?>\n{RECEIPT}', "REG-77"),
        (f'\n <?xml version="1.0" encoding="UTF-16"?>{RECEIPT}', "REG-77"),
        ("<a><b/><c><d> 10000001\n</d></c></a>", "10000001"),
        ("<a><b>1</b><c><d>x</d><e>y</e></c><f/></a>", "x"),
    ],
)
def test_the_id_is_found_by_place_whatever_the_names(
    data: str, registry_id: str, reader: AnswerReader, key: SigningKey
) -> None:
    outcome = reader.read(signed(answer(data=data), key))
    assert isinstance(outcome, Registered)
    assert outcome.registry_id == registry_id


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "Успешно",
        "<return>true</return>",
        "<a><b/><c/></a>",
        "<a><b/><c><d/></c></a>",
        "<a><b/><c><d> </d></c></a>",
        "<a><b/><c><d>two words</d></c></a>",
        f"<a><b/><c><d>{'x' * 65}</d></c></a>",
        "<a><b/><c><d>1<e/></d></c></a>",
        "<a><b/><c><!-- 7 --></c></a>",
        '<!DOCTYPE a [<!ENTITY i "7">]><a><b/><c><d>&i;</d></c></a>',
        "<a><b/><c><d>7</d></c>",
    ],
)
def test_success_of_any_other_shape_is_doubt_that_keeps_its_code(
    data: str | None, reader: AnswerReader, key: SigningKey
) -> None:
    raw = signed(answer(data=data), key)
    outcome = reader.read(raw)
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, outcome.code, outcome.raw) == (Doubt.UNKNOWN_SHAPE, "SCSS001", raw)


@pytest.mark.parametrize("raw_data", ["", f"<responseData><data>{RECEIPT}</data></responseData>"])
def test_success_without_text_in_data_is_doubt(raw_data: str, reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(answer(raw_data=raw_data), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


def test_an_operators_path_finds_the_id_elsewhere(key: SigningKey) -> None:
    outcome = AnswerReader([key.certificate], "/answer/@id | /answer/number").read(
        signed(answer(data="<answer><number>42</number></answer>"), key)
    )
    assert isinstance(outcome, Registered)
    assert outcome.registry_id == "42"


@pytest.mark.parametrize("path", ["/a/@id", "/a/@empty", "/a/text()", "/a/comment()"])
def test_a_path_that_finds_no_element_is_doubt(path: str, key: SigningKey) -> None:
    data = '<a id="7" empty="">8<!--9--></a>'
    outcome = AnswerReader([key.certificate], path).read(signed(answer(data=data), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


def test_a_signed_answer_without_a_code_is_doubt(reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(answer(""), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


def test_a_path_that_finds_two_ids_is_doubt(key: SigningKey) -> None:
    outcome = AnswerReader([key.certificate], "//d").read(signed(answer(data="<a><d>1</d><d>2</d></a>"), key))
    assert isinstance(outcome, Unknown)


def test_a_signed_fault_tells_error_info(reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(fault("SCE006", faultcode="soap:Server"), key))
    assert isinstance(outcome, Faulted)
    assert (outcome.code, outcome.message) == ("SCE006", "Ошибка")
    assert outcome.proof.response_date == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    assert (outcome.proof.message_id, outcome.proof.correlation_id) == ("", None)


def test_a_signed_fault_without_error_info_tells_its_own_code(reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(fault(faultcode="soap:Server", detail=False), key))
    assert isinstance(outcome, Faulted)
    assert (outcome.code, outcome.message) == ("Server", "Ошибка шлюза")
    assert outcome.proof.response_date is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<other/>",
        '<t:SendMessageResponse xmlns:t="urn:else"/>',
        '<t:SendMessageResponse xmlns:t="http://bip.bee.kz/SyncChannel/v10/Types"/>',
        answer().partition(b"<s:Body>")[2].partition(b"</s:Body>")[0].decode() + "<second/>",
    ],
)
def test_signed_but_strange_content_is_doubt(content: str, reader: AnswerReader, key: SigningKey) -> None:
    outcome = reader.read(signed(envelope(content), key))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.UNKNOWN_SHAPE


@pytest.mark.parametrize("raw", [b"", b"OK", b"<html><body>502</body></html>", b"<a", b"\xff\xfe<", b"{}"])
def test_what_is_no_soap_is_doubt(raw: bytes, reader: AnswerReader) -> None:
    outcome = reader.read(raw)
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, outcome.raw) == (Doubt.NOT_SOAP, raw)


def test_an_unsigned_answer_is_doubt_and_shows_its_code(reader: AnswerReader) -> None:
    for raw, code in ((answer(), "SCSS001"), (answer("SCSE046"), "SCSE046"), (fault("SCE007"), "SCE007")):
        outcome = reader.read(raw)
        assert isinstance(outcome, Unknown)
        assert (outcome.doubt, outcome.code) == (Doubt.SIGNATURE_MISSING, code)


@pytest.mark.parametrize("code", ["900101300007", "текст", "x" * 41, ""])
def test_an_unproven_code_that_is_none_is_not_repeated(code: str, reader: AnswerReader) -> None:
    outcome = reader.read(answer(code))
    assert isinstance(outcome, Unknown)
    assert outcome.code == ""


@pytest.mark.parametrize("name", ["stranger", "employer"])
def test_another_signer_is_doubt(name: str, reader: AnswerReader, pki: Path) -> None:
    outcome = reader.read(signed(answer(), load_key(pki, name)))
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, outcome.code) == (Doubt.SIGNATURE_INVALID, "SCSS001")


def test_a_changed_answer_is_doubt(reader: AnswerReader, key: SigningKey) -> None:
    raw = signed(answer("SCSE046"), key).replace(b"SCSE046", b"SCSS001")
    outcome = reader.read(raw)
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is Doubt.SIGNATURE_INVALID


def test_only_the_signed_body_is_read(reader: AnswerReader, key: SigningKey) -> None:
    """A second Body beside the signed one (signature wrapping) is never taken for the answer."""
    raw = signed(answer("SCSE046"), key)
    extra = answer().partition(b"<s:Body>")[2].partition(b"</s:Body>")[0]
    for moved in (
        raw.replace(b"</s:Envelope>", b"<s:Body>" + extra + b"</s:Body></s:Envelope>"),
        raw.replace(b"<s:Header>", b"<s:Header><s:Body>" + extra + b"</s:Body>"),
    ):
        assert moved != raw
        assert not isinstance(reader.read(moved), Registered)


def test_either_of_two_certificates_is_believed_while_they_are_renewed(key: SigningKey, pki: Path) -> None:
    other = load_key(pki, "employer-2")
    both = AnswerReader([other.certificate, key.certificate], PATH)
    assert isinstance(both.read(signed(answer(), key)), Registered)
    assert isinstance(both.read(signed(answer(), other)), Registered)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise(raw: bytes) -> None:
    assert isinstance(AnswerReader([], PATH).read(raw), Unknown)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damaged_answer_says_anything_else(data: st.DataObject, reader: AnswerReader, refusal: bytes) -> None:
    """Damage outside the signed Body may pass; what the answer says stays the same or is not believed."""
    at = data.draw(st.integers(0, len(refusal) - 1))
    changed = refusal[:at] + bytes([refusal[at] ^ data.draw(st.integers(1, 255))]) + refusal[at + 1 :]
    outcome = reader.read(data.draw(st.sampled_from([changed, refusal[:at]])))
    if not isinstance(outcome, Unknown):
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.proof.message_id) == ("SCSE046", "theirs-1")


def test_threads_share_a_reader(reader: AnswerReader, key: SigningKey) -> None:
    answers = [signed(answer(data=f"<a><b/><c><d>{number}</d></c></a>"), key) for number in range(4)]

    def read(index: int) -> bool:
        outcome = reader.read(answers[index % 4])
        return isinstance(outcome, Registered) and outcome.registry_id == str(index % 4)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(200)))
