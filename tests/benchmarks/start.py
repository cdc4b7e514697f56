"""What a person waits for: a start until the first submission, ``usrec --help``, a lint of many rows."""

from __future__ import annotations

import csv
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.installation import PATIENCE, Installation, agent, installation
from benchmarks.rows import conclusion
from support.workplace import BIN


def start_seconds(starts: int) -> list[float]:
    """From the start of ``usrec run`` to the arrival of its first envelope at the gateway; HR's row waits already."""
    found = []
    with installation(None) as place:
        for _ in range(starts):
            place.hire(1)
            began = time.time()
            with agent(place.place):
                found.append(_next_arrival(place) - began)
                place.wait_for_notes()
    return found


def _next_arrival(place: Installation) -> float:
    limit = time.monotonic() + PATIENCE
    while (arrived := place.gateway.last) is None or place.gateway.answers < place.hired:
        if time.monotonic() > limit:
            raise RuntimeError("the agent sent nothing; its log: agent.log")
        time.sleep(0.01)
    return arrived


def help_seconds(times: int, command: Sequence[str]) -> list[float]:
    """Of ``usrec --help``, from its start to its end."""
    return [_wall([*command, "--help"]) for _ in range(times)]


def lint_seconds(rows: int) -> float:
    """Of ``usrec lint`` of a CSV file with so many sound rows."""
    with installation(None) as place:
        file = place.place.folder / "events.csv"
        _write(file, rows)
        return _wall(place.place.command("lint", str(file), "--format", "json"))


def _write(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        columns = ["event_id", "event_type", "contract_key", "employer_bin", *conclusion(0)]
        columns.remove("employee_name")
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        for number in range(rows):
            keys = {"event_id": f"bench-{number}", "contract_key": f"K-{number}"}
            writer.writerow({"event_type": "conclusion", "employer_bin": BIN, **keys, **conclusion(number)})


def _wall(command: Sequence[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command!r} ended with status {done.returncode}: {done.stderr[-500:]}{done.stdout[-500:]}")
    return time.perf_counter() - began
