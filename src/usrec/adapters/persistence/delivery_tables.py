"""The tables of the delivery story: what is to be sent, every try to send it, and what the authority decided."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from usrec.adapters.persistence.columns import counted, given, literal_word, metadata, of_submission, one_of, only_where
from usrec.adapters.persistence.types import KEY, UtcDateTime, WordType
from usrec.domain.signing_request import AWAITING
from usrec.domain.submission import ON_THE_DESK, QueueStatus, WaitReason
from usrec.domain.verdict import Ending

outbox = Table(
    "outbox",
    metadata,
    of_submission(primary_key=True),
    given("employer_bin", KEY),
    given("contract_key", KEY),
    given("status", WordType(QueueStatus)),
    given("priority", UtcDateTime),
    given("available_at", UtcDateTime),
    Column("wait_reason", WordType(WaitReason)),
    Column("blocked_by", KEY, ForeignKey("submissions.id")),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    given("fence", BigInteger),
    given("attempts", Integer),
    given("doubtful", Boolean),
    given("note", Text),
    one_of("status", QueueStatus),
    CheckConstraint(
        "(status = 'claimed') = (lease_owner IS NOT NULL) AND (status = 'claimed') = (lease_until IS NOT NULL)",
        name="lease",
    ),
)

READY: Final = outbox.c.status == literal_word(QueueStatus.READY)
SCHEDULED: Final = outbox.c.status == literal_word(QueueStatus.SCHEDULED)
CLAIMED: Final = outbox.c.status == literal_word(QueueStatus.CLAIMED)
MOVING: Final = outbox.c.status.in_(
    [literal_word(status) for status in (QueueStatus.READY, QueueStatus.SCHEDULED, QueueStatus.CLAIMED)]
)
"""Entries that the agent sends by itself, now or later; of one contract there is at most one."""

Index("ix_outbox_ready", outbox.c.priority, outbox.c.submission_id, info=only_where(READY))
Index("ix_outbox_line", outbox.c.employer_bin, outbox.c.priority, outbox.c.submission_id, info=only_where(READY))
"""For employers that each have a line of their own."""
Index("ix_outbox_scheduled", outbox.c.available_at, info=only_where(SCHEDULED))
Index("ix_outbox_claimed", outbox.c.lease_until, info=only_where(CLAIMED))
Index(
    "uq_outbox_moving_contract",
    outbox.c.employer_bin,
    outbox.c.contract_key,
    unique=True,
    info=only_where(MOVING),
)

signing_requests = Table(
    "signing_requests",
    metadata,
    Column("submission_id", KEY, ForeignKey("outbox.submission_id", ondelete="CASCADE"), primary_key=True),
    given("document", LargeBinary),
    given("digest", Text),
    Column("record_id", KEY),
    given("asked_at", UtcDateTime),
    Column("package_id", Text),
    Column("packaged_at", UtcDateTime),
    Column("approved_by", Text),
    Column("approved_at", UtcDateTime),
    Column("approved_digest", Text),
    CheckConstraint("(package_id IS NULL) = (packaged_at IS NULL)", name="package"),
    CheckConstraint(
        "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_digest IS NULL)",
        name="approval",
    ),
)

employer_stops = Table(
    "employer_stops",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    given("employer", Text),
    given("stopped_at", UtcDateTime),
    given("stopped_by", Text),
    given("reason", Text),
    given("code", Text),
    Column("submission_id", KEY, ForeignKey("submissions.id")),
)

SIGNATURE_AWAITED: Final = outbox.c.wait_reason == literal_word(WaitReason.AWAITING_SIGNATURE)
AWAITED: Final = outbox.c.wait_reason.in_([literal_word(reason) for reason in sorted(AWAITING)])
"""Entries for which a person's signature or approval is awaited."""
DESK_AWAITS: Final = outbox.c.wait_reason.in_([literal_word(reason) for reason in sorted(ON_THE_DESK)])
"""Entries that go on when somebody has acted after a refusal, or has settled a doubt."""
REMINDED_OF: Final = outbox.c.wait_reason.in_(
    [literal_word(reason) for reason in sorted({*AWAITING, WaitReason.AWAITING_IIN})]
)
"""Entries of which somebody is reminded on every working day."""

Index(
    "ix_outbox_awaited",
    outbox.c.employer_bin,
    outbox.c.priority,
    outbox.c.submission_id,
    info=only_where(SIGNATURE_AWAITED),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", KEY, primary_key=True),
    of_submission(),
    given("number", Integer),
    given("fence", BigInteger),
    given("opened_at", UtcDateTime),
    given("correlation_id", Text),
    given("envelope_digest", Text),
    Column("closed_at", UtcDateTime),
    Column("ending", WordType(Ending)),
    given("code", Text),
    given("detail", Text),
    Column("reply", LargeBinary),
    UniqueConstraint("submission_id", "number"),
    CheckConstraint("(closed_at IS NULL) = (ending IS NULL)", name="ending"),
)

UNCLOSED: Final = attempts.c.closed_at.is_(None)

Index("ix_attempts_closed", attempts.c.closed_at, attempts.c.ending)
Index("uq_attempts_open", attempts.c.submission_id, unique=True, info=only_where(UNCLOSED))

acknowledgements = Table(
    "acknowledgements",
    metadata,
    counted("id"),
    of_submission(),
    Column("attempt_id", KEY, ForeignKey("attempts.id")),
    given("kind", Text),
    given("accepted", Boolean),
    given("code", Text),
    Column("registry_id", Text),
    given("signed_digest", Text, unique=True),
    given("acknowledged_at", UtcDateTime),
    given("evidence", LargeBinary),
    sqlite_autoincrement=True,
)
Index("ix_acknowledgements_submission", acknowledgements.c.submission_id)
