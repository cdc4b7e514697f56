"""The running agent and its keys: warnings from day to day, the record at the switch, a signer that is back."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from kzeds.certificate import Certificate
from kzeds.errors import SignerUnreachableError
from kzeds.signers.base import Signer
from support.line import BIN, DAY, MONDAY, Line
from support.line_agent import agent_of
from support.made_certificates import PASSWORD, make_key
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.metrics.standing import CertificateOf
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.places import KeyPlace, key_file_place
from usrec.application.record_standing import AUTHORITY
from usrec.application.watch_deadlines import watch_deadlines
from usrec.bootstrap import Agent
from usrec.domain.alert import Watched
from usrec.domain.authority import load_authorities
from usrec.domain.breaker import Breaker
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.domain.submission import WaitReason
from usrec.interfaces import authority as module
from usrec.interfaces.authority import SEEK_EVERY, AuthorityWatch
from usrec.interfaces.health import Vitals
from usrec.interfaces.metrics_page import standing_of
from usrec.interfaces.reload import require_no_new_trouble
from usrec.ports.alert_sink import SinkName

SWITCH = date(2026, 11, 18)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[MutableMapping[str, Any]]]:
    with capture_logs() as captured:
        monkeypatch.setattr(module, "_log", structlog.get_logger("fresh"))
        yield captured


def place(folder: Path, name: str, since: float, until: float) -> KeyPlace:
    """A key valid from so many days to so many days from the line's Monday."""
    (folder / name).mkdir()
    file, _ = make_key(folder / name, MONDAY + since * DAY, MONDAY + until * DAY)
    return key_file_place(file, lambda: Secret(PASSWORD))


def agent_with(line: Line, *keys: HeldKey, transport: HeldKey | None = None, owner: bool = False) -> Agent:
    chains = {} if owner else {BIN: keys}
    keyring = Keyring(chains, clock=line.clock, transport=transport, owners=[BIN] if owner else [])
    line.signer = keyring  # type: ignore[assignment]  # the line's own signer is imaginary
    return agent_of(line)


def told(log: Sequence[MutableMapping[str, Any]]) -> list[tuple[str, str]]:
    """What was told of keys, and how loudly."""
    return [(str(one["action"]), str(one["log_level"])) for one in log if str(one["action"]).startswith("key.")]


def test_the_end_of_the_last_key_is_told_once_a_day_and_louder_at_the_end(
    line: Line, log: list[MutableMapping[str, Any]], tmp_path: Path
) -> None:
    watch, agent = AuthorityWatch(), agent_with(line, HeldKey(place(tmp_path, "last", -300, 32), number=BIN))
    levels = {}
    for day in range(34):
        log.clear()
        line.clock.set(MONDAY + day * DAY)
        watch.look(agent)
        watch.look(agent)
        levels[32 - day] = told(log)
    assert levels[31] == []
    assert levels[30] == levels[4] == [("key.no_successor", "warning")]
    assert levels[3] == levels[0] == [("key.no_successor", "error")]
    assert levels[-1] == [], "the expired key itself is told at every signature, by the doctor and by the metrics"


def test_the_end_of_the_key_of_the_envelopes_is_told_in_the_same_stages(
    line: Line, log: list[MutableMapping[str, Any]], tmp_path: Path
) -> None:
    """Where the owner signs by hand it is the only key here, and nothing goes out without it."""
    transport = HeldKey(place(tmp_path, "transport", -300, 32), number=None)
    watch, agent = AuthorityWatch(), agent_with(line, transport=transport, owner=True)
    levels = {}
    for day in (0, 1, 2, 29):
        log.clear()
        line.clock.set(MONDAY + day * DAY)
        watch.look(agent)
        levels[32 - day] = told(log)
    assert levels[31] == []
    assert levels[30] == [("key.transport_ends", "warning")]
    assert levels[3] == [("key.transport_ends", "error")]


def test_no_employer_may_sign_when_the_key_of_the_envelopes_has_ended(line: Line, tmp_path: Path) -> None:
    transport = HeldKey(place(tmp_path, "transport", -300, 5), number=None)
    agent = agent_with(line, transport=transport, owner=True)
    assert agent.signer.unusable == set()
    line.clock.set(MONDAY + 6 * DAY)
    assert agent.signer.unusable == {BIN}


def test_a_key_with_a_successor_ends_in_silence_and_is_asked_for_when_it_has_ended(
    line: Line, log: list[MutableMapping[str, Any]], tmp_path: Path
) -> None:
    old, new = place(tmp_path, "old", -300, 5), place(tmp_path, "new", -1, 364)
    watch, agent = AuthorityWatch(), agent_with(line, HeldKey(old, number=BIN), HeldKey(new, number=BIN))
    watch.look(agent)
    assert told(log) == []
    line.clock.set(MONDAY + 6 * DAY)
    watch.look(agent)
    (warning,) = [one for one in log if one["action"] == "key.expired_kept"]
    assert (warning["employer"], warning["key"]) == ("alatau", old.where)
    assert "destroy the file" in warning["event"]


def test_the_switch_is_put_on_record_on_its_day(line: Line, tmp_path: Path) -> None:
    """Who signed on which day with which certificate can be told years later."""
    keys = HeldKey(place(tmp_path, "old", -300, 5), number=BIN), HeldKey(place(tmp_path, "new", -1, 364), number=BIN)
    keys[1].use_from = SWITCH
    watch, agent = AuthorityWatch(), agent_with(line, *keys)
    serials = []
    for day in (0, 1, 2):
        line.clock.set(MONDAY + day * DAY)
        watch.look(agent)
        record = line.ledger.view.standing(AUTHORITY)
        assert record is not None
        (authority,) = load_authorities(record.detail)
        assert authority.certificate is not None
        serials.append(authority.certificate.serial)
    old, new = [f"{key.certificate.serial_number:x}" for key in keys if key.certificate is not None]
    assert serials == [old, old, new]


def test_a_certificate_that_becomes_known_or_takes_over_within_a_day_is_put_on_record_at_once(
    line: Line, tmp_path: Path
) -> None:
    """Whoever opened its key first: the line itself, or the look for signers that were away."""
    keys = HeldKey(place(tmp_path, "old", -300, 5), number=BIN), HeldKey(place(tmp_path, "new", 0.25, 364), number=BIN)
    watch, agent = AuthorityWatch(), agent_with(line, *keys)
    watch.look(agent)
    line.clock.set(MONDAY + DAY / 4)
    watch.look(agent)
    record = line.ledger.view.standing(AUTHORITY)
    assert record is not None
    (authority,) = load_authorities(record.detail)
    assert authority.certificate == agent.signer.certificates[BIN]
    assert authority.certificate.not_before == MONDAY + DAY / 4


def test_a_signer_that_is_back_is_found_and_what_waited_goes_at_once(
    line: Line, log: list[MutableMapping[str, Any]], tmp_path: Path
) -> None:
    away = [SignerUnreachableError("the daemon is down")]
    there = place(tmp_path, "key", -1, 364)

    def opened() -> tuple[Signer, Certificate]:
        if away:
            raise away[0]
        return there.open()

    agent = agent_with(line, HeldKey(KeyPlace("the daemon", opened, lasting=False), number=BIN))
    watch = AuthorityWatch()
    watch.look(agent)
    line.take("c1")
    (claim,) = line.claim()
    line.deliver(claim)
    assert line.entry("c1").wait_reason is WaitReason.KEY_UNUSABLE
    away.clear()
    line.clock.advance(SEEK_EVERY)
    watch.look(agent)
    assert told(log) == [("key.back", "info")]
    assert len(line.claim()) == 1


def test_metrics_tell_the_key_in_use_the_last_one_and_that_of_the_envelopes(
    line: Line, tmp_path: Path, pki: Path
) -> None:
    keys = [HeldKey(place(tmp_path, name, -300, end), number=BIN) for name, end in (("old", 5), ("new", 364))]
    keys[1].use_from = SWITCH
    transport = HeldKey(place(tmp_path, "transport", -1, 100), number=None)
    agent = agent_with(line, *keys, transport=transport)
    gateway: Any = agent.gateway
    gateway.trusted = [Certificate.load(pki / "gateway.pem")]
    standing = standing_of(agent, breakers={"": Breaker()}, reload_refused=False)
    ends = {(one.of, one.name): one.not_after for one in standing.certificates}
    del ends[CertificateOf.GATEWAY, "response"]
    assert ends == {
        (CertificateOf.EMPLOYER, "alatau"): MONDAY + 5 * DAY,
        (CertificateOf.LAST_KEY, "alatau"): MONDAY + 364 * DAY,
        (CertificateOf.TRANSPORT, "envelopes"): MONDAY + 100 * DAY,
    }
    assert standing.keys == {"alatau": True}
    keys[1].use_from = SWITCH + 400 * DAY
    standing = standing_of(agent, breakers={"": Breaker()}, reload_refused=False)
    last = [one.not_after for one in standing.certificates if one.of is CertificateOf.LAST_KEY]
    assert last == [MONDAY + 5 * DAY], "the new one will never sign"
    by_hand = agent_with(line, transport=transport, owner=True)
    gateway.trusted = [Certificate.load(pki / "gateway.pem")]
    assert standing_of(by_hand, breakers={"": Breaker()}, reload_refused=False).keys == {}


def test_a_reload_refuses_a_key_that_cannot_be_used_and_takes_one_whose_signer_is_away(
    line: Line, tmp_path: Path
) -> None:
    there, missing = place(tmp_path, "key", -1, 364), key_file_place(tmp_path / "no.p12", lambda: Secret(PASSWORD))

    def opened() -> tuple[Signer, Certificate]:
        raise SignerUnreachableError("the daemon is down")

    def agent(*places: KeyPlace) -> Agent:
        return agent_with(line, *(HeldKey(one, number=BIN) for one in places))

    good, broken = agent(there), agent(there, missing)
    require_no_new_trouble(good, agent(there, KeyPlace("the daemon", opened, lasting=False)))
    require_no_new_trouble(broken, broken)
    require_no_new_trouble(broken, good)
    with pytest.raises(ConfigurationError, match=r"no\.p12"):
        require_no_new_trouble(good, broken)


def test_an_agent_whose_only_key_has_not_come_to_its_day_is_not_ready(line: Line, tmp_path: Path) -> None:
    """Valid is not enough: no signature is made with it before."""
    old, new = place(tmp_path, "old", -300, -1), place(tmp_path, "new", -1, 364)
    agent = agent_with(line, HeldKey(old, number=BIN), HeldKey(new, number=BIN, use_from=SWITCH))
    vitals = Vitals(line.clock)
    vitals.look(agent)
    keyless = []
    for day in (0, 1, 2):
        line.clock.set(MONDAY + day * DAY)
        found = vitals.health(agent, hung=(), stopping=False, breakers={"": Breaker()}, reload_refused="")
        keyless.append(list(found.keyless))
    assert keyless == [["alatau"], ["alatau"], []]


def keyless(line: Line) -> list[tuple[str, str]]:
    """The open alerts about a key: of which event, and whether it is told at once."""
    with line.ledger.begin() as work:
        told = work.alert_sinks.untold(SinkName("log"), line.clock.now(), 50, at_once=True)
        found = [one.open.alert for one in told]
    return [(one.event_id, one.threshold.value) for one in found if one.watched is Watched.KEY]


def test_a_key_that_has_ended_wakes_somebody_once_for_all_that_waits(
    line: Line, log: list[MutableMapping[str, Any]], tmp_path: Path
) -> None:
    watch, agent = AuthorityWatch(), agent_with(line, HeldKey(place(tmp_path, "old", -300, 0.5), number=BIN))
    line.clock.advance(DAY)
    watch.look(agent)
    assert keyless(line) == [], "nothing waits, so nobody is woken"
    for number in ("1", "2", "3"):
        line.take(f"c{number}", contract=f"K-{number}")
    for claim in line.claim():
        line.deliver(claim)
    log.clear()
    for _ in range(3):
        line.clock.advance(SEEK_EVERY)
        watch.look(agent)
    ((first, threshold),) = keyless(line)
    assert threshold == "key_unusable"
    assert told(log) == [("key.unusable", "error")]
    line.clock.advance(DAY)
    watch.look(agent)
    assert [event for event, _ in keyless(line)] == [first, first], "on the next day anew"
    line.signer = InMemorySigner({BIN: MONDAY + 364 * DAY})
    assert [done.result for done in line.deliver_all()] == ["accepted"] * 3, "there is a valid key again"
    watch_deadlines(ledger=line.ledger, policy=agent.watching, clock=line.clock)
    assert keyless(line) == []


def test_a_signer_that_does_not_answer_wakes_nobody_yet(line: Line, tmp_path: Path) -> None:
    def opened() -> tuple[Signer, Certificate]:
        raise SignerUnreachableError("the daemon is down")

    agent = agent_with(line, HeldKey(KeyPlace("the daemon", opened, lasting=False), number=BIN))
    line.take("c1")
    (claim,) = line.claim()
    line.deliver(claim)
    AuthorityWatch().look(agent)
    assert line.entry("c1").wait_reason is WaitReason.KEY_UNUSABLE
    assert keyless(line) == []


def test_a_revoked_key_or_one_whose_file_is_gone_is_unusable(line: Line, tmp_path: Path) -> None:
    good, gone = place(tmp_path, "good", -1, 364), place(tmp_path, "gone", -1, 364)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    assert agent_with(line, HeldKey(gone, number=BIN)).signer.unusable == {BIN}
    assert agent_with(line, HeldKey(gone, number=BIN), HeldKey(good, number=BIN)).signer.unusable == set()
    revoked = Keyring({BIN: [HeldKey(good, number=BIN)]}, clock=line.clock, objection=lambda _: "it was revoked")
    assert revoked.unusable == {BIN}
