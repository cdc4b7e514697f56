"""Looks at a staff through the settings, as the agent takes them, and what every product of the tests must show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from support.hr_products import ADDRESS, BIN, IIN
from support.plain_settings import PLAIN
from usrec.adapters.sources.mapping.ready import ready_mapping
from usrec.adapters.sources.staff_roster import SqlStaffRoster
from usrec.domain.snapshot.staff import Look
from usrec.settings import load_settings
from usrec.staffs import build_mapping, build_roster, named_staff

AT: Final = datetime(2026, 11, 22, 7, tzinfo=UTC)
RUNNING: Final = {
    "employee_iin": IIN,
    "contract_number": "ТД-7",
    "contract_date": "2026-11-16",
    "signed_on": "2026-11-17",
    "begin_date": "2026-11-18",
    "term_code": "1",
    "position_code": "2511-2-001",
    "established_post": "Талдаушы",
    "conscript_code": "1",
    "work_place_address": ADDRESS,
}
AGREEMENT: Final = {
    "agreement_number": "ДС-1",
    "agreement_date": "2026-11-19",
    "signed_on": "2026-11-20",
    "begin_date": "2026-11-23",
}
DEPARTMENT: Final = "Цех № 2"
ENDED: Final = {name: value for name, value in RUNNING.items() if name != "signed_on"} | {
    "contract_number": "ТД-8",
    "contract_date": "2024-02-28",
    "begin_date": "2024-02-29",
    "position_code": "2512-0-001",
    "established_post": "Developer",
}
ENDING: Final = {"termination_date": "2026-11-20", "reason_code": "05"}
FILLED_IN: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "orangehrm": {"nkz": {"Талдаушы": "2511-2-001", "Developer": "2512-0-001"}, "reason": {"Resigned": "05"}},
    "sap": {
        "company": {"KZ01": BIN},
        "term": {"01": "1"},
        "nkz": {"60000001": "2511-2-001", "60000002": "2512-0-001"},
        "reason": {"02": "05"},
    },
}
"""What the customer writes into the maps of a mapping."""


def roster_at(folder: Path, url: str, mapping: str, **more: str) -> SqlStaffRoster:
    """A staff by the settings, which stand in the folder afterwards."""
    (folder / "staff.toml").write_text(mapping, "utf-8")
    tables = "".join(f"{name} = {value}\n" for name, value in more.items())
    source = f'[source.staff]\nkind = "snapshot"\nmapping = "staff.toml"\nurl = {json.dumps(url)}\n{tables}'
    (folder / "usrec.toml").write_text(PLAIN + source, "utf-8")
    settings = load_settings(folder / "usrec.toml")
    staff = named_staff(settings, "staff")
    return build_roster(settings, "staff", staff, build_mapping(settings, staff))


def look_at(folder: Path, url: str, mapping: str, **more: str) -> Look:
    """One look, as the agent takes it."""
    roster = roster_at(folder, url, mapping, **more)
    try:
        return roster.look(AT)
    finally:
        roster.close()


def filled_in(name: str) -> str:
    """A ready mapping with the customer's codes."""
    text = ready_mapping(name)
    for table, values in FILLED_IN.get(name, {}).items():
        lines = "".join(
            f"{json.dumps(value, ensure_ascii=False)} = {json.dumps(code)}\n" for value, code in values.items()
        )
        assert f"[codes.{table}]\n" in text
        text = text.replace(f"[codes.{table}]\n", f"[codes.{table}]\n{lines}")
    return text


def compare(look: Look, keys: tuple[str, str]) -> None:
    """The two contracts that every staff of the tests holds: nothing more, nothing less, nothing made up."""
    found = {one.key: one for one in look.contracts}
    assert tuple(sorted(found)) == keys, "a draft, a template or another client is no contract"
    running, ended = (found[key] for key in keys)
    assert (running.contract, running.agreement, running.ending) == (RUNNING, AGREEMENT, {})
    assert (ended.contract, ended.agreement, ended.ending) == (ENDED, {}, ENDING), "nothing is made up"
    assert {running.employer_bin, ended.employer_bin} == {BIN}
    assert (running.department, ended.department) == (DEPARTMENT, ""), "for figures of lateness"
