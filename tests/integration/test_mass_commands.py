"""What operators see and do with many changes at once and with transfers in two halves, through `usrec`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.operator_desk import Desk, set_up_desk
from support.personnel import a_day
from usrec.adapters.dictionaries.files import DictionaryFiles
from usrec.domain.dictionary import Dictionary, Edition, Entry
from usrec.domain.kazakhstan_time import kazakhstan_date

WHY = ("--reason", "checked against the order")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        with made.settings.open("a", encoding="utf-8") as file:
            file.write("[mass]\nterminations = 2\n")
        yield made


def flood(desk: Desk) -> str:
    for number in range(1, 5):
        desk.dismiss(number, contract_id=f"R-{number}")
    desk.take()
    return f"main-termination-{a_day(1).isoformat()}"


def test_batch_is_previewed_without_personal_data_and_released(desk: Desk) -> None:
    name = flood(desk)
    (listed,) = desk.ask("mass", "list")
    assert (listed["batch"], listed["operation"], listed["events"], listed["held"]) == (name, "termination", 4, 4)
    shown = desk.ask("mass", "show", name)
    assert (shown["changes"], len(shown["sample"])) == ({"05": 4}, 4)
    page = desk.usrec("mass", "show", name).out
    assert f"{name}: termination of {a_day(1)}, main, held since" in page
    assert "4  05" in page
    today = kazakhstan_date(desk.clock.now())
    official = Edition(today, desk.clock.now(), "f", "0", {"05": Entry("05", "штат қысқартылды", "сокращение штата")})
    DictionaryFiles(desk.folder / "dictionaries").save(Dictionary("termination_reason", (official,)))
    assert "4  05  сокращение штата" in desk.usrec("mass", "show", name).out
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "kk_KZ.UTF-8")
        assert "4  05  штат қысқартылды" in desk.usrec("mass", "show", name).out
    assert desk.ask("mass", "show", name)["changes"] == {"05": 4}, "for programs the bare code"
    assert name in desk.usrec("status").out
    assert desk.ask("status")["mass_batches"] == [name]
    refused = desk.usrec("mass", "release", name, *WHY)
    assert (refused.code, desk.ask("mass", "list")[0]["held"]) == (5, 4)
    assert desk.usrec("mass", "release", name, *WHY, typed="4").code == 0
    assert {status for status, _ in desk.queue().values()} == {"ready"}
    assert desk.actors_of("dismiss-1", "mass_release")[0][1] == WHY[1]
    assert desk.ask("mass", "list") == []
    assert desk.ask("mass", "list", "--all")[0]["decision"] == "released"


def test_batch_is_taken_back_and_decided_once(desk: Desk) -> None:
    name = flood(desk)
    assert desk.ask("mass", "cancel", name, "--yes", *WHY) == {"batch": name, "decision": "cancelled", "events": 4}
    assert desk.states() == {"cancelled": 4}
    again = desk.usrec("mass", "release", name, "--yes", *WHY)
    assert (again.code, "has decided: cancelled" in again.err) == (5, True)
    assert desk.usrec("mass", "show", "nothing").code == 5
    assert desk.usrec("mass", "list").out == "Nothing is held as one.\n"
    assert "taken back by" in desk.usrec("mass", "list", "--all").out


def test_missing_half_is_listed_counted_and_told_in_the_story(desk: Desk) -> None:
    assert desk.usrec("pair", "list").out == "No transfer needs a look.\n"
    desk.dismiss(1, contract_id="R-1", pair_key="transfer-7")
    desk.take()
    (pair,) = desk.ask("pair", "list")
    assert (pair["pair_key"], pair["missing"], pair["contradictions"]) == ("transfer-7", "conclusion", [])
    assert "missing: conclusion" in desk.usrec("pair", "list").out
    assert desk.ask("status")["pairs_half_missing"] == ["transfer-7"]
    assert "1 transfer in two halves needs a look" in desk.usrec("status").out
    which = desk.row("dismiss-1").id
    assert desk.ask("submission", "show", which)["pair"] == pair
    assert "transfer-7; missing: conclusion" in desk.usrec("submission", "show", which).out


def test_what_the_policy_leaves_out_is_counted_and_can_be_sent_after_all(desk: Desk) -> None:
    desk.transfer(1, contract_id="R-1", changes="salary")
    desk.take()
    assert desk.ask("status")["not_registrable"] == 1
    assert "1 agreement not sent, by the employer's policy" in desk.usrec("status").out
    which = desk.row("transfer-1").id
    page = desk.usrec("submission", "show", which).out
    assert "by the employer's policy this change is not entered in USREC" in page
    assert f"usrec submission retry {which}" in page
    assert desk.usrec("submission", "retry", which, *WHY).code == 0
    assert desk.states() == {"pending": 1}
