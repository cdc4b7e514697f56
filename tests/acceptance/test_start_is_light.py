"""What an agent and a command that only reads load of what they do not use: nothing. Counted, not timed."""

from __future__ import annotations

import json
import sys

from support.workplace import MakeWorkplace, Workplace, run

PROGRAM = """
import json, runpy, sys
sys.argv = ["usrec", *{arguments!r}]
try:
    runpy.run_module("usrec", run_name="__main__")
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""

NOBODY = {
    "alembic",
    "holidays",
    "openpyxl",
    "pydantic_settings",
    "pygments",
    "requests",
    "rich",
    "sqlalchemy.dialects.mssql",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.oracle",
    "starlette",
    "typst",
    "usrec.adapters.evidence",
    "usrec_simulator",
    "uvicorn",
    "zeep",
}
"""What neither an agent that runs nor a look into its ledger has any use for."""
POSTGRESQL = {"psycopg", "sqlalchemy.dialects.postgresql"}
ONLY_TO_SEND = {
    "cryptography",
    "httpx",
    "kzeds",
    "lxml",
    "structlog",
    "usrec.adapters.gateway",
    "usrec.adapters.rendering",
    "usrec.adapters.signing",
    "usrec.bootstrap",
}


def _loaded(place: Workplace, *arguments: str) -> set[str]:
    told = [*arguments, "--config", str(place.settings)]
    done = run([sys.executable, "-c", PROGRAM.format(arguments=told)])
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code in {0, None}, done.stderr
    return set(loaded)


def test_agent_and_a_look_into_its_ledger_load_nothing_that_they_do_not_use(make_workplace: MakeWorkplace) -> None:
    place = make_workplace("sqlite")
    place.connect("https://127.0.0.1:9/")
    agent, look = _loaded(place, "run", "--drain"), _loaded(place, "status")
    assert agent >= ONLY_TO_SEND
    assert agent & (NOBODY | POSTGRESQL) == set()
    assert look & (NOBODY | POSTGRESQL | ONLY_TO_SEND) == set()
