"""``make bench`` measures every kind on every path and says which goals are met; how fast is not judged here."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks import kzeds_signatures
from benchmarks.kzeds_signatures import DOCUMENT_BYTES, Goal, contract
from benchmarks.measuring import Rates, Subject, quartiles, ratios
from kzeds.gost import native
from kzeds.xml import parse

WHOLE = ("sign enveloped", "verify enveloped", "sign SOAP body", "verify SOAP body", "load key file")
KINDS = ("gost2015", "gost2004")


def rates(name: tuple[str, str, str], *values: float) -> Rates:
    return Rates(Subject(*name, work=list, conditions=nullcontext), 1, values, values)


def figures(native_gost: float, plain_gost: float, rsa: float) -> list[Rates]:
    """What a run would give, against a raw RSA rate of 1000."""
    return [
        rates(("sign enveloped", "gost2015", "native"), native_gost),
        rates(("sign enveloped", "gost2015", "python"), plain_gost),
        rates(("sign enveloped", "rsa", "openssl"), rsa),
        rates(("sign raw bytes", "rsa", "openssl"), 1000),
    ]


def test_quick_run_reports_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    assert kzeds_signatures.main(["--quick", "--no-goals", "--json", str(out)]) == 0
    report: dict[str, Any] = json.loads(out.read_text())
    found = {(one["what"], one["kind"], one["path"]): one for one in report["measurements"]}
    paths = ["python"] if "python" in native.names().values() else ["native", "python"]
    expected = {(what, kind, path) for what in (*WHOLE, "hash") for kind in KINDS for path in paths}
    expected |= {(what, "rsa", "openssl") for what in (*WHOLE, "sign raw bytes")}
    expected.add(("build table of curve", "gost2015", "python"))
    assert set(found) == expected
    assert all(one["per_cpu_second"] > 0 and one["per_wall_second"] > 0 for one in found.values())
    assert report["environment"]["arithmetic"] == native.names()
    assert report["document_bytes"] == len(contract()) == DOCUMENT_BYTES
    shown = capsys.readouterr().out
    assert all(goal["goal"] in shown for goal in report["goals"])
    assert sum(line.startswith(WHOLE) for line in shown.splitlines()) == len(WHOLE) * (len(KINDS) * len(paths) + 1)
    if "native" in paths:
        fast, plain = (found["hash", "gost2015", path]["per_cpu_second"] for path in paths)
        assert fast > 3 * plain


@pytest.mark.parametrize(
    ("found", "met"),
    [
        (figures(300, 40, 600), [True, True, True]),
        (figures(299, 39, 599), [False, False, False]),
        (figures(0, 50, 700)[1:], [False, True, True]),
    ],
)
def test_goal_is_met_only_when_it_was_measured_and_reached(found: list[Rates], met: list[bool]) -> None:
    assert [goal.met for goal in kzeds_signatures.goals(found)] == met


def test_missed_goal_ends_the_run_with_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(kzeds_signatures, "subjects", lambda _: [])
    monkeypatch.setattr(kzeds_signatures, "measure", lambda _, **__: figures(299, 41, 601))
    assert kzeds_signatures.main([]) == 1
    assert kzeds_signatures.main(["--no-goals"]) == 0
    assert "not met  GOST-2015 enveloped, native, per second: >= 300, measured 299.00" in capsys.readouterr().out


def test_goal_that_cannot_be_measured_says_why() -> None:
    assert "not measured: libcrypto or libgcrypt is missing" in Goal("fast", 300, None).line()


def test_document_is_well_formed_and_of_the_promised_size() -> None:
    assert parse(contract()).findtext(".//contractNumber") == "ТД-17/2026"


def test_ratio_is_taken_pair_by_pair() -> None:
    """A slow minute of the machine hits both of a pair, and is not seen in their ratio."""
    above, below = rates(("a", "", ""), 60, 30, 600), rates(("b", "", ""), 100, 50, 1000)
    assert quartiles(ratios(above, below))[1] == pytest.approx(0.6)
    assert quartiles([5]) == (5, 5, 5)
