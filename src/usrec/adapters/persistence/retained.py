"""Finding and pruning the personal data of contracts that ended long ago."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)

from usrec.adapters.persistence.alert_tables import alerts, deliveries
from usrec.adapters.persistence.audit_tables import audit_runs
from usrec.adapters.persistence.delivery_tables import acknowledgements, attempts, outbox
from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.rows import DETAILS
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.snapshot_tables import snapshot_stories
from usrec.adapters.persistence.tables import UNSETTLED, documents, inbox, messages, submissions, write_backs
from usrec.adapters.persistence.together_tables import pair_halves
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.document import digest_in
from usrec.domain.retention import KeptEvent, Prunable, Retention, RetentionRule, last_of, rule_of
from usrec.domain.state import SETTLED
from usrec.ports.retention import ContractRef

_COLUMNS: Final = submissions.c
_CONTRACT: Final = (_COLUMNS.employer_bin, _COLUMNS.contract_key)
_LAST_AT: Final = func.coalesce(_COLUMNS.decided_at, _COLUMNS.received_at, type_=_COLUMNS.received_at.type)
_QUEUED: Final = exists().where(outbox.c.submission_id == _COLUMNS.id)
_UNTOLD: Final = exists().where(
    write_backs.c.source == _COLUMNS.source,
    write_backs.c.row_ref == _COLUMNS.row_ref,
    write_backs.c.written_at.is_(None),
)
_AT_ONCE: Final = 500
_FORGET_AUDIT: Final = (
    update(audit_runs).where(audit_runs.c.employer_bin == bindparam("its_employer")).values(report="{}")
)
"""An audit's report may name a contract whose data goes; the next audit makes another."""


class SqlRetainedData:
    """The ``RetainedData`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def prunable(
        self, rules: Retention, now: datetime, after: ContractRef | None, limit: int
    ) -> tuple[Sequence[Prunable], ContractRef | None]:
        """Contracts whose data may go, among the next old ones."""
        bounds = [rules.ended_years, rules.taken_back_years]
        if not any(bounds):
            return [], None
        contracts = [(row[0], row[1]) for row in self._connection.execute(_old(rules, now, after, limit))]
        found = [one for contract in contracts if (one := self._judged(contract, rules, now)) is not None]
        return found, contracts[-1] if len(contracts) == limit else None

    def prune(self, contracts: Sequence[Prunable], now: datetime) -> int:
        """Take their personal data away."""
        total = 0
        for one in contracts:
            rows = self._connection.execute(_keys(one)).all()
            self._prune(rows, f"pruned {now.date().isoformat()}", now)
            self._connection.execute(_close_story(one))
            total += len(rows)
        for employer_bin in sorted({one.employer_bin for one in contracts}):
            self._connection.execute(_FORGET_AUDIT, {"its_employer": employer_bin})
        return total

    def old_alerts(self, before: datetime) -> int:
        """Of events of which no submission is open any more."""
        return self._connection.scalar(select(func.count()).select_from(alerts).where(_is_old(before))) or 0

    def drop_alerts(self, before: datetime, limit: int) -> int:
        """Delete the oldest of them."""
        rows = select(alerts.c.id).where(_is_old(before)).order_by(alerts.c.id).limit(limit)
        gone = list(self._connection.scalars(rows))
        for start in range(0, len(gone), _AT_ONCE):
            some = gone[start : start + _AT_ONCE]
            self._connection.execute(delete(deliveries).where(deliveries.c.alert_id.in_(some)))
            self._connection.execute(delete(alerts).where(alerts.c.id.in_(some)))
        return len(gone)

    def drop_documents(self, before: datetime) -> int:
        """Delete documents that nothing with its data names."""
        old = set(self._connection.scalars(select(documents.c.digest).where(documents.c.taken_at < before)))
        gone = sorted(old - set(self._named())) if old else []
        for start in range(0, len(gone), _AT_ONCE):
            self._connection.execute(delete(documents).where(documents.c.digest.in_(gone[start : start + _AT_ONCE])))
        return len(gone)

    def _judged(self, contract: ContractRef, rules: Retention, now: datetime) -> Prunable | None:
        events = [self._event(row) for row in self._connection.execute(_events(contract))]
        rule = rule_of(events)
        bound = None if rule is None else rules.bound(rule, now)
        if rule is None or bound is None or last_of(events) >= bound:
            return None
        return Prunable(*contract, rule, last_of(events), len(events))

    def _event(self, row: Any) -> KeptEvent:
        *known, which, details, pair_key = row
        paired = None if pair_key is None else self._is_paired(which, details, pair_key)
        operation, state, replaced_by, queued, untold, last_at, position = known
        return KeptEvent(operation, state, replaced_by is not None, queued, untold, paired, last_at, position)

    def _is_paired(self, which: str, details: str, pair_key: str) -> bool:
        """Whether the other half of a transfer is settled, or is said to be elsewhere."""
        told = json.loads(sealing_of(self._connection).opened_text(DETAILS, [which], details))
        if told.get("pair_elsewhere") == "true":
            return True
        others = self._connection.scalars(
            select(_COLUMNS.state)
            .join(pair_halves, pair_halves.c.submission_id == _COLUMNS.id)
            .where(pair_halves.c.pair_key == pair_key, _COLUMNS.id != which, _COLUMNS.replaced_by.is_(None))
        ).all()
        return bool(others) and all(state in SETTLED for state in others)

    def _prune(self, rows: Sequence[Any], words: str, now: datetime) -> None:
        ids = [row.id for row in rows]
        told, mark = json.dumps({"pruned": now.date().isoformat()}), words.encode()
        events = [{"its_source": row.source, "its_event": row.event_id} for row in rows]
        self._connection.execute(_of_event().values(payload=told), events)
        for table, column, which in (
            (messages, messages.c.document, messages.c.submission_id),
            (attempts, attempts.c.reply, attempts.c.submission_id),
            (questions, questions.c.reply, questions.c.submission_id),
            (acknowledgements, acknowledgements.c.evidence, acknowledgements.c.submission_id),
        ):
            self._connection.execute(update(table).where(which.in_(ids), column.is_not(None)).values({column: mark}))
        self._connection.execute(update(attempts).where(attempts.c.submission_id.in_(ids)).values(detail=""))
        gone = {"details": "{}", "pruned_at": now}
        self._connection.execute(update(submissions).where(_COLUMNS.id.in_(ids)).values(gone))

    def _named(self) -> Iterator[str]:
        """Digests of the documents that submissions with their data name."""
        sealing = sealing_of(self._connection)
        rows = select(_COLUMNS.id, _COLUMNS.details).where(_COLUMNS.pruned_at.is_(None))
        for which, details in self._connection.execute(rows.execution_options(yield_per=_AT_ONCE)):
            named = json.loads(sealing.opened_text(DETAILS, [which], details)).get("supporting_document")
            digest = digest_in(named) if named else None
            if digest is not None:
                yield digest


def _is_old(before: datetime) -> ColumnElement[bool]:
    of_event = (_COLUMNS.source == alerts.c.source, _COLUMNS.event_id == alerts.c.event_id)
    return and_(alerts.c.closed_at < literal(before, alerts.c.closed_at.type), ~exists().where(*of_event, UNSETTLED))


def _old(rules: Retention, now: datetime, after: ContractRef | None, limit: int) -> Any:
    """Contracts with unpruned data whose last event is older than the shortest rule."""
    newest = max(bound for rule in RetentionRule if (bound := rules.bound(rule, now)) is not None)
    rows = (
        select(*_CONTRACT)
        .group_by(*_CONTRACT)
        .having(func.max(_LAST_AT) < literal(newest, _COLUMNS.received_at.type))
        .having(func.count() > func.count(_COLUMNS.pruned_at))
        .order_by(*_CONTRACT)
        .limit(limit)
    )
    return rows if after is None else rows.where(tuple_(*_CONTRACT) > tuple_(*map(literal, after)))


def _events(contract: ContractRef) -> Any:
    return (
        select(_COLUMNS.operation, _COLUMNS.state, _COLUMNS.replaced_by, _QUEUED, _UNTOLD, _LAST_AT, _COLUMNS.position)
        .add_columns(_COLUMNS.id, _COLUMNS.details, pair_halves.c.pair_key)
        .join_from(submissions, pair_halves, pair_halves.c.submission_id == _COLUMNS.id, isouter=True)
        .where(_COLUMNS.employer_bin == contract[0], _COLUMNS.contract_key == contract[1])
    )


def _keys(contract: Prunable) -> Any:
    return select(_COLUMNS.id, _COLUMNS.source, _COLUMNS.event_id).where(
        _COLUMNS.employer_bin == contract.employer_bin,
        _COLUMNS.contract_key == contract.contract_key,
        _COLUMNS.pruned_at.is_(None),
    )


def _close_story(contract: Prunable) -> Any:
    """What snapshots remember of it; its key stays, so that a row that HR still shows is not taken for a new one."""
    return (
        update(snapshot_stories)
        .where(snapshot_stories.c.employer_bin == contract.employer_bin)
        .where(snapshot_stories.c.contract_key == contract.contract_key)
        .values(closed=True, story="{}")
    )


def _of_event() -> Any:
    return update(inbox).where(inbox.c.source == bindparam("its_source"), inbox.c.event_id == bindparam("its_event"))
