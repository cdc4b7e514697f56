"""Other numbers for the same parties: change of IIN, of BIN, and transfer to another legal entity.

Source: codes SCSE117, 118, 145, 154-156. The register of legal entities is not simulated: any BIN may receive.
"""

from collections.abc import Iterator

from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import contract_named, person, present, valid_iin


def iin_change(case: Case) -> Iterator[str]:
    """A person got another IIN."""
    yield from contract_named(case)
    yield from person(case)
    old, new = case.record.employee, case.text("new_employee_iin")
    if new is None:
        yield "SCSE011"
    elif not valid_iin(new):
        yield "SCSE045"
    elif new == old:
        yield "SCSE117"
    elif set(case.registry.earlier_iins(new)) - {old}:
        yield "SCSE145"


def bin_change(case: Case) -> Iterator[str]:
    """An employer got another BIN or IIN."""
    yield from contract_named(case)
    yield from _receiver(case, same="SCSE118")


def transfer(case: Case) -> Iterator[str]:
    """A contract goes over to a successor."""
    contract = yield from contract_named(case)
    if contract and contract.terminated:
        yield "SCSE092"
    yield from _receiver(case, same="SCSE118")
    day = case.record.event_date
    yield from present([(day, "SCSE154")])
    if contract and contract.signed and day and day < contract.signed:
        yield "SCSE155"
    if day and day > case.today:
        yield "SCSE156"


def _receiver(case: Case, *, same: str) -> Iterator[str]:
    new = case.text("new_employer_bin")
    if new is None:
        yield "SCSE009"
    elif not valid_iin(new):
        yield "SCSE043"
    elif new == case.record.employer:
        yield same
