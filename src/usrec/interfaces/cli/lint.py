"""``usrec lint``: what is wrong with rows, before anything is taken or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import Config, Language, print_json
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.domain.rules.finding import Finding
    from usrec.domain.rules.preflight import Preflight
    from usrec.domain.source_event import EmployerName, SourceRow
    from usrec.interfaces.cli.lint_report import Group, Report, Reported
    from usrec.settings import LoadedSettings

ERRORS = 1
CANNOT_READ = 2
_SHOWN = 20
"""Rows of one group on the screen; the other formats hold all."""


class Form(StrEnum):
    """How findings are written."""

    table = "table"
    json = "json"
    sarif = "sarif"
    html = "html"


class Encoding(StrEnum):
    """Encodings of text files."""

    utf_8 = "utf-8"
    cp1251 = "cp1251"
    kz1048 = "kz1048"
    ptcp154 = "ptcp154"


def lint(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV, Excel (.xlsx) or JSON lines.", show_default=False)
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With FILE: as this source would read it. Without: all rows of this source's outbox."
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How findings are written.")] = Form.table,
    employer: Annotated[
        list[str] | None, typer.Option(metavar="BIN", help="Number of an employer; else those of the settings.")
    ] = None,
    encoding: Annotated[Encoding | None, typer.Option(help="Of a text file; else it is recognised and told.")] = None,
    pad_iin: Annotated[
        bool, typer.Option("--pad-iin", help="Put back lost leading zeros where the check digit proves them.")
    ] = False,
    sentinel: Annotated[
        list[str] | None, typer.Option(metavar="DAY=MEANING", help="Such as 99991231=none, or 2001-01-01=date.")
    ] = None,
    excel_dates: Annotated[
        bool, typer.Option("--excel-dates", help="Bare numbers in date fields are Excel's count of days.")
    ] = False,
    documents: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where supporting documents lie; else the folder of the settings."),
    ] = None,
    shown_in: Annotated[
        Language | None, typer.Option("--language", help="Language of table and page; JSON and SARIF are English.")
    ] = None,
    config: Config = None,
) -> None:
    """Check rows by the agent's rules. Sends nothing, writes nothing, and is no statement of compliance."""
    from usrec.domain.errors import UsrecError
    from usrec.domain.rules.finding import Severity
    from usrec.interfaces.i18n import use_language

    if file is None and source is None:
        raise typer.BadParameter("name a file, or a source with --source", param_hint="FILE")
    if shown_in is not None:
        use_language(shown_in.value)
    try:
        settings = _settings(config, needed=source is not None)
        options = _options(encoding, sentinel or (), pad_iin=pad_iin, excel_dates=excel_dates)
        if file is not None and source is not None:
            options = _declared(settings, source, options)
        report = _examine(file, source, options, employer, settings, documents=documents)
    except UsrecError as problem:
        typer.echo(f"usrec: {problem}", err=True)
        raise typer.Exit(CANNOT_READ) from None
    _write(report, form)
    if report.count(Severity.ERROR):
        raise typer.Exit(ERRORS)


def _options(
    encoding: Encoding | None, sentinels: Sequence[str], *, pad_iin: bool, excel_dates: bool
) -> ReadingOptions:
    from usrec.adapters.sources.files.options import ReadingOptions, parse_sentinel

    return ReadingOptions(
        "" if encoding is None else encoding.value,
        pad_numbers=pad_iin,
        sentinels=dict(map(parse_sentinel, sentinels)),
        excel_dates=excel_dates,
    )


def _declared(settings: LoadedSettings | None, name: str, given: ReadingOptions) -> ReadingOptions:
    """What a source's settings declare about its files; what the command says besides goes before."""
    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.domain.errors import InvariantViolation
    from usrec.sources import declared_options

    if settings is None:
        raise InvariantViolation("a source is read without settings")
    own = declared_options(settings, name)
    return ReadingOptions(
        given.encoding or own.encoding,
        pad_numbers=given.pad_numbers or own.pad_numbers,
        sentinels={**own.sentinels, **given.sentinels},
        excel_dates=given.excel_dates or own.excel_dates,
    )


def _examine(
    file: Path | None,
    source: str | None,
    options: ReadingOptions,
    numbers: Sequence[str] | None,
    settings: LoadedSettings | None,
    *,
    documents: Path | None,
) -> Report:
    from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.lint import lint as lint_rows
    from usrec.interfaces.cli.lint_report import Report, Reported, never_known, of_the_whole
    from usrec.preflight import build_calendars

    read = _read_source(settings, source or "") if file is None else _read_file(file, source or "", options)
    name, how, at_head, rows = read
    found = lint_rows(
        [(row, read) for row, read in rows],
        employers=_employers(numbers, settings),
        calendar=KazakhstanCalendar() if settings is None else build_calendars(settings),
        now=SystemClock().now(),
        preflight=_preflight(documents, settings),
    )
    told = [Reported(int(row.row_ref), one) for (row, _), ones in zip(rows, found, strict=True) for one in ones]
    everything = [*at_head, *of_the_whole(told), *never_known({row.event_type for row, _ in rows})]
    return Report(name, how, len(rows), everything)


def _preflight(documents: Path | None, settings: LoadedSettings | None) -> Preflight:
    """What the rows are examined with; supporting documents lie where the command says it, else where settings do."""
    from usrec.adapters.documents.folder import DocumentFolder
    from usrec.domain.rules.completeness import Completeness
    from usrec.domain.rules.finding import Severity
    from usrec.domain.rules.preflight import Preflight
    from usrec.preflight import build_preflight

    bare = Preflight(completeness=Completeness(unsure=Severity.WARNING))
    found = bare if settings is None else build_preflight(settings)
    return found if documents is None else replace(found, shelf=DocumentFolder(documents))


def _settings(config: Path | None, *, needed: bool) -> LoadedSettings | None:
    """The settings, where they are named, needed, or in their usual place."""
    from usrec.settings import find_settings, load_settings

    wanted = needed or config is not None or find_settings(None).is_file()
    return load_settings(config) if wanted else None


def _employers(numbers: Sequence[str] | None, settings: LoadedSettings | None) -> Mapping[str, EmployerName] | None:
    """Employers by number; None where neither the command nor settings name any."""
    from usrec.domain.identifiers import parse_employer_id
    from usrec.domain.source_event import EmployerName
    from usrec.policies import employers_by_bin

    if numbers:
        return {parse_employer_id(number).value: EmployerName(number) for number in numbers}
    return None if settings is None else employers_by_bin(settings)


_Rows = Sequence[tuple["SourceRow", Sequence["Finding"]]]


def _read_file(file: Path, source: str, options: ReadingOptions) -> tuple[str, str, Sequence[Reported], _Rows]:
    from usrec.adapters.sources.files.reading import read_event_file
    from usrec.domain.source_event import SourceName
    from usrec.interfaces.cli.lint_report import Reported

    read = read_event_file(file, SourceName(source), options)
    at_head = [Reported(read.header_row, one) for one in read.findings]
    return str(file), read.how, at_head, [(one.row, one.findings) for one in read.rows]


def _read_source(settings: LoadedSettings | None, name: str) -> tuple[str, str, Sequence[Reported], _Rows]:
    from usrec.adapters.sources.files.options import MOST_ROWS
    from usrec.domain.errors import InvariantViolation, UnsafeRequest
    from usrec.sources import build_source_view

    if settings is None:
        raise InvariantViolation("a source is read without settings")
    view = build_source_view(settings, name)
    try:
        rows = view.fetch(MOST_ROWS + 1)
    finally:
        view.close()
    if len(rows) > MOST_ROWS:
        raise UnsafeRequest(f"the outbox holds more than {MOST_ROWS} rows", where=f"[source.{name}]")
    return name, f"[source.{name}]", (), [(row, ()) for row in rows]


def _write(report: Report, form: Form) -> None:
    if form is Form.json:
        from usrec.interfaces.cli.lint_report import lint_json

        print_json(lint_json(report))
    elif form is Form.sarif:
        from usrec.interfaces.cli.lint_sarif import sarif

        print_json(sarif(report))
    elif form is Form.html:
        from usrec.interfaces.cli.lint_html import lint_page

        typer.echo(lint_page(report), nl=False)
    else:
        _show(report)


def _show(report: Report) -> None:
    from usrec.domain.rules.finding import Severity
    from usrec.interfaces.cli.lint_report import beyond_lint, counted, groups, not_looked_up
    from usrec.interfaces.cli.lint_words import NO_COMPLIANCE, SEVERITIES, code_meaning, lint_words

    for group in groups(report):
        _show_group(group)
    undetermined = tr(SEVERITIES[Severity.UNDETERMINED])
    for finding in not_looked_up(report):
        say(f"{undetermined}: {lint_words(finding)}")
    say(tr("What only USREC can know"))
    for finding in beyond_lint(report):
        say(f"  {finding.code}: {code_meaning(finding.code)}")
    say(counted(report))
    say(tr(NO_COMPLIANCE))


def _show_group(group: Group) -> None:
    from usrec.interfaces.cli.lint_words import SEVERITIES, lint_words

    severity, action = tr(SEVERITIES[group.severity]), tr("what to do")
    say(f"{severity}: {group.heading} ({len(group.found)})")
    if group.action:
        say(f"  {action}: {group.action}")
    for one in group.found[:_SHOWN]:
        place = tr("row {number}").format(number=one.row)
        say(f"  {place}: {lint_words(one.finding)}")
    if len(group.found) > _SHOWN:
        more = tr("and more; --format json or html has all of them")
        say(f"  {more}")
