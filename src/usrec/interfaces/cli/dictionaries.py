"""``usrec dictionaries``: import the registry's official code lists, look at them, and see what they mean for us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.adapters.dictionaries.official import Layout
    from usrec.application.import_dictionary import LostCode, Plan
    from usrec.domain.dictionary import Edition
    from usrec.interfaces.cli.dictionary_words import Told
    from usrec.settings import LoadedWatcherSettings

TROUBLE = 1
"""Exit code when codes in use are not in use in the dictionaries any more."""
app = typer.Typer(help="The official code lists of USREC.", no_args_is_help=True)


@app.command("import")
def import_lists(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="An official list: CSV or XLSX.")],
    *,
    name: Annotated[str | None, typer.Option(help="The dictionary, where the file's name does not say it.")] = None,
    valid_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="First day; default: today.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a CSV file: utf-8, cp1251 or kz1048; default: found out.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=HEADING",
            help="Which column is id, code, name_kk, name_ru, active or parent_id; may be repeated.",
        ),
    ] = None,
    ignore_column: Annotated[
        list[str] | None, typer.Option(metavar="HEADING", help="A column that is not read; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also a list that loses many codes.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Import official code lists; shows what changes, and which codes in use are not in use any more."""
    from usrec.application.import_dictionary import plan_import
    from usrec.interfaces.cli.dictionary_words import import_words, imported_json
    from usrec.preflight import build_dictionaries
    from usrec.settings import load_watcher_settings

    if name is not None and len(files) > 1:
        raise typer.BadParameter("one file at a time when the dictionary is named", param_hint="--name")
    settings = load_watcher_settings(config)
    store, layout = build_dictionaries(settings), _layout(column, ignore_column)
    read = [_read(file, name, valid_from, encoding, layout) for file in files]
    if len({one.name for one, _ in read}) < len(read):
        raise typer.BadParameter("two of the files hold the same dictionary", param_hint="FILE")
    plans = [(plan_import(one.name, edition, store=store), one) for one, edition in read]
    if not dry_run:
        _keep_all([plan for plan, _ in plans], settings, force=force)
    lost, reachable = _lost({plan.name: plan.new for plan, _ in plans}, settings)
    if as_json:
        print_json(imported_json(plans, lost, reachable=reachable, written=not dry_run))
    else:
        for line in import_words(plans, lost, reachable=reachable, written=not dry_run):
            say(line)
    if dry_run and not force:
        _require_whole([plan for plan, _ in plans], settings)
    if lost:
        raise typer.Exit(TROUBLE)


def _keep_all(plans: Sequence[Plan], settings: LoadedWatcherSettings, *, force: bool) -> None:
    from usrec.application.import_dictionary import keep
    from usrec.preflight import build_dictionaries

    if not force:
        _require_whole(plans, settings)
    for plan in plans:
        keep(plan, store=build_dictionaries(settings))


def _require_whole(plans: Sequence[Plan], settings: LoadedWatcherSettings) -> None:
    from usrec.application.import_dictionary import require_whole

    for plan in plans:
        require_whole(plan, settings.values.dictionaries.most_lost)


def _layout(column: Sequence[str] | None, ignored: Sequence[str] | None) -> Layout:
    from usrec.adapters.dictionaries.official import COLUMNS, Layout

    columns = {}
    for one in column or ():
        ours, _, heading = one.partition("=")
        if ours not in COLUMNS or not heading:
            raise typer.BadParameter(f"{one!r}: write one of {', '.join(COLUMNS)}, =, heading", param_hint="--column")
        columns[ours] = heading
    return Layout(columns, ignored or ())


def _read(
    file: Path, given: str | None, valid_from: datetime | None, encoding: str | None, layout: Layout
) -> tuple[Told, Edition]:
    """What a file holds, and what there is to tell of it."""
    from hashlib import sha256

    from usrec.adapters.dictionaries.files import NAME
    from usrec.adapters.dictionaries.known import KNOWN, recognised
    from usrec.adapters.dictionaries.official import read_official
    from usrec.adapters.dictionaries.tables import ENCODINGS, read_file, read_rows
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.dictionary import Edition
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.interfaces.cli.dictionary_words import Told

    if encoding is not None and encoding not in ENCODINGS:
        raise typer.BadParameter(f"one of {', '.join(ENCODINGS)}", param_hint="--encoding")
    name = given or recognised(file.stem)
    if name is None or not NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{file.name} does not say which dictionary it is; known are {', '.join(KNOWN)}. Another may be named "
            "with small Latin letters, digits and _",
            param_hint="--name",
        )
    content, now = read_file(file), SystemClock().now()
    rows = read_rows(file, content, encoding)
    found = read_official(file, name, rows, layout)
    day = valid_from.date() if valid_from else kazakhstan_date(now)
    edition = Edition(day, now, file.name, sha256(content).hexdigest(), found.entries)
    return Told(name, rows.encoding, len(found.reused), unmarked=found.unmarked, numbers=found.numbers), edition


def _lost(editions: Mapping[str, Edition], settings: LoadedWatcherSettings) -> tuple[Sequence[LostCode], bool]:
    """Codes in use that the editions do not have in use, and whether the ledger could be asked."""
    from usrec.application.import_dictionary import lost_codes
    from usrec.domain.errors import UsrecError
    from usrec.ledger import build_ledger

    try:
        ledger = build_ledger(settings)
    except UsrecError:
        return [], False
    try:
        return lost_codes(editions, ledger.view), True
    except UsrecError:
        return [], False
    finally:
        ledger.close()


@app.command("list")
def list_imported(*, config: Config = None, as_json: AsJson = False) -> None:
    """What was imported: each dictionary's editions, with file, day and number of codes."""
    from usrec.interfaces.cli.dictionary_words import listed_json, listed_rows
    from usrec.preflight import build_dictionaries
    from usrec.settings import load_watcher_settings

    store = build_dictionaries(load_watcher_settings(config))
    found = [dictionary for name in store.names() if (dictionary := store.load(name))]
    if as_json:
        print_json([listed_json(one) for one in found])
    elif not found:
        say(tr("No official dictionary is imported."))
    else:
        headings = [tr("dictionary"), tr("holds from"), tr("imported"), tr("codes"), tr("in use"), tr("file")]
        print_table(headings, [row for one in found for row in listed_rows(one)])


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dictionary, such as position.")],
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="One code; all that are in use when absent.")
    ] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Default: today.")] = None,
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """A code of an imported dictionary, or all of its codes that are in use on a day."""
    from usrec.interfaces.cli.dictionary_words import entry_facts, entry_json

    edition = _edition(name, _day(on), config)
    chosen = [code] if code else sorted(edition.active)
    if code and code not in edition.entries:
        raise typer.BadParameter(f"{name} has no code {code!r}{_close(edition, code)}", param_hint="CODE")
    entries = [edition.entries[one] for one in chosen]
    if as_json:
        told = [entry_json(edition, one) for one in entries]
        print_json(told[0] if code else told)
    elif code:
        for fact, value in entry_facts(edition, entries[0]):
            say(f"{fact}: {value}")
    else:
        print_table([tr("code"), "қазақша", "русский"], [[one.code, one.name_kk, one.name_ru] for one in entries])


def _close(edition: Edition, code: str) -> str:
    close = edition.close_to(code)
    return f"; close to it: {', '.join(close)}" if close else ""


def _day(given: datetime | None) -> date:
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.kazakhstan_time import kazakhstan_date

    return given.date() if given else kazakhstan_date(SystemClock().now())


def _edition(name: str, day: date, config: Path | None) -> Edition:
    from usrec.preflight import build_dictionaries
    from usrec.settings import load_watcher_settings

    store = build_dictionaries(load_watcher_settings(config))
    dictionary = store.load(name) if name in store.names() else None
    edition = dictionary.on(day) if dictionary else None
    if edition is None:
        known = ", ".join(store.names()) or "none"
        raise typer.BadParameter(f"{name} is not imported for {day}; imported: {known}", param_hint="NAME")
    return edition


@app.command("check")
def check(*, config: Config = None, as_json: AsJson = False) -> None:
    """Whether codes in use stand in the imported dictionaries, and whether every response code is explained."""
    from usrec.application.import_dictionary import RESPONSE_CODES, editions_on
    from usrec.interfaces.cli.dictionary_words import check_json, check_words, explained_in
    from usrec.preflight import build_dictionaries
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    editions = editions_on(_day(None), store=build_dictionaries(settings))
    lost, reachable = _lost(editions, settings)
    codes = editions.get(RESPONSE_CODES)
    explained = explained_in(RESPONSE_CODES, codes) if codes else None
    if as_json:
        print_json(check_json(sorted(editions), lost, explained, reachable=reachable))
    else:
        for line in check_words(sorted(editions), lost, explained, reachable=reachable):
            say(line)
    if lost or (explained and not explained.agree):
        raise typer.Exit(TROUBLE)
