"""Pairs of events that are two halves of a transfer, read from the submissions that stand for them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, insert, not_, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.rows import DETAILS
from usrec.adapters.persistence.sealing import Sealing, sealing_of
from usrec.adapters.persistence.tables import submissions
from usrec.adapters.persistence.together_tables import pair_halves
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.pair import Pair, PairHalf
from usrec.domain.source_event import HEADS, TRIGGER_FIELDS, Operation
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId

_AT_ONCE: Final = 500
_HALF: Final = submissions.alias("half")
_HEAD: Final = submissions.alias("head")
_LINK: Final = insert(pair_halves)
_NOT_STANDING: Final = [literal_word(State.CANCELLED), literal_word(State.INVALID)]
_DAY_FIELDS: Final = {Operation.TERMINATION: TRIGGER_FIELDS[Operation.TERMINATION], Operation.CONCLUSION: "begin_date"}
_NEWER: Final = submissions.alias("newer")


def _stands(one: Any) -> ColumnElement[bool]:
    """Of the revisions of an event only the newest, though an earlier one may be on its way still."""
    outdated = exists().where(
        _NEWER.c.source == one.c.source,
        _NEWER.c.event_id == one.c.event_id,
        _NEWER.c.revision > one.c.revision,
        _NEWER.c.replaced_by.is_(None),
        _NEWER.c.state.not_in(_NOT_STANDING),
    )
    return and_(one.c.replaced_by.is_(None), one.c.state.not_in(_NOT_STANDING), not_(outdated))


_ITS_HEAD: Final = and_(
    _HEAD.c.employer_bin == _HALF.c.employer_bin,
    _HEAD.c.contract_key == _HALF.c.contract_key,
    _HEAD.c.operation.in_([literal_word(one) for one in sorted(HEADS)]),
    _HEAD.c.position >= 0,
    _stands(_HEAD),
)
"""The conclusion of the contract that a half is about: only there stands whose contract it is."""
_OTHER: Final = pair_halves.alias("other")
_GONE: Final = submissions.alias("gone")
_PRUNED: Final = exists().where(
    _OTHER.c.pair_key == pair_halves.c.pair_key, _GONE.c.id == _OTHER.c.submission_id, _GONE.c.pruned_at.is_not(None)
)
"""Of a half of the same pair only the proof is left: the pair was settled long ago."""
_HALVES: Final = (
    select(
        pair_halves.c.pair_key,
        _HALF.c.id,
        _HALF.c.operation,
        _HALF.c.employer,
        _HALF.c.employer_bin,
        _HALF.c.contract_key,
        _HALF.c.state,
        _HALF.c.details,
        _HALF.c.legal_date,
        _HALF.c.safe_date,
        _HALF.c.received_at,
        _HEAD.c.id.label("head_id"),
        _HEAD.c.details.label("of_head"),
    )
    .join(_HALF, _HALF.c.id == pair_halves.c.submission_id)
    .join(_HEAD, _ITS_HEAD, isouter=True)
    .where(_stands(_HALF), not_(_PRUNED))
    .order_by(pair_halves.c.pair_key, _HALF.c.received_at, _HALF.c.id)
)
_WITH_KEYS: Final = _HALVES.where(pair_halves.c.pair_key.in_(bindparam("keys", expanding=True)))
_KEYS_OF: Final = select(pair_halves.c.submission_id, pair_halves.c.pair_key).where(
    pair_halves.c.submission_id.in_(bindparam("ids", expanding=True))
)


class SqlPairs:
    """The ``Pairs`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def link(self, links: Mapping[SubmissionId, str]) -> None:
        """Remember the ``pair_key`` of each, in one statement."""
        self._connection.later(_LINK, *({"submission_id": one, "pair_key": key} for one, key in links.items()))

    def of_submissions(self, ids: Collection[SubmissionId]) -> Mapping[SubmissionId, Pair]:
        """Two statements, however many are asked for."""
        keys = self._keys_of(ids)
        pairs = {pair.key: pair for pair in self.of_keys(set(keys.values()))}
        found = {one: pairs[key] for one, key in keys.items() if key in pairs}
        return {one: pair for one, pair in found.items() if any(half.submission_id == one for half in pair.halves)}

    def others_of(self, ids: Collection[SubmissionId]) -> Collection[SubmissionId]:
        """Whoever stands beside them."""
        pairs = self.of_keys(set(self._keys_of(ids).values()))
        return {half.submission_id for pair in pairs for half in pair.halves} - {*ids}

    def _keys_of(self, ids: Collection[SubmissionId]) -> Mapping[SubmissionId, str]:
        keys: dict[SubmissionId, str] = {}
        for some in _portions(ids):
            keys |= {row[0]: row[1] for row in self._connection.execute(_KEYS_OF, {"ids": some})}
        return keys

    def of_keys(self, keys: Collection[str]) -> Sequence[Pair]:
        """The pairs with these keys."""
        found: list[Pair] = []
        for some in _portions(keys):
            rows = self._connection.execute(_WITH_KEYS, {"keys": some})
            found += _pairs(rows, sealing_of(self._connection))
        return found


def read_pairs(connection: Connection) -> Sequence[Pair]:
    """All pairs in which anything stands."""
    return list(_pairs(connection.execute(_HALVES), sealing_of(connection)))


def read_pair_of(connection: Connection, submission_id: str) -> Pair | None:
    """The pair of one submission, also of one that stands for its event no more."""
    key = connection.execute(_KEYS_OF, {"ids": [submission_id]}).one_or_none()
    found = [] if key is None else SqlPairs(WriteBehind(connection)).of_keys([key[1]])
    return found[0] if found else None


def _pairs(rows: Iterable[Any], sealing: Sealing) -> Iterator[Pair]:
    for key, halves in groupby((_half(row, sealing) for row in rows), key=lambda half: half.pair_key):
        yield Pair(key, list(halves))


def _half(row: Any, sealing: Sealing) -> PairHalf:
    details = json.loads(sealing.opened_text(DETAILS, [row.id], row.details))
    person = json.loads(sealing.opened_text(DETAILS, [row.head_id], row.of_head)) if row.of_head else details
    return PairHalf(
        pair_key=row.pair_key,
        submission_id=row.id,
        operation=row.operation,
        employer=row.employer,
        employer_bin=row.employer_bin,
        contract_key=row.contract_key,
        state=row.state,
        day=date.fromisoformat(details[_DAY_FIELDS[row.operation]]),
        legal_date=row.legal_date,
        safe_date=row.safe_date,
        received_at=row.received_at,
        elsewhere=details.get("pair_elsewhere") == "true",
        employee_iin=person.get("employee_iin"),
    )


def _portions(items: Collection[Any]) -> Iterator[list[Any]]:
    ordered = sorted(items)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
