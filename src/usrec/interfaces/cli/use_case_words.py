"""What the words of the use cases mean to a person; beside words.py, because these load the use cases.

Each table stands beside one enum (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.application.plan_replay import Treatment
from usrec.application.replay import CanaryFate
from usrec.application.survey import PersonNeeded
from usrec.interfaces.i18n import N_

NEEDS: Final[Mapping[PersonNeeded, str]] = {
    PersonNeeded.REFUSED: N_("refused by USREC: mend the row or the cause, then retry"),
    PersonNeeded.INVALID: N_("invalid: HR must mend the row"),
    PersonNeeded.NEEDS_DECISION: N_("in doubt, and only a person can settle it"),
    PersonNeeded.CONTRACT_UNKNOWN: N_("the registry's id of the contract is not known"),
    PersonNeeded.KEY_UNUSABLE: N_("the employer's key cannot sign"),
    PersonNeeded.HELD_BY_PERSON: N_("held by a person"),
    PersonNeeded.MASS_HELD: N_("many changes are held until somebody has looked: usrec mass list"),
    PersonNeeded.CHECKED_OUT: N_("being entered in the portal by a person"),
    PersonNeeded.TO_CONFIRM: N_("to look at: USREC says that it is registered already"),
    PersonNeeded.OTHER_PARTY: N_("waiting for somebody else to act: usrec submission show says who"),
    PersonNeeded.EMPLOYER_STOPPED: N_("of a stopped employer: usrec employer list"),
    PersonNeeded.AWAITING_SIGNATURE: N_("waiting for the signature of the EDS's owner: usrec package create"),
    PersonNeeded.AWAITING_APPROVAL: N_("waiting for an approval: usrec submission approve"),
    PersonNeeded.AWAITING_IIN: N_("waiting for an employee's IIN: HR brings it in the row"),
}

TREATMENTS: Final[Mapping[Treatment, str]] = {
    Treatment.NEW_VERSION: N_("signed anew and sent"),
    Treatment.SAME_BYTES: N_("sent on as they stand"),
    Treatment.UNKNOWN: N_("in doubt: the agent finds out by itself, or a person settles it"),
    Treatment.INVALID: N_("invalid: HR must mend the row"),
    Treatment.BLOCKED: N_("behind an earlier event of the same contract: they follow by themselves"),
    Treatment.PAPER_DATE: N_("their date has not come"),
    Treatment.WITH_PERSON: N_("with a person: held, to be decided, or being entered in the portal"),
    Treatment.QUEUED: N_("already queued by a replay"),
    Treatment.MOVING: N_("being sent, or about to be"),
    Treatment.SETTLED: N_("registered or taken back"),
}

CANARIES: Final[Mapping[CanaryFate, str]] = {
    CanaryFate.REGISTERED: N_("was registered"),
    CanaryFate.REFUSED: N_("was refused again"),
    CanaryFate.UNKNOWN: N_("is in doubt"),
    CanaryFate.NOT_SENT: N_("could not be sent"),
    CanaryFate.NONE_SENDABLE: N_("cannot be sent now"),
}
