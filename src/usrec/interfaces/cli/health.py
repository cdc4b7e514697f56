"""``usrec health``: ask the running agent how it is. For containers and scripts without an HTTP client of their own."""

from __future__ import annotations

import http.client
import json
import socket
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.settings.listen import TcpAddress, UnixAddress

PATIENCE: Final = timedelta(seconds=5)
NOT_WELL: Final = 4


def health(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Only ask whether its threads move, not whether it can do its work.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask the running agent, at [health] listen, whether it is ready; exit 4 when it is not."""
    from usrec.domain.errors import ConfigurationError
    from usrec.settings import load_watcher_settings
    from usrec.settings.listen import read_listen

    settings = load_watcher_settings(config)
    if settings.values.health.listen is None:
        raise ConfigurationError(
            "the agent listens nowhere",
            where=str(settings.file),
            next_step='Write an address into [health], such as listen = "127.0.0.1:9464", and restart the agent',
        )
    status, told = _ask(read_listen(settings.values.health.listen), "live" if live else "ready")
    if as_json:
        print_json(told)
    else:
        _say(told)
    if status != HTTPStatus.OK:
        raise typer.Exit(NOT_WELL)


def _say(told: dict[str, Any]) -> None:
    obstacles = told.get("obstacles") or told.get("hung")
    if not obstacles:
        typer.echo(tr("The agent is live.") if "hung" in told else tr("The agent is ready."))
        return
    typer.echo(tr("The agent is not ready:") if "obstacles" in told else tr("These threads hang:"))
    for obstacle in obstacles:
        typer.echo(f"  {obstacle}")


def _ask(address: TcpAddress | UnixAddress, question: str) -> tuple[int, dict[str, Any]]:
    """Status and answer.

    Raises:
        AgentUnreachable: Nobody answers there as an agent does.
    """
    from usrec.domain.errors import AgentUnreachable

    connection = _connection(address)
    try:
        connection.request("GET", f"/health/{question}")
        answer = connection.getresponse()
        return answer.status, dict(json.loads(answer.read()))
    except (OSError, http.client.HTTPException, ValueError, TypeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else type(problem).__name__
        raise AgentUnreachable(
            f"no agent answers ({reason})",
            where=connection.host,
            next_step="See whether it runs: systemctl status usrec-agent",
        ) from None
    finally:
        connection.close()


def _connection(address: TcpAddress | UnixAddress) -> http.client.HTTPConnection:
    from usrec.settings.listen import TcpAddress

    if isinstance(address, TcpAddress):
        return http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE.total_seconds())
    return _UnixConnection(address.path)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), timeout=PATIENCE.total_seconds())
        self._path = path

    def connect(self) -> None:
        """Connect to the socket; the host is only its name in messages."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE.total_seconds())
        self.sock.connect(str(self._path))

    def putheader(self, header: str | bytes, *values: Any) -> None:
        """A Host that is one, instead of the path."""
        super().putheader(header, *(["localhost"] if header == "Host" else values))
