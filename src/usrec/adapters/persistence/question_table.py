"""The table of the questions that the registry was asked about records in doubt; rows are never changed."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, UniqueConstraint

from usrec.adapters.persistence.columns import counted, given, metadata, of_submission, one_of
from usrec.adapters.persistence.types import UtcDateTime, WordType
from usrec.domain.inquiry import Finding

questions = Table(
    "questions",
    metadata,
    counted("id"),
    of_submission(),
    given("after_attempt", Integer),
    given("asked_at", UtcDateTime),
    given("answered_at", UtcDateTime),
    given("correlation_id", Text),
    given("finding", WordType(Finding)),
    given("code", Text),
    given("detail", Text),
    Column("signed_digest", Text, unique=True),
    given("reply", LargeBinary),
    UniqueConstraint("submission_id", "after_attempt"),
    one_of("finding", Finding),
    sqlite_autoincrement=True,
)
