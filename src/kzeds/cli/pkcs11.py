"""`kzeds pkcs11`: what a token can do, before anyone relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kzeds.cli.keys import Json, now, read_secret
from kzeds.cli.output import CANNOT_TELL, REFUSED, in_words
from kzeds.errors import TokenError
from kzeds.visible import json_text, show_controls

app = typer.Typer(
    help="Keys in PKCS#11 tokens. Needs the extra: pip install 'usrec-agent[pkcs11]'.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

_CANNOT_TELL = frozenset({"extra", "library", "token", "ambiguous"})
"""Reasons for which the token was not reached at all."""


@app.callback()
def _group() -> None:
    """Keep `probe` a command of its own: typer would make an only command the group itself."""


@app.command()
def probe(
    library: Annotated[Path, typer.Option("--library", metavar="PATH", help="The vendor's PKCS#11 library.")],
    token: Annotated[str | None, typer.Option("--token", metavar="LABEL", help="Only this token.")] = None,
    pin_file: Annotated[
        Path | None, typer.Option("--pin-file", metavar="F", help="File with the PIN: shows keys and certificates.")
    ] = None,
    *,
    attempt: Annotated[bool, typer.Option("--try", help="Make one signature with each key, and check it.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a token can do. Exit code 0 done, 1 PIN refused or no key signed, 2 no token reached.

    The PIN is tried once. A token locks itself after a few wrong ones. Names and numbers of people are masked.
    """
    from kzeds.signers.token_probe import probe as look

    if attempt and pin_file is None:
        raise typer.BadParameter("a signature needs the PIN: give --pin-file", param_hint="--try")
    try:
        report = look(
            library, label=token, pin=None if pin_file is None else read_secret(pin_file), at=now(), trial=attempt
        )
    except TokenError as error:
        typer.echo(f"kzeds: {error}", err=True)
        raise typer.Exit(CANNOT_TELL if error.reason in _CANNOT_TELL else REFUSED) from None
    typer.echo(json_text(report) if as_json else "\n".join(map(show_controls, _lines(report))))
    if attempt and not any(key["usable"] for key in _keys(report)):
        raise typer.Exit(REFUSED)


def _keys(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for slot in report["slots"]:
        yield from (slot["token"] or {}).get("keys") or []


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield _line("library", report["library"])
    for slot in report["slots"]:
        yield f"slot {slot['slot']}: {slot['description']}"
        if slot["token"] is None:
            yield "  no token, or none that can be read"
        else:
            yield from _token_lines(slot["token"])


def _token_lines(token: dict[str, Any]) -> Iterator[str]:
    lists = ("mechanisms", "keys", "other_certificates")
    yield _line("  token", {name: value for name, value in token.items() if name not in lists})
    yield f"    mechanisms: {', '.join(token['mechanisms'])}"
    if token["keys"] is None:
        yield "    keys: give the PIN (--pin-file) to see them"
        return
    if not token["keys"]:
        yield "    keys: none"
    for key in token["keys"]:
        yield from _key_lines(key)
    for one in token["other_certificates"]:
        yield _line("    certificate without a key", one)


def _key_lines(key: dict[str, Any]) -> Iterator[str]:
    yield _line("    key", {name: key[name] for name in ("label", "id", "type")})
    for one in key["certificates"]:
        yield _line("      certificate", one)
    if key["trial"] is not None:
        yield f"      one signature was made: {key['trial']}"
    if key["usable"]:
        yield "      can sign for us" if key["trial"] else "      could sign for us; --try proves it"
    else:
        yield f"      cannot sign for us: {key['why_not'] or key['trial']}"


def _line(name: str, fields: dict[str, Any]) -> str:
    return f"{name}: " + ", ".join(f"{one.replace('_', ' ')} {in_words(value)}" for one, value in fields.items())
