"""The HTTP intake on a real port, with a real ledger behind it and nobody who takes what comes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx
from sqlalchemy import Engine, event

from support.fresh_ledger import make_ledger
from support.health_client import free_port
from support.plain_settings import PLAIN
from support.sample_events import SAMPLES, ordinary_fields
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.sources.intake_source import IntakeSource
from usrec.adapters.system_clock import SystemClock, SystemEntropy
from usrec.bootstrap import Agent
from usrec.domain.source_event import Operation, SourceName
from usrec.interfaces.intake_api.admission import token_hash
from usrec.interfaces.intake_api.app import IntakeApp
from usrec.interfaces.intake_api.server import IntakeServer, intake_server
from usrec.settings import HttpIntakeSettings, LoadedSettings, load_settings

TOKEN: Final = "the ERP system's own token"
OTHER_TOKEN: Final = "a branch's own token"
ERP: Final = SourceName("erp")


def an_event(number: int = 1, operation: Operation = Operation.CONCLUSION, **changes: Any) -> dict[str, Any]:
    """A sound event."""
    shown = ordinary_fields(operation)
    payload = {name: value for name, value in SAMPLES[operation].items() if name in shown}
    keys = {"event_id": f"e-{number}", "contract_key": f"c-{number}", "employer_bin": "200940000013"}
    return {**keys, "event_type": operation.value, "payload": payload, **changes}


@dataclass
class Desk:
    """An intake that listens.

    Attributes:
        rings: How often somebody was told that there is something to take.
    """

    url: str
    ledger: SqlLedger
    ledger_url: str
    settings: LoadedSettings
    rings: list[None] = field(default_factory=list)

    def send(self, *events: Any, key: str = "k-1", token: str = TOKEN, **headers: str) -> httpx.Response:
        return self.post({"events": list(events)}, key=key, token=token, **headers)

    def post(self, document: Any, *, key: str = "k-1", token: str = TOKEN, **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, **headers}
        return httpx.post(f"{self.url}/v1/events", json=document, headers=given, timeout=30)

    def post_bytes(self, content: bytes, **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k-1", "Content-Type": "application/json"}
        return httpx.post(f"{self.url}/v1/events", content=content, headers={**given, **headers}, timeout=30)

    def ask(self, event_id: str, *, token: str = TOKEN) -> httpx.Response:
        return httpx.get(f"{self.url}/v1/events/{event_id}", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def source(self, *, calls: bool = False) -> IntakeSource:
        return IntakeSource(ERP, self.ledger, SystemClock(), calls=calls)


def intake_settings(*, of_erp: str = "", **changes: Any) -> str:
    """The tables of an intake with two sources; ``of_erp`` are further settings of the first."""
    table = {"listen": f'"127.0.0.1:{free_port()}"', **changes}
    listed = "".join(f"{name} = {value}\n" for name, value in table.items())
    sources = "".join(
        f'[source.{name}]\nkind = "http"\ntoken_hashes = ["{token_hash(token)}"]\n{of_erp if name == ERP else ""}'
        for name, token in ((ERP, TOKEN), ("branch", OTHER_TOKEN))
    )
    return f"[intake]\n{listed}{sources}"


@contextmanager
def desk(folder: Path, ledger_url: str | None = None, **changes: Any) -> Iterator[Desk]:
    """An intake that is shut at the end."""
    file, url = folder / "usrec.toml", ledger_url or f"sqlite:///{folder / 'ledger.db'}"
    file.write_text(PLAIN + intake_settings(**changes), "utf-8")
    make_ledger(url)
    loaded, ledger = load_settings(file), open_ledger(url)
    settings = loaded.values.intake
    assert settings is not None
    with intake_server(loaded, settings) as server:
        assert server is not None
        scheme = "http" if settings.certificate is None else "https"
        found = Desk(f"{scheme}://localhost:{settings.listen.rpartition(':')[2]}", ledger, url, loaded)
        answering(server, settings, found)
        yield found
    ledger.close()


def answering(server: IntakeServer, settings: HttpIntakeSettings, of: Desk) -> None:
    """Begin to answer."""
    agent = agent_of(of.settings, of.ledger)
    server.answer(settings, lambda: nullcontext(agent), lambda: of.rings.append(None))


def agent_of(settings: LoadedSettings, ledger: SqlLedger) -> Agent:
    """As much of an agent as the intake asks for."""
    parts: Mapping[str, Any] = {"clock": SystemClock(), "entropy": SystemEntropy()}
    return cast("Agent", SimpleNamespace(settings=settings, ledger=ledger, **parts))


def kill_before_commit() -> None:
    """This process dies when it is about to commit."""
    event.listen(Engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))


def kill_before_answer() -> None:
    """This process dies when the events are durable and nobody has been told."""
    keep = IntakeApp._keep

    def keep_and_die(self: IntakeApp, source: SourceName, key: str, content: bytes) -> str:
        keep(self, source, key, content)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    IntakeApp._keep = keep_and_die  # type: ignore[method-assign]
