"""Values of the domain to rows and back. The columns of a value stand in the order of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final

from usrec.adapters.persistence.delivery_tables import outbox, signing_requests
from usrec.adapters.persistence.sealing import Sealing
from usrec.adapters.persistence.tables import messages, submissions
from usrec.domain.message import SignedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import QueueEntry, Submission

_SUBMISSION_FIELDS: Final = tuple(field.name for field in fields(Submission))
_ENTRY_FIELDS: Final = tuple(field.name for field in fields(QueueEntry))
_MESSAGE_FIELDS: Final = tuple(field.name for field in fields(SignedMessage))
_REQUEST_FIELDS: Final = tuple(field.name for field in fields(SigningRequest))

SUBMISSION_COLUMNS: Final = tuple(submissions.c[name] for name in _SUBMISSION_FIELDS)
ENTRY_COLUMNS: Final = tuple(outbox.c[name] for name in _ENTRY_FIELDS)
MESSAGE_COLUMNS: Final = tuple(messages.c[name] for name in _MESSAGE_FIELDS)
REQUEST_COLUMNS: Final = tuple(signing_requests.c[name] for name in _REQUEST_FIELDS)

DETAILS: Final = "submissions.details"
MESSAGE: Final = "messages.document"
REQUEST: Final = "signing_requests.document"
"""Places of sealed values."""
_DETAILS: Final = _SUBMISSION_FIELDS.index("details")

LEASE_FIELDS: Final = frozenset({"lease_owner", "lease_until", "fence"})
"""Only ``claim``, ``promote`` and ``put`` itself touch them."""


def values_of(value: Any) -> dict[str, Any]:
    """A value's fields by name."""
    return {name: getattr(value, name) for name in value.__slots__}


def submission_values(submission: Submission, sealing: Sealing) -> dict[str, Any]:
    """A row of ``submissions``."""
    return {**values_of(submission), "details": sealing.text(DETAILS, [submission.id], submission.details)}


def message_values(submission_id: str, message: SignedMessage, sealing: Sealing) -> dict[str, Any]:
    """A row of ``messages``."""
    document = sealing.content(MESSAGE, [submission_id], message.document)
    return {"submission_id": submission_id, **values_of(message), "document": document}


def request_values(request: SigningRequest, sealing: Sealing) -> dict[str, Any]:
    """A row of ``signing_requests``."""
    document = sealing.content(REQUEST, [request.submission_id], request.document)
    return {**values_of(request), "document": document}


def entry_values(entry: QueueEntry) -> dict[str, Any]:
    """A row of ``outbox`` without its lease."""
    return {name: getattr(entry, name) for name in _ENTRY_FIELDS if name not in LEASE_FIELDS}


def submission_of(row: Sequence[Any], sealing: Sealing) -> Submission:
    """The submission of a row of ``SUBMISSION_COLUMNS``."""
    values: list[Any] = [*row]
    values[_DETAILS] = sealing.opened_text(DETAILS, [row[0]], row[_DETAILS])
    return Submission(*values)


def entry_of(row: Sequence[Any]) -> QueueEntry:
    """The queue entry of a row of ``ENTRY_COLUMNS``."""
    return QueueEntry(*row)


def message_of(submission_id: str, row: Sequence[Any], sealing: Sealing) -> SignedMessage | None:
    """The signed message of a row of ``MESSAGE_COLUMNS``, None where an outer join found none."""
    if row[0] is None:
        return None
    message = SignedMessage(*row)
    return replace(message, document=sealing.opened_content(MESSAGE, [submission_id], message.document))


def request_of(row: Sequence[Any], sealing: Sealing) -> SigningRequest | None:
    """The signing request of a row of ``REQUEST_COLUMNS``, None where an outer join found none."""
    if row[0] is None:
        return None
    request = SigningRequest(*row)
    return replace(request, document=sealing.opened_content(REQUEST, [request.submission_id], request.document))
