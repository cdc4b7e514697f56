"""The reference pages say what the code says: settings, exit codes, states, HR fields, faults, errors of kzeds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

import kzeds
from kzeds import errors as kzeds_errors
from support.markdown import blocks, code, only_code, read, section, table
from usrec import settings
from usrec.domain.change import Change
from usrec.domain.errors import ConfigurationError, OursToFix, PersonDecides, TheirsToWaitFor, UsrecError
from usrec.domain.rules.completeness import is_demanded
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.snapshot.derived import PuzzleKind
from usrec.domain.source_event import Operation
from usrec.domain.state import OPEN, TRANSITIONS, State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending
from usrec.interfaces.cli.words import WAITS
from usrec.interfaces.intake_api.openapi import openapi_document
from usrec.settings.outline import Shape, Table, tables, without_none
from usrec_simulator.codes import TEXTS, UNKNOWN_ERROR
from usrec_simulator.errors import FaultScriptError
from usrec_simulator.fault_script import _COMMON, _EXTRA, load_script
from usrec_simulator.faults import FaultKind, FaultRule

SETTINGS = read("reference/settings.md")
STATES = read("reference/states.md")
SIMULATOR = read("reference/simulator.md")
ONE = {
    str: "text",
    Path: "path",
    timedelta: "duration",
    bool: "true or false",
    int: "whole number",
    date: "date",
    time: "time",
    settings.SecretSettings: "secret",
}
MANY = {
    settings.SecretSettings: "secrets",
    date: "dates",
    int: "years",
    str: "texts",
    Operation: "operations",
    Change: "changes",
}


def test_every_setting_is_documented_with_type_and_default() -> None:
    """The tables of settings.md are the tree of the settings, field by field and in its order."""
    written = {
        heading: [(only_code(row[0]), row[1], row[2]) for row in table(section(SETTINGS, f"[{heading}]"), "setting")]
        for heading in re.findall(r"^## \[(.+)\]$", SETTINGS, re.MULTILINE)
    }
    assert written == {_heading(one): list(_fields(one)) for one in tables(settings.Settings)}


def test_the_ways_to_name_a_secret_are_documented() -> None:
    """Each way stands in the table of settings.md, in the tree's order, with an example that is accepted."""
    rows = table(section(SETTINGS, "Secrets"), "way")
    assert [only_code(row[0]) for row in rows] == list(settings.SecretSettings.model_fields)
    for row in rows:
        example = settings.SecretSettings(**tomllib.loads(only_code(row[1]))["password"])
        assert list(example.model_dump(exclude_none=True)) == [only_code(row[0])]


def _heading(one: Table) -> str:
    path = f"{'.'.join(one.path)}{f', kind = {chr(34)}{one.kind}{chr(34)}' if one.kind else ''}"
    return f"[{path}]" if one.shape is Shape.LISTED else path


def _fields(one: Table) -> Iterator[tuple[str, str, str]]:
    for name, field in one.settings.items():
        yield name, _kind(field), _default(field)


def _kind(field: FieldInfo) -> str:
    kind, bounds = _plain(field)
    if get_origin(kind) is Literal:
        choices = [f"`{one}`" for one in get_args(kind)]
        return " or ".join([", ".join(choices[:-1]), choices[-1]]) if len(choices) > 1 else choices[0]
    if get_origin(kind) in {frozenset, tuple}:
        inner, more = _plain(FieldInfo.from_annotation(get_args(kind)[0]))
        return f"list of {MANY[inner]}{_range(more)}"
    if get_origin(kind) is dict:
        return "table"
    words = {"_employer_id": "BIN or IIN", "_serial_number": "serial number"}
    special = [word for name, word in words.items() if any(name in str(one) for one in bounds)]
    return special[0] if special else f"{ONE[kind]}{_range(bounds)}"


def _plain(field: FieldInfo) -> tuple[Any, list[Any]]:
    """What a setting is when it is there, and what narrows it."""
    kind, bounds = without_none(field.annotation), list(field.metadata)
    while get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        bounds += more
    return kind, bounds


def _range(bounds: list[Any]) -> str:
    lowest = next((one.ge for one in bounds if hasattr(one, "ge")), None)
    highest = next((one.le for one in bounds if hasattr(one, "le")), None)
    return f", {lowest} to {highest}" if isinstance(lowest, int) else ""


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required():
        return "required"
    if isinstance(value, timedelta):
        units = {"days": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}
        fits = [f"{value // unit} {name}" for name, unit in units.items() if value >= 3 * unit and not value % unit]
        return next(iter(fits), f"{value.total_seconds():g} s")
    if isinstance(value, str | Path):
        return f"`{value}`"
    if isinstance(value, time):
        return f"`{value:%H:%M}`"
    if isinstance(value, frozenset) and value:
        return ", ".join(f"`{one}`" for one in sorted(value))
    return str(value).lower() if isinstance(value, bool | int) else "none"


def test_smallest_settings_file_is_complete(tmp_path: Path) -> None:
    """The example at the top of settings.md is accepted as it stands, and nothing can be left out of it."""
    example = blocks(SETTINGS)[0].text
    file = tmp_path / "usrec.toml"
    file.write_text(example, "utf-8")
    settings.load_settings(file)
    for line in [one for one in example.splitlines() if "=" in one]:
        file.write_text(example.replace(f"{line}\n", ""), "utf-8")
        with pytest.raises(ConfigurationError):
            settings.load_settings(file)


def test_named_tables_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two variables that settings.md names go over the file."""
    assert {"USREC_GATEWAY__URL", "USREC_SOURCE__HR__URL", "$USREC_CONFIG"} <= set(code(SETTINGS))
    file = tmp_path / "usrec.toml"
    file.write_text(blocks(SETTINGS)[0].text, "utf-8")
    monkeypatch.setenv("USREC_CONFIG", str(file))
    monkeypatch.setenv("USREC_GATEWAY__URL", "https://other.example/")
    monkeypatch.setenv("USREC_SOURCE__HR__URL", "sqlite:///other.db")
    values = settings.load_settings().values
    assert (values.gateway.url, dict(settings.outboxes(values.source))["hr"].url) == (
        "https://other.example/",
        "sqlite:///other.db",
    )


def test_exit_codes_are_those_of_the_errors() -> None:
    """exit-codes.md lists the codes of domain/errors.py, and 0, 1, 2, 6 and 130, which come from elsewhere."""
    written = {int(row[0]) for row in table(section(read("reference/exit-codes.md"), "usrec"), "code")}
    assert written == {error.exit_code for error in _descendants(UsrecError)} | {0, 1, 2, 6, 130}
    assert (OursToFix.exit_code, TheirsToWaitFor.exit_code, PersonDecides.exit_code) == (3, 4, 5)


def _descendants(base: type[UsrecError]) -> Iterator[type[UsrecError]]:
    yield base
    for child in base.__subclasses__():
        if child.__module__.startswith("usrec."):
            yield from _descendants(child)


def test_exit_codes_of_the_other_programs() -> None:
    """The short tables are those in the programs' own words."""
    from kzeds.cli import output as cli_output
    from usrec_simulator import __main__ as simulator

    page = read("reference/exit-codes.md")
    written = {
        name: {int(row[0]) for row in table(section(page, name), "code")} for name in ("kzeds", "usrec-simulator")
    }
    assert written["kzeds"] == {0, cli_output.REFUSED, cli_output.CANNOT_TELL, cli_output.INTERNAL_ERROR}
    assert written["usrec-simulator"] == {0, simulator.EX_USAGE, simulator.EX_SOFTWARE}


def test_state_diagram_is_the_table_of_transitions() -> None:
    """The Mermaid diagram has an arrow for each transition and no other."""
    diagram = next(block.text for block in blocks(STATES) if block.language == "mermaid")
    arrows = re.findall(r"^    (\w+) --> (\w+): (\w+)$", diagram, re.MULTILINE)
    assert sorted(arrows) == sorted((state.value, to.value, move.value) for (state, move), to in TRANSITIONS.items())
    begins = re.findall(r"^    \[\*\] --> (\w+): .+$", diagram, re.MULTILINE)
    assert len(diagram.splitlines()) == 1 + len(arrows) + len(begins)


def test_state_tables_are_complete() -> None:
    """States, queue statuses, wait reasons and endings: each once, in the order of the code."""
    for heading, words in (
        ("state", State),
        ("status", QueueStatus),
        ("wait reason", WaitReason),
        ("ending", Ending),
        ("puzzle", PuzzleKind),
    ):
        assert [only_code(row[0]) for row in table(STATES, heading)] == [word.value for word in words]
    assert set(code(section(STATES, "The queue").strip().partition("\n\n")[0])) == {state.value for state in OPEN}


def test_words_that_hr_reads_beside_the_states_are_listed() -> None:
    """Over HTTP they are those of the published OpenAPI document; in files those of the page about files."""
    told = {only_code(row[0]): row[1] for row in table(STATES, "word")}
    published = openapi_document(1)["components"]["schemas"]["Event"]["properties"]["state"]["enum"]
    assert {word for word, way in told.items() if way != "files"} == set(published) - {one.value for one in State}
    in_files = table(read("how-to/files.md"), "word")
    assert [word for word, way in told.items() if way == "files"] == [only_code(row[0]) for row in in_files]


@pytest.mark.parametrize(
    "page",
    [
        "connect-hr",
        "snapshot",
        "files",
        "http-intake",
        "onboarding",
        "1c",
        "odoo",
        "frappe",
        "orangehrm",
        "sap",
        "several-employers",
        "mapping",
        "audit",
    ],
)
def test_every_way_in_has_a_picture_at_its_head(page: str) -> None:
    """A drawing of characters, so that it is seen without a network and in any editor."""
    first = blocks(read(f"how-to/{page}.md").partition("\n## ")[0])
    drawn = [line for block in first for line in block.text.splitlines()]
    assert any("┌" in line for line in drawn)
    assert max(map(len, drawn)) <= 120


def test_wait_reasons_are_told_as_the_commands_tell_them() -> None:
    """Whoever reads `usrec submission list` finds the same words in the page."""
    for reason, _, _ in table(STATES, "wait reason"):
        first_words = WAITS[WaitReason(only_code(reason))].partition(";")[0]
        told = next(row[1] for row in table(STATES, "wait reason") if row[0] == reason).partition(";")[0]
        assert told.lower() == first_words.lower()


def test_hr_fields_are_those_of_the_rules() -> None:
    """The table of connect-hr.md names the fields of each kind of event, required and optional."""
    rows = table(section(read("how-to/connect-hr.md"), "4. Let HR insert events"), "HR's word")
    written = {only_code(row[1]): (code(row[2]), code(row[3])) for row in rows}
    assert written == {
        operation.value: (
            [one.name for one in rules if one.required or is_demanded(operation, one.name)],
            [one.name for one in rules if not one.required and not is_demanded(operation, one.name)],
        )
        for operation, rules in FIELDS.items()
    }


def test_hr_states_are_complete() -> None:
    """Every word that can stand in `usrec_state` is explained; a receipt without a decision cannot."""
    rows = table(section(read("how-to/connect-hr.md"), "5. Try one event"), "`usrec_state`")
    assert {only_code(row[0]) for row in rows} == ({state.value for state in State} | {"conflict"}) - {"submitted"}


def test_fault_kinds_and_keys_are_documented() -> None:
    """simulator.md names each kind with its own keys, and the keys that all have, with their defaults."""
    text = section(SIMULATOR, "Fault scripts")
    written = {only_code(row[0]): set(code(row[1])) for row in table(text, "kind")}
    assert written == {kind.value: set(_EXTRA.get(kind, ())) for kind in FaultKind}
    common = {only_code(row[0]): row[1] for row in table(text, "key")}
    assert set(common) == _COMMON
    rule = FaultRule(FaultKind.DELAY)
    assert (common["every"], common["after"], common["seconds"]) == (str(rule.every), str(rule.after), "0")
    assert (rule.seconds, rule.limit, rule.operation, rule.number) == (timedelta(0), None, None, None)


def test_codes_of_the_simulator_are_documented() -> None:
    """The order of checks names every code that the simulator can answer by itself, and no other."""
    written = code(section(SIMULATOR, "Order of the checks"))
    assert {one for one in written if re.fullmatch(r"[A-Z]+[0-9]+|SBF-.+", one)} == set(TEXTS) - {UNKNOWN_ERROR}


def test_example_of_a_fault_script_is_accepted(tmp_path: Path) -> None:
    """The script in simulator.md is read whole; a slip in it would be an error."""
    script = tmp_path / "faults.toml"
    example = next(block.text for block in blocks(SIMULATOR) if block.language == "toml")
    script.write_text(example, "utf-8")
    read_script = load_script(script)
    assert (len(read_script.rules), len(read_script.windows), len(read_script.unknown_persons)) == (2, 1, 1)
    script.write_text(example.replace("every", "evry"), "utf-8")
    with pytest.raises(FaultScriptError):
        load_script(script)


def test_public_names_and_errors_of_kzeds_are_documented() -> None:
    """kzeds.md names everything in kzeds.__all__, and every error under its family."""
    text = read("reference/kzeds.md")
    names = {piece.partition("(")[0] for row in table(text, "name") for piece in code(row[0])}
    assert names == set(kzeds.__all__)
    written = {only_code(row[0]): set(re.findall(r"`(\w+Error)`", row[1])) for row in table(text, "error")}
    assert written == {
        family.__name__: {child.__name__ for child in family.__subclasses__()}
        for family in kzeds_errors.KzedsError.__subclasses__()
    }
