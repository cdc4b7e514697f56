"""Changes of state told to an HR system: signed, in order, again and again until it takes them."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from support.alert_receivers import Webhook, webhook
from support.fresh_ledger import make_ledger
from support.gateway_side import TinyServer, head_without_end
from usrec.adapters.alerts import way
from usrec.adapters.alerts.state_webhook import StateWebhook
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.sources.intake_source import IntakeSource
from usrec.application.receive import receive
from usrec.application.tell_changes import FIRST_PAUSE, GIVEN_UP_AFTER, LEASE, LONGEST_PAUSE, tell_changes
from usrec.domain.errors import ConfigurationError, SourceUnavailable
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote

ERP = SourceName("erp")
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    make_ledger(url)
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def hook(pki: Path) -> Iterator[Webhook]:
    with webhook(pki) as found:
        yield found


@pytest.fixture
def listener(hook: Webhook, pki: Path, clock: ManualClock) -> StateWebhook:
    seconds = timedelta(seconds=5)
    return StateWebhook(ERP, hook.url, Secret("word"), clock=clock, timeout=seconds, ca_file=pki / "tls-ca.pem")


def note(ledger: SqlLedger, clock: ManualClock, *states: str) -> None:
    """An event came, and this became of it, one thing after another."""
    row = SourceRow(ERP, "id-1", "e-1", 1, "conclusion", "c-1", "200940000013", "{}")
    receive(
        [row],
        source=ERP,
        key="k",
        content=b"",
        ledger=ledger,
        clock=clock,
        require_allowed=lambda: None,
        answer=lambda _: {},
    )
    source = IntakeSource(ERP, ledger, clock, calls=True)
    for state in states:
        clock.advance(timedelta(seconds=1))
        source.write_back([StatusNote(ERP, "id-1", 1, state, "", "Said.", "[]", None, None, clock.now())])


def states(hook: Webhook) -> list[str]:
    return [one["state"] for one in hook.posts]


def test_every_change_is_told_once_in_its_order_and_signed(
    ledger: SqlLedger, clock: ManualClock, listener: StateWebhook, hook: Webhook
) -> None:
    note(ledger, clock, "pending", "signed", "accepted")
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 3
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 0
    assert states(hook) == ["pending", "signed", "accepted"]
    signed = f"{int(clock.now().timestamp())}.".encode() + hook.bodies[0]
    digest = hmac.digest(b"word", signed, "sha256").hex()
    assert hook.headers[0]["usrec-signature"] == f"t={int(clock.now().timestamp())},v1={digest}"
    assert json.loads(hook.bodies[0])["event_id"] == "e-1"


def test_what_is_not_taken_holds_back_all_behind_it_and_is_told_again_with_its_own_key(
    ledger: SqlLedger, clock: ManualClock, listener: StateWebhook, hook: Webhook
) -> None:
    hook.status = 500
    note(ledger, clock, "pending")
    with pytest.raises(SourceUnavailable, match="the answer was 500"):
        tell_changes(listener=listener, ledger=ledger, clock=clock)
    note(ledger, clock, "signed")
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 0, "the later one waits for the first"
    hook.status = 204
    clock.advance(FIRST_PAUSE)
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 2
    assert states(hook) == ["pending", "pending", "signed"]
    keys = [one["idempotency-key"] for one in hook.headers]
    assert keys[0] == keys[1] != keys[2]


def test_listener_whose_answer_never_begins_rightly_is_cut_off(
    ledger: SqlLedger, clock: ManualClock, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte renews the timeout; without an end the thread would count as hung, and the agent be started again."""
    monkeypatch.setattr(way, "STEPS", 2)
    note(ledger, clock, "pending")
    with TinyServer([head_without_end(b"X")], pki=pki) as server:
        seconds, ca_file = timedelta(milliseconds=200), pki / "tls-ca.pem"
        slow = StateWebhook(ERP, server.url, Secret("word"), clock=clock, timeout=seconds, ca_file=ca_file)
        began = time.monotonic()
        with pytest.raises(SourceUnavailable, match="the exchange broke off"):
            tell_changes(listener=slow, ledger=ledger, clock=clock)
        assert time.monotonic() - began < 2.5


def test_pauses_grow_and_end_and_after_days_it_is_given_up(
    ledger: SqlLedger, clock: ManualClock, listener: StateWebhook, hook: Webhook
) -> None:
    hook.status = 500
    note(ledger, clock, "pending")
    tried = []
    while clock.now() < NOW + GIVEN_UP_AFTER + 2 * LONGEST_PAUSE:
        try:
            tell_changes(listener=listener, ledger=ledger, clock=clock)
        except SourceUnavailable:
            tried.append(clock.now())
        clock.advance(timedelta(seconds=10) if len(tried) < 4 else timedelta(minutes=10))
    pauses = [after - before for before, after in pairwise(tried)]
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert max(pauses) == LONGEST_PAUSE
    hook.status = 204
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 0


def test_two_agents_do_not_tell_the_same_at_once_and_one_that_died_is_followed(
    ledger: SqlLedger, clock: ManualClock, listener: StateWebhook, hook: Webhook
) -> None:
    note(ledger, clock, "pending")
    with ledger.begin() as work:
        assert len(work.intake.claim_calls(ERP, clock.now(), LEASE, 10)) == 1
        work.commit()
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 0
    clock.advance(LEASE)
    assert tell_changes(listener=listener, ledger=ledger, clock=clock) == 1


def test_no_redirect_is_followed(ledger: SqlLedger, clock: ManualClock, listener: StateWebhook, hook: Webhook) -> None:
    hook.status = 302
    note(ledger, clock, "pending")
    with pytest.raises(SourceUnavailable, match="the answer was 302"):
        tell_changes(listener=listener, ledger=ledger, clock=clock)
    assert len(hook.posts) == 1


def test_an_address_on_whose_way_somebody_can_listen_is_refused(clock: ManualClock) -> None:
    with pytest.raises(ConfigurationError, match="neither https nor http to this machine"):
        StateWebhook(ERP, "http://erp.example/", Secret("x"), clock=clock, timeout=timedelta(seconds=1))


def test_an_event_that_nobody_asks_about_any_more_is_forgotten_and_one_that_waits_is_not(
    ledger: SqlLedger, clock: ManualClock
) -> None:
    note(ledger, clock)
    source = IntakeSource(ERP, ledger, clock, calls=False)
    clock.advance(timedelta(days=500))
    rows = source.fetch(10)
    assert len(rows) == 1, "it was never taken"
    source.mark_taken(rows)
    assert list(source.fetch(10)) == []
    with ledger.begin() as work:
        assert work.intake.event(ERP, "id-1") is None
        assert work.intake.request(ERP, "k") is None
