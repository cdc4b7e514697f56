"""``usrec retention``: personal data of contracts that ended long ago goes by rule; the proof that remains stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import typer

from usrec.interfaces.cli.options import AsJson, Config, Reason, print_json
from usrec.interfaces.cli.selection import Yes, actor, ask_for
from usrec.interfaces.cli.tables import local_time, say
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger
    from usrec.application.retain import Plan
    from usrec.domain.retention import Retention
    from usrec.settings import LoadedWatcherSettings

app = typer.Typer(help="Retention of personal data.", no_args_is_help=True)

RULES: Final[Mapping[str, str]] = {
    "ended": N_("ended long enough ago"),
    "taken_back": N_("never registered, and taken back long enough ago"),
}


@app.command("plan")
def plan(*, config: Config = None, as_json: AsJson = False) -> None:
    """What would be pruned now. Changes nothing."""
    from usrec.ledger import build_ledger
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    ledger = build_ledger(settings)
    try:
        planned = _planned(settings, ledger)
    finally:
        ledger.close()
    if as_json:
        print_json(_json(planned))
    else:
        _say(settings, planned)


@app.command("apply")
def apply(*, reason: Reason, yes: Yes = False, config: Config = None, as_json: AsJson = False) -> None:
    """Prune it. May be broken off and given again; on PostgreSQL it needs the account of the ledger's owner."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.retain import apply_retention
    from usrec.ledger import build_ledger
    from usrec.settings import load_watcher_settings

    by, settings = actor(reason), load_watcher_settings(config)
    _require_rights(settings)
    ledger = build_ledger(settings)
    try:
        planned = _planned(settings, ledger)
        if (planned.submissions or planned.alerts) and not yes:
            _say(settings, planned)
            ask_for(planned.submissions or planned.alerts)
        rules, now = _rules(settings), SystemClock().now()
        pruned = sum(apply_retention(rules, ledger=ledger, now=now, actor=by.name, reason=by.reason))
    finally:
        ledger.close()
    if as_json:
        print_json({"pruned": pruned, "alerts": planned.alerts})
    else:
        say(
            ntr(
                "Personal data of {number} submission is gone.",
                "Personal data of {number} submissions is gone.",
                pruned,
            )
        )


def _planned(settings: LoadedWatcherSettings, ledger: SqlLedger) -> Plan:
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.retain import plan_retention

    return plan_retention(_rules(settings), ledger=ledger, now=SystemClock().now())


def _rules(settings: LoadedWatcherSettings) -> Retention:
    from usrec.domain.retention import Retention

    chosen = settings.values.retention
    return Retention(chosen.ended_contracts_years, chosen.taken_back_years, chosen.closed_alerts_years)


def _require_rights(settings: LoadedWatcherSettings) -> None:
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.adapters.persistence.rights import PRUNING, shortfalls
    from usrec.domain.errors import ConfigurationError
    from usrec.ledger import ledger_access

    engine = create_ledger_engine(*ledger_access(settings))
    try:
        missing = shortfalls(engine, PRUNING)
    finally:
        engine.dispose()
    if missing:
        raise ConfigurationError(
            f"this account may not prune: it lacks {'; '.join(one.what for one in missing)}",
            where="[ledger]",
            kept="Nothing was changed; the agent's own account is not meant to have these rights",
            next_step="Give the command as the ledger's owner, named in the variable USREC_LEDGER__URL",
        )


def _json(planned: Plan) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    contracts = {rule.value: number for rule, number in planned.contracts.items()}
    return {
        "contracts": contracts,
        "submissions": planned.submissions,
        "oldest": planned.oldest,
        "alerts": planned.alerts,
    }


def _say(settings: LoadedWatcherSettings, planned: Plan) -> None:
    chosen = settings.values.retention
    if (chosen.ended_contracts_years, chosen.taken_back_years, chosen.closed_alerts_years) == (None, None, None):
        say(tr("No rule is set in [retention]: everything is kept."))
        return
    for rule, number in planned.contracts.items():
        words = ntr("{number} contract: {rule}", "{number} contracts: {rule}", number, rule=tr(RULES[rule.value]))
        say(words)
    if planned.alerts:
        say(ntr("{number} closed alert would go.", "{number} closed alerts would go.", planned.alerts))
    if planned.oldest is None:
        if not planned.alerts:
            say(tr("Nothing is old enough."))
        return
    words = ntr(
        "{number} submission would lose its personal data; the oldest was decided on {at}.",
        "{number} submissions would lose their personal data; the oldest was decided on {at}.",
        planned.submissions,
        at=local_time(planned.oldest),
    )
    say(words)
