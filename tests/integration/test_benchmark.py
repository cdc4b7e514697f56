"""``make bench`` runs and tells what it measured; how fast anything is, is not judged here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as bench
from benchmarks import parts
from benchmarks.filling import fill
from benchmarks.growth import _claim_times
from benchmarks.installation import Installation, installation
from benchmarks.latency import percentile
from benchmarks.line import Line, Round, Size, measure_line
from benchmarks.page import write_page
from benchmarks.parts import PARTS, Extent
from benchmarks.profile import profile_of
from benchmarks.relay import installed
from benchmarks.relay_rate import middle_rate
from benchmarks.report import GOALS, Found, Report
from benchmarks.rows import iin
from benchmarks.steps import CLAIM, EXCHANGE, REST, SEAL, SIGN, library_of, places_of, step_of
from usrec.domain.identifiers import Iin

KEYS = {
    "k_postgresql",
    "k_sqlite",
    "rate_over_rsa",
    "gost_over_two_signatures",
    "vs_usual_0ms",
    "vs_usual_one_loop_100ms",
    "vs_usual_16_threads_100ms",
    "cpu_1m_over_10k",
    "claim_1m_over_10k_postgresql",
    "claim_1m_over_10k_sqlite",
    "peak_rss_mb",
    "latency_p50_ms_postgresql",
    "latency_p99_ms_postgresql",
    "latency_p99_ms_sqlite",
    "relay_over_procrastinate",
    "relay_over_pgqueuer",
    "start_seconds",
    "help_seconds",
    "lint_100k_seconds",
}
"""As the project's goals name them."""


def figures(**changes: float | None) -> dict[str, float | None]:
    """A run that meets every goal, with changes."""
    met = {goal.key: goal.at_least if goal.at_least is not None else goal.at_most or 1.0 for goal in GOALS}
    return {**met, **changes}


def report(found: Mapping[str, float | None], details: Mapping[str, object] | None = None) -> Report:
    return Report({"cpu": "of a test", "commit": "none"}, {"k": Found(found, {}, details or {})})


def test_tiny_run_of_the_line_measures_events_and_signatures_of_real_processes() -> None:
    line = measure_line(None, Size(rounds=1, seconds=0.01, warm=2, long=0.1), rated=True)
    assert (len(line.rounds), len(line.long)) == (1, 4)
    for one in [*line.rounds, *line.long]:
        assert one.event_cpu > one.raw_cpu > 0
        assert one.event_wall > 0
        assert one.k > 2
    assert isinstance(line.json()["event_cpu_ms"], float)


def test_filled_ledger_has_waiting_submissions_that_can_be_claimed() -> None:
    with installation(None) as place:
        fill(place, 40, 10)
        assert all(time > 0 for time in _claim_times([place, place], 1))
        assert _count(place, "outbox WHERE status = 'ready'") >= 40
        assert _count(place, "submissions") == _count(place, "inbox") == 43
        assert len({one[0] for one in place.place.query("SELECT details FROM submissions")}) == 43
        assert place.hr.execute("SELECT count(*) FROM usrec_outbox WHERE taken_at IS NULL")[0][0] == 0


def _count(place: Installation, what: str) -> int:
    return int(place.place.query(f"SELECT count(*) FROM {what}")[0][0])  # noqa: S608 -- constants of this test


def test_whole_run_writes_every_key_and_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, out = tmp_path / "page.md", tmp_path / "bench.json"
    monkeypatch.setattr(bench, "PARTS", dict.fromkeys(PARTS, lambda _: Found(figures(), {}, {})))
    monkeypatch.setattr(bench, "PAGE", page)
    assert bench.main(["--json", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    assert set(found) >= KEYS
    assert all(isinstance(found[goal.key], float | int) for goal in GOALS)
    assert found["missed"] == []
    assert all(f"`{goal.key}`" in page.read_text() for goal in GOALS)


@pytest.mark.parametrize(
    ("changed", "options", "status"),
    [
        ({"k_sqlite": 3.7}, [], 1),
        ({"k_sqlite": 3.7}, ["--no-goals"], 0),
        ({"relay_over_pgqueuer": None}, [], 1),
        ({"rate_over_rsa": 0.27}, [], 1),
        ({"k_sqlite_without_ifma": 99.0}, [], 0),
    ],
)
def test_missed_goal_ends_with_1_and_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, float | None],
    options: list[str],
    status: int,
) -> None:
    out = tmp_path / "bench.json"
    monkeypatch.setattr(bench, "PARTS", {"k": lambda _: Found(figures(**changed), {}, {})})
    assert bench.main(["k", "--json", str(out), *options]) == status
    missed = json.loads(out.read_text())["missed"]
    assert missed == ([] if "k_sqlite_without_ifma" in changed else list(changed))


def test_part_that_fails_costs_its_own_figures_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Extent) -> Found:
        raise RuntimeError("the agent came to a halt")

    out = tmp_path / "bench.json"
    monkeypatch.setattr(bench, "PARTS", {"gost": fails, "start": lambda _: Found({"help_seconds": 0.2}, {}, {})})
    assert bench.main(["--json", str(out), "--page", str(tmp_path / "page.md")]) == 1
    found = json.loads(out.read_text())
    assert (found["gost_over_two_signatures"], found["help_seconds"]) == (None, 0.2)
    assert found["missed"] == ["gost_over_two_signatures"]
    assert "the agent came to a halt" in found["remarks"][0]
    assert "the agent came to a halt" in (tmp_path / "page.md").read_text()


def test_each_part_measures_keys_of_its_own() -> None:
    keys = [key for part in PARTS for key in parts.KEYS[part]]
    assert sorted(keys) == sorted(goal.key for goal in GOALS)


def test_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["speed"])
    assert ended.value.code == 2
    assert "growth" in capsys.readouterr().err


def test_part_that_was_not_run_is_null_and_no_goal_of_it_is_missed() -> None:
    found = report({"k_postgresql": 3.0})
    assert found.is_met
    assert found.json()["k_sqlite"] is None


def test_what_is_compared_is_left_out_and_told_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "xmlsec_is_there", lambda: False)
    found = parts.usual(Extent())
    assert set(found.figures.values()) == {None}
    assert "xmlsec" in found.remarks[0]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert installed() == []


def test_page_reckons_the_country_from_what_was_measured(tmp_path: Path) -> None:
    server = {"cpu_ms": 1.0, "wal_bytes": 20_000.0, "ledger_bytes": 10_000.0}
    line = {"events_per_second": 100.0, "event_cpu_ms": 2.0, "server": server}
    write_page(report(figures(), {"k_postgresql": line}), tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "| every contract on one day | 7,000,000 | 81.0 | 1 | 0.08 | 1.62 |" in text
    assert "take 8,000 events a second, 691 million a day" in " ".join(text.split())
    write_page(report(figures()), tmp_path / "page.md")
    assert "nothing to reckon from" in (tmp_path / "page.md").read_text()


def test_k_is_the_cpu_of_an_event_in_raw_signatures_and_rates_are_by_the_clock() -> None:
    rounds = [Round(event_cpu=cpu, event_wall=0.5, raw_cpu=1.0, raw_wall=0.1) for cpu in (2.0, 3.0, 4.0)]
    line = Line(rounds, rounds, {})
    assert line.k == (2.5, 3.0, 3.5)
    assert line.rate_over_raw[1] == pytest.approx(0.2)


def test_sampled_stacks_are_told_apart_by_step_and_library() -> None:
    def stack(*frames: str) -> list[tuple[str, str]]:
        return places_of("\n".join(f'  File "/x/{one.split()[0]}", line 7 in {one.split()[1]}' for one in frames))

    deliver = "src/usrec/application/deliver.py"
    claim = stack("sqlalchemy/engine/default.py do_execute", f"{deliver} claim_due")
    sign = stack("kzeds/xmldsig.py sign_enveloped", "src/usrec/adapters/signing/held_key.py sign", f"{deliver} _sign")
    seal = stack("kzeds/wsse.py sign_body", "src/usrec/adapters/gateway/shep.py seal", f"{deliver} _seal")
    wire = stack("ssl.py read", "httpcore/_sync/http11.py x", "src/usrec/adapters/gateway/shep.py submit")
    rest = stack("threading.py wait", "src/usrec/interfaces/crew.py _rest")
    assert [step_of(one) for one in (claim, sign, seal, wire, rest)] == [CLAIM, SIGN, SEAL, EXCHANGE, REST]
    assert library_of(claim) == "database driver in C"
    assert library_of(sign).startswith("kzeds")
    profile = profile_of([claim, claim, sign, wire], events=10, signatures=4.0)
    assert (profile.steps[CLAIM], profile.steps[SIGN]) == (2.0, 1.0)


def test_middle_rate_leaves_out_start_and_end() -> None:
    moments = [0.0, *(100 + 0.1 * number for number in range(98)), 500.0]
    assert middle_rate(moments) == pytest.approx(10)
    with pytest.raises(ValueError, match="too few"):
        middle_rate([1.0])


def test_percentile_is_the_nearest_rank() -> None:
    assert percentile([float(one) for one in range(1, 101)], 99) == 99
    assert percentile([5.0], 99) == 5


def test_every_person_has_an_iin_of_their_own() -> None:
    found = {iin(number) for number in range(3000)}
    assert len(found) == 3000
    assert all(Iin(one) for one in found)


def test_quick_look_is_smaller_in_everything() -> None:
    quick, whole = Extent.of(2), Extent.of(None)
    assert quick.line.rounds == 2
    assert quick.growth.many < whole.growth.many
    assert quick.lint_rows < whole.lint_rows == 100_000
    assert (whole.growth.few, whole.growth.many, whole.line.rounds) == (10_000, 1_000_000, 20)
