"""The crash matrix and the tests that kill: every place is on the page, and its test exists and goes there."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support import crashing_agent, crashing_simulator
from support.markdown import ROOT, code, only_code, read, section, table
from usrec.domain.outcome import Doubt

PAGE = read("reference/crash-matrix.md")
AGENT = table(section(PAGE, "The agent's transactions"), "step")
CALLS = table(section(PAGE, "The agent's calls"), "call")
REGISTRY = table(section(PAGE, "The registry"), "place")
WAYS_IN = table(section(PAGE, "The ways in"), "place")


def rows() -> Iterator[tuple[str, str]]:
    """Each place with its test."""
    for row in AGENT:
        yield from ((f"{moment}:{only_code(row[0])}", only_code(row[-1])) for moment in ("within", "before", "after"))
    for row in CALLS:
        yield from ((f"{moment}:{only_code(row[0])}", only_code(row[-1])) for moment in ("before", "after"))
    yield from ((f"the registry's {only_code(row[0])}", only_code(row[-1])) for row in REGISTRY)


def test_every_place_is_on_the_page() -> None:
    assert [only_code(row[0]) for row in AGENT] == list(crashing_agent.TRANSACTIONS)
    assert [only_code(row[0]) for row in CALLS] == list(crashing_agent.CALLS)
    assert tuple(only_code(row[0]) for row in REGISTRY) == crashing_simulator.PLACES
    assert all(all(cell for cell in row) for row in (*AGENT, *CALLS, *REGISTRY)), "each has an expectation"
    assert len({place for place, _ in rows()}) == len(crashing_agent.PLACES) + len(crashing_simulator.PLACES)


def found(test: str) -> tuple[Callable[..., object], str | None]:
    """The function of a test id, and the parameter that it names."""
    file, _, rest = test.partition("::")
    name, _, parameter = rest.rstrip("]").partition("[")
    folder, _, module = file.removesuffix(".py").rpartition("/")
    function = getattr(importlib.import_module(f"{folder or 'acceptance'}.{module}"), name)
    values = [getattr(one, "values", [one])[0] for one in _parameters(function)]
    ids = [getattr(one, "__name__", str(one)) for one in values]
    assert (parameter in ids) if parameter else not ids, f"{test} is not collected under this name"
    return function, parameter or None


def _parameters(function: Any) -> list[Any]:
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    assert len(marks) <= 1
    return list(marks[0].args[1]) if marks else []


@pytest.mark.parametrize(("place", "test"), list(rows()), ids=[place for place, _ in rows()])
def test_the_test_of_a_place_kills_there(place: str, test: str) -> None:
    function, parameter = found(test)
    source = inspect.getsource(function)
    module = inspect.getmodule(function)
    if place.startswith("the registry's"):
        assert "PLACES_OF_THE_REGISTRY" in source
    elif "STAGES" in source:
        assert place in module.STAGES[parameter]  # type: ignore[union-attr]
    else:
        assert f'"{place}"' in source


def test_the_ways_in_are_killed_by_tests_that_exist() -> None:
    """And that kill processes: in the test, or in the module that it calls."""
    for row in WAYS_IN:
        function, _ = found(only_code(row[-1]))
        module = inspect.getmodule(function)
        assert module is not None
        called = [value for value in vars(module).values() if inspect.isfunction(value)]
        sources = {inspect.getsource(inspect.getmodule(one) or one) for one in called}
        assert any("SIGKILL" in source for source in sources)
    assert {"staff", "file", "HTTP", "message"} <= {word for row in WAYS_IN for word in row[0].replace(",", "").split()}


def test_bad_weather_is_proven_by_tests_that_exist() -> None:
    weather = table(section(read("explanation/guarantees.md"), "Bad weather"), "weather")
    named = {file for row in weather for file in code(row[2])}
    assert all((ROOT / file).is_file() for file in named)
    assert all(code(row[2]) for row in weather)
    reasons = {one for row in weather for one in code(row[1])} - {"correlationId", "messageId"}
    assert reasons <= set(Doubt)


def test_tests_that_the_text_names_exist() -> None:
    for test in re.findall(r"`(test_\w+\.py::\S+?)`", PAGE):
        found(test)
    assert set(crashing_agent.PLACES) >= set(importlib.import_module("acceptance.test_crashes").ON_POSTGRESQL)
    assert "test_crashes.py" in "".join(code(PAGE))
