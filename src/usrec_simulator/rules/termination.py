"""The end of a contract, and the way back: reinstatement."""

from collections.abc import Iterator
from typing import Final

from usrec_simulator.contracts import Contract
from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import coded, contract_named, present
from usrec_simulator.rules.harmful import payment_marks

STAFF_CUT: Final = "03-002"
COURT: Final = "1"


def termination(case: Case) -> Iterator[str]:
    """All rules of a termination."""
    record = case.record
    contract = yield from contract_named(case)
    yield from present([(record.event_date, "SCSE018"), (record.reason, "SCSE022")])
    yield from coded(case, record.reason, Dictionary.REASON, "SCSE022", "SCSE084")
    if record.details.marked("digitalisation") and record.reason != STAFF_CUT:
        yield "SCSE056"
    if contract and contract.terminated:
        yield "SCSE092"
    if record.event_date and record.event_date > case.today:
        yield "SCSE066"
    if contract and contract.begin_date and record.event_date and record.event_date < contract.begin_date:
        yield "SCSE067"
    if contract:
        yield from payment_marks(case, contract, record.event_date, after=None)


def reinstatement(case: Case) -> Iterator[str]:
    """All rules of a reinstatement: by a court, by a commission, or because the termination was a mistake."""
    contract = yield from contract_named(case)
    if contract and not contract.terminated:
        yield "SCSE095"
    yield from present([(case.record.event_date, "SCSE099")])
    yield from _decision(case)
    yield from _reinstatement_dates(case, contract)


def _decision(case: Case) -> Iterator[str]:
    """A decision has an order and a body; without any of them it is a mistake, and that needs its comment."""
    body, order, comment = (case.text(name) for name in ("deciding_body_code", "order_number", "mistake_comment"))
    if body is None and order is None and comment is None:
        yield "SCSE182"
    if comment is not None and body is None:
        return
    yield from present([(order, "SCSE098"), (body, "SCSE103")])
    yield from coded(case, body, Dictionary.DECIDING_BODY, "SCSE100")
    court = case.text("court_code")
    if body == COURT and court is None:
        yield "SCSE101"
    yield from coded(case, court, Dictionary.COURT, "SCSE148")


def _reinstatement_dates(case: Case, contract: Contract | None) -> Iterator[str]:
    day, ended = case.record.event_date, case.day("termination_date")
    if day and day > case.today:
        yield "SCSE094"
    if contract and contract.terminated and ended != contract.terminated_on:
        yield "SCSE096"
    if day and ended and ended > day:
        yield "SCSE102"
