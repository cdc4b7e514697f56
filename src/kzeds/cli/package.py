"""`kzeds sign-package` and `kzeds show-package`: what the owner of a key does on their own workstation.

The owner sees every value of every document before signing, because a summary written by somebody else could lie, and
says how many documents that are. The password is asked for at the terminal; it is never an argument.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kzeds.cli.keys import Json, KeyFile, load_key, naming, now, open_key, require_other_file
from kzeds.cli.output import REFUSED, show
from kzeds.errors import KzedsError, WrongPasswordError

if TYPE_CHECKING:
    from kzeds.keys.signing_key import SigningKey
    from kzeds.package import SigningPackage
    from kzeds.package.texts import Texts

_TRIES = 3

PackageFile = Annotated[Path, typer.Argument(metavar="PACKAGE", help="Signing package (ZIP).")]
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="L",
        envvar=["KZEDS_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"],
        show_envvar=False,
        help="kk, ru or en; else what the environment says, else the package's first.",
    ),
]


def show_package(file: PackageFile, *, language: Language = None, as_json: Json = False) -> None:
    """Show what a package holds. That is its summaries, and what each document itself says."""
    from kzeds.package.summary import package_lines
    from kzeds.package.texts import choose_language

    package = _read(file, language)
    if as_json:
        show(_fields(file, package), as_json=True)
    else:
        typer.echo("\n".join(package_lines(package, choose_language(language, package.title))))


def sign_package(
    file: PackageFile,
    key: KeyFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Where the signed package goes.")],
    *,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="F", help="File with the key's password; asked for when absent."),
    ] = None,
    language: Language = None,
    each: Annotated[bool, typer.Option("--each", help="Ask about each document, and sign those agreed to.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: the documents were looked at before.")] = False,
) -> None:
    """Show every document of a package, ask, and sign. Each signature is checked before what goes back is written."""
    from kzeds.package import sign_package as sign
    from kzeds.package import write_signed
    from kzeds.package.texts import TEXTS, choose_language
    from kzeds.signers.base import KeySigner

    require_other_file(output, {"the package": file, "the key": key, "its password": password_file}, option="--output")
    if each and yes:
        raise typer.BadParameter("either you are asked, or not", param_hint="--each and --yes")
    if not sys.stdin.isatty() and not (yes and password_file):
        raise typer.BadParameter("there is no terminal to ask at; --yes and --password-file are needed")
    package = _read(file, language)
    spoken = choose_language(language, package.title)
    texts = TEXTS[spoken]
    agreed = _agreed(package, spoken, each=each, yes=yes)
    if agreed is None:
        typer.echo(texts.nothing_signed, err=True)
        raise typer.Exit(REFUSED)
    with _speaking(texts):
        signing_key = _key(key, password_file, texts)
        with naming(file):
            signed = sign(agreed, KeySigner(signing_key), at=now())
        write_signed(signed, output)
    typer.echo(texts.done.format(count=len(signed.documents), file=output))


def _read(file: Path, language: str | None) -> SigningPackage:
    from kzeds.package import read_package
    from kzeds.package.texts import TEXTS, choose_language

    with _speaking(TEXTS[choose_language(language, ())]), naming(file):
        return read_package(file)


@contextmanager
def _speaking(texts: Texts) -> Iterator[None]:
    """Say in the owner's language what is wrong, before the error goes its way."""
    try:
        yield
    except (KzedsError, OSError) as error:
        refusal = texts.refusals.get(type(error))
        if refusal is not None:
            typer.echo(refusal, err=True)
        raise


def _agreed(package: SigningPackage, language: str, *, each: bool, yes: bool) -> SigningPackage | None:
    """The documents that the owner agrees to sign, or None."""
    from kzeds.package.summary import head_lines, item_lines
    from kzeds.package.texts import TEXTS

    texts, count = TEXTS[language], len(package.items)
    typer.echo("\n".join(head_lines(package, language)))
    agreed = []
    for number, item in enumerate(package.items, start=1):
        typer.echo("\n".join(["", *item_lines(item, language, f"{number}/{count}")]))
        if not each or _answer(texts.ask_item) in texts.yes:
            agreed.append(item)
    typer.echo("")
    if not each and not yes and _answer(texts.ask_count.format(count=count)) != str(count):
        return None
    return replace(package, items=tuple(agreed)) if agreed else None


def _answer(question: str) -> str:
    """What the owner types; nothing when the terminal is gone."""
    typer.echo(question, nl=False)
    return sys.stdin.readline().strip().lower()


def _key(file: Path, password_file: Path | None, texts: Texts) -> SigningKey:
    """Open the key by its password file, or by what is typed, up to three times."""
    if password_file is not None:
        return load_key(file, password_file)
    for _ in range(_TRIES - 1):
        try:
            return open_key(file, getpass.getpass(texts.ask_password))
        except WrongPasswordError:
            typer.echo(texts.wrong_password, err=True)
    return open_key(file, getpass.getpass(texts.ask_password))


def _fields(file: Path, package: SigningPackage) -> dict[str, Any]:
    from kzeds.package.values import value_lines

    return {
        "file": str(file),
        "id": package.id,
        "made_at": package.made_at.isoformat(),
        "signer": package.signer,
        "title": dict(package.title),
        "items": [
            {
                "id": item.id,
                "due": None if item.due is None else item.due.isoformat(),
                "sha256": item.digest,
                "summary": dict(item.summary),
                "content": value_lines(item.document),
            }
            for item in package.items
        ],
    }
