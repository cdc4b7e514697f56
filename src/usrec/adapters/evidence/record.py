"""A submission's record in a bundle: its lines of the journal, and whether it says what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from usrec.domain.chain import ChainLine
from usrec.domain.evidence import ID_CORRECTED, Timeliness, timeliness
from usrec.domain.outcome import Doubt
from usrec.domain.state import State
from usrec.domain.verdict import Ending

_GIVE_UP: Final = frozenset({"attempt_opened", "asked", "not_signed"})
"""Steps in which an agent gives up an attempt that a dead or paused one began, without a line of its own."""


def lines_of(record: Mapping[str, Any]) -> Iterator[ChainLine]:
    """Its lines of the journal."""
    return (ChainLine(**line) for line in record["journal"])


def detail_of(line: ChainLine) -> Mapping[str, Any]:
    """What a line says beside its words; nothing where that cannot be read."""
    try:
        detail = json.loads(line.detail)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def is_about(line: ChainLine, asked: Mapping[str, Any]) -> bool:
    """Whether a line tells of this question to the registry."""
    return line.action == "asked" and detail_of(line).get("after_attempt") == asked["after_attempt"]


def contradictions(record: Mapping[str, Any], lines: list[ChainLine]) -> Iterator[str]:
    """What a record says otherwise than its own lines of the journal."""
    if any(line.submission_id != record["id"] for line in lines):
        yield "a line of another submission stands in its journal"
    states = [line.to_state for line in lines if line.to_state is not None]
    if states and states[-1] != record["state"]:
        yield f"its state is {record['state']}, the journal's last one {states[-1]}"
    yield from _attempts_otherwise(record["attempts"], lines)
    yield from _decided_otherwise(record, lines)
    yield from _otherwise_asked(record.get("questions", []), [line for line in lines if line.action == "asked"])


def _attempts_otherwise(attempts: list[Mapping[str, Any]], lines: list[ChainLine]) -> Iterator[str]:
    """Every attempt was begun and ended in the journal, and none is left out: they are numbered from 1 without gaps."""
    opened = {detail_of(line).get("attempt"): line.at for line in lines if line.action == "attempt_opened"}
    begun = {*opened, *(detail_of(line).get("attempt") for line in lines if line.action == "intent_restored")}
    for attempt in attempts:
        number = attempt["number"]
        if number not in begun and not _stands_for_forgotten_ones(attempt, lines):
            yield f"the journal knows of no attempt {number}"
        elif opened.get(number, attempt["opened_at"]) != attempt["opened_at"]:
            yield f"attempt {number} began at another time"
        if number in begun and not _ended_so(attempt, lines):
            yield f"attempt {number} ended otherwise"
    numbers = {attempt["number"] for attempt in attempts}
    no_further = min(max(numbers, default=0), len(begun | numbers) + 1)
    for left_out in {*begun, *range(1, no_further)} - numbers - {None}:
        yield f"attempt {left_out} is left out"


def _ended_so(attempt: Mapping[str, Any], lines: list[ChainLine]) -> bool:
    """Whether the journal tells of this end; of one that was given up, it may tell of an answer that came later."""
    number, closed = attempt["number"], attempt["closed_at"]
    ends = [(line, detail_of(line)) for line in lines if line.action == "attempt_closed"]
    told = [(line.at, end.get("ending"), end.get("code")) for line, end in ends if end.get("attempt") == number]
    if closed is None or (closed, attempt["ending"], attempt["code"]) in told:
        return closed is not None or not told
    others = [line.at for line in lines if line.action in _GIVE_UP and detail_of(line).get("attempt") != number]
    return (attempt["ending"], attempt["code"]) == (Ending.UNKNOWN, "") and closed in others


def _stands_for_forgotten_ones(attempt: Mapping[str, Any], lines: list[ChainLine]) -> bool:
    """Whether it was made when a backup was restored, for whatever that ledger does not know."""
    ended = (attempt["closed_at"], attempt["ending"], attempt["code"])
    doubts = [line.at for line in lines if line.reason == Doubt.LEDGER_RESTORED]
    return attempt["opened_at"] in doubts and ended == (attempt["opened_at"], Ending.UNKNOWN, "")


def _decided_otherwise(record: Mapping[str, Any], lines: list[ChainLine]) -> Iterator[str]:
    """It was taken and registered when the journal says so, and that was in time or not."""
    received = [line.at for line in lines if line.action == "receive"]
    if received and record["times"]["taken"] != received[0]:
        yield "it was taken at another time"
    accepted = [one["acknowledged_at"] for one in record["decisions"] if one["accepted"]]
    registered = (line for line in lines if line.to_state == State.ACCEPTED != line.from_state)
    moments = {line.at for line in (*registered, *(line for line in lines if line.action == ID_CORRECTED))}
    ends = (detail_of(line) for line in lines if line.action == "attempt_closed")
    moments |= {end["came_at"] for end in ends if "came_at" in end and end.get("ending") == Ending.REGISTERED}
    if not moments.issuperset(accepted):
        yield "it was registered at another time"
    if record["state"] == State.ACCEPTED and not accepted:
        yield "it is accepted, and no decision says so"
    counts = accepted if record["state"] == State.ACCEPTED else []
    if record["times"]["acknowledged"] != min(counts, default=None) or (counts and record["decided_at"] not in counts):
        yield "its times are not those of its decisions"
    if record["deadline"]["timeliness"] != _timeliness(record):
        yield f"it is not {record['deadline']['timeliness']}"


def _timeliness(record: Mapping[str, Any]) -> Timeliness:
    """What its own times make of it."""
    due, decided = record["deadline"]["due_utc"], record["decided_at"]
    return timeliness(
        State(record["state"]),
        replaced=record["replaced_by"] is not None,
        due=None if due is None else datetime.fromisoformat(due),
        decided=None if decided is None else datetime.fromisoformat(decided),
        now=datetime.fromisoformat(record["as_of"]),
    )


def _otherwise_asked(questions: list[Mapping[str, Any]], lines: list[ChainLine]) -> Iterator[str]:
    names = ("after_attempt", "finding", "code")
    told = [(line.at, *(detail_of(line).get(name) for name in names)) for line in lines]
    if told != [(asked["answered_at"], *(asked[name] for name in names)) for asked in questions]:
        yield "its questions are not those that the journal tells of"
