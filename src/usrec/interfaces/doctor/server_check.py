"""The ledger's PostgreSQL server: does it keep what it has committed; and the databases that wake the agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, DoorbellLost, LedgerUnavailable
from usrec.domain.secret import Secret
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.adapters.persistence.server_probe import ServerGlimpse

OLDEST: Final = 13
"""The oldest version that its makers still mended when this was written; nothing older was tried."""
PATIENT: Final = timedelta(seconds=15)
"""The agent waits up to 10 s for a lock; a statement that may take less is cut short first."""
SKEW: Final = timedelta(seconds=5)

FIT: Final = Kind(
    "server",
    "fit",
    Verdict.OK,
    N_("The ledger's server is PostgreSQL {version} and keeps what it has committed"),
)
STANDBY: Final = Kind(
    "server",
    "standby",
    Verdict.FAIL,
    N_("The ledger's server only follows another one and takes no writes"),
    N_("Name all servers in [ledger] url, with target_session_attrs=read-write (docs/how-to/many-agents.md)"),
)
LOSES_COMMITS: Final = Kind(
    "server",
    "loses_commits",
    Verdict.WARN,
    N_("The ledger's server may lose its last commits in a crash: {settings}"),
    N_("Set synchronous_commit and fsync to on for the ledger: what is forgotten after it was sent is signed again"),
)
LAGGING: Final = Kind(
    "server",
    "lagging",
    Verdict.WARN,
    N_("The ledger's server waits for none of its replicas, whose number is {number}: a failover loses commits"),
    N_("Set synchronous_standby_names on the server: what is forgotten after it was sent is signed again"),
)
IMPATIENT: Final = Kind(
    "server",
    "impatient",
    Verdict.WARN,
    N_("A statement in the ledger may take {limit} only (statement_timeout), and a lock alone is waited for 10 s"),
    N_("Let the agent's role have more: ALTER ROLE ... SET statement_timeout = '1min'"),
)
POOLED: Final = Kind(
    "server",
    "pooled",
    Verdict.WARN,
    N_("Sessions in the ledger are shared, or lack the settings that the agent asks for: a pooler stands between"),
    N_("Connect the agent to the server itself, or by a pooler in session mode (docs/how-to/many-agents.md)"),
)
OLD: Final = Kind(
    "server",
    "old",
    Verdict.WARN,
    N_("The ledger's server is PostgreSQL {version}, with which nothing was tried"),
    N_("Move the ledger to a version that its makers still mend"),
)
CLOCKS: Final = Kind(
    "server",
    "clocks",
    Verdict.WARN,
    N_("The clocks of this machine and of the ledger's server differ by {skew}"),
    N_("Set both by NTP: deadlines and leases are counted by this machine's clock"),
)
HEARD: Final = Kind("doorbell", "heard", Verdict.OK, N_("The database wakes an idle agent at once"))
DEAF: Final = Kind(
    "doorbell",
    "deaf",
    Verdict.WARN,
    N_("The database takes LISTEN, but no notification arrives: a pooler in transaction mode stands between"),
    N_("Set notify = false in [{about}]: the agent then looks by itself; or connect to the server itself"),
)


def examine_server(installation: Installation) -> Iterator[Line]:
    """The ledger's server, where it has one, and every database that is to wake the agent."""
    from usrec.adapters.persistence.server_probe import look_at_server
    from usrec.ledger import ledger_access

    try:
        url, password = ledger_access(installation.settings)
        if url.startswith("postgresql"):
            yield from _server(look_at_server(url, password), installation.clock.now())
    except (ConfigurationError, LedgerUnavailable):
        pass  # told by the lines of the ledger
    yield from _doorbells(installation)


def _server(found: ServerGlimpse, now: datetime) -> Iterator[Line]:
    lines = list(_faults(found, now))
    yield from lines or [FIT.line(version=found.version)]


def _faults(found: ServerGlimpse, now: datetime) -> Iterator[Line]:
    if found.standby:
        yield STANDBY.line()
    weak = {"synchronous_commit": found.synchronous_commit == "off", "fsync": not found.fsync}
    if any(weak.values()):
        yield LOSES_COMMITS.line(settings=", ".join(f"{name} = off" for name, is_weak in weak.items() if is_weak))
    if found.replicas and not found.waits_for_replica:
        yield LAGGING.line(number=found.replicas)
    if found.statement_timeout is not None and found.statement_timeout < PATIENT:
        yield IMPATIENT.line(limit=found.statement_timeout)
    if not found.own_settings:
        yield POOLED.line()
    if found.version < OLDEST:
        yield OLD.line(version=found.version)
    if abs(found.clock - now) > SKEW:
        yield CLOCKS.line(skew=abs(found.clock - now))


def _doorbells(installation: Installation) -> Iterator[Line]:
    from usrec.adapters.doorbells.postgresql import is_heard

    for name, url, password in _wanted(installation):
        try:
            heard = is_heard(url, password)
        except DoorbellLost:
            continue  # told by the lines of the ledger or of the source
        yield (HEARD if heard else DEAF).line(about=name)


def _wanted(installation: Installation) -> Iterator[tuple[str, str, Secret | None]]:
    """The databases on PostgreSQL that the settings let wake the agent."""
    from usrec.doorbells import bell_places

    try:
        yield from ((name, url, password) for name, _, url, password in bell_places(installation.settings))
    except ConfigurationError:
        return
