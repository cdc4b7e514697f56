"""The generated parts of the pages are what the code gives, and what they show works."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
from collections import Counter

import pytest

from support.markdown import DOCS, ROOT, blocks, read, section
from support.reference import FILES, PART, PARTS, renewed
from support.sample_events import SAMPLES
from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.domain.rules.fields import read_details
from usrec.domain.rules.late import LATE_RULES
from usrec.domain.rules.readings import UNSURE_RULES
from usrec.domain.source_event import Operation

WITH_PARTS = [
    str(page.relative_to(DOCS)) for page in sorted(DOCS.rglob("*.md")) if PART.search(page.read_text("utf-8"))
]


@pytest.mark.parametrize("page", WITH_PARTS)
def test_generated_parts_are_what_the_code_gives(page: str) -> None:
    text = read(page)
    assert renewed(text) == text, "the code has changed; run: make reference"
    assert text.count("<!-- generated") == len(PART.findall(text))


def test_every_part_stands_in_one_page() -> None:
    """None is made for nothing, none is told twice."""
    found = Counter(part["name"] for page in WITH_PARTS for part in PART.finditer(read(page)))
    assert found == dict.fromkeys(PARTS, 1)


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_what_the_code_gives(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == FILES[name](), "the code has changed; run: make reference"


def test_an_outdated_part_is_noticed() -> None:
    """The comparison above can fail."""
    text = read("reference/events.md")
    assert renewed(text.replace("SCSE011", "SCSE010")) == text


@pytest.mark.parametrize("operation", Operation)
def test_sample_events_pass_the_rules(operation: Operation) -> None:
    """With every field of the page, optional ones included."""
    details, findings = read_details(operation, SAMPLES[operation])
    assert details is not None
    assert not findings


def test_sample_rows_can_be_inserted() -> None:
    """The statements of events.md run on a database with the outbox table, one for each kind."""
    with sqlite3.connect(":memory:") as hr:
        hr.executescript(outbox_ddl("sqlite"))
        for block in blocks(read("reference/events.md")):
            hr.executescript(block.text)
        rows = hr.execute("SELECT event_type, payload FROM usrec_outbox").fetchall()
    assert [row[0] for row in rows] == list(Operation)
    assert all(json.loads(payload).items() <= SAMPLES[Operation(kind)].items() for kind, payload in rows)


def test_only_the_rules_that_the_page_names_let_a_row_pass() -> None:
    """All others are errors."""
    files = (ROOT / "src" / "usrec" / "domain").rglob("*.py")
    calls = [
        node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    mild = {
        node.args[0].value
        for node in calls
        if isinstance(node.func, ast.Name) and node.func.id == "warning" and isinstance(node.args[0], ast.Constant)
    }
    late = {rule for rule, _, _ in LATE_RULES.values()}
    told = (
        section(read("reference/events.md"), "What can be wrong").partition("which only warn:")[2].partition(".\n")[0]
    )
    assert set(re.findall(r"`(\w+)`", told)) == mild | late


def test_the_page_names_the_rules_that_rest_on_our_reading() -> None:
    told = section(read("reference/events.md"), "What can be wrong").partition("These rest on our reading")[2]
    named = told.partition("`refuse`:")[2].partition(". What")[0]
    assert set(re.findall(r"`(\w+)`", named)) == UNSURE_RULES
