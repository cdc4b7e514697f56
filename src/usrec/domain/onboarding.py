"""Contracts that stand in the registry already, held against what HR's sources know of them.

The registry's id is what later changes and terminations need. A contract is recognised by the employee's IIN, its
number and its date together; what agrees in less is shown to a person, and never taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from usrec.domain.source_event import ContractKey

_NEAR: Final = 5
"""So many keys that may be meant are named."""


@dataclass(frozen=True, slots=True)
class KnownAgreement:
    """An additional agreement as the registry holds it; ``entered`` is the day of its first entry."""

    agreement_id: str
    number: str = ""
    day: date | None = None
    entered: date | None = None


@dataclass(frozen=True, slots=True)
class KnownContract:
    """A contract as the registry holds it.

    Attributes:
        entered: Day of its first entry; None where the export does not tell.
        stated_key: HR's key, where a person wrote it beside the row.
        rows: Numbers of its rows in the export.
    """

    contract_id: str
    employee_iin: str = field(repr=False)
    number: str
    day: date
    entered: date | None = None
    agreements: tuple[KnownAgreement, ...] = ()
    stated_key: ContractKey | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HrContract:
    """A contract as a source of HR's knows it; ``day`` as ISO 8601, and all of it as HR has written it."""

    key: ContractKey
    employee_iin: str = field(repr=False)
    number: str
    day: str


@dataclass(frozen=True, slots=True)
class ImportedContract:
    """What was taken over from an export for one of HR's contracts.

    Attributes:
        stands: The ledger still knows the contract by this id; not after its deletion.
    """

    key: ContractKey
    contract_id: str
    entered: date | None
    agreements: tuple[KnownAgreement, ...]
    stands: bool = field(default=True, compare=False)


class Fit(StrEnum):
    """Why a row of the export does, or does not, belong to one of HR's contracts."""

    MATCHED = "matched"
    SEVERAL_KEYS = "several_keys"
    """HR has several contracts with this IIN, number and date."""
    SEVERAL_IDS = "several_ids"
    """The registry has several contracts with one IIN, number and date."""
    KEY_DIFFERS = "key_differs"
    """The key that was written beside it is not known for this IIN."""
    NUMBER_DIFFERS = "number_differs"
    DATE_DIFFERS = "date_differs"
    IIN_DIFFERS = "iin_differs"
    UNKNOWN = "unknown"
    """No source of HR's knows anything like it."""


@dataclass(frozen=True, slots=True)
class Match:
    """One contract of the registry; ``keys`` holds the one that fits, or those that a person may choose from."""

    contract: KnownContract
    fit: Fit
    keys: tuple[ContractKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """All of an export; ``missing`` are HR's contracts that no row of it belongs to."""

    matched: Sequence[Match]
    others: Sequence[Match]
    missing: Sequence[HrContract]


_Identity = tuple[str, str, str]


def match_contracts(registry: Sequence[KnownContract], known: Iterable[HrContract]) -> Matching:
    """Hold an export against what HR knows."""
    hr = list(known)
    finder = _Finder(hr)
    found = [finder.find(one) for one in registry]
    wanted: dict[ContractKey, list[str]] = {}
    for one in found:
        if one.fit is Fit.MATCHED:
            wanted.setdefault(one.keys[0], []).append(one.contract.contract_id)
    twice = {key for key, ids in wanted.items() if len(ids) > 1}
    found = [_several_ids(one) if twice.intersection(one.keys) and one.fit is Fit.MATCHED else one for one in found]
    named = {key for one in found for key in one.keys}
    missing = {one.key: one for one in hr if one.key not in named}
    matched = [one for one in found if one.fit is Fit.MATCHED]
    return Matching(matched, [one for one in found if one.fit is not Fit.MATCHED], list(missing.values()))


def _several_ids(match: Match) -> Match:
    return Match(match.contract, Fit.SEVERAL_IDS, match.keys)


class _Finder:
    """HR's contracts by what they can be recognised by."""

    def __init__(self, known: Iterable[HrContract]) -> None:
        self._whole: dict[_Identity, set[ContractKey]] = {}
        self._parts: dict[tuple[Fit, str, str], set[ContractKey]] = {}
        self._people: dict[ContractKey, set[str]] = {}
        for one in known:
            identity = one.employee_iin, folded_number(one.number), one.day
            self._whole.setdefault(identity, set()).add(one.key)
            self._people.setdefault(one.key, set()).add(one.employee_iin)
            for part in _parts(identity):
                self._parts.setdefault(part, set()).add(one.key)

    def find(self, one: KnownContract) -> Match:
        if one.stated_key is not None:
            fits = one.employee_iin in self._people.get(one.stated_key, ())
            return Match(one, Fit.MATCHED if fits else Fit.KEY_DIFFERS, (one.stated_key,))
        identity = one.employee_iin, folded_number(one.number), one.day.isoformat()
        keys = tuple(sorted(self._whole.get(identity, ())))
        if keys:
            return Match(one, Fit.MATCHED if len(keys) == 1 else Fit.SEVERAL_KEYS, keys)
        near = ((part[0], sorted(self._parts[part])) for part in _parts(identity) if part in self._parts)
        fit, near_keys = next(near, (Fit.UNKNOWN, []))
        return Match(one, fit, tuple(near_keys[:_NEAR]))


def folded_number(number: str) -> str:
    """A contract's number without what spelling adds: case, blanks and forms of the same letter."""
    return "".join(unicodedata.normalize("NFKC", number).casefold().split())


def _parts(identity: _Identity) -> Sequence[tuple[Fit, str, str]]:
    iin, number, day = identity
    return (Fit.NUMBER_DIFFERS, iin, day), (Fit.DATE_DIFFERS, iin, number), (Fit.IIN_DIFFERS, number, day)


def merged_rows(rows: Iterable[KnownContract]) -> tuple[Sequence[KnownContract], Sequence[tuple[int, ...]]]:
    """Contracts of an export, the rows of each put together; and groups of rows that contradict each other."""
    found: dict[str, KnownContract] = {}
    faults: dict[str, tuple[int, ...]] = {}
    for row in rows:
        there = found.setdefault(row.contract_id, row)
        if there is row:
            continue
        if _is_same(there, row):
            found[row.contract_id] = _together(there, row)
        else:
            faults[row.contract_id] = (*faults.get(row.contract_id, there.rows), *row.rows)
    agreements = _contradicting_agreements(found)
    return list(found.values()), [*faults.values(), *agreements]


def _is_same(one: KnownContract, other: KnownContract) -> bool:
    def facts(of: KnownContract) -> tuple[object, ...]:
        return of.employee_iin, of.number, of.day, of.entered, of.stated_key

    return facts(one) == facts(other)


def _together(one: KnownContract, other: KnownContract) -> KnownContract:
    new = tuple(agreement for agreement in other.agreements if agreement not in one.agreements)
    return KnownContract(
        one.contract_id,
        one.employee_iin,
        one.number,
        one.day,
        one.entered,
        (*one.agreements, *new),
        one.stated_key,
        (*one.rows, *other.rows),
    )


def _contradicting_agreements(found: Mapping[str, KnownContract]) -> Sequence[tuple[int, ...]]:
    """An agreement's id stands for one agreement of one contract."""
    owners: dict[str, set[tuple[str, KnownAgreement]]] = {}
    for contract in found.values():
        for one in contract.agreements:
            owners.setdefault(one.agreement_id, set()).add((contract.contract_id, one))
    several = [{contract_id for contract_id, _ in ones} for ones in owners.values() if len(ones) > 1]
    return [tuple(row for contract_id in sorted(ids) for row in found[contract_id].rows) for ids in several]
