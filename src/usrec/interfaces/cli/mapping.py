"""``usrec mapping``: which official codes HR's values mean, in files that persons review and approve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.interfaces.cli.lint import Encoding
from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.tables import say

if TYPE_CHECKING:
    from usrec.adapters.sources.mapping.hr_list import ListColumns
    from usrec.domain.dictionary import Dictionary, Edition
    from usrec.domain.mapping.review import Review
    from usrec.interfaces.cli.mapping_report import Collected
    from usrec.settings import LoadedWatcherSettings

TROUBLE = 1
"""Exit code of coverage when something has to be approved, now or soon."""
app = typer.Typer(help="Review official codes for HR's values.", no_args_is_help=True)

One = Annotated[Path, typer.Argument(metavar="REVIEW", help="The review file: .xlsx or .csv.")]
Several = Annotated[list[Path], typer.Argument(metavar="REVIEW...", help="Review files: .xlsx or .csv.")]
On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help="By the lists of this day; default: today."),
]


@app.command("collect")
def collect(
    review: Annotated[
        Path | None,
        typer.Argument(metavar="[REVIEW]", help="The review file; else all of --source."),
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="A staff by its mapping file; else rows that were taken."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="HR's own list: CSV or Excel (.xlsx).")
    ] = None,
    column: Annotated[str, typer.Option(metavar="HEADING", help="With --from: the column of the values.")] = "",
    dictionary: Annotated[
        str, typer.Option(metavar="NAME", help="With --from: the official list, such as position.")
    ] = "",
    name_ru: Annotated[str, typer.Option(metavar="HEADING", help="With --from: Russian names of the values.")] = "",
    name_kk: Annotated[str, typer.Option(metavar="HEADING", help="With --from: Kazakh names of the values.")] = "",
    employee: Annotated[
        str, typer.Option(metavar="HEADING", help="With --from: what tells employees apart; only counted.")
    ] = "",
    encoding: Annotated[Encoding | None, typer.Option(help="Of HR's list, else it is recognised.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Collect HR's different values into review files; what was decided before stays. No personal data."""
    from usrec.adapters.sources.mapping.hr_list import ListColumns
    from usrec.interfaces.cli.mapping_report import collected_json, collected_lines
    from usrec.interfaces.cli.mapping_values import collected_of_source

    if (source is None) == (file is None):
        raise typer.BadParameter("say either --source or --from", param_hint="--source")
    if source is not None:
        from usrec.settings import load_settings

        made = collected_of_source(load_settings(config), source, review)
    else:
        if review is None or file is None or not column or not dictionary:
            raise typer.BadParameter("--from needs REVIEW, --column and --dictionary", param_hint="--from")
        read = "" if encoding is None else encoding.value
        made = [_of_list(review, file, ListColumns(column, name_ru, name_kk, employee), dictionary, read)]
    if as_json:
        print_json([collected_json(one) for one in made])
    else:
        for one in made:
            for line in collected_lines(one):
                say(line)


def _of_list(review: Path, file: Path, columns: ListColumns, dictionary: str, encoding: str) -> Collected:
    from usrec.adapters.sources.mapping.hr_list import seen_in_list
    from usrec.domain.rules.codes import CODE_FIELDS
    from usrec.interfaces.cli.mapping_values import collected

    known = sorted({one.dictionary for one in CODE_FIELDS.values()})
    if dictionary not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint="--dictionary")
    return collected(review, dictionary, seen_in_list(file, columns, encoding))


@app.command("suggest")
def suggest(
    files: Several,
    *,
    approve_exact: Annotated[
        bool, typer.Option("--approve-exact", help="Approve in your name what has the very name of one single code.")
    ] = False,
    on: On = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write codes with similar names beside what is undecided. Approves nothing by itself."""
    from usrec.adapters.sources.mapping.review_file import content_of, write_review
    from usrec.application.map_values import approve_exact as approve_equal
    from usrec.application.map_values import suggest as with_suggestions
    from usrec.domain.mapping.likeness import NameIndex
    from usrec.domain.rules.codes import may_be_heading
    from usrec.interfaces.cli.mapping_report import suggested_json, suggested_line

    settings, told = _settings(config), []
    for file in files:
        before, review = content_of(file), _read(file)
        edition = _edition(settings, review.dictionary, _day(on))
        index, approved = NameIndex(edition, headings_too=may_be_heading(review.dictionary)), 0
        if approve_exact:
            exact = approve_equal(review, edition, index, who(), _day(None))
            _require_no_faults(file, exact.faults)
            review, approved = exact.review, exact.approved
        review = with_suggestions(review, edition, index)
        write_review(file, review, before)
        told.append((file, review, approved))
    if as_json:
        print_json([suggested_json(*one) for one in told])
    else:
        for one in told:
            say(suggested_line(*one))


@app.command("approve")
def approve(
    file: One,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Only check and show what would be approved.")] = False,
    correct: Annotated[
        bool,
        typer.Option("--correct", help="Codes written over approved ones are right, the approved ones were wrong."),
    ] = False,
    on: On = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Approve every line for which a code was chosen, in your name; refused when one of the codes cannot be used."""
    from usrec.adapters.sources.mapping.review_file import content_of, write_review
    from usrec.application.map_values import approve as approve_chosen
    from usrec.interfaces.cli.mapping_report import approved_json, approved_lines

    settings = _settings(config)
    before, review = content_of(file), _read(file)
    edition = _edition(settings, review.dictionary, _day(on))
    made = approve_chosen(review, edition, who(), _day(None), correcting=correct)
    is_written = not plan and not made.faults
    if is_written:
        write_review(file, made.review, before)
    if as_json:
        print_json(approved_json(file, made, written=is_written))
    else:
        for line in approved_lines(file, made, edition, written=is_written):
            say(line)
    if made.faults:
        raise typer.Exit(ValidationProblem.exit_code)


@app.command("coverage")
def coverage(
    files: Several,
    *,
    least: Annotated[int, typer.Option(min=0, max=100, help="Percent of employees that must be covered.")] = 100,
    months: Annotated[int, typer.Option(min=0, max=36, help="Codes that end within so many months are trouble.")] = 3,
    on: On = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How much of what HR has is covered by approved codes, what is missing, and what ends soon; for monitoring too."""
    from usrec.domain.mapping.review_coverage import cover_review, months_after
    from usrec.interfaces.cli.mapping_report import covered_json, covered_lines, is_enough
    from usrec.preflight import build_dictionaries

    store, day = build_dictionaries(_settings(config)), _day(on)
    ahead, found = months_after(day, months), []
    for file in files:
        review = _read(file)
        edition_on = partial(_held, store.load(review.dictionary))
        found.append((file, cover_review(review, edition_on, day, ahead)))
    if as_json:
        print_json([covered_json(*one, least=least) for one in found])
    else:
        for file, covered in found:
            for line in covered_lines(file, covered):
                say(line)
    if not all(is_enough(covered, least) for _, covered in found):
        raise typer.Exit(TROUBLE)


def _held(dictionary: Dictionary | None, day: date) -> Edition | None:
    return None if dictionary is None else dictionary.on(day)


def _settings(config: Path | None) -> LoadedWatcherSettings:
    from usrec.settings import load_watcher_settings

    return load_watcher_settings(config)


def _read(file: Path) -> Review:
    from usrec.adapters.sources.mapping.review_file import read_review

    return read_review(file)


def _day(given: datetime | None) -> date:
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.kazakhstan_time import kazakhstan_date

    return given.date() if given else kazakhstan_date(SystemClock().now())


def _edition(settings: LoadedWatcherSettings, name: str, day: date) -> Edition:
    from usrec.preflight import build_dictionaries

    edition = _held(build_dictionaries(settings).load(name), day)
    if edition is None:
        raise ConfigurationError(
            f"the official list {name} is not imported for {day}",
            kept="Nothing was written",
            next_step="Import it: usrec dictionaries import FILE",
        )
    return edition


def _require_no_faults(file: Path, faults: Sequence[object]) -> None:
    from usrec.adapters.sources.mapping.review_file import refused

    if faults:
        what = "a line with an exact name holds on a day that another line of its value has too"
        raise refused(file, what, "Set valid_from and valid_to, or leave --approve-exact away")
