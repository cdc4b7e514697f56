"""A submission's record in a bundle: its lines of the journal, and whether it says what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from usrec.domain.chain import ChainLine
from usrec.domain.state import State


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
    if record["state"] == State.ACCEPTED and not any(one["accepted"] for one in record["decisions"]):
        yield "it is accepted, and no decision says so"
    opened = {detail_of(line).get("attempt"): line.at for line in lines if line.action == "attempt_opened"}
    closed = {detail_of(line).get("attempt"): line for line in lines if line.action == "attempt_closed"}
    for attempt in record["attempts"]:
        number, end = attempt["number"], closed.get(attempt["number"])
        if opened.get(number, attempt["opened_at"]) != attempt["opened_at"]:
            yield f"attempt {number} began at another time"
        if end is None:
            continue
        said = (end.at, detail_of(end).get("ending"), detail_of(end).get("code"))
        if said != (attempt["closed_at"], attempt["ending"], attempt["code"]):
            yield f"attempt {number} ended otherwise"
    yield from _otherwise_asked(record.get("questions", []), [line for line in lines if line.action == "asked"])


def _otherwise_asked(questions: list[Mapping[str, Any]], lines: list[ChainLine]) -> Iterator[str]:
    names = ("after_attempt", "finding", "code")
    told = [(line.at, *(detail_of(line).get(name) for name in names)) for line in lines]
    if told != [(asked["answered_at"], *(asked[name] for name in names)) for asked in questions]:
        yield "its questions are not those that the journal tells of"
