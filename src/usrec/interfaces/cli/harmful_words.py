"""The sentences of the rules on harmful work and its document, for :mod:`finding_words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.interfaces.i18n import N_

HARMFUL_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "harmful_code_forbidden_by_conditions": (
        N_("harmful_conditions_code is given, and working_conditions_code does not name harmful work."),
    ),
    "harmful_code_required_by_harmful_work": (
        N_("working_conditions_code names such work that harmful_conditions_code is needed beside it."),
    ),
    "harmful_code_required_by_conditions": (
        N_("working_conditions_code names such work that harmful_conditions_code is needed beside it."),
    ),
    "harmful_list_fits_begin_date": (
        N_("begin_date is 2014-01-01 or later: harmful_conditions_code must be an entry that starts with L3."),
        N_("begin_date is before 2014-01-01: harmful_conditions_code must be an entry of list 1 or list 2."),
    ),
    "payment_marks_not_before_2024": (
        N_("The marks of the special social payment exist since 2024; this event is older."),
    ),
    "payment_marks_not_with_normal_conditions": (
        N_("The marks of the special social payment are set, and the work before this event was not harmful."),
    ),
    "payment_marks_fit_chosen_conditions": (
        N_("Fields of the special social payment are filled in, and this event does not end harmful work."),
        N_(
            "The contract's conclusion is not known here: whether the marks of the special social payment fit its "
            "conditions and the employee's age was not checked."
        ),
    ),
    "payment_marks_need_age_55": (
        N_("The marks of the special social payment are set, and the employee is under 55 on that day."),
        N_("The employee's IIN does not tell a day of birth: whether the employee is 55 was not checked."),
    ),
    "payment_marks_when_leaving_harmful_work": (
        N_(
            "The employee is 55 or older and leaves harmful work: both consents and both phones are needed. Fill in "
            "a consent as it really is; never mark one that was not given."
        ),
    ),
    "document_only_with_harmful_code": (
        N_("A supporting document belongs to harmful_conditions_code only, and that is empty."),
    ),
    "document_there": (
        N_("There is no file of this name in the folder of documents."),
        N_(
            "supporting_document must name a plain file of the folder of documents: no link, no folder, no other place."
        ),
        N_("The file lies in the folder of documents, and the agent may not or cannot read it."),
        N_("The file is empty."),
        N_("supporting_document_name is given, and supporting_document names no file."),
        N_("The folder of documents is not known here: the file was not looked at."),
    ),
    "document_format_known": (
        N_(
            "The file's contents are neither PDF, JPEG nor PNG, whatever its name says. Save the document as one of "
            "them; renaming the file is not enough."
        ),
    ),
    "document_whole": (
        N_("The file breaks off before its end, as if it was still being copied. Put the whole file there."),
    ),
    "document_named": (N_("supporting_document_name is missing, and the name of the file tells nothing."),),
    "message_fits_100_kb": (
        N_(
            "The signed message would have about {whole} KB, {encoded} KB of them this file of {size} KB as base64; "
            "USREC takes 100 KB. Make the file at most {most} KB: only the pages that matter, scanned in grey at 150 "
            "dpi, as PDF or JPEG rather than PNG."
        ),
    ),
}
"""By rule; those on marks are said by lint from neighbouring rows, and at intake from the ledger."""
