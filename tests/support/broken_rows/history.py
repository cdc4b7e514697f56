"""Events that the history of their contract forbids."""

from __future__ import annotations

from typing import Final

from support.sound_rows import AGREEMENT_ID, CONCLUDED, LEAVE_ID, OTHER_IIN, Before, BrokenRow
from usrec.domain.source_event import Operation

_ENDED: Final = (CONCLUDED, Before(Operation.TERMINATION))
_AGREED: Final = (CONCLUDED, Before(Operation.AMENDMENT))
_ON_LEAVE: Final = (CONCLUDED, Before(Operation.SOCIAL_LEAVE))
_PASSED: Final = Before(Operation.BIN_CHANGE)
_EARLY: Final = "2025-11-17"
_SHORT: Final = {"term_code": "2", "end_date": "2026-11-16", "begin_date": "2026-11-16"}

HISTORY: tuple[BrokenRow, ...] = (
    BrokenRow(
        "SCSE014",
        "contract_number_unused",
        Operation.CONCLUSION,
        before=(Before(Operation.CONCLUSION, contract_key="contract-16"),),
    ),
    BrokenRow(
        "SCSE014",
        "contract_number_unused",
        Operation.CONTRACT_EDIT,
        {"contract_number": "16"},
        (CONCLUDED, Before(Operation.CONCLUSION, {"contract_number": "16"}, contract_key="contract-16")),
    ),
    BrokenRow("SCSE047", "deletion_names_the_employee", Operation.CONTRACT_DELETE, {"employee_iin": OTHER_IIN}),
    BrokenRow("SCSE048", "deletion_names_the_employer", Operation.CONTRACT_DELETE, before=(CONCLUDED, _PASSED)),
    BrokenRow("SCSE049", "deletion_names_the_employee", Operation.AMENDMENT_DELETE, {"employee_iin": OTHER_IIN}),
    BrokenRow("SCSE050", "deletion_names_the_employer", Operation.AMENDMENT_DELETE, before=(*_AGREED, _PASSED)),
    BrokenRow(
        "SCSE132",
        "deletion_names_the_employee",
        Operation.SOCIAL_LEAVE_DELETE,
        {"leave_id": LEAVE_ID},
        (*_ON_LEAVE, Before(Operation.IIN_CHANGE)),
    ),
    BrokenRow("SCSE097", "contract_belongs_to_employer", Operation.TERMINATION, before=(CONCLUDED, _PASSED)),
    BrokenRow("SCSE097", "contract_belongs_to_employer", Operation.IIN_CHANGE, before=(CONCLUDED, _PASSED)),
    BrokenRow(
        "SCSE097",
        "contract_belongs_to_employer",
        Operation.SOCIAL_LEAVE,
        before=(CONCLUDED, Before(Operation.TRANSFER)),
    ),
    BrokenRow(
        "SCSE063",
        "amendment_not_before_contract",
        Operation.AMENDMENT,
        {"agreement_date": _EARLY, "signed_on": _EARLY},
    ),
    BrokenRow(
        "SCSE063",
        "amendment_not_before_contract",
        Operation.AMENDMENT_EDIT,
        {"agreement_date": _EARLY, "agreement_id": AGREEMENT_ID},
    ),
    BrokenRow("SCSE067", "termination_not_before_contract", Operation.TERMINATION, {"termination_date": _EARLY}),
    BrokenRow("SCSE068", "term_matches_period", Operation.AMENDMENT, _SHORT),
    BrokenRow("SCSE070", "agreement_not_repeated", Operation.AMENDMENT, before=_AGREED),
    BrokenRow(
        "SCSE147",
        "leave_not_before_contract",
        Operation.SOCIAL_LEAVE,
        {"not_worked_from": _EARLY, "not_worked_to": "2026-02-01", "first_working_day": "2026-02-02"},
    ),
    BrokenRow("SCSE121", "leave_not_repeated", Operation.SOCIAL_LEAVE, before=_ON_LEAVE),
    BrokenRow(
        "SCSE155", "reorganisation_not_before_contract", Operation.TRANSFER, {"reorganisation_date": "2025-11-16"}
    ),
    BrokenRow("SCSE095", "reinstatement_needs_termination", Operation.REINSTATEMENT, before=(CONCLUDED,)),
    BrokenRow("SCSE096", "termination_date_as_registered", Operation.REINSTATEMENT, {"termination_date": "2026-11-18"}),
    *(
        BrokenRow("SCSE092", "contract_not_terminated", operation, before=before)
        for operation, before in (
            (Operation.AMENDMENT, _ENDED),
            (Operation.TERMINATION, _ENDED),
            (Operation.CONTRACT_EDIT, _ENDED),
            (Operation.CONTRACT_DELETE, _ENDED),
            (Operation.EXTENSION, _ENDED),
            (Operation.SOCIAL_LEAVE, _ENDED),
            (Operation.TRANSFER, _ENDED),
            (Operation.AMENDMENT_EDIT, (*_AGREED, Before(Operation.TERMINATION))),
            (Operation.AMENDMENT_DELETE, (*_AGREED, Before(Operation.TERMINATION))),
            (Operation.SOCIAL_LEAVE_EDIT, (*_ON_LEAVE, Before(Operation.TERMINATION))),
            (Operation.SOCIAL_LEAVE_DELETE, (*_ON_LEAVE, Before(Operation.TERMINATION))),
        )
    ),
)
