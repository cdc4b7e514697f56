"""Writes ``docs/reference/performance.md`` from a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks import scale
from benchmarks.report import GOALS, ROOT, Goal, Report, figure

PAGE: Final = ROOT / "docs" / "reference" / "performance.md"
_EXPLAINED: Final = ROOT / "docs" / "explanation" / "performance.md"
_PAGE: Final = """\
# Performance

Written by `make bench`, which measures the agent as it is installed and holds it to its goals. By hand is written
{explained}.

The measure is one raw RSA-2048 signature on the same machine in the same minute. An event needs two of them: the
employer's, and that of the envelope. All figures are for one process of the agent.

## Goals

| what | goal | measured | between | |
|---|---|---|---|---|
{goals}
{remarks}
## Machine

| | |
|---|---|
{machine}

## Where the time goes

{profile}
## Scale on paper

{scale}
## What is measured

`make bench` takes about a quarter of an hour, on a quiet machine, and ends with exit code 1 when a goal is missed or
could not be measured; `make bench BENCH="--no-goals"` only shows. `make bench BENCH=k` runs one part; the others are
{parts}. `make bench ROUNDS=3` makes everything
smaller, for a look. Neither renews this page. The EDS library by itself is `make bench BENCH=kzeds`
([cryptography](../explanation/cryptography.md)). The rivals come with the extra `bench`; what cannot be installed is
said and left out.

The agent is `usrec run` with `workers = 4` and `poll = 0.5` unless said otherwise, everything else as it comes.
PostgreSQL has its own defaults and waits for the disk. The gateway is a process of its own, over https on loopback,
that signs each answer and checks nothing. Gateway, HR and PostgreSQL are left out of the agent's CPU.

`build/bench.json` has these keys, numbers or null. Beside them: `spread` (two numbers by key), `missed` (keys),
`environment`, `details` (by part) and `remarks`.

| key | meaning |
|---|---|
{keys}
"""
_PROFILED: Final = """\
One event on PostgreSQL in raw signatures, {total:.2f} in all: {samples} samples of the stack, taken by the agent's CPU
time, over {events} events.

| step | raw signatures | share |
|---|---|---|
{steps}

The same by the library whose code ran, with what it calls in C:

| library | raw signatures | share |
|---|---|---|
{libraries}
"""
_KEYS: Final = {
    "k_postgresql": "CPU of the agent's whole process for one event, from HR's row to HR's note, by the CPU of one raw"
    " RSA-2048 signature; ledger and HR on PostgreSQL; median of pairs of rounds, between the quartiles",
    "k_sqlite": "the same with ledger and HR in SQLite files, which are part of the agent's process",
    "k_postgresql_without_ifma": "agent and raw signatures with `OPENSSL_ia32cap=:~0x200000`, as on processors without"
    " AVX-512 IFMA, where RSA costs twice as much; null where the processor has none",
    "k_sqlite_without_ifma": "the same with SQLite",
    "rate_over_rsa": "events a second of one process, HR's notes included, by raw signatures a second of one thread",
    "gost_over_two_signatures": "CPU of one event by that of two raw GOST-2015 signatures, hash included; the gateway's"
    " answer has a GOST-2015 signature, too, and its verification is counted",
    "vs_usual_0ms": "events a second by those of `tests/benchmarks/usual_way.py` in one thread; the gateway"
    " answers at once",
    "vs_usual_one_loop_100ms": "the same, the gateway answers after 100 ms; the agent has 64 `workers`",
    "vs_usual_16_threads_100ms": "the usual way has 16 threads",
    "cpu_1m_over_10k": "CPU of one event with 1,000,000 waiting by that with 10,000, each after 1,500 others, because"
    " an agent that starts looks at all that waits; the worse of both databases",
    "claim_1m_over_10k_postgresql": "time of a claim of 100, many waiting by few",
    "claim_1m_over_10k_sqlite": "the same with SQLite",
    "peak_rss_mb": "the most memory of an agent in these runs, millions of bytes",
    "latency_p50_ms_postgresql": "an idle agent: from HR's commit to the acknowledgement that another connection sees",
    "latency_p99_ms_postgresql": "99 of 100 are not above it",
    "latency_p99_ms_sqlite": "the same with SQLite, where nobody rings",
    "relay_over_procrastinate": "submissions a second with a signer and a gateway that do nothing, by jobs of"
    " procrastinate that do nothing (20 at a time) on the same server",
    "relay_over_pgqueuer": "the same by pgqueuer in its usual batches of 10; `details` has its batches of 100, too",
    "start_seconds": "from the start of `usrec run` to the arrival of the first envelope at the gateway, SQLite",
    "help_seconds": "the help of `usrec`, from start to end",
    "lint_100k_seconds": "`usrec lint` of a CSV file with 100,000 sound rows",
}


def write_page(report: Report, file: Path) -> None:
    """Write the page."""
    found, told = report.json(), "what was tried, what was rejected, and why the line is as it is"
    remarks = [f"- {remark}\n" for part in report.found.values() for remark in part.remarks]
    text = _PAGE.format(
        explained=f"[{told}](../explanation/performance.md)" if _EXPLAINED.exists() else told,
        goals="\n".join(_row(report, goal) for goal in GOALS),
        remarks="\n" + "".join([*remarks, "\n"] if remarks else []),
        machine="\n".join(f"| {name} | {value} |" for name, value in report.environment.items()),
        profile=_profile(found),
        scale=scale.section(found["details"]),
        parts=", ".join(f"`{name}`" for name in report.found if name != "k"),
        keys="\n".join(f"| `{key}` | {meaning} |" for key, meaning in _KEYS.items()),
    )
    file.write_text(text, "utf-8")


def _row(report: Report, goal: Goal) -> str:
    value, spread = report.figures[goal.key], report.spread.get(goal.key)
    between = "" if spread is None else f"{figure(spread[0])} to {figure(spread[1])}"
    met = {True: "met", False: "**not met**", None: ""}[goal.is_met(value)]
    bound = goal.bound.replace(">=", "≥").replace("<=", "≤")
    measured = "not measured" if value is None else figure(value)
    return f"| `{goal.key}`: {goal.text} | {bound} | {measured} | {between} | {met} |"


def _profile(found: Mapping[str, Any]) -> str:
    profile = found["details"].get("profile")
    if not profile:
        return "The part `profile` was not run.\n"
    total = sum(profile["steps"].values()) or 1.0
    steps, libraries = (_shares(profile[name], total) for name in ("steps", "libraries"))
    counts = {"samples": profile["samples"], "events": profile["events"]}
    return _PROFILED.format(total=total, steps=steps, libraries=libraries, **counts)


def _shares(shares: Mapping[str, float], total: float) -> str:
    return "\n".join(f"| {name} | {value:.2f} | {100 * value / total:.0f} % |" for name, value in shares.items())
