"""The number of a contract, which no other contract of the same employer has. Source: response code SCSE014."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from usrec.domain.contract_history import ContractHistory
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Conclusion, ContractEdit, Details, LegacyContract, contract_id_given


def number_given(details: Details) -> str | None:
    """The number that an event gives to its contract; None where it gives none, or to a contract entered elsewhere."""
    if not isinstance(details, Conclusion | LegacyContract | ContractEdit):
        return None
    return details.contract_number if contract_id_given(details) is None else None


def contract_number_used(number: str, others: Iterable[ContractHistory]) -> Iterator[Finding]:
    """A finding when one of the employer's ``others`` stands under ``number``."""
    if any(one.contract_number == number for one in others):
        yield error(
            "contract_number_unused",
            "contract_number",
            "Another contract of this employer, registered or entered before, has this number. The same contract under "
            "two keys: withdraw this row. Another contract: give the paper a number of its own together with the "
            "employee and raise the revision.",
            code="SCSE014",
        )
