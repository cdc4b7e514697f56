"""``usrec document``: supporting documents of harmful work, for those whose HR system cannot place files itself.

A file's name may hold a person's name. So it is never repeated here: documents go by their digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.domain.document import FoundFile, MissingFile, StoredDocument

TROUBLE = 1
"""Exit code when a file cannot be sent."""
SHORT_DIGEST = 16
"""Digits of a digest in a table."""
_MOST = 1000
app = typer.Typer(help="Supporting documents of harmful work.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A PDF, JPEG or PNG.")]


@app.command("check")
def check(file: File, *, as_json: AsJson = False) -> None:
    """Whether USREC would take a file: its kind, and the size of the message that carries it. Needs no settings."""
    from usrec.adapters.documents.folder import read_document

    found = read_document(file)
    if as_json:
        print_json(checked_json(found))
    else:
        _say_checked(found)
    _require_sound(found)


@app.command("add")
def add(file: File, *, config: Config = None, as_json: AsJson = False) -> None:
    """Put a copy of a file into the folder of documents and say what HR's row has to name."""
    from usrec.adapters.documents.folder import read_document
    from usrec.preflight import build_shelf
    from usrec.settings import load_watcher_settings

    settings, found = load_watcher_settings(config), read_document(file)
    if not _is_sound(found):
        if as_json:
            print_json(checked_json(found))
        else:
            _say_checked(found)
        raise typer.Exit(TROUBLE)
    name = build_shelf(settings).place(_had(found))
    if as_json:
        print_json({**checked_json(found), "supporting_document": name})
        return
    _say_checked(found)
    say(tr("Put into the folder of documents. The row names it so, and says what it is in supporting_document_name:"))
    typer.echo(name)


@app.command("list")
def list_stored(*, config: Config = None, as_json: AsJson = False) -> None:
    """The documents that the agent took, newest first, by their digests; names of files are not shown."""
    from usrec.ledger import build_ledger
    from usrec.settings import load_watcher_settings

    ledger = build_ledger(load_watcher_settings(config))
    try:
        with ledger.begin() as work:
            stored = work.documents.stored(_MOST)
    finally:
        ledger.close()
    if as_json:
        print_json([stored_json(one) for one in stored])
    elif not stored:
        say(tr("The agent has taken no document yet."))
    else:
        _print_stored(stored)


@app.command("show")
def show(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="Of the document, or how it begins.")],
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the content to a new file, for your eyes only.")
    ] = None,
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One document that the agent took; with --save also its content."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.record_export import record_export
    from usrec.ledger import build_ledger
    from usrec.settings import load_watcher_settings

    ledger = build_ledger(load_watcher_settings(config))
    try:
        with ledger.begin() as work:
            like = work.documents.like(digest)
            found = work.documents.get(like[0].digest) if len(like) == 1 else None
        if found is not None and save is not None:
            record_export("document show", 1, who(), ledger=ledger, now=SystemClock().now())
    finally:
        ledger.close()
    if found is None:
        raise typer.BadParameter(
            "the digests of several documents begin so" if like else "no document has this digest", param_hint="DIGEST"
        )
    if save is not None:
        _save(save, found[1])
    if as_json:
        print_json(stored_json(found[0]))
    else:
        _print_stored([found[0]])


def _save(file: Path, content: bytes) -> None:
    from kzeds.files import write_atomically

    if file.exists():
        raise typer.BadParameter(f"{file} exists already", param_hint="--save")
    write_atomically(file, content)


def checked_json(found: FoundFile | MissingFile) -> dict[str, object]:
    """What was found out of a file; sizes in bytes."""
    from usrec.domain.rules.documents import encoded_size, file_findings, message_size, room_for_document

    size = _size(found)
    return {
        "format": getattr(found, "format", None),
        "size": size,
        "base64_size": encoded_size(size),
        "message_size": message_size(size),
        "largest_size": room_for_document(),
        "sound": _is_sound(found),
        "findings": [{"rule": one.rule, "code": one.code, "message": one.message} for one in file_findings(found)],
    }


def stored_json(one: StoredDocument) -> dict[str, object]:
    """A document of the ledger."""
    return {"digest": one.digest, "format": one.format, "size": one.size, "taken_at": one.taken_at}


def _size(found: FoundFile | MissingFile) -> int:
    from usrec.domain.document import MissingFile

    return found.size if isinstance(found, MissingFile) else len(found.content)


def _had(found: FoundFile | MissingFile) -> FoundFile:
    from usrec.domain.document import FoundFile
    from usrec.domain.errors import InvariantViolation

    if not isinstance(found, FoundFile):
        raise InvariantViolation("a file without a finding was not read")
    return found


def _is_sound(found: FoundFile | MissingFile) -> bool:
    from usrec.domain.rules.documents import file_findings

    return not list(file_findings(found))


def _require_sound(found: FoundFile | MissingFile) -> None:
    if not _is_sound(found):
        raise typer.Exit(TROUBLE)


def _say_checked(found: FoundFile | MissingFile) -> None:
    from usrec.domain.rules.documents import encoded_size, file_findings, message_size, room_for_document
    from usrec.interfaces.cli.finding_words import finding_words

    size = _size(found)
    if size:
        words = tr("{kind}, {size} KB; {encoded} KB as base64, {whole} KB in the signed message of 100 KB at most.")
        kind = getattr(found, "format", None) or tr("unknown kind")
        facts = map(_in_kb, (size, encoded_size(size), message_size(size)))
        say(words.format(kind=kind, **dict(zip(("size", "encoded", "whole"), facts, strict=True))))
    findings = list(file_findings(found))
    for one in findings:
        say(f"{one.code or one.rule}: {finding_words(one)}")
    if not findings:
        say(tr("USREC can take it: files up to {most} KB fit.").format(most=room_for_document() // 1024))


def _in_kb(size: int) -> int:
    return -(-size // 1024)


def _print_stored(stored: Sequence[StoredDocument]) -> None:
    from usrec.interfaces.cli.tables import local_time

    headings = [tr("digest"), tr("kind of file"), tr("KB"), tr("taken")]
    rows = [[one.digest[:SHORT_DIGEST], one.format, str(_in_kb(one.size)), local_time(one.taken_at)] for one in stored]
    print_table(headings, rows)
