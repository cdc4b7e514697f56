"""Which element of a message carries which value, in order.

Source: for the profile `seen` the messages of working clients of 2018-2019. Profile `current` knows every operation;
the names that no source shows are the same assumptions that `schemas/usrec/current` states, written down here a second
time on purpose: a slip on either side shows as a fault. A value named by a field of the record fills that field, any
other goes to its details.
"""

from collections.abc import Mapping
from typing import Final

from usrec_simulator.operations import Operation, Profile

Layout = Mapping[str, str]

_PARTIES: Final[Layout] = {"employerData/bin": "employer", "employeeData/iin": "employee"}
_EMPLOYER: Final[Layout] = {"employerData/bin": "employer"}
_ON_CONTRACT: Final[Layout] = {"employerData/bin": "employer", "contractId": "contract_id"}
_CONTRACT: Final[Layout] = {
    "contractData/contractNumber": "number",
    "contractData/contractDate": "event_date",
    "contractData/beginDate": "begin_date",
    "contractData/position": "position",
    "contractData/establishedPost": "post",
}
_DOCUMENTS: Final[Layout] = {"documentData/conscript": "conscript_code"}
_AGREEMENT: Final[Layout] = {
    "subsidiaryContractNumber": "number",
    "subsidiaryContractDate": "event_date",
    "beginDate": "begin_date",
    "position": "position",
    "establishedPost": "post",
}
_TERMINATION: Final[Layout] = {"terminationDate": "event_date", "terminationReason": "reason"}

_WORK: Final[Layout] = {
    "contractTerm": "term_code",
    "endDate": "end_date",
    "autoExtensionTerm": "auto_extension_term_code",
    "establishedPostCode": "established_post_code",
    "workKind": "work_kind_code",
    "workPlaceAddress": "work_place_address",
    "kato": "kato_code",
    "country": "country_code",
    "remoteWork": "remote_work_code",
    "workingHours": "working_hours_code",
    "tariffRate": "tariff_rate",
    "professionalSkill": "professional_skill_code",
    "personalQuality": "personal_quality_code",
    "workingConditions": "working_conditions_code",
    "harmfulConditions": "harmful_conditions_code",
    "supportingDocument/id": "supporting_document_id",
    "supportingDocument/file": "supporting_document",
    "supportingDocument/format": "supporting_document_format",
    "supportingDocument/name": "supporting_document_name",
}
_FOREIGNER: Final[Layout] = {
    "foreignerData/basis": "foreigner_basis_code",
    "foreignerData/permitNumber": "permit_number",
    "foreignerData/permitIssueDate": "permit_issue_date",
    "foreignerData/permitBeginDate": "permit_begin_date",
    "foreignerData/permitEndDate": "permit_end_date",
    "foreignerData/education": "foreigner_education_code",
}
_MARKS: Final[Layout] = {
    "employeeConsent": "employee_consent",
    "employerConsent": "employer_consent",
    "employeePhone": "employee_phone",
    "employerPhone": "employer_phone",
}
_LEAVE: Final[Layout] = {
    "socialLeaveType": "leave_type_code",
    "notWorkedFrom": "event_date",
    "notWorkedTo": "not_worked_to",
    "firstWorkingDay": "first_working_day",
    "timesheetNumber": "timesheet_number",
}
_LEAVE_ID: Final[Layout] = {"socialLeaveId": "leave_id"}
_AGREEMENT_ID: Final[Layout] = {"subsidiaryContractId": "agreement_id"}
_CONTRACT_ID: Final[Layout] = {"contractId": "contract_id"}
_TYPE: Final[Layout] = {"employerData/type": "employer_type_code"}
_PERSON: Final[Layout] = {"employeeData/iin": "employee"}
_LATER_CONTRACT: Final[Layout] = {
    **_CONTRACT,
    **{f"contractData/{path}": name for path, name in _WORK.items()},
    **_DOCUMENTS,
    **_FOREIGNER,
}
_LATER_AGREEMENT: Final[Layout] = {**_AGREEMENT, **_WORK, **_MARKS}

_SEEN: Final[Mapping[Operation, tuple[str, Layout]]] = {
    Operation.CONCLUSION: ("newContractData", {**_PARTIES, **_CONTRACT, **_DOCUMENTS}),
    Operation.AMENDMENT: ("subsidiaryContractData", {**_ON_CONTRACT, **_AGREEMENT}),
    Operation.TERMINATION: ("terminationContractData", {**_ON_CONTRACT, **_TERMINATION}),
}

_CURRENT: Final[Mapping[Operation, tuple[str, Layout]]] = {
    Operation.CONCLUSION: ("newContractData", {**_EMPLOYER, **_TYPE, **_PERSON, **_LATER_CONTRACT}),
    Operation.AMENDMENT: ("subsidiaryContractData", {**_ON_CONTRACT, **_LATER_AGREEMENT}),
    Operation.TERMINATION: (
        "terminationContractData",
        {**_ON_CONTRACT, **_TERMINATION, "digitalisation": "digitalisation", **_MARKS},
    ),
    Operation.CONTRACT_EDIT: (
        "editContractData",
        {**_EMPLOYER, **_TYPE, **_PERSON, **_CONTRACT_ID, **_LATER_CONTRACT},
    ),
    Operation.CONTRACT_DELETE: ("deleteContractData", {**_PARTIES, **_CONTRACT_ID}),
    Operation.AMENDMENT_EDIT: ("editSubsidiaryContractData", {**_ON_CONTRACT, **_AGREEMENT_ID, **_LATER_AGREEMENT}),
    Operation.AMENDMENT_DELETE: ("deleteSubsidiaryContractData", {**_PARTIES, **_CONTRACT_ID, **_AGREEMENT_ID}),
    Operation.REINSTATEMENT: (
        "restoreEmployeeData",
        {
            **_ON_CONTRACT,
            "orderNumber": "order_number",
            "restoreDate": "event_date",
            "terminationDate": "termination_date",
            "decidingBody": "deciding_body_code",
            "court": "court_code",
            "mistakeComment": "mistake_comment",
        },
    ),
    Operation.EXTENSION: (
        "prolongationContractData",
        {**_ON_CONTRACT, "prolongationDate": "event_date", "contractTerm": "term_code", "endDate": "end_date"},
    ),
    Operation.SOCIAL_LEAVE: ("socialLeaveData", {**_ON_CONTRACT, **_LEAVE}),
    Operation.SOCIAL_LEAVE_EDIT: ("editSocialLeaveData", {**_ON_CONTRACT, **_LEAVE_ID, **_LEAVE}),
    Operation.SOCIAL_LEAVE_DELETE: ("deleteSocialLeaveData", {**_PARTIES, **_CONTRACT_ID, **_LEAVE_ID}),
    Operation.LEGACY_CONTRACT: ("legacyContractData", {**_EMPLOYER, **_TYPE, **_PERSON, **_LATER_CONTRACT}),
    Operation.IIN_CHANGE: ("changeEmployeeIinData", {**_PARTIES, **_CONTRACT_ID, "newIin": "new_employee_iin"}),
    Operation.BIN_CHANGE: ("changeEmployerBinData", {**_ON_CONTRACT, "newBin": "new_employer_bin"}),
    Operation.TRANSFER: (
        "transferContractData",
        {**_ON_CONTRACT, "reorganisationDate": "event_date", "newBin": "new_employer_bin"},
    ),
}

DATES: Final = frozenset(
    {
        "end_date",
        "permit_issue_date",
        "permit_begin_date",
        "permit_end_date",
        "termination_date",
        "not_worked_to",
        "first_working_day",
    }
)
"""Details that are dates."""


def operation_of(element: str, profile: Profile) -> Operation | None:
    """Return the operation that an element asks for."""
    return next((one for one, (name, _) in _of(profile).items() if name == element), None)


def element_of(operation: Operation, profile: Profile) -> str:
    """Return the element of an operation."""
    return _of(profile)[operation][0]


def layout_of(operation: Operation, profile: Profile) -> Layout:
    """Return the fields of an operation; the client's own id is part of `current` only."""
    lead = {"id": "record_id"} if profile is Profile.CURRENT else {}
    return {**lead, **_of(profile)[operation][1]}


def _of(profile: Profile) -> Mapping[Operation, tuple[str, Layout]]:
    return _CURRENT if profile is Profile.CURRENT else _SEEN
