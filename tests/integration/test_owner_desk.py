"""What an operator does for an owner who signs by hand, and for whoever approves: the `usrec` command at its desk."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pytest

from kzeds import load_pkcs12
from kzeds.package import read_package, sign_package, write_signed
from kzeds.signers.base import KeySigner
from support.by_hand import OwnersSigner
from support.languages import CYRILLIC, TRANSLATED, english_words
from support.made_certificates import PASSWORD, make_key
from support.operator_desk import BIN, Desk, delivery, set_up_desk
from support.personnel import Person
from usrec.application.deliver import claim_due
from usrec.bootstrap import Agent
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.signing_request import ACTIONS
from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.submission import WaitReason
from usrec.interfaces.cli.package import new_file
from usrec.interfaces.i18n import use_language


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made


def owners(agent: Agent) -> Agent:
    """The same agent without the employer's key."""
    return replace(agent, signer=cast("Any", OwnersSigner({})))


def approving(agent: Agent) -> Agent:
    """The same agent, for an employer whose terminations and conclusions are approved."""
    policy = replace(agent.policy, approve={BIN: frozenset({Operation.CONCLUSION, Operation.TERMINATION})})
    return replace(agent, policy=policy)


def deliver_all(desk: Desk, agent: Agent) -> None:
    desk.take()
    for claim in claim_due(ledger=agent.ledger, clock=agent.clock, policy=agent.policy, owner=agent.owner, limit=99):
        delivery(agent)([claim])


def unsigned(desk: Desk) -> Desk:
    desk.hire(1)
    desk.dismiss(2, contract_id="registry-2")
    deliver_all(desk, owners(desk.agent()))
    return desk


def test_package_holds_what_waits_with_summaries_in_both_languages(desk: Desk) -> None:
    unsigned(desk)
    (made,) = desk.ask("package", "create")
    file = Path(made["file"])
    assert file.name.startswith("to-sign-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    package = read_package(file)
    assert (package.id, package.signer) == (made["package"], BIN)
    assert "Содержит персональные данные" in package.title["ru"]
    assert "Дербес деректері бар" in package.title["kk"]
    items = {item.id: item for item in package.items}
    assert set(items) == {desk.row("hire-1").id, desk.row("dismiss-2").id}
    assert [item.due for item in package.items] == sorted(one.due for one in package.items if one.due)
    hired, ended = items[desk.row("hire-1").id].summary, items[desk.row("dismiss-2").id].summary
    for said in (Person(1).iin, Person(1).contract_number, "Инженер", "2512-0-001"):
        assert said in hired["kk"]
        assert said in hired["ru"]
    assert "Заключение трудового договора" in hired["ru"]
    assert "Последний день по закону" in hired["ru"]
    assert "Заң бойынша соңғы күні" in hired["kk"]
    assert "Расторжение" in ended["ru"]
    assert "registry-2" in ended["ru"]
    assert "K-2" in ended["kk"]
    with ZipFile(file) as archive:
        assert "summary.html" in archive.namelist()


def test_summary_says_what_a_code_means_where_the_official_list_was_imported(desk: Desk, tmp_path: Path) -> None:
    """Whoever signs does not know the registry's codes by heart."""
    lists = {
        "D_CONTRACT_DATE.csv": "1;белгіленбеген мерзімге;на неопределённый срок;1\n2;;на определённый срок;1\n",
        "D_POSITION.csv": "2512-0-001;Бағдарламашы;Программист;1\n",
    }
    unsigned(desk)
    (before,) = desk.ask("package", "create", "-o", "before.zip")
    for name, rows in lists.items():
        (tmp_path / name).write_text(f"code;name_kk;name_ru;active\n{rows}", "utf-8")
        assert desk.usrec("dictionaries", "import", str(tmp_path / name)).code == 0
    (after,) = desk.ask("package", "create", "-o", "after.zip")
    told = [
        next(one.summary for one in read_package(Path(made["file"])).items if one.id == desk.row("hire-1").id)
        for made in (before, after)
    ]
    assert "Срок договора, код: 1\n" in told[0]["ru"]
    assert "Срок договора, код: 1 (на неопределённый срок)\n" in told[1]["ru"]
    assert "2512-0-001 (Программист)\n" in told[1]["ru"]
    assert ": 1 (белгіленбеген мерзімге)\n" in told[1]["kk"]
    assert "2512-0-001 (Бағдарламашы)\n" in told[1]["kk"]


def test_list_and_story_tell_what_waits_and_where_it_is(desk: Desk) -> None:
    unsigned(desk)
    (made,) = desk.ask("package", "create", "-o", "one.zip")
    listed = desk.ask("package", "list")
    assert {one["package"] for one in listed} == {made["package"]}
    told = [
        line.detail
        for line in desk.story("hire-1").journal
        if line.action in {ACTIONS[WaitReason.AWAITING_SIGNATURE], "package"}
    ]
    bare = next(one["digest"] for one in listed if one["id"] == desk.row("hire-1").id)
    keyed = [json.loads(detail)["unsigned"] for detail in told]
    assert len(keyed) == 2
    assert set(keyed) == {keyed[0]}
    assert bare not in "".join(told), "the journal holds no bare digest of a document with personal data"
    shown = desk.ask("submission", "show", desk.row("hire-1").id)
    assert shown["request"]["package_id"] == made["package"]
    assert "usrec package create" in shown["next_step"]
    page = desk.usrec("submission", "show", desk.row("hire-1").id).out
    assert made["package"] in page
    assert shown["request"]["digest"] in page
    assert "waiting for the signature of the EDS's owner" in desk.usrec("status").out
    assert desk.ask("status")["waiting"] == {"awaiting_signature": 2}


def test_json_and_pages_hold_no_personal_data(desk: Desk) -> None:
    unsigned(desk)
    pages = [desk.usrec("package", *arguments) for arguments in (["list"], ["list", "--json"], ["create"])]
    pages.append(desk.usrec("submission", "show", desk.row("hire-1").id, "--json"))
    for page in pages:
        assert Person(1).iin not in page.out + page.err
        assert Person(1).contract_number not in page.out + page.err


def test_nothing_to_sign_makes_no_file(desk: Desk, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    assert "Nothing waits for a signature" in desk.usrec("package", "create").out
    assert desk.ask("package", "list") == []
    assert set(tmp_path.iterdir()) == before


def test_no_file_is_written_over(desk: Desk) -> None:
    """It could be what the owner has just signed."""
    unsigned(desk)
    Path("signed.zip").write_bytes(b"what the owner signed")
    said = desk.usrec("package", "create", "-o", "signed.zip")
    assert (said.code, Path("signed.zip").read_bytes()) == (3, b"what the owner signed")
    assert "Nothing was changed" in said.err
    assert {one["package"] for one in desk.ask("package", "list")} == {None}


def test_packages_of_two_employers_whose_names_look_the_same_are_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of "a b" and "a-b" the second would have gone over the first."""
    monkeypatch.chdir(tmp_path)
    first = new_file(EmployerName("a b"), "20261123-060000", "20261123-060000-aaaaaa")
    assert first == Path("to-sign-a-b-20261123-060000.zip")
    (tmp_path / first).touch()
    second = new_file(EmployerName("a-b"), "20261123-060000", "20261123-060000-bbbbbb")
    assert second == Path("to-sign-a-b-20261123-060000-bbbbbb.zip")


def test_what_does_not_fit_into_one_package_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    unsigned(desk)
    monkeypatch.setattr("usrec.application.pack_papers.MOST_IN_A_PACKAGE", 1)
    (made,) = desk.ask("package", "create", "-o", "one.zip")
    assert (len(made["documents"]), made["left"]) == (1, 1)
    assert "1 more document waits" in desk.usrec("package", "create", "-o", "two.zip").out


def test_retry_of_many_leaves_alone_what_a_person_is_asked_for(desk: Desk) -> None:
    """After an outage: the owner has the package, and a retry would void it."""
    unsigned(desk)
    before = {one["id"]: one["digest"] for one in desk.ask("package", "list")}
    said = desk.usrec("submission", "retry", "--state", "pending", "--reason", "outage over")
    assert said.code == 0
    assert "2 submissions wait for a signature or an approval and are left alone" in said.err
    deliver_all(desk, owners(desk.agent()))
    assert {one["id"]: one["digest"] for one in desk.ask("package", "list")} == before
    assert desk.usrec("submission", "retry", desk.row("hire-1").id, "--reason", "anew").code == 0
    deliver_all(desk, owners(desk.agent()))
    assert {one["id"]: one["digest"] for one in desk.ask("package", "list")} != before


def test_employer_that_nobody_knows_is_refused(desk: Desk) -> None:
    said = desk.usrec("package", "create", "--employer", "elsewhere")
    assert said.code == 5
    assert "no employer elsewhere" in said.err


def test_what_is_no_package_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "came-back.zip"
    file.write_bytes(b"no zip")
    said = desk.usrec("package", "take", str(file))
    assert said.code == 5
    assert "Nothing was changed" in said.err


def test_package_that_came_back_unsigned_is_refused_document_by_document(desk: Desk) -> None:
    unsigned(desk)
    (made,) = desk.ask("package", "create", "-o", "one.zip")
    folder = Path("signed")
    folder.mkdir()
    with ZipFile(made["file"]) as archive:
        for name in (name for name in archive.namelist() if name.endswith(".xml")):
            (folder / Path(name).name).write_bytes(archive.read(name))
    said = desk.usrec("package", "take", "signed", "--json")
    assert said.code == 5
    assert [one["result"] for one in said.json] == ["refused", "refused"]
    assert {reason for _, reason in desk.queue().values()} == {WaitReason.AWAITING_SIGNATURE}


@pytest.mark.parametrize(("days", "told"), [(30, True), (31, False)])
def test_end_of_the_owners_certificate_is_told_when_its_signature_is_taken(
    desk: Desk, tmp_path: Path, days: int, told: bool
) -> None:
    """No key of theirs is here, so nobody else would see it coming."""
    unsigned(desk)
    (made,) = desk.ask("package", "create")
    now = datetime.now(UTC)
    file, serial = make_key(tmp_path, now - timedelta(days=1), now + timedelta(days=days))
    signer = KeySigner(load_pkcs12(file.read_bytes(), PASSWORD))
    write_signed(sign_package(read_package(Path(made["file"])), signer, at=now), tmp_path / "signed.zip")
    said = desk.usrec("package", "take", "signed.zip")
    assert said.code == 0
    last_day = kazakhstan_date(now + timedelta(days=days))
    assert (f"the signer's certificate {serial:x} ends on {last_day}" in said.err) is told


def test_approval_at_a_terminal_shows_the_document_and_asks_for_its_digest(desk: Desk) -> None:
    desk.hire(1)
    deliver_all(desk, approving(desk.agent()))
    which = desk.row("hire-1").id
    digest = desk.ask("submission", "show", which)["request"]["digest"]
    wrong = desk.usrec("submission", "approve", which, typed="00000000")
    assert wrong.code == 5
    assert digest in wrong.err
    assert Person(1).contract_number in wrong.err
    assert Person(1).iin not in wrong.err
    assert desk.usrec("submission", "approve", which, typed=digest[:8]).code == 0
    assert desk.row("hire-1").wait_reason is None
    ((_, reason),) = desk.actors_of("hire-1", "approve")
    assert reason == ""


@pytest.mark.parametrize("digest", ["abc", "0" * 64])
def test_approval_of_another_digest_is_refused(desk: Desk, digest: str) -> None:
    desk.hire(1)
    deliver_all(desk, approving(desk.agent()))
    said = desk.usrec("submission", "approve", desk.row("hire-1").id, "--digest", digest)
    assert said.code in {2, 5}
    assert desk.row("hire-1").wait_reason is WaitReason.AWAITING_APPROVAL


def test_approval_without_a_terminal_needs_the_digest(desk: Desk) -> None:
    desk.hire(1)
    deliver_all(desk, approving(desk.agent()))
    said = desk.usrec("submission", "approve", desk.row("hire-1").id)
    assert said.code == 5
    assert "--digest" in said.err


def test_nobody_approves_what_nobody_asked_about(desk: Desk) -> None:
    desk.hire(1)
    desk.take()
    said = desk.usrec("submission", "approve", desk.row("hire-1").id, "--digest", "0" * 64)
    assert said.code == 5
    assert "nobody is asked" in said.err


@pytest.mark.parametrize("language", TRANSLATED)
def test_pages_are_in_the_readers_language(desk: Desk, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unsigned(desk)
    monkeypatch.setenv("USREC_LANGUAGE", language)
    which = desk.row("hire-1").id
    pages = [desk.usrec("package", "list").out, desk.usrec("submission", "show", which).out]
    created = desk.usrec("package", "create", "-o", "one.zip").out
    for page in (*pages, created.replace("one.zip", "").replace("kzeds sign-package", "").replace("NCALayer", "")):
        assert CYRILLIC.search(page)
        assert not english_words(page) - {"SHA", "root", "package"}, page


def test_no_package_is_made_of_a_stopped_employer(desk: Desk) -> None:
    unsigned(desk)
    assert desk.usrec("employer", "stop", "main", "--reason", "the owner has changed").code == 0
    said = desk.usrec("package", "create", "-o", str(desk.folder / "one.zip"))
    assert (said.code, "employer main: its employer is stopped" in said.err) == (5, True)
    assert not (desk.folder / "one.zip").exists()
    assert {one["package"] for one in desk.ask("package", "list")} == {None}
    assert desk.usrec("employer", "release", "main", "--reason", "it is in order").code == 0
    assert desk.usrec("package", "create", "-o", str(desk.folder / "one.zip")).code == 0
