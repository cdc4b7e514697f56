"""What an audit says, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.audit import Cause, Kind, Step
from usrec.domain.lateness import Stage
from usrec.interfaces.i18n import N_

KINDS: Final[Mapping[Kind, str]] = {
    Kind.UNCLEAR: N_("unclear: a person has to say what belongs together"),
    Kind.BY_HAND: N_("entered by hand: in the registry, and not sent by us"),
    Kind.LATE: N_("late: the legal date is over"),
    Kind.ORPHAN: N_("orphan: in the registry, and not in HR"),
    Kind.MISSING: N_("missing: in HR, and not in the ledger or the registry"),
    Kind.DIFFERENT: N_("different: the books say different things"),
    Kind.UNDERWAY: N_("on its way, in time"),
    Kind.AGREES: N_("the same in all books"),
}
CAUSES: Final[Mapping[Cause, str]] = {
    Cause.SEVERAL: N_("several contracts may belong together"),
    Cause.PUZZLE: N_("HR's row cannot be understood"),
    Cause.DELETED: N_("this agent deleted it, and the registry has it"),
    Cause.BEING_SENT: N_("the registry has it, and its conclusion is on its way"),
    Cause.NOT_TAKEN_OVER: N_("the registry has it, and its id was not taken over"),
    Cause.EVENT_LATE: N_("an event of it is not registered"),
    Cause.ENTRY_LATE: N_("it was never taken, and its term is over"),
    Cause.CHANGE_LATE: N_("a change in HR was never taken, and its term is over"),
    Cause.UNKNOWN_TO_HR: N_("HR has nothing like it"),
    Cause.GONE_FROM_HR: N_("HR has it no more, and its end is not registered"),
    Cause.NOT_IN_REGISTRY: N_("the ledger has it as registered, and the export has not"),
    Cause.ID_UNKNOWN: N_("its id in the registry is not known: no change of it can be sent"),
    Cause.NEVER_TAKEN: N_("it was never taken"),
    Cause.OTHER_ID: N_("the ledger has another id of it"),
    Cause.OTHER_IDENTITY: N_("HR and the registry name it differently"),
    Cause.NOT_TOLD: N_("a change in HR was not taken yet"),
    Cause.OPEN: N_("an event of it is open, in time"),
    Cause.NOTHING_STANDS: N_("nothing of it stands"),
    Cause.SAME: N_("the same everywhere"),
}
STEPS: Final[Mapping[Step, str]] = {
    Step.TAKE_OVER: N_("import its contract id (--apply does it)"),
    Step.SETTLE: N_("record that it was entered in the portal: usrec submission settle"),
    Step.SEND: N_("let HR's source deliver the event; the next look at a staff does"),
    Step.LOOK: N_("see why it waits: usrec submission show"),
    Step.FIND_ID: N_("find it in the portal and import its id: usrec onboard import"),
    Step.COMPARE: N_("compare it with the portal"),
    Step.MATCH: N_("say what belongs together: contract_key in a file of usrec onboard import"),
    Step.ASK_HR: N_("ask HR"),
    Step.NONE: N_("nothing"),
}
STAGES: Final[Mapping[Stage, str]] = {
    Stage.HR_ENTRY: N_("signing to HR's entry"),
    Stage.INTAKE: N_("HR's entry to the agent"),
    Stage.ACKNOWLEDGEMENT: N_("the agent to USREC's answer"),
    Stage.WHOLE: N_("signing to USREC's answer"),
}
