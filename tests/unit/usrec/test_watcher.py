"""The independent watcher at work: who is told, what is kept, and what it survives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.markdown import blocks, read
from usrec.adapters.inmemory.clock import ManualClock
from usrec.application.watch_over import Watched, watch_over
from usrec.domain.errors import AlertNotTaken, ConfigurationError, LedgerUnavailable
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.oversight import Concern, Sight, Trouble
from usrec.domain.oversight_notice import Notice, Phase
from usrec.domain.submission import SubmissionId
from usrec.interfaces import watcher as watcher_module
from usrec.interfaces.bounded import BoundedQuestion
from usrec.interfaces.cli.watch import build_watcher
from usrec.interfaces.i18n import LANGUAGES
from usrec.interfaces.service_manager import ServiceManager
from usrec.interfaces.watch_words import compose_notice
from usrec.interfaces.watcher import Watcher
from usrec.ports.alert_sink import AlertMessage, MessageKind, SinkName, Subscriber
from usrec.ports.ledger_view import LedgerView
from usrec.ports.oversight import Memory
from usrec.settings import load_watcher_settings

NOON = datetime(2026, 11, 16, 7, tzinfo=UTC)
SILENCE = timedelta(minutes=10)
AGENT = Heartbeat("alfa:7", "alfa", "1.2", NOON - timedelta(days=1), NOON, 4, draining=False)
LATE = Sight([AGENT], overdue=[SubmissionId("s1")])


@dataclass
class Ear:
    """A sink that remembers, or refuses."""

    refuses: bool = False
    heard: list[AlertMessage] = field(default_factory=list)

    def deliver(self, message: AlertMessage) -> None:
        if self.refuses:
            raise AlertNotTaken("the server is away", where="mail")
        self.heard.append(message)

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.heard]


def subscriber(name: str, ear: Ear, language: str = "en") -> Subscriber:
    return Subscriber(SinkName(name), ear, language)


def look_over(memory: Memory | None, sight: Sight | Exception, ears: dict[str, Ear], **changes: Any) -> Watched:
    def look() -> Sight:
        if isinstance(sight, Exception):
            raise sight
        return sight

    given: dict[str, Any] = {
        "look": look,
        "subscribers": [subscriber(name, ear) for name, ear in ears.items()],
        "compose": compose_notice,
        "keep": lambda _: None,
        "now": NOON,
        "silence": SILENCE,
    }
    return watch_over(memory, **(given | changes))


# -- one look


def test_everybody_is_told_once_in_a_message_of_their_own() -> None:
    ears = {"log": Ear(), "mail.boss": Ear()}
    first = look_over(None, LATE, ears)
    second = look_over(first.memory, LATE, ears)
    assert [ear.subjects for ear in ears.values()] == [["USREC: 1 submission is overdue"]] * 2
    message = ears["log"].heard[0]
    assert (message.kind, message.urgent, message.language, message.alerts) == (MessageKind.OVERSIGHT, True, "en", ())
    assert [(sink, notice.phase) for sink, notice in first.told] == [("log", Phase.NEW), ("mail.boss", Phase.NEW)]
    assert second.told == []


def test_recipient_that_cannot_be_told_keeps_nobody_else_waiting_and_is_told_later() -> None:
    ears = {"mail": Ear(refuses=True), "log": Ear()}
    sight = replace(LATE, unwatched=[SubmissionId("s2")])
    watched = look_over(None, sight, ears)
    assert len(ears["log"].heard) == 2
    assert [sink for sink, _ in watched.not_told] == ["mail"]
    ears["mail"].refuses = False
    later = look_over(watched.memory, sight, ears)
    assert [message.id for message in ears["mail"].heard] == [message.id for message in ears["log"].heard]
    assert (later.not_told, len(ears["log"].heard)) == ([], 2)


def test_what_was_told_is_kept_before_the_next_one_is_told() -> None:
    """A watcher that dies in between tells at most one message twice, and under the same id."""
    kept: list[int] = []

    def keep(memory: Memory) -> None:
        kept.append(sum(len(known) for known in memory.told.values()))

    look_over(None, replace(LATE, unwatched=[SubmissionId("s2")]), {"a": Ear(), "b": Ear()}, keep=keep)
    assert kept == [1, 2, 3, 4, 4]


def test_ledger_that_does_not_answer_is_no_end_of_the_watching() -> None:
    ears = {"log": Ear()}
    watched = look_over(None, LedgerUnavailable("it is away", where="ledger db"), ears)
    assert (watched.blind is not None, ears["log"].heard) == (True, [])
    later = NOON + SILENCE + timedelta(seconds=1)
    look_over(watched.memory, LedgerUnavailable("it is away"), ears, now=later)
    assert ears["log"].subjects == ["USREC: the ledger does not answer"]
    look_over(None, ConfigurationError("of another version"), ears)


# -- again and again


class Store:
    """A memory that is kept, or cannot be."""

    def __init__(self, *, full: bool = False) -> None:
        self.kept: Memory | None = None
        self.full = full

    def load(self) -> Memory | None:
        return self.kept

    def keep(self, memory: Memory) -> None:
        if self.full:
            raise ConfigurationError("it cannot be kept", where="watch.state")
        self.kept = memory


@dataclass
class Scene:
    """A watcher whose looks are counted; it stops by itself after the last sight."""

    sights: Sequence[Sight | Exception]
    ear: Ear = field(default_factory=Ear)
    store: Store = field(default_factory=Store)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    watcher: Watcher = field(init=False)
    _looks: int = 0

    def __post_init__(self) -> None:
        self._left = iter(self.sights)
        self.watcher = Watcher(
            open_view=self._look,
            subscribers=[subscriber("log", self.ear)],
            store=self.store,
            clock=self.clock,
            silence=SILENCE,
            interval=timedelta(milliseconds=1),
        )

    def _look(self, ask: Callable[[LedgerView], Sight]) -> Sight:
        del ask
        self.clock.advance(timedelta(minutes=4))
        sight = next(self._left)
        self._looks += 1
        if self._looks == len(self.sights):
            self.watcher.stop.set()
        if isinstance(sight, Exception):
            raise sight
        return sight


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with capture_logs() as captured:
        monkeypatch.setattr(watcher_module, "_log", structlog.get_logger("fresh"))
        yield captured


def test_watcher_looks_until_it_is_stopped_and_tells_when_all_is_well_again(log: Any) -> None:
    well = Sight([replace(AGENT, beat_at=NOON + timedelta(days=1))])
    scene = Scene([Sight([AGENT])] * 6 + [well])
    scene.watcher.run()
    assert scene.ear.subjects == ["USREC: the agent is silent", "USREC: the agent is back again"]
    actions = [line["action"] for line in log]
    assert (actions[0], actions[-1]) == ("watch.start", "watch.stop")
    assert actions.count("watch.told") == 2


def test_watcher_that_is_started_again_tells_nothing_twice() -> None:
    first = Scene([Sight([AGENT])] * 5)
    first.watcher.run()
    again = Scene([Sight([AGENT])] * 3, store=first.store, clock=first.clock)
    again.watcher.run()
    assert (len(first.ear.heard), again.ear.heard) == (1, [])


def test_watcher_goes_on_when_its_memory_cannot_be_kept_any_more(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene([LATE, LATE, LATE])
    scene.watcher.begin()
    scene.store.full = True
    monkeypatch.setattr(scene.watcher, "begin", lambda: None)
    scene.watcher.run()
    assert scene.ear.subjects == ["USREC: 1 submission is overdue"]
    assert "watch.not_kept" in [line["action"] for line in log]


def test_watcher_does_not_begin_when_it_cannot_remember() -> None:
    scene = Scene([LATE], store=Store(full=True))
    with pytest.raises(ConfigurationError):
        scene.watcher.run()
    assert scene.ear.heard == []


def test_service_manager_hears_of_life_between_looks() -> None:
    class Manager(ServiceManager):
        def __init__(self) -> None:
            super().__init__("/nowhere", timedelta(milliseconds=4))
            self.heard: list[str] = []

        def _tell(self, *lines: str) -> None:
            self.heard.append(lines[0].partition("=")[0])

    scene = Scene([LATE, LATE])
    scene.watcher.manager = manager = Manager()
    scene.watcher.interval = timedelta(milliseconds=40)
    scene.watcher.run()
    assert (manager.heard[0], manager.heard[-1]) == ("READY", "STOPPING")
    assert manager.heard.count("WATCHDOG") >= 5


# -- a question with a time limit


def test_answer_and_failure_come_back_as_they_are() -> None:
    assert BoundedQuestion(lambda: 7, timedelta(seconds=10))() == 7
    with pytest.raises(ConfigurationError):
        BoundedQuestion(_misconfigured, timedelta(seconds=10))()


def _misconfigured() -> int:
    raise ConfigurationError("it is wrong")


def test_question_that_is_never_answered_is_given_up_and_not_asked_again_meanwhile() -> None:
    answered, asked = threading.Event(), []

    def ask() -> int:
        asked.append(1)
        answered.wait(10)
        return len(asked)

    question = BoundedQuestion(ask, timedelta(milliseconds=20))
    for _ in range(3):
        with pytest.raises(LedgerUnavailable, match=r"not answered within 0\.02 s"):
            question()
    assert len(asked) == 1
    answered.set()
    patient = BoundedQuestion(ask, timedelta(seconds=10))
    assert patient() == 2


def test_settings_of_the_page_are_all_that_a_watcher_needs(tmp_path: Path) -> None:
    (example,) = (block.text for block in blocks(read("how-to/watch.md")) if block.language == "toml")
    (tmp_path / "usrec.toml").write_text(example, "utf-8")
    settings = load_watcher_settings(tmp_path / "usrec.toml")
    watcher = build_watcher(settings)
    assert [one.name for one in watcher.subscribers] == ["log", "command.page"]
    assert (watcher.silence, watcher.interval) == (timedelta(minutes=10), timedelta(minutes=1))


# -- words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("concern", Concern)
@pytest.mark.parametrize("phase", Phase)
def test_every_notice_is_one_subject_and_a_text_in_every_language(
    language: str, concern: Concern, phase: Phase
) -> None:
    agents = [None, AGENT, replace(AGENT, gone_at=NOON)] if concern is Concern.AGENT_SILENT else [AGENT]
    for agent in agents:
        trouble = Trouble(concern, NOON, 12, frozenset(f"id-{number:02}" for number in range(12)), agent)
        subject, text = compose_notice(Notice(phase, trouble, NOON + SILENCE), language=language)
        assert subject.startswith("USREC: ")
        assert "\n" not in subject
        assert "2026-11-16 12:00" in text or concern in {Concern.UNWATCHED, Concern.OVERDUE}
        assert text.endswith(".\n")
        assert not set("{}") & set(subject + text)
        cyrillic = any("а" <= sign <= "я" for sign in subject.lower())
        assert cyrillic == (language != "en")


def test_message_names_some_submissions_and_how_many_there_are_more() -> None:
    trouble = Trouble(Concern.OVERDUE, NOON, 12, frozenset(f"id-{number:02}" for number in range(12)))
    subject, text = compose_notice(Notice(Phase.NEW, trouble, NOON), language="en")
    assert subject == "USREC: 12 submissions are overdue"
    assert "  id-00\n" in text
    assert "  id-09\n  and 2 others\n" in text
    assert "id-10" not in text


def test_message_tells_how_the_agent_fell_silent() -> None:
    said = {}
    for name, agent in (("died", AGENT), ("stopped", replace(AGENT, gone_at=NOON)), ("never", None)):
        notice = Notice(Phase.NEW, Trouble(Concern.AGENT_SILENT, NOON, agent=agent), NOON)
        said[name] = compose_notice(notice, language="en")[1].splitlines()[0]
    assert said == {
        "died": "Agents are silent: the last sign of life came from alfa at 2026-11-16 12:00 (Kazakhstan time). "
        "Nothing is being registered.",
        "stopped": "Agents are silent: the last one, on alfa, was stopped at 2026-11-16 12:00 (Kazakhstan time). "
        "Nothing is being registered.",
        "never": "Agents are silent: none has given a sign of life since 2026-11-16 12:00 (Kazakhstan time). "
        "Nothing is being registered.",
    }
