"""What operators see and do, through the `usrec` command on a real ledger file; issue 2, capability 10."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from support.operator_desk import BIN, UNANSWERED, UNREACHABLE, Desk, refused, registered
from support.personnel import a_day
from usrec.adapters.explanations.book import explain
from usrec.domain.kazakhstan_time import day_end_utc
from usrec.interfaces.cli.explanation_words import explanation_json

WHY = ("--reason", "the cause is mended")


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """One of each: registered, refused with a follower, in doubt, invalid, dated ahead, ready."""
    desk.hire(1)
    desk.hire(2)
    desk.transfer(2)
    desk.hire(3)
    desk.take()
    for event, outcome in (("hire-1", registered()), ("hire-2", refused("SCSE012")), ("hire-3", UNANSWERED)):
        desk.send_one(event, outcome)
    desk.hire(4, contract_number=None)
    ahead = a_day(-3).isoformat()
    desk.hire(5, contract_date=ahead, signed_on=ahead, begin_date=ahead)
    desk.hire(6)
    desk.take()
    return desk


def test_list_gives_scripts_the_documented_keys(busy: Desk) -> None:
    rows = {row["event_id"]: row for row in busy.ask("submission", "list")}
    assert {name: (row["state"], row["code"], row["wait_reason"]) for name, row in rows.items()} == {
        "hire-1": ("accepted", "SCSS001", None),
        "hire-2": ("rejected", "SCSE012", None),
        "transfer-2": ("pending", "", "predecessor_refused"),
        "hire-3": ("indeterminate", "", "answer_unknown"),
        "hire-4": ("invalid", "", None),
        "hire-5": ("pending", "", "paper_date"),
        "hire-6": ("pending", "", None),
    }
    documented = "id state code due employer contract_key wait_reason operation event_id revision legal_date safe_date"
    more = "attempts status reason blocked_by contract_id"
    assert all(set(row) >= {*documented.split(), *more.split()} for row in rows.values())
    follower = rows["transfer-2"]
    assert follower["blocked_by"] == rows["hire-2"]["id"]
    assert follower["due"] == f"{day_end_utc(busy.row('transfer-2').legal_date or a_day(0)):%Y-%m-%dT%H:%M:%SZ}"
    assert (follower["employer"], follower["contract_key"]) == ("main", "K-2")


@pytest.mark.parametrize(
    ("options", "events"),
    [
        (["--state", "rejected"], {"hire-2"}),
        (["--code", "SCSE012"], {"hire-2"}),
        (["--code", "12"], {"hire-2"}),
        (["--code", "scse012"], {"hire-2"}),
        (["--contract", "K-2"], {"hire-2", "transfer-2"}),
        (["--employer", "main", "--state", "invalid"], {"hire-4"}),
        (["--employer", BIN, "--state", "accepted"], {"hire-1"}),
        (["--employer", "nobody"], set()),
    ],
)
def test_list_is_narrowed_by_its_filters(busy: Desk, options: list[str], events: set[str]) -> None:
    assert {row["event_id"] for row in busy.ask("submission", "list", *options)} == events


def test_due_before_a_day_leaves_out_what_is_due_on_that_day(busy: Desk) -> None:
    last_day = busy.row("hire-6").legal_date
    assert last_day is not None
    on_it = {row["event_id"] for row in busy.ask("submission", "list", "--due-before", str(last_day))}
    after_it = {
        row["event_id"] for row in busy.ask("submission", "list", "--due-before", str(last_day + timedelta(days=1)))
    }
    assert "hire-6" not in on_it
    assert {"hire-1", "hire-2", "hire-3", "hire-6"} <= after_it
    assert busy.usrec("submission", "list", "--due-before", "soon").code == 2


def test_list_shows_replaced_ones_only_when_asked(busy: Desk) -> None:
    old = busy.row("hire-2").id
    busy.ask("submission", "retry", old, *WHY)
    assert old not in {row["id"] for row in busy.ask("submission", "list")}
    found = {row["id"]: row for row in busy.ask("submission", "list", "--all")}
    assert found[old]["replaced_by"] == busy.row("hire-2").id


def test_show_tells_the_story_in_the_order_of_time(busy: Desk) -> None:
    story = busy.ask("submission", "show", busy.row("hire-2").id[:12])
    assert [moment["what"] for moment in story["timeline"]] == [
        "receive",
        "sign",
        "attempt_opened",
        "attempt_closed",
        "reject",
    ]
    assert story["timeline"][3]["ending"] == "refused"
    assert story["timeline"][3]["code"] == "SCSE012"
    assert "the registry does not know the employee's IIN" in story["reason_in_words"]
    assert story["deadline"]["point"] == "p.7"
    assert story["deadline"]["term"] == "5 working days"
    assert story["deadline"]["seconds_left"] > 0
    assert [one["event_id"] for one in story["behind"]] == ["transfer-2"]


def test_show_explains_a_refusal_with_the_words_of_explain(busy: Desk) -> None:
    """And nothing else: what was registered or is in doubt has no refusal to explain."""
    known = explain("SCSE012")
    assert known is not None
    told = json.loads(json.dumps(explanation_json(known)))
    page = busy.usrec("submission", "show", busy.row("hire-2").id).out
    parts = told["parts"]["en"]
    assert all(text in page for text in (f"SCSE012: {parts['meaning']}", parts["cause"], parts["action"]))
    assert re.search(r"field of HR's row: +employee_iin\n +who must act: +HR\n +sent again unchanged: safe\n", page)
    stories = {name: busy.ask("submission", "show", busy.row(name).id) for name in ("hire-1", "hire-2", "hire-3")}
    assert {name: story["explanation"] for name, story in stories.items()} == {
        "hire-1": None,
        "hire-2": told,
        "hire-3": None,
    }


def test_show_names_the_fields_to_mend(busy: Desk) -> None:
    shown = busy.usrec("submission", "show", busy.row("hire-4").id)
    assert shown.code == 0
    assert "contract_number" in shown.out
    assert "raise the row's revision" in shown.out
    assert busy.ask("submission", "show", busy.row("hire-4").id)["findings"][0]["field"] == "contract_number"


def test_show_says_that_a_kept_deadline_was_kept(busy: Desk) -> None:
    assert busy.ask("submission", "show", busy.row("hire-1").id)["deadline"]["kept"] is True
    assert "kept," in busy.usrec("submission", "show", busy.row("hire-1").id).out


def test_show_of_an_overdue_one_says_by_how_much(desk: Desk) -> None:
    long_ago = a_day(40).isoformat()
    desk.hire(1, contract_date=long_ago, signed_on=long_ago, begin_date=long_ago)
    desk.take()
    assert desk.ask("submission", "show", desk.row("hire-1").id)["deadline"]["seconds_left"] < 0
    assert "overdue by " in desk.usrec("submission", "show", desk.row("hire-1").id).out


def test_no_person_appears_in_any_human_output(busy: Desk) -> None:
    out = busy.usrec("submission", "list").out + busy.usrec("status").out + busy.usrec("replay", "--plan").out
    out += "".join(busy.usrec("submission", "show", row["id"]).out for row in busy.ask("submission", "list"))
    assert "Сынақбаева" not in out
    assert "9001013" not in out
    assert BIN not in out


def test_unknown_id_among_others_changes_nothing(busy: Desk) -> None:
    before = busy.states()
    unknown = busy.usrec("submission", "cancel", "no-such-id", *WHY)
    assert (unknown.code, "Nothing was changed" in unknown.err) == (5, True)
    both = busy.usrec("submission", "cancel", busy.row("hire-6").id, "no-such-id", "--yes", *WHY)
    assert both.code == 5
    assert busy.states() == before


def test_retry_signs_a_refused_one_anew_and_says_which_id_goes_on(busy: Desk) -> None:
    old = busy.row("hire-2").id
    (result,) = busy.ask("submission", "retry", old, *WHY)
    new = busy.row("hire-2")
    assert result == {"id": old, "result": "done", "detail": new.id}
    assert (new.state, new.status) == ("pending", "ready")
    ((who, why),) = busy.actors_of("hire-2", "retry")
    assert who
    assert why == WHY[1]


def test_acting_on_several_goes_on_where_one_is_refused_and_exits_5(busy: Desk) -> None:
    doubtful, ready = busy.row("hire-3").id, busy.row("hire-6").id
    said = busy.usrec("submission", "cancel", doubtful, ready, "--yes", "--json", *WHY)
    assert said.code == 5
    results = {result["id"]: result for result in said.json}
    assert results[doubtful]["result"] == "refused"
    assert "may already be registered" in results[doubtful]["detail"]
    assert results[ready]["result"] == "done"
    assert busy.row("hire-3").state == "indeterminate"
    assert busy.row("hire-6").state == "cancelled"


def test_acting_on_several_without_a_terminal_is_refused_and_changes_nothing(busy: Desk) -> None:
    before = busy.queue()
    said = busy.usrec("submission", "hold", "--employer", "main", *WHY)
    assert said.code == 5
    assert "6 submissions to hold" in said.err
    assert "Nothing was changed" in said.err
    assert busy.queue() == before


def test_acting_on_several_shows_the_count_and_waits_for_the_number(busy: Desk) -> None:
    before = busy.queue()
    ids = [busy.row("hire-5").id, busy.row("hire-6").id]
    wrong = busy.usrec("submission", "hold", *ids, *WHY, typed="yes")
    assert (wrong.code, busy.queue()) == (5, before)
    right = busy.usrec("submission", "hold", *ids, *WHY, typed="2")
    assert right.code == 0
    assert "2  pending" in right.err
    assert {busy.queue()[one] for one in (busy.row("hire-5").id, busy.row("hire-6").id)} == {("held", "held_by_person")}


def test_ids_and_filter_together_or_neither_is_a_usage_error(busy: Desk) -> None:
    assert busy.usrec("submission", "hold", *WHY).code == 2
    assert busy.usrec("submission", "hold", busy.row("hire-6").id, "--state", "pending", *WHY).code == 2
    assert busy.usrec("submission", "hold", busy.row("hire-6").id).code == 2


@pytest.mark.parametrize("reason", ["  ", "as told by 900101300015"])
def test_reason_is_needed_and_holds_no_identification_number(busy: Desk, reason: str) -> None:
    said = busy.usrec("submission", "hold", busy.row("hire-6").id, "--reason", reason)
    assert said.code == 2
    assert busy.queue()[busy.row("hire-6").id] == ("ready", None)


def test_hold_and_release(busy: Desk) -> None:
    one = busy.row("hire-6").id
    busy.ask("submission", "hold", one, *WHY)
    assert busy.queue()[one] == ("held", "held_by_person")
    busy.ask("submission", "release", one, *WHY)
    assert busy.queue()[one] == ("ready", None)
    again = busy.usrec("submission", "release", one, *WHY)
    assert again.code == 5
    assert "no person holds it" in again.out


def test_checkout_leaves_it_to_a_person_until_it_expires(busy: Desk) -> None:
    one = busy.row("hire-6").id
    result = busy.ask("submission", "checkout", one, "--for", "Aigerim", "--hours", "3", *WHY)
    assert result["result"] == "done"
    assert busy.queue()[one] == ("scheduled", "checked_out")
    assert busy.row("hire-6").available_at is not None
    ((_, why),) = busy.actors_of("hire-6", "check_out")
    assert why == WHY[1]


def test_checkout_of_one_in_doubt_is_refused(busy: Desk) -> None:
    said = busy.usrec("submission", "checkout", busy.row("hire-3").id, "--for", "Aigerim", *WHY)
    assert (said.code, "may already be registered" in said.err) == (5, True)
    assert busy.row("hire-3").wait_reason == "answer_unknown"


def test_settle_records_the_evidence_and_lets_the_followers_go(busy: Desk) -> None:
    busy.transfer(3)
    busy.take()
    extract = busy.folder / "extract.pdf"
    extract.write_bytes(b"%PDF portal extract")
    one = busy.row("hire-3").id
    result = busy.ask("submission", "settle", one, "--as", "accepted", "--evidence", str(extract), *WHY)
    assert result == {"id": one, "result": "done", "detail": "accepted"}
    assert busy.row("hire-3").state == "accepted"
    assert busy.queue()[busy.row("transfer-3").id] == ("ready", None)


@pytest.mark.parametrize(("content", "code"), [(None, 2), (b"", 5), (b"x" * (10 * 1024 * 1024 + 1), 5)])
def test_settle_refuses_evidence_that_is_absent_empty_or_too_large(
    busy: Desk, content: bytes | None, code: int
) -> None:
    extract = busy.folder / "extract.pdf"
    if content is not None:
        extract.write_bytes(content)
    said = busy.usrec(
        "submission", "settle", busy.row("hire-3").id, "--as", "rejected", "--evidence", str(extract), *WHY
    )
    assert said.code == code
    assert "extract.pdf" in said.err
    assert busy.row("hire-3").state == "indeterminate"


@pytest.mark.parametrize("given", ["№ 7700123", "7700 123", "7700/123", "контракт", "x" * 46, " "])
def test_settle_refuses_an_id_that_no_later_event_could_name(busy: Desk, given: str) -> None:
    """A settlement is for good: with such an id every later event of the contract would be given back to HR."""
    extract = busy.folder / "extract.pdf"
    extract.write_bytes(b"%PDF")
    one = busy.row("hire-3").id
    arguments = ("--as", "accepted", "--evidence", str(extract), "--contract-id", given, *WHY)
    said = busy.usrec("submission", "settle", one, *arguments)
    assert (said.code, busy.row("hire-3").state) == (2, "indeterminate")
    assert "letters, digits and hyphens" in " ".join(said.err.split())


def test_a_mistyped_contract_id_is_settled_once_more_and_what_cannot_be_mended_says_what_to_do(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.transfer(3)
    busy.take()
    extract = busy.folder / "extract.pdf"
    extract.write_bytes(b"%PDF portal extract")
    one = busy.row("hire-3").id
    settle = ("submission", "settle", one, "--evidence", str(extract), *WHY)
    busy.ask(*settle, "--as", "accepted", "--contract-id", "7700123")
    result = busy.ask(*settle, "--as", "accepted", "--contract-id", "7700124")
    assert result == {"id": one, "result": "done", "detail": "accepted"}
    assert (busy.row("hire-3").state, busy.row("hire-3").contract_id) == ("accepted", "7700124")
    assert busy.row("transfer-3").contract_id == "7700124"
    for language, word in (("en", "right id"), ("ru", "верный ID"), ("kk", "дұрыс ID")):
        monkeypatch.setenv("USREC_LANGUAGE", language)
        assert word in busy.usrec("submission", "show", one).out

    same = busy.usrec(*settle, "--as", "accepted", "--contract-id", "7700124")
    otherwise = busy.usrec(*settle, "--as", "rejected")
    for said in (same, otherwise):
        assert said.code == 5
        assert "somebody has settled it" in said.err
        assert "Settled wrongly" in said.err


def test_settle_as_rejected_lets_a_new_version_be_sent(busy: Desk) -> None:
    extract = busy.folder / "extract.pdf"
    extract.write_bytes(b"not found in the portal")
    one = busy.row("hire-3").id
    busy.ask("submission", "settle", one, "--as", "rejected", "--evidence", str(extract), *WHY)
    busy.ask("submission", "retry", one, *WHY)
    assert busy.row("hire-3").state == "pending"


def test_status_counts_for_scripts(busy: Desk) -> None:
    status = busy.ask("status")
    assert status["by_state"] == {
        "pending": 3,
        "invalid": 1,
        "signed": 0,
        "submitted": 0,
        "indeterminate": 1,
        "accepted": 1,
        "rejected": 1,
        "cancelled": 0,
    }
    assert status["waiting"] == {"predecessor_refused": 1, "answer_unknown": 1, "paper_date": 1}
    assert status["needs_person_by_reason"] == {"refused": 1, "invalid": 1}
    assert (status["needs_person"], status["open"], status["sending"], status["overdue"]) == (2, 6, 1, 0)
    assert status["write_backs_waiting"] == 7
    assert status["refused_by_code"] == {"SCSE012": 1}


def test_status_counts_what_is_overdue_and_due_within_a_day(desk: Desk) -> None:
    for number, back in ((1, 40), (2, 0)):
        day = a_day(back).isoformat()
        desk.hire(number, contract_date=day, signed_on=day, begin_date=day)
    desk.take()
    status = desk.ask("status")
    assert (status["overdue"], status["overdue_ids"]) == (1, [desk.row("hire-1").id])
    due = desk.row("hire-2").due_utc
    assert due is not None
    soon = due - desk.clock.now() <= timedelta(hours=24)
    assert status["due_within_24h"] == int(soon)
    assert status["oldest_open"]["id"] in {desk.row("hire-1").id, desk.row("hire-2").id}


def test_status_is_a_page_that_a_person_reads(busy: Desk) -> None:
    page = busy.usrec("status")
    assert page.code == 0
    assert "refused by USREC" in page.out
    assert "in doubt: it may or may not be registered" in page.out
    assert "A person is needed:" in page.out


def test_status_of_an_empty_ledger(desk: Desk) -> None:
    assert "There are no submissions yet." in desk.usrec("status").out
    assert desk.ask("status")["oldest_open"] is None


@pytest.fixture
def refusals(desk: Desk) -> Desk:
    """Five refused contracts, one whose gateway was unreachable, one in doubt, and a follower."""
    for number in range(1, 6):
        desk.hire(number)
    desk.transfer(5)
    desk.take()
    for number in range(1, 6):
        desk.send_one(f"hire-{number}", refused("SCSE046" if number == 4 else "SCSE012"))
    desk.hire(6)
    desk.hire(7)
    desk.take()
    desk.send_one("hire-6", UNREACHABLE)
    desk.send_one("hire-7", UNANSWERED)
    return desk


def test_replay_plan_counts_by_code_keeps_doubt_apart_and_changes_nothing(refusals: Desk) -> None:
    before = (refusals.states(), refusals.queue())
    plan = refusals.ask("replay", "--plan", "--rate", "30/min")
    assert plan["by_code"] == {"SCSE012": 4, "SCSE046": 1}
    assert (plan["new_versions"], plan["same_bytes"], plan["replayable"]) == (5, 1, 6)
    assert plan["unknown"] == {"count": 1, "ids": [refusals.row("hire-7").id]}
    assert plan["left_alone"] == {"blocked": 1}
    assert plan["rate_per_second"] == 0.5
    assert plan["will_miss"] == {"count": 0, "ids": []}
    assert (refusals.states(), refusals.queue()) == before


def test_replay_plan_is_narrowed_by_its_filter(refusals: Desk) -> None:
    assert refusals.ask("replay", "--plan", "--code", "SCSE046")["replayable"] == 1
    assert refusals.ask("replay", "--plan", "--state", "accepted")["replayable"] == 0


def test_replay_plan_names_those_that_will_miss_midnight_at_this_rate(refusals: Desk) -> None:
    plan = refusals.ask("replay", "--plan", "--rate", "0.006/h")
    missed = plan["will_miss"]
    assert 4 <= missed["count"] == len(missed["ids"]) <= 5
    assert plan["canary"] not in missed["ids"]
    said = refusals.usrec("replay", "--plan", "--rate", "0.006/h").out
    assert f"{missed['count']} will miss 24:00 of the legal date at this rate:" in said
    assert all(one in said for one in missed["ids"])


def test_replay_sends_the_canary_then_queues_the_rest_at_the_rate(refusals: Desk) -> None:
    refusals.wire.then(registered())
    began = refusals.clock.now()
    done = refusals.ask("replay", *WHY, "--rate", "2/s", "--yes")
    assert (done["canary"]["fate"], done["queued"], done["refused"]) == ("registered", 5, [])
    rows = [refusals.row(f"hire-{number}") for number in range(1, 7)]
    times = sorted(row.available_at for row in rows if row.available_at is not None)
    assert times == [began + place * timedelta(seconds=0.5) for place in range(1, 6)]
    assert {row.wait_reason for row in rows if row.state != "accepted"} == {"replay"}
    assert refusals.row("hire-7").state == "indeterminate"
    assert refusals.row("transfer-5").state == "pending"
    with closing(sqlite3.connect(refusals.folder / "ledger.db")) as ledger:
        ((reason, detail),) = ledger.execute("SELECT reason, detail FROM journal WHERE action = 'replay'")
        retried = ledger.execute(
            "SELECT count(*) FROM journal WHERE action IN ('retry', 'resend') AND reason = ?", [WHY[1]]
        )
        assert retried.fetchone() == (6,)
    assert reason == WHY[1]
    assert json.loads(detail) == {"submissions": 5, "interval_seconds": 0.5, "canary": done["canary"]["id"]}


def test_replay_stops_when_the_canary_is_refused_again(refusals: Desk) -> None:
    refusals.wire.then(refused("SCSE012"))
    before = refusals.states()
    said = refusals.usrec("replay", *WHY, "--code", "SCSE012", "--yes", "--json")
    assert said.code == 5
    assert said.json["canary"]["fate"] == "refused"
    assert said.json["canary"]["code"] == "SCSE012"
    assert said.json["queued"] == 0
    assert "Nothing behind it was touched" in said.err
    assert refusals.states() == before
    assert "replay" not in {reason for _, reason in refusals.queue().values()}


def test_replay_stops_when_the_canary_is_in_doubt(refusals: Desk) -> None:
    refusals.wire.then(UNANSWERED)
    said = refusals.usrec("replay", *WHY, "--yes", "--json")
    assert (said.code, said.json["canary"]["fate"], said.json["queued"]) == (5, "unknown", 0)
    assert "replay" not in {reason for _, reason in refusals.queue().values()}


def test_replay_stops_when_the_gateway_is_unreachable_and_says_to_wait(refusals: Desk) -> None:
    refusals.wire.then(UNREACHABLE)
    said = refusals.usrec("replay", *WHY, "--yes", "--json")
    assert (said.code, said.json["canary"]["fate"], said.json["queued"]) == (4, "not_sent", 0)


def test_replay_called_again_goes_on_with_what_is_left(refusals: Desk) -> None:
    """Whichever of the equally urgent ones is the canary; the one with a follower would release it, so it has none."""
    assert refusals.usrec("submission", "cancel", refusals.row("transfer-5").id, *WHY).code == 0
    refusals.wire.then(registered())
    first = refusals.ask("replay", *WHY, "--code", "SCSE046", "--yes")
    assert (first["canary"]["fate"], first["queued"]) == ("registered", 0)
    refusals.wire.then(registered())
    assert refusals.ask("replay", *WHY, "--code", "SCSE012", "--yes")["queued"] == 3
    left = refusals.ask("replay", "--plan")
    assert (left["replayable"], left["left_alone"]) == (1, {"queued": 3} | left["left_alone"])
    again = refusals.usrec("replay", *WHY, "--code", "SCSE012", "--yes", "--json")
    assert (again.code, again.json["queued"], again.json["canary"]) == (0, 0, None)


def test_second_replay_queues_behind_the_first(refusals: Desk) -> None:
    minute, began = timedelta(minutes=1), refusals.clock.now()
    refusals.wire.then(registered(), registered())
    assert refusals.ask("replay", *WHY, "--code", "SCSE012", "--rate", "1/min", "--yes")["queued"] == 3
    assert refusals.ask("replay", *WHY, "--rate", "1/min", "--yes")["queued"] == 1
    rows = [refusals.row(f"hire-{number}") for number in range(1, 7)]
    times = sorted(row.available_at for row in rows if row.wait_reason == "replay" and row.available_at)
    assert times == [began + place * minute for place in (1, 2, 3, 4)]


def test_replay_asks_for_the_number_and_without_a_terminal_changes_nothing(refusals: Desk) -> None:
    before = (refusals.states(), refusals.queue())
    nobody = refusals.usrec("replay", *WHY)
    assert nobody.code == 5
    wrong = refusals.usrec("replay", *WHY, typed="5")
    assert wrong.code == 5
    assert (refusals.states(), refusals.queue()) == before
    refusals.wire.then(registered())
    right = refusals.usrec("replay", *WHY, typed="6")
    assert right.code == 0, right.err
    assert "5 submissions queued" in right.out


def test_replay_without_a_reason_is_a_usage_error(refusals: Desk) -> None:
    assert refusals.usrec("replay", "--yes").code == 2
    assert refusals.usrec("replay", "--plan", "--rate", "0/s").code == 2
    assert refusals.usrec("replay", "--plan", "--rate", "fast").code == 2


def test_liability_tells_each_late_event_and_asks_whose_category_it_is(desk: Desk) -> None:
    """The command reads the ledger and says nothing of what is in time; an employer of another name has nothing."""
    late = a_day(40).isoformat()
    desk.hire(1, contract_date=late, signed_on=late, begin_date=late)
    desk.hire(2)
    desk.take()
    desk.send_one("hire-1", registered())
    answer = desk.ask("liability", "--category", "small", "--employer", BIN)
    assert [(one["event_id"], one["standing"]) for one in answer["cases"]] == [("hire-1", "late")]
    assert (answer["category"], answer["cases"][0]["employer_fine"]["mci_min"]) == ("small", 60)
    assert desk.ask("liability", "--employer", "another")["cases"] == []
    assert desk.usrec("liability", "--fined-on", "2026-03-11").code == 2
    assert "not legal advice" in desk.usrec("liability").out
    other = '[employer.other]\nbin = "200940000023"\nkey_file = "k"\nkey_password = { file = "kp" }\n'
    desk.settings.write_text(desk.settings.read_text("utf-8") + other, "utf-8")
    assert desk.usrec("liability", "--category", "small").code == 2
    assert desk.usrec("liability").code == 0
