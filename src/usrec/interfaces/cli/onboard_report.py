"""What an import of contracts would do, for a screen, for scripts, and as a file that a person works through."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.spreadsheet import harmless
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.sources.files.registry_export import Unusable
    from usrec.application.onboard import OnboardingPlan
    from usrec.domain.onboarding import KnownContract
    from usrec.domain.source_event import ContractKey

_SHOWN: Final = 20
_REVIEW: Final = (
    "contract_id",
    "employee_iin",
    "contract_number",
    "contract_date",
    "entered_on",
    "agreement_id",
    "agreement_number",
    "agreement_date",
    "agreement_entered_on",
    "contract_key",
    "why",
    "row",
    "possible_keys",
)
MISSING: Final = "not_in_export"
UNUSABLE: Final = "row_unusable"

WORDS: Final[Mapping[str, str]] = {
    "new": N_("to be taken over"),
    "known": N_("known already"),
    "other_id": N_("the ledger has another id, which wins"),
    "being_sent": N_("its conclusion is on its way; settle that first"),
    "deleted": N_("this agent deleted it in the registry"),
    "several_keys": N_("HR has several contracts like it"),
    "several_ids": N_("the registry has several contracts like it"),
    "key_differs": N_("the key beside it is not known for this IIN"),
    "number_differs": N_("HR has another number"),
    "date_differs": N_("HR has another date"),
    "iin_differs": N_("HR has another IIN"),
    "unknown": N_("no source of HR's knows it"),
    UNUSABLE: N_("the row cannot be used"),
    MISSING: N_("HR's contract is not in the export: no change of it can be sent"),
}
_DONE: Final = frozenset({"new", "known"})


@dataclass(frozen=True, slots=True)
class Told:
    """A plan, and the rows of the export that cannot be used."""

    plan: OnboardingPlan
    unusable: Sequence[Unusable]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of each kind; those without any are left out."""
        found = {**self.plan.counts, UNUSABLE: len(self.unusable), MISSING: len(self.plan.matching.missing)}
        return {name: found[name] for name in WORDS if found.get(name)}


@dataclass(frozen=True, slots=True)
class _Open:
    """One contract of the export that a person has to look at."""

    contract: KnownContract
    why: str
    keys: Sequence[ContractKey]


def told_lines(told: Told, review: Path | None) -> Iterator[str]:
    """For a screen, without personal data."""
    for name, number in told.counts.items():
        yield f"{number:>7}  {tr(WORDS[name])}"
    for one in told.unusable[:_SHOWN]:
        yield tr("row {row}: {column} cannot be read").format(row=one.row, column=one.column)
    for found in _open(told)[:_SHOWN]:
        row = found.contract.rows[0] if found.contract.rows else ""
        words = tr("row {row}, contract {id}: {why}")
        yield words.format(row=row, id=found.contract.contract_id, why=tr(WORDS[found.why]))
    left = len(told.plan.matching.missing) + len(_open(told)) + len(told.unusable)
    if left and review is None:
        words = ntr("{number} has to be looked at: --review FILE", "{number} have to be looked at: --review FILE", left)
        yield words
    elif left:
        yield tr("To be looked at, with personal data: {file}").format(file=review)


def told_json(told: Told) -> dict[str, object]:
    """The keys that scripts rely on; no personal data."""
    return {
        "employer": told.plan.employer[1],
        "counts": told.counts,
        "unusable": [{"row": one.row, "column": one.column} for one in told.unusable],
        "open": [
            {"contract_id": one.contract.contract_id, "why": one.why, "rows": one.contract.rows, "keys": one.keys}
            for one in _open(told)
        ],
        "missing": [one.key for one in told.plan.matching.missing],
    }


def review_bytes(told: Told) -> bytes:
    """A file in the export's own columns: with ``contract_key`` or ``contract_id`` filled in it is imported again."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, _REVIEW, delimiter=";", restval="")
    writer.writeheader()
    for cells in _review_rows(told):
        writer.writerow({name: harmless(str(cell)) for name, cell in cells.items()})
    return text.getvalue().encode("utf-8-sig")


def _review_rows(told: Told) -> Iterator[dict[str, object]]:
    for one in _open(told):
        yield from _open_rows(one)
    for missing in told.plan.matching.missing:
        identity = {"employee_iin": missing.employee_iin, "contract_number": missing.number}
        key = {"contract_key": missing.key, "why": MISSING}
        yield {**identity, "contract_date": missing.day, **key}
    for row in told.unusable:
        yield {"why": f"{UNUSABLE}: {row.column}", "row": row.row}


def _open(told: Told) -> Sequence[_Open]:
    judged = [one for one in told.plan.judged if one.standing.value not in _DONE]
    return [
        *(_Open(one.contract, one.standing.value, [one.key]) for one in judged),
        *(_Open(one.contract, one.fit.value, one.keys) for one in told.plan.matching.others),
    ]


def _open_rows(one: _Open) -> Iterator[dict[str, object]]:
    contract = one.contract
    cells: dict[str, object] = {
        "contract_id": contract.contract_id,
        "employee_iin": contract.employee_iin,
        "contract_number": contract.number,
        "contract_date": contract.day,
        "entered_on": contract.entered or "",
        "why": one.why,
        "row": " ".join(map(str, contract.rows)),
        "possible_keys": " | ".join(one.keys),
    }
    if not contract.agreements:
        yield cells
    for agreement in contract.agreements:
        yield {
            **cells,
            "agreement_id": agreement.agreement_id,
            "agreement_number": agreement.number,
            "agreement_date": agreement.day or "",
            "agreement_entered_on": agreement.entered or "",
        }
