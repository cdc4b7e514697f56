"""Every try to send, and every trusted decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update

from usrec.adapters.persistence.claims import SENT
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import UNCLOSED, acknowledgements, attempts
from usrec.adapters.persistence.portions import in_portions
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.writing import Row, WriteBehind
from usrec.domain.errors import InvariantViolation
from usrec.domain.submission import AttemptId, SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Acknowledgement, Attempt, AttemptClosing

REPLY: Final = "attempts.reply"
DETAIL: Final = "attempts.detail"
EVIDENCE: Final = "acknowledgements.evidence"
"""Places of sealed values."""

_OF: Final = attempts.c.submission_id == bindparam("which")
_SENT: Final = attempts.c.ending.in_([literal_word(ending) for ending in SENT])

_OPEN: Final = insert(attempts).values(code="", detail="")
_CLOSE: Final = update(attempts).where(attempts.c.id == bindparam("which"), UNCLOSED)
_KEEP_LATE: Final = update(attempts).where(attempts.c.id == bindparam("which"), func.length(attempts.c.reply) == 0)
_IDS: Final = attempts.c.id.in_(bindparam("ids", expanding=True))
_RECORDED: Final = select(attempts.c.id).where(_IDS)
_CLOSED: Final = select(attempts.c.id, func.length(attempts.c.reply) > 0).where(_IDS, ~UNCLOSED)
_OPEN_OF: Final = select(attempts.c.id).where(_OF, UNCLOSED)
_REFUSED_OF: Final = (
    select(func.count()).select_from(attempts).where(_OF, attempts.c.ending == literal_word(Ending.REFUSED))
)
_LAST_OF: Final = select(func.max(attempts.c.number)).where(_OF)
_SENT_OF: Final = select(func.count()).select_from(attempts).where(_OF, _SENT | UNCLOSED)

_SEEN: Final = select(acknowledgements.c.signed_digest).where(
    acknowledgements.c.signed_digest.in_(bindparam("digests", expanding=True))
)
_ACKNOWLEDGE: Final = insert(acknowledgements).inline()


class SqlAttempts:
    """The ``Attempts`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def open(self, attempt: Attempt) -> None:
        """Record an attempt before it is made; the database allows one open attempt for a submission."""
        self._connection.later(_OPEN, values_of(attempt))

    def close(self, attempt_id: AttemptId, closing: AttemptClosing) -> None:
        """Record how it ended, once; the bytes of an answer that comes after that are kept as well."""
        sealing = sealing_of(self._connection)
        reply = sealing.content(REPLY, [attempt_id], closing.reply) if closing.reply else b""
        detail = sealing.text(DETAIL, [attempt_id], closing.detail) if closing.detail else ""
        sealed = {"reply": reply, "detail": detail}
        closed = {"which": attempt_id, **values_of(closing), **sealed}
        self._connection.later_by("attempts", self._close, closed)

    def _close(self, closed: list[Row]) -> None:
        """All at once where none was closed before; otherwise each by itself, which changes nothing of the others."""
        if self._connection.changed(_CLOSE, closed) != len(closed):
            for one in closed:
                self._close_again(one)

    def _close_again(self, closed: Row) -> None:
        attempt_id, reply = closed["which"], closed["reply"]
        if self._connection.changed(_CLOSE, closed):
            return
        if reply:
            self._connection.execute(_KEEP_LATE, {"which": attempt_id, "reply": reply})
        if not self.recorded([attempt_id]):
            raise InvariantViolation(
                "an attempt was to be closed that was never opened",
                where=f"attempt {attempt_id}",
                kept="The transaction was rolled back",
                next_step="Report this",
            )

    def recorded(self, attempt_ids: Collection[AttemptId]) -> Collection[AttemptId]:
        """Those of these that were ever opened."""
        portions = in_portions(set(attempt_ids))
        return {one for some in portions for one in self._connection.scalars(_RECORDED, {"ids": some})}

    def closed(self, attempt_ids: Collection[AttemptId]) -> Mapping[AttemptId, bool]:
        """Those of these that have ended."""
        portions = in_portions(set(attempt_ids))
        rows = (row for some in portions for row in self._connection.execute(_CLOSED, {"ids": some}))
        return {AttemptId(which): bool(with_reply) for which, with_reply in rows}

    def open_of(self, submission_id: SubmissionId) -> AttemptId | None:
        """The attempt that was never closed."""
        found: AttemptId | None = self._connection.scalar(_OPEN_OF, {"which": submission_id})
        return found

    def last_number(self, submission_id: SubmissionId) -> int:
        """The number of the last attempt."""
        return self._connection.scalar(_LAST_OF, {"which": submission_id}) or 0

    def sent_of(self, submission_id: SubmissionId) -> int:
        """After how many attempts the authority may hold the record (open ones included)."""
        return self._connection.scalar(_SENT_OF, {"which": submission_id}) or 0

    def refused_of(self, submission_id: SubmissionId) -> int:
        """How many attempts a signed answer refused."""
        return self._connection.scalar(_REFUSED_OF, {"which": submission_id}) or 0


class SqlAcknowledgements:
    """The ``Acknowledgements`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def seen(self, signed_digests: Collection[str]) -> Collection[str]:
        """Those of these digests under which an answer is on record."""
        portions = in_portions(set(signed_digests))
        return {one for some in portions for one in self._connection.scalars(_SEEN, {"digests": some})}

    def add(self, acknowledgement: Acknowledgement) -> None:
        """Record a decision."""
        row = [acknowledgement.signed_digest]
        evidence = sealing_of(self._connection).content(EVIDENCE, row, acknowledgement.evidence)
        self._connection.later(_ACKNOWLEDGE, {**values_of(acknowledgement), "evidence": evidence})
