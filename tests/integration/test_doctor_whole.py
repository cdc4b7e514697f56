"""`usrec doctor` as a whole: what it knows was provoked, and the command, its page, its JSON and its firewall list."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from support.doctor_kinds import every_kind
from support.languages import CYRILLIC, TRANSLATED
from support.operator_desk import Said
from support.patient import PROVOKED, Patient
from usrec.__main__ import main
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.cli.doctor import MOST_DETAILS, doctor_json, line_words
from usrec.interfaces.doctor.egress import Opening, Side, database_servers, openings
from usrec.interfaces.doctor.examination import CHECKS
from usrec.interfaces.doctor.finding import Line, Verdict
from usrec.interfaces.i18n import tr, use_language

KINDS = sorted(every_kind(), key=lambda kind: kind.id)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], patient: Patient) -> Any:
    """Runs `usrec doctor` with options on the patient."""

    def run(*options: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["usrec", "doctor", *options, "--config", str(patient.file)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return run


def test_every_verdict_of_every_check_was_provoked_in_a_test() -> None:
    """Each test that is marked fails unless the doctor really said what the mark names (tests/support/patient.py)."""
    for file in Path(__file__).parent.glob("test_doctor_*.py"):
        import_module(file.stem)
    assert {kind.id for kind in KINDS} == PROVOKED


def test_kinds_have_names_of_their_own() -> None:
    assert len({kind.id for kind in KINDS}) == len(KINDS) > 100
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.id) for kind in KINDS)


def test_whatever_is_not_right_comes_with_advice() -> None:
    assert all(bool(kind.advice) == (kind.verdict is not Verdict.OK) for kind in KINDS)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_places_for_particulars(language: str) -> None:
    use_language(language)
    try:
        for text in [text for kind in KINDS for text in (kind.text, kind.advice) if text]:
            assert _places(tr(text)) == _places(text), text
    finally:
        use_language("en")


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_every_check_is_made_and_one_failure_ends_with_three(patient: Patient, said: Any) -> None:
    patient.write()
    page = said()
    assert page.code == 3
    lines = {
        line.split()[1].rstrip(":") for line in page.out.splitlines() if line[:4].strip() in {"ok", "warn", "fail"}
    }
    quiet = {"employer", "server", "intake"}  # where none is stopped, the ledger is a file, there is no certificate
    assert lines >= {name for name, _ in CHECKS} - quiet | {"rights", "disk", "exchange", "agents", "clock", "wsdl"}
    assert "ask" not in lines
    assert re.search(r"\d+ are right, \d+ warnings, \d+ failures", page.out)
    assert page.err == ""


def test_json_has_its_keys_and_is_english_in_every_language(
    patient: Patient, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.write()
    monkeypatch.setenv("USREC_LANGUAGE", "ru")
    found = said("--json")
    assert found.code == 3
    assert set(found.json) == {"at", "verdict", "lines"}
    assert found.json["verdict"] == "fail"
    assert all(
        set(line) == {"check", "finding", "verdict", "about", "text", "advice", "details"}
        for line in found.json["lines"]
    )
    assert not CYRILLIC.search(found.out)


def test_settings_that_are_wrong_end_it_with_their_faults(patient: Patient, said: Any) -> None:
    patient.tables["gateway"]["urrl"] = "https://127.0.0.1/"
    patient.write()
    found = said("--json")
    assert found.code == 3
    (line,) = found.json["lines"]
    assert (line["check"], line["verdict"]) == ("settings", "fail")
    assert "urrl" in line["details"][0]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_page_is_in_the_readers_language(
    language: str, patient: Patient, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USREC_LANGUAGE", language)
    patient.write()
    page = said()
    lines = [line for line in page.out.splitlines() if line and not line.strip().startswith("-")]
    assert all(CYRILLIC.search(line) for line in lines), [line for line in lines if not CYRILLIC.search(line)]


def test_identification_numbers_never_reach_the_page(patient: Patient, said: Any) -> None:
    patient.tables["employer.main"]["key_file"] = "850515400012.p12"
    patient.write()
    assert "850515400012" not in said().out


def whole(patient: Patient) -> None:
    """Every kind of connection at once."""
    secret = {"env": "SOME_WORD"}
    proxy = {"url": "http://proxy.example:3128", "user": "me", "password": secret}
    patient.tables["gateway"] |= {"url": "https://shep.example/bip-sync-wss-gost/"}
    patient.tables["gateway.proxy"] = proxy
    patient.tables["delivery"] = {"lease": 900}
    patient.tables["ledger"]["url"] = "postgresql+psycopg://usrec@db.example/usrec"
    patient.tables["source.branch"] = {"kind": "outbox", "url": "postgresql://u@[2001:db8::7]:6432/hr"}
    patient.tables["alerts.webhook.chat"] = {"url": "https://chat.example/secret-path", "token": secret}
    patient.tables["alerts.webhook.far"] = {
        "url": "https://far.example:8443/",
        "proxy": {"url": "https://proxy.example"},
    }
    patient.tables["alerts.mail.hr"] = {"host": "mail.example", "sender": "a@b.kz", "to": ["c@d.kz"]}
    patient.tables["alerts.command.pager"] = {"command": ["./pager"]}
    patient.tables["health"] = {"listen": "127.0.0.1:9464"}
    patient.tables["intake"] = {"listen": "127.0.0.1:9465"}
    patient.tables["source.erp"] = {"kind": "http", "token_hashes": ["0" * 64]}
    patient.tables["source.erp.webhook"] = {"url": "https://erp.example/secret-path", "secret": secret}


EVERYTHING = [
    ("agent", "proxy.example", 3128, "http CONNECT", "[gateway.proxy] url"),
    ("proxy", "shep.example", 443, "https", "[gateway] url"),
    ("agent", "db.example", 5432, "postgresql", "[ledger] url"),
    ("agent", "2001:db8::7", 6432, "postgresql", "[source.branch] url"),
    ("agent", "chat.example", 443, "https", "[alerts.webhook.chat] url"),
    ("agent", "proxy.example", 443, "http CONNECT", "[alerts.webhook.far.proxy] url"),
    ("proxy", "far.example", 8443, "https", "[alerts.webhook.far] url"),
    ("hr_system", "127.0.0.1", 9465, "http", "[intake] listen"),
    ("agent", "erp.example", 443, "https", "[source.erp.webhook] url"),
    ("agent", "mail.example", 587, "smtp starttls", "[alerts.mail.hr] host"),
    ("monitoring", "127.0.0.1", 9464, "http", "[health] listen"),
    ("program", None, None, None, "[alerts.command.pager] command"),
]


def test_the_firewall_list_names_every_connection_and_connects_nothing(
    patient: Patient, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(patient)
    patient.write()
    monkeypatch.setattr("socket.socket.connect", _forbidden)
    monkeypatch.setattr("socket.getaddrinfo", _forbidden)
    found = said("--egress", "--json")
    assert found.code == 0, found.err
    told = [(one["from"], one["host"], one["port"], one["protocol"], one["setting"]) for one in found.json]
    assert told == EVERYTHING
    assert all(one["why"] for one in found.json)
    assert "secret-path" not in found.out
    page = said("--egress")
    assert [line for line in page.out.splitlines() if "mail.example" in line and "587" in line]


def test_ncanode_is_in_the_firewall_list_wherever_it_signs(patient: Patient) -> None:
    secret = {"env": "SOME_WORD"}
    node = {"url": "https://ncanode.example:14579", "key_file": "k", "key_password": secret}
    main = patient.tables["employer.main"]
    patient.tables["employer.main"] = {"bin": main["bin"], "ncanode": node, "next_key": [{"ncanode": node}]}
    patient.tables["gateway"]["transport_key"] = {"ncanode": node}
    found = [one.setting for one in openings(patient.installation().settings) if one.host == "ncanode.example"]
    tables = ["gateway.transport_key", "employer.main", "employer.main.next_key 1"]
    assert found == [f"[{table}.ncanode] url" for table in tables]


def test_each_list_of_revoked_certificates_names_its_own_setting(patient: Patient) -> None:
    lists = {"url": "http://crl.example/a.crl", "delta_url": "http://crl.example/d.crl"}
    patient.tables["trust"] = {"authorities": "nca", "store": "store", "crl": [{"authority": "a.pem", **lists}]}
    found = [one.setting for one in openings(patient.installation().settings) if one.host == "crl.example"]
    assert found == ["[[trust.crl]] url", "[[trust.crl]] delta_url"]


def _forbidden(*_: object) -> None:
    raise AssertionError("nothing may be connected or looked up")


def test_health_that_others_may_ask_is_said_so(patient: Patient) -> None:
    patient.tables["health"] = {"listen": "0.0.0.0:9464", "public": True}
    assert "your monitoring alone" in _inbound(patient).why
    patient.tables["health"] = {"listen": "127.0.0.1:9464"}
    assert "this machine only" in _inbound(patient).why


def _inbound(patient: Patient) -> Opening:
    (found,) = [one for one in openings(patient.installation().settings) if one.side is Side.MONITORING]
    return found


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("sqlite:///ledger.db", []),
        ("postgresql://u@/ledger?host=/run/postgresql", []),
        ("postgresql://u@/ledger", []),
        ("postgresql+psycopg://u@db/ledger", [("db", 5432)]),
        ("postgresql://u@/l?host=a:6001&host=b:6002", [("a", 6001), ("b", 6002)]),
        ("postgresql://u@/l?host=a,b&port=6001,6002", [("a", 6001), ("b", 6002)]),
        ("postgresql://u@/l?host=a,b&port=6001", [("a", 6001), ("b", 6001)]),
        ("postgresql://u@db:6003/l?host=/run/postgresql", []),
    ],
)
def test_database_addresses_are_read_as_libpq_reads_them(url: str, servers: Sequence[tuple[str, int]]) -> None:
    assert list(database_servers(url, "[ledger] url")) == list(servers)


@pytest.mark.parametrize(
    "url", ["postgresql://u@db:port/l", "postgresql://u@/l?host=a&port=b", "postgresql://u@[::1/l"]
)
def test_an_address_that_is_none_is_named(url: str, patient: Patient, said: Any) -> None:
    patient.tables["source.hr"]["url"] = url
    patient.write()
    found = said("--egress")
    assert (found.code, found.out) == (3, "")
    assert "[source.hr] url: " in found.err


def test_the_first_administrators_json_is_one_document(patient: Patient, said: Any) -> None:
    """Nothing but the document reaches standard output, also where the gateway is plain http and logs a warning."""
    patient.tables["gateway"] |= {"url": "http://127.0.0.1:9/"}
    patient.write()
    assert json.loads(said("--ask", "--json").out)["lines"][-1]["check"] == "ask"


def test_a_long_list_of_details_does_not_drive_the_other_lines_off_the_screen() -> None:
    """What is assumed in the wire profile is some 250 details; --json has them all, and what failed is shown whole."""
    details = tuple(f"detail {number}" for number in range(250))
    kinds = {kind.id: kind for kind in KINDS}
    line = Line(kinds["profile.assumed"], "current", {"number": 250}, details)
    shown = list(line_words(line))
    assert len(shown) == MOST_DETAILS + 3
    assert "230" in shown[-2]
    assert shown[-1].strip().startswith("→")
    assert doctor_json([line], datetime.now(UTC))["lines"][0]["details"] == list(details)  # type: ignore[index]
    assert len(list(line_words(Line(kinds["rights.missing"], "", {"number": 250}, details)))) == 252
