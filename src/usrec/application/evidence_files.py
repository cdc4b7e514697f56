"""The files of an evidence bundle as text: stable, versioned, described in docs/reference/evidence.md.

Keys are English and sorted where they are a mapping by name; times are ISO 8601 in UTC; what is unknown is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from usrec.domain.chain import BatchHeader, moment
from usrec.domain.chain_proof import Link, line_json
from usrec.domain.evidence import AttemptEvidence, DecisionEvidence, Dossier, QuestionEvidence
from usrec.domain.outage import Outage
from usrec.domain.response_code import Explanation
from usrec.domain.source_event import SourceRow

VERSION: Final = 1
"""Of every file's layout; a reader that knows an older one refuses a newer."""
INDEX: Final = "index.csv"
BATCHES: Final = "journal/batches.jsonl"
HEAD: Final = "journal/head.json"
HEAD_SIGNATURE: Final = "journal/head.p7s"
HEAD_TIMESTAMP: Final = "journal/head.tsr"
CODES: Final = "codes.json"
ACT: Final = "act.pdf"
README: Final = "README.txt"
CERTIFICATES: Final = "certificates"
SUBMISSIONS: Final = "submissions"
RECORD: Final = "record.json"

_SAID: Final = (
    "id", "source", "row_ref", "event_id", "revision", "operation", "employer", "employer_bin", "contract_key",
    "state", "code", "reason", "record_id", "contract_id", "withdrawn", "decided_at", "replaces", "replaced_by",
)  # fmt: skip


def folder_of(submission_id: str) -> str:
    """Where the files of a submission stand."""
    return f"{SUBMISSIONS}/{submission_id}"


def text_of(value: Any) -> bytes:
    """JSON that a person can read too."""
    return (json.dumps(plain(value), ensure_ascii=False, indent=1) + "\n").encode()


def line_of(value: Any) -> bytes:
    """JSON in one line."""
    return (json.dumps(plain(value), ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def plain(value: Any) -> Any:
    """Times, words and mappings as JSON has them."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(plain(name)): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value


def event_json(row: SourceRow) -> Mapping[str, Any]:
    """The row as HR gave it; a payload that is JSON stands as such, with its keys sorted."""
    said = {item.name: getattr(row, item.name) for item in fields(row)}
    try:
        payload = json.loads(row.payload)
    except (ValueError, RecursionError):
        payload = row.payload
    return said | {"payload": dict(sorted(payload.items())) if isinstance(payload, dict) else payload}


def record_json(dossier: Dossier, files: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
    """Everything about one submission that is not a file of its own.

    Args:
        files: Names of those files: ``event``, ``document``, ``attempt N``, ``question N``, ``decision N``.
    """
    record = dossier.record
    submission, message = record.submission, record.message
    return {
        "format": "usrec-evidence-submission",
        "version": VERSION,
        **{name: getattr(submission, name) for name in _SAID},
        "as_of": now,
        "pruned_at": record.pruned_at,
        "event": files.get("event"),
        "deadline": _deadline_json(dossier),
        "times": {item.name: getattr(dossier.times, item.name) for item in fields(dossier.times)},
        "document": None
        if message is None
        else {
            "file": files.get("document"),
            "sha256": message.digest,
            "message_id": message.message_id,
            "signed_at": message.signed_at,
            "certificate": message.certificate,
            "valid_until": message.valid_until,
        },
        "attempts": [_attempt_json(one, files.get(f"attempt {one.number}")) for one in record.attempts],
        "questions": [_question_json(one, files.get(f"question {one.after_attempt}")) for one in record.questions],
        "decisions": [_decision_json(one, files.get(f"decision {at}")) for at, one in enumerate(record.decisions, 1)],
        "alerts": [{item.name: getattr(one, item.name) for item in fields(one)} for one in record.alerts],
        "outages": [outage_json(one) for one in dossier.outages],
        "digest_key": record.digest_key.hex(),
        "journal": [line_json(line) for line in record.lines],
    }


def _deadline_json(dossier: Dossier) -> Mapping[str, Any]:
    submission = dossier.record.submission
    names = ("trigger", "edition", "point", "term", "legal_date", "safe_date", "due_utc", "calendar_version")
    return {
        **{name: getattr(submission, name) for name in names},
        "timeliness": dossier.timeliness,
        "counted_with": dossier.counted_with,
        "counting_agrees": dossier.counting_agrees,
        "days": [{item.name: getattr(day, item.name) for item in fields(day)} for day in dossier.days],
    }


def _attempt_json(one: AttemptEvidence, file: str | None) -> Mapping[str, Any]:
    names = ("number", "id", "opened_at", "closed_at", "ending", "code", "detail", "correlation_id")
    return {
        **{name: getattr(one, name) for name in names},
        "request": {"sha256": one.envelope_digest, "kept": False},
        "answer": file,
    }


def _question_json(one: QuestionEvidence, file: str | None) -> Mapping[str, Any]:
    names = ("after_attempt", "asked_at", "answered_at", "correlation_id", "finding", "code", "detail", "signed_digest")
    return {**{name: getattr(one, name) for name in names}, "answer": file}


def _decision_json(one: DecisionEvidence, file: str | None) -> Mapping[str, Any]:
    names = ("kind", "accepted", "code", "registry_id", "acknowledged_at", "signed_digest", "attempt_id")
    return {**{name: getattr(one, name) for name in names}, "file": file}


def outage_json(outage: Outage) -> Mapping[str, Any]:
    """An outage."""
    return {"began": outage.began, "ended": outage.ended, "failures": outage.failures}


def link_json(link: Link) -> Mapping[str, Any]:
    """A batch of the chain; ``digests`` in hexadecimal, null where only the header is needed."""
    header = {name: getattr(link.header, name) for name in BatchHeader.__slots__}
    return {**header, "hash": link.hash, "digests": None if link.digests is None else link.digests.hex()}


def explanation_json(one: Explanation) -> Mapping[str, Any]:
    """What a code means, in each language."""
    texts = {
        language: {"meaning": text.meaning, "cause": text.cause, "action": text.action}
        for language, text in sorted(one.texts.items())
    }
    return {"code": one.code, "point": one.point, "sure": one.sure, "texts": texts}


def answer_name(folder: str, stem: str, content: bytes) -> str:
    """What an answer's file is called: most are XML."""
    return f"{folder}/{stem}.{'xml' if content.lstrip()[:1] == b'<' else 'bin'}"
