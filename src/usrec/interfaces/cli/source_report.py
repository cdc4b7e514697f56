"""What a check of HR's staff and a preview of its events show, on the screen and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from usrec.interfaces.cli.source_words import FAULTS, puzzle_words, reason_words
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.cli.words import operation_name
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.sources.staff_probe import StaffGlimpse
    from usrec.application.check_staff import StaffFinding
    from usrec.domain.mapping.coverage import Coverage, FieldCoverage
    from usrec.domain.mapping.staff_mapping import StaffMapping
    from usrec.domain.snapshot.derived import Derived
    from usrec.domain.snapshot.look import Difference
    from usrec.domain.snapshot.staff import StaffRow
    from usrec.settings import LoadedSettings

SAMPLE: Final = 10
MOST: Final = 10
"""So many unmapped values of a field are named."""


class CheckedStaff:
    """Everything that a check finds.

    Raises:
        ConfigurationError: The source or its mapping cannot be used.
        SourceUnavailable: The database cannot be read, or what it returned cannot be a staff.
    """

    def __init__(self, settings: LoadedSettings, name: str) -> None:
        from usrec.adapters.sources.staff_probe import look_at_staff
        from usrec.staffs import build_mapping, build_roster, build_staff_database, named_staff

        source = named_staff(settings, name)
        self.mapping: StaffMapping = build_mapping(settings, source)
        roster = build_roster(settings, name, source, self.mapping)
        database = build_staff_database(settings, name, source, self.mapping)
        try:
            self.found: StaffGlimpse = look_at_staff(database, roster, self.mapping)
        finally:
            roster.close()
            database.close()
        self._judge(settings, roster.where)

    def _judge(self, settings: LoadedSettings, where: str) -> None:
        from usrec.adapters.system_clock import SystemClock
        from usrec.application.check_staff import check_staff
        from usrec.domain.kazakhstan_time import kazakhstan_date
        from usrec.domain.mapping.coverage import cover
        from usrec.policies import employers_by_bin
        from usrec.preflight import build_calendars, build_preflight

        mapping, now = self.mapping, SystemClock().now()
        self.contracts: Coverage = cover(mapping.contracts, self.found.contracts, mapping.dates, mapping.empty)
        self.leaves: Coverage | None = None
        if mapping.leaves is not None and self.found.leaves:
            self.leaves = cover(mapping.leaves, self.found.leaves, mapping.dates, mapping.empty)
        self.staff: Sequence[StaffRow] = mapping.contract_rows(self.found.contracts, kazakhstan_date(now), where)
        self.findings: Sequence[StaffFinding] = check_staff(
            self.staff,
            employers=employers_by_bin(settings),
            calendar=build_calendars(settings),
            now=now,
            preflight=build_preflight(settings),
        )

    @property
    def has_faults(self) -> bool:
        """Whether something has to be mended; that rows break rules of the registry is for HR, row by row."""
        wrong = self.contracts.has_faults or (self.leaves is not None and self.leaves.has_faults)
        return wrong or self.found.holds_kazakh is False or bool(self.found.narrow)

    def lines(self) -> Iterator[str]:
        """What was found, a line each."""
        found = self.found
        yield tr("Connected: {kind}, text in {encoding}").format(kind=found.kind, encoding=found.encoding or "?")
        if found.unproven:
            text = tr("Note: {product} was never tried by the makers of this program: run usrec source conformance")
            yield text.format(product=found.unproven)
        if found.holds_kazakh is False:
            yield tr("FAULT: this encoding has no Kazakh letters (ә, ғ, қ, ң, ө, ұ, ү, һ, і); texts lose them")
        if found.narrow:
            columns = ", ".join(found.narrow)
            yield tr("FAULT: columns that cannot hold Kazakh letters: {columns}").format(columns=columns)
        if found.writable:
            yield tr("Note: the account may also write here; an account that may only read is enough")
        yield from _coverage_lines(self.contracts, tr("contracts"))
        yield from () if self.leaves is None else _coverage_lines(self.leaves, tr("leaves"))

    def print_tables(self) -> None:
        """Coverage by field, rules that rows break, and a sample."""
        fields = [*self.contracts.fields, *(self.leaves.fields if self.leaves else ())]
        rows = self.contracts.rows
        headings = [tr("event"), tr("field"), tr("given"), tr("not mapped"), tr("no date"), tr("letters lost")]
        print_table(headings, [_covered(one, rows) for one in fields])
        for one in fields:
            if one.unmapped:
                values = ", ".join(f"{value} ({number})" for value, number in _most(one))
                say(tr("{field}: values that no map knows: {values}").format(field=one.name, values=values))
        if self.findings:
            headings = [tr("rule"), tr("field"), tr("code"), tr("rows")]
            print_table(headings, [[one.rule, one.field, one.code, str(one.rows)] for one in self.findings])
        for key, fields_shown in self.sample():
            say(f"{key}: " + ", ".join(f"{name}={value}" for name, value in fields_shown.items()))

    def sample(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The first rows as they are mapped, personal data masked."""
        from usrec.domain.mapping.coverage import masked, without_persons

        for row in self.staff[:SAMPLE]:
            parts = {"": row.contract, "amendment.": row.agreement, "termination.": row.ending}
            yield (
                without_persons(row.key),
                {f"{part}{name}": masked(name, value) for part, one in parts.items() for name, value in one.items()},
            )

    def as_json(self) -> Mapping[str, object]:
        """The keys that scripts rely on."""
        found = self.found
        return {
            "database": found.kind,
            "unproven": found.unproven or None,
            "encoding": found.encoding,
            "holds_kazakh": found.holds_kazakh,
            "narrow_columns": list(found.narrow),
            "writable_tables": found.writable,
            "contracts": _coverage_json(self.contracts),
            "leaves": None if self.leaves is None else _coverage_json(self.leaves),
            "findings": [
                {"rule": one.rule, "field": one.field, "code": one.code, "rows": one.rows} for one in self.findings
            ],
            "sample": [{"contract": key, "fields": dict(fields)} for key, fields in self.sample()],
            "has_faults": self.has_faults,
        }


def _coverage_lines(found: Coverage, what: str) -> Iterator[str]:
    yield tr("{what}: rows {number}").format(what=what, number=found.rows)
    for name, text in FAULTS.items():
        number = getattr(found, name)
        if number:
            yield tr(text).format(number=number)


def _covered(one: FieldCoverage, rows: int) -> list[str]:
    share = f"{one.given} ({100 * one.given // rows} %)" if rows else "0"
    numbers = [sum(one.unmapped.values()), one.unread, one.broken]
    return [operation_name(one.operation), one.name, share, *(str(number) if number else "" for number in numbers)]


def _most(one: FieldCoverage) -> list[tuple[str, int]]:
    return sorted(one.unmapped.items(), key=lambda item: -item[1])[:MOST]


def _coverage_json(found: Coverage) -> Mapping[str, object]:
    fields = [
        {
            "event": one.operation.value,
            "field": one.name,
            "given": one.given,
            "unmapped": dict(one.unmapped),
            "unread": one.unread,
            "broken": one.broken,
        }
        for one in found.fields
    ]
    return {
        "rows": found.rows,
        "without_key": found.without_key,
        "ambiguous": found.ambiguous,
        "without_owner": found.without_owner,
        "fields": fields,
    }


def preview_json(made: Difference) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    return {
        "first": made.is_first,
        "events": [_event_json(one) for one in made.events],
        "puzzles": [{"contract": one.key, "kind": one.kind.value} for one in made.puzzles],
        "recoded": [{"field": one.field, "was": one.was, "now": one.now, "number": one.number} for one in made.recoded],
        "remembered": len(made.contracts),
    }


def _event_json(one: Derived) -> Mapping[str, Any]:
    return {
        "contract": one.contract_key,
        "event": one.event_id,
        "revision": one.revision,
        "operation": one.operation.value,
        "withdrawn": one.withdrawn,
        "why": one.why.value,
        "changed": list(one.fields),
        "missing": list(one.missing),
    }


def print_preview(made: Difference) -> None:
    """Events, puzzles, and that nothing was done."""
    if made.is_first:
        text = ntr(
            "First look: {number} contract is remembered as it stands; only what new_from names is new.",
            "First look: {number} contracts are remembered as they stand; only what new_from names is new.",
            len(made.contracts),
        )
        say(text)
    if made.events:
        print_table(
            [tr("contract"), tr("operation"), tr("what was seen"), tr("changed"), tr("missing")],
            [_event_cells(one) for one in made.events],
        )
    else:
        say(tr("Nothing new: no event would be made."))
    for one in made.puzzles:
        say(f"{one.key}: {puzzle_words(one.kind)}")
    for code in made.recoded:
        words = tr("{field}: {was} was corrected to {now} in the mapping; registered with the wrong code: {number}")
        say(words.format(field=code.field, was=code.was, now=code.now, number=code.number))
    say(tr("This was a preview: nothing was remembered and nothing was queued."))


def _event_cells(one: Derived) -> list[str]:
    name = operation_name(one.operation)
    shown = tr("taken back: {operation}").format(operation=name) if one.withdrawn else name
    revision = f" r{one.revision}" if one.revision > 1 else ""
    changed, missing = ", ".join(one.fields), ", ".join(one.missing)
    return [one.contract_key, f"{shown}{revision}", reason_words(one.why), changed, missing]
