"""The parties' numbers: a change changes them, and the kind of employer fits a BIN or an IIN.

Sources: response codes SCSE117, 118 and 255. That 2 is the kind of an employer who is a natural person is assumed: the
dictionary of employers' types is not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.events.changes import BinChange, IinChange, Transfer
from usrec.domain.events.contracts import ContractBody
from usrec.domain.identifiers import Bin, IdentifierError, parse_employer_id
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Details

NATURAL_PERSON: Final = "2"


def check_parties(details: Details, employer_bin: str) -> Iterator[Finding]:
    """Findings about the numbers of employee and employer."""
    match details:
        case IinChange() if details.new_employee_iin == details.employee_iin:
            message = "The new IIN is the old one."
            yield error("new_iin_differs", "new_employee_iin", message, code="SCSE117")
        case BinChange() | Transfer() if details.new_employer_bin == employer_bin:
            message = "The new BIN or IIN of the employer is the present one."
            yield error("new_bin_differs", "new_employer_bin", message, code="SCSE118")
        case ContractBody() if details.employer_type_code is not None:
            yield from employer_type_fits_number(details.employer_type_code, employer_bin)
        case _:
            return


def employer_type_fits_number(code: str, employer_bin: str) -> Iterator[Finding]:
    """A natural person has an IIN, every other employer a BIN (255); a number that is none is another rule's."""
    try:
        organisation = isinstance(parse_employer_id(employer_bin), Bin)
    except IdentifierError:
        return
    if (code == NATURAL_PERSON) is organisation:
        message = "The kind of employer does not fit employer_bin: a natural person has an IIN, all others a BIN."
        yield error("employer_type_fits_number", "employer_type_code", message, code="SCSE255")
