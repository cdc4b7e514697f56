"""The ledger: there, of this version, writable, with room to grow; and what it tells of the agents and the gateway."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.domain.heartbeat import missing
from usrec.domain.submission import WaitReason
from usrec.interfaces.doctor import journal_check
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation, fenced
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.adapters.persistence.probe import LedgerProbe
    from usrec.ports.ledger_view import LedgerView

MIB: Final = 1024 * 1024
LOW_SPACE: Final = 1024 * MIB
"""A company of a thousand people fills a few hundred MiB in years; other programs fill a disk overnight."""
NO_SPACE: Final = 100 * MIB

UNUSABLE: Final = Kind(
    "ledger",
    "unusable",
    Verdict.FAIL,
    N_("The settings of the ledger cannot be used: {why}"),
    N_("Mend url or password in [ledger]; write sqlite:///ledger.db or postgresql+psycopg://user@host/database"),
)
MISSING: Final = Kind(
    "ledger", "missing", Verdict.FAIL, N_("There is no ledger at {place}"), N_("Run: usrec db upgrade")
)
UNREACHABLE: Final = Kind(
    "ledger",
    "unreachable",
    Verdict.FAIL,
    N_("The ledger cannot be used: {why}"),
    N_("Of a server: does it run, are url and password in [ledger] right? Of a file: its rights, its disk, the backup"),
)
EMPTY: Final = Kind("ledger", "empty", Verdict.FAIL, N_("The ledger has no tables yet"), N_("Run: usrec db upgrade"))
OLDER: Final = Kind(
    "ledger",
    "older",
    Verdict.FAIL,
    N_("The ledger is at version {found}, this program needs {needed}"),
    N_("Stop the agent, make a backup, then: usrec db upgrade"),
)
NEWER: Final = Kind(
    "ledger",
    "newer",
    Verdict.FAIL,
    N_("The ledger is at version {found}, this program knows only {needed}"),
    N_("Install the usrec-agent that upgraded it, or a newer one"),
)
CURRENT: Final = Kind("ledger", "current", Verdict.OK, N_("The ledger answers and is at version {found}"))
OPEN_TO_OTHERS: Final = Kind(
    "ledger",
    "open_to_others",
    Verdict.WARN,
    N_("Other users may read the ledger's file {place}, which holds personal data"),
    N_("Run: chmod 600 {place}"),
)
STATISTICS: Final = Kind(
    "ledger",
    "statistics",
    Verdict.WARN,
    N_("Somebody ran ANALYZE on the ledger's file: by statistics that get old SQLite may read whole tables"),
    N_("Stop the agent, make a backup, then: sqlite3 {place} '{sql}'"),
)

RIGHTS_HELD: Final = Kind(
    "rights", "held", Verdict.OK, N_("The agent's account has every right in the ledger that it needs")
)
RIGHTS_MISSING: Final = Kind(
    "rights",
    "missing",
    Verdict.FAIL,
    N_("The agent's account lacks rights in the ledger; their number is {number}"),
    N_("Let the ledger's owner run or do what stands above"),
)
RIGHTS_UNREAD: Final = Kind(
    "rights",
    "unread",
    Verdict.WARN,
    N_("The rights of the agent's account are not known, since the ledger cannot be read"),
    N_("Mend the ledger first"),
)

ENOUGH: Final = Kind("disk", "enough", Verdict.OK, N_("Free space where the ledger lies: {free} MiB"))
LOW: Final = Kind(
    "disk",
    "low",
    Verdict.WARN,
    N_("Free space where the ledger lies: only {free} MiB"),
    N_("Make room in {place}: on a full disk the agent can record nothing, and therefore sends nothing"),
)
FULL: Final = Kind(
    "disk",
    "full",
    Verdict.FAIL,
    N_("Free space where the ledger lies: only {free} MiB"),
    N_("Make room in {place} now: on a full disk the agent can record nothing, and therefore sends nothing"),
)
SERVERS: Final = Kind(
    "disk", "servers", Verdict.OK, N_("The ledger lies on a database server, whose administrator watches its disk")
)

LAST: Final = Kind("exchange", "last", Verdict.OK, N_("The last trusted answer of the gateway came at {at}"))
NONE_YET: Final = Kind(
    "exchange",
    "none",
    Verdict.WARN,
    N_("No trusted answer of the gateway is on record yet, so nothing proves that it knows us"),
    N_("usrec doctor --ask sends one message that cannot register anything"),
)
WAITING: Final = Kind(
    "exchange",
    "waiting",
    Verdict.WARN,
    N_("Submissions that wait for the gateway: {number}. Its last trusted answer came at {at}"),
    N_("See why: usrec submission list; the lines of tls and clock may tell"),
)
UNREAD: Final = Kind(
    "exchange",
    "unread",
    Verdict.WARN,
    N_("When the gateway answered last is not known, since the ledger cannot be read"),
    N_("Mend the ledger first"),
)

ALIVE: Final = Kind("agents", "alive", Verdict.OK, N_("Agents that run: {number}; the last sign of life came at {at}"))
SILENT: Final = Kind(
    "agents",
    "silent",
    Verdict.FAIL,
    N_("It has given no sign of life since {at} and did not take its leave"),
    N_("See its log and start it again; nothing is lost meanwhile, but deadlines run"),
)
STOPPED: Final = Kind(
    "agents",
    "stopped",
    Verdict.WARN,
    N_("No agent runs; the last one ended at {at}"),
    N_("Start the service: nothing is sent and nobody is told of deadlines until then"),
)
NEVER: Final = Kind(
    "agents",
    "never",
    Verdict.WARN,
    N_("No agent has ever run on this ledger"),
    N_("Start the service when every other line is right"),
)
UNCOUNTED: Final = Kind(
    "agents",
    "uncounted",
    Verdict.WARN,
    N_("Whether an agent runs is not known, since the ledger cannot be read"),
    N_("Mend the ledger first"),
)
_MANY: Final = 1000
"""More than so many are not counted."""
_FOR_THE_GATEWAY: Final = (WaitReason.GATEWAY_UNREACHABLE, WaitReason.GATEWAY_FAULT, WaitReason.ANSWER_UNKNOWN)


def examine_ledger(installation: Installation) -> Iterator[Line]:
    """The ledger, its disk, and what it tells."""
    from usrec.adapters.persistence.probe import LedgerProbe
    from usrec.ledger import ledger_access

    try:
        ledger = LedgerProbe(*ledger_access(installation.settings))
    except ConfigurationError as problem:
        yield UNUSABLE.line(why=problem.what)
        yield from (RIGHTS_UNREAD.line(), UNREAD.line(), UNCOUNTED.line(), journal_check.UNREAD.line())
        return
    try:
        found = list(fenced("ledger", _ledger(ledger)))
        yield from found
        yield from fenced("disk", _disk(installation, ledger))
        yield from _told(installation, ledger, readable=any(line.kind is CURRENT for line in found))
    finally:
        ledger.close()


def _ledger(ledger: LedgerProbe) -> Iterator[Line]:
    """Whether it answers, its version, and the account's rights; a server that does not answer is tried only once."""
    if ledger.file is not None and not ledger.file.exists():
        yield from (MISSING.line(place=ledger.file), RIGHTS_UNREAD.line())
        return
    try:
        lacking = ledger.shortfalls()
    except LedgerUnavailable as problem:
        yield from (UNREACHABLE.line(why=problem.what), RIGHTS_UNREAD.line())
        return
    yield from fenced("ledger", _version(ledger))
    if lacking:
        yield RIGHTS_MISSING.line(number=len(lacking), details=[f"{one.what}: {one.remedy}" for one in lacking])
    else:
        yield RIGHTS_HELD.line()


def _version(ledger: LedgerProbe) -> Iterator[Line]:
    from usrec.adapters.persistence.schema import HEAD

    try:
        found = ledger.revision()
    except LedgerUnavailable as problem:
        yield UNREACHABLE.line(why=problem.what)
        return
    if found is None:
        yield EMPTY.line()
    elif found != HEAD:
        yield (OLDER if found < HEAD else NEWER).line(found=found, needed=HEAD)
    else:
        yield CURRENT.line(found=found)
    if ledger.file is not None and ledger.file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield OPEN_TO_OTHERS.line(place=ledger.file)
    yield from _statistics(ledger)


def _statistics(ledger: LedgerProbe) -> Iterator[Line]:
    """The agent's questions are made for the indexes; a file without statistics is searched by them."""
    if found := ledger.statistics():
        yield STATISTICS.line(place=ledger.file, sql=" ".join(f"DROP TABLE {name};" for name in found))


def _disk(installation: Installation, ledger: LedgerProbe) -> Iterator[Line]:
    if ledger.file is None:
        yield SERVERS.line()
        return
    folder = next(place for place in ledger.file.absolute().parents if place.exists())
    free = installation.free_space(folder)
    kind = FULL if free < NO_SPACE else LOW if free < LOW_SPACE else ENOUGH
    yield kind.line(free=free // MIB, place=folder)


def _told(installation: Installation, ledger: LedgerProbe, *, readable: bool) -> Iterator[Line]:
    """What the ledger tells of the gateway and the agents."""
    if not readable:
        yield from (UNREAD.line(), UNCOUNTED.line(), journal_check.UNREAD.line())
        return
    yield from fenced("exchange", _exchange(ledger.view))
    yield from fenced("agents", _agents(installation, ledger.view))
    yield from fenced("journal", journal_check.examine_journal(installation, ledger.chain_view))


def _exchange(view: LedgerView) -> Iterator[Line]:
    from usrec.ports.ledger_view import SubmissionFilter

    last = view.last_exchange()
    filters = [SubmissionFilter(wait_reason=reason) for reason in _FOR_THE_GATEWAY]
    waiting = sum(len(view.rows(which, limit=_MANY)) for which in filters)
    if last is None:
        yield NONE_YET.line()
    elif waiting:
        yield WAITING.line(number=waiting, at=last)
    else:
        yield LAST.line(at=last)


def _agents(installation: Installation, view: LedgerView) -> Iterator[Line]:
    agents = view.heartbeats()
    if not agents:
        yield NEVER.line()
        return
    now, silence = installation.clock.now(), installation.settings.values.watch.silence
    running = [agent for agent in agents if agent.gone_at is None and now - agent.beat_at <= silence]
    newest = max(agents, key=lambda agent: agent.last_sign)
    lost = [*missing(agents, silence)] + ([newest] if not running and newest.gone_at is None else [])
    yield from (SILENT.line(about=agent.owner, at=agent.beat_at) for agent in lost)
    if running:
        yield ALIVE.line(number=len(running), at=max(agent.beat_at for agent in running))
    elif not lost:
        yield STOPPED.line(at=newest.last_sign)
