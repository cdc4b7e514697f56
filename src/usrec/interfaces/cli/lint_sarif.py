"""The report as SARIF 2.1.0, which code hosts and editors show beside the lines of a file.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0: ``level`` and ``kind`` in 3.27, regions in 3.30.
What cannot be determined is of kind ``open``: "the tool could not decide".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from usrec import release
from usrec.domain.rules.finding import Finding, Severity
from usrec.interfaces.cli.lint_report import Report, Reported
from usrec.interfaces.cli.lint_words import NO_COMPLIANCE, code_meaning
from usrec.interfaces.i18n import english
from usrec.interfaces.masking import mask

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.ERROR: ("fail", "error"),
    Severity.WARNING: ("fail", "warning"),
    Severity.UNDETERMINED: ("open", "none"),
}


def sarif(report: Report) -> Mapping[str, Any]:
    """The whole log, with one run; in English."""
    with english():
        rules = sorted({_rule_id(one.finding) for one in report.found})
        places = {rule: place for place, rule in enumerate(rules)}
        driver = {
            "name": "usrec lint",
            "version": release(),
            "fullDescription": {"text": NO_COMPLIANCE},
            "rules": [_rule(one) for one in rules],
        }
        run = {
            "tool": {"driver": driver},
            "invocations": [_invocation()],
            "results": [_result(one, report, places) for one in report.found],
        }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation() -> Mapping[str, Any]:
    note = {"level": "note", "message": {"text": NO_COMPLIANCE}}
    return {"executionSuccessful": True, "toolExecutionNotifications": [note]}


def _rule_id(finding: Finding) -> str:
    return finding.code or finding.rule


def _rule(rule: str) -> Mapping[str, Any]:
    return {"id": rule, "shortDescription": {"text": code_meaning(rule) or rule}}


def _result(one: Reported, report: Report, places: Mapping[str, int]) -> Mapping[str, Any]:
    finding, (kind, level) = one.finding, _LEVELS[one.finding.severity]
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": places[_rule_id(finding)],
        "kind": kind,
        "level": level,
        "message": {"text": mask(finding.message)},
        "locations": _locations(one, report),
        "properties": {
            "rule": finding.rule,
            "field": mask(finding.field),
            "code": finding.code,
            "point": finding.point,
        },
    }


def _locations(one: Reported, report: Report) -> Sequence[Mapping[str, Any]]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(report.name)}}
    if one.row is not None:
        place["region"] = {"startLine": one.row}
    return [{"physicalLocation": place}]
