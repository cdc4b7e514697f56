"""What the agent relies upon of a database with an outbox, tried in a table made for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from sqlalchemy import Update, text, update

from usrec.adapters.sources.conformance.finding import Check, Finding, NotAsExpected, NotTried, Verdict, tried
from usrec.adapters.sources.conformance.scratch import Scratch
from usrec.adapters.sources.conformance.server import KILL, SESSION, family
from usrec.adapters.sources.hr_database import HrDatabase
from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote

_LETTERS: Final = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі Ёё №"
_LONG: Final = 300_000
"""Characters; longer than what any database keeps in a row itself."""
_ENTERED: Final = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
_NOTED: Final = datetime(2026, 11, 20, 7, 30, 0, 250000, tzinfo=UTC)
_MANY: Final = 100


class OutboxTrials:
    """Trials one after another; each looks at its own rows only."""

    def __init__(self, name: SourceName, scratch: Scratch) -> None:
        self._name, self._scratch = name, scratch
        self._source = scratch.source()

    def findings(self) -> Iterator[Finding]:
        """All trials; without a table none of them."""
        made = tried(Check.TABLE, self._make)
        yield made
        if made.verdict is Verdict.FAILED:
            return
        try:
            for check, trial in self._trials().items():
                yield tried(check, trial)
        finally:
            cleaned = tried(Check.CLEAN, self._clean)
        yield cleaned

    def _trials(self) -> Mapping[Check, Callable[[], str]]:
        return {
            Check.TYPES: self._types,
            Check.KEYS: self._keys,
            Check.LATE_COMMIT: self._late_commit,
            Check.READ_ONLY: self._read_only,
            Check.CLAIM: self._claim,
            Check.HR_GOES_ON: self._hr_goes_on,
            Check.STATUS: self._status,
            Check.LOCKS: self._locks,
            Check.KILLED: self._killed,
        }

    def _make(self) -> str:
        self._scratch.make()
        return f"made {self._scratch.called} by the SQL of usrec outbox ddl"

    def _clean(self) -> str:
        try:
            self._scratch.drop()
        except SourceUnavailable as problem:
            raise NotAsExpected(f"drop the table {self._scratch.called} by hand: {problem.what}") from None
        return f"dropped {self._scratch.called}"

    def _types(self) -> str:
        payload = json.dumps({"work_place_address": _LETTERS + "ә" * _LONG}, ensure_ascii=False)
        self._scratch.enter("types", payload=payload, contract_key=_LETTERS, entered_at=_ENTERED)
        row = self._only("types")
        _expect(row.payload == payload, "a long JSON text with Kazakh letters came back otherwise")
        _expect(row.contract_key == _LETTERS, "Kazakh letters of a short text came back otherwise")
        _expect(row.entered_at == _ENTERED, f"a time with zone and microseconds came back as {row.entered_at}")
        self._source.mark_taken([row])
        _expect(self._rows("types") == [], "the row was marked and is delivered again")
        return f"{_LONG} characters, Kazakh letters, microseconds and zone came back as they were"

    def _keys(self) -> str:
        keys = {"Ключ-Ә", "ключ-ә", "ключ-а", "КЛЮЧ-Ә"}
        for key in keys:
            self._scratch.enter(key)
        rows = [row for row in self._source.fetch(_MANY) if row.event_id in keys]
        _expect({row.event_id for row in rows} == keys, "keys that differ in case or letters were taken for one")
        self._source.mark_taken(rows)
        return "keys that differ in case or one letter are told apart"

    def _late_commit(self) -> str:
        self._needs_writers()
        with self._scratch.entering("late, first"):
            self._scratch.enter("late, second")
            rows = self._source.fetch(_MANY)
            seen = [row.event_id for row in rows]
            _expect(seen == ["late, second"], "a row was seen before its commit, or not after")
            self._source.mark_taken(rows)
        _expect([row.event_id for row in self._source.fetch(_MANY)] == ["late, first"], "the late row was missed")
        self._source.mark_taken(self._source.fetch(_MANY))
        return "the row that was begun first and committed last was delivered, without waiting for it"

    def _read_only(self) -> str:
        self._needs_writers()
        known: set[tuple[str, int]] = set()
        reader = self._scratch.source(known=lambda keys: [key for key in keys if key in known])
        known.update((row.event_id, row.revision) for row in reader.fetch(_MANY))
        with self._scratch.entering("unmarked, first"):
            self._scratch.enter("unmarked, second")
            seen = [row.event_id for row in reader.fetch(_MANY)]
            _expect(seen == ["unmarked, second"], "a row was seen before its commit, or not after")
            known.add(("unmarked, second", 1))
        _expect([row.event_id for row in reader.fetch(_MANY)] == ["unmarked, first"], "the late row was missed")
        self._source.mark_taken(self._source.fetch(_MANY))
        return "an account that may only read finds the late row too"

    def _claim(self) -> str:
        self._needs_writers()
        self._scratch.enter("claimed")
        row = self._only("claimed")
        with self._scratch.changing("claimed"):
            self._source.mark_taken([row])
        changed = self._only("claimed")
        _expect(changed.payload == "[]", "HR's change was not seen")
        self._source.mark_taken([changed])
        return "a row that HR was changing was passed by without waiting, and delivered again with its change"

    def _hr_goes_on(self) -> str:
        self._needs_writers()
        self._scratch.enter("held")
        agent = self._scratch.database()
        try:
            with agent.transaction(write=True) as held:
                held.execute(self._marking("held"))
                self._scratch.enter("entered meanwhile")
        finally:
            agent.close()
        rows = self._source.fetch(_MANY)
        self._source.mark_taken(rows)
        return "HR entered a row while the agent held another one"

    def _status(self) -> str:
        self._scratch.enter("noted")
        row = self._only("noted")
        self._source.mark_taken([row])
        self._source.write_back([self._note(row, "accepted", _NOTED)])
        self._source.write_back([self._note(row, "signed", _NOTED - timedelta(seconds=1))])
        state, message, day, noted = self._scratch.cells(
            "noted", "usrec_state", "usrec_message", "usrec_legal_date", "usrec_noted_at"
        )
        _expect(state == "accepted", f"an older note went over a newer one, or none was written: {state}")
        _expect(message == _LETTERS, "Kazakh letters of a note came back otherwise")
        _expect(str(day)[:10] == "2026-11-27", f"a day came back as {day}")
        _expect(str(noted)[10:19] in {" 07:30:00", "T07:30:00"} or _is_noted(noted), f"a time came back as {noted}")
        return "state, sentence, day and time were written back; an older note did not go over a newer one"

    def _locks(self) -> str:
        self._needs_writers()
        self._scratch.enter("locked")
        row = self._only("locked")
        with self._scratch.changing("locked"):
            waited = tried(Check.LOCKS, lambda: self._write_in_vain(row))
        if waited.verdict is Verdict.FAILED:
            raise NotAsExpected(waited.detail)
        self._source.mark_taken(self._rows("locked"))
        return f"writing to a row that HR held was given up after {waited.seconds} s"

    def _write_in_vain(self, row: SourceRow) -> str:
        try:
            self._source.write_back([self._note(row, "accepted", _NOTED)])
        except SourceUnavailable:
            return ""
        raise NotAsExpected("a row that HR held was written")

    def _killed(self) -> str:
        kind = family(self._scratch.hr.kind)
        if kind not in KILL:
            raise NotTried("end the agent's session by hand while it runs: it has to go on by itself")
        self._scratch.enter("killed")
        agent = self._scratch.database()
        try:
            self._work_until_killed(agent, kind)
            with agent.transaction() as again:
                again.execute(text("SELECT 1 FROM dual" if kind == "oracle" else "SELECT 1"))
        finally:
            agent.close()
        self._source.mark_taken([self._only("killed")])
        return "what the killed session had begun was undone, and the next one went on"

    def _work_until_killed(self, agent: HrDatabase, kind: str) -> None:
        try:
            with agent.transaction(write=True) as mine:
                mine.execute(self._marking("killed"))
                session = mine.execute(text(SESSION[kind])).scalar()
                self._kill(KILL[kind].format(session))
                mine.execute(self._marking("killed"))
        except SourceUnavailable:
            return
        raise NotAsExpected("a killed session went on")

    def _kill(self, statement: str) -> None:
        try:
            with self._scratch.hr.transaction(write=True) as other:
                other.exec_driver_sql(statement)
        except SourceUnavailable as problem:
            raise NotTried(f"the account may not end sessions: {problem.what}") from None

    def _marking(self, event_id: str) -> Update:
        table = self._scratch.table
        return update(table).where(table.c.event_id == event_id).values(taken_at=_NOTED)

    def _needs_writers(self) -> None:
        if self._scratch.hr.kind == "sqlite":
            raise NotTried("SQLite has one writer at a time")

    def _rows(self, event_id: str) -> list[SourceRow]:
        return [row for row in self._source.fetch(_MANY) if row.event_id == event_id]

    def _only(self, event_id: str) -> SourceRow:
        rows = self._rows(event_id)
        _expect(len(rows) == 1, f"a row that was committed was delivered {len(rows)} times")
        return rows[0]

    def _note(self, row: SourceRow, state: str, at: datetime) -> StatusNote:
        return StatusNote(
            self._name, row.row_ref, row.revision, state, "SCSS001", _LETTERS, "[]", None, date(2026, 11, 27), at
        )


def _expect(is_so: bool, otherwise: str) -> None:  # noqa: FBT001 -- an assertion
    if not is_so:
        raise NotAsExpected(otherwise)


def _is_noted(cell: object) -> bool:
    return isinstance(cell, datetime) and cell.tzinfo is not None and cell == _NOTED
