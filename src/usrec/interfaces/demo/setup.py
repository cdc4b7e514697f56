"""The folder of a demonstration: HR database, ledger, simulator's registry, settings and a fresh test PKI.

Everything is made in a hidden folder inside it and moved out at the end; ``usrec.toml`` is moved last. A folder
without it was interrupted during the setup and is set up again; a folder with it goes on where it stopped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kzeds.test_pki import KeyKind, make_test_pki
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.persistence.engine import create_ledger_engine
from usrec.adapters.persistence.schema import upgrade
from usrec.domain.errors import ConfigurationError
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.interfaces.demo.company import build_company, registry_seed
from usrec.interfaces.demo.hr_database import write_hr_database
from usrec.interfaces.demo.records import Company
from usrec.interfaces.i18n import language

SEED: Final = 353
SETTINGS_FILE: Final = "usrec.toml"
_UNFINISHED: Final = ".setup"
_STORE: Final = "revocation"
_HEADS: Final = "journal-heads.jsonl"
_PARTS: Final = ("hr.db", "ledger.db", "simulator.db", "pki", "faults.toml", "company.json", SETTINGS_FILE)
_ADDRESS: Final = re.compile(r"https://127\.0\.0\.1:\d+/")
_SENDER: Final = "demo-company"


@dataclass(frozen=True, slots=True)
class Workdir:
    """The files of one demonstration."""

    path: Path

    @property
    def settings(self) -> Path:
        """Settings of the agent."""
        return self.path / SETTINGS_FILE

    @property
    def registry(self) -> Path:
        """The simulator's registry."""
        return self.path / "simulator.db"

    @property
    def pki(self) -> Path:
        """The test PKI."""
        return self.path / "pki"

    @property
    def faults(self) -> Path:
        """The simulator's fault script."""
        return self.path / "faults.toml"

    @property
    def is_ready(self) -> bool:
        """Whether the setup was finished."""
        return self.settings.is_file()

    def set_gateway(self, url: str) -> None:
        """Write the simulator's address, which changes with each start, into the settings."""
        text = self.settings.read_text(encoding="utf-8")
        draft = self.settings.with_suffix(".new")
        draft.write_text(_ADDRESS.sub(f"https://{urlsplit(url).netloc}/", text), encoding="utf-8")
        draft.replace(self.settings)


def set_up(
    workdir: Workdir, *, events: int | None, faults: Path | None, now: datetime, keys: KeyKind = KeyKind.GOST_2015
) -> None:
    """Make everything that the demonstration needs; dates are relative to ``now``.

    Args:
        keys: Kind of all keys that sign.

    Raises:
        ConfigurationError: The folder holds something else, or the fault script cannot be read.
    """
    _require_own(workdir.path)
    draft = Workdir(workdir.path / _UNFINISHED)
    shutil.rmtree(draft.path, ignore_errors=True)
    draft.path.mkdir(mode=0o700)
    calendar = KazakhstanCalendar()
    company = build_company(kazakhstan_date(now), SEED, events=events, is_working_day=calendar.is_working_day)
    make_test_pki(draft.pki, now=now, kind=keys, employer_bin=company.bin, organisation=company.name_ru)
    write_hr_database(draft.path / "hr.db", company)
    _make_ledger(draft.path / "ledger.db")
    _write_faults(draft.faults, company, faults)
    _write_private(draft.pki / "sender.password", "demo-sender-password\n")
    _seed_registry(draft, company)
    (draft.path / "company.json").write_text(_summary(company), encoding="utf-8")
    draft.settings.write_text(_settings(company, language()), encoding="utf-8")
    (workdir.path / _HEADS).unlink(missing_ok=True)
    for part in _PARTS:
        shutil.rmtree(workdir.path / part, ignore_errors=True)
        (draft.path / part).replace(workdir.path / part)
    shutil.rmtree(draft.path)


def _require_own(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    foreign = sorted({entry.name for entry in path.iterdir()} - {*_PARTS, _STORE, _HEADS, _UNFINISHED})
    if foreign:
        raise ConfigurationError(
            f"the folder holds files that are not the demonstration's: {foreign[0]}",
            where=str(path),
            kept="Nothing was changed",
            next_step="Name an empty or new folder with --workdir",
        )


def _make_ledger(path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()


def _write_faults(path: Path, company: Company, given: Path | None) -> None:
    """The given fault script, with the people whom this registry does not know."""
    try:
        script = "" if given is None else given.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"the fault script cannot be read: {problem}", where=str(given)) from None
    persons = (
        "" if "unknown_persons" in script else f"unknown_persons = {json.dumps(list(company.unknown_persons))}\n\n"
    )
    path.write_text(persons + script, encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _seed_registry(draft: Workdir, company: Company) -> None:
    history = draft.path / "history.json"
    history.write_text(json.dumps(registry_seed(company), ensure_ascii=False), encoding="utf-8")
    run_simulator("seed", "--db", str(draft.registry), "--from", str(history))
    history.unlink()


def run_simulator(*arguments: str) -> str:
    """Run a command of the simulator to its end and return what it printed.

    Raises:
        ConfigurationError: It failed.
    """
    done = subprocess.run(  # noqa: S603 -- our own module with arguments that are no shell text
        [sys.executable, "-m", "usrec_simulator", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise ConfigurationError(f"the simulator failed: {said[0]}", where=f"usrec-simulator {arguments[0]}")
    return done.stdout


def _summary(company: Company) -> str:
    pending = [{"event_id": one.event_id, "story": one.story, "late": one.late} for one in company.pending]
    facts = {
        "name_ru": company.name_ru,
        "name_kk": company.name_kk,
        "employees": len(company.employees),
        "history": len(company.history),
        "pending": pending,
    }
    return json.dumps(facts, ensure_ascii=False, indent=1)


def _settings(company: Company, spoken: str) -> str:
    """Settings; HR reads Kazakh or Russian, Kazakh where the person at the terminal does."""
    hr_language = "kk" if spoken == "kk" else "ru"
    return f"""# Settings of the demonstration; every path starts at this folder.
[gateway]
url = "https://127.0.0.1:1/bip-sync-wss-gost/"
service_id = "contract"
sender_id = "{_SENDER}"
password = {{ file = "pki/sender.password" }}
ca_file = "pki/tls-ca.pem"
response_certificate = "pki/gateway.pem"
profile = "current"
timeouts = {{ connect = 5, read = 20 }}

[employer.demo]
bin = "{company.bin}"
key_file = "pki/employer.p12"
key_password = {{ file = "pki/employer.password" }}

[ledger]
url = "sqlite:///ledger.db"

[source.hr]
kind = "outbox"
url = "sqlite:///hr.db"
language = "{hr_language}"

[mass]
amendments = 0
terminations = 0

[delivery]
workers = 2
poll = 0.2
retry_base = 1
retry_cap = 5

[trust]
authorities = "pki/nca-ca.pem"
ocsp = "https://127.0.0.1:1/ocsp/"
ca_file = "pki/tls-ca.pem"
store = "{_STORE}"

[[trust.crl]]
authority = "pki/nca-ca.pem"
url = "https://127.0.0.1:1/crl/nca.crl"
delta_url = "https://127.0.0.1:1/crl/nca-delta.crl"

[log]
level = "error"
format = "text"
"""
