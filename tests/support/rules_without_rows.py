"""Codes that the agent knows before sending and no row of HR's can be answered with, and what proves each instead.

A proof is a test of the project, written as `module::name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Elsewhere:
    """Why no row breaks a rule, what keeps it, and the test that shows it.

    Attributes:
        kept_by: The code that keeps the rule, as `module:name`.
        proof: The test, as `path::name` below `tests`.
    """

    why: str
    kept_by: str
    proof: str


_BLOCKS: Final = Elsewhere(
    "the renderer writes every block that an operation has, and the mapping of the profile asks for it",
    "usrec.adapters.rendering.renderer:XmlRenderer",
    "unit/usrec/test_rendering.py::test_a_missing_value_is_named",
)
_AWAITED: Final = Elsewhere(
    "a paper dated ahead is no mistake: it waits for its day and is then sent",
    "usrec.domain.deadline:not_before",
    "unit/usrec/test_ingest.py::test_paper_dated_ahead_waits_for_its_day_in_kazakhstan",
)
_OWN_DOCUMENT: Final = Elsewhere(
    "the agent makes the id of a document and reads its format from the file itself",
    "usrec.application.keep_document:attach",
    "unit/usrec/test_harmful_line.py::test_each_message_has_a_fresh_id_and_a_resend_the_same_bytes",
)
_WHOLE_DOCUMENT: Final = Elsewhere(
    "the agent writes id, format, name and contents of a document together or none of them",
    "usrec.application.keep_document:attach",
    "unit/usrec/test_harmful_line.py::test_a_harmful_contract_goes_alone_and_its_document_is_whole",
)

ELSEWHERE: Final[Mapping[str, Elsewhere]] = {
    "SCSE001": Elsewhere(
        "the key signs, not the row",
        "usrec.adapters.signing.held_key:HeldKey",
        "unit/usrec/test_deliver.py::test_key_that_cannot_sign_is_waited_for_and_nothing_is_doubtful",
    ),
    "SCSE008": _BLOCKS,
    "SCSE010": _BLOCKS,
    "SCSE138": _BLOCKS,
    "SCSE046": Elsewhere(
        "whose key signed is known at the gateway, before the registry reads the record",
        "usrec.domain.rules.examine:examine",
        "unit/usrec/test_rules.py::test_employer_must_be_one_of_ours",
    ),
    "SCSE059": _AWAITED,
    "SCSE062": _AWAITED,
    "SCSE066": _AWAITED,
    "SCSE094": _AWAITED,
    "SCSE110": _AWAITED,
    "SCSE126": _AWAITED,
    "SCSE156": _AWAITED,
    "SCSE086": Elsewhere(
        "the agent makes the record id from fresh random bytes and never uses one twice",
        "usrec.domain.identifiers:new_record_id",
        "unit/usrec/test_identifiers.py::test_different_random_bytes_make_different_record_ids",
    ),
    "SCSE087": Elsewhere(
        "the agent makes the record id itself",
        "usrec.domain.identifiers:new_record_id",
        "unit/usrec/test_identifiers.py::test_a_new_record_id_is_one_that_usrec_takes",
    ),
    "SCSE026": Elsewhere(
        "an event of a contract that is not registered yet waits for the contract's id",
        "usrec.application.contract_line:arrange_line",
        "unit/usrec/test_correction_terms.py::test_event_waits_until_its_contract_is_known",
    ),
    "SCSE168": _WHOLE_DOCUMENT,
    "SCSE169": _OWN_DOCUMENT,
    "SCSE170": _OWN_DOCUMENT,
    "SCSE172": _WHOLE_DOCUMENT,
    "SCSE175": Elsewhere(
        "one message holds one contract, whatever its conditions are",
        "usrec.adapters.rendering.renderer:XmlRenderer",
        "unit/usrec/test_harmful_line.py::test_a_harmful_contract_goes_alone_and_its_document_is_whole",
    ),
    "SCSE270": Elsewhere(
        "a contract by a permit that begins later waits for that day and is then sent",
        "usrec.domain.rules.foreigner:permit_begin_date_has_come",
        "unit/usrec/test_foreigner_rules.py::test_a_permit_that_begins_later_lets_the_contract_wait_for_its_day",
    ),
}
"""By response code."""
