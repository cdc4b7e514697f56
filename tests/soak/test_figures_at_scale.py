"""The figures of a ledger with a million submissions: how long a scrape waits for them, printed by `make soak`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest
from sqlalchemy import Engine, text

from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import create_ledger_engine, open_ledger
from usrec.adapters.persistence.schema import upgrade

pytestmark = pytest.mark.soak

ROWS = int(os.environ.get("ROWS", "1000000"))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONGEST = {"usual": 0.5, "outage": 3.0}
"""Seconds; a scrape gives up after ten, and the figures are asked for once in ten."""
OPEN = {"usual": ROWS // 100, "outage": ROWS}
"""In an outage everything is open, and a tenth of it in doubt."""

WORDS = {
    "sqlite": {
        "numbers": "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {rows}) ",
        "of": "g",
        "id": "printf('%08x-%012x', i * 2654435761 % 4294967296, i)",
        "day": "strftime('%Y-%m-%dT19:00:00.000000Z', '2026-11-22', ({days}) || ' days')",
        "no": "0",
        "details": "hex(zeroblob(200))",
    },
    "postgresql": {
        "numbers": "",
        "of": "generate_series(1, {rows}) AS g(i)",
        "id": "lpad(to_hex(i::bigint * 2654435761 % 4294967296), 8, '0') || '-' || lpad(to_hex(i), 12, '0')",
        "day": "timestamptz '2026-11-22 19:00+00' + ({days}) * interval '1 day'",
        "no": "false",
        "details": "repeat('x', 400)",
    },
}


def fill(engine: Engine, open_ones: int) -> None:
    """Put ``ROWS`` submissions into an empty ledger, the last ``open_ones`` of them unsettled."""
    words = WORDS[engine.dialect.name]

    def day(days: str) -> str:
        return words["day"].format(days=days)

    is_open = f"i > {ROWS - open_ones}"
    due = f"CASE WHEN {is_open} THEN i % 20 - 3 ELSE -(i % 1000) END"
    state = "CASE i % 10 WHEN 0 THEN 'rejected' WHEN 1 THEN 'indeterminate' ELSE 'pending' END"
    submissions = (
        "INSERT INTO submissions (id, source, row_ref, event_id, revision, employer_bin, contract_key, position, "  # noqa: S608 -- literals
        "state, details, withdrawn, received_at, safe_utc, due_utc, edition, point, term, calendar_version, code, "
        f"reason, findings) {words['numbers'].format(rows=ROWS)} SELECT {words['id']}, 'hr', 'r' || i, 'e' || i, 1, "
        f"'', 'K' || i, 0, CASE WHEN {is_open} THEN {state} ELSE 'accepted' END, {words['details']}, {words['no']}, "
        f"{day(f'({due}) - 5')}, {day(f'({due}) - 1')}, {day(due)}, '', '', '', '', '', '', '[]' "
        f"FROM {words['of'].format(rows=ROWS)}"
    )
    outbox = (
        "INSERT INTO outbox (submission_id, employer_bin, contract_key, status, priority, available_at, fence, "  # noqa: S608 -- literals
        f"attempts, doubtful, note) SELECT id, '', contract_key, 'blocked', due_utc, due_utc, 1, 1, {words['no']}, '' "
        "FROM submissions WHERE state IN ('pending', 'indeterminate')"
    )
    attempts = (
        "INSERT INTO attempts (id, submission_id, number, fence, opened_at, correlation_id, envelope_digest, "
        "closed_at, ending, code, detail) SELECT id, id, 1, 1, received_at, '', '', received_at, 'unknown', '', '' "
        "FROM submissions WHERE state = 'indeterminate'"
    )
    with engine.begin() as connection:
        for statement in (submissions, outbox, attempts):
            connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    made = server.new_database()
    yield made
    server.drop_database(made)


@pytest.mark.parametrize("case", LONGEST)
def test_figures_of_a_million_submissions_come_in_time(url: str, case: str) -> None:
    engine = create_ledger_engine(url)
    upgrade(engine)
    fill(engine, OPEN[case])
    engine.dispose()
    ledger, times = open_ledger(url), []
    for _ in range(5):
        began = perf_counter()
        figures = ledger.view.figures(NOW)
        times.append(perf_counter() - began)
    ledger.close()
    assert sum(figures.by_state.values()) == ROWS
    assert sum(group.number for group in figures.open) == OPEN[case]
    shown = ", ".join(f"{one * 1000:.0f}" for one in times)
    print(f"\n{engine.dialect.name}, {ROWS} submissions, {OPEN[case]} open: {shown} ms")
    assert sorted(times)[2] < LONGEST[case]
