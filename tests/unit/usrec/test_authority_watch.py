"""The running agent and the authority to sign: warned of once a day, on record in the journal whenever it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import BIN, DAY, MONDAY, Line
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.record_standing import AUTHORITY, CALENDAR
from usrec.bootstrap import Agent
from usrec.domain.authority import SigningCertificate, load_authorities
from usrec.interfaces import authority as module
from usrec.interfaces.authority import AuthorityWatch
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.i18n import use_language
from usrec.revocation import build_book
from usrec.settings import LoadedSettings, Settings

ORDER = {"number": "12-k", "dated": "2026-01-09", "valid_from": "2026-01-12", "certificate": "00:4F:1A:0C"}
DEPUTY = {"number": "13-k", "dated": "2026-01-09", "valid_from": "2026-01-12", "deputy": True, "certificate": "77"}


class SignerOfHr(InMemorySigner):
    """Its certificate is the HR head's, not the first head's."""

    @property
    def certificates(self) -> dict[str, SigningCertificate]:
        return {bin_: replace(one, serial="4f1a0c", head=False) for bin_, one in super().certificates.items()}


def agent_of(line: Line, *orders: dict[str, Any], **calendar: Any) -> Agent:
    tree: dict[str, Any] = {
        "gateway": {"url": "https://g", "sender_id": "c", "password": {"file": "p"}, "response_certificate": "c"},
        "employer": {"alatau": {"bin": BIN, "key_file": "k", "key_password": {"file": "w"}, "order": list(orders)}},
        "ledger": {"url": "sqlite://"},
        "source": {"hr": {"kind": "outbox", "url": "sqlite:///hr.db"}},
        "calendar": calendar,
        "delivery": {"workers": 1, "poll": 0.005},
    }
    signer: Any = SignerOfHr({BIN: MONDAY + 400 * DAY})
    settings = LoadedSettings(Settings(**tree), Path("usrec.toml"))
    double: dict[str, Any] = {"renderer": line.renderer, "gateway": line.wire}
    return Agent(
        settings=settings,
        ledger=line.ledger,
        sources=[line.source],
        calendar=line.calendar,
        clock=line.clock,
        entropy=line.entropy,
        employers=line.employers,
        policy=line.policy,
        owner="host:1",
        trust=build_book(settings, line.clock),
        signer=signer,
        **double,
    )


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[MutableMapping[str, Any]]]:
    with capture_logs() as captured:
        monkeypatch.setattr(module, "_log", structlog.get_logger("fresh"))
        yield captured


def actions(log: Sequence[MutableMapping[str, Any]]) -> list[str]:
    return [str(record["action"]) for record in log]


def test_warnings_come_at_the_start_and_once_a_day(line: Line, log: Sequence[MutableMapping[str, Any]]) -> None:
    watch, agent = AuthorityWatch(), agent_of(line, ORDER)
    watch.look(agent)
    assert actions(log) == ["authority.recorded", "calendar.recorded", "authority.no_deputy"]
    line.clock.advance(timedelta(hours=1))
    watch.look(agent)
    assert actions(log)[3:] == []
    line.clock.advance(DAY)
    watch.look(agent)
    assert actions(log)[3:] == ["authority.no_deputy"]


def test_a_warning_names_employer_order_and_day_in_english(line: Line, log: Sequence[MutableMapping[str, Any]]) -> None:
    use_language("kk")
    try:
        AuthorityWatch().look(agent_of(line, ORDER | {"valid_until": line.clock.now().date()}, DEPUTY))
    finally:
        use_language("en")
    (warning,) = [record for record in log if record["log_level"] == "warning"]
    assert warning["action"] == "authority.order_lapses"
    assert warning["event"].startswith(
        f"order 12-k ends on {warning['day']} and no other follows it. Have the employer"
    )
    assert (warning["employer"], warning["order"]) == ("alatau", "12-k")


def test_a_reloaded_agent_is_looked_at_at_once(line: Line, log: Sequence[MutableMapping[str, Any]]) -> None:
    watch = AuthorityWatch()
    watch.look(agent_of(line, ORDER))
    watch.look(agent_of(line, ORDER, DEPUTY))
    assert actions(log)[3:] == ["authority.recorded"]


def test_the_journal_holds_who_signed_under_what_at_any_past_moment(line: Line) -> None:
    first = agent_of(line, ORDER)
    AuthorityWatch().look(first)
    noted_at = line.clock.now()
    line.clock.advance(10 * DAY)
    AuthorityWatch().look(agent_of(line, ORDER, DEPUTY, days_off=["2026-12-31"]))

    then = line.ledger.view.standing(AUTHORITY, before=noted_at + DAY)
    assert then is not None
    (authority,) = load_authorities(then.detail)
    assert [order.number for order in authority.appointments] == ["12-k"]
    assert authority.certificate is not None
    signature = first.signer.certificates[BIN]
    assert authority.certificate.fingerprint == signature.fingerprint, "as the journal's line of each signature has it"
    assert authority.appointments[0].certificate == authority.certificate.serial
    assert BIN not in then.detail

    calendar = line.ledger.view.standing(CALENDAR)
    assert calendar is not None
    assert json.loads(calendar.detail)["days_off"] == ["2026-12-31"]


def registering(line: Line, monkeypatch: pytest.MonkeyPatch, *orders: dict[str, Any]) -> None:
    """An agent with these orders takes one contract of HR's and registers it."""
    line.enter("hire-1")
    monkeypatch.setattr(line.wire, "submit", line.registers)
    Daemon(agent_of(line, *orders)).run(drain=True)


def test_the_record_is_made_before_anything_is_signed(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    registering(line, monkeypatch, ORDER)
    recorded = line.ledger.view.standing(AUTHORITY)
    signed = [entry.seq for entry in line.journal(line.of("hire-1").id) if entry.action == "sign"]
    assert recorded is not None
    assert signed
    assert recorded.seq < min(signed)


def test_a_warning_never_stops_the_sending(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    registering(line, monkeypatch)
    assert line.states() == {"hire-1": "accepted"}
