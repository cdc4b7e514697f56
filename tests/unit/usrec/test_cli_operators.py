"""How the operators' commands speak: words for every enum, times, tables, and the story of a submission."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import pytest
import typer

import usrec.application
from support.command_line import all_commands
from support.languages import TRANSLATED, translations
from usrec.adapters.explanations.book import explain
from usrec.application.after_restore import NOTE
from usrec.application.plan_replay import Treatment
from usrec.application.replay import Canary, CanaryFate
from usrec.application.survey import PersonNeeded, person_needed
from usrec.domain.audit import Cause, Finding
from usrec.domain.audit_run import Compared, audit_run
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.errors import GatewayUnavailable, SigningRefused, UnsafeRequest
from usrec.domain.outcome import Doubt
from usrec.domain.source_event import ContractKey, EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.interfaces.cli import tables, use_case_words, words
from usrec.interfaces.cli.audit_report import print_run
from usrec.interfaces.cli.employer import why_stopped
from usrec.interfaces.cli.next_step import next_step
from usrec.interfaces.cli.options import print_json
from usrec.interfaces.cli.replay import interval_of, stopped_by
from usrec.interfaces.cli.selection import actor, instant_before
from usrec.interfaces.cli.settlement_file import read_evidence
from usrec.interfaces.cli.story import deadline_words
from usrec.interfaces.cli.timeline import timeline
from usrec.interfaces.i18n import in_language
from usrec.ports.ledger_view import AttemptRow, JournalRow, SubmissionRow, SubmissionStory
from usrec_simulator.codes import TEXTS

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = SubmissionRow(
    id=SubmissionId("0123456789abcdef"),
    state=State.PENDING,
    operation="conclusion",
    employer="main",
    contract_key="K-1",
    event_id="e1",
    revision=1,
    code="",
    reason="",
    findings="[]",
    legal_date=date(2026, 3, 3),
    safe_date=date(2026, 3, 2),
    due_utc=datetime(2026, 3, 3, 19, tzinfo=UTC),
    received_at=NOW - HOUR,
    decided_at=None,
    contract_id=None,
    status=QueueStatus.READY,
    wait_reason=None,
    available_at=NOW,
    blocked_by=None,
    attempts=0,
    doubtful=False,
    record_id=None,
    replaced_by=None,
)
STORY = SubmissionStory(ROW, "3", "p.7", "5 working days", None, None, None, [], [], [])


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (words.STATES, State),
        (words.WAITS, WaitReason),
        (words.STATUSES, QueueStatus),
        (words.OPERATIONS, Operation),
        (words.ENDINGS, Ending),
        (words.DOUBTS, Doubt),
        (use_case_words.NEEDS, PersonNeeded),
        (use_case_words.TREATMENTS, Treatment),
        (use_case_words.CANARIES, CanaryFate),
    ],
)
def test_every_word_of_the_ledger_has_a_sentence_of_its_own(table: Mapping[StrEnum, str], enum: type[StrEnum]) -> None:
    assert set(table) == set(enum)
    assert len(set(table.values())) == len(enum)
    assert all(text == text.strip() and not text.endswith(".") for text in table.values())


def test_every_action_of_the_journal_has_words() -> None:
    source = "".join(
        file.read_text(encoding="utf-8") for folder in usrec.application.__path__ for file in Path(folder).glob("*.py")
    )
    written = set(re.findall(r'journal\(\s*work,\s*\w+,\s*"(\w+)"', source))
    assert written >= {"receive", "retry", "hold", "attempt_opened"}
    moves = {"sign", "doubt", "accept", "reject", "invalidate", "receipt"}
    assert written | moves <= set(words.ACTIONS)


def test_every_code_that_the_simulator_answers_is_explained() -> None:
    assert all(explain(code) is not None for code in TEXTS if code.startswith(("SCSE", "SCSS")))


def test_unknown_codes_and_persons_reasons_are_shown_as_they_are() -> None:
    assert words.code_words("SCSE777") == "SCSE777"
    assert words.reason_words("hired twice by mistake") == "hired twice by mistake"


def test_text_from_outside_cannot_move_the_cursor_or_show_a_number() -> None:
    assert tables.clean("K-1\x1b[2J\n\u202e920310300123") == "K-1?[2J??********0123"


def test_an_audit_shown_in_full_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding(Cause.SEVERAL, key=ContractKey("K\x1b[2J\x9b1A\u202e"), iin="920310300123")
    run = audit_run(("200940000013", EmployerName("main")), [finding], Compared(1, 0, None), NOW)
    print_run(run, [], personal=True)
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.splitlines())
    assert "920310300123" in shown


def test_json_for_programs_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"event_id": "K\x1b[2J\x9b1A\u202eӘ\u3164\ud800\U000e0100", "at": datetime(2026, 11, 20, 7, tzinfo=UTC)}
    print_json(said)
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.splitlines())
    assert not set("\u3164\U000e0100") & set(shown)
    assert "Ә" in shown
    assert json.loads(shown) == {"event_id": said["event_id"], "at": "2026-11-20T07:00:00Z"}


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=3, hours=4, minutes=5), "3 days 4 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=5, minutes=1), "5 hours 1 minute"),
        (-timedelta(minutes=2), "2 minutes"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_spans_of_time_are_told_in_two_units(duration: timedelta, text: str) -> None:
    assert tables.span(duration) == text


def test_plain_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_table(["id", "why"], [["a", "x"], ["bcd", ""]])
    assert capsys.readouterr().out == "id   why\na    x\nbcd\n"


def test_tables_on_a_terminal_take_markup_for_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    tables.print_table(["id", "contract"], [["a", "[bold]K-1[/bold]"]])
    assert "[bold]K-1[/bold]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("2026-03-10", datetime(2026, 3, 10, 19, tzinfo=UTC)),
        ("2026-03-10T12:00", datetime(2026, 3, 10, 7, tzinfo=UTC)),
        ("2026-03-10T12:00:00Z", datetime(2026, 3, 10, 12, tzinfo=UTC)),
        (None, None),
    ],
)
def test_due_before_a_day_means_its_midnight_in_kazakhstan(text: str | None, bound: datetime | None) -> None:
    assert instant_before(text) == bound


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "10.03.2026", "9999-12-31"])
def test_due_before_nonsense_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        instant_before(text)


@pytest.mark.parametrize(
    ("rate", "interval"),
    [
        ("2/s", timedelta(seconds=0.5)),
        ("0.5/s", timedelta(seconds=2)),
        ("4", timedelta(seconds=0.25)),
        ("30/min", timedelta(seconds=2)),
        ("100/h", timedelta(seconds=36)),
    ],
)
def test_rates(rate: str, interval: timedelta) -> None:
    assert interval_of(rate) == interval


@pytest.mark.parametrize("rate", ["0/s", "-1/s", "2/day", "", "1e9", "100000/s", "0.000001/h"])
def test_rates_that_are_none(rate: str) -> None:
    with pytest.raises(typer.BadParameter):
        interval_of(rate)


def test_actor_keeps_the_reason_and_refuses_identification_numbers() -> None:
    assert actor("  the key is renewed ").reason == "the key is renewed"
    with pytest.raises(typer.BadParameter):
        actor("of 920310300123")


def test_evidence_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeRequest, match="cannot be read"):
        read_evidence(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "1 day 10 hours left"),
        ({"due_utc": NOW - HOUR}, "overdue by 1 hour"),
        ({"due_utc": NOW - HOUR, "state": State.REJECTED}, "overdue by 1 hour"),
        ({"state": State.ACCEPTED, "decided_at": NOW}, "kept, 1 day 10 hours before the end"),
        ({"state": State.ACCEPTED, "decided_at": NOW, "due_utc": NOW}, "missed by less than a minute"),
        ({"state": State.ACCEPTED, "decided_at": NOW, "reason": "settled"}, "the evidence tells when"),
        ({"state": State.CANCELLED, "decided_at": NOW}, "it does not count any more"),
        ({"replaced_by": SubmissionId("x")}, "it does not count any more"),
    ],
)
def test_deadline_is_told_by_where_the_submission_stands(changes: dict[str, object], said: str) -> None:
    story = replace(STORY, row=replace(ROW, **changes))  # type: ignore[arg-type]  # names and types of the row
    assert said in deadline_words(story, NOW)
    assert "Order 353 edition 3, p.7, 5 working days" in deadline_words(story, NOW)


def test_deadline_that_cannot_be_counted_differs_from_one_that_the_law_does_not_set() -> None:
    row = replace(ROW, legal_date=None, safe_date=None, due_utc=None)
    assert deadline_words(replace(STORY, row=row), NOW) == "none is set by the law"
    assert "cannot be read" in deadline_words(replace(STORY, row=row, edition=""), NOW)


def test_next_step_of_a_follower_names_the_one_before_it() -> None:
    row = replace(ROW, wait_reason=WaitReason.PREDECESSOR_REFUSED, blocked_by=SubmissionId("first"))
    assert next_step(row) == "Act on the one before it: usrec submission show first"


def test_next_step_of_one_that_a_restored_ledger_holds_is_to_look_in_the_portal() -> None:
    """It may have been sent after the backup: to let it go on is only the second of two ways."""
    step = next_step(replace(ROW, state=State.INDETERMINATE, wait_reason=WaitReason.HELD_BY_PERSON))
    assert step.index("in the portal") < step.index("usrec submission settle") < step.index("usrec submission release")


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_programs_own_reason_of_a_stop_is_in_the_readers_language(language: str) -> None:
    """A person's own words stay as they are."""
    stop = EmployerStop("200940000013", EmployerName("main"), NOW, "root", NOTE, "", None)
    with in_language(language):
        assert words.REASONS[NOTE] != why_stopped(stop) != NOTE
        assert why_stopped(replace(stop, reason="checked twice")) == "checked twice"


def test_commands_that_are_advised_can_be_given_as_they_stand() -> None:
    """No option that they need is left for a tired person to find out."""
    commands, advised = all_commands(), 0
    for text in translations("ru"):
        for found in re.findall(
            r"usrec (?:submission|employer|mass) [a-z]+ (?:[^;:,.]|\.(?! ))*",
            text if isinstance(text, str) else text[0],
        ):
            command, given = commands.find(found.split())
            if command is None or not re.match(r"\{\w+\}|[A-Z]+$|--", given[0]):
                continue
            advised += 1
            needed = {option.names[0] for option in command.options if option.required}
            assert needed <= set(given), found
    assert advised > 25


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("SCSE012", "Mend the row in the HR system"),
        ("SCSE014", "Look in the portal first"),
        ("SCSE001", "When the cause is mended (the EDS's owner): usrec employer release NAME --reason WHY, then usrec"),
        ("SCSE092", "When the cause is mended (the labour authority, on application): usrec submission retry"),
        ("SCSE777", "Mend the row in the HR system"),
    ],
)
def test_next_step_of_a_refused_one_is_for_whoever_must_act(code: str, step: str) -> None:
    assert next_step(replace(ROW, state=State.REJECTED, code=code)).startswith(step)


def test_timeline_tells_an_abandoned_attempt_before_the_doubt_that_it_caused() -> None:
    attempts = [
        AttemptRow("a1", 1, NOW, NOW + HOUR, "unknown", "", "the agent stopped between sending and recording"),
        AttemptRow("a2", 2, NOW + HOUR, NOW + 2 * HOUR, "registered", "SCSS001", "registered"),
    ]
    lines = [
        ("sign", NOW, "{}"),
        ("attempt_opened", NOW, '{"attempt": 1}'),
        ("doubt", NOW + HOUR, "{}"),
        ("attempt_opened", NOW + HOUR, '{"attempt": 2}'),
        ("attempt_closed", NOW + 2 * HOUR, '{"attempt": 2}'),
        ("accept", NOW + 2 * HOUR, "{}"),
    ]
    journal = [
        JournalRow(seq, at, action, None, None, "agent", "", detail)
        for seq, (action, at, detail) in enumerate(lines, start=1)
    ]
    told = timeline(replace(STORY, attempts=attempts, journal=journal))
    assert [(moment.what, moment.attempt) for moment in told] == [
        ("sign", None),
        ("attempt_opened", 1),
        ("attempt_closed", 1),
        ("doubt", None),
        ("attempt_opened", 2),
        ("attempt_closed", 2),
        ("accept", None),
    ]
    assert (told[2].ending, told[5].code) == ("unknown", "SCSS001")


@pytest.mark.parametrize(
    ("fate", "why", "kind", "code"),
    [
        (CanaryFate.REFUSED, None, UnsafeRequest, 5),
        (CanaryFate.UNKNOWN, WaitReason.ANSWER_UNKNOWN, UnsafeRequest, 5),
        (CanaryFate.NOT_SENT, WaitReason.KEY_UNUSABLE, SigningRefused, 5),
        (CanaryFate.NOT_SENT, WaitReason.GATEWAY_FAULT, GatewayUnavailable, 4),
    ],
)
def test_stopped_replay_says_who_must_act(
    fate: CanaryFate, why: WaitReason | None, kind: type[Exception], code: int
) -> None:
    problem = stopped_by(Canary(fate, 0, replace(ROW, wait_reason=why)))
    assert isinstance(problem, kind)
    assert problem.exit_code == code
    assert "Nothing behind it was touched" in str(problem)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": State.REJECTED, "status": None}, PersonNeeded.REFUSED),
        ({"state": State.INVALID, "status": None}, PersonNeeded.INVALID),
        ({"wait_reason": WaitReason.CHECKED_OUT}, PersonNeeded.CHECKED_OUT),
        ({"wait_reason": WaitReason.ANSWER_UNKNOWN}, None),
        ({"wait_reason": WaitReason.PAPER_DATE}, None),
        ({}, None),
    ],
)
def test_who_is_needed(changes: dict[str, object], why: PersonNeeded | None) -> None:
    assert person_needed(replace(ROW, **changes)) is why  # type: ignore[arg-type]  # names and types of the row
