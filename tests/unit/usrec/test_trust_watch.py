"""The agent looks certificates up at intervals, in the background; every signature and answer asks what was found."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from kzeds import Certificate, load_pkcs12
from kzeds.wsse import sign_body
from support.patient import Patient
from usrec.adapters.gateway.answer import AnswerReader
from usrec.adapters.inmemory.clock import ManualClock
from usrec.application.watch_trust import TRUST
from usrec.bootstrap import Agent, build_agent
from usrec.domain.breaker import Breaker
from usrec.domain.errors import SigningRefused
from usrec.domain.outcome import Doubt, Unknown
from usrec.domain.trust import TrustPolicy, TrustStatus, TrustVerdict, UnknownPolicy
from usrec.interfaces import trust_watch as module
from usrec.interfaces.metrics_page import standing_of
from usrec.interfaces.trust_watch import AGAIN, TrustWatch, longest_look
from usrec.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BIN = "200940000013"
S = TrustStatus


class Judge:
    """Says what it is told to say, of certificates by their files' names."""

    def __init__(self, pki: Path) -> None:
        self.says: dict[str, TrustStatus] = {}
        self.asked = 0
        self._names = {Certificate.load(pki / f"{name}.pem").der: name for name in ("employer", "gateway")}

    def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        self.asked += 1
        return TrustVerdict(self.says.get(self._names[certificate], S.GOOD), "as it is", at, source="CRL no. 4")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def agent(tmp_path: Path, pki: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """A whole agent with real keys, whose judge is told what to say."""
    patient = Patient(tmp_path, pki, clock)
    patient.tables["trust"] = {"authorities": str(pki / "nca-ca.pem")}
    patient.write()
    patient.make_ledger()
    agent = build_agent(load_settings(patient.file), clock=clock)
    object.__setattr__(agent, "judge", Judge(pki))
    yield agent
    agent.close()


@pytest.fixture
def judge(agent: Agent) -> Judge:
    found: Any = agent.judge
    assert isinstance(found, Judge)
    return found


@pytest.fixture
def watch() -> TrustWatch:
    return TrustWatch(threading.Event())


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[MutableMapping[str, Any]]]:
    with capture_logs() as captured:
        monkeypatch.setattr(module, "_log", structlog.get_logger("fresh"))
        yield captured


def test_it_is_looked_at_the_start_and_then_after_each_interval(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock
) -> None:
    for _ in range(3):
        watch.look(agent)
    assert judge.asked == 2, "the employer's key and the gateway's certificate, once"
    clock.advance(4 * HOUR - MINUTE)
    watch.look(agent)
    assert judge.asked == 2
    clock.advance(MINUTE)
    watch.look(agent)
    assert judge.asked == 4


def test_what_is_unknown_is_looked_up_again_soon(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock
) -> None:
    judge.says["gateway"] = S.UNKNOWN
    watch.look(agent)
    clock.advance(AGAIN)
    watch.look(agent)
    assert judge.asked == 4


def test_revoked_key_signs_neither_documents_nor_envelopes_until_it_is_released(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock
) -> None:
    watch.look(agent)
    agent.signer.transport(BIN, clock.now())
    judge.says["employer"] = S.REVOKED
    agent.signer.transport(BIN, clock.now())
    clock.advance(4 * HOUR)
    assert not watch.look(agent)
    with pytest.raises(SigningRefused, match="revoked"):
        agent.signer.transport(BIN, clock.now())
    standing = standing_of(agent, breakers={"": Breaker()}, reload_refused=False)
    assert standing.keys == {"main": False}
    judge.says.clear()
    clock.advance(4 * HOUR)
    assert watch.look(agent), "what waited for the key is to be tried"
    agent.signer.transport(BIN, clock.now())


@pytest.mark.parametrize("later", [S.UNKNOWN, S.UNTRUSTED])
def test_revoked_certificate_is_released_by_good_and_by_nothing_else(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock, later: TrustStatus
) -> None:
    judge.says["employer"] = S.REVOKED
    watch.look(agent)
    judge.says["employer"] = later
    clock.advance(4 * HOUR)
    assert not watch.look(agent), "nobody may use it again"
    with pytest.raises(SigningRefused, match="revoked"):
        agent.signer.transport(BIN, clock.now())
    assert {one.name: verdict.status for one, verdict in agent.trust.page.items()}["main"] is S.REVOKED
    judge.says["employer"] = S.GOOD
    clock.advance(4 * HOUR)
    assert watch.look(agent)


def test_certificate_of_the_gateway_that_was_revoked_is_not_believed_after_its_end(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock
) -> None:
    judge.says["gateway"] = S.REVOKED
    watch.look(agent)
    (gateway,) = agent.gateway.trusted
    clock.advance(gateway.not_after - clock.now() + HOUR)
    watch.look(agent)
    assert agent.trust.page == {}
    assert "revoked" in agent.trust.objection(gateway)


def test_each_change_is_told_once_and_put_on_record(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock, log: Sequence[MutableMapping[str, Any]]
) -> None:
    said: list[str] = []
    for status in (S.GOOD, S.GOOD, S.UNTRUSTED, S.UNKNOWN, S.REVOKED, S.REVOKED):
        judge.says["employer"] = status
        watch.look(agent)
        clock.advance(4 * HOUR)
        line = agent.ledger.view.standing(TRUST)
        assert line is not None
        said.append(next(one["status"] for one in json.loads(line.detail) if one["of"] == "employer"))
    assert said == ["good", "good", "untrusted", "unknown", "revoked", "revoked"]
    told = [record["action"] for record in log if record.get("of") == "employer"]
    assert told == ["trust.good", "trust.untrusted", "trust.unknown", "trust.revoked"]
    levels = [record["log_level"] for record in log if record.get("of") == "employer"]
    assert levels == ["info", "warning", "warning", "error"]


def test_look_that_was_broken_off_changes_nothing(agent: Agent, judge: Judge, clock: ManualClock) -> None:
    stop = threading.Event()
    stop.set()
    watch = TrustWatch(stop)
    judge.says["employer"] = S.REVOKED
    watch.look(agent)
    assert judge.asked == 0
    agent.signer.transport(BIN, clock.now())


def test_time_of_a_look_grows_with_keys_and_lists(agent: Agent) -> None:
    values = agent.settings.values
    assert values.trust is not None
    assert longest_look(values, values.trust) == 3 * (values.trust.timeout + MINUTE)


def test_answer_of_a_revoked_gateway_is_no_answer(pki: Path) -> None:
    key = load_pkcs12((pki / "gateway.p12").read_bytes(), (pki / "gateway.password").read_text("utf-8"))
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    signed = sign_body(
        f'<s:Envelope xmlns:s="{soap}"><s:Body><a><code>SCSS001</code></a></s:Body></s:Envelope>'.encode(), key
    )
    policy = TrustPolicy(UnknownPolicy.WARN, HOUR)
    revoked = TrustVerdict(S.REVOKED, "key_compromise", NOW)
    outcome = AnswerReader([key.certificate], "id", lambda _: policy.objection(revoked, NOW)).read(signed)
    assert isinstance(outcome, Unknown)
    assert (outcome.doubt, outcome.code) == (Doubt.SIGNATURE_INVALID, "SCSS001")
    assert "revoked" in outcome.detail
    believed = AnswerReader([key.certificate], "id").read(signed)
    assert isinstance(believed, Unknown)
    assert believed.doubt is Doubt.UNKNOWN_SHAPE, "it is read, and says nothing that is known"


def test_certificate_that_comes_into_use_is_looked_up_at_once_and_one_past_its_end_no_more(
    agent: Agent, judge: Judge, watch: TrustWatch, clock: ManualClock
) -> None:
    watch.look(agent)
    assert {one.name for one in agent.trust.page} == {"main", "response"}
    clock.advance(timedelta(days=366))
    watch.look(agent)
    assert not agent.trust.page
    asked = judge.asked
    clock.set(NOW + timedelta(days=300))
    watch.look(agent)
    assert judge.asked == asked + 2


@pytest.mark.parametrize("ends", ["the agent stops", "nobody wants it any more"])
def test_server_that_never_answers_holds_nobody_up(agent: Agent, clock: ManualClock, ends: str) -> None:
    asked, released, ended = threading.Event(), threading.Event(), threading.Event()

    class Silent:
        def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
            del certificate
            asked.set()
            released.wait(60)
            return TrustVerdict(S.REVOKED, "too late", at)

    object.__setattr__(agent, "judge", Silent())
    watch = TrustWatch(ended if ends == "the agent stops" else threading.Event())
    looking = threading.Thread(target=lambda: watch.look(agent, unwanted=ended.is_set))
    looking.start()
    assert asked.wait(10)
    ended.set()
    looking.join(10)
    assert not looking.is_alive()
    released.set()
    agent.signer.transport(BIN, clock.now())


def test_look_that_breaks_is_told_as_what_broke(agent: Agent, watch: TrustWatch) -> None:
    class Broken:
        def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
            raise LookupError("as it is")

    object.__setattr__(agent, "judge", Broken())
    with pytest.raises(LookupError, match="as it is"):
        watch.look(agent)
