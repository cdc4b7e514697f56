"""All trials of one source, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from usrec.adapters.sources.conformance import server
from usrec.adapters.sources.conformance.finding import Check, Finding, NotAsExpected, NotTried, Verdict, tried
from usrec.adapters.sources.conformance.outbox_trials import OutboxTrials
from usrec.adapters.sources.conformance.scratch import Scratch
from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.probe import look_at_outbox
from usrec.adapters.sources.staff_probe import StaffGlimpse, look_at_staff
from usrec.adapters.sources.staff_roster import SqlStaffRoster
from usrec.domain.mapping.coverage import cover
from usrec.domain.mapping.staff_mapping import StaffMapping
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a database: what the trials need of the settings."""

    name: SourceName
    url: str
    password: Secret | None


def try_outbox(account: Account, *, table: str, writable: bool, scratch: Account) -> Iterator[Finding]:
    """The server and the account by looking, everything else in a table made with ``scratch``.

    Raises:
        ConfigurationError: An address or a driver cannot be used.
    """
    own = Scratch(scratch.name, scratch.url, scratch.password)
    with closing(own), closing(_database(account)) as database:
        findings = list(_server(account, database, table))
        yield from findings
        if findings[0].verdict is Verdict.FAILED:
            return
        yield tried(Check.RIGHTS, lambda: _rights(account, table, writable=writable))
        yield from OutboxTrials(account.name, own).findings()


def try_staff(account: Account, mapping: StaffMapping, where: str) -> Iterator[Finding]:
    """What can be tried by reading alone.

    Raises:
        ConfigurationError: The address or the driver cannot be used.
    """
    with closing(_database(account, mapping.dates.offset)) as database:
        findings = list(_server(account, database, ""))
        yield from findings
        if findings[0].verdict is Verdict.FAILED:
            return
        seen: list[StaffGlimpse] = []
        yield tried(Check.STAFF, lambda: _staff(database, mapping, where, seen))
        yield tried(Check.LETTERS, lambda: _letters(seen))


def _database(account: Account, zone: timedelta | None = None) -> HrDatabase:
    return HrDatabase(account.name, account.url, writable=False, password=account.password, zone=zone)


def _server(account: Account, database: HrDatabase, table: str) -> Iterator[Finding]:
    trials: Mapping[Check, Callable[[], str]] = {
        Check.CONNECTION: lambda: server.connected(database),
        Check.ENCRYPTION: lambda: server.encrypted(database, account.url),
        Check.READING: lambda: server.only_reads(database, table),
        Check.LIMITS: lambda: server.limited(database),
    }
    for check, trial in trials.items():
        finding = tried(check, trial)
        yield finding
        if check is Check.CONNECTION and finding.verdict is Verdict.FAILED:
            return


def _rights(account: Account, table: str, *, writable: bool) -> str:
    found = look_at_outbox(account.name, account.url, table=table, writable=writable, password=account.password)
    if not found.exists:
        raise NotAsExpected("the outbox table of the settings is not there, as far as the account can see")
    lacks = {"no such column": found.missing, "not to be read": found.unreadable, "not to be written": found.unwritable}
    told = [f"{what}: {', '.join(columns)}" for what, columns in lacks.items() if columns]
    if told:
        raise NotAsExpected("; ".join(told))
    return "the account may read the outbox table" + (" and fill the agent's columns" if writable else "")


def _staff(database: HrDatabase, mapping: StaffMapping, where: str, seen: list[StaffGlimpse]) -> str:
    glimpse = look_at_staff(database, SqlStaffRoster(database, mapping, where), mapping)
    seen.append(glimpse)
    covered = cover(mapping.contracts, glimpse.contracts, mapping.dates, mapping.empty)
    if not covered.rows:
        raise NotAsExpected("the query of the contracts returned no row: such a look is refused")
    if covered.without_key or covered.ambiguous or covered.without_owner:
        raise NotAsExpected(
            f"rows without a key: {covered.without_key}, keys that are not told apart: {covered.ambiguous},"
            f" without the employer's BIN: {covered.without_owner}"
        )
    unread = sum(field.unread for field in covered.fields)
    if unread:
        raise NotAsExpected(f"texts that are no date: {unread}; usrec source check names their fields")
    return f"rows: {covered.rows}; each has its key, and dates are read"


def _letters(seen: list[StaffGlimpse]) -> str:
    if not seen:
        raise NotTried("the query failed")
    if seen[0].holds_kazakh is False or seen[0].narrow:
        raise NotAsExpected(f"the encoding {seen[0].encoding}, or {len(seen[0].narrow)} columns, lose Kazakh letters")
    if seen[0].holds_kazakh is None:
        raise NotTried("the database does not tell its encoding")
    return f"text in {seen[0].encoding}"
