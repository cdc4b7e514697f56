"""The mapping file's values as SQL. What a database cannot do as the agent does is refused, not done otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from usrec.adapters.sources.mapping.document import Dates, MappingDocument, Value, Written
from usrec.adapters.sources.outbox_kit.speech import Speech
from usrec.domain.errors import ConfigurationError
from usrec.domain.mapping.values import UNMAPPED
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.source_event import Operation

_GENERATED: Final = re.compile(
    r"(?<![A-Za-z0-9])_(reference|document|documentjournal|inforg|accumrg|accrg|calcrg|enum|chrc|acc|node|const|bpr|"
    r"task|seq)\d+",
    re.IGNORECASE,
)
"""Tables that 1C makes and names by itself."""
_IN_QUERY: Final = "Let the query of the mapping file give the value as it is to be sent: it is SQL, and may be a view"
_ZONES: Final = {"Kazakhstan", "+05:00"}
_PLAIN: Final = FieldRule("")


class FieldSql:
    """Writes the values of a mapping file as SQL over its query, which is called ``q``."""

    def __init__(self, document: MappingDocument, speech: Speech, where: str) -> None:
        self._document = document
        self._speech = speech
        self._where = where
        self._none = (*document.empty, *document.dates.empty, *document.dates.endless)
        self._refuse_what_triggers_cannot()

    def fields(self, operation: Operation, values: Mapping[str, Written]) -> Iterator[tuple[str, str]]:
        """Name and SQL of each field."""
        known = {rule.name: rule for rule in FIELDS[operation]}
        for name, written in values.items():
            yield name, self.value(written, known.get(name, _PLAIN), f"[contract.{operation}] {name}")

    def value(self, written: Written, field: FieldRule, place: str) -> str:
        """SQL of one value, NULL where there is none."""
        value = Value(column=written) if isinstance(written, str) else written
        if value.expression is not None:
            raise self._refused(f"{place}: a trigger does not know the expressions of the mapping file", _IN_QUERY)
        if value.approved is not None:
            raise self._refused(f"{place}: a trigger does not read files of approved codes", _IN_QUERY)
        found = self._speech.literal(value.constant) if value.constant is not None else self._column(value, field)
        return found if value.codes is None else self._coded(found, self._document.codes[value.codes], field)

    def key_column(self) -> str:
        """The column of the query that holds the contract's key."""
        key = self._document.contract.key
        column = key if isinstance(key, str) else key.column
        if column is None or (not isinstance(key, str) and key.codes is not None):
            raise self._refused("[contract] key: a trigger finds the contract by a column only", _IN_QUERY)
        return f"q.{self._speech.column(column)}"

    def _column(self, value: Value, field: FieldRule) -> str:
        cell = f"q.{self._speech.column(value.column or '')}"
        if field.kind != "date":
            return self._unless_none(self._speech.trimmed(cell), ("", *self._document.empty))
        return self._unless_none(self._speech.day.format(cell), ("", *self._none))

    def _unless_none(self, value: str, none: tuple[str, ...]) -> str:
        listed = ", ".join(map(self._speech.literal, dict.fromkeys(none)))
        return f"CASE WHEN {value} IN ({listed}) THEN NULL ELSE {value} END"

    def _coded(self, value: str, codes: Mapping[str, str], field: FieldRule) -> str:
        """A value in the spelling of the mapping file, in capitals, small, or with a capital at its beginning."""
        literal = self._speech.literal
        cases = [f"WHEN {value} IN ({', '.join(map(literal, _spelt(one)))}) THEN {literal(code)}"
                 for one, code in codes.items()]  # fmt: skip
        unknown = "NULL" if field.kind == "text" and field.pattern == _PLAIN.pattern else self._unmapped(value)
        return f"CASE {' '.join(cases)} WHEN {value} IS NULL THEN NULL ELSE {unknown} END"

    def _unmapped(self, value: str) -> str:
        return self._speech.joined([self._speech.literal(UNMAPPED), value])

    def _refuse_what_triggers_cannot(self) -> None:
        document, usual = self._document, Dates()
        tables = " ".join([document.contract.query, *(document.triggers.contract if document.triggers else ())])
        if _GENERATED.search(tables):
            raise self._refused(
                "these are tables that 1C generates: 1C renames and rebuilds them with each change of its"
                " configuration, and a trigger would be lost without a word",
                "Use 1C's OData service or a JSON lines export into the drop folder (docs/how-to/files.md), or look at"
                " the staff by a query (docs/how-to/snapshot.md)",
            )
        if document.triggers is None or not document.triggers.contract:
            raise self._refused(
                "there is no [triggers] contract", 'Write, such as: contract = { "hr.contract" = "id" }'
            )
        if document.contract.slices is not None:
            raise self._refused(
                "time slices begin to hold without any write, so that no trigger sees it",
                "Look at the staff by a query instead: docs/how-to/snapshot.md",
            )
        dates = document.dates
        if dates.formats != usual.formats or dates.year_offset or dates.time_zone not in _ZONES:
            raise self._refused("a trigger knows no formats, year_offset and time_zone of [dates]", _IN_QUERY)

    def _refused(self, what: str, next_step: str) -> ConfigurationError:
        return ConfigurationError(what, where=self._where, kept="Nothing was printed", next_step=next_step)


def _spelt(text: str) -> list[str]:
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize())))
