"""What was taken over from an export of the registry, and what HR's sources know to hold it against."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Executable, and_, bindparam, delete, select

from usrec.adapters.persistence.dialects import InsertInto, for_many, per_dialect
from usrec.adapters.persistence.import_tables import imported_contracts
from usrec.adapters.persistence.inbox import PAYLOAD
from usrec.adapters.persistence.portions import in_portions, in_portions_of_each
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.snapshot_tables import snapshot_stories
from usrec.adapters.persistence.snapshots import STORY
from usrec.adapters.persistence.tables import contracts, inbox
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.onboarding import HrContract, ImportedContract, KnownAgreement
from usrec.domain.snapshot.story_text import load_story
from usrec.domain.source_event import HEADS, ContractKey, Operation
from usrec.ports.contracts import ContractRef

_COLUMNS: Final = imported_contracts.c
_NAMED: Final = sorted(one.value for one in (*HEADS, Operation.CONTRACT_EDIT))
"""Events that tell a contract's number and date."""
_OF: Final = for_many(
    lambda one_of: (
        select(imported_contracts, (contracts.c.registry_id == _COLUMNS.contract_id).label("stands"))
        .outerjoin(
            contracts,
            and_(contracts.c.employer_bin == _COLUMNS.employer_bin, contracts.c.contract_key == _COLUMNS.contract_key),
        )
        .where(_COLUMNS.employer_bin == bindparam("employer"), one_of(_COLUMNS.contract_key, "keys"))
    )
)
_KEYS: Final = for_many(
    lambda one_of: select(_COLUMNS.contract_id, _COLUMNS.contract_key).where(
        _COLUMNS.employer_bin == bindparam("employer"), one_of(_COLUMNS.contract_id, "ids")
    )
)


def _put(insert_into: InsertInto) -> Executable:
    statement = insert_into(imported_contracts)
    changed = {name: statement.excluded[name] for name in ("entered_on", "agreements", "imported_at")}
    return statement.on_conflict_do_update(index_elements=["employer_bin", "contract_key"], set_=changed)


_PUT: Final = per_dialect(_put)
_REMOVE: Final = delete(imported_contracts).where(
    _COLUMNS.employer_bin == bindparam("employer"), _COLUMNS.contract_key == bindparam("its_key")
)
_ROWS: Final = select(inbox.c.source, inbox.c.event_id, inbox.c.revision, inbox.c.contract_key, inbox.c.payload).where(
    inbox.c.employer_bin == bindparam("employer"), inbox.c.event_type.in_(_NAMED)
)
_STORIES: Final = select(snapshot_stories).where(
    snapshot_stories.c.employer_bin == bindparam("employer"),
    snapshot_stories.c.kind == "contract",
    snapshot_stories.c.closed.is_(False),
)


class SqlImportedContracts:
    """The ``ImportedContracts`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def of(self, which: Collection[ContractRef]) -> Mapping[ContractRef, ImportedContract | None]:
        """What was taken over for these contracts."""
        found: dict[ContractRef, ImportedContract | None] = dict.fromkeys(which)
        for employer_bin, keys in in_portions_of_each(found):
            named = {"employer": employer_bin, "keys": keys}
            for row in self._connection.execute(_OF[self._connection.dialect.name], named):
                found[employer_bin, ContractKey(row.contract_key)] = _contract(row)
        return found

    def keys_of(self, employer_bin: str, contract_ids: Collection[str]) -> Mapping[str, ContractKey]:
        """HR's keys of the registry's ids."""
        found: dict[str, ContractKey] = {}
        for ids in in_portions(contract_ids):
            named = {"employer": employer_bin, "ids": ids}
            rows = self._connection.execute(_KEYS[self._connection.dialect.name], named)
            found |= {contract_id: ContractKey(key) for contract_id, key in rows}
        return found

    def put(self, employer_bin: str, contract: ImportedContract, at: datetime) -> None:
        """Keep a match."""
        row = {
            "employer_bin": employer_bin,
            "contract_key": contract.key,
            "contract_id": contract.contract_id,
            "entered_on": contract.entered,
            "agreements": _agreements_text(contract.agreements),
            "imported_at": at,
        }
        self._connection.later(_PUT[self._connection.dialect.name], row)

    def remove(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Forget a match."""
        self._connection.later(_REMOVE, {"employer": employer_bin, "its_key": contract_key})

    def known_to_hr(self, employer_bin: str) -> Sequence[HrContract]:
        """An employer's contracts as far as their rows or a staff's baseline tell IIN, number and date."""
        found = {*self._of_rows(employer_bin), *self._of_staff(employer_bin)}
        return sorted(found, key=lambda one: (one.key, one.day, one.number))

    def _of_rows(self, employer_bin: str) -> Iterator[HrContract]:
        sealing = sealing_of(self._connection)
        for row in self._connection.execute(_ROWS, {"employer": employer_bin}):
            text = sealing.opened_text(PAYLOAD, [row.source, row.event_id, row.revision], row.payload)
            yield from _read(row.contract_key, _object(text))

    def _of_staff(self, employer_bin: str) -> Iterator[HrContract]:
        sealing = sealing_of(self._connection)
        for row in self._connection.execute(_STORIES, {"employer": employer_bin}):
            text = sealing.opened_text(STORY, [row.source, row.kind, row.folded_key], row.story)
            story = load_story(text, row.contract_key, row.employer_bin, closed=row.closed)
            for facts in (story.settled, story.belief):
                yield from _read(row.contract_key, facts.contract or {})


def _object(text: str) -> Mapping[str, Any]:
    """A payload, empty where it is none any more or never was."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _read(key: str, fields: Mapping[str, Any]) -> Iterator[HrContract]:
    iin, number, day = (fields.get(name) for name in ("employee_iin", "contract_number", "contract_date"))
    if isinstance(iin, str) and isinstance(number, str) and isinstance(day, str):
        yield HrContract(ContractKey(key), iin.strip(), number, day.strip())


def _agreements_text(agreements: Sequence[KnownAgreement]) -> str:
    return json.dumps(
        [[one.agreement_id, one.number, _iso(one.day), _iso(one.entered)] for one in agreements], ensure_ascii=False
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _contract(row: Any) -> ImportedContract:
    agreements = tuple(
        KnownAgreement(agreement_id, number, _day(day), _day(entered))
        for agreement_id, number, day, entered in json.loads(row.agreements)
    )
    return ImportedContract(
        ContractKey(row.contract_key), row.contract_id, row.entered_on, agreements, bool(row.stands)
    )
