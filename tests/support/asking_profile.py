"""A wire profile that asks: the shipped `current` with the assumed question of the simulator."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

QUESTION = """
[question]
root = "contractQuery"
record_id = "recordId"
employer_bin = "bin"
answer = "contractQueryResponse"
entry = "record"
evidence = "assumed"

[question.fields]
record_id = "recordId"
contract_id = "contractId"
employer_bin = "bin"
employee_iin = "iin"
number = "number"
date = "date"
"""


def asking_profile(folder: Path, *, base: str = "current", question: str = QUESTION) -> Path:
    """Make the profile in a folder of its own."""
    made = folder / "asking"
    made.mkdir()
    with as_file(files("usrec") / "schemas" / "usrec" / base) as shipped:
        shutil.copy(shipped / "contract.xsd", made)
        text = (shipped / "profile.toml").read_text("utf-8")
    (made / "profile.toml").write_text(text + question, "utf-8")
    return made
