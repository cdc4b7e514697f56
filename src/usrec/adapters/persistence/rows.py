"""Values of the domain to rows and back. The columns of a value stand in the order of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from usrec.adapters.persistence.delivery_tables import outbox, signing_requests
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

LEASE_FIELDS: Final = frozenset({"lease_owner", "lease_until", "fence"})
"""Only ``claim``, ``promote`` and ``put`` itself touch them."""


def values_of(value: Any) -> dict[str, Any]:
    """A value's fields by name."""
    return {name: getattr(value, name) for name in value.__slots__}


def submission_values(submission: Submission) -> dict[str, Any]:
    """A row of ``submissions``."""
    return values_of(submission)


def entry_values(entry: QueueEntry) -> dict[str, Any]:
    """A row of ``outbox`` without its lease."""
    return {name: getattr(entry, name) for name in _ENTRY_FIELDS if name not in LEASE_FIELDS}


def submission_of(row: Sequence[Any]) -> Submission:
    """The submission of a row of ``SUBMISSION_COLUMNS``."""
    return Submission(*row)


def entry_of(row: Sequence[Any]) -> QueueEntry:
    """The queue entry of a row of ``ENTRY_COLUMNS``."""
    return QueueEntry(*row)


def message_of(row: Sequence[Any]) -> SignedMessage | None:
    """The signed message of a row of ``MESSAGE_COLUMNS``, None where an outer join found none."""
    return None if row[0] is None else SignedMessage(*row)


def request_of(row: Sequence[Any]) -> SigningRequest | None:
    """The signing request of a row of ``REQUEST_COLUMNS``, None where an outer join found none."""
    return None if row[0] is None else SigningRequest(*row)
