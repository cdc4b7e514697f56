"""From where ``usrec mapping collect`` has HR's values: rows that were taken, or a staff that is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from usrec.domain.mapping.review import Seen
    from usrec.interfaces.cli.mapping_report import Collected
    from usrec.settings import LoadedSettings


def collected_of_source(settings: LoadedSettings, name: str, review: Path | None) -> Sequence[Collected]:
    """Every review file of a source, or the one that is named, with the values that HR has now."""
    from usrec.settings import SnapshotSourceSettings, mapped

    fields = dict(mapped(settings.values.source)).get(name, {})
    if isinstance(settings.values.source.get(name), SnapshotSourceSettings):
        return _of_staff(settings, name, review)
    if name not in settings.values.source:
        raise ConfigurationError(f"there is no [source.{name}]", where=str(settings.file), kept="Nothing was written")
    files = {field: settings.path(file).resolve() for field, file in fields.items()}
    wanted = {field: file for field, file in files.items() if review is None or _same(file, review)}
    if not wanted:
        raise _nowhere(str(review or settings.file), f"Write approved = {{ FIELD = REVIEW }} in [source.{name}]")
    return _of_rows(settings, name, wanted)


def _of_rows(settings: LoadedSettings, name: str, files: Mapping[str, Path]) -> Sequence[Collected]:
    """Of a source whose rows the agent takes."""
    from usrec.application.map_values import seen_in_rows
    from usrec.domain.rules.codes import CODE_FIELDS
    from usrec.domain.source_event import SourceName
    from usrec.ledger import build_ledger

    ledger = build_ledger(settings)
    try:
        with ledger.begin() as work:
            seen = seen_in_rows(work.inbox.newest_of(SourceName(name)), files)
    finally:
        ledger.close()
    lists = {file: CODE_FIELDS[field].dictionary for field, file in files.items()}
    return [collected(file, lists[file], seen[file]) for file in lists]


def _of_staff(settings: LoadedSettings, name: str, review: Path | None) -> Sequence[Collected]:
    """Every review file of a staff's mapping, or the one that is named."""
    from usrec.application.map_values import seen_in_staff, subjects
    from usrec.staffs import build_mapping, build_roster, named_staff

    source = named_staff(settings, name)
    mapping = build_mapping(settings, source, collecting=True)
    folder = settings.path(source.mapping).parent
    wanted = [one for one in subjects(mapping) if review is None or _same(folder / one.map.file, review)]
    if not wanted:
        place = str(source.mapping if review is None else review)
        raise _nowhere(place, "Write approved = ... at the field and [approved.NAME]")
    roster = build_roster(settings, name, source, mapping)
    try:
        contracts, leaves = roster.rows()
    finally:
        roster.close()
    return [
        collected(folder / one.map.file, one.dictionary, seen_in_staff(one, mapping, contracts, leaves or ()))
        for one in wanted
    ]


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def collected(file: Path, dictionary: str, seen: Sequence[Seen]) -> Collected:
    """A review file with the values that are seen now; what was decided before stays."""
    from usrec.adapters.sources.mapping.review_file import content_of, read_review, refused, write_review
    from usrec.domain.mapping.review import Review, is_fit, merged
    from usrec.interfaces.cli.mapping_report import Collected

    before = content_of(file)
    old = Review(dictionary) if before is None else read_review(file)
    if old.dictionary != dictionary:
        raise refused(file, f"it holds codes of {old.dictionary}, not of {dictionary}", "Name another review file")
    fit = [one for one in seen if is_fit(one.value) and all(map(is_fit, one.names))]
    new = merged(old, fit)
    if not new.rows:
        raise refused(file, "there is no value to review", "Look at the column, or at the mapping file")
    write_review(file, new, before)
    return Collected(file, new, len(new.rows) - len(old.rows), len(seen) - len(fit))


def _nowhere(where: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(
        "no field has its codes approved in this file",
        where=where,
        kept="Nothing was written",
        next_step=f"{next_step}: docs/how-to/mapping.md",
    )
