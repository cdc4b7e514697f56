"""Events of a contract as a whole: concluded, backfilled, corrected, deleted.

The optional fields are those that response codes name beside the mandatory ones (term 038-057, work place 055 and
073-108, working time 074-078, conditions of work 160-183, foreigner 184-192 and 266-272, employer's type 254).
Sources: the samples of working clients for what is mandatory, the response codes for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTerms:
    """What a contract and an agreement may say of the work; all of it optional, codes are of the official dictionaries.

    Attributes:
        end_date: Last day of a contract with a term.
        auto_extension_term_code: Term for which the contract goes on by itself.
        established_post_code: Post by the dictionary, beside its free text.
        tariff_rate: Share of a full rate, a decimal above 0 and at most 1.
        harmful_conditions_code: Entry of the list of harmful work.
        supporting_document: What proves the harmful work: the file's name as HR wrote it, and the content's reference
            once the ledger holds it.
        supporting_document_name: What the document is called.
        department: HR's department, for figures of lateness only; it is not sent and makes no event another one.
    """

    term_code: str | None = None
    end_date: date | None = None
    auto_extension_term_code: str | None = None
    established_post_code: str | None = None
    work_kind_code: str | None = None
    work_place_address: str | None = None
    kato_code: str | None = None
    country_code: str | None = None
    remote_work_code: str | None = None
    working_hours_code: str | None = None
    tariff_rate: str | None = None
    professional_skill_code: str | None = None
    personal_quality_code: str | None = None
    working_conditions_code: str | None = None
    harmful_conditions_code: str | None = None
    supporting_document: str | None = None
    supporting_document_name: str | None = None
    department: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractBody(WorkTerms):
    """The data of a contract.

    Attributes:
        contract_date: Date of the contract, part of its identity on the wire.
        begin_date: First day of work.
        position_code: Code of the national classifier of occupations (НКЗ).
        established_post: Post of the staff schedule, free text.
        conscript_code: Relation to military service; demanded by code 021, no longer by the Order.
        employer_type_code: Legal entity, entrepreneur or private person.
        foreigner_basis_code: On what ground a foreigner is employed; the permit belongs to it.
    """

    employee_iin: str
    contract_number: str
    contract_date: date
    begin_date: date
    position_code: str
    established_post: str
    conscript_code: str | None = None
    employer_type_code: str | None = None
    foreigner_basis_code: str | None = None
    foreigner_education_code: str | None = None
    permit_number: str | None = None
    permit_issue_date: date | None = None
    permit_begin_date: date | None = None
    permit_end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion(ContractBody):
    """A concluded employment contract (newContractData).

    Attributes:
        signed_on: Day on which both parties had signed; the term of Order 353 p.7 runs from it.
        employee_iin: Empty while ``awaits_iin``.
        awaits_iin: "true" where a foreigner was hired before the IIN was issued: the event waits for a later revision.
        pair_key: Links it to the termination at another employer; it is not sent.
        pair_elsewhere: "true" where that termination is not this agent's matter.
    """

    signed_on: date
    employee_iin: str = ""
    awaits_iin: str | None = None
    pair_key: str | None = None
    pair_elsewhere: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyContract(ContractBody):
    """A contract older than the Order and still in force; its term, p.7 para 2, has run out for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEdit(ContractBody):
    """Corrected data of a registered contract: the whole body, as it should have been.

    Attributes:
        entered_on: Day on which the first data were entered; the term of Order 353 p.9(1) runs from it.
    """

    entered_on: date | None = None
    contract_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDelete:
    """A registered contract is deleted, because it names the wrong party (Order 353 p.9(2), codes 047 and 048).

    Attributes:
        employee_iin: As the registry holds it.
        entered_on: As in a correction.
        department: As of a contract.
    """

    employee_iin: str
    entered_on: date | None = None
    contract_id: str | None = None
    department: str | None = field(default=None, compare=False)
