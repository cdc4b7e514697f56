"""``usrec submission approve``: a person looks at a document and approves exactly those bytes."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Final

import typer

from usrec.domain.errors import UnsafeRequest
from usrec.interfaces.cli.acting import Result, show_one
from usrec.interfaces.cli.options import AsJson, Config, who
from usrec.interfaces.cli.selection import Id, opened, whole_id
from usrec.interfaces.cli.tables import clean
from usrec.interfaces.i18n import tr

_ENOUGH: Final = 8
"""Characters of the digest that a person types."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def approve(
    submission: Id,
    *,
    digest: Annotated[
        str | None,
        typer.Option(
            help="SHA-256 of the document that you looked at (usrec submission show); asked for at a terminal."
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Approve the document of a submission; its summary and digest are shown first. It is signed as it stands."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.acting import Actor
    from usrec.application.approve import approve as approve_document
    from usrec.application.pack_papers import unsigned_paper
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.interfaces.cli.field_words import names_of
    from usrec.interfaces.cli.paper_words import paper_summary
    from usrec.preflight import build_code_check

    given = None if digest is None else digest.strip().lower()
    if given is not None and not _DIGEST.fullmatch(given):
        raise typer.BadParameter("it is not a SHA-256 of 64 hexadecimal digits", param_hint="--digest")
    with opened(config) as place:
        paper = unsigned_paper(whole_id(place.ledger.view, submission), ledger=place.ledger)
        names = names_of(build_code_check(place.settings).book, kazakhstan_date(SystemClock().now()))
        for line in (*paper_summary(paper, names).splitlines(), f"SHA-256: {paper.request.digest}"):
            typer.echo(clean(line), err=True)
        agreed = given or _typed(paper.request.digest)
        approve_document(paper.submission.id, agreed, Actor(who(), ""), ledger=place.ledger, clock=SystemClock())
    show_one(Result(paper.submission.id, "done", agreed), tr("approved"), as_json=as_json)


def _typed(digest: str) -> str:
    """Let a person at a terminal type the beginning of the digest.

    Raises:
        UnsafeRequest: There is no terminal, or something else was typed.
    """
    if not sys.stdin.isatty():
        raise UnsafeRequest(
            "there is no terminal to ask at, and no digest was given",
            kept="Nothing was changed",
            next_step="Give the digest of the document that you looked at: --digest",
        )
    question = tr("Type the first {number} characters of the digest to approve this document").format(number=_ENOUGH)
    typed: str = typer.prompt(question, default="", show_default=False, err=True)
    if typed.strip().lower() != digest[:_ENOUGH]:
        raise UnsafeRequest("it was not confirmed", kept="Nothing was changed")
    return digest
