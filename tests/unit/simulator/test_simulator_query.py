"""The assumed question: off unless switched on, answered from the registry, with misfortunes of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kzeds.certificate import Certificate
from kzeds.wsse import sign_body
from kzeds.xml import parse
from support.employer_messages import BIN, EmployerKeys, as_text, conclusion, envelope, new_record_id
from usrec_simulator.business import NAMESPACE, Profile
from usrec_simulator.errors import FaultScriptError
from usrec_simulator.exchange import Admission, Exchange, Glance
from usrec_simulator.fault_script import load_script
from usrec_simulator.ledger import Ledger
from usrec_simulator.query import of_another
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook
from usrec_simulator.soap import Answer

NOW = datetime.now(UTC)


@pytest.fixture
def keys(pki: Path) -> EmployerKeys:
    return EmployerKeys(pki)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(Ledger(tmp_path / "r.db"), RuleBook())


def exchange_of(registry: Registry, keys: EmployerKeys, *, query: bool = True) -> Exchange:
    return Exchange(
        registry,
        authority=Certificate.load(keys.pki / "nca-ca.pem"),
        admission=Admission(),
        profile=Profile.CURRENT,
        clock=lambda: NOW,
        query=query,
    )


def question(keys: EmployerKeys, record_id: str, *, bin_: str = BIN, more: str = "") -> bytes:
    document = (
        f'<q:contractQuery xmlns:q="{NAMESPACE}"><recordId>{record_id}</recordId><bin>{bin_}</bin>{more}'
        "</q:contractQuery>"
    )
    return sign_body(envelope(as_text(document.encode())), keys.key())


def told(exchange: Exchange, request: bytes) -> tuple[str, dict[str, str]]:
    reply = exchange.respond(request).reply
    if not isinstance(reply, Answer) or reply.data is None:
        return reply.code, {}
    return reply.code, {one.tag: one.text or "" for one in parse(reply.data.encode()).findall("record/*")}


def test_record_is_told_to_whom_it_belongs(registry: Registry, keys: EmployerKeys) -> None:
    exchange, record_id = exchange_of(registry, keys), new_record_id()
    assert told(exchange, question(keys, record_id)) == ("SCSS001", {})
    exchange.respond(keys.request(conclusion(record_id=record_id, number="17")))
    code, record = told(exchange, question(keys, record_id))
    assert code == "SCSS001"
    assert record["operation"] == "conclusion"
    assert (record["recordId"], record["contractId"]) == (record_id, record_id)
    assert (record["bin"], record["number"]) == (BIN, "17")
    assert told(exchange, question(keys, record_id, bin_="150340000027")) == ("SCSS001", {})
    assert [row.times_received for row in registry.records()] == [1], "asking is not sending"


def test_question_is_refused_where_nobody_switched_it_on(registry: Registry, keys: EmployerKeys) -> None:
    off = exchange_of(registry, keys, query=False)
    assert told(off, question(keys, new_record_id()))[0] == "SCSE001"
    assert off.look(question(keys, new_record_id())) == Glance()


def test_question_of_another_form_is_a_fault(registry: Registry, keys: EmployerKeys) -> None:
    exchange = exchange_of(registry, keys)
    assert told(exchange, question(keys, new_record_id(), more="<iin/>"))[0] == "SCE001"
    assert told(exchange, question(keys, ""))[0] == "SCE001"


def test_scripted_code_answers_a_question_too(registry: Registry, keys: EmployerKeys) -> None:
    reply = exchange_of(registry, keys).respond(question(keys, new_record_id()), scripted="ERR-77").reply
    assert reply.code == "ERR-77"


def test_a_glance_knows_a_question(registry: Registry, keys: EmployerKeys) -> None:
    assert exchange_of(registry, keys).look(question(keys, new_record_id())) == Glance(is_question=True)


def test_entry_of_another_has_another_day(registry: Registry, keys: EmployerKeys) -> None:
    exchange, record_id = exchange_of(registry, keys), new_record_id()
    exchange.respond(keys.request(conclusion(record_id=record_id)))
    reply = exchange.respond(question(keys, record_id)).reply
    assert isinstance(reply, Answer)
    assert "<date>1999-12-31</date>" in (of_another(reply.data) or "")
    parse((of_another(reply.data) or "").encode())
    assert of_another(None) is None


def test_rules_for_questions_count_questions_only(tmp_path: Path) -> None:
    script = tmp_path / "f.toml"
    script.write_text('[[fault]]\nkind = "delay"\nseconds = 1\nquestion = true\n[[fault]]\nkind = "half_answer"\n')
    about_questions, about_messages = load_script(script).rules
    assert about_questions.matches(None, None, question=True)
    assert not about_questions.matches(None, None)
    assert not about_messages.matches(None, None, question=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [('kind = "nothing_found"', "question = true"), ('kind = "delay"\nseconds = 1\nquestion = 1', "true or false")],
)
def test_slip_in_a_rule_for_questions_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    script = tmp_path / "f.toml"
    script.write_text(f"[[fault]]\n{text}\n", "utf-8")
    with pytest.raises(FaultScriptError, match=complaint):
        load_script(script)
