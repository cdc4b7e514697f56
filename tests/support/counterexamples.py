"""A message against every rule of the simulated registry, with the code that has to answer it."""

from __future__ import annotations

from datetime import UTC, datetime

from support.registry_messages import (
    AGREEMENT_ID,
    BIN,
    CONCLUDED,
    CONTRACT_ID,
    DOCUMENT_ID,
    FOREIGN_IIN,
    IIN,
    OLD_IIN,
    OTHER_BIN,
    OTHER_IIN,
    PERSON_EMPLOYER,
    Counterexample,
    Sent,
    Values,
)
from usrec_simulator.dictionaries import Dictionaries, Dictionary, Standing
from usrec_simulator.operations import Operation
from usrec_simulator.rules import DeadlinePolicy, Demand

O = Operation  # noqa: E741 a table reads better with a short name
WHOLE = {"demand": Demand.ORDER}
STRICT = {"deadlines": DeadlinePolicy.REFUSE}
TOMORROW = "2026-11-21"
MUCH_LATER = datetime(2027, 1, 15, 10, 0, tzinfo=UTC)


def levels(dictionary: Dictionary) -> dict[str, Dictionaries]:
    """Registry settings with a dictionary in which 77 is a heading and 78 a code."""
    return {"dictionaries": Dictionaries({dictionary: {"77": Standing.HEADING, "78": Standing.KNOWN}})}


PERMIT: Values = {
    "employee": FOREIGN_IIN,
    "foreigner_basis_code": "2",
    "permit_number": "A-1",
    "permit_issue_date": "2025-11-01",
    "permit_begin_date": "2025-11-10",
    "permit_end_date": "2026-11-18",
    "foreigner_education_code": "3",
}
DOCUMENT: Values = {
    "working_conditions_code": "2",
    "harmful_conditions_code": "L3.14.165",
    "supporting_document_id": DOCUMENT_ID,
    "supporting_document": "JVBERi0=",
    "supporting_document_format": "pdf",
    "supporting_document_name": "Аттестация",
}
HARMFUL: Values = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}
MARKS: Values = {
    "employee_consent": "true",
    "employer_consent": "true",
    "employee_phone": "+77010000000",
    "employer_phone": "+77010000001",
}
INDEFINITE: Values = {"term_code": "1", "end_date": None}
OLD_AND_HARMFUL = (Sent(O.CONCLUSION, {**HARMFUL, "employee": OLD_IIN}),)
TERMINATED = (CONCLUDED, Sent(O.TERMINATION))
EXTENDED = (CONCLUDED, Sent(O.EXTENSION))


def contract(code: str, change: Values | None = None, **more: object) -> Counterexample:
    return Counterexample(code, O.CONCLUSION, change or {}, **more)  # type: ignore[arg-type]


PARTIES = (
    contract("SCSE087", {"record_id": "short"}),
    contract("SCSE086", {"record_id": CONTRACT_ID, "number": "18"}, before=(CONCLUDED,)),
    contract("SCSE008", without="employerData"),
    contract("SCSE009", {"employer": ""}),
    contract("SCSE043", {"employer": "200940000014"}),
    contract("SCSE010", without="employeeData"),
    contract("SCSE011", {"employee": ""}),
    contract("SCSE045", {"employee": "900101300008"}),
    contract("SCSE012", book={"unknown_persons": {IIN}}),
    contract("SCSE014", {"employee": OTHER_IIN}, before=(CONCLUDED,)),
)

CONTRACT = (
    contract("SCSE003", {"number": None}),
    contract("SCSE004", {"event_date": None}),
    contract("SCSE005", {"begin_date": None}),
    contract("SCSE006", {"position": None}),
    contract("SCSE007", {"position": "инженер"}),
    contract("SCSE083", {"position": "77"}, book=levels(Dictionary.POSITION)),
    contract("SCSE029", {"post": None}),
    contract("SCSE021", {"conscript_code": None}, book=WHOLE),
    contract("SCSE039", {"term_code": None, "end_date": None}, book=WHOLE),
    contract("SCSE055", {"work_place_address": None}, book=WHOLE),
    contract("SCSE040", {"conscript_code": "годен"}),
    contract("SCSE151", {"term_code": "8"}),
    contract("SCSE038", {"term_code": "9"}),
    contract("SCSE146", {"auto_extension_term_code": "2", "term_code": None, "end_date": None}),
    contract("SCSE081", {"term_code": "77"}, book=levels(Dictionary.TERM)),
    contract("SCSE054", {"end_date": None}),
    contract("SCSE057", {"term_code": "1"}),
    contract("SCSE107", {"country_code": "KZ"}),
    contract("SCSE105", {"kato_code": None}),
    contract("SCSE108", {"country_code": "643"}),
    contract("SCSE073", {"kato_code": "7100"}),
    contract("SCSE104", {"work_kind_code": "3"}),
    contract("SCSE150", {"remote_work_code": "4"}),
    contract("SCSE075", {"working_hours_code": "6"}),
    contract("SCSE085", {"working_hours_code": "77"}, book=levels(Dictionary.WORKING_HOURS)),
    contract("SCSE074", {"tariff_rate": "0.5"}),
    contract("SCSE076", {"tariff_rate": "1", "working_hours_code": "1"}),
    contract("SCSE077", {"working_hours_code": "3"}),
    contract("SCSE078", {"tariff_rate": "1.5", "working_hours_code": "3"}),
    contract("SCSE078", {"tariff_rate": "0", "working_hours_code": "3"}),
    contract("SCSE078", {"tariff_rate": "NaN", "working_hours_code": "3"}),
    contract("SCSE027", {"personal_quality_code": "1"}, book=levels(Dictionary.COMPETENCE)),
    contract("SCSE028", {"personal_quality_code": "77"}, book=levels(Dictionary.COMPETENCE)),
    contract("SCSE030", {"professional_skill_code": "1"}, book=levels(Dictionary.COMPETENCE)),
    contract("SCSE031", {"professional_skill_code": "77"}, book=levels(Dictionary.COMPETENCE)),
    contract("SCSE069", {"established_post_code": "инженер"}),
    contract("SCSE082", {"established_post_code": "77"}, book=levels(Dictionary.STAFF_POST)),
    contract("SCSE254", {"employer_type_code": "ТОО"}),
    contract("SCSE255", {"employer_type_code": "2"}),
    contract("SCSE255", {"employer_type_code": "1", "employer": PERSON_EMPLOYER}),
    contract("SCSE059", {"event_date": TOMORROW}),
    contract("SCSE139", {"begin_date": "1956-11-19"}),
    contract("SCSE140", {"begin_date": "2076-11-21", "end_date": "2078-01-01"}),
    contract("SCSE141", {"end_date": "2076-11-21"}),
    contract("SCSE061", {"end_date": "2025-11-17"}),
    contract("SCSE068", {"end_date": "2026-11-16"}),
)

HARMFUL_WORK = (
    contract("SCSE160", {"working_conditions_code": "вредные"}),
    contract("SCSE161", {"working_conditions_code": "77"}, book=levels(Dictionary.CONDITIONS)),
    contract("SCSE162", {"working_conditions_code": "1", "harmful_conditions_code": "L3.1"}),
    contract("SCSE183", {"working_conditions_code": "2"}),
    contract("SCSE176", {"working_conditions_code": "3"}),
    contract("SCSE163", {**HARMFUL, "harmful_conditions_code": "L4.1"}),
    contract("SCSE164", {**HARMFUL, "harmful_conditions_code": "77"}, book=levels(Dictionary.HARMFUL)),
    contract("SCSE165", {**HARMFUL, "harmful_conditions_code": "L1.8.1"}),
    contract("SCSE165", {**HARMFUL, **INDEFINITE, "begin_date": "2013-12-31"}),
    contract("SCSE167", {**DOCUMENT, "harmful_conditions_code": None, "working_conditions_code": None}),
    contract("SCSE168", {**DOCUMENT, "supporting_document_id": None}),
    contract("SCSE170", {**DOCUMENT, "supporting_document_id": "1"}),
    contract(
        "SCSE169", {**DOCUMENT, "number": "18"}, before=(Sent(O.CONCLUSION, {**DOCUMENT, "record_id": CONTRACT_ID}),)
    ),
    contract("SCSE171", {**DOCUMENT, "supporting_document": None}),
    contract("SCSE172", {**DOCUMENT, "supporting_document_format": None}),
    contract("SCSE173", {**DOCUMENT, "supporting_document_format": "docx"}),
    contract("SCSE174", {**DOCUMENT, "supporting_document_name": None}),
    Counterexample(
        "SCSE178",
        O.TERMINATION,
        {**MARKS, "event_date": "2023-12-31"},
        before=(Sent(O.CONCLUSION, {**HARMFUL, "employee": OLD_IIN, "begin_date": "2020-01-01"}),),
    ),
    Counterexample("SCSE179", O.TERMINATION, MARKS, before=(Sent(O.CONCLUSION, HARMFUL),)),
    Counterexample("SCSE180", O.TERMINATION, MARKS, before=(Sent(O.CONCLUSION, {"employee": OLD_IIN}),)),
    Counterexample("SCSE181", O.TERMINATION, before=OLD_AND_HARMFUL),
    Counterexample("SCSE181", O.TERMINATION, {**MARKS, "employer_phone": None}, before=OLD_AND_HARMFUL),
    Counterexample("SCSE181", O.AMENDMENT, {"working_conditions_code": "1"}, before=OLD_AND_HARMFUL),
    Counterexample("SCSE258", O.AMENDMENT, {**MARKS, **HARMFUL, "begin_date": "2026-11-17"}, before=OLD_AND_HARMFUL),
)

FOREIGNER = (
    contract("SCSE192", {**PERMIT, "employee": IIN}),
    contract("SCSE253", {"term_code": "7"}),
    Counterexample("SCSE253", O.AMENDMENT, {"term_code": "7", "end_date": "2027-01-01"}),
    contract("SCSE184", {**PERMIT, "permit_number": None}),
    contract("SCSE184", book={"foreign_persons": {IIN}}),
    contract("SCSE185", {**PERMIT, "permit_issue_date": None}),
    contract("SCSE266", {**PERMIT, "permit_begin_date": None}),
    contract("SCSE267", {**PERMIT, "permit_end_date": None}),
    contract("SCSE188", {**PERMIT, "foreigner_basis_code": "ИРС"}),
    contract("SCSE189", {**PERMIT, "foreigner_basis_code": "77"}, book=levels(Dictionary.BASIS)),
    contract("SCSE190", {**PERMIT, "foreigner_education_code": "1"}, book=levels(Dictionary.EDUCATION)),
    contract("SCSE191", {**PERMIT, "foreigner_education_code": "77"}, book=levels(Dictionary.EDUCATION)),
    contract("SCSE256", {**PERMIT, "foreigner_basis_code": "1"}),
    contract("SCSE257", {**PERMIT, "employer": PERSON_EMPLOYER}),
    contract("SCSE186", {**PERMIT, "permit_issue_date": "2016-11-19"}),
    contract("SCSE268", {**PERMIT, "permit_begin_date": "2016-11-19"}),
    contract("SCSE269", {**PERMIT, "permit_end_date": "2016-11-19"}),
    contract("SCSE187", {**PERMIT, "permit_issue_date": TOMORROW}),
    contract("SCSE270", {**PERMIT, "permit_begin_date": TOMORROW}),
    contract("SCSE272", {**PERMIT, "permit_end_date": "2025-11-17"}),
)

AGREEMENT = (
    Counterexample("SCSE026", O.AMENDMENT, {"contract_id": None}),
    Counterexample("SCSE025", O.AMENDMENT, {"contract_id": "other"}),
    Counterexample("SCSE097", O.AMENDMENT, {"employer": OTHER_BIN}),
    Counterexample("SCSE015", O.AMENDMENT, {"number": None}),
    Counterexample("SCSE023", O.AMENDMENT, {"event_date": None}),
    Counterexample("SCSE024", O.AMENDMENT, {"begin_date": None}),
    Counterexample("SCSE080", O.AMENDMENT, {"position": None, "post": None}),
    Counterexample("SCSE070", O.AMENDMENT, before=(CONCLUDED, Sent(O.AMENDMENT))),
    Counterexample("SCSE092", O.AMENDMENT, before=TERMINATED),
    Counterexample("SCSE062", O.AMENDMENT, {"event_date": TOMORROW, "begin_date": TOMORROW}),
    Counterexample("SCSE063", O.AMENDMENT, {"event_date": "2025-11-17"}),
    Counterexample("SCSE064", O.AMENDMENT, {"begin_date": "2026-11-15"}),
    Counterexample("SCSE065", O.AMENDMENT, {"term_code": "2", "end_date": "2026-11-16"}),
    Counterexample("SCSE142", O.AMENDMENT, {"term_code": "2", "end_date": "2077-01-01"}),
    Counterexample("SCSE054", O.AMENDMENT, {"term_code": "2"}),
)

CORRECTION = (
    Counterexample("SCSE025", O.CONTRACT_EDIT, {"contract_id": "other"}),
    Counterexample("SCSE097", O.CONTRACT_EDIT, {"employer": OTHER_BIN}),
    Counterexample("SCSE003", O.CONTRACT_EDIT, {"number": None}),
    Counterexample("SCSE092", O.CONTRACT_EDIT, before=TERMINATED),
    Counterexample(
        "SCSE014",
        O.CONTRACT_EDIT,
        {"number": "18"},
        before=(CONCLUDED, Sent(O.CONCLUSION, {"record_id": "n" * 32, "number": "18"})),
    ),
    Counterexample("SCSE026", O.CONTRACT_DELETE, {"contract_id": None}),
    Counterexample("SCSE025", O.CONTRACT_DELETE, before=(CONCLUDED, Sent(O.CONTRACT_DELETE))),
    Counterexample("SCSE047", O.CONTRACT_DELETE, {"employee": OTHER_IIN}),
    Counterexample("SCSE048", O.CONTRACT_DELETE, {"employer": OTHER_BIN}),
    Counterexample("SCSE092", O.CONTRACT_DELETE, before=TERMINATED),
    Counterexample("SCSE051", O.AMENDMENT_EDIT, {"agreement_id": None}),
    Counterexample("SCSE044", O.AMENDMENT_EDIT, {"agreement_id": CONTRACT_ID}),
    Counterexample("SCSE097", O.AMENDMENT_EDIT, {"employer": OTHER_BIN}),
    Counterexample("SCSE064", O.AMENDMENT_EDIT, {"begin_date": "2026-11-15"}),
    Counterexample("SCSE092", O.AMENDMENT_EDIT, before=(CONCLUDED, Sent(O.AMENDMENT), Sent(O.TERMINATION))),
    Counterexample("SCSE051", O.AMENDMENT_DELETE, {"agreement_id": None}),
    Counterexample("SCSE052", O.AMENDMENT_DELETE, before=(CONCLUDED, Sent(O.AMENDMENT), Sent(O.AMENDMENT_DELETE))),
    Counterexample("SCSE049", O.AMENDMENT_DELETE, {"employee": OTHER_IIN}),
    Counterexample("SCSE050", O.AMENDMENT_DELETE, {"employer": OTHER_BIN}),
    Counterexample(
        "SCSE119",
        O.AMENDMENT_DELETE,
        {"employer": OTHER_BIN, "agreement_id": "b" * 32},
        before=(CONCLUDED, Sent(O.BIN_CHANGE, {"record_id": "b" * 32})),
    ),
)

END_AND_RETURN = (
    Counterexample("SCSE018", O.TERMINATION, {"event_date": None}),
    Counterexample("SCSE022", O.TERMINATION, {"reason": "по желанию"}),
    Counterexample("SCSE084", O.TERMINATION, {"reason": "03"}),
    Counterexample("SCSE056", O.TERMINATION, {"digitalisation": "true"}),
    Counterexample("SCSE092", O.TERMINATION, before=TERMINATED),
    Counterexample("SCSE066", O.TERMINATION, {"event_date": TOMORROW}),
    Counterexample("SCSE067", O.TERMINATION, {"event_date": "2025-11-17"}),
    Counterexample("SCSE095", O.REINSTATEMENT, before=(CONCLUDED,)),
    Counterexample("SCSE095", O.REINSTATEMENT, before=(*TERMINATED, Sent(O.REINSTATEMENT))),
    Counterexample("SCSE099", O.REINSTATEMENT, {"event_date": None}),
    Counterexample("SCSE182", O.REINSTATEMENT, {"order_number": None, "deciding_body_code": None, "court_code": None}),
    Counterexample("SCSE098", O.REINSTATEMENT, {"order_number": None}),
    Counterexample("SCSE103", O.REINSTATEMENT, {"deciding_body_code": None}),
    Counterexample("SCSE100", O.REINSTATEMENT, {"deciding_body_code": "3"}),
    Counterexample("SCSE101", O.REINSTATEMENT, {"court_code": None}),
    Counterexample("SCSE148", O.REINSTATEMENT, {"court_code": "городской"}),
    Counterexample("SCSE094", O.REINSTATEMENT, {"event_date": TOMORROW}),
    Counterexample("SCSE096", O.REINSTATEMENT, {"termination_date": "2026-11-18"}),
    Counterexample("SCSE102", O.REINSTATEMENT, {"event_date": "2026-11-18"}),
)

EXTENSION = (
    Counterexample("SCSE109", O.EXTENSION, {"event_date": None}),
    Counterexample("SCSE110", O.EXTENSION, {"event_date": TOMORROW, "end_date": "2027-11-21"}),
    Counterexample("SCSE092", O.EXTENSION, before=TERMINATED),
    Counterexample("SCSE111", O.EXTENSION, before=(Sent(O.CONCLUSION, INDEFINITE),)),
    Counterexample("SCSE111", O.EXTENSION, before=(CONCLUDED, Sent(O.AMENDMENT, {"term_code": "1"}))),
    Counterexample("SCSE120", O.EXTENSION, {"end_date": "2028-11-18"}, before=EXTENDED),
    Counterexample("SCSE112", O.EXTENSION, {"event_date": "2026-11-17"}, before=EXTENDED),
    Counterexample("SCSE116", O.EXTENSION, {"event_date": "2026-11-19"}),
    Counterexample("SCSE114", O.EXTENSION, {"term_code": "3"}),
    Counterexample("SCSE158", O.EXTENSION, {"end_date": "2026-11-18"}),
    Counterexample("SCSE115", O.EXTENSION, {"end_date": None}),
    Counterexample("SCSE115", O.EXTENSION, {"term_code": "1"}),
    Counterexample("SCSE141", O.EXTENSION, {"end_date": "2077-11-18"}),
    Counterexample("SCSE068", O.EXTENSION, {"end_date": "2027-11-17"}),
    Counterexample(
        "SCSE113",
        O.EXTENSION,
        {"event_date": "2026-11-18"},
        before=(
            Sent(O.CONCLUSION, {"event_date": "2023-11-18", "begin_date": "2023-11-18", "end_date": "2024-11-18"}),
            Sent(O.EXTENSION, {"record_id": "e" * 32, "event_date": "2024-11-18", "end_date": "2025-11-18"}),
            Sent(O.EXTENSION, {"record_id": "f" * 32, "event_date": "2025-11-18", "end_date": "2026-11-18"}),
        ),
    ),
)

LEAVE = (
    Counterexample("SCSE092", O.SOCIAL_LEAVE, before=TERMINATED),
    Counterexample("SCSE135", O.SOCIAL_LEAVE, {"leave_type_code": None}),
    Counterexample("SCSE123", O.SOCIAL_LEAVE, {"event_date": None}),
    Counterexample("SCSE124", O.SOCIAL_LEAVE, {"not_worked_to": None}),
    Counterexample("SCSE136", O.SOCIAL_LEAVE, {"leave_type_code": "3"}),
    Counterexample("SCSE122", O.SOCIAL_LEAVE, {"timesheet_number": None}),
    Counterexample("SCSE129", O.SOCIAL_LEAVE, {"first_working_day": None}),
    Counterexample("SCSE130", O.SOCIAL_LEAVE, {"first_working_day": "2026-10-03"}),
    Counterexample("SCSE131", O.SOCIAL_LEAVE, {"first_working_day": "2076-11-21"}),
    Counterexample("SCSE143", O.SOCIAL_LEAVE, {"not_worked_to": "2026-12-02", "first_working_day": "2026-12-03"}),
    Counterexample("SCSE144", O.SOCIAL_LEAVE, {"leave_type_code": "2"}),
    Counterexample(
        "SCSE126",
        O.SOCIAL_LEAVE,
        {"event_date": TOMORROW, "not_worked_to": "2027-01-01", "first_working_day": "2027-01-02"},
    ),
    Counterexample("SCSE127", O.SOCIAL_LEAVE, {"not_worked_to": "2026-05-31"}),
    Counterexample("SCSE128", O.SOCIAL_LEAVE, {"event_date": "1976-01-01", "not_worked_to": "1976-02-01"}),
    Counterexample("SCSE147", O.SOCIAL_LEAVE, {"event_date": "2025-11-01", "not_worked_to": "2026-01-01"}),
    Counterexample("SCSE121", O.SOCIAL_LEAVE, before=(CONCLUDED, Sent(O.SOCIAL_LEAVE))),
    Counterexample("SCSE134", O.SOCIAL_LEAVE_EDIT, {"leave_id": None}),
    Counterexample("SCSE137", O.SOCIAL_LEAVE_EDIT, {"leave_id": AGREEMENT_ID}),
    Counterexample("SCSE097", O.SOCIAL_LEAVE_EDIT, {"employer": OTHER_BIN}),
    Counterexample("SCSE127", O.SOCIAL_LEAVE_EDIT, {"not_worked_to": "2026-05-31"}),
    Counterexample("SCSE092", O.SOCIAL_LEAVE_EDIT, before=(CONCLUDED, Sent(O.SOCIAL_LEAVE), Sent(O.TERMINATION))),
    Counterexample("SCSE134", O.SOCIAL_LEAVE_DELETE, {"leave_id": None}),
    Counterexample("SCSE132", O.SOCIAL_LEAVE_DELETE, {"employee": OTHER_IIN}),
    Counterexample("SCSE097", O.SOCIAL_LEAVE_DELETE, {"employer": OTHER_BIN}),
    Counterexample(
        "SCSE137", O.SOCIAL_LEAVE_DELETE, before=(CONCLUDED, Sent(O.SOCIAL_LEAVE), Sent(O.SOCIAL_LEAVE_DELETE))
    ),
)

SUCCESSION = (
    Counterexample("SCSE117", O.IIN_CHANGE, {"new_employee_iin": IIN}),
    Counterexample("SCSE045", O.IIN_CHANGE, {"new_employee_iin": "900101300008"}),
    Counterexample(
        "SCSE145",
        O.IIN_CHANGE,
        {"new_employee_iin": OTHER_IIN, "employee": OLD_IIN},
        before=(CONCLUDED, Sent(O.IIN_CHANGE)),
    ),
    Counterexample("SCSE118", O.BIN_CHANGE, {"new_employer_bin": BIN}),
    Counterexample("SCSE043", O.BIN_CHANGE, {"new_employer_bin": "200940000014"}),
    Counterexample("SCSE097", O.BIN_CHANGE, before=(CONCLUDED, Sent(O.BIN_CHANGE))),
    Counterexample("SCSE154", O.TRANSFER, {"event_date": None}),
    Counterexample("SCSE155", O.TRANSFER, {"event_date": "2025-11-16"}),
    Counterexample("SCSE156", O.TRANSFER, {"event_date": TOMORROW}),
    Counterexample("SCSE118", O.TRANSFER, {"new_employer_bin": BIN}),
    Counterexample("SCSE092", O.TRANSFER, before=TERMINATED),
)

LATE = (
    contract("SCSE088", book=STRICT),
    Counterexample("SCSE089", O.AMENDMENT, {"event_date": "2026-11-03"}, book=STRICT),
    Counterexample("SCSE091", O.TERMINATION, {"event_date": "2026-11-16"}, book=STRICT),
    Counterexample("SCSE093", O.REINSTATEMENT, book=STRICT, at=MUCH_LATER),
    Counterexample("SCSE090", O.CONTRACT_EDIT, book=STRICT, at=MUCH_LATER),
    Counterexample("SCSE090", O.CONTRACT_DELETE, book=STRICT, at=MUCH_LATER),
    Counterexample("SCSE090", O.AMENDMENT_EDIT, book=STRICT, at=MUCH_LATER),
    Counterexample("SCSE090", O.AMENDMENT_DELETE, book=STRICT, at=MUCH_LATER),
)

COUNTEREXAMPLES = (
    *PARTIES,
    *CONTRACT,
    *HARMFUL_WORK,
    *FOREIGNER,
    *AGREEMENT,
    *CORRECTION,
    *END_AND_RETURN,
    *EXTENSION,
    *LEAVE,
    *SUCCESSION,
)
