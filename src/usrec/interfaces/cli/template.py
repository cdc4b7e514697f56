"""``usrec template``: files to begin with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from usrec.interfaces.cli.options import Language
from usrec.interfaces.i18n import N_, tr

app = typer.Typer(help="Files to begin with.", no_args_is_help=True)


class Form(StrEnum):
    """Kinds of files."""

    csv = "csv"
    xlsx = "xlsx"
    jsonl = "jsonl"


@app.callback()
def _files() -> None:
    """Files to begin with."""


@app.command("events")
def events(
    *,
    form: Annotated[Form, typer.Option("--format", help="Kind of the file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; else standard output.")
    ] = None,
    language: Annotated[Language | None, typer.Option(help="Language of the comments.")] = None,
) -> None:
    """A file of events with every column, explained, and an example of each kind; lint accepts it as it is."""
    from usrec.interfaces.i18n import use_language

    if language is not None:
        use_language(language.value)
    content = _content(form)
    if output is not None:
        _save(output, content)
    elif form is Form.xlsx and sys.stdout.isatty():
        raise typer.BadParameter("a workbook needs a file", param_hint="--output")
    else:
        typer.echo(content, nl=False)


def _content(form: Form) -> bytes:
    from usrec.adapters.sources.files import template

    head, explained = [tr(one) for one in _HEAD], _explained()
    comments = [*head, *(f"{name}: {told}" for name, told in explained.items())]
    match form:
        case Form.csv:
            return template.csv_template(comments)
        case Form.jsonl:
            return template.json_lines_template(comments)
        case Form.xlsx:
            return template.workbook_template(head, explained, tr("Columns"))


def _save(file: Path, content: bytes) -> None:
    from usrec.domain.errors import ConfigurationError, UnsafeRequest

    try:
        with file.open("xb") as opened:
            opened.write(content)
    except FileExistsError:
        raise UnsafeRequest(
            "the file exists already; it was not touched", where=str(file), next_step="Choose another name"
        ) from None
    except OSError as problem:
        raise ConfigurationError(f"the file cannot be written: {problem.strerror}", where=str(file)) from None


_HEAD = (
    N_("Events for USREC: one row for each event. Leave out a column that stays empty; the order does not matter."),
    N_("The rows called EXAMPLE are made up, and so is their employer: take them out."),
    N_("Dates are YYYY-MM-DD or DD.MM.YYYY. Keep IIN, BIN and codes as text, so that no leading zero is lost."),
)

ROW_MEANINGS: Mapping[str, str] = {
    "event_id": N_("the HR system's own id of the event; it never changes"),
    "event_type": N_("kind of the event: {kinds}"),
    "contract_key": N_("the HR system's own key of the contract, the same in all its events"),
    "employer_bin": N_("BIN of the employer, or the IIN of an entrepreneur"),
    "revision": N_("1 when empty; raise it with each correction of the event"),
    "withdrawn": N_("true takes the event back"),
    "entered_at": N_("when HR entered the event, such as 2026-11-18T09:30:00+05:00; may stay empty"),
}


def _explained() -> Mapping[str, str]:
    """What each column means, in the language of the moment."""
    from usrec.adapters.sources.files.columns import FIELD_COLUMNS
    from usrec.domain.rules.field_table import FIELDS

    told = {name: tr(meaning).replace("{kinds}", ", ".join(FIELDS)) for name, meaning in ROW_MEANINGS.items()}
    return told | {name: "; ".join(_field(name)) for name in FIELD_COLUMNS}


def _field(name: str) -> Iterator[str]:
    from usrec.adapters.sources.files.columns import ANY_RULES
    from usrec.domain.rules.completeness import is_demanded
    from usrec.domain.rules.field_table import FIELDS

    yield tr(ANY_RULES[name].expected)
    having = {kind: one for kind, rules in FIELDS.items() for one in rules if one.name == name}
    needing = [kind for kind, one in having.items() if one.required or is_demanded(kind, name)]
    taking = [kind for kind in having if kind not in needing]
    yield from _kinds(tr("required for"), needing)
    yield from _kinds(tr("may stand for"), taking)
    yield from _absence(name)


def _kinds(word: str, kinds: Sequence[str]) -> Iterator[str]:
    if kinds:
        yield f"{word}: {', '.join(kinds)}"


def _absence(name: str) -> Iterator[str]:
    from usrec.adapters.sources.files.columns import ANY_RULES

    codes = dict.fromkeys(filter(None, (ANY_RULES[name].missing, ANY_RULES[name].malformed)))
    if codes:
        yield ", ".join(codes)
