"""An installation as a careful administrator makes it: least rights, a proxy, and each secret kept in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from support.connect_proxy import ConnectProxy
from support.personnel import Person
from support.postgresql import PostgresqlServer
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace, Workplace

WORDS = {
    "sender": "sender's wörd",
    "ledger": "ledger's wörd",
    "hr": "hr's wörd",
    "proxy": "proxy's wörd",
}
HR_COLUMNS = (
    "taken_at, usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id, usrec_record_id,"
    " usrec_legal_date, usrec_noted_at"
)


@dataclass
class Roles:
    """The agent's two accounts."""

    ledger: str
    hr: str


@pytest.fixture
def workplace(make_workplace: MakeWorkplace) -> Workplace:
    return make_workplace("postgresql", delivery="poll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 60")


@pytest.fixture
def roles(workplace: Workplace, postgresql_server: PostgresqlServer) -> Iterator[Roles]:
    made = Roles(postgresql_server.new_role(WORDS["ledger"]), postgresql_server.new_role(WORDS["hr"]))
    grant = (
        f"GRANT SELECT ON usrec_outbox TO {made.hr}",
        f"GRANT UPDATE ({HR_COLUMNS}) ON usrec_outbox",
    )
    workplace.hr.execute(grant[0])
    workplace.hr.execute(f"{grant[1]} TO {made.hr}")
    yield made
    postgresql_server.drop_role(made.ledger, workplace.ledger_url)
    postgresql_server.drop_role(made.hr, workplace.hr.url)


def as_role(url: str, role: str) -> str:
    return make_url(url)._replace(username=role, password=None).render_as_string()


def keep_secrets(workplace: Workplace, roles: Roles, proxy: str, credentials: Path) -> None:
    """Change the settings: restricted accounts, the proxy, and secrets by all four ways."""
    text = workplace.settings.read_text("utf-8")
    proxy_word, ledger_word = workplace.folder / "proxy.password", workplace.folder / "ledger.password"
    for file, word in ((proxy_word, "proxy"), (ledger_word, "ledger"), (credentials / "sender", "sender")):
        file.touch(mode=0o600)
        file.write_text(WORDS[word], "utf-8")
    changes = {
        f'{{ file = "{workplace.folder / "sender.password"}" }}': '{ credential = "sender" }',
        f'"{workplace.ledger_url}"': f'"{as_role(workplace.ledger_url, roles.ledger)}"\n'
        'password = { command = ["cat", "ledger.password"] }',
        f'"{workplace.hr.url}"': f'"{as_role(workplace.hr.url, roles.hr)}"\npassword = {{ env = "HR_WORD" }}',
        "[employer.main]": f'[gateway.proxy]\nurl = "{proxy}"\nuser = "usrec"\n'
        f'password = {{ file = "{proxy_word.name}" }}\n[employer.main]',
    }
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    workplace.settings.write_text(text, "utf-8")


@pytest.mark.postgresql
def test_an_agent_with_least_rights_registers_through_a_proxy_and_shows_no_secret(
    workplace: Workplace, roles: Roles, tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setenv("HR_WORD", WORDS["hr"])
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    person = Person(1)
    events = {workplace.hire(person), workplace.transfer(person), workplace.dismiss(person)}
    said = []
    with (
        SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator,
        ConnectProxy(login=("usrec", WORDS["proxy"])) as proxy,
    ):
        workplace.connect(simulator.url)
        keep_secrets(workplace, roles, proxy.url, credentials)
        checked = workplace.usrec("config", "check")
        assert (checked.returncode, checked.stdout) == (0, f"{workplace.settings}: no errors\n")
        refused = workplace.usrec("db", "check")
        assert refused.returncode == 3
        assert (
            "lacks SELECT on alembic_version; SELECT on ledger_meta; SELECT, INSERT on encryption_keys"
            in refused.stderr
        )
        url = make_url(workplace.ledger_url)
        where = f"host={url.query['host']} user={url.username} dbname={url.database}"
        with psycopg.connect(where, autocommit=True) as owner:
            for grant in re.findall(r"GRANT [^;]+", refused.stderr):
                owner.execute(grant.encode())
        right = workplace.usrec("db", "check")
        assert (right.returncode, right.stderr) == (0, "")
        assert re.fullmatch(r"The ledger is at revision \d{4}, and the agent has all rights in it\.\n", right.stdout)
        said += [checked.stdout, refused.stderr, right.stdout, workplace.drain()]
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == events
        assert proxy.asked
        proxy.login = ("usrec", "another")
        waiting = workplace.hire(Person(2))
        gave_up = workplace.usrec("run", "--drain", "--give-up-after", "0.05")
        assert gave_up.returncode == 4
        said += [gave_up.stderr, workplace.usrec("status").stdout]
    assert workplace.states()[waiting] == "signed", "a proxy that refuses proves that nothing was sent: no doubt"
    assert {attempt.ending for attempt in workplace.story(waiting).attempts} == {"nothing_sent"}
    assert [word for word in WORDS.values() if word in "".join(said)] == []
