"""Events that follow a contract: its agreements, its end, its return, its extension, its parties.

Sources: the samples of working clients for the agreement and the termination; for all others the response codes
(reinstatement 093-103, 148, 182; extension 109-120, 158; change of IIN and BIN 117-119, 145; transfer 153-157).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from usrec.domain.events.contracts import WorkTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """An event of a contract that stands already.

    Attributes:
        contract_id: The registry's id of the contract, given only for contracts that this agent did not register.
        department: As of a contract.
    """

    contract_id: str | None = None
    department: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementBody(WorkTerms):
    """The data of an additional agreement.

    Attributes:
        employee_consent: "true" where the employee agreed to leave harmful work for the special social payment.
    """

    agreement_number: str
    agreement_date: date
    begin_date: date
    position_code: str | None = None
    established_post: str | None = None
    employee_consent: str | None = None
    employer_consent: str | None = None
    employee_phone: str | None = None
    employer_phone: str | None = None
    contract_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment(AgreementBody):
    """An additional agreement (subsidiaryContractData); its term, p.8, runs from ``signed_on``.

    Attributes:
        changes: What it changes, in the words of ``domain/change.py``; it decides whether it is sent and is not sent.
    """

    signed_on: date
    changes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentEdit(AgreementBody):
    """Corrected data of a registered agreement; its term, p.9(1), runs from ``entered_on``.

    Attributes:
        agreement_id: The registry's id of the agreement.
    """

    agreement_id: str
    entered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentDelete(FollowUp):
    """A registered agreement is deleted, because it names the wrong party (p.9(2), codes 049 and 050)."""

    employee_iin: str
    agreement_id: str
    entered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Termination(FollowUp):
    """A terminated contract (terminationContractData); its term, p.12, runs from ``termination_date``.

    Attributes:
        digitalisation: "true" where staff was reduced because of new technology.
        employee_consent: As in an agreement.
        pair_key: Links it to the conclusion at another employer; it is not sent.
        pair_elsewhere: "true" where that conclusion is not this agent's matter.
    """

    termination_date: date
    reason_code: str
    digitalisation: str | None = None
    employee_consent: str | None = None
    employer_consent: str | None = None
    employee_phone: str | None = None
    employer_phone: str | None = None
    pair_key: str | None = None
    pair_elsewhere: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstatement(FollowUp):
    """An employee comes back after a termination; the term of p.10 runs from ``reinstatement_date``.

    Attributes:
        termination_date: As the registry holds it.
        order_number: Of the employer's order; needed where somebody decided.
        deciding_body_code: Who decided: a court, a conciliation commission.
        court_code: Needed where a court decided.
        mistake_comment: What the mistake was, where the termination was entered by mistake and nobody decided.
    """

    reinstatement_date: date
    termination_date: date
    order_number: str | None = None
    deciding_body_code: str | None = None
    court_code: str | None = None
    mistake_comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(FollowUp):
    """A contract goes on after its term; the term of p.13-1 runs from ``extension_date``.

    Attributes:
        extension_date: The last day of the term that is extended.
        end_date: The new last day; none for an indefinite term.
    """

    extension_date: date
    term_code: str
    end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IinChange(FollowUp):
    """The employee of a contract has got another IIN; the Order sets no term."""

    employee_iin: str
    new_employee_iin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BinChange(FollowUp):
    """The employer of a contract has got another BIN or IIN; the Order sets no term."""

    new_employer_bin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(FollowUp):
    """A contract passes to a successor, a spin-off or within a branch network; the Order sets no term."""

    reorganisation_date: date
    new_employer_bin: str
