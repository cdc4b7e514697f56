"""``usrec ledger``: how personal data is stored in the ledger, and storing it under another key or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
    from usrec.adapters.persistence.sealing import Sealing
    from usrec.settings import LoadedWatcherSettings

app = typer.Typer(help="Encryption of personal data in the ledger.", no_args_is_help=True)


@app.command("keys")
def show_keys(*, config: Config = None, as_json: AsJson = False) -> None:
    """Which keys are at hand, and how many values of each column are stored under which key."""
    with _opened(config) as (ledger, sealing, _):
        found = ledger.standing()
    if as_json:
        columns = [{"column": one.place, "plain": one.by_key[""], "by_key": _named(one.by_key)} for one in found]
        print_json({"at_hand": list(sealing.key_ids), "columns": columns})
        return
    at_hand = ", ".join(sealing.key_ids) or tr("none")
    say(tr("Keys at hand, the one in use first: {keys}").format(keys=at_hand))
    counted = [(one.place, key, number) for one in found for key, number in one.by_key.items() if number]
    cells = [[place, key or tr("not encrypted"), str(number)] for place, key, number in counted]
    print_table([tr("column"), tr("key"), tr("values")], cells)


@app.command("encrypt")
def encrypt(
    *,
    batch: Annotated[int, typer.Option("--batch", min=1, max=10_000, help="Values in one transaction.")] = 200,
    off: Annotated[bool, typer.Option("--off", help="Store everything plain again; stop the agents before.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Store what stands in the ledger under the present key. May be broken off and given again; agents may work on."""
    from usrec.adapters.system_clock import SystemClock

    with _opened(config, closes=not off) as (ledger, sealing, settings):
        _require_key(sealing)
        now = SystemClock().now()
        live = ledger.agents_live(now, settings.values.watch.silence)
        if off:
            _require_rest(live=live)
        number = ledger.store_anew(now, batch, own_key=not live)
        needed = [] if live else ledger.forget_keys()
    if as_json:
        print_json({"stored_anew": number, "old_keys_forgotten": not live, "old_keys_needed": list(needed)})
        return
    say(ntr("{number} value was stored anew.", "{number} values were stored anew.", number))
    if live:
        say(tr("An agent runs: old keys stay listed until this is given again while none does."))
        say(tr("Until then plain values are still read, since that agent may not know of the encryption."))
    elif off:
        say(tr("Nothing is encrypted any more: take [ledger.encryption] out of the settings."))


@contextmanager
def _opened(
    config: Path | None, *, closes: bool = True
) -> Iterator[tuple[SealedLedger, Sealing, LoadedWatcherSettings]]:
    from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
    from usrec.ledger import build_sealing, ledger_access
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    sealing = build_sealing(settings, closes=closes)
    ledger = SealedLedger(*ledger_access(settings), sealing)
    try:
        yield ledger, sealing, settings
    finally:
        ledger.close()


def _require_key(sealing: Sealing) -> None:
    from usrec.domain.errors import ConfigurationError

    if not sealing.key_ids:
        raise ConfigurationError(
            "the settings name no key",
            where="[ledger.encryption]",
            kept="Nothing was changed",
            next_step="Name one: docs/how-to/data-care.md",
        )


def _require_rest(*, live: bool) -> None:
    from usrec.domain.errors import UnsafeRequest

    if live:
        raise UnsafeRequest(
            "an agent runs on this ledger and would go on encrypting",
            kept="Nothing was changed",
            next_step="Stop every agent, then give the command again",
        )


def _named(by_key: Mapping[str, int]) -> Mapping[str, int]:
    return {key: number for key, number in by_key.items() if key}
