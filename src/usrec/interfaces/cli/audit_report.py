"""What an audit found and how late events were, for a screen and for scripts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import typer

from kzeds.visible import show_controls
from usrec.domain.audit import QUIET, FieldDifference, Finding, Kind
from usrec.domain.mapping.coverage import masked
from usrec.domain.spreadsheet import harmless
from usrec.interfaces.cli.audit_words import CAUSES, KINDS, STAGES, STEPS
from usrec.interfaces.cli.tables import clean, local_time, print_table, say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.domain.audit_run import AuditRun
    from usrec.domain.lateness import Lateness

SHOWN: Final = 50
PLAN_DIGITS: Final = 16
"""So much of a plan's digest is shown, and enough to name it."""
_LATENESS: Final = ("employer", "stage", "events", "median", "percentile_95", "registered", "late")


def print_run(run: AuditRun, kinds: Sequence[Kind], *, personal: bool) -> None:
    """Counts, the findings and what would be done; personal data masked unless it is asked for."""
    say(tr("Audit of {employer}, {at}").format(employer=run.employer, at=local_time(run.taken_at)))
    for line in _book_lines(run):
        say(line)
    for kind, number in run.counts.items():
        if number:
            say(f"{number:>7}  {tr(KINDS[kind])}")
    if run.findings is None:
        say(tr("Retention took the findings away; take the audit again."))
        return
    chosen = chosen_findings(run, kinds)
    for one in chosen[:SHOWN]:
        for line in _finding_lines(one, personal=personal):
            typer.echo(show_controls(line) if personal else clean(line))
    if len(chosen) > SHOWN:
        say(ntr("and {number} other: --json", "and {number} others: --json", len(chosen) - SHOWN))
    if run.to_do():
        number = len(run.to_do())
        say(ntr("{number} id would be imported.", "{number} ids would be imported.", number))
        typer.echo(tr("The plan, for --apply: {plan}").format(plan=run.digest[:PLAN_DIGITS]))


def chosen_findings(run: AuditRun, kinds: Sequence[Kind]) -> Sequence[Finding]:
    """Those of the kinds that were asked for; else all that somebody has to look at."""
    return [one for one in run.findings or () if (one.kind in kinds if kinds else one.kind not in QUIET)]


def run_json(run: AuditRun, kinds: Sequence[Kind], *, personal: bool) -> dict[str, Any]:
    """The keys that scripts rely on."""
    compared = run.compared
    books = {
        "hr": compared and compared.hr,
        "ledger": compared and compared.ledger,
        "registry": compared and compared.registry,
        "unusable": compared and compared.unusable,
        "exported_on": compared and compared.exported_on,
    }
    return {
        "employer": run.employer,
        "taken_at": run.taken_at,
        "plan": run.digest,
        "books": books,
        "counts": run.counts,
        "unmatched": run.unmatched,
        "findings": None
        if run.findings is None
        else [finding_json(one, personal=personal) for one in chosen_findings(run, kinds)],
    }


def finding_json(one: Finding, *, personal: bool) -> dict[str, Any]:
    """One contract."""
    return {
        "kind": one.kind,
        "cause": one.cause,
        "step": one.step,
        "contract_key": one.key,
        "contract_id": one.contract_id,
        "legal_date": one.legal_date,
        "needed_by": one.needed_by,
        "submission": one.submission,
        "fields": [_field_json(field, personal=personal) for field in one.fields],
        "candidates": one.candidates,
        "operations": one.operations,
        "puzzle": one.puzzle or None,
        "employee_iin": _shown("employee_iin", one.iin, personal=personal) or None,
    }


def _field_json(field: FieldDifference, *, personal: bool) -> dict[str, str | None]:
    values = {"hr": field.hr, "ledger": field.ledger, "registry": field.registry}
    return {"name": field.name} | {book: _shown(field.name, value, personal=personal) for book, value in values.items()}


def _shown(name: str, value: str | None, *, personal: bool) -> str | None:
    return value if personal or value is None else masked(name, value)


def _book_lines(run: AuditRun) -> Iterator[str]:
    books = run.compared
    if books is None:
        return
    absent = tr("not there")
    words = tr("contracts in HR: {hr}, in the ledger: {ledger}, in the export: {registry}")
    hr, registry = (absent if one is None else str(one) for one in (books.hr, books.registry))
    yield words.format(hr=hr, ledger=books.ledger, registry=registry)
    if books.unusable:
        number = books.unusable
        yield ntr("{number} row of the export is unusable", "{number} rows of the export are unusable", number)


def _finding_lines(one: Finding, *, personal: bool) -> Iterator[str]:
    name = one.key or one.contract_id or ""
    iin = f" {_shown('employee_iin', one.iin, personal=personal)}" if one.iin else ""
    yield f"{name}{iin}: {tr(CAUSES[one.cause])}"
    if one.legal_date is not None:
        yield "    " + tr("last day by law: {day}").format(day=one.legal_date)
    if one.needed_by is not None:
        yield "    " + tr("its id is needed by {day} at the latest").format(day=one.needed_by)
    if one.key and one.contract_id:
        yield "    " + tr("id in the registry: {id}").format(id=one.contract_id)
    for field in one.fields:
        told = _field_json(field, personal=personal)
        shown = ", ".join(f"{book} {told[book]}" for book in ("hr", "ledger", "registry") if told[book] is not None)
        yield f"    {field.name}: {shown}"
    about = " ".join([*one.operations, *one.candidates, one.puzzle, one.submission or ""]).strip()
    yield f"    -> {tr(STEPS[one.step])}" + (f" ({about})" if about else "")


def lateness_json(found: Sequence[Lateness], *, by_department: bool) -> list[dict[str, Any]]:
    """One object for each employer, or for each of its departments."""
    return [
        {
            "employer": one.employer,
            **({"department": one.department and clean(one.department)} if by_department else {}),
            "registered": one.registered,
            "late": one.late,
            "stages": [
                {
                    "stage": figures.stage,
                    "events": figures.events,
                    "median": figures.median,
                    "percentile_95": figures.percentile_95,
                }
                for figures in one.stages
            ],
        }
        for one in found
    ]


def lateness_csv(found: Sequence[Lateness], *, by_department: bool) -> str:
    """A row for each employer, or department, and stage; an unknown department is an empty cell."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*_LATENESS[:1], *(["department"] if by_department else []), *_LATENESS[1:]])
    for one in found:
        names = [one.employer, *([clean(one.department or "")] if by_department else [])]
        for figures in one.stages:
            cells = [figures.events, _blank(figures.median), _blank(figures.percentile_95)]
            writer.writerow([*map(harmless, names), figures.stage.value, *cells, one.registered, one.late])
    return text.getvalue()


def print_lateness(found: Sequence[Lateness], *, by_department: bool) -> None:
    """A table."""
    for one in found:
        words = tr("{employer}: {registered} registered, {late} of them after the legal date")
        say(
            words.format(
                employer=", ".join(_names(one, by_department=by_department)), registered=one.registered, late=one.late
            )
        )
    named = [tr("employer"), *([tr("department")] if by_department else [])]
    headings = [*named, tr("stage"), tr("events"), tr("median, working days"), tr("95 of 100 within")]
    rows = [
        [
            *_names(one, by_department=by_department),
            tr(STAGES[figures.stage]),
            str(figures.events),
            *_figures(figures.median, figures.percentile_95),
        ]
        for one in found
        for figures in one.stages
    ]
    print_table(headings, rows)


def _names(one: Lateness, *, by_department: bool) -> Sequence[str]:
    return [one.employer, *([one.department or tr("department unknown")] if by_department else [])]


def _figures(*values: float | None) -> Iterator[str]:
    yield from (_blank(value) for value in values)


def _blank(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
