"""What we give to Prometheus and Grafana is true: every metric in it exists, with those labels, and is documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.exposition import families, full_exposition, labels_of, samples
from support.markdown import ROOT, anchor, cells, code, headings, only_code, prose, read, section
from support.promtool import needs_promtool, promtool

PROMETHEUS = ROOT / "docker" / "prometheus"
GRAFANA = ROOT / "docker" / "grafana"
RULES = yaml.safe_load((PROMETHEUS / "usrec.rules.yml").read_text("utf-8"))
TESTS = yaml.safe_load((PROMETHEUS / "usrec.rules.test.yml").read_text("utf-8"))
ALERTS: Mapping[str, Any] = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
DASHBOARD = json.loads((GRAFANA / "dashboards" / "usrec.json").read_text("utf-8"))
PAGE = read("reference/metrics.md")
HOW_TO = read("how-to/monitoring.md")
EXPOSITION = full_exposition()
OF_PROMETHEUS = {"up"}
"""Made by whoever scrapes."""

_SELECTED = re.compile(r"\b((?:usrec|process)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|=|!=)\s*"([^"]*)"')


def expressions() -> Iterator[tuple[str, str]]:
    """Where each PromQL expression stands, and what it says."""
    for name, rule in ALERTS.items():
        yield name, rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def documented() -> Mapping[str, tuple[str, set[str]]]:
    """Type and labels of every metric in the tables of metrics.md, by its name."""
    rows = [cells(line) for line in prose(PAGE).splitlines() if line.startswith("| `")]
    return {only_code(row[0]): (row[1], set(code(row[2]))) for row in rows}


def test_kazakh_says_alert_and_submission_with_two_words() -> None:
    """Alerts that do not arrive and submissions that do not are two faults, and two people act."""
    told = [rule["annotations"] for rule in ALERTS.values()]
    alerts = [one["summary_kk"] for one in told if re.search(r"\balerts\b", one["summary"])]
    panels = [f"{panel['title']} {panel.get('description', '')}" for panel in DASHBOARD["panels"]]
    alerts += [text.split(" / ", 1)[-1] for text in panels if re.match(r"Кадры и оповещения", text)]
    assert len(alerts) >= 2
    assert [text for text in alerts if "ескерту" not in text or "хабарлама" in text] == []


def test_every_metric_is_documented_with_its_type_and_labels_and_no_other() -> None:
    """The tables of metrics.md are what an agent exposes."""
    exposed = {name: (one.type, labels_of(one)) for name, one in families(EXPOSITION).items()}
    assert documented() == exposed


def test_every_metric_of_a_full_exposition_has_a_value() -> None:
    """Or what is said here about labels would be empty words."""
    assert [name for name, family in families(EXPOSITION).items() if not family.samples] == []


def test_rules_and_dashboard_ask_for_what_there_is() -> None:
    """Every metric exists, and so does a series with the labels that are asked for by name."""
    known = {name for name, _ in samples(EXPOSITION)}
    for place, expression in expressions():
        asked = list(_SELECTED.findall(expression))
        assert asked or "up{" in expression, place
        for name, selector in asked:
            assert name in known, f"{place}: {name}"
            for label, how, value in _MATCHER.findall(selector):
                assert label == "job" or _matches(name, label, how, value), f"{place}: {name}{{{label}{how}{value}}}"


def _matches(name: str, label: str, how: str, value: str) -> bool:
    """Whether some series has such a label; where one is excluded, whether the label exists."""
    found = {dict(labels).get(label) for sample, labels in samples(EXPOSITION) if sample == name} - {None}
    if how == "=":
        return value in found
    return bool(found) if how in {"!~", "!="} else set(value.split("|")) <= found


@pytest.mark.parametrize("name", ALERTS)
def test_alert_says_what_is_wrong_and_where_to_read_what_to_do(name: str) -> None:
    """Severity, a summary in three languages, what to do, and a place in our pages with the very name."""
    rule = ALERTS[name]
    told = rule["annotations"]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(told) == {"summary", "summary_ru", "summary_kk", "description", "runbook"}
    assert all(text.strip() for text in told.values())
    page, _, fragment = told["runbook"].partition("#")
    assert page == "docs/how-to/monitoring.md"
    assert fragment == anchor(name)
    assert name in headings((ROOT / page).read_text("utf-8"))
    assert len(section(HOW_TO, name).strip()) > 80


def test_page_explains_no_alert_that_there_is_not() -> None:
    """Each heading that looks like an alert is one."""
    assert {one for one in headings(HOW_TO) if one.startswith("Usrec")} == set(ALERTS)


def test_every_alert_has_been_seen_to_fire() -> None:
    """The unit tests for promtool make each of them fire."""
    told = [one for test in TESTS["tests"] for one in test.get("promql_expr_test", ())]
    fired = {name for one in told for sample in one["exp_samples"] for name in re.findall(r'"(\w+)"', sample["labels"])}
    assert fired == set(ALERTS)


def test_dashboard_can_be_imported_without_plug_ins() -> None:
    """Its panels are Grafana's own, do not overlap, and get their data from the chosen Prometheus; in two languages."""
    own = {"stat", "bargauge", "timeseries", "state-timeline", "row"}
    panels = DASHBOARD["panels"]
    assert (DASHBOARD["uid"], {panel["type"] for panel in panels} - own) == ("usrec-agent", set())
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(" / " in panel["title"] for panel in panels)
    for panel in panels:
        assert panel["type"] == "row" or panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    areas = [_area(panel["gridPos"]) for panel in panels]
    assert sum(map(len, areas)) == len(set[tuple[int, int]]().union(*areas)), "panels overlap"


def _area(place: Mapping[str, int]) -> set[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    assert columns.stop <= 24
    return {(column, row) for column in columns for row in rows}


@pytest.mark.parametrize("file", sorted((ROOT / "docker" / "grafana").rglob("*.yaml")), ids=lambda one: one.name)
def test_provisioning_is_valid(file: Path) -> None:
    """YAML of version 1, as Grafana wants it."""
    assert yaml.safe_load(file.read_text("utf-8"))["apiVersion"] == 1


def test_prometheus_loads_our_rules() -> None:
    """Its settings name the rules beside them, and the address that the page tells to listen on."""
    settings = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    assert [(PROMETHEUS / name).exists() for name in settings["rule_files"]] == [True]
    (target,) = settings["scrape_configs"][0]["static_configs"][0]["targets"]
    assert f'listen = "{target}"' in HOW_TO


@needs_promtool
@pytest.mark.parametrize(
    "command", ["check config prometheus.yml", "check rules usrec.rules.yml", "test rules usrec.rules.test.yml"]
)
def test_promtool_approves(command: str) -> None:
    """Prometheus' own checker, and our unit tests of the rules."""
    done = promtool(*command.split(), cwd=PROMETHEUS)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_finds_the_exposition_well_formed() -> None:
    """The text format, types, help texts and names."""
    done = promtool("check", "metrics", told=EXPOSITION)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
