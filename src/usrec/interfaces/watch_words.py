"""Messages about troubles, in the language of whoever gets them and without personal data.

The independent watcher tells most of them, agents those of contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from usrec.domain.drift import OF_DRIFT
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.oversight import Concern, Trouble
from usrec.domain.oversight_notice import Notice, Phase
from usrec.interfaces.i18n import N_, in_language, ntr, tr

NAMED: Final = 10
"""How many submissions a message names."""

_SUBJECTS: Final[Mapping[Concern, Callable[[int], str]]] = {
    Concern.LEDGER_UNREACHABLE: lambda _: tr("the ledger does not answer"),
    Concern.AGENT_SILENT: lambda _: tr("the agent is silent"),
    Concern.AGENT_MISSING: lambda number: ntr(
        "{number} of several agents is missing", "{number} of several agents are missing", number
    ),
    Concern.UNWATCHED: lambda number: ntr(
        "the term of {number} submission is not watched", "the terms of {number} submissions are not watched", number
    ),
    Concern.UNDELIVERED: lambda _: tr("the agent's alerts do not arrive"),
    Concern.CLOCK_WRONG: lambda _: tr("nothing is sent, because a machine's clock cannot be relied on"),
    Concern.OVERDUE: lambda number: ntr("{number} submission is overdue", "{number} submissions are overdue", number),
    Concern.JOURNAL_UNLINKED: lambda _: tr("the journal is not being linked"),
    Concern.EMPLOYER_STOPPED: lambda number: ntr(
        "{number} employer is stopped", "{number} employers are stopped", number
    ),
    Concern.AUDIT_FINDINGS: lambda number: ntr(
        "an audit found {number} contract to look at", "an audit found {number} contracts to look at", number
    ),
    Concern.AUDIT_MISSING: lambda number: ntr(
        "the audit of {number} employer fails", "the audits of {number} employers fail", number
    ),
    Concern.IDS_UNKNOWN: lambda number: ntr(
        "the registry's id of {number} contract is not known",
        "the registry's ids of {number} contracts are not known",
        number,
    ),
    Concern.STAFF_PUZZLES: lambda number: ntr(
        "{number} contract of HR's staff cannot be understood",
        "{number} contracts of HR's staff cannot be understood",
        number,
    ),
}
_OVER: Final[Mapping[Concern, str]] = {
    Concern.LEDGER_UNREACHABLE: N_("the ledger answers again"),
    Concern.AGENT_SILENT: N_("the agent is back again"),
    Concern.AGENT_MISSING: N_("no agent is missing any more"),
    Concern.UNWATCHED: N_("all terms are watched again"),
    Concern.UNDELIVERED: N_("the agent's alerts arrive again"),
    Concern.CLOCK_WRONG: N_("the machines' clocks can be relied on again"),
    Concern.OVERDUE: N_("nothing is overdue any more"),
    Concern.JOURNAL_UNLINKED: N_("the journal is linked again"),
    Concern.EMPLOYER_STOPPED: N_("no employer is stopped any more"),
    Concern.AUDIT_FINDINGS: N_("the last audit found nothing to look at"),
    Concern.AUDIT_MISSING: N_("the audits are taken again"),
    Concern.IDS_UNKNOWN: N_("the registry's ids of all contracts are known"),
    Concern.STAFF_PUZZLES: N_("all contracts of HR's staff are understood again"),
}
_HAPPENED: Final[Mapping[Concern, str]] = {
    Concern.LEDGER_UNREACHABLE: N_("The ledger has not answered since {since}: nobody sees now which terms come near."),
    Concern.AGENT_MISSING: N_("The agent on {host} has given no sign of life since {since}. Others go on."),
    Concern.UNWATCHED: N_("A term has come near or is over, and the agent has raised no alert about it."),
    Concern.UNDELIVERED: N_("Alerts that the agent raised have not reached everybody since {since}."),
    Concern.CLOCK_WRONG: N_(
        "The agent on {host} has signed and sent nothing since {since}: others tell another time than its clock."
    ),
    Concern.OVERDUE: N_("The legal date is over, and USREC has no record of it:"),
    Concern.JOURNAL_UNLINKED: N_("Lines of the journal have waited since {since} to be linked into its chain."),
    Concern.EMPLOYER_STOPPED: N_("Since {since} nothing is signed or sent of, while terms run on:"),
    Concern.AUDIT_FINDINGS: N_("HR, the ledger and the registry do not agree (found {since}). Employers:"),
    Concern.AUDIT_MISSING: N_("The audit of {since} was not taken. Employers:"),
    Concern.IDS_UNKNOWN: N_("No amendment or termination of them can be sent (found {since}). Employers:"),
    Concern.STAFF_PUZZLES: N_("Since {since}: nothing is derived for them until somebody has settled them. Sources:"),
}
_DIED: Final = N_("Agents are silent: the last sign of life came from {host} at {since}. Nothing is being registered.")
_STOPPED: Final = N_("Agents are silent: the last one, on {host}, was stopped at {since}. Nothing is being registered.")
_NEVER: Final = N_("Agents are silent: none has given a sign of life since {since}. Nothing is being registered.")
_TO_DO: Final[Mapping[Concern, str]] = {
    Concern.LEDGER_UNREACHABLE: N_("Look at the database server, and at the network on the way to it."),
    Concern.AGENT_SILENT: N_("On the agent's machine: systemctl status usrec-agent, then usrec doctor."),
    Concern.AGENT_MISSING: N_("Start it again. One that was taken away for good is forgotten after a week."),
    Concern.UNWATCHED: N_("On the agent's machine: see its log, then usrec status."),
    Concern.UNDELIVERED: N_("On the agent's machine: see its log for alert.not_taken."),
    Concern.CLOCK_WRONG: N_("Set that machine's clock right, best by NTP (timedatectl). The agent goes on by itself."),
    Concern.OVERDUE: N_("See what each waits for: usrec submission list."),
    Concern.JOURNAL_UNLINKED: N_("On the agent's machine: see its log for journal.link_failed."),
    Concern.AUDIT_FINDINGS: N_("See each, and what to do: usrec audit show --employer NAME."),
    Concern.AUDIT_MISSING: N_("On the agent's machine: see its log for audit.failed, and that the agent runs."),
    Concern.IDS_UNKNOWN: N_(
        "Import the ids before they are needed: usrec audit show --employer NAME --kind missing; usrec onboard import."
    ),
    Concern.STAFF_PUZZLES: N_("See which and why: usrec source puzzles NAME."),
    Concern.EMPLOYER_STOPPED: N_("See who stopped it and why: usrec employer list. A person lets it go on."),
}


def compose_notice(notice: Notice, *, language: str) -> tuple[str, str]:
    """Subject and text of one message."""
    with in_language(language):
        return f"USREC: {_subject(notice)}", "\n".join([*_lines(notice), ""])


def _subject(notice: Notice) -> str:
    concern = notice.trouble.concern
    return tr(_OVER[concern]) if notice.phase is Phase.OVER else _SUBJECTS[concern](notice.trouble.number)


def _lines(notice: Notice) -> list[str]:
    trouble = notice.trouble
    if notice.phase is Phase.OVER:
        lasted = tr("It began at {since} and was over at {at}.")
        return [lasted.format(since=_clock(trouble.since), at=_clock(notice.at)), _who(trouble)]
    repeated = [tr("This was told before and goes on.")] if notice.phase is Phase.LASTS else []
    return [*repeated, _happened(trouble), *_named(trouble), tr(_TO_DO[trouble.concern]), _who(trouble)]


def _happened(trouble: Trouble) -> str:
    host = "" if trouble.agent is None else trouble.agent.host
    said = _of_silence(trouble) if trouble.concern is Concern.AGENT_SILENT else _HAPPENED[trouble.concern]
    return tr(said).format(host=host, since=_clock(trouble.since))


def _of_silence(trouble: Trouble) -> str:
    if trouble.agent is None:
        return _NEVER
    return _DIED if trouble.agent.gone_at is None else _STOPPED


def _named(trouble: Trouble) -> list[str]:
    """The first of the submissions or employers that it is about; agents are named by their machines."""
    if trouble.concern in {Concern.AGENT_MISSING, Concern.CLOCK_WRONG}:
        return []
    ids = sorted(trouble.about)
    more = trouble.number - NAMED
    rest = [ntr("and {number} other", "and {number} others", more)] if more > 0 else []
    return [f"  {line}" for line in [*ids[:NAMED], *rest]]


def _clock(instant: datetime) -> str:
    return tr("{time} (Kazakhstan time)").format(time=instant.astimezone(KAZAKHSTAN).strftime("%Y-%m-%d %H:%M"))


def _who(trouble: Trouble) -> str:
    if trouble.concern in OF_DRIFT:
        return tr("Told by the agent, usrec run.")
    return tr("Told by the independent watcher, usrec watch.")
