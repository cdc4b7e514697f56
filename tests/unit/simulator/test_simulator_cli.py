from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from usrec_simulator.ledger import Ledger

HISTORY = [
    {
        "contract_id": "10000001",
        "bin": "200940000013",
        "iin": "900101300007",
        "number": "5",
        "date": "2025-03-03",
        "begin_date": "2025-03-03",
    }
]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "usrec_simulator", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_seed_and_registry_agree(tmp_path: Path) -> None:
    history, database = tmp_path / "history.json", tmp_path / "r.db"
    history.write_text(json.dumps(HISTORY), "utf-8")
    assert run("seed", "--db", database, "--from", history).stdout.startswith("1 of 1 records registered")
    assert run("seed", "--db", database, "--from", history).stdout.startswith("0 of 1 records registered")
    shown = run("registry", "--db", database, "--json")
    assert json.loads(shown.stdout) == [
        {
            "operation": "conclusion",
            "record_id": "10000001",
            "contract_id": "10000001",
            "bin": "200940000013",
            "iin_masked": "********0007",
            "number": "5",
            "date": "2025-03-03",
            "times_received": 1,
            "times_changed": 0,
            "warnings": [],
        }
    ]
    table = run("registry", "--db", database)
    assert table.returncode == 0
    assert "1 records" in table.stdout
    assert "900101300007" not in table.stdout + shown.stdout


def test_errors_say_what_is_wrong_and_exit_2(tmp_path: Path) -> None:
    absent = run("registry", "--db", tmp_path / "absent.db")
    assert (absent.returncode, absent.stdout) == (2, "")
    assert "absent.db does not exist" in absent.stderr
    assert not (tmp_path / "absent.db").exists()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database, but long enough to be read as one" * 20)
    unusable = run("registry", "--db", broken)
    assert unusable.returncode == 2
    assert "broken.db cannot be used" in unusable.stderr
    no_keys = run("serve", "--db", tmp_path / "r.db", "--pki", tmp_path)
    assert no_keys.returncode == 2
    assert "tls.pem is missing" in no_keys.stderr
    open_plain = run("serve", "--db", tmp_path / "r.db", "--pki", tmp_path, "--plain", "--host", "0.0.0.0")  # noqa: S104 it is to be refused
    assert open_plain.returncode == 2
    assert "loopback" in open_plain.stderr


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from typer.testing import CliRunner; from usrec_simulator.cli import app;"
        "assert CliRunner().invoke(app, ['serve', '--help']).exit_code == 0;"
        "heavy = {'lxml', 'uvicorn', 'starlette', 'holidays', 'cryptography', 'sqlite3', 'usrec'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_registry_can_be_read_while_it_is_open(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "r.db")
    with ledger.transaction():
        pass
    assert json.loads(run("registry", "--db", tmp_path / "r.db", "--json").stdout) == []
    ledger.close()
