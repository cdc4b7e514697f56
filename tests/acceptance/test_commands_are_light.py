"""A command that only prints its help loads nothing that is slow to load."""

from __future__ import annotations

import json
import sys

import pytest

from support.workplace import run
from usrec.interfaces.cli.app import COMMANDS
from usrec.interfaces.cli.on_demand import PACKAGE

HEAVY = {
    "zeep",
    "holidays",
    "openpyxl",
    "rich",
    "lxml",
    "sqlalchemy",
    "httpx",
    "cryptography",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "http.client",
    "usrec.adapters",
    "usrec.application",
    "usrec.ports",
    "usrec.settings",
}

MODULES = {f"{PACKAGE}.{later.place.partition('.')[0]}": later.name for later in COMMANDS}
"""Where each command, or group of commands, of ``usrec`` is written."""

PROGRAM = """
import json, runpy, sys
sys.argv = ["command", *{arguments!r}]
try:
    runpy.run_module({package!r}, run_name="__main__")
except SystemExit as end:
    loaded = sorted(sys.modules)
    print(json.dumps({{"status": end.code, "loaded": loaded}}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("usrec", ["--help"]),
        ("usrec", ["run", "--help"]),
        ("usrec", ["doctor", "--help"]),
        ("usrec", ["init", "--help"]),
        ("usrec", ["config", "check", "--help"]),
        ("usrec", ["explain", "--help"]),
        ("usrec", ["lint", "--help"]),
        ("usrec", ["template", "events", "--help"]),
        ("usrec", ["dictionaries", "import", "--help"]),
        ("usrec", ["metrics", "--help"]),
        ("usrec", ["alerts", "list", "--help"]),
        ("usrec", ["health", "--help"]),
        ("usrec", ["status", "--help"]),
        ("usrec", ["submission", "--help"]),
        ("usrec", ["submission", "settle", "--help"]),
        ("usrec", ["replay", "--help"]),
        ("usrec_simulator", ["--help"]),
        ("usrec_simulator", ["serve", "--help"]),
        ("kzeds", ["--help"]),
        ("kzeds", ["verify", "--help"]),
    ],
    ids=str,
)
def test_help_loads_nothing_slow(package: str, arguments: list[str]) -> None:
    done = run([sys.executable, "-c", PROGRAM.format(package=package, arguments=arguments)])
    ended = json.loads(done.stderr)
    assert ended["status"] in {0, None}
    assert "Usage" in done.stdout
    assert package in ended["loaded"]
    assert HEAVY & set(ended["loaded"]) == set()


def test_programs_help_loads_none_of_its_commands() -> None:
    assert _commands_loaded(["--help"]) == set()


@pytest.mark.parametrize("name", ["backup", "health", "init", "lint", "run", "status"])
def test_command_loads_none_of_the_others(name: str) -> None:
    assert _commands_loaded([name, "--help"]) == {name}


def _commands_loaded(arguments: list[str]) -> set[str]:
    done = run([sys.executable, "-c", PROGRAM.format(package="usrec", arguments=arguments)])
    return {MODULES[name] for name in json.loads(done.stderr)["loaded"] if name in MODULES}
