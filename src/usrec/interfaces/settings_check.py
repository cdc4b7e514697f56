"""All that can be wrong with the settings and be found on this machine: text, files, secrets, addresses.

The parts of the agent judge their own settings here, as they would when it starts, but all of them and at once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usrec.domain.errors import ConfigurationError
from usrec.settings import Fault, Steps, WatcherSettings, Written, Wrong, database_url, examine, unusable_files


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        faults: In the order of the file; those of the environment, or without a line, first.
        variables: Variables of the environment that go over the file.
    """

    faults: list[Fault]
    variables: list[str]


def look_at(file: Path, model: type[WatcherSettings]) -> Findings:
    """Every fault of a settings file.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    examined = examine(file, model)
    written = examined.written
    if written is None:
        return Findings(examined.faults, [])
    told = {(fault.setting, fault.line) for fault in examined.faults}
    more = written.faults([*unusable_files(written, model), *_unusable(written), *_missing_programs(written)])
    new = [fault for fault in more if (fault.setting, fault.line) not in told]
    faults = sorted([*examined.faults, *new], key=lambda fault: (fault.line or 0, fault.setting))
    return Findings(faults, sorted(written.variables.values()))


def _unusable(written: Written) -> Iterator[Wrong]:
    for path, judge in _judges(written).items():
        value = written.at(path)
        if isinstance(value, str):
            try:
                judge(value)
            except ConfigurationError as problem:
                advice = f" ({problem.next_step})" if problem.next_step else ""
                yield Wrong(path, f"{problem.what}{advice}")


def _missing_programs(written: Written) -> Iterator[Wrong]:
    """Programs for alerts that are not where they will be looked for."""
    from usrec.adapters.alerts.command import SEARCHED

    for name, table in _named(written, ("alerts", "command")):
        command = table.get("command")
        program = str(command[0]) if isinstance(command, list) and command else ""
        place = str(written.file.parent / program) if "/" in program else program
        if program and shutil.which(place, path=SEARCHED) is None:
            yield Wrong(("alerts", "command", name, "command"), f"there is no program {place} that may be run")


def _judges(written: Written) -> Mapping[Steps, Callable[[str], object]]:
    """The parts of the agent that judge a setting by itself, without asking any other machine."""
    from usrec.adapters.gateway.connection import require_safe, trust
    from usrec.adapters.persistence import create_ledger_engine
    from usrec.adapters.rendering.profile import SHIPPED, load_profile
    from usrec.gateway import read_certificate

    home = written.file.parent
    by_proxy = written.at(("gateway", "proxy")) is not None
    judges: dict[Steps, Callable[[str], object]] = {
        ("gateway", "url"): lambda url: require_safe(url, by_proxy=by_proxy),
        ("gateway", "ca_file"): lambda file: trust(home / file),
        ("gateway", "response_certificate"): lambda file: read_certificate(home / file),
        ("gateway", "profile"): lambda one: load_profile(one if one in SHIPPED else str(home / one)),
        ("ledger", "url"): lambda url: create_ledger_engine(database_url(url, home)),
    }
    sources = [(name, table) for name, table in _named(written, ("source",)) if "url" in table]
    judges |= {("source", name, "url"): _judge_of_source(name, table, home) for name, table in sources}
    judges |= {("source", name, "mapping"): _judge_of_mapping(home) for name, _ in _named(written, ("source",))}
    return judges | dict(_judges_of_reviews(written, home))


def _judges_of_reviews(written: Written, home: Path) -> Iterator[tuple[Steps, Callable[[str], object]]]:
    from usrec.domain.rules.codes import CODE_FIELDS

    for name, source in _named(written, ("source",)):
        approved = source.get("approved")
        for field in approved if isinstance(approved, Mapping) else ():
            if field in CODE_FIELDS:
                yield ("source", name, "approved", field), _judge_of_review(home, field)


def _judge_of_review(home: Path, field: str) -> Callable[[str], object]:
    from usrec.approved import approved_in

    return lambda file: approved_in(home / file, field, field)


def _named(written: Written, path: Steps) -> list[tuple[str, Mapping[str, Any]]]:
    tables = written.at(path)
    found = tables.items() if isinstance(tables, Mapping) else ()
    return [(name, table) for name, table in found if isinstance(table, Mapping)]


def _judge_of_mapping(home: Path) -> Callable[[str], object]:
    from usrec.adapters.sources.mapping.read import load_mapping

    return lambda file: load_mapping(home / file)


def _judge_of_source(name: str, table: Mapping[str, Any], home: Path) -> Callable[[str], object]:
    from usrec.adapters.sources.outbox_table import OutboxTableSource
    from usrec.domain.source_event import SourceName
    from usrec.settings import is_fetched

    if table.get("kind") == "snapshot" and is_fetched(str(table["url"])):
        from usrec.adapters.sources.staff_tables.odata import require_usable

        return lambda url: url.startswith("file:") or require_usable(url, f"[source.{name}] url")
    if table.get("kind") == "snapshot":
        from usrec.adapters.sources.hr_database import HrDatabase

        return lambda url: HrDatabase(SourceName(name), database_url(url, home), writable=False, by_query=True)
    outbox = str(table.get("table", "usrec_outbox"))
    return lambda url: OutboxTableSource(SourceName(name), database_url(url, home), table=outbox)
