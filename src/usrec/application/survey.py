"""How things stand: the numbers behind ``usrec status``.

A term runs until the event is registered or taken back, whoever's turn it is, so what waits for a person counts as
open here and can be overdue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from usrec.domain.employer_stop import EmployerStop
from usrec.domain.heartbeat import Heartbeat, halted
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.pair import Pair
from usrec.domain.state import SETTLED, State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import LedgerView, MassRow, Named, SubmissionRow, UnsettledGroup

Word = TypeVar("Word", bound=StrEnum)

_SENDING: Final = frozenset({QueueStatus.READY, QueueStatus.CLAIMED})
SOON: Final = timedelta(hours=24)
NAMED: Final = 20
"""How many submissions of a kind are named one by one."""
_NONE: Final = Named()
HEARD_OF: Final = timedelta(minutes=5)
"""An agent that has been silent for longer than the others says nothing of now."""


class PersonNeeded(StrEnum):
    """Why nothing goes on before a person acts."""

    REFUSED = "refused"
    """Refused by USREC."""
    INVALID = "invalid"
    """HR must mend the row."""
    NEEDS_DECISION = "needs_decision"
    """In doubt, and the agent cannot find out by itself."""
    CONTRACT_UNKNOWN = "contract_unknown"
    """The registry's id of the contract is not known."""
    KEY_UNUSABLE = "key_unusable"
    """The employer's key cannot sign."""
    HELD_BY_PERSON = "held_by_person"
    """A person stopped it."""
    MASS_HELD = "mass_held"
    """One of many changes that are held until a person has looked."""
    CHECKED_OUT = "checked_out"
    """A person enters it in the portal."""
    TO_CONFIRM = "to_confirm"
    """USREC says that it is registered already."""
    OTHER_PARTY = "other_party"
    """Somebody else has to act after a refusal."""
    EMPLOYER_STOPPED = "employer_stopped"
    """Nothing of its employer goes out."""
    AWAITING_SIGNATURE = "awaiting_signature"
    """The EDS's owner has to sign it by hand."""
    AWAITING_APPROVAL = "awaiting_approval"
    """A person has to approve it before it is signed."""
    AWAITING_IIN = "awaiting_iin"
    """HR has to bring the employee's IIN."""


NEEDED_BY_STATE: Final[Mapping[State, PersonNeeded]] = {
    State.REJECTED: PersonNeeded.REFUSED,
    State.INVALID: PersonNeeded.INVALID,
}
NEEDED_BY_WAIT: Final[Mapping[WaitReason | None, PersonNeeded]] = {
    WaitReason.NEEDS_DECISION: PersonNeeded.NEEDS_DECISION,
    WaitReason.CONTRACT_UNKNOWN: PersonNeeded.CONTRACT_UNKNOWN,
    WaitReason.KEY_UNUSABLE: PersonNeeded.KEY_UNUSABLE,
    WaitReason.HELD_BY_PERSON: PersonNeeded.HELD_BY_PERSON,
    WaitReason.MASS_HELD: PersonNeeded.MASS_HELD,
    WaitReason.CHECKED_OUT: PersonNeeded.CHECKED_OUT,
    WaitReason.TO_CONFIRM: PersonNeeded.TO_CONFIRM,
    WaitReason.OTHER_PARTY: PersonNeeded.OTHER_PARTY,
    WaitReason.EMPLOYER_STOPPED: PersonNeeded.EMPLOYER_STOPPED,
    WaitReason.AWAITING_SIGNATURE: PersonNeeded.AWAITING_SIGNATURE,
    WaitReason.AWAITING_APPROVAL: PersonNeeded.AWAITING_APPROVAL,
    WaitReason.AWAITING_IIN: PersonNeeded.AWAITING_IIN,
}


def person_needed(one: SubmissionRow | UnsettledGroup) -> PersonNeeded | None:
    """Why a person has to act, None when nobody has to."""
    return NEEDED_BY_STATE.get(one.state) or NEEDED_BY_WAIT.get(one.wait_reason)


@dataclass(frozen=True, slots=True)
class Survey:
    """How things stand at one moment.

    Attributes:
        by_state: All current submissions; every state has its number.
        refused_by_code: Those that USREC refused.
        waiting: Open ones that are not being sent, by why.
        sending: Open ones that are being sent now, or next.
        oldest: The open one that was taken first.
        overdue: Unsettled ones whose legal date is over.
        due_soon: Unsettled ones whose legal date ends within a day.
        write_backs_waiting: Notes that HR has not got yet.
        stopped: Employers of whom nothing goes out.
        passed_over: Not sent, by the employer's policy of what is entered.
        masses: Batches of changes about which nobody has decided.
        targets: Unsettled ones without a term of law, whose internal target counts.
        targets_passed: Those of them whose target has passed.
        pairs: Transfers in two halves of which one is missing, or that contradict.
        halted: Agents that send nothing, because their machines' clocks cannot be relied on.
    """

    at: datetime
    by_state: Mapping[State, int]
    refused_by_code: Mapping[str, int]
    waiting: Mapping[WaitReason, int]
    sending: int
    oldest: SubmissionRow | None
    overdue: Named
    due_soon: Named
    needs_person: Mapping[PersonNeeded, int]
    write_backs_waiting: int
    stopped: Sequence[EmployerStop] = ()
    passed_over: int = 0
    masses: Sequence[MassRow] = ()
    targets: Named = _NONE
    targets_passed: Named = _NONE
    pairs: Sequence[Pair] = ()
    halted: Sequence[Heartbeat] = ()

    @property
    def open(self) -> int:
        """Neither registered nor taken back."""
        return sum(number for state, number in self.by_state.items() if state not in SETTLED)


def take_survey(*, view: LedgerView, clock: Clock) -> Survey:
    """Look at the whole ledger; nothing is changed."""
    now = clock.now()
    counts = view.counts()
    open_ones = view.unsettled(now, kazakhstan_date(now), SOON, NAMED)
    groups = open_ones.groups
    return Survey(
        at=now,
        by_state={state: sum(number for key, number in counts.items() if key[0] is state) for state in State},
        refused_by_code={code: number for (state, code), number in counts.items() if state is State.REJECTED},
        waiting=_counted((one.wait_reason, one.number) for one in groups),
        sending=sum(one.number for one in groups if one.wait_reason is None and one.status in _SENDING),
        oldest=open_ones.oldest,
        overdue=open_ones.overdue,
        due_soon=open_ones.due_soon,
        needs_person=_counted((person_needed(one), one.number) for one in groups),
        write_backs_waiting=view.write_backs_waiting(),
        stopped=view.employer_stops(),
        passed_over=view.passed_over(),
        masses=[one for one in view.masses() if one.batch.decision is None],
        targets=open_ones.targets,
        targets_passed=open_ones.targets_passed,
        pairs=[pair for pair in view.pairs() if not pair.is_sound],
        halted=halted(view.heartbeats(), HEARD_OF),
    )


def _counted(parts: Iterable[tuple[Word | None, int]]) -> Mapping[Word, int]:
    """The sum for each word, without the parts that have none."""
    sums: Counter[Word] = Counter()
    for word, number in parts:
        if word is not None:
            sums[word] += number
    return sums
