"""An employer's whole installation for acceptance tests: HR database, settings, keys, ledger, and the `usrec` command.

Everything is as an administrator would set it up: files and processes. HR enters its rows by SQL of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import warm
from support.fresh_ledger import make_ledger
from support.hr_sides import SqlHr
from support.personnel import Person, amendment_of, conclusion_of, termination_of
from support.two_books import HrRow, read_hr
from support.warm import Warm
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, open_ledger
from usrec.ports.ledger_view import SubmissionFilter, SubmissionRow, SubmissionStory

BIN = "200940000013"
"""The employer of the test PKI."""
OTHER_BIN = "150340000027"
"""The second employer of the test PKI."""
PATIENCE = 150.0
"""Seconds that anything may take on a busy machine; what waits looks again much sooner."""


@dataclass
class Workplace:
    """One installation in one folder.

    Attributes:
        hr: The HR system.
        pki: Keys of employer and gateway.
        profile: Wire profile.
        employers: Tables `[employer.NAME]`; the test PKI's first employer when empty.
        delivery: Settings of `[delivery]`.
        log: Settings of `[log]`.
    """

    folder: Path
    hr: SqlHr
    ledger_url: str
    pki: Path
    profile: str = "current"
    employers: str = ""
    delivery: str = "workers = 2\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30"
    log: str = 'level = "info"\nformat = "json"'
    _ledger: SqlLedger | None = field(default=None, repr=False)

    @property
    def settings(self) -> Path:
        return self.folder / "usrec.toml"

    def make_ledger(self) -> None:
        """Do what `usrec db upgrade` does."""
        make_ledger(self.ledger_url)

    def connect(self, gateway_url: str) -> None:
        """Write `usrec.toml` for a gateway."""
        sender = self.folder / "sender.password"
        sender.touch(mode=0o600)
        sender.write_text("the sender's word\n", "utf-8")
        own = employer("main", BIN, self.pki / "employer.p12", self.pki / "employer.password")
        self.settings.write_text(
            f'[gateway]\nurl = "{gateway_url}"\nsender_id = "company"\npassword = {{ file = "{sender}" }}\n'
            f'ca_file = "{self.pki}/tls-ca.pem"\nresponse_certificate = "{self.pki}/gateway.pem"\n'
            f'profile = "{self.profile}"\ntimeouts = {{ connect = 2, pool = 2, write = 3, read = 6, answer = 6 }}\n'
            f'{self.employers or own}\n[ledger]\nurl = "{self.ledger_url}"\n'
            f'[source.hr]\nkind = "outbox"\nurl = "{self.hr.url}"\n'
            f"[delivery]\n{self.delivery}\n[log]\n{self.log}\n",
            "utf-8",
        )

    def enter(self, event_id: str, event_type: str, contract_key: str, payload: object, **columns: Any) -> str:
        """HR commits an event; gives the number of its row."""
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        cells = {"event_type": event_type, "contract_key": contract_key, "employer_bin": BIN, "payload": text}
        return self.hr.enter(event_id, **(cells | columns))

    def hire(self, person: Person, **changes: Any) -> str:
        """HR enters a contract; gives the event."""
        self.enter(f"hire-{person.number}", "conclusion", person.key, conclusion_of(person, **changes))
        return f"hire-{person.number}"

    def transfer(self, person: Person, **changes: Any) -> str:
        self.enter(f"transfer-{person.number}", "amendment", person.key, amendment_of(person, **changes))
        return f"transfer-{person.number}"

    def dismiss(self, person: Person, **changes: Any) -> str:
        self.enter(f"dismiss-{person.number}", "termination", person.key, termination_of(person, **changes))
        return f"dismiss-{person.number}"

    def hr_rows(self) -> list[HrRow]:
        """HR's book."""
        return read_hr(self.hr.execute)

    def hr_row(self, event_id: str, revision: int = 1) -> HrRow:
        return next(row for row in self.hr_rows() if (row.event_id, row.revision) == (event_id, revision))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "usrec", *arguments, "--config", str(self.settings)]

    def usrec(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return run(self.command(*arguments))

    def drain(self) -> str:
        """Run the agent until nothing can progress, which must go well; gives its log."""
        done = self.usrec("run", "--drain")
        assert done.returncode == 0, done.stderr
        return done.stderr

    def ask(self, *arguments: str) -> Any:
        """What a command answers with --json."""
        done = self.usrec(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def ledger(self) -> SqlLedger:
        self._ledger = self._ledger or open_ledger(self.ledger_url)
        return self._ledger

    def row(self, event_id: str) -> SubmissionRow:
        """The submission that stands for an event."""
        found = [row for row in self.ledger.view.rows(SubmissionFilter()) if row.event_id == event_id]
        assert len(found) == 1, found
        return found[0]

    def story(self, event_id: str) -> SubmissionStory:
        story = self.ledger.view.story(self.row(event_id).id)
        assert story is not None
        return story

    def stories(self) -> list[SubmissionStory]:
        """Everything that the ledger tells of every submission, replaced ones included."""
        rows = self.ledger.view.rows(SubmissionFilter(current=False))
        return [story for row in rows if (story := self.ledger.view.story(row.id)) is not None]

    def stories_of(self, event_id: str) -> list[SubmissionStory]:
        """All submissions of an event, oldest revision first."""
        found = [story for story in self.stories() if story.row.event_id == event_id]
        return sorted(found, key=lambda story: story.row.revision)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Read the ledger's tables as they are."""
        engine = create_ledger_engine(self.ledger_url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(statement)]
        engine.dispose()
        return found

    def states(self) -> Mapping[str, str]:
        """The state of every event."""
        return {row.event_id: row.state.value for row in self.ledger.view.rows(SubmissionFilter())}

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self.hr.close()


MakeWorkplace = Callable[..., Workplace]
"""The fixture `make_workplace`: a kind of database and settings of the installation."""


def employer(name: str, bin_: str, key_file: Path, password_file: Path) -> str:
    """A table `[employer.NAME]`."""
    return (
        f'[employer.{name}]\nbin = "{bin_}"\nkey_file = "{key_file}"\nkey_password = {{ file = "{password_file}" }}\n'
    )


def wait_until(reached: Callable[[], object], what: str) -> None:
    """Look again and again, up to the limit of all patience."""
    limit = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > limit:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(0.02)


def run(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return warm.run(command, env=env, cwd=cwd, timeout=PATIENCE)


@contextmanager
def running(
    command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process in the background, whose two outputs go to a file; it is killed at the end if it still runs."""
    with log.open("w", encoding="utf-8") as output:
        process = Warm(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, cwd=cwd)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def log_records(text: str) -> list[dict[str, Any]]:
    """The records of a JSON log; a line that is none fails the test."""
    return [json.loads(line) for line in text.splitlines()]
