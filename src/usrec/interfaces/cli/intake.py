"""``usrec intake``: what HR systems need that send their events over HTTP."""

from __future__ import annotations

from typing import Final

import typer

from usrec.interfaces.cli.options import AsJson, print_json
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import tr

app = typer.Typer(help="What HR systems need that send their events over HTTP.", no_args_is_help=True)
_SIZE: Final = 32
MOST_EVENTS: Final = 500
"""What an intake takes at once unless its settings say otherwise."""


@app.command("token")
def token(*, as_json: AsJson = False) -> None:
    """Make a token for an HR system. It is shown once; the settings hold its hash alone."""
    from base64 import urlsafe_b64encode

    from usrec.adapters.system_clock import SystemEntropy
    from usrec.interfaces.intake_api.admission import token_hash

    made = urlsafe_b64encode(SystemEntropy().token(_SIZE)).rstrip(b"=").decode()
    if as_json:
        print_json({"token": made, "token_hash": token_hash(made)})
        return
    say(tr("Give this to the HR system, by a safe way, and keep it nowhere else:"))
    say(f"  {made}")
    say(tr("Write this into its [source.NAME]:"))
    say(f'  token_hashes = ["{token_hash(made)}"]')


@app.command("openapi")
def openapi() -> None:
    """Print the OpenAPI document of the intake, as it is served at /v1/openapi.json."""
    from usrec.interfaces.intake_api.openapi import openapi_document

    print_json(openapi_document(MOST_EVENTS))
