"""What a warning about the keys' renewal says, and what to do: for the log in English, for a person translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from usrec.domain.renewal import RenewalFinding, RenewalProblem
from usrec.interfaces.i18n import N_, tr

_DESTROY: Final = N_(
    "Take it out of the settings, reload the agent, and destroy the file or token content and its password"
    " by the rules of the NCA"
)

WORDS: Final[Mapping[RenewalProblem, tuple[str, str]]] = {
    RenewalProblem.NO_SUCCESSOR: (
        N_("the last key, {place}, ends on {day}, and no other follows it"),
        N_("Have the owner of the EDS renew it at the NCA and put the new key into [[employer.NAME.next_key]]"),
    ),
    RenewalProblem.GAP: (
        N_("no key signs on the days before {day}, when {place} begins: the key before it ends earlier"),
        N_("Give it an earlier use_from; where its certificate begins later, expect events to wait on those days"),
    ),
    RenewalProblem.EXPIRED_KEPT: (N_("the key {place} ended on {day} and still stands in the settings"), _DESTROY),
    RenewalProblem.SUPERSEDED_KEPT: (
        N_("another key signs since {day}, and the old one, {place}, still stands in the settings"),
        _DESTROY,
    ),
    RenewalProblem.NEVER_USED: (
        N_("the key {place} will never sign: its first day is {day}, when it has ended or a newer key signs"),
        N_("Correct its use_from, or the order of the keys"),
    ),
    RenewalProblem.FAR_OFF: (
        N_("the key {place} is to sign only from {day} on"),
        N_("Compare its use_from: is the year right?"),
    ),
}
"""For each problem what is wrong and what to do; ``{place}`` is where the key is, ``{day}`` a date."""


def renewal_words(finding: RenewalFinding, say: Callable[[str], str] = tr) -> tuple[str, str]:
    """What is wrong and what to do.

    Args:
        say: Turns an English text into the reader's.
    """
    what, advice = WORDS[finding.problem]
    return say(what).format(place=finding.place, day=finding.day.isoformat()), say(advice)
