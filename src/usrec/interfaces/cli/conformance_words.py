"""What each trial of a database means, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.adapters.sources.conformance.finding import Check, Verdict
from usrec.interfaces.i18n import N_

MEANINGS: Final[Mapping[Check, str]] = {
    Check.CONNECTION: N_("The driver and the server understand each other"),
    Check.ENCRYPTION: N_("Nobody on the way can read or change what goes between them"),
    Check.READING: N_("Where the agent only reads, the server itself refuses a write"),
    Check.LIMITS: N_("No statement of the agent runs or waits without end"),
    Check.RIGHTS: N_("The agent's account may do what it must with HR's table"),
    Check.TABLE: N_("The SQL of the kit makes the outbox table here"),
    Check.TYPES: N_("Kazakh letters, long texts and times arrive as HR wrote them"),
    Check.KEYS: N_("No event is taken for another one whose key looks alike"),
    Check.LATE_COMMIT: N_("An event that is committed late is never missed"),
    Check.READ_ONLY: N_("The same by an account that may only read"),
    Check.CLAIM: N_("The agent never waits for a row that HR is changing, and sees the change"),
    Check.HR_GOES_ON: N_("HR never waits for the agent to enter an event"),
    Check.STATUS: N_("HR reads what became of an event, and the latest of it"),
    Check.LOCKS: N_("A lock that HR holds for long stops the agent's attempt, not the agent"),
    Check.KILLED: N_("A session that breaks off leaves nothing half done"),
    Check.CLEAN: N_("Nothing of the trials is left in the database"),
    Check.STAFF: N_("The queries return a staff whose contracts are told apart"),
    Check.LETTERS: N_("The text of the database can hold Kazakh letters"),
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.PASSED: N_("pass"),
    Verdict.FAILED: N_("fail"),
    Verdict.SKIPPED: N_("skip"),
}
