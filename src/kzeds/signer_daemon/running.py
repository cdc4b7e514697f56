"""The daemon's life from its start to its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kzeds.errors import KzedsError
from kzeds.memory import hide_memory
from kzeds.signer_daemon.assembly import LOG, make_service, open_records
from kzeds.signer_daemon.listening import listening, only_one
from kzeds.signer_daemon.recount import counted_in
from kzeds.signer_daemon.server import Server
from kzeds.signer_daemon.service import Records, SigningService, say
from kzeds.signer_daemon.settings import Settings, load_settings
from kzeds.signer_daemon.signals import Signals

Clock = Callable[[], datetime]


def run(file: Path, clock: Clock) -> None:
    """Serve until the process is told to stop.

    Raises:
        SignerSettingsError: When settings, keys or records cannot be used.
        OSError: When a file or the socket cannot be made or read.
    """
    hide_memory()
    settings = load_settings(file)
    records = open_records(settings.state)
    with only_one(settings.state):
        service = make_service(settings, records=records, clock=clock)
        with Signals() as signals, listening(settings.socket, settings.group) as listener:
            lost = records.book.recount(counted_in(settings.state / LOG), records.log.end)
            service.record("started", clock(), _described(settings) | ({"recounted": lost} if lost else {}))
            Server(listener, service, signals, reload=lambda: _reload(settings, records, clock)).run()
        service.record("stopped", clock(), {})
        records.book.note(records.log.end)


def _reload(former: Settings, records: Records, clock: Clock) -> SigningService | None:
    """The service of the settings as they are now; None, and the former stays, when they cannot be used."""
    try:
        settings = load_settings(former.file)
        if _lasting(settings) != _lasting(former):
            say(_event("reload refused", "socket, group and state need a restart"))
            return None
        service = make_service(settings, records=records, clock=clock)
        service.record("reloaded", clock(), _described(settings))
    except (KzedsError, OSError) as error:
        say(_event("reload refused", str(error)))
        return None
    return service


def _lasting(settings: Settings) -> tuple[object, ...]:
    """What holds from the start to the end of the process."""
    return settings.socket, settings.group, settings.state


def _described(settings: Settings) -> dict[str, object]:
    """What a line of the log says of the settings: names and limits."""
    return {
        "users": sorted(settings.users),
        "keys": {
            name: {
                "operations": sorted(rule.operations),
                "envelopes": sorted(rule.envelopes),
                "daily_quota": rule.daily_quota,
                "operation_quota": dict(rule.operation_quota),
                "statements": sorted(rule.statements),
                "statement_quota": rule.statement_quota,
            }
            for name, rule in settings.keys.items()
        },
    }


def _event(event: str, text: str) -> str:
    return json.dumps({"event": event, "text": text}, ensure_ascii=False)
