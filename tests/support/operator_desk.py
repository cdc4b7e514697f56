"""An operator's desk for tests: a real ledger file, the `usrec` command in this process, and a gateway with a script.

HR and the gateway live in memory, so that no test needs a network or a key; everything between them is the real thing.
"""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from support.fresh_ledger import make_ledger
from support.personnel import Person, amendment_of, conclusion_of, termination_of
from support.plain_settings import PLAIN
from usrec import bootstrap
from usrec.__main__ import main
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.inmemory.gateway import ScriptedGateway
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.adapters.system_clock import SystemEntropy
from usrec.application.deliver import claim_due, deliver
from usrec.application.delivery import DeliveryPolicy
from usrec.application.ingest import ingest
from usrec.bootstrap import Agent
from usrec.domain.outcome import Doubt, NothingSent, Refused, Registered, ReplyProof, SubmissionOutcome, Unknown
from usrec.domain.retry import RetryPolicy
from usrec.domain.source_event import SourceName
from usrec.domain.submission import SubmissionId
from usrec.policies import employers_by_bin
from usrec.ports.ledger_view import SubmissionFilter, SubmissionRow, SubmissionStory
from usrec.preflight import build_preflight
from usrec.revocation import build_book
from usrec.settings import load_settings

BIN = "200940000013"
_numbers = count(1)


def _proof() -> ReplyProof:
    return ReplyProof(f"digest-{next(_numbers)}", None, "answer", None, b"<answer/>")


def registered() -> Registered:
    return Registered("SCSS001", "", f"registry-{next(_numbers)}", _proof())


def refused(code: str) -> Refused:
    return Refused(code, "", _proof())


UNANSWERED = Unknown(Doubt.TIMEOUT, "no answer within 6 s")
UNREACHABLE = NothingSent("the connection was refused")


class Wire(ScriptedGateway):
    """A scripted gateway that can be closed as the real one is."""

    def close(self) -> None:
        """Nothing is open."""


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """One installation, its HR system and its operator."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    hr: InMemorySource
    wire: Wire
    clock: ManualClock
    ledger: SqlLedger
    opened: list[SqlLedger] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        return self.folder / "usrec.toml"

    def agent(self, owner: str = "daemon:1") -> Agent:
        """Everything of an agent but the network, the key and the HR database."""
        settings = load_settings(self.settings)
        ledger = open_ledger(settings.database_url(settings.values.ledger.url))
        self.opened.append(ledger)
        return Agent(
            settings=settings,
            ledger=ledger,
            sources=[self.hr],
            renderer=XmlRenderer(load_profile("current")),
            signer=cast("Any", InMemorySigner({BIN: self.clock.now() + timedelta(days=400)})),
            gateway=cast("Any", self.wire),
            calendar=KazakhstanCalendar(),
            clock=self.clock,
            entropy=SystemEntropy(),
            employers=employers_by_bin(settings),
            policy=DeliveryPolicy(RetryPolicy(), lease=timedelta(minutes=5)),
            owner=owner,
            trust=build_book(settings, self.clock),
            preflight=build_preflight(settings),
        )

    def usrec(self, *arguments: str, typed: str | None = None) -> Said:
        """Run one command; with `typed`, at a terminal where a person types that."""
        self.monkeypatch.setattr(sys, "argv", ["usrec", *arguments, "--config", str(self.settings)])
        self.monkeypatch.setattr(sys, "stdin", io.StringIO() if typed is None else Terminal(typed + "\n"))
        self.monkeypatch.setattr(bootstrap, "build_agent", lambda *_, **__: self.agent("operator:2"))
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    def ask(self, *arguments: str) -> Any:
        """What a command that succeeds answers with --json."""
        said = self.usrec(*arguments, "--json")
        assert said.code == 0, said.err
        return said.json

    def hire(self, number: int, **changes: Any) -> str:
        person = Person(number)
        return self._enter(f"hire-{number}", "conclusion", person, conclusion_of(person, **changes))

    def transfer(self, number: int, **changes: Any) -> str:
        person = Person(number)
        return self._enter(f"transfer-{number}", "amendment", person, amendment_of(person, **changes))

    def dismiss(self, number: int, **changes: Any) -> str:
        person = Person(number)
        return self._enter(f"dismiss-{number}", "termination", person, termination_of(person, **changes))

    def _enter(self, event_id: str, event_type: str, person: Person, payload: dict[str, str]) -> str:
        self.hr.enter(
            event_id,
            event_type=event_type,
            contract_key=person.key,
            employer_bin=BIN,
            payload=json.dumps(payload),
            entered_at=self.clock.now(),
        )
        return event_id

    def take(self) -> None:
        """The agent takes HR's rows."""
        agent = self.agent()
        ingest(
            source=self.hr,
            ledger=self.ledger,
            employers=agent.employers,
            calendar=agent.calendar,
            clock=self.clock,
            entropy=agent.entropy,
            preflight=agent.preflight,
        )

    def send_one(self, event_id: str, outcome: SubmissionOutcome) -> None:
        """The agent sends that event and gets this."""
        self.wire.then(outcome)
        agent = self.agent()
        claims = claim_due(
            ledger=agent.ledger,
            clock=agent.clock,
            policy=agent.policy,
            owner=agent.owner,
            limit=1,
            only=self.row(event_id).id,
        )
        delivery(agent)(claims)

    def row(self, event_id: str) -> SubmissionRow:
        """The submission that stands for an event."""
        (row,) = [row for row in self.ledger.view.rows(SubmissionFilter()) if row.event_id == event_id]
        return row

    def story(self, event_id: str) -> SubmissionStory:
        story = self.ledger.view.story(self.row(event_id).id)
        assert story is not None
        return story

    def states(self) -> Counter[str]:
        return Counter(row.state.value for row in self.ledger.view.rows(SubmissionFilter()))

    def queue(self) -> dict[SubmissionId, tuple[str, str | None]]:
        """What waits, and why."""
        rows = self.ledger.view.rows(SubmissionFilter(current=False))
        return {row.id: (row.status.value, row.wait_reason) for row in rows if row.status is not None}

    def actors_of(self, event_id: str, action: str) -> list[tuple[str, str]]:
        """Who did that to an event's submission, and why."""
        return [(line.actor, line.reason) for line in self.story(event_id).journal if line.action == action]

    def close(self) -> None:
        for ledger in [self.ledger, *self.opened]:
            ledger.close()


def delivery(agent: Agent) -> partial[Any]:
    """`deliver` with an agent's ports."""
    return partial(
        deliver,
        ledger=agent.ledger,
        renderer=agent.renderer,
        signer=agent.signer,
        gateway=agent.gateway,
        clock=agent.clock,
        entropy=agent.entropy,
        policy=agent.policy,
    )


@contextmanager
def set_up_desk(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An installation with an empty ledger; its clock stands still at the moment of the test."""
    (folder / "usrec.toml").write_text(PLAIN, "utf-8")
    url = f"sqlite:///{folder / 'ledger.db'}"
    make_ledger(url)
    now = ManualClock(datetime.now(UTC))
    desk = Desk(folder, monkeypatch, capsys, InMemorySource(SourceName("hr")), Wire(), now, open_ledger(url))
    try:
        yield desk
    finally:
        desk.close()
