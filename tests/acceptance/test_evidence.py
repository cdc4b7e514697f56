"""A bundle of evidence proves a registration to whoever has only the bundle, and no byte of it can be changed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest

from kzeds.bundle import verify_bundle
from kzeds.bundle.layout import MANIFEST, SIGNATURE, entry_of
from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.wsse import sign_body
from support.personnel import Person
from support.resigned import signed_anew
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, MakeWorkplace, Workplace, run
from usrec.adapters.evidence.checking import check_evidence
from usrec.adapters.evidence.found import CheckedEvidence, Doubt, Notice
from usrec.domain.chain import keyed_digest
from usrec.interfaces.cli.evidence_check import _words

ALONE = """
import socket, sys
def refuse(*_): raise OSError("there is no network here")
socket.socket.connect = socket.getaddrinfo = refuse
sys.modules["usrec"] = None
from kzeds.cli.app import main
sys.argv = ["kzeds", *sys.argv[1:]]
main()
"""
"""kzeds without a network, and without the agent."""
HIS_ANSWER = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><code>SCSS001</code></s:Body></s:Envelope>'


def verified_by_kzeds_alone(bundle: Path, *options: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-c", ALONE, "verify-bundle", str(bundle), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, json.loads(done.stdout)


def members_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(file: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(entry_of(name), content)
    return file


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def check(file: Path) -> CheckedEvidence:
    return check_evidence(file, authorities=None, at=datetime.now(UTC))


def accepted_after_an_outage(workplace: Workplace, registry: Path, pki: Path) -> str:
    """Two contracts: nobody can be reached, then everybody; gives the first one's id."""
    workplace.connect("https://127.0.0.1:9/")
    workplace.hire(Person(1))
    for patience in ("0.01", "0.05", "1"):
        assert workplace.usrec("run", "--drain", "--give-up-after", patience).returncode == 4
        if workplace.query("SELECT id FROM attempts"):
            break
    workplace.hire(Person(2))
    with SimulatorProcess.start(registry, pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
    assert set(workplace.states().values()) == {"accepted"}
    return workplace.row("hire-1").id


@pytest.mark.slow
def test_bundle_proves_a_registration_to_whoever_has_nothing_else(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    which = accepted_after_an_outage(workplace, tmp_path / "registry.db", pki)
    bundle = tmp_path / "proof.zip"

    said = workplace.ask("evidence", "export", "--submission", which[:8], "-o", str(bundle))
    assert (said["submissions"], said["timeliness"], said["act"], said["journaled"]) == (1, {"in_time": 1}, True, True)
    assert said["label"] == "contains personal data"
    assert said["outages"] == 1
    assert bundle.stat().st_mode & 0o777 == 0o600
    again = workplace.usrec("evidence", "export", "--submission", which, "-o", str(bundle))
    assert (again.returncode, "--force" in again.stderr) == (2, True)

    members = members_of(bundle)
    holds_the_whole_story(members, which, workplace)
    reads_in_both_languages(members["act.pdf"])

    code, report = verified_by_kzeds_alone(bundle, "--trust", str(pki))
    assert (code, report["valid"], report["files"]) == (0, True, len(members) - 2)
    found = json.loads(workplace_verify(bundle, "--authorities", str(pki), "--json").stdout)
    assert found["valid"], found
    assert (found["documents"], found["issuers"]) == (1, "checked")
    gateway = Certificate.load(pki / "gateway.pem")
    assert found["answer_signers"] == [{"fingerprint": gateway.fingerprint, "bin": gateway.bin}]
    assert found["journal_lines"] == said["journal_lines"] > 5
    assert "Issuers NOT checked" in workplace_verify(bundle).stdout

    every_changed_file_is_named(bundle, members, tmp_path)
    whoever_signs_lies_is_found_out(members, which, pki, tmp_path)
    period_holds_all(workplace, tmp_path)
    (line,) = [line for line in workplace.story("hire-1").journal if line.action == "exported"]
    assert json.loads(line.detail)["manifest"] == said["manifest_sha256"]


def workplace_verify(bundle: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """In a folder without settings."""
    command = [sys.executable, "-m", "usrec", "evidence", "verify", str(bundle), *options]
    return run(command, cwd=bundle.parent.parent)


def holds_the_whole_story(members: Mapping[str, bytes], which: str, workplace: Workplace) -> None:
    folder = f"submissions/{which}"
    record = json.loads(members[f"{folder}/record.json"])
    assert record["state"] == "accepted"
    assert record["deadline"]["days"][-1]["day"] == record["deadline"]["legal_date"]
    assert record["deadline"]["point"] == "p.7"
    assert all(record["times"].values()), record["times"]
    (kept,) = workplace.query(f"SELECT document FROM messages WHERE submission_id = '{which}'")  # noqa: S608 -- ours
    assert members[f"{folder}/document.xml"] == kept[0]
    endings = [attempt["ending"] for attempt in record["attempts"]]
    assert (set(endings[:-1]), endings[-1]) == ({"nothing_sent"}, "registered")
    assert record["attempts"][-1]["answer"] in members
    assert record["decisions"][0]["file"] == record["attempts"][-1]["answer"]
    (outage,) = record["outages"]
    assert outage["failures"] == {"gateway_unreachable": len(endings) - 1}
    assert outage["ended"] is not None
    assert json.loads(members[f"{folder}/event.json"])["payload"]["contract_number"]
    assert "SCSS001" in members["codes.json"].decode()
    assert len([name for name in members if name.startswith("certificates/")]) == 2
    assert "sender's word" not in str(members), "the sender's password never leaves"


def reads_in_both_languages(act: bytes) -> None:
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(act)).pages).replace("\u200b", "")
    for words in ("ЕШЕБЖ-ге мәліметтер енгізу туралы акт", "Акт о внесении сведений в ЕСУТД", BIN):
        assert words in text
    flowing = " ".join(text.split())
    assert "жауаптылықтан босатпайды" in flowing
    assert "Они не освобождают от неё" in flowing


def every_changed_file_is_named(bundle: Path, members: Mapping[str, bytes], place: Path) -> None:
    """One byte in each file in turn; a file less; a file more."""
    for name, content in members.items():
        changed = packed(place / "changed.zip", {**members, name: flipped(content)})
        with pytest.raises(KzedsError) as caught:
            check(changed)
        expected = MANIFEST if name == SIGNATURE else name
        assert expected in str(caught.value), name
        with pytest.raises(KzedsError, match=expected):
            verify_bundle(changed, authorities=None, at=datetime.now(UTC))
    less = packed(place / "less.zip", {name: members[name] for name in members if name != "index.csv"})
    assert "index.csv was taken away" in workplace_verify(less).stdout
    code, report = verified_by_kzeds_alone(packed(place / "more.zip", {**members, "more.txt": b""}))
    assert (code, report["added"]) == (1, ["more.txt"])


def whoever_signs_lies_is_found_out(members: Mapping[str, bytes], which: str, pki: Path, place: Path) -> None:
    """Somebody with a key of their own changes files and signs the bundle anew: it is whole and contradicts itself."""
    folder = f"submissions/{which}"
    record, document = f"{folder}/record.json", f"{folder}/document.xml"
    answer = json.loads(members[record])["attempts"][-1]["answer"]

    def in_record(old: str, new: str) -> tuple[str, Callable[[bytes], bytes]]:
        return record, lambda content: content.replace(old.encode(), new.encode())

    lies: list[tuple[str, Callable[[bytes], bytes], Doubt]] = [
        (document, lambda content: content.replace(b">1<", b">2<", 1), Doubt.DOCUMENT),
        (document, lambda content: content.replace(b">1<", b">2<", 1), Doubt.DOCUMENT_SIGNATURE),
        (answer, lambda content: content.replace(b"SCSS001", b"SCSS002"), Doubt.ANSWER),
        (answer, lambda content: content.replace(b"SCSS001", b"SCSS002"), Doubt.ANSWER_SIGNATURE),
        (*in_record('"state": "accepted"', '"state": "rejected"'), Doubt.RECORD),
        (*in_record('"action": "accept"', '"action": "acceqt"'), Doubt.CHAIN),
        (*in_record('"journal"', '"jornal"'), Doubt.RECORD),
        ("journal/batches.jsonl", lambda content: content.replace(b'"total":', b'"total":1'), Doubt.CHAIN),
        ("journal/batches.jsonl", lambda content: re.sub(rb'"ranges":"[^"]*"', b'"ranges":7', content), Doubt.CHAIN),
        (*in_record('"seq": ', '"seq": 0.'), Doubt.CHAIN),
        ("journal/head.json", lambda content: content.replace(b'"entries":', b'"entries":1'), Doubt.HEAD),
    ]
    for name, lie, doubt in lies:
        assert lie(members[name]) != members[name], (name, doubt)
        forged = signed_anew({**members, name: lie(members[name])}, pki, place / "forged.zip")
        found = check(forged)
        assert doubt in {fault.doubt for fault in found.faults}, (name, doubt)
        told = [one for one in _words(found, judged=False) if "in its chain" in one]
        assert bool(told) == (doubt not in {Doubt.CHAIN, Doubt.HEAD}), "a chain that is wrong is not called right below"
    assert not check(signed_anew(members, pki, place / "forged.zip")).faults
    an_answer_of_his_own_is_found_out(members, record, answer, pki, place)


def an_answer_of_his_own_is_found_out(
    members: Mapping[str, bytes], record: str, answer: str, pki: Path, place: Path
) -> None:
    """Whoever owns a key of the NCA can write answers, journal and digests; a true answer has the gateway's key."""
    told = json.loads(members[record])
    key_file, password = pki / "employer.p12", (pki / "employer.password").read_text().strip()
    his = sign_body(HIS_ANSWER, load_pkcs12(key_file.read_bytes(), password))
    key, old, new = bytes.fromhex(told["digest_key"]), members[answer], his
    swapped = members[record].replace(keyed_digest(key, old).encode(), keyed_digest(key, new).encode())
    found = check(signed_anew({**members, answer: his, record: swapped}, pki, place / "forged.zip"))
    assert Doubt.ANSWER_SIGNATURE in {fault.doubt for fault in found.faults if fault.file == answer}
    lies = {f'"employer_bin": "{BIN}"': '"employer_bin": "990540000018"', '"accepted": true': '"accepted": false'}
    for old_word, new_word in lies.items():
        assert old_word.encode() in members[record], old_word
        lied = members[record].replace(old_word.encode(), new_word.encode())
        assert check(signed_anew({**members, record: lied}, pki, place / "forged.zip")).faults, new_word
    assert Notice.NO_HEAD not in check(packed(place / "same.zip", members)).notices


def period_holds_all(workplace: Workplace, place: Path) -> None:
    file = place / "period.zip"
    said = workplace.ask("evidence", "export", "--period", "2020-01-01", "2099-12-31", "-o", str(file))
    assert (said["submissions"], said["act"]) == (2, True)
    members = members_of(file)
    assert len(members["index.csv"].decode().splitlines()) == 3
    assert "акт" in pypdf.PdfReader(io.BytesIO(members["act.pdf"])).pages[0].extract_text()
    assert not check(file).faults
    none = workplace.ask("evidence", "export", "--period", "2020-01-01", "2020-01-02", "-o", str(file), "--force")
    assert none["submissions"] == 0
    assert not check(file).faults
