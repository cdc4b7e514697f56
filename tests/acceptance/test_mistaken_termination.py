"""A termination that was entered by mistake is taken back by a reinstatement with nothing but a comment."""

from __future__ import annotations

import json
import re
from pathlib import Path

from support.markdown import ROOT
from support.personnel import Person, a_day, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import MakeWorkplace

PERSON = Person(1)
PAGE = ROOT / "docs" / "how-to" / "take-back-a-termination.md"


def row_of_the_page() -> dict[str, str]:
    """The payload that the how-to page shows, with the days of this test."""
    (written,) = re.findall(r"'(\{.*?\})'\)", PAGE.read_text("utf-8"), re.DOTALL)
    shown: dict[str, str] = json.loads(written)
    return shown | {"termination_date": a_day(1).isoformat(), "reinstatement_date": a_day(0).isoformat()}


def test_the_way_back_is_shown_and_works(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    workplace.hire(PERSON)
    ended = workplace.dismiss(PERSON)
    edit = {**conclusion_of(PERSON), "established_post": "Бас инженер", "entered_on": a_day(0).isoformat()}
    with SimulatorProcess.start(tmp_path / "registry.db", pki, options=["--demand", "order"]) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert "mistake_comment" in workplace.usrec("submission", "show", workplace.row(ended).id).stdout

        workplace.enter("edit-1", "contract_edit", PERSON.key, edit)
        workplace.drain()
        assert workplace.states()["edit-1"] == "invalid"
        (told,) = json.loads(workplace.hr_row("edit-1").findings or "[]")
        assert (told["rule"], told["code"]) == ("contract_not_terminated", "SCSE092")
        assert "mistake_comment" in told["message"]

        workplace.enter("return-1", "reinstatement", PERSON.key, row_of_the_page())
        workplace.drain()
        assert workplace.states()["return-1"] == "accepted"
        workplace.enter("edit-1", "contract_edit", PERSON.key, edit, revision=2)
        workplace.drain()
        assert workplace.states()["edit-1"] == "accepted"
        assert {one["operation"] for one in simulator.registry()} >= {"reinstatement", "contract_edit"}
