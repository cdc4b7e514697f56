"""What a warning about the authority to sign says, and what to do: for the log in English, for a person translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from usrec.domain.authority import AuthorityFinding, AuthorityProblem
from usrec.interfaces.i18n import N_, tr

_RENEW: Final = N_("Have the employer sign a new order and put it into [[employer.NAME.order]]; keep the old one there")
_APPOINT: Final = N_("Have the employer appoint one by an order and put it into [[employer.NAME.order]]")

WORDS: Final[Mapping[AuthorityProblem, tuple[str, str]]] = {
    AuthorityProblem.NO_ORDER: (
        N_("no order on record appoints who enters data into USREC and signs (Order 353, point 5)"),
        N_("Put the order into [[employer.NAME.order]]; when the first head signs, set signed_by_head = true"),
    ),
    AuthorityProblem.ORDER_LAPSED: (N_("order {number} ended on {day} and no other follows it"), _RENEW),
    AuthorityProblem.ORDER_LAPSES: (N_("order {number} ends on {day} and no other follows it"), _RENEW),
    AuthorityProblem.ORDER_NOT_YET: (
        N_("no order is in force; order {number} begins on {day}"),
        N_("Whoever signs before that day needs an order of an earlier date; if there is one, put it on record"),
    ),
    AuthorityProblem.NO_DEPUTY: (N_("no order on record appoints a deputy of who signs"), _APPOINT),
    AuthorityProblem.DEPUTY_LAPSED: (N_("the deputy's order {number} ended on {day} and no other follows it"), _RENEW),
    AuthorityProblem.DEPUTY_LAPSES: (N_("the deputy's order {number} ends on {day} and no other follows it"), _RENEW),
    AuthorityProblem.DEPUTY_NOT_YET: (
        N_("no deputy's order is in force; order {number} begins on {day}"),
        N_("Until that day nobody may stand in; if there is another order, put it on record"),
    ),
    AuthorityProblem.BACKDATED: (
        N_("order {number} is dated {day}, after the day from which it is said to hold"),
        N_("Check both dates: what was signed before an order's own date was signed without it"),
    ),
    AuthorityProblem.OVERLAP: (
        N_("two orders appoint a responsible person at the same time, since order {number} began on {day}"),
        N_("Give the earlier order its last day, valid_until; a deputy's order needs deputy = true"),
    ),
    AuthorityProblem.CERTIFICATE_NOT_NAMED: (
        N_("the key's certificate is named by no order in force"),
        N_("Put its serial number (usrec authority shows it) into the order that its holder was appointed by"),
    ),
    AuthorityProblem.CERTIFICATE_ENDS_FIRST: (
        N_("the key's certificate ends on {day}, before order {number} does"),
        N_("Renew the key at the NCA; then put the new certificate's serial number into the order's record"),
    ),
    AuthorityProblem.HEAD_NOT_SHOWN: (
        N_("signed_by_head is set, but the key's certificate is not a first head's"),
        N_("Use the first head's key, or put the order that appoints its holder on record"),
    ),
}
"""For each problem what is wrong and what to do; ``{number}`` is the order's, ``{day}`` a date."""


def finding_words(finding: AuthorityFinding, say: Callable[[str], str] = tr) -> tuple[str, str]:
    """What is wrong and what to do.

    Args:
        say: Turns an English text into the reader's; :func:`as_written` leaves it English.
    """
    what, advice = WORDS[finding.problem]
    day = "" if finding.day is None else finding.day.isoformat()
    return say(what).format(number=finding.number, day=day), say(advice)


def as_written(text: str) -> str:
    """For logs and JSON, which are English whoever reads them."""
    return text
