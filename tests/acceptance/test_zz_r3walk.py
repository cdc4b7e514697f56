from __future__ import annotations
import os, sys, subprocess, zipfile
from datetime import UTC, datetime
from pathlib import Path
from kzeds import make_test_pki
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, MakeWorkplace, run
from acceptance.test_owner_signs import owners, sign

FIRST, SECOND = Person(1), Person(2)

def test_walk(make_workplace: MakeWorkplace, tmp_path: Path, monkeypatch) -> None:
    lang = os.environ.get("WALK", "ru")
    pki = make_test_pki(tmp_path / "pki", now=datetime.now(UTC)).directory
    w = make_workplace("sqlite", employers=owners(pki))
    w.pki = pki
    def cmd(*a):
        env = dict(os.environ) | {"USREC_LANGUAGE": lang}
        done = run([*w.command(*a)], env=env)
        print(f"\n$ usrec {' '.join(a)}   -> {done.returncode}\n{done.stdout}{'--- stderr' if done.stderr else ''}\n{done.stderr}")
        return done
    hired = w.hire(FIRST); other = w.hire(SECOND); moved = w.transfer(FIRST)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        w.connect(simulator.url)
        w.drain()
        cmd("status"); cmd("package", "list")
        f = str(w.folder / "first.zip")
        cmd("package", "create", "-o", f)
        with zipfile.ZipFile(f) as z:
            print(z.namelist()); print(z.read("summary.txt").decode()); print(z.read("payloads/001.xml").decode()[:1500])
        cmd("package", "take", f)
        env = dict(os.environ) | {"KZEDS_LANGUAGE": lang, "USREC_LANGUAGE": lang}
        signed = str(w.folder / "signed.zip")
        d = subprocess.run([sys.executable, "-m", "kzeds", "sign-package", f, str(pki / "employer.p12"), "--yes", "--password-file", str(pki / "employer.password"), "-o", signed], capture_output=True, text=True, env=env)
        print("SIGN", d.returncode, d.stdout, d.stderr)
        w.enter(other, "conclusion", SECOND.key, conclusion_of(SECOND, established_post="Инж"), revision=2)
        w.drain()
        cmd("package", "take", signed)
        cmd("package", "take", signed)
        w.drain()
        cmd("package", "create", "-o", signed)
        cmd("package", "create", "-o", f)
        with zipfile.ZipFile(f) as z:
            print(z.read("summary.txt").decode())
        s2 = sign(Path(f), pki)
        cmd("package", "take", str(s2)); w.drain()
        ended = w.dismiss(SECOND)
        w.drain()
        which = w.row(ended).id
        cmd("status")
        cmd("submission", "show", which)
        cmd("submission", "approve", which)
        cmd("submission", "approve", which, "--digest", "0" * 64)
        digest = w.ask("submission", "show", which)["request"]["digest"]
        cmd("submission", "approve", which, "--digest", digest)
        w.drain()
        cmd("submission", "show", which)
        cmd("package", "create", "-o", f)
        cmd("submission", "retry", "--employer", "main", "--reason", "outage over")
        cmd("submission", "release", which, "--reason", "x")
        cmd("submission", "list")
