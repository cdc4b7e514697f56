"""The JSON keys that cli.md names, on which scripts rely, are those that the commands write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from kzeds.bundle import VerifiedBundle
from kzeds.cli.app import app as kzeds_app
from support.code_lists import an_edition, an_entry
from support.ledger_values import a_submission, an_alert
from support.markdown import code, prose, read, section
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.calendar.year import read_year
from usrec.adapters.evidence.found import CheckedEvidence
from usrec.adapters.explanations.book import explain_all
from usrec.application.checkup import Level, Standing
from usrec.application.estimate_liability import Case, Estimate
from usrec.application.export_evidence import Exported
from usrec.application.foresee import Foreseen
from usrec.application.import_dictionary import CodesExplained, LostCode
from usrec.application.import_dictionary import Plan as ImportPlan
from usrec.application.pack_papers import Unsigned
from usrec.application.plan_replay import Plan, Treatment, Turn
from usrec.application.replay import Canary, CanaryFate, Queued
from usrec.application.survey import PersonNeeded, Survey
from usrec.application.take_signed import Fate, TakenPaper
from usrec.application.verify_heads import HeadBreach, HeadDamage, HeadsChecked
from usrec.application.verify_journal import Checked as CheckedJournal
from usrec.application.watch_trust import CertificateRecord
from usrec.domain.authority import Appointment, Authority, SigningCertificate
from usrec.domain.chain import START, ChainLine, moment
from usrec.domain.chain_check import Breach as ChainBreach
from usrec.domain.chain_check import Damage
from usrec.domain.chain_head import HeadStatement
from usrec.domain.deadline import DeadlineEvent, compute_deadline, deadline_report
from usrec.domain.dictionary import Changes, Dictionary
from usrec.domain.document import FoundFile, StoredDocument
from usrec.domain.employer_stop import AGENT, EmployerStop
from usrec.domain.forecast import QueueGroup, QueueLoad, Rate, RateBasis, foretell
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.last_day import Advice
from usrec.domain.liability import Breach, Circumstances, assess
from usrec.domain.mass import MassBatch
from usrec.domain.message import RenderedMessage
from usrec.domain.pair import Pair, PairHalf
from usrec.domain.permit import EndingPermit
from usrec.domain.rules.finding import dump_findings, error
from usrec.domain.signing_request import SigningRequest
from usrec.domain.source_event import ContractKey, EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.acting import Result
from usrec.interfaces.cli.alerts import Tried, board_json
from usrec.interfaces.cli.authority import authority_json
from usrec.interfaces.cli.calendar import calendar_json
from usrec.interfaces.cli.check import Checked, check_json
from usrec.interfaces.cli.config import faults_json
from usrec.interfaces.cli.dictionary_words import Told, entry_json, imported_json, listed_json
from usrec.interfaces.cli.dictionary_words import check_json as check_dictionaries_json
from usrec.interfaces.cli.doctor import doctor_json, openings_json
from usrec.interfaces.cli.document import checked_json, stored_json
from usrec.interfaces.cli.employer import stop_json
from usrec.interfaces.cli.evidence import Made, exported_json
from usrec.interfaces.cli.evidence_check import evidence_json
from usrec.interfaces.cli.explain import in_force
from usrec.interfaces.cli.explanation_words import explanation_json
from usrec.interfaces.cli.journal import line_json, verify_json
from usrec.interfaces.cli.liability_words import estimate_json
from usrec.interfaces.cli.lint_report import Report, Reported, lint_json
from usrec.interfaces.cli.mass import mass_json
from usrec.interfaces.cli.package import _Made, _made_json, _paper_json, _taken_json
from usrec.interfaces.cli.pair_words import pair_json
from usrec.interfaces.cli.replay import _result_json
from usrec.interfaces.cli.replay_plan import plan_json
from usrec.interfaces.cli.status import survey_json, tail_json
from usrec.interfaces.cli.story import row_json, story_json
from usrec.interfaces.demo.run import DemoResult
from usrec.interfaces.doctor.egress import Opening, Side
from usrec.interfaces.doctor.settings_check import WRONG
from usrec.policies import default_policies
from usrec.ports.alert_sink import LOG
from usrec.ports.alert_sinks import NoticeBoard, PostedAlert, SinkState
from usrec.ports.chain import SignedHead, Tail
from usrec.ports.ledger_view import JournalRow, MassRow, Named, RequestRow, SubmissionRow, SubmissionStory
from usrec.settings import Fault
from usrec_simulator.registry import RegisteredRecord

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = date(2026, 11, 20)
ID = SubmissionId("a" * 36)
CHECKED_EVIDENCE = CheckedEvidence(
    VerifiedBundle({}, 1, cast("Any", SimpleNamespace(fingerprint="f", bin=None)), NOW, (), None, has_stamp=False)
)
ROW = SubmissionRow(
    id=ID,
    state=State.REJECTED,
    operation="conclusion",
    employer="main",
    contract_key="K-1",
    event_id="hire-1",
    revision=1,
    code="SCSE012",
    reason="refused",
    findings=dump_findings([error("a_rule", "a_field", "A message.")]),
    legal_date=date(2026, 11, 27),
    safe_date=date(2026, 11, 26),
    due_utc=NOW + timedelta(days=5),
    received_at=NOW,
    decided_at=NOW,
    contract_id=None,
    status=None,
    wait_reason=None,
    available_at=None,
    blocked_by=None,
    attempts=1,
    doubtful=False,
    record_id=None,
    replaced_by=None,
)
STORY = SubmissionStory(
    row=ROW,
    edition="3",
    point="p.7",
    term="5 working days",
    entered_at=NOW,
    signed_at=NOW,
    replaces=None,
    attempts=[],
    journal=[JournalRow(1, NOW, "receive", None, "pending", "agent", "", "{}")],
    behind=[ROW],
    request=RequestRow("a" * 64, NOW, "P-1", NOW, "asel", NOW),
)
UNSIGNED = Unsigned(a_submission(ID), SigningRequest.of(ID, RenderedMessage(b"<a/>", None), NOW), None)
STOP = EmployerStop("200940000013", EmployerName("main"), NOW, AGENT, code="SCSE001", submission_id=ID)
SURVEY = Survey(
    at=NOW,
    by_state={},
    refused_by_code={},
    waiting={},
    sending=0,
    oldest=ROW,
    overdue=Named(1, [ROW]),
    due_soon=Named(),
    needs_person={PersonNeeded.REFUSED: 1},
    write_backs_waiting=0,
    stopped=[STOP],
    halted=[Heartbeat("a:1", "a", "1", NOW, NOW, 4, draining=False, halted="wrong", clock_ahead=10800)],
)
LOAD = QueueLoad([QueueGroup(NOW + timedelta(1), NOW + timedelta(2), 9, ID)], 0, 0, NOW, 0, 0, None)
FORESEEN = Foreseen(foretell(LOAD, Rate(0.001, RateBasis.MEASURED), NOW), {ID: Advice.PORTAL})
STANDING = Standing(NOW, 1, 0, 0, 0, None, 0, 0, None, None, 0, 0, 0)
CHECKED = Checked(Level.CRITICAL, ["no agent has ever given a sign of life"], STANDING, timedelta(minutes=10))
PLAN = Plan(
    made_at=NOW,
    matched=1,
    by_code={},
    turns=[Turn(ID, Treatment.NEW_VERSION, NOW, NOW)],
    unknown=[],
    left_alone={},
    interval=timedelta(seconds=1),
    forecast=FORESEEN.forecast,
)
REPLAYED = _result_json(PLAN, Canary(CanaryFate.REGISTERED, 0, ROW), Queued(NOW, refused=[(ID, "why")]))
CERTIFICATE = SigningCertificate("4f", "ab", NOW, NOW + timedelta(days=99), head=False)
ORDER = Appointment("12-k", NOW.date(), NOW.date())
AUTHORITY: Any = authority_json([Authority(EmployerName("main"), False, CERTIFICATE, (ORDER,))], NOW.date())
DEADLINE = compute_deadline(DeadlineEvent.CONCLUSION, date(2026, 11, 20), calendar=KazakhstanCalendar())
EXPLANATION = {**explanation_json(explain_all()[0]), **in_force(explain_all()[0], default_policies())}
LIABILITY: Any = assess(Breach(NOW, None), Circumstances(), NOW)
ESTIMATE = Estimate(NOW, Circumstances(), [Case(ROW, LIABILITY)], 0)
LINTED: Any = lint_json(Report("events.csv", "CSV", 1, [Reported(2, error("a_rule", "a_field", "A message."))]))[0]
RECORD = RegisteredRecord("conclusion", "r", "c", "200940000013", None, "1", "2026-11-20", 1, 0, ())
RESULT = asdict(Result(ID, "done", ""))

OPENING = Opening(Side.AGENT, "shep.example", 443, "https", "[gateway] url", "why")

LIST = ImportPlan("position", None, an_edition(an_entry("1")), Changes(), known=False)
TOLD = Told("position", "utf-8", 0, unmarked=False, numbers=False)
LOST = LostCode("position", "1", inactive=True, submissions=[ID])
NOTHING = CodesExplained([], [], [], [])

BOARD = NoticeBoard([PostedAlert(an_alert(ID), State.PENDING, {LOG: NOW})], [SinkState(LOG, 0, "", None, None, NOW)])

MASS = MassRow(
    MassBatch("b", "", EmployerName("main"), Operation.TERMINATION, DAY, NOW), {State.PENDING: 21}, 21, DAY, DAY, DAY
)
PAIR = Pair(
    "T-1",
    [
        PairHalf(
            pair_key="T-1",
            submission_id=ID,
            operation=Operation.TERMINATION,
            employer=EmployerName("main"),
            employer_bin="",
            contract_key=ContractKey("K-1"),
            state=State.PENDING,
            day=DAY,
            legal_date=DAY,
            safe_date=DAY,
            received_at=NOW,
        )
    ],
)

TAIL = Tail(1, NOW, 10, 2)
HEAD = SignedHead(2, "h", NOW, "c", "{}", b"", None)
LINE = ChainLine(1, moment(NOW), ID, "sign", "pending", "signed", "agent", "", "{}")

ANSWERS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("usrec status", "JSON keys:"): {
        **survey_json(
            SURVEY,
            [CertificateRecord("employer", "main", "1f", "good", None)],
            [EndingPermit(ID, "e1", EmployerName("main"), "K-1", NOW.date())],
            foreseen=FORESEEN,
        ),
        **tail_json(TAIL, HEAD),
    },
    ("usrec journal verify", "JSON keys:"): verify_json(
        CheckedJournal(START, ChainBreach(Damage.EDITED, 1, 4)),
        HeadsChecked(
            last=HeadStatement("l", 1, 1, "h", NOW), breach=HeadBreach(HeadDamage.CUT_OFF, 1, outside=True, why="")
        ),
        TAIL,
        None,
        judged=True,
    ),
    ("usrec journal show", "JSON keys, one"): line_json(LINE, 1),
    ("usrec status", "JSON keys with `--check`:"): check_json(CHECKED),
    ("usrec submission list", "JSON keys, one"): row_json(ROW),
    ("usrec submission show", "JSON keys:"): story_json(STORY, NOW),
    ("usrec submission retry", "JSON keys, one"): RESULT,
    ("usrec submission settle", "JSON keys:"): RESULT,
    ("usrec submission checkout", "JSON keys:"): RESULT,
    ("usrec submission approve", "JSON keys:"): RESULT,
    ("usrec package create", "JSON keys, one"): _made_json(
        _Made("P-1", EmployerName("main"), Path("p.zip"), [UNSIGNED], 0)
    ),
    ("usrec package list", "JSON keys, one"): _paper_json(UNSIGNED),
    ("usrec package take", "JSON keys, one"): _taken_json(TakenPaper("1.xml", ID, Fate.TAKEN)),
    ("usrec evidence export", "JSON keys:"): exported_json(
        Made(Exported(), "m", "s", act=True), Path(), journaled=True
    ),
    ("usrec evidence verify", "JSON keys:"): evidence_json(CHECKED_EVIDENCE, Path("b.zip"), judged=False),
    ("usrec mass list", "JSON keys, one"): mass_json(MASS),
    ("usrec pair list", "JSON keys, one"): pair_json(PAIR),
    ("usrec replay", "JSON keys with a plan only:"): plan_json(PLAN),
    ("usrec employer list", "JSON keys, one"): {"employer": "main", "stop": stop_json(STOP)},
    ("usrec employer stop", "JSON keys:"): stop_json(STOP) or {},
    ("usrec replay", "JSON keys of a replay:"): REPLAYED,
    ("usrec alerts test", "JSON keys, one"): asdict(Tried("log", taken=True, problem="")),
    ("usrec alerts list", "JSON keys:"): board_json(BOARD, [LOG], NOW),
    ("usrec deadline", "JSON keys:"): deadline_report(DEADLINE),
    ("usrec explain", "JSON keys, one"): EXPLANATION,
    ("usrec liability", "JSON keys:"): estimate_json(ESTIMATE),
    ("usrec lint", "JSON keys, one"): LINTED,
    ("usrec calendar", "JSON keys:"): calendar_json(read_year(2026, KazakhstanCalendar(), KazakhstanCalendar())),
    ("usrec authority", "JSON keys:"): AUTHORITY,
    ("usrec authority", "JSON keys of each"): AUTHORITY["employers"][0],
    ("usrec config check", "JSON keys:"): faults_json(Path("usrec.toml"), [Fault("[gateway] url", 2, None, "why")], []),
    ("usrec doctor", "JSON keys:"): doctor_json([WRONG.line(file="usrec.toml", number=1)], NOW),
    ("usrec doctor", "JSON keys with `--egress`, one"): openings_json([OPENING])[0],
    ("usrec dictionaries import", "JSON keys:"): imported_json([(LIST, TOLD)], [LOST], reachable=True, written=True),
    ("usrec dictionaries list", "JSON keys, one"): listed_json(Dictionary("position", (LIST.new,))),
    ("usrec dictionaries show", "JSON keys, one"): entry_json(LIST.new, LIST.new.entries["1"]),
    ("usrec dictionaries check", "JSON keys:"): check_dictionaries_json(["position"], [LOST], NOTHING, reachable=True),
    ("usrec document check", "JSON keys, sizes in bytes:"): checked_json(FoundFile("a.pdf", b"%PDF")),
    ("usrec document list", "JSON keys, one"): stored_json(StoredDocument("ab", "pdf", 1, NOW)),
    ("usrec demo", "JSON keys:"): dict.fromkeys(field.name for field in fields(DemoResult)),
    ("usrec-simulator registry", "JSON keys, one"): RECORD.as_dict(),
}
INHERITED = {"usrec submission show": set(row_json(ROW))}
"""Keys that a section takes over from another one by a sentence."""


@pytest.mark.parametrize(("command", "beginning"), ANSWERS)
def test_documented_keys_are_those_of_the_answer(command: str, beginning: str) -> None:
    """Neither more nor fewer, at the top and in the objects that have a line of their own."""
    answer, text = ANSWERS[command, beginning], prose(section(read("reference/cli.md"), command))
    assert _top_keys(text, beginning) | INHERITED.get(command, set()) == set(answer)
    for names, keys in _inner_keys(text, beginning):
        for name in names:
            inner = answer[name][0] if isinstance(answer[name], list) else answer[name]
            assert keys == set(inner), name


def test_every_json_command_names_its_keys() -> None:
    """Each section whose usage has --json says what is in it, or is one of the three that answer like `retry`."""
    text = read("reference/cli.md")
    like_retry = {"usrec submission cancel", "usrec submission hold", "usrec submission release"}
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    silent = {one for one in headings if "[--json]" in section(text, one) and "JSON keys" not in section(text, one)}
    assert silent == like_retry


def test_keys_of_kzeds_are_those_of_its_answers(pki: Path, tmp_path: Path) -> None:
    """`kzeds info` and `kzeds verify` answer with the keys that the page names."""
    text = read("reference/cli.md")
    key = [str(pki / "employer.p12"), "--password-file", str(pki / "employer.password")]
    document, signed = tmp_path / "in.xml", tmp_path / "out.xml"
    document.write_text("<contract/>", "utf-8")
    info = _asked("info", *key, "--json")
    assert _top_keys(section(text, "kzeds info"), "JSON keys:") == set(info)
    _run("sign", *key, str(document), "--output", str(signed))
    verified = _asked("verify", str(signed), "--json")
    verified |= _asked("verify", str(document), "--json")
    assert _top_keys(section(text, "kzeds verify"), "JSON keys:") == set(verified)
    assert set(verified["certificate"]) == set(info) - {"file"}
    question = ["revocation", "check", str(pki / "employer.pem"), "--issuer", str(pki / "nca-ca.pem")]
    revocation = _asked(*question, "--crl", str(pki / "nca.crl"), "--json")
    assert _top_keys(section(text, "kzeds revocation check"), "JSON keys:") == set(revocation)


def _top_keys(text: str, beginning: str) -> set[str]:
    paragraph = next(one for one in text.split("\n\n") if one.strip().startswith(beginning))
    told = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph.strip().removeprefix(beginning))
    return set(code(re.sub(r"\([^)]*\)", "", told)))


def _inner_keys(text: str, beginning: str) -> list[tuple[Sequence[str], set[str]]]:
    """The lines "- `a` and `b` hold `c`, `d`." of the list behind the paragraph."""
    behind = text[text.index(beginning) :].partition("\n\n")[2]
    items = re.findall(r"^- .+?(?=^- |\n\n|\Z)", behind.partition("\n\n")[0] + "\n\n", re.MULTILINE | re.DOTALL)
    told = [re.split(r" holds? ", re.sub(r"\([^)]*\)", "", item), maxsplit=1) for item in items]
    return [(code(names), set(code(keys))) for names, keys in told]


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(kzeds_app, arguments)
    assert done.exit_code in {0, 1}, done.output
    return done.stdout


def _asked(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_run(*arguments))
    return answer
