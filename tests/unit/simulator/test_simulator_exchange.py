"""The order of checks, on really signed messages; each message has the fault under test and every later one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kzeds.certificate import Certificate
from kzeds.test_pki import make_test_pki
from kzeds.wsse import sign_body
from kzeds.xml import parse
from kzeds.xmldsig import sign_enveloped
from support.employer_messages import (
    EmployerKeys,
    amendment,
    as_text,
    conclusion,
    envelope,
    message_info,
    new_record_id,
    termination,
)
from support.registry_messages import Sent
from usrec_simulator.business import Operation, Profile
from usrec_simulator.exchange import SIZE_LIMIT, Admission, Exchange, Glance
from usrec_simulator.ledger import Ledger
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook
from usrec_simulator.soap import Answer, Fault

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> EmployerKeys:
    return EmployerKeys(make_test_pki(tmp_path_factory.mktemp("pki") / "pki", now=NOW).directory)


class Side:
    """An exchange over a fresh registry."""

    def __init__(
        self,
        folder: Path,
        keys: EmployerKeys,
        *,
        profile: Profile = Profile.CURRENT,
        senders: Mapping[str, str] | None = None,
        at: datetime = NOW,
    ) -> None:
        self.registry = Registry(Ledger(folder / "r.db"), RuleBook(profile=profile))
        self.exchange = Exchange(
            self.registry,
            authority=Certificate.load(keys.pki / "nca-ca.pem"),
            admission=Admission(senders=senders or {}),
            profile=profile,
            clock=lambda: at,
        )

    def code(self, request: bytes) -> str:
        return self.exchange.respond(request).reply.code


@pytest.fixture
def side(tmp_path: Path, keys: EmployerKeys) -> Side:
    return Side(tmp_path, keys)


def large(document: bytes) -> bytes:
    return document.replace(b"<employerData>", b" " * SIZE_LIMIT + b"<employerData>")


def contract_id(reply: Answer | Fault) -> str | None:
    """Read the id as the client of 2018 did: first child of the second child of the root."""
    assert isinstance(reply, Answer)
    assert reply.data is not None
    return parse(reply.data.encode())[1][0].text


def test_success_answers_the_record_id_in_the_second_childs_first_child(side: Side, keys: EmployerKeys) -> None:
    record_id = new_record_id()
    outcome = side.exchange.respond(keys.request(conclusion(record_id=record_id)))
    assert outcome.reply.code == "SCSS001"
    assert outcome.operation is Operation.CONCLUSION
    assert contract_id(outcome.reply) == record_id


def test_answer_has_its_own_message_id_and_repeats_the_chain(side: Side, keys: EmployerKeys) -> None:
    request = keys.request(conclusion(record_id=new_record_id()))
    replies = [side.exchange.respond(request).reply for _ in range(2)]
    assert all(isinstance(reply, Answer) and reply.correlation_id == "chain-1" for reply in replies)
    minted = {reply.message_id for reply in replies if isinstance(reply, Answer)}
    assert len(minted) == 2
    assert all(identifier.encode() not in request for identifier in minted)


def test_whole_life_of_a_contract_under_seen(tmp_path: Path, keys: EmployerKeys) -> None:
    side = Side(tmp_path, keys, profile=Profile.SEEN)
    first = contract_id(side.exchange.respond(keys.request(conclusion())).reply)
    change = contract_id(side.exchange.respond(keys.request(amendment(first))).reply)
    end = contract_id(side.exchange.respond(keys.request(termination(first))).reply)
    assert len({first, change, end}) == 3
    assert all(identifier is not None and identifier.isdecimal() for identifier in (first, change, end))
    assert side.code(keys.request(amendment(first, number="17/2"))) == "SCSE092"


def test_form_of_the_envelope_comes_before_the_sender(side: Side) -> None:
    assert side.code(b"no xml at all") == "SCE001"
    assert side.code(b'<!DOCTYPE x [<!ENTITY e "x">]><x>&e;</x>') == "SCE001"
    assert side.code(envelope("", info=message_info(sender=""))) == "SCE001"


def test_sender_comes_before_the_service(tmp_path: Path, keys: EmployerKeys, side: Side) -> None:
    assert side.code(envelope(as_text(b"x"), info=message_info(sender="", service="none"))) == "SBF-AD-1"
    strict = Side(tmp_path, keys, senders={"company": "right"})
    for sender, password, code in (("company", "wrong", "SBF-AD-1"), ("nobody", "right", "SBF-AD-1")):
        info = message_info(sender=sender, password=password, service="none")
        assert strict.code(envelope(as_text(b"x"), info=info)) == code
    info = message_info(sender="company", password="right", service="none")
    assert strict.code(envelope(as_text(b"x"), info=info)) == "SCE004"


def test_service_comes_before_the_transport_signature(side: Side) -> None:
    assert side.code(envelope(as_text(b"x"), info=message_info(service="none"))) == "SCE004"


def test_transport_signature_comes_before_the_size(side: Side, keys: EmployerKeys) -> None:
    data = as_text(large(conclusion()))
    assert side.code(envelope(data)) == "SCE007"
    for key, code in (("stranger", "SCE006"), ("employer-auth", "SCE005"), ("employer-expired", "SCE005")):
        assert side.code(sign_body(envelope(data), keys.key(key))) == code
    signed = sign_body(envelope(data), keys.key())
    assert side.code(signed.replace(b"chain-1", b"chain-2")) == "SCE006"


def test_size_comes_before_the_employers_signature(side: Side, keys: EmployerKeys) -> None:
    assert side.code(sign_body(envelope(as_text(large(conclusion()))), keys.key())) == "SCSE999"


def test_a_document_of_just_the_limit_passes(side: Side, keys: EmployerKeys) -> None:
    def sized(padding: int) -> bytes:
        document = conclusion(record_id=new_record_id())
        padded = document.replace(b"<employerData>", b" " * padding + b"<employerData>")
        return sign_enveloped(padded, keys.key())

    spare = SIZE_LIMIT - len(sized(0))
    for padding, code in ((spare, "SCSS001"), (spare + 1, "SCSE999")):
        assert side.code(sign_body(envelope(as_text(sized(padding))), keys.key())) == code


@pytest.mark.parametrize("key", ["stranger", "employer-auth", "employer-expired"])
def test_employers_signature_comes_before_the_form_of_the_document(side: Side, keys: EmployerKeys, key: str) -> None:
    broken = conclusion().replace(b"newContractData", b"unknownData")
    assert side.code(keys.request(broken, inner=key)) == "SCSE001"


def test_unsigned_altered_or_broken_documents_have_a_wrong_signature(side: Side, keys: EmployerKeys) -> None:
    signed = sign_enveloped(conclusion(), keys.key())
    for data in (conclusion(), signed.replace(b"<contractNumber>17<", b"<contractNumber>18<"), b"not xml"):
        assert side.code(sign_body(envelope(as_text(data)), keys.key())) == "SCSE001"


def test_form_of_the_document_comes_before_the_bin(side: Side, keys: EmployerKeys) -> None:
    broken = conclusion(employer="150340000027").replace(b"newContractData", b"unknownData")
    assert side.code(keys.request(broken)) == "SCE001"


def test_document_without_operation_or_values_is_empty(side: Side, keys: EmployerKeys) -> None:
    root = conclusion().split(b"<newContractData>")[0]
    assert side.code(keys.request(root + b"</ns2:contractRequest>")) == "SCSE138"
    assert side.code(keys.request(root + b"<newContractData/></ns2:contractRequest>")) == "SCSE138"
    assert side.code(keys.request(root + b"<subsidiaryContractData/></ns2:contractRequest>")) == "SCSE080"


def test_bin_of_the_signer_comes_before_the_record_id(side: Side, keys: EmployerKeys) -> None:
    foreign = conclusion(employer="150340000027", record_id="short")
    assert side.code(keys.request(foreign)) == "SCSE046"
    assert side.code(keys.request(foreign, inner="employer-2")) == "SCSE087"


def test_record_id_comes_before_the_fields(side: Side, keys: EmployerKeys) -> None:
    assert side.code(keys.request(conclusion(employer=None, record_id="short"))) == "SCSE087"
    assert side.code(keys.request(conclusion(employer=None, record_id=new_record_id()))) == "SCSE009"


def test_employer_of_another_certificate_cannot_touch_the_contract(side: Side, keys: EmployerKeys) -> None:
    record_id = new_record_id()
    assert side.code(keys.request(conclusion(record_id=record_id))) == "SCSS001"
    foreign = termination(record_id, record_id=new_record_id(), employer="150340000027")
    assert side.code(keys.request(foreign, inner="employer-2")) == "SCSE097"


def test_today_is_the_date_in_kazakhstan(tmp_path: Path, keys: EmployerKeys) -> None:
    document = conclusion(record_id=new_record_id(), signed=date(2026, 11, 21))
    evening = datetime(2026, 11, 20, 18, 59, tzinfo=UTC)
    midnight = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    for at, code in ((evening, "SCSE059"), (midnight, "SCSS001")):
        assert Side(tmp_path, keys, at=at).code(keys.request(document)) == code


@pytest.mark.parametrize("prefix", ["ns3", "con", "a-b"])
def test_prefix_and_declaration_of_the_document_do_not_matter(side: Side, keys: EmployerKeys, prefix: str) -> None:
    document = conclusion(record_id=new_record_id()).replace(b"ns2", prefix.encode())
    assert side.code(keys.request(b'<?xml version="1.0" encoding="UTF-8"?>' + document)) == "SCSS001"


def test_a_glance_tells_the_contract_number_of_a_termination(side: Side, keys: EmployerKeys) -> None:
    record_id = new_record_id()
    side.code(keys.request(conclusion(record_id=record_id, number="Т-5")))
    request = keys.request(termination(record_id, record_id=new_record_id()))
    assert side.exchange.look(request) == Glance(Operation.TERMINATION, "Т-5")
    assert side.exchange.look(b"<x/>") == Glance()


def test_a_glance_tells_the_number_of_every_operation(side: Side, keys: EmployerKeys) -> None:
    side.code(keys.request(Sent(Operation.CONCLUSION).document()))
    own = {Operation.AMENDMENT: "17/1", Operation.AMENDMENT_EDIT: "17/1"}
    for operation in Operation:
        request = keys.request(Sent(operation).document())
        assert side.exchange.look(request) == Glance(operation, own.get(operation, "17"))


def test_failing_database_is_an_internal_fault_and_registers_nothing(
    side: Side, keys: EmployerKeys, tmp_path: Path
) -> None:
    import sqlite3

    blocker = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    blocker.execute("DROP TABLE record")
    blocker.close()
    assert side.code(keys.request(conclusion(record_id=new_record_id()))) == "SCE909"
