"""What the rules of a contract's history and of late entries say, in the reader's language.

Beside :mod:`usrec.interfaces.cli.finding_words`, which shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.interfaces.i18n import N_

_LATE: Final = N_(
    "The last day to enter this was {day}. It is sent all the same: a late entry is still due. Compare the date "
    "with the paper and leave it as it is there."
)

_NOT_REGISTERED: Final = N_(
    "{field} names an event whose id in the registry is not known. Is that event unsent: raise its own revision "
    "instead. Otherwise give the id from the portal, or raise the revision of this event once that one is registered."
)

HISTORY_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "agreement_id_known": (_NOT_REGISTERED,),
    "leave_id_known": (_NOT_REGISTERED,),
    "agreement_not_repeated": (
        N_(
            "This contract has an agreement with this number and date already. The same agreement: "
            "withdraw this row. Another one: give the paper a number of its own together with the "
            "employee and raise the revision."
        ),
    ),
    "amendment_not_before_contract": (
        N_(
            "The agreement is dated before the contract begins. Compare the row with the paper. If the "
            "paper is so, its date stays: agree a further paper once the contract runs, or ask USREC "
            "support how to enter this one."
        ),
    ),
    "contract_belongs_to_employer": (
        N_(
            "The contract has passed to another BIN. Enter what happens since then under that BIN, with "
            "contract_id from the portal; its key signs."
        ),
    ),
    "contract_not_terminated": (
        N_(
            "A termination of this contract is registered or goes before this event; after it only the "
            "state labour body changes data, on application. Was the termination a mistake: withdraw its "
            "row while it is not sent, or else register a reinstatement with mistake_comment; then raise the "
            "revision of this event."
        ),
    ),
    "contract_number_unused": (
        N_(
            "Another contract of this employer, registered or entered before, has this number. The same "
            "contract under two keys: withdraw this row. Another contract: give the paper a number of its"
            " own together with the employee and raise the revision."
        ),
    ),
    "deletion_names_the_employee": (
        N_(
            "The contract stands under another IIN than the one of this deletion. See in the portal whose"
            " contract it is. Another one was meant: correct contract_key. This one, entered with a wrong"
            " IIN: give the IIN as it is registered. Then raise the revision."
        ),
    ),
    "deletion_names_the_employer": (
        N_(
            "The contract has passed to another BIN, and a deletion names the employer under whom it "
            "stands now. Is it ours: enter the deletion under that BIN, with contract_id from the portal;"
            " its key signs."
        ),
    ),
    "extension_date_is_end_date": (
        N_(
            "extension_date is not the last day of the term in force by what is registered or goes before"
            " this event. Give that last day, not the next one or that of the order. Is an earlier "
            "extension or agreement missing: send it first, then raise the revision of this event."
        ),
    ),
    "extension_follows_sequence": (
        N_(
            "A later extension of this contract is registered or goes before this one. Compare the "
            "extensions with the papers. Is this one truly missing in between: ask USREC support how to "
            "enter it."
        ),
    ),
    "extension_needs_fixed_term": (
        N_(
            "The contract is indefinite by what is registered or goes before this event, so there is "
            "nothing to extend. Is the paper so: withdraw this row. Is the term entered wrongly: correct "
            "that entry first."
        ),
    ),
    "extension_not_repeated": (
        N_(
            "The contract has an extension from this day already. The same extension: withdraw this row. "
            "The next one: extension_date is the last day of the term that it extends."
        ),
    ),
    "extension_term_allowed": (
        N_(
            "An extension is for the same kind of term as before, or indefinite. The paper says which; "
            "another kind of term needs an agreement."
        ),
    ),
    "leave_not_before_contract": (
        N_(
            "The leave begins before the contract. Compare the row with the order: it may belong to an "
            "earlier contract of the same person. Is the contract's first day entered wrongly: correct "
            "that entry first."
        ),
    ),
    "leave_not_repeated": (
        N_(
            "This contract has a social leave from this day already. The same leave: withdraw this row. "
            "Its other days are wrong: correct that leave instead."
        ),
    ),
    "reinstatement_needs_termination": (
        N_(
            "No termination of this contract is registered or goes before this event. Send the "
            "termination first, with its true date, then raise the revision of this event. Was it entered"
            " in the portal: give contract_id from there. Was the employee restored already: withdraw "
            "this row."
        ),
    ),
    "reorganisation_not_before_contract": (
        N_(
            "The reorganisation is dated before the contract was concluded, and such a contract does not "
            "pass. Compare both dates with the papers; a lawyer tells which employer the contract belongs"
            " to."
        ),
    ),
    "term_matches_period": (
        N_(
            "The term is a year or more, and from the first day of the contract to end_date there are "
            "fewer days. The paper says which of the two is right."
        ),
    ),
    "termination_date_as_registered": (
        N_(
            "termination_date is not the day of the termination that is registered or goes before this "
            "event. Give that day: the field only names the termination that is undone."
        ),
    ),
    "termination_not_before_contract": (
        N_(
            "The termination is dated before the contract begins. Compare the row with the order. If the "
            "contract truly ended before its first day, its date stays: ask the labour authority how to "
            "record it."
        ),
    ),
    "third_extension_is_indefinite": (
        N_(
            "The contract has been extended twice, and by our reading of the law the next extension is "
            "indefinite. Count the extensions in the papers: two are there, then term_code is 1 and "
            "end_date empty."
        ),
    ),
    "conclusion_entered_in_time": (_LATE,),
    "amendment_entered_in_time": (_LATE,),
    "termination_entered_in_time": (_LATE,),
    "reinstatement_entered_in_time": (_LATE,),
    "extension_entered_in_time": (_LATE,),
    "correction_window_open": (
        N_(
            "The 30 calendar days that the registry counts for a correction ended on {day}; the term of the Order ends "
            "on {last}. It is sent all the same; if it is refused, ask USREC support and name p.9 of the Order."
        ),
        N_(
            "Both terms for a correction are over: the 30 calendar days of the registry ended on {day}, the term of "
            "the Order on {last}. It is sent all the same; if it is refused, ask the labour authority how to "
            "correct it."
        ),
    ),
}
"""By rule, with a placeholder for every value."""
