"""Which permit a contract has now, after each event of it that USREC registered.

A correction is the whole contract anew, so one without a permit takes it away. After a termination nobody is told of
the permit any more, unless the employee comes back. With another BIN the employer's contracts stay the same contracts.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from usrec.domain.source_event import HEADS, Operation, load_details
from usrec.domain.submission import Submission
from usrec.ports.ledger import UnitOfWork

_WHOLE = HEADS | {Operation.CONTRACT_EDIT}
_GONE = frozenset({Operation.CONTRACT_DELETE, Operation.TRANSFER})


def follow_permit(work: UnitOfWork, registered: Submission) -> None:
    """Keep what a registered event says of its contract's permit."""
    contract = registered.employer_bin, registered.contract_key
    ends = _end_date(registered)
    if ends is not None:
        work.permits.put(*contract, registered.id, ends)
    elif registered.operation in _WHOLE or registered.operation in _GONE:
        work.permits.remove(*contract)
    elif registered.operation is Operation.TERMINATION:
        work.permits.pause(*contract, ended=True)
    elif registered.operation is Operation.REINSTATEMENT:
        work.permits.pause(*contract, ended=False)
    elif registered.operation is Operation.BIN_CHANGE:
        work.permits.move(*contract, to=_details(registered).new_employer_bin)


def _end_date(registered: Submission) -> date | None:
    found: date | None = getattr(_details(registered), "permit_end_date", None)
    return found


def _details(registered: Submission) -> Any:
    return None if registered.operation is None else load_details(registered.operation, registered.details)
