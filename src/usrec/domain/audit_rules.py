"""Three books held against each other: HR's roster, the ledger, and an export of the registry.

Every contract of any of the three ends in exactly one finding. Nothing is guessed: what agrees only in part, or with
several, is shown to a person. A contract is recognised by the registry's id where the ledger has one, else as the
onboarding recognises it (:mod:`usrec.domain.onboarding`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from usrec.domain.audit import Books, Cause, Change, FieldDifference, Finding, Kind, LedgerEntry, RosterEntry
from usrec.domain.onboarding import Fit, HrContract, KnownContract, folded_number, match_contracts
from usrec.domain.source_event import ContractKey


def compare(books: Books, today: date) -> Sequence[Finding]:
    """What the books say of every contract, in the order of the kinds and then of the dates.

    Args:
        today: In Kazakhstan.
    """
    found = list(_Comparison(books, today).findings())
    kinds = list(Kind)
    return sorted(found, key=lambda one: (kinds.index(one.kind), one.legal_date or date.max, one.key or "", _id(one)))


def _id(one: Finding) -> str:
    return one.contract_id or ""


class _Comparison:
    """One comparison of the books."""

    def __init__(self, books: Books, today: date) -> None:
        self._books = books
        self._today = today
        self._hr = {one.known.key: one for one in books.hr or ()}
        self._ledger = {one.key: one for one in books.ledger}
        self._pairs: dict[ContractKey, KnownContract] = {}
        self._doubts: dict[str, tuple[ContractKey, ...]] = {}
        self._pair(books.registry or ())

    def findings(self) -> Iterator[Finding]:
        """One for each contract."""
        doubted: dict[ContractKey, list[str]] = {}
        for contract_id, keys in self._doubts.items():
            for key in keys:
                doubted.setdefault(key, []).append(contract_id)
        for key in {**self._hr, **self._ledger}:
            ids = doubted.get(key)
            if ids and key not in self._pairs:
                yield self._named(Finding(Cause.SEVERAL, candidates=tuple(sorted(ids))), key)
            else:
                yield self._named(self._judge(key), key)
        paired = {one.contract_id for one in self._pairs.values()}
        for contract in self._books.registry or ():
            if contract.contract_id not in paired:
                keys = self._doubts.get(contract.contract_id, ())
                cause = Cause.SEVERAL if keys else Cause.UNKNOWN_TO_HR
                iin = contract.employee_iin
                yield Finding(cause, contract_id=contract.contract_id, candidates=tuple(keys), iin=iin)

    def _named(self, finding: Finding, key: ContractKey) -> Finding:
        """With what tells the contract from others."""
        hr, contract, ledger = self._hr.get(key), self._pairs.get(key), self._ledger.get(key)
        known = ledger.contract_id if ledger else None
        iin = next((one.employee_iin for one in self._identities(key)), contract.employee_iin if contract else "")
        needed = hr.needed_by if hr and finding.cause is Cause.ID_UNKNOWN else None
        contract_id = contract.contract_id if contract else known
        return replace(finding, key=key, contract_id=contract_id, needed_by=needed, iin=iin)

    def _identities(self, key: ContractKey) -> Sequence[HrContract]:
        """As HR has it now, else as the ledger was told."""
        if key in self._hr:
            return [self._hr[key].known]
        return self._ledger[key].known if key in self._ledger else ()

    def _pair(self, registry: Sequence[KnownContract]) -> None:
        rest = self._pair_by_id(registry)
        keys = [key for key in {**self._hr, **self._ledger} if key not in self._pairs]
        matching = match_contracts(rest, [one for key in keys for one in self._identities(key)])
        for match in matching.matched:
            self._pairs[match.keys[0]] = match.contract
        near = Counter(key for match in matching.others for key in match.keys)
        for match in matching.others:
            alone = len(match.keys) == 1 and near[match.keys[0]] == 1 and match.keys[0] not in self._pairs
            if alone and match.fit in {Fit.NUMBER_DIFFERS, Fit.DATE_DIFFERS, Fit.IIN_DIFFERS}:
                self._pairs[match.keys[0]] = match.contract
            elif match.keys:
                self._doubts[match.contract.contract_id] = match.keys

    def _pair_by_id(self, registry: Sequence[KnownContract]) -> Sequence[KnownContract]:
        """Those whose id the ledger has go by that, whatever else they say."""
        keys: dict[str, list[ContractKey]] = {}
        for one in self._ledger.values():
            if one.contract_id is not None:
                keys.setdefault(one.contract_id, []).append(one.key)
        rest = []
        for contract in registry:
            known = keys.get(contract.contract_id, [])
            if len(known) == 1:
                self._pairs[known[0]] = contract
            elif known:
                self._doubts[contract.contract_id] = tuple(sorted(known))
            else:
                rest.append(contract)
        return rest

    def _judge(self, key: ContractKey) -> Finding:
        hr, ledger = self._hr.get(key), self._ledger.get(key, LedgerEntry(key))
        contract = self._pairs.get(key)
        differing = tuple(_differing(self._identities(key), contract))
        rules: Sequence[Callable[[], Finding | None]] = (
            lambda: Finding(Cause.PUZZLE, puzzle=hr.puzzle) if hr and hr.puzzle else None,
            lambda: _not_sent_by_us(ledger, contract, differing, gone=self._is_gone(key)),
            lambda: self._late(hr, ledger, contract),
            lambda: self._without_row(ledger) if self._is_gone(key) else None,
            lambda: self._not_registered(hr, ledger, contract),
            lambda: _different(hr, differing),
        )
        found = next((one for rule in rules if (one := rule()) is not None), None)
        return found or _at_rest(ledger)

    def _is_gone(self, key: ContractKey) -> bool:
        if self._books.hr is None or key in self._hr:
            return False
        ledger = self._ledger.get(key)
        return self._books.is_whole or (ledger is not None and ledger.remembered)

    def _late(self, hr: RosterEntry | None, ledger: LedgerEntry, contract: KnownContract | None) -> Finding | None:
        open_ones = [one for one in ledger.open if self._is_over(one.legal_date)]
        if open_ones:
            first = min(open_ones, key=lambda one: one.legal_date or date.max)
            return Finding(Cause.EVENT_LATE, legal_date=first.legal_date, submission=first.submission)
        if hr is None:
            return None
        if contract is None and _is_new(ledger) and self._is_over(hr.legal_date):
            return Finding(Cause.ENTRY_LATE, legal_date=hr.legal_date)
        over = [one.legal_date for one in hr.changes if one.legal_date is not None and self._is_over(one.legal_date)]
        if over and not _is_new(ledger):
            fields, operations = _told_of(hr.changes)
            return Finding(Cause.CHANGE_LATE, legal_date=min(over), fields=fields, operations=operations)
        return None

    def _is_over(self, day: date | None) -> bool:
        return day is not None and day < self._today

    def _without_row(self, ledger: LedgerEntry) -> Finding:
        """HR has a roster, and this contract is not in it."""
        stands = ledger.entered and not ledger.ended and not ledger.deleted
        return Finding(Cause.GONE_FROM_HR) if stands else _at_rest(ledger)

    def _not_registered(
        self, hr: RosterEntry | None, ledger: LedgerEntry, contract: KnownContract | None
    ) -> Finding | None:
        if contract is not None or ledger.ended or ledger.deleted:
            return None
        if ledger.entered:
            return Finding(Cause.NOT_IN_REGISTRY) if self._should_be_there(ledger) else None
        if ledger.open or ledger.contract_id is not None:
            return None
        if ledger.remembered:
            return Finding(Cause.ID_UNKNOWN)
        return Finding(Cause.NEVER_TAKEN, legal_date=hr.legal_date) if hr else None

    def _should_be_there(self, ledger: LedgerEntry) -> bool:
        """Whether the export was made when it was registered already."""
        exported = self._books.exported_on
        if self._books.registry is None or exported is None:
            return False
        return ledger.registered_on is None or ledger.registered_on < exported


def _not_sent_by_us(
    ledger: LedgerEntry, contract: KnownContract | None, differing: tuple[FieldDifference, ...], *, gone: bool
) -> Finding | None:
    if contract is None:
        return None
    if ledger.deleted:
        return Finding(Cause.DELETED)
    if ledger.entered and ledger.contract_id in {None, contract.contract_id}:
        return None
    if ledger.contract_id not in {None, contract.contract_id}:
        ids = FieldDifference("contract_id", ledger=ledger.contract_id, registry=contract.contract_id)
        return Finding(Cause.OTHER_ID, fields=(ids, *differing))
    if gone:
        return Finding(Cause.GONE_FROM_HR)
    if differing and contract.stated_key is None:
        return Finding(Cause.OTHER_IDENTITY, fields=differing)
    first = next(iter(ledger.open), None)
    if ledger.underway and first is not None:
        return Finding(Cause.BEING_SENT, submission=first.submission, legal_date=first.legal_date)
    return Finding(Cause.NOT_TAKEN_OVER)


def _different(hr: RosterEntry | None, differing: tuple[FieldDifference, ...]) -> Finding | None:
    if hr is not None and hr.changes:
        fields, operations = _told_of(hr.changes)
        dates = [one.legal_date for one in hr.changes if one.legal_date is not None]
        fields = (*fields, *differing)
        return Finding(Cause.NOT_TOLD, legal_date=min(dates, default=None), fields=fields, operations=operations)
    return Finding(Cause.OTHER_IDENTITY, fields=differing) if differing else None


def _at_rest(ledger: LedgerEntry) -> Finding:
    if ledger.open:
        first = min(ledger.open, key=lambda one: one.legal_date or date.max)
        return Finding(Cause.OPEN, legal_date=first.legal_date, submission=first.submission)
    stands = ledger.entered or ledger.contract_id is not None
    return Finding(Cause.SAME if stands and not ledger.ended and not ledger.deleted else Cause.NOTHING_STANDS)


def _is_new(ledger: LedgerEntry) -> bool:
    """Whether the ledger knows nothing of it."""
    return not (ledger.entered or ledger.remembered or ledger.open or ledger.contract_id)


def _told_of(changes: Collection[Change]) -> tuple[tuple[FieldDifference, ...], tuple[str, ...]]:
    fields = tuple(one for change in changes for one in change.fields)
    return fields, tuple(change.operation for change in changes)


def _differing(identities: Sequence[HrContract], contract: KnownContract | None) -> Iterator[FieldDifference]:
    """How an export names a contract otherwise than HR; by the identity of HR's that is nearest."""
    if contract is None or not identities:
        return
    told = [list(_fields(one, contract)) for one in identities]
    yield from min(told, key=len)


def _fields(hr: HrContract, contract: KnownContract) -> Iterator[FieldDifference]:
    if hr.employee_iin != contract.employee_iin:
        yield FieldDifference("employee_iin", hr=hr.employee_iin, registry=contract.employee_iin)
    if folded_number(hr.number) != folded_number(contract.number):
        yield FieldDifference("contract_number", hr=hr.number, registry=contract.number)
    if hr.day != contract.day.isoformat():
        yield FieldDifference("contract_date", hr=hr.day, registry=contract.day.isoformat())
