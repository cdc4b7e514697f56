"""``usrec pair``: transfers of employees between two employers, entered as a termination and a conclusion."""

from __future__ import annotations

from typing import Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import opened
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import tr

app = typer.Typer(help="Look at transfers that are entered in two halves.", no_args_is_help=True)


@app.command("list")
def list_pairs(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are complete and sound.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List transfers of which one half is missing, or whose halves contradict each other."""
    from usrec.interfaces.cli.pair_words import half_words, pair_json, standing_words

    with opened(config) as place:
        pairs = [pair for pair in place.ledger.view.pairs() if everything or not pair.is_sound]
    if as_json:
        print_json([pair_json(pair) for pair in pairs])
    elif pairs:
        rows = [[pair.key, standing_words(pair), half_words(half)] for pair in pairs for half in pair.halves]
        print_table([tr("transfer"), tr("standing"), tr("half")], rows)
    else:
        say(tr("No transfer needs a look."))
