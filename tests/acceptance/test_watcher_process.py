"""An agent is killed, and a watcher in another process tells it: with the agent's own settings beside a SQLite file,
and on PostgreSQL from elsewhere, as a role that may read a few columns and write nothing.
"""

from __future__ import annotations

import json
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess, Popen

import psycopg
import pytest
from sqlalchemy import make_url

from support.markdown import blocks, read
from support.personnel import Person
from support.postgresql import PostgresqlServer
from support.workplace import MakeWorkplace, Workplace, running, wait_until
from support.workplace import run as run_command

NOWHERE = "https://127.0.0.1:9/"
WORD = "the watcher's word"
LONG_AGO = """UPDATE submissions SET due_utc = '2026-01-12T19:00:00.000000Z', safe_utc = '2026-01-12T19:00:00.000000Z',
received_at = '2026-01-12T19:00:00.000000Z', watch_at = '2026-01-12T19:00:00.000000Z'"""
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
PAGER = """#!/bin/sh
{ echo "$USREC_ALERT_KIND $USREC_ALERT_ID $USREC_ALERT_SUBJECT"; cat; } >> pages.txt
"""


@dataclass
class Post:
    """Where the watcher stands: its settings and what it told.

    Attributes:
        owner: Runs SQL as the owner of the ledger; nothing on SQLite.
        heard: How many of the pages were waited for so far.
    """

    workplace: Workplace
    folder: Path
    role: str = ""
    owner: Callable[[str], None] = lambda _: None
    ending: ExitStack = field(default_factory=ExitStack)
    heard: int = 0

    @property
    def settings(self) -> Path:
        return self.folder / "usrec.toml"

    def command(self, *arguments: str) -> list[str]:
        return [*self.workplace.command()[:-2], *arguments, "--config", str(self.settings)]

    def usrec(self, *arguments: str) -> CompletedProcess[str]:
        return run_command(self.command(*arguments))

    def pages(self) -> list[str]:
        """The subjects of what the program was told, in order."""
        file = self.folder / "pages.txt"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [line.split(" ", 2)[2] for line in lines if line.startswith("oversight watch-")]

    def wait_for(self, subject: str) -> None:
        """Until it is told, after what was waited for before; other pages may come with it."""
        wait_until(lambda: subject in self.pages()[self.heard :], f"the page {subject!r}")
        self.heard = self.pages().index(subject, self.heard) + 1

    def watch(self) -> Popen[str]:
        """Start the watcher; it ends with the test."""
        return self.ending.enter_context(running(self.command("watch"), self.folder / "watch.log"))

    def log(self) -> str:
        return (self.folder / "watch.log").read_text("utf-8")


def watch_settings(post: Path) -> str:
    pager = post / "pager"
    pager.write_text(PAGER, "utf-8")
    pager.chmod(0o700)
    return (
        '[alerts]\nlanguage = "en"\n[alerts.command.page]\ncommand = ["./pager"]\n'
        "[watch]\nsilence = 3\ninterval = 0.2\n"
    )


@pytest.fixture(params=KINDS)
def post(request: pytest.FixtureRequest, make_workplace: MakeWorkplace, tmp_path: Path) -> Iterator[Post]:
    """Give a watcher's post; on PostgreSQL with settings and a role of its own, made as the page says."""
    workplace = make_workplace(request.param)
    if request.param == "sqlite":
        workplace.connect(NOWHERE)
        with workplace.settings.open("a", encoding="utf-8") as settings:
            settings.write(watch_settings(tmp_path))
        with (here := Post(workplace, tmp_path)).ending:
            yield here
        return
    workplace.connect(NOWHERE)
    with workplace.settings.open("a", encoding="utf-8") as settings:
        settings.write("[watch]\nsilence = 3\n")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    role = server.new_role(WORD)

    def owner(command: str) -> None:
        url = make_url(workplace.ledger_url)
        where = f"host={url.query['host']} user={url.username} dbname={url.database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(command.encode())

    for command in granting().replace("usrec_watch", role).split(";"):
        owner(command)
    (folder / "ledger.password").touch(mode=0o600)
    (folder / "ledger.password").write_text(WORD, "utf-8")
    url = make_url(workplace.ledger_url)._replace(username=role, password=None).render_as_string()
    ledger = f'[ledger]\nurl = "{url}"\npassword = {{ file = "ledger.password" }}\n'
    (folder / "usrec.toml").write_text(ledger + watch_settings(folder), "utf-8")
    with (there := Post(workplace, folder, role, owner)).ending:
        yield there
    server.drop_role(role, workplace.ledger_url)


def granting() -> str:
    """The page's SQL, without the role, which is made already."""
    (text,) = (block.text for block in blocks(read("how-to/watch.md")) if block.language == "sql")
    first, _, rest = text.partition(";")
    assert first.startswith("CREATE ROLE usrec_watch")
    return rest.strip().removesuffix(";")


def begun(post: Post, log: Path, agent: Popen[str]) -> None:
    def reached() -> bool:
        assert agent.poll() is None, log.read_text("utf-8")
        return bool(post.workplace.query("SELECT 1 FROM agents WHERE gone_at IS NULL"))

    wait_until(reached, "the first sign of life")


SILENT, BACK = "USREC: the agent is silent", "USREC: the agent is back again"
AWAY, HERE = "USREC: the ledger does not answer", "USREC: the ledger answers again"


def test_watcher_tells_that_the_agent_was_killed_and_that_it_is_back(post: Post, tmp_path: Path) -> None:
    workplace = post.workplace
    workplace.hire(Person(1))
    agent = workplace.command("run")
    with running(agent, log := tmp_path / "agent-1.log") as first:
        begun(post, log, first)
        checked = post.usrec("status", "--check")
        watcher = post.watch()
        wait_until(lambda: "watch.start" in post.log() or watcher.poll(), "the start of the watcher")
        first.send_signal(signal.SIGKILL)
    assert checked.returncode in {0, 1}, checked.stdout
    assert checked.stdout.count("\n") == 1
    post.wait_for(SILENT)
    late = post.usrec("status", "--check")
    assert (late.returncode, late.stderr) == (2, "")
    assert late.stdout.startswith("USREC CRITICAL - no agent has given a sign of life for ")
    with running(agent, log := tmp_path / "agent-2.log") as second:
        post.wait_for(BACK)
        if post.role:
            post.owner(f"ALTER ROLE {post.role} NOLOGIN")
            post.wait_for(AWAY)
            unknown = post.usrec("status", "--check", "--json")
            assert (unknown.returncode, json.loads(unknown.stdout)["status"]) == (3, "UNKNOWN")
            post.owner(f"ALTER ROLE {post.role} LOGIN")
            post.wait_for(HERE)
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0, log.read_text("utf-8")
    post.wait_for(SILENT)
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(60) == 0, post.log()
    order = iter(post.pages())
    assert all(page in order for page in [SILENT, BACK, *([AWAY, HERE] if post.role else []), SILENT]), post.pages()
    assert "was stopped at" in (post.folder / "pages.txt").read_text("utf-8").rpartition(SILENT)[2]
    told_nothing_twice(post)
    assert stat.S_IMODE((post.folder / "watch.state").stat().st_mode) == 0o600


def told_nothing_twice(post: Post) -> None:
    """From cron too: it remembers what the daemon told, and says how things stand by its exit code."""
    told = post.pages()
    once = post.usrec("watch", "--once")
    assert once.returncode == 2, once.stderr
    assert once.stdout.startswith("USREC CRITICAL - no agent has given a sign of life for ")
    assert post.pages() == told


def test_watcher_names_what_the_agent_should_have_told_and_never_a_person(post: Post) -> None:
    """The agent took a row and was stopped for days; now its term is over and nobody raised an alert."""
    workplace = post.workplace
    person = Person(1)
    workplace.hire(person)
    drained = workplace.usrec("run", "--drain", "--give-up-after", "0.01")
    assert drained.returncode == 4, drained.stderr
    (submission,) = workplace.query("SELECT id FROM submissions")
    write(workplace, LONG_AGO)
    once = post.usrec("watch", "--once")
    assert once.returncode == 2, once.stderr
    assert "1 overdue" in once.stdout
    assert set(post.pages()) - {SILENT} == {
        "USREC: the term of 1 submission is not watched",
        "USREC: 1 submission is overdue",
    }
    said = (post.folder / "pages.txt").read_text("utf-8") + once.stdout + once.stderr
    assert str(submission[0]) in said
    assert person.iin not in said
    assert person.key not in said


def write(workplace: Workplace, statement: str) -> None:
    from usrec.adapters.persistence import create_ledger_engine

    engine = create_ledger_engine(workplace.ledger_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.postgresql
@pytest.mark.parametrize("post", ["postgresql"], indirect=True)
def test_watchers_role_can_neither_write_nor_read_personal_data(post: Post) -> None:
    url = make_url(post.workplace.ledger_url)
    tables = [name for (name,) in post.workplace.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    refused = [f"DELETE FROM {table}" for table in tables]  # noqa: S608 -- names from the catalogue
    refused += ["SELECT details FROM submissions", "SELECT * FROM inbox", "SELECT document FROM messages"]
    refused += ["SELECT evidence FROM acknowledgements", "SELECT reply FROM attempts", "CREATE TABLE mine (a int)"]
    host = str(url.query["host"])
    with psycopg.connect(host=host, user=post.role, dbname=url.database, password=WORD, autocommit=True) as connection:
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
