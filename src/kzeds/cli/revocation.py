"""`kzeds revocation`: was a certificate revoked, and bringing lists into a closed network."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kzeds.cli.keys import Json, now
from kzeds.cli.output import CANNOT_TELL, REFUSED, show
from kzeds.cli.sources import MaxAge, Ocsp, Places, hours
from kzeds.errors import KzedsError

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from kzeds.revocation.answer import RevocationAnswer

app = typer.Typer(
    help="Whether a certificate was revoked. Good, revoked or unknown; unknown is never good.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def check(
    certificate: Annotated[Path, typer.Argument(metavar="CERT", help="Certificate in question (PEM or DER).")],
    issuer: Annotated[Path, typer.Option("--issuer", metavar="CA", help="Authority that issued it; it is trusted.")],
    *,
    crl: Annotated[Path | None, typer.Option("--crl", metavar="FILE", help="Complete revocation list.")] = None,
    delta: Annotated[Path | None, typer.Option("--delta", metavar="FILE", help="Delta to that list.")] = None,
    response: Annotated[Path | None, typer.Option("--ocsp-response", metavar="FILE", help="Answer of OCSP.")] = None,
    ocsp: Ocsp = None,
    store: Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Imported lists and answers.")] = None,
    max_age: MaxAge = None,
    proxy: Annotated[str | None, typer.Option("--proxy", metavar="URL", help="HTTP proxy for --ocsp.")] = None,
    as_json: Json = False,
) -> None:
    """Say whether a certificate was revoked. Exit code 0 good, 1 revoked, 2 cannot tell."""
    from kzeds.certificate import Certificate
    from kzeds.revocation.answer import Revocation, combine

    if delta is not None and crl is None:
        raise typer.BadParameter("a delta is read together with a complete list", param_hint="--delta")
    asked = Certificate.load(certificate), Certificate.load(issuer)
    places = Places(store, ocsp, proxy=proxy, max_age=hours(max_age))
    if not (places.are_named or crl or response):
        raise typer.BadParameter("there is nothing to ask", param_hint="--crl, --ocsp-response, --ocsp or --store")
    at = now()
    answer = combine(
        [
            *_from_files(asked, at, places.max_age, crl=crl, delta=delta, response=response),
            *(source.ask(*asked, at=at) for source in places.sources()),
        ]
    )
    show(_fields(certificate, answer), as_json=as_json)
    raise typer.Exit({Revocation.GOOD: 0, Revocation.REVOKED: REFUSED}.get(answer.status, CANNOT_TELL))


@app.command("import")
def import_files(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Store; made when it is not there.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CRLs, delta CRLs, OCSP answers.")],
    trust: Annotated[Path, typer.Option("--trust", metavar="CADIR", help="Authorities (PEM or DER), who made them.")],
) -> None:
    """Keep lists and answers for when no server is reached. What is newer already stays."""
    from kzeds.revocation.crl_list import MAXIMUM_SIZE
    from kzeds.revocation.store import RevocationStore
    from kzeds.trust import load_authorities

    store, authorities, failed = RevocationStore(directory), load_authorities(trust), False
    for path in files:
        try:
            with path.open("rb") as stream:
                imported = store.import_bytes(stream.read(MAXIMUM_SIZE + 1), authorities, at=now())
        except KzedsError as error:
            failed = True
            typer.echo(f"kzeds: {path}: {error}; it was not imported", err=True)
            continue
        for one in imported:
            done = "imported" if one.is_kept else "not newer than what is there"
            typer.echo(f"{path}: {one.what} of {one.as_of:%Y-%m-%d %H:%M} UTC: {done}")
    raise typer.Exit(CANNOT_TELL if failed else 0)


def _from_files(
    asked: tuple[Certificate, Certificate],
    at: datetime,
    limit: timedelta | None,
    *,
    crl: Path | None,
    delta: Path | None,
    response: Path | None,
) -> list[RevocationAnswer]:
    from kzeds.revocation import crl as lists
    from kzeds.revocation import ocsp as answers

    found = []
    if crl is not None:
        newer = None if delta is None else delta.read_bytes()
        age = limit or lists.MAXIMUM_AGE
        found.append(lists.judge_crl(*asked, crl.read_bytes(), at=at, delta=newer, max_age=age))
    if response is not None:
        found.append(answers.judge_ocsp(*asked, response.read_bytes(), at=at, max_age=limit or answers.MAXIMUM_AGE))
    return found


def _fields(certificate: Path, answer: RevocationAnswer) -> dict[str, Any]:
    return {
        "file": str(certificate),
        "status": str(answer.status),
        "source": answer.source,
        "why": answer.why,
        "revoked_at": None if answer.revoked_at is None else answer.revoked_at.isoformat(),
        "revocation_reason": answer.revocation_reason,
        "as_of": None if answer.as_of is None else answer.as_of.isoformat(),
        "next_update": None if answer.next_update is None else answer.next_update.isoformat(),
    }
