# ruff: noqa: S608 -- SQL text is what this module makes; it is printed for an administrator and never run here
"""What a trigger does for one contract: the same few INSERTs in every database.

Each event has an id of its own, made of its kind and the contract's key. It is entered when it is not there, entered
again with the next revision when its content differs, and taken back when HR's tables do not show it any more. What
stood there when the triggers were made is in ``usrec_outbox_known`` and is never told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from usrec.adapters.sources.mapping.document import MappingDocument
from usrec.adapters.sources.outbox_kit.fields import FieldSql
from usrec.adapters.sources.outbox_kit.speech import Speech
from usrec.domain.rules.field_table import FieldRule
from usrec.domain.snapshot.staff import TERMS
from usrec.domain.source_event import DEPARTMENT, Operation

_PLAIN: Final = FieldRule("")
_INSERT: Final = (
    "INSERT INTO usrec_outbox (event_id, revision, event_type, contract_key, employer_bin, payload, withdrawn)"
)
VIEW: Final = "usrec_outbox_contracts"
_PREFIX: Final = {Operation.CONCLUSION: "c", Operation.AMENDMENT: "a", Operation.TERMINATION: "t"}


@dataclass(frozen=True, slots=True)
class _Kind:
    operation: Operation
    event_id: str
    payload: str
    condition: str


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of a mapping file as SQL.

    Attributes:
        columns: SQL of each value, by the name that it has in ``m``.
    """

    speech: Speech
    query: str
    key: str
    columns: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, document: MappingDocument, speech: Speech, where: str) -> Contracts:
        """The contracts of ``document``.

        Raises:
            ConfigurationError: A trigger cannot do what the file says.
        """
        part, sql = document.contract, FieldSql(document, speech, where)
        given = {
            Operation.CONCLUSION: part.conclusion,
            Operation.AMENDMENT: part.amendment,
            Operation.TERMINATION: part.termination,
        }
        columns = {"contract_key": sql.value(part.key, _PLAIN, "[contract] key")}
        columns["employer_bin"] = sql.value(part.employer_bin, _PLAIN, "[contract] employer_bin")
        if part.department is not None:
            columns[DEPARTMENT] = sql.value(part.department, _PLAIN, "[contract] department")
        for operation, values in given.items():
            columns |= {f"{_PREFIX[operation]}_{name}": value for name, value in sql.fields(operation, values)}
        return cls(speech, part.query.strip().removesuffix(";"), sql.key_column(), columns)

    def statements(self, changed: str, text: str) -> list[str]:
        """What is to be done for one contract.

        Args:
            changed: SQL of its key in the type of HR's tables, so that their index serves.
            text: SQL of its key as the outbox has it.
        """
        entered = [self._enter(kind, changed, text) for kind in self._kinds()]
        return [*entered, *(self._take_back(kind, changed, text) for kind in self._kinds())]

    def baseline(self) -> str:
        """Remembers the events that are older than the triggers; fails where the query gives a contract twice."""
        rows = [f"SELECT {kind.event_id} FROM {VIEW} m WHERE {kind.condition}" for kind in self._kinds()]
        return "INSERT INTO usrec_outbox_known (event_id)\n" + "\nUNION ALL\n".join(rows)

    def _kinds(self) -> Sequence[_Kind]:
        kinds = [self._kind(Operation.CONCLUSION, self._conclusion(), "m.contract_key")]
        if "a_agreement_number" in self.columns:
            number = "m.a_agreement_number"
            terms = {name: f"m.c_{name}" for name in TERMS if f"c_{name}" in self.columns}
            kinds.append(self._kind(Operation.AMENDMENT, self._json(terms | self._own("a_")), number, number))
        if "t_termination_date" in self.columns:
            kinds.append(self._kind(Operation.TERMINATION, self._json(self._own("t_")), "m.t_termination_date"))
        return kinds

    def _kind(self, operation: Operation, payload: str, needed: str, number: str = "") -> _Kind:
        return _Kind(operation, self._id(operation, number), payload, f"{needed} IS NOT NULL")

    def _id(self, operation: Operation, number: str = "") -> str:
        """An id of its own for each event: no two keys and numbers make the same one."""
        if not number:
            return self.speech.joined([self.speech.literal(f"{operation}:"), "m.contract_key"])
        key = "REPLACE(REPLACE(m.contract_key, '%', '%25'), ':', '%3A')"
        return self.speech.joined([self.speech.literal(f"{operation}:"), key, self.speech.literal(":"), number])

    def _own(self, prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): f"m.{name}" for name in self.columns if name.startswith(prefix)}

    def _json(self, values: dict[str, str]) -> str:
        return self.speech.json([*values.items(), *self._department()])

    def _department(self) -> Iterator[tuple[str, str]]:
        """That of the first telling: another one is no other content."""
        if DEPARTMENT in self.columns:
            told = self.speech.json_value.format("l.payload", DEPARTMENT)
            yield DEPARTMENT, f"CASE WHEN l.event_id IS NOT NULL THEN {told} ELSE m.{DEPARTMENT} END"

    def _conclusion(self) -> str:
        """An agreement changes the terms from then on, and not those that were concluded."""
        told = {
            name: f"CASE WHEN l.event_id IS NOT NULL AND {self._amended()}"
            f" THEN {self.speech.json_value.format('l.payload', name)} ELSE {value} END"
            if name in TERMS
            else value
            for name, value in self._own("c_").items()
        }
        return self._json(told)

    def _amended(self) -> str:
        before = (
            "EXISTS (SELECT 1 FROM usrec_outbox a WHERE a.contract_key = m.contract_key AND a.event_type = 'amendment')"
        )
        return f"({before} OR m.a_agreement_number IS NOT NULL)" if "a_agreement_number" in self.columns else before

    def view(self) -> str:
        """HR's contracts in the fields of events: one place to read what the triggers do."""
        values = ",\n  ".join(f"{value} AS {name}" for name, value in self.columns.items())
        return f"CREATE VIEW {VIEW} AS\nSELECT {self.key} AS source_key,\n  {values}\nFROM ({self.query}\n) q"

    def _last(self, text: str) -> str:
        """The last revision of each event of the contract."""
        return (
            "(SELECT o.row_id, o.event_id, o.revision, o.event_type, o.contract_key, o.employer_bin, o.payload,"
            f" o.withdrawn\n  FROM usrec_outbox o WHERE o.contract_key = {text}"
            " AND o.revision = (SELECT MAX(p.revision) FROM usrec_outbox p WHERE p.event_id = o.event_id)) l"
        )

    def _enter(self, kind: _Kind, changed: str, text: str) -> str:
        say = self.speech
        now, told = (say.exact.format(f"COALESCE(n.{one}, ' ')") for one in ("employer_bin", "told_bin"))
        return (
            f"{_INSERT}\n"
            f"SELECT n.event_id, COALESCE(n.revision, 0) + 1, {say.literal(kind.operation)}, n.contract_key,"
            f" n.employer_bin, n.payload, {say.false}\n"
            f"FROM (SELECT {kind.event_id} AS event_id, l.revision, l.withdrawn, l.payload AS told,"
            f" l.employer_bin AS told_bin, m.contract_key, m.employer_bin,\n  {kind.payload} AS payload\n"
            f"  FROM {VIEW} m LEFT JOIN {self._last(text)} ON l.event_id = {kind.event_id}\n"
            f"  WHERE m.source_key = {changed} AND {kind.condition}) n\n"
            "WHERE NOT EXISTS (SELECT 1 FROM usrec_outbox_known k WHERE k.event_id = n.event_id)\n"
            f"  AND (n.revision IS NULL OR n.withdrawn = {say.true} OR {say.differs.format('n.payload', 'n.told')}"
            f" OR {now} <> {told})"
        )

    def _take_back(self, kind: _Kind, changed: str, text: str) -> str:
        say = self.speech
        shown = f"SELECT 1 FROM {VIEW} m WHERE m.source_key = {changed} AND {kind.condition}"
        if kind.operation is Operation.AMENDMENT:
            first = "SELECT MIN(g.row_id) FROM usrec_outbox g WHERE g.event_id = l.event_id"
            shown = (
                f"SELECT 1 FROM {VIEW} m JOIN usrec_outbox f ON f.event_id = {kind.event_id} AND f.revision = 1\n"
                f"  WHERE m.source_key = {changed} AND {kind.condition} AND f.row_id >= ({first})"
            )
        ours = f"{self._start(len(kind.operation) + 1)} = {say.literal(f'{kind.operation}:')}"
        return (
            f"{_INSERT}\n"
            f"SELECT l.event_id, l.revision + 1, l.event_type, l.contract_key, l.employer_bin, l.payload, {say.true}\n"
            f"FROM {self._last(text)}\n"
            f"WHERE l.withdrawn = {say.false} AND l.event_type = {say.literal(kind.operation)} AND {ours}\n"
            f"  AND NOT EXISTS ({shown})"
        )

    def _start(self, length: int) -> str:
        name = "SUBSTRING" if self.speech.dialect.name in {"mssql", "postgresql", "mysql"} else "SUBSTR"
        return f"{name}(l.event_id, 1, {length})"
