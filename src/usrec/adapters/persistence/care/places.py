"""The columns that hold personal data, and whose values are encrypted at rest where there is a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table, Text

from usrec.adapters.persistence.attempts import DETAIL, EVIDENCE, REPLY
from usrec.adapters.persistence.audit_tables import audit_runs
from usrec.adapters.persistence.audits import REPORT
from usrec.adapters.persistence.delivery_tables import acknowledgements, attempts, signing_requests
from usrec.adapters.persistence.documents import CONTENT
from usrec.adapters.persistence.inbox import LEDGER_KEY, PAYLOAD
from usrec.adapters.persistence.intake import INTAKE_PAYLOAD
from usrec.adapters.persistence.intake_tables import intake_rows
from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.questions import QUESTION_REPLY
from usrec.adapters.persistence.rows import DETAILS, MESSAGE, REQUEST
from usrec.adapters.persistence.sealing import RowKey, Sealing
from usrec.adapters.persistence.snapshot_tables import snapshot_events, snapshot_stories
from usrec.adapters.persistence.snapshots import EVENT, STORY
from usrec.adapters.persistence.tables import documents, inbox, ledger_meta, messages, submissions


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """A column of sealed values.

    Attributes:
        name: Table and column.
        key: Columns that tell its rows apart, in the order in which they are bound to the values.
    """

    name: str
    table: Table
    key: Sequence[Column[Any]]

    @property
    def column(self) -> Column[Any]:
        """The column itself."""
        return self.table.c[self.name.partition(".")[2]]

    @property
    def is_text(self) -> bool:
        """Whether it holds text; bytes else."""
        return isinstance(self.column.type, Text)

    def opened(self, sealing: Sealing, row: RowKey, stored: Any) -> Any:
        """The value."""
        if self.is_text:
            return sealing.opened_text(self.name, row, stored)
        return sealing.opened_content(self.name, row, stored)

    def sealed(self, sealing: Sealing, row: RowKey, value: Any) -> Any:
        """As it is stored."""
        if self.is_text:
            return sealing.text(self.name, row, value)
        return sealing.content(self.name, row, value)


PLACES: Final = (
    SealedPlace(PAYLOAD, inbox, (inbox.c.source, inbox.c.event_id, inbox.c.revision)),
    SealedPlace(INTAKE_PAYLOAD, intake_rows, (intake_rows.c.id,)),
    SealedPlace(DETAILS, submissions, (submissions.c.id,)),
    SealedPlace(MESSAGE, messages, (messages.c.submission_id,)),
    SealedPlace(REQUEST, signing_requests, (signing_requests.c.submission_id,)),
    SealedPlace(CONTENT, documents, (documents.c.digest,)),
    SealedPlace(REPLY, attempts, (attempts.c.id,)),
    SealedPlace(DETAIL, attempts, (attempts.c.id,)),
    SealedPlace(QUESTION_REPLY, questions, (questions.c.submission_id, questions.c.after_attempt)),
    SealedPlace(EVIDENCE, acknowledgements, (acknowledgements.c.signed_digest,)),
    SealedPlace(
        STORY,
        snapshot_stories,
        (snapshot_stories.c.source, snapshot_stories.c.kind, snapshot_stories.c.folded_key),
    ),
    SealedPlace(
        EVENT,
        snapshot_events,
        (snapshot_events.c.source, snapshot_events.c.event_id, snapshot_events.c.revision),
    ),
    SealedPlace(REPORT, audit_runs, (audit_runs.c.employer_bin,)),
    SealedPlace(LEDGER_KEY, ledger_meta, (ledger_meta.c.one_row,)),
)
