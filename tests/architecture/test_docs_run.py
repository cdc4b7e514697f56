"""Whoever types what the pages say sees what the pages show: tutorial and deadlines are run."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path

import pytest

from support.markdown import blocks, read
from support.page_runner import run_page
from usrec.adapters.sources.outbox_ddl import outbox_ddl

PAGES_WITH_COMMANDS = {
    "tutorial/first-registration.md": 15,
    "ru/quick-start.md": 11,
    "kk/quick-start.md": 11,
    "explanation/deadlines.md": 1,
}
"""How many commands each has at least, so that a change of its form cannot silently skip them."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS)
def test_commands_of_the_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    """Each command ends with 0 and prints what stands below it. The tutorial's port is replaced by a free one."""
    done = run_page(read(page).replace("8443", str(_free_port())), tmp_path)
    for one in done:
        assert one.status == 0, f"{one.step.command}\n{one.printed}"
        assert one.as_written, f"{one.step.command}\nexpected:\n{one.step.expected}\nprinted:\n{one.printed}"
    assert len(done) >= PAGES_WITH_COMMANDS[page]


def test_sql_of_the_hr_page_works() -> None:
    """The two examples in connect-hr.md run on a database with the outbox table."""
    insert, daily_list = (block.text for block in blocks(read("how-to/connect-hr.md")) if block.language == "sql")
    with sqlite3.connect(":memory:") as hr:
        hr.executescript(outbox_ddl("sqlite"))
        hr.executescript("CREATE TABLE contracts (number TEXT, ended_on TEXT)")
        hr.executescript(insert)
        hr.execute("UPDATE usrec_outbox SET usrec_state = 'invalid'")
        rows = hr.execute(daily_list).fetchall()
        (payload,) = hr.execute("SELECT payload FROM usrec_outbox").fetchone()
    assert [row[0] for row in rows] == ["dismissal-123"]
    assert set(json.loads(payload)) == {"termination_date", "reason_code"}
