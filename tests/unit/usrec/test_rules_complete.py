"""Every rule has a name, words and a row against it: what an explanation promises is what the code keeps."""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files

import pytest

from support.broken_rows import BROKEN_ROWS
from support.broken_rows.late import LATE
from support.languages import TRANSLATED
from support.markdown import ROOT
from support.rules_without_rows import ELSEWHERE
from usrec.adapters.explanations.book import explain, explain_all
from usrec.domain.response_code import Handling
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.late import LATE_RULES
from usrec.domain.rules.readings import UNSURE_RULES
from usrec.interfaces.cli.finding_words import TEMPLATES
from usrec.interfaces.cli.lint_words import LINT_TEMPLATES

STOPS_ALL_THE_SAME = {
    "contract_number_unused",
    "extension_not_repeated",
    "field_present",
    "message_block_present",
    "message_fits_100_kb",
}
"""Our reading too: they keep from entering something twice, and ask for what no message can do without."""
WARNS = {"code_in_dictionary", "code_is_lowest_level", *(rule for rule, code, _ in LATE_RULES.values() if code)}
"""Of these a setting of their own decides, or they never stop a row."""

PROMISED = {one.code: one.rule for one in explain_all() if one.active and one.handling is Handling.PREFLIGHT}
MAKERS = {"error", "warning", "undetermined", "Finding"}
"""What makes a finding; its first argument is the name of the rule."""


@cache
def rules_in_code() -> frozenset[str]:
    """The names of all rules: what findings are made with, wherever the agent makes them."""
    by_form = {one.rule for rules in FIELDS.values() for one in rules}
    sources = (path.read_text("utf-8") for path in sorted((ROOT / "src" / "usrec").rglob("*.py")))
    return frozenset(by_form.union(*map(_rules_in, sources)))


def _rules_in(source: str) -> Iterator[str]:
    """First arguments of the makers; where that is a variable, the words that it is given in function or module."""
    module = ast.parse(source)
    constants = {
        one.target.id: one.value
        for one in module.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value is not None
    }
    yield from _with_constants(module, constants)


def _with_constants(module: ast.Module, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.Module):
            calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _maker(one)]
            named = {one.args[0].id for one in calls if one.args and isinstance(one.args[0], ast.Name)}
            yield from (name for one in named & set(constants) for name in _words(constants[one], constants))
            yield from (name for one in calls if one.args for name in _words(one.args[0]))
            if isinstance(function, ast.FunctionDef):
                yield from _given(function, named, constants)


def _maker(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in MAKERS


def _given(function: ast.FunctionDef, names: set[str], constants: Mapping[str, ast.expr]) -> Iterator[str]:
    for one in ast.walk(function):
        if isinstance(one, ast.Assign) and names & {n.id for n in ast.walk(one.targets[0]) if isinstance(n, ast.Name)}:
            yield from _words(one.value, constants)


def _words(value: ast.AST, constants: Mapping[str, ast.expr] | None = None) -> Iterator[str]:
    """Words that an expression can give; not those that it only compares with."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.Tuple):
        yield from _words(value.elts[0])
    elif isinstance(value, ast.IfExp):
        yield from (*_words(value.body), *_words(value.orelse))
    elif isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
        if (known := (constants or {}).get(value.value.id)) is not None:
            yield from _words(known)
    elif isinstance(value, ast.Dict):
        yield from (name for one in value.values for name in _words(one))
    elif isinstance(value, ast.Call) and value.args:
        yield from _words(value.args[-1])


def test_every_code_that_is_known_before_sending_has_a_row_against_it() -> None:
    """Or a reason why no row can break its rule."""
    broken = {one.code for one in (*BROKEN_ROWS, *LATE)}
    assert sorted(PROMISED.keys() - broken - set(ELSEWHERE)) == [], "neither a broken row nor a reason"
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
    assert sorted(set(PROMISED.values()) - rules_in_code() - kept_elsewhere) == []


@pytest.mark.parametrize("code", sorted({one.code for one in (*BROKEN_ROWS, *LATE)}))
def test_an_explanation_names_every_operation_that_can_be_answered_with_its_code(code: str) -> None:
    told = explain(code)
    assert told is not None
    broken = {one.operation.value for one in (*BROKEN_ROWS, *LATE) if one.code == code}
    assert told.operations == ("any",) or sorted(broken - set(told.operations)) == []


def test_only_rules_that_rest_on_our_reading_give_way_to_the_setting() -> None:
    """What a code says plainly stops a row; what it leaves open does only where nothing else can be done."""
    preflight = [one for one in explain_all() if one.active and one.handling is Handling.PREFLIGHT]
    assert sorted(one.code for one in preflight if one.rule in UNSURE_RULES and one.sure) == []
    assert {one.rule for one in preflight if not one.sure} - UNSURE_RULES == STOPS_ALL_THE_SAME | WARNS
    assert sorted(UNSURE_RULES - rules_in_code()) == []


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
