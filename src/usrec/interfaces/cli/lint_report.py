"""What ``usrec lint`` has to tell: its findings in order, grouped for people, as JSON for programs.

No value of a row stands in a finding, so that no form of the report holds personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from usrec.adapters.explanations.book import explain_all
from usrec.domain.response_code import Handling
from usrec.domain.rules.finding import Finding, Severity, undetermined
from usrec.interfaces.cli.lint_words import NO_COMPLIANCE, ONLY_USREC, SEVERITIES, code_action, code_meaning
from usrec.interfaces.i18n import english, tr
from usrec.interfaces.masking import mask

_ORDER: Final = tuple(Severity)
_LOOKED_UP: Final = "code_in_dictionary"


@dataclass(frozen=True, slots=True)
class Reported:
    """One finding; ``row`` is None where it is about all rows."""

    row: int | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run.

    Attributes:
        name: The file, or the source.
        how: How it was read.
        rows: How many rows were read.
    """

    name: str
    how: str
    rows: int
    found: Sequence[Reported]

    def count(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(one.finding.severity is severity for one in self.found)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one code, or of one rule where the registry has no code for it."""

    severity: Severity
    code: str
    rule: str
    found: Sequence[Reported]

    @property
    def heading(self) -> str:
        """The code and what it means, or that there is none."""
        meaning = code_meaning(self.code)
        return f"{self.code}: {meaning}" if meaning else tr("no code of USREC, rule {rule}").format(rule=self.rule)

    @property
    def action(self) -> str:
        """What to do, for a code."""
        return code_action(self.code)


def never_known(operations: Collection[str]) -> Iterator[Reported]:
    """What no lint can know, once for all rows: what it is not, and codes that only USREC can give.

    Args:
        operations: Kinds of events among the rows.
    """
    yield Reported(None, undetermined("no_compliance", "", NO_COMPLIANCE))
    for one in explain_all():
        concerned = "any" in one.operations or set(one.operations) & set(operations)
        if one.active and concerned and one.handling is Handling.SERVER:
            told = ONLY_USREC.format(meaning=one.texts["en"].meaning)
            yield Reported(None, undetermined("only_usrec_knows", one.field, told, code=one.code, point=one.point))


def of_the_whole(told: Iterable[Reported]) -> Iterator[Reported]:
    """The findings with those once that are the same for all rows: a dictionary that nobody has imported."""
    seen: set[tuple[str, str]] = set()
    for one in told:
        finding = one.finding
        if finding.severity is not Severity.UNDETERMINED or finding.rule != _LOOKED_UP:
            yield one
        elif (finding.field, finding.message) not in seen:
            seen.add((finding.field, finding.message))
            yield Reported(None, finding)


def groups(report: Report) -> Sequence[Group]:
    """What concerns single rows, errors first; then by code, then rules without one."""
    found: dict[tuple[int, str, str], list[Reported]] = {}
    for one in report.found:
        if one.row is not None:
            rule = "" if one.finding.code else one.finding.rule
            found.setdefault((_ORDER.index(one.finding.severity), one.finding.code or "~", rule), []).append(one)
    return [Group(_ORDER[key[0]], key[1].strip("~"), key[2], found[key]) for key in sorted(found)]


def beyond_lint(report: Report) -> Sequence[Finding]:
    """What only USREC can know; it concerns no single row."""
    return [one.finding for one in report.found if one.finding.rule == "only_usrec_knows"]


def not_looked_up(report: Report) -> Sequence[Finding]:
    """What would be known with a dictionary that nobody has imported; told once for all rows."""
    return [one.finding for one in report.found if one.row is None and one.finding.rule == _LOOKED_UP]


def counted(report: Report) -> str:
    """How many findings concern single rows, by severity."""
    of_rows = Counter(one.finding.severity for one in report.found if one.row is not None)
    counts = (f"{tr(word)}: {of_rows[severity]}" for severity, word in SEVERITIES.items())
    rows = tr("rows")
    return "; ".join((report.how, f"{rows}: {report.rows}", *counts))


def lint_json(report: Report) -> list[dict[str, object]]:
    """The keys that scripts rely on; always English."""
    with english():
        return [_finding_json(one) for one in report.found]


def _finding_json(one: Reported) -> dict[str, object]:
    finding = one.finding
    return {
        "row": one.row,
        "field": mask(finding.field),
        "code": finding.code,
        "severity": finding.severity,
        "message": mask(finding.message),
        "rule": finding.rule,
        "point": finding.point,
    }
