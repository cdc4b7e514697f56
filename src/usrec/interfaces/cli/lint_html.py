"""The report as one HTML page in the reader's language: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from usrec.interfaces.cli.lint_report import Group, Report, beyond_lint, counted, groups, not_looked_up
from usrec.interfaces.cli.lint_words import NO_COMPLIANCE, SEVERITIES, code_meaning, lint_words
from usrec.interfaces.cli.tables import clean
from usrec.interfaces.i18n import language, tr

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}table{border-collapse:collapse;width:100%}th,td{border:1px solid #767676;padding:.3rem .6rem;"
    "text-align:left;vertical-align:top}caption{text-align:left;padding:.4rem 0}.note{border:2px solid #1a1a1a;"
    "padding:.6rem 1rem}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def lint_page(report: Report) -> str:
    """The page."""
    title = _text(tr("Check of {name}").format(name=report.name))
    body = "\n".join(_body(report))
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    yield f'<p class="note"><strong>{_text(tr(NO_COMPLIANCE))}</strong></p>'
    yield f"<p>{_text(counted(report))}</p>"
    for group in groups(report):
        yield from _group(group)
    for finding in not_looked_up(report):
        yield f"<p>{_text(tr(SEVERITIES[finding.severity]))}: {_text(lint_words(finding))}</p>"
    beyond = tr("What only USREC can know")
    yield f"<h2>{_text(beyond)}</h2>\n<ul>"
    for finding in beyond_lint(report):
        yield f"<li>{_text(finding.code)}: {_text(code_meaning(finding.code))}</li>"
    yield "</ul>"


def _group(group: Group) -> Iterator[str]:
    severity, action = tr(SEVERITIES[group.severity]), tr("what to do")
    yield f"<h2>{_text(severity)}: {_text(group.heading)}</h2>"
    caption = f"{action}: {group.action}" if group.action else severity
    yield f"<table>\n<caption>{_text(caption)}</caption>"
    yield _line("th", [tr("row"), tr("field"), tr("message")])
    for one in group.found:
        yield _line("td", [str(one.row), one.finding.field, lint_words(one.finding)])
    yield "</table>"


def _line(kind: str, cells: Sequence[str]) -> str:
    opened = '<th scope="col">' if kind == "th" else "<td>"
    return f"<tr>{''.join(f'{opened}{_text(cell)}</{kind}>' for cell in cells)}</tr>"


def _text(text: str) -> str:
    return escape(clean(text))
