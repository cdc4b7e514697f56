"""A demonstration under every fault is killed with SIGKILL at random moments, again and again, and still ends well.

``make soak KILLS=1000 SEED=7`` says how often and with which chance; the counts at the end come from the simulator's
own registry.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = ROOT / "fixtures" / "demo" / "every-fault.toml"


def _demo(workdir: Path, events: int) -> list[str | Path]:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "usrec",
        "demo",
        "--events",
        str(events),
        "--json",
        "--workdir",
        workdir,
    ]
    return [*command, "--faults", FAULTS]


@pytest.mark.soak
def test_killed_demo_loses_nothing_and_registers_nothing_twice(tmp_path: Path) -> None:
    """After hundreds of SIGKILLs each accepted event stands in the registry exactly once."""
    kills, seed = int(os.environ.get("KILLS", "100")), int(os.environ.get("SEED", "353"))
    chance = random.Random(seed)
    command = _demo(tmp_path / "demo", events=max(300, kills * 3))
    for _ in range(kills):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running.wait(timeout=1.5 + chance.random() * 2.5)
            break
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    print(f"seed {seed}, {kills} SIGKILLs: {result}")

    registry: list[str | Path] = [
        sys.executable,
        "-m",
        "usrec_simulator",
        "registry",
        "--db",
        tmp_path / "demo" / "simulator.db",
        "--json",
    ]
    records = json.loads(subprocess.run(registry, capture_output=True, text=True, check=True).stdout)
    facts = Counter((one["operation"], one["bin"], one["iin_masked"], one["number"], one["date"]) for one in records)
    assert result["lost"] == result["registered_twice"] == 0
    assert result["registered_once"] == result["accepted"] > 0
    conclusions = [times for (operation, *_), times in facts.items() if operation == "conclusion"]
    assert conclusions
    assert max(conclusions) == 1
