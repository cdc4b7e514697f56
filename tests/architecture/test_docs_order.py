"""The table of the Order has a line for every point that the program names, and names what there is."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache

from support.markdown import ROOT, code, read, section, table
from usrec import settings
from usrec.domain.liability import Part
from usrec.settings.outline import tables

PAGE = read("reference/order-353.md")
RULES = table(section(PAGE, "The Rules"), "point")
LABOUR_CODE = table(section(PAGE, "The Labour Code"), "article")
OFFENCES = table(section(PAGE, "Code on Administrative Offences, article 98"), "part")
SOURCES = ROOT / "src" / "usrec"
_POINT = re.compile(r"(?:Order 353 )?(p\.\d+(?:-1)?(?:\(\d\))?(?: para \d)?)(?: first edition)?")
_ARTICLE = re.compile(r"Labour Code art\. \d.*")
_SETTING = re.compile(r"\[([a-z_.A-Z]+)\](?: (\w+))?")


def test_every_point_that_the_program_names_has_its_line() -> None:
    """Findings, explanations and terms name points; whoever approves the agent finds each in the table."""
    named = {found[1] for text in texts() if (found := _POINT.fullmatch(text))}
    assert {"p.3", "p.7 para 2", "p.9(1)", "p.13-1"} <= named
    assert named <= {row[0] for row in RULES}


def test_every_article_that_the_program_names_has_its_line() -> None:
    named = {text for text in texts() if _ARTICLE.fullmatch(text) and "{" not in text}
    assert "Labour Code art. 30 p.1(2)" in named
    assert named <= {row[0] for row in LABOUR_CODE}


def test_points_stand_each_once_and_in_their_order() -> None:
    rows = [row[0] for row in RULES]
    numbers = [tuple(map(int, re.findall(r"\d+", one))) for one in rows]
    assert numbers == sorted(set(numbers))
    assert {one[0] for one in numbers} == set(range(1, 21))


def test_parts_of_the_offence_are_those_that_the_estimate_knows() -> None:
    told = {row[0].partition(" (")[0] for row in OFFENCES}
    assert {f"part {part.value}" for part in Part} == told - {"mitigation"}


def test_settings_in_the_table_exist() -> None:
    """Commands and options are held by the test of all pages."""
    known = {".".join(one.path): set(one.settings) for one in tables(settings.Settings)}
    named = [found for text in code(PAGE) if (found := _SETTING.fullmatch(text))]
    assert len(named) > 5
    for found in named:
        assert found[1] in known, found[0]
        assert found[2] is None or found[2] in known[found[1]], found[0]


def test_each_line_says_what_the_agent_does() -> None:
    for rows, does in ((RULES, 3), (LABOUR_CODE, 2), (OFFENCES, 2)):
        assert all(row[does] for row in rows)


@cache
def texts() -> frozenset[str]:
    """Each once, read once for both tests."""
    return frozenset(_texts())


def _texts() -> Iterator[str]:
    """Every text of the sources that stands by itself; a sentence that mentions a point is none."""
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for file in (SOURCES / "adapters" / "explanations").glob("*.toml"):
        for entry in tomllib.loads(file.read_text("utf-8")).values():
            yield entry.get("point", "")
