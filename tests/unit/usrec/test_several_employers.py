"""Several employers in one agent: whatever befalls one, the others' events are taken and registered meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.line import BIN, DAY, IIN, MONDAY, OTHER_BIN, UNREACHABLE, Line
from support.line_agent import agent_of
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence.attempts import SqlAcknowledgements
from usrec.adapters.sources.held_source import HeldSource
from usrec.bootstrap import Agent
from usrec.domain.breaker import BreakerPolicy
from usrec.domain.errors import ConfigurationError, LedgerUnavailable, SnapshotRefused, SourceHeld
from usrec.domain.message import Envelope, SignedMessage
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown
from usrec.domain.source_event import EmployerName, SourceName, SourceRow
from usrec.domain.state import State
from usrec.doorbells import bell_places
from usrec.gateway import read_accounts
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.gate import Turns
from usrec.interfaces.lines import FORMER
from usrec.interfaces.reload import require_no_new_trouble
from usrec.settings import LoadedSettings, Settings
from usrec.sources import build_listeners, build_sources
from usrec.witnesses import build_witnesses

WAIT = 20.0
REFUSED = Unknown(Doubt.HTTP_ERROR, "HTTP status 401 without a signed SOAP fault")
Say = Callable[[Envelope], SubmissionOutcome]


class Group:
    """Two employers, each with a source, and one agent for both."""

    def __init__(self, line: Line, monkeypatch: pytest.MonkeyPatch, **delivery: Any) -> None:
        self.line = line
        line.employers[OTHER_BIN] = EmployerName("zhetisu")
        line.signer = InMemorySigner({BIN: MONDAY + 400 * DAY, OTHER_BIN: MONDAY + 400 * DAY})
        self.other_source = InMemorySource(SourceName("other"))
        agent = agent_of(line, **{"breaker_failures": 3} | delivery)
        self.agent = replace(agent, sources=[line.source, self.other_source])
        self.says: dict[str, Say] = {BIN: line.registers, OTHER_BIN: line.registers}
        self._whose: dict[str, str] = {}
        seal = line.wire.seal

        def sealed(message: SignedMessage, *, employer_bin: str, **how: Any) -> Envelope:
            self._whose[message.message_id] = employer_bin
            return seal(message, employer_bin=employer_bin, **how)

        monkeypatch.setattr(line.wire, "seal", sealed)
        monkeypatch.setattr(line.wire, "submit", self._submit)

    def _submit(self, envelope: Envelope) -> SubmissionOutcome:
        self.line.wire.submitted.append(envelope)
        return self.says[self._whose[envelope.message_id]](envelope)

    def enter(self, number: int, employer: str, source: InMemorySource | None = None) -> None:
        """HR enters so many contracts of an employer."""
        own, self.line.source = self.line.source, source or self.line.source
        for one in range(number):
            self.line.enter(f"{employer}-{one}", contract=f"{employer}-{one}", employer=employer)
        self.line.source = own

    def accepted(self, employer: str) -> int:
        rows = self.line.states()
        return sum(state == "accepted" for event, state in rows.items() if event.startswith(employer))


@pytest.fixture
def group(line: Line, monkeypatch: pytest.MonkeyPatch) -> Group:
    return Group(line, monkeypatch)


def until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT
    while not what():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


class Running:
    """An agent at work."""

    def __init__(self, agent: Agent) -> None:
        self.daemon = Daemon(agent)
        self._thread = threading.Thread(target=self.daemon.run, kwargs={"drain": False})

    def __enter__(self) -> Daemon:
        self._thread.start()
        return self.daemon

    def __exit__(self, *_: object) -> None:
        self.daemon.stop.set()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()


def test_exchanges_of_one_employer_that_hang_keep_no_other_waiting(group: Group) -> None:
    """A flood that is older and more urgent, and every exchange of it hangs."""
    let_go = threading.Event()

    def hangs(envelope: Envelope) -> SubmissionOutcome:
        let_go.wait(WAIT)
        return group.line.registers(envelope)

    group.says[OTHER_BIN] = hangs
    group.enter(40, OTHER_BIN, group.other_source)
    with Running(group.agent):
        until(lambda: len(group.line.wire.submitted) >= 2)
        group.line.clock.advance(DAY)
        group.enter(3, BIN)
        until(lambda: group.accepted(BIN) == 3)
        assert group.accepted(OTHER_BIN) == 0
        let_go.set()
        until(lambda: group.accepted(OTHER_BIN) == 40)


def test_an_account_that_is_refused_opens_its_own_breaker_alone(group: Group) -> None:
    group.says[OTHER_BIN] = lambda _: REFUSED
    group.enter(6, OTHER_BIN, group.other_source)
    with Running(group.agent) as daemon:
        until(lambda: any(one.opened_at for one in daemon.lines.breakers.values()))
        group.enter(9, BIN)
        until(lambda: group.accepted(BIN) == 9)
        lines = daemon.lines.of(group.agent)
        assert {name: line.gate.is_closed for name, line in lines.items()} == {"alatau": True, "zhetisu": False}
        told = daemon.health()
        assert [*told.document()["gateway_away_for"]] == ["zhetisu"]  # type: ignore[misc]  # a mapping
        assert "THE GATEWAY IS AWAY for zhetisu since" in told.words()


def test_a_source_that_hangs_keeps_no_other_waiting(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hangs(_: int) -> Sequence[SourceRow]:
        let_go.wait(WAIT)
        return []

    monkeypatch.setattr(group.other_source, "fetch", hangs)
    group.enter(2, BIN)
    with Running(group.agent):
        until(lambda: group.accepted(BIN) == 2)
        let_go.set()


def test_an_employer_who_has_left_the_settings_is_not_forgotten(group: Group) -> None:
    """Its line goes on, as that of an employer without a key does, so that somebody is told."""
    group.enter(1, OTHER_BIN)
    group.line.ingest()
    del group.line.employers[OTHER_BIN]
    group.line.employers["200940000039"] = EmployerName("third")
    assert set(Daemon(group.agent).lines.of(group.agent)) == {"(former 1)", "alatau", "third"}


def test_a_line_that_is_given_up_ends_what_it_has_begun(group: Group) -> None:
    """After a reload with one employer less: what its clerk laid out is done, although its threads are gone."""
    group.enter(4, OTHER_BIN)
    group.line.ingest()
    daemon = Daemon(group.agent)
    line = daemon.lines.of(group.agent)["zhetisu"]
    claimed: list[int] = []
    lay_out = line.bench.lay_out

    def given_up(job: Any) -> None:
        lay_out(job)
        claimed.append(1)
        line.is_manned = False

    line.bench.lay_out = given_up  # type: ignore[method-assign]
    assert line.once("deliver", timedelta(hours=1))(group.agent)
    assert claimed
    with group.line.ledger.begin() as work:
        assert work.outbox.lease_owners() == []


def test_an_employers_own_rate_holds_it_alone(group: Group) -> None:
    employers = group.agent.settings.values.employer
    zhetisu = employers["alatau"].model_copy(update={"bin": OTHER_BIN, "rate": 6})
    values = group.agent.settings.values.model_copy(update={"employer": {**employers, "zhetisu": zhetisu}})
    group.agent = replace(group.agent, settings=LoadedSettings(values, Path("usrec.toml")))
    group.enter(8, OTHER_BIN, group.other_source)
    group.enter(8, BIN)
    with Running(group.agent):
        until(lambda: group.accepted(BIN) == 8)
        until(lambda: group.accepted(OTHER_BIN) == 1)
        group.line.clock.advance(timedelta(seconds=10))
        until(lambda: group.accepted(OTHER_BIN) == 2)


def test_a_shared_rate_goes_round() -> None:
    """Whoever was refused a turn has the next one, however fast another asks."""
    turns, now = Turns(), MONDAY
    assert turns.take("flood", now, 6)
    assert not turns.take("flood", now, 6)
    assert not turns.take("calm", now, 6)
    now += timedelta(seconds=10)
    assert turns.take("flood", now, 6)
    assert not turns.take("flood", now, 6)
    now += timedelta(seconds=10)
    assert not turns.take("flood", now, 6), "it is the other's turn"
    assert turns.take("calm", now, 6)
    assert not turns.take("calm", now, 6)
    now += timedelta(seconds=90)
    assert turns.take("flood", now, 6), "nobody waits for one who has gone away"


def settings_of(tmp_path: Path, text: str) -> LoadedSettings:
    import tomllib

    return LoadedSettings(Settings(**tomllib.loads(SETTINGS + text)), tmp_path / "usrec.toml")


SETTINGS = f"""
gateway = {{ url = "https://g", sender_id = "c", password.env = "HOME", response_certificate = "c" }}
ledger.url = "sqlite://"
[employer.alatau]
bin = "{BIN}"
key_file = "k"
key_password.file = "w"
[employer.zhetisu]
bin = "{OTHER_BIN}"
key_file = "k"
key_password.file = "w"
account = {{ id = "zhetisu", password.file = "nowhere" }}
"""
GOOD = '[source.good]\nkind = "files"\nfolder = "."\n'
BAD = '[source.staff]\nkind = "snapshot"\nurl = "sqlite:///hr.db"\nmapping = "nowhere.toml"\n'
HOOKED = (
    '[source.erp]\nkind = "http"\ntoken_hashes = ["{}"]\nwebhook.url = "https://h"\nwebhook.secret.file = "nowhere"\n'
)


def test_a_source_that_cannot_be_used_holds_itself_alone(line: Line, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, GOOD + BAD + HOOKED.format("ab" * 32))
    good, staff, _ = build_sources(settings, line.ledger, line.clock)
    assert not isinstance(good, HeldSource)
    assert isinstance(staff, HeldSource)
    for step in (lambda: staff.fetch(1), lambda: staff.write_back([])):
        with pytest.raises(SourceHeld, match="mapping file cannot be read"):
            step()
    assert build_listeners(settings, line.clock) == [], "what it is to know waits in the ledger"
    with pytest.raises(ConfigurationError, match="mapping file cannot be read"):
        build_sources(settings_of(tmp_path, BAD), line.ledger, line.clock)
    old, new = agent_of(line), replace(agent_of(line), held={"source staff": staff.problem})
    with pytest.raises(ConfigurationError):
        require_no_new_trouble(old, new)
    require_no_new_trouble(new, new)


def test_a_password_that_cannot_be_read_holds_its_source_alone(line: Line, tmp_path: Path) -> None:
    """Also where the database would wake the agent, or tell the time."""
    outbox = '[source.hr]\nkind = "outbox"\nurl = "postgresql://hr/hr"\npassword.file = "nowhere"\n'
    both = settings_of(tmp_path, GOOD + outbox)
    assert [type(one) is HeldSource for one in build_sources(both, line.ledger, line.clock)] == [False, True]
    assert bell_places(both) == []
    assert len(build_witnesses(both, line.ledger, line.clock)) == 2
    for build in (bell_places, lambda one: build_witnesses(one, line.ledger, line.clock)):
        with pytest.raises(ConfigurationError, match="nowhere"):
            build(settings_of(tmp_path, outbox))


def test_an_account_that_cannot_be_read_holds_its_employer_alone(tmp_path: Path) -> None:
    accounts = read_accounts(settings_of(tmp_path, GOOD))
    assert isinstance(accounts[OTHER_BIN], ConfigurationError)
    (tmp_path / "nowhere").write_text("secret", "utf-8")
    (tmp_path / "nowhere").chmod(0o600)
    account = read_accounts(settings_of(tmp_path, GOOD))[OTHER_BIN]
    assert isinstance(account, Sender)
    assert (account.sender_id, BIN in accounts) == ("zhetisu", False)


def test_a_drain_ends_at_a_refused_look_when_all_else_is_done(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting mends nothing there; it had waited until it gave up, ten minutes later."""

    def refuses(_: int) -> Sequence[SourceRow]:
        raise SnapshotRefused("the query returned no row", where="[source.other]")

    monkeypatch.setattr(group.other_source, "fetch", refuses)
    group.enter(3, BIN)
    began = time.monotonic()
    with pytest.raises(SnapshotRefused, match="no row"):
        Daemon(group.agent).run(drain=True)
    assert group.accepted(BIN) == 3
    assert time.monotonic() - began < WAIT
    assert group.line.of(f"{BIN}-0").state is State.ACCEPTED


def test_answer_that_came_for_an_employer_who_is_taken_out_of_the_settings_is_recorded_all_the_same(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger was away when it came, and after the reload there is another line."""
    away, met, seen = threading.Event(), threading.Event(), SqlAcknowledgements.seen
    away.set()

    def locked(acknowledgements: SqlAcknowledgements, digests: Collection[str]) -> Collection[str]:
        if away.is_set():
            met.set()
            raise LedgerUnavailable("it is away")
        return seen(acknowledgements, digests)

    monkeypatch.setattr(SqlAcknowledgements, "seen", locked)
    group.enter(1, OTHER_BIN, group.other_source)
    with Running(group.agent) as daemon:
        assert met.wait(WAIT)
        daemon.handover.replace(replace(group.agent, employers={BIN: EmployerName("alatau")}))
        until(lambda: "deliver-zhetisu" not in {one.name for one in threading.enumerate()})
        away.clear()
        until(lambda: group.accepted(OTHER_BIN) == 1)
    assert len(group.line.wire.submitted) == 1


def test_number_of_a_former_employer_is_told_to_nobody(group: Group) -> None:
    """It may be an IIN; whatever is still open of it keeps its line and its breaker."""
    group.line.employers[IIN] = EmployerName("sole")
    group.line.take("c1", employer=IIN)
    agent = replace(group.agent, employers={BIN: EmployerName("alatau"), OTHER_BIN: EmployerName("zhetisu")})
    daemon = Daemon(agent)
    assert set(daemon.lines.of(agent)) == {"alatau", "zhetisu", "(former 1)"}
    assert set(daemon.lines.breakers) == {"alatau", "zhetisu", FORMER}
    assert not any(IIN in loop.name for loop in daemon._loops(drain=True))
    policy = BreakerPolicy(failures=1)
    with structlog.testing.capture_logs() as log:
        daemon.lines.of(agent)["(former 1)"].gate.note(UNREACHABLE, MONDAY, policy)
    assert [one["employer"] for one in log] == ["(former 1)"]
