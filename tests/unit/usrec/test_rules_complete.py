"""Every rule has a name, words and a row against it: what an explanation promises is what the code keeps."""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files

import pytest

from support.broken_rows import BROKEN_ROWS
from support.languages import TRANSLATED
from support.markdown import ROOT
from support.rules_without_rows import ELSEWHERE, PENDING, PENDING_RULES
from usrec.adapters.explanations.book import explain_all
from usrec.domain.response_code import Handling
from usrec.interfaces.cli.finding_words import TEMPLATES
from usrec.interfaces.cli.lint_words import LINT_TEMPLATES

PROMISED = {one.code: one.rule for one in explain_all() if one.active and one.handling is Handling.PREFLIGHT}
MAKERS = {"error", "warning", "undetermined", "Finding"}
"""What makes a finding; its first argument is the name of the rule."""


@cache
def rules_in_code() -> frozenset[str]:
    """The names of all rules: what findings are made with, wherever the agent makes them."""
    return frozenset(
        name for path in sorted((ROOT / "src" / "usrec").rglob("*.py")) for name in _rules_in(path.read_text("utf-8"))
    )


def _rules_in(source: str) -> Iterator[str]:
    """First arguments of the makers; where that is a variable, the words that it is given in the same function."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.Module):
            calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _maker(one)]
            named = {one.args[0].id for one in calls if one.args and isinstance(one.args[0], ast.Name)}
            yield from (name for one in calls if one.args for name in _words(one.args[0]))
            if isinstance(function, ast.FunctionDef):
                yield from _given(function, named)


def _maker(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in MAKERS


def _given(function: ast.FunctionDef, names: set[str]) -> Iterator[str]:
    for one in ast.walk(function):
        if isinstance(one, ast.Assign) and names & {n.id for n in ast.walk(one.targets[0]) if isinstance(n, ast.Name)}:
            yield from _words(one.value)


def _words(value: ast.AST) -> Iterator[str]:
    """Words that an expression can give; not those that it only compares with."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.Tuple):
        yield from _words(value.elts[0])
    elif isinstance(value, ast.IfExp):
        yield from (*_words(value.body), *_words(value.orelse))


def test_every_code_that_is_known_before_sending_has_a_row_against_it() -> None:
    """Or a reason why no row can break its rule, or it is still being written."""
    broken = {one.code for one in BROKEN_ROWS}
    told = broken | set(ELSEWHERE)
    assert sorted(PROMISED.keys() - told - PENDING) == [], "neither a broken row nor a reason"
    assert sorted(PENDING & told) == [], "these are written: strike them out"
    assert sorted(broken & set(ELSEWHERE)) == [], "a row breaks what no row can break"
    assert set(ELSEWHERE) <= set(PROMISED)


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
def test_what_no_row_can_break_is_kept_and_proven_elsewhere(code: str) -> None:
    module, _, name = ELSEWHERE[code].kept_by.partition(":")
    assert hasattr(import_module(module), name)
    path, _, test = ELSEWHERE[code].proof.partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    assert test in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_rules_of_explanations_are_rules_of_the_code() -> None:
    kept_elsewhere = {rule for code, rule in PROMISED.items() if code in ELSEWHERE}
    assert sorted(set(PROMISED.values()) - rules_in_code() - kept_elsewhere - PENDING_RULES) == []
    assert sorted(PENDING_RULES & rules_in_code()) == [], "these are written: strike them out"


def test_rules_that_cite_a_code_are_named_by_its_explanation_or_judge_the_form() -> None:
    """A row may miss a code by its form alone, before the rule of the explanation is asked."""
    by_form = {"field_format", "field_is_date", "employer_checksum", "iin_checksum", "field_present"}
    for one in BROKEN_ROWS:
        assert one.rule == PROMISED.get(one.code) or one.rule in by_form, one


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_rule_has_its_words(language: str) -> None:
    words = {**TEMPLATES, **LINT_TEMPLATES}
    assert sorted(rules_in_code() - set(words)) == []
    folder = files("usrec").joinpath("locales")
    with folder.joinpath(language, "LC_MESSAGES", "usrec.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    untold = [text for rule in rules_in_code() for text in words[rule] if catalogue.gettext(text) in {"", text}]
    assert untold == []
