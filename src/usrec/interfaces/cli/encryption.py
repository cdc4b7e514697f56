"""``usrec ledger``: how personal data is stored in the ledger, and storing it under another key or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from usrec.adapters.persistence.sealing import Sealing
    from usrec.settings import LoadedWatcherSettings

app = typer.Typer(help="Encryption of personal data in the ledger.", no_args_is_help=True)


@app.command("keys")
def show_keys(*, config: Config = None, as_json: AsJson = False) -> None:
    """Which keys are at hand, and how many values of each column are stored under which key."""
    from usrec.adapters.persistence.care.reencrypt import standing
    from usrec.bootstrap import build_sealing
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    engine, sealing = _engine(settings), build_sealing(settings)
    try:
        found = standing(engine)
    finally:
        engine.dispose()
    if as_json:
        columns = [{"column": one.place, "plain": one.by_key[""], "by_key": _named(one.by_key)} for one in found]
        print_json({"at_hand": list(sealing.key_ids), "columns": columns})
        return
    at_hand = ", ".join(sealing.key_ids) or tr("none")
    say(tr("Keys at hand, the one in use first: {keys}").format(keys=at_hand))
    cells = [
        [one.place, key or tr("not encrypted"), str(number)]
        for one in found
        for key, number in one.by_key.items()
        if number
    ]
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
    from usrec.adapters.persistence.care.reencrypt import forget_keys, reencrypt
    from usrec.bootstrap import build_sealing
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    sealing = build_sealing(settings, closes=not off)
    _require_key(sealing)
    engine = _engine(settings)
    try:
        if off:
            _require_rest(settings, engine)
        else:
            _use(engine, sealing)
        number = reencrypt(engine, sealing, lambda _, __: None, batch)
        still = [] if _agents_live(settings, engine) else forget_keys(engine, sealing)
    finally:
        engine.dispose()
    if as_json:
        print_json({"stored_anew": number, "other_keys": list(still)})
        return
    say(ntr("{number} value was stored anew.", "{number} values were stored anew.", number))
    if off:
        say(tr("Nothing is encrypted any more: take [ledger.encryption] out of the settings."))


def _engine(settings: LoadedWatcherSettings) -> Engine:
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.schema import require_current
    from usrec.bootstrap import ledger_access

    engine = create_ledger_engine(*ledger_access(settings))
    require_current(engine)
    return engine


def _use(engine: Engine, sealing: Sealing) -> None:
    from usrec.adapters.persistence.keys_in_use import require_keys
    from usrec.adapters.system_clock import SystemClock

    require_keys(engine, sealing, SystemClock().now())


def _require_key(sealing: Sealing) -> None:
    from usrec.domain.errors import ConfigurationError

    if not sealing.key_ids:
        raise ConfigurationError(
            "the settings name no key",
            where="[ledger.encryption]",
            kept="Nothing was changed",
            next_step="Name one: docs/how-to/data-care.md",
        )


def _require_rest(settings: LoadedWatcherSettings, engine: Engine) -> None:
    from usrec.domain.errors import UnsafeRequest

    if _agents_live(settings, engine):
        raise UnsafeRequest(
            "an agent runs on this ledger and would go on encrypting",
            kept="Nothing was changed",
            next_step="Stop every agent, then give the command again",
        )


def _agents_live(settings: LoadedWatcherSettings, engine: Engine) -> bool:
    """Whether an agent gave a sign of life lately: one with former settings may still use a former key."""
    from usrec.adapters.persistence.view import SqlLedgerView
    from usrec.adapters.system_clock import SystemClock

    now, silence = SystemClock().now(), settings.values.watch.silence
    return any(one.gone_at is None and now - one.beat_at <= silence for one in SqlLedgerView(engine).heartbeats())


def _named(by_key: dict[str, int]) -> dict[str, int]:
    return {key: number for key, number in by_key.items() if key}
