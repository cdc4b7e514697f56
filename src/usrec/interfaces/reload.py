"""SIGHUP: keys and settings are read again while the agent works.

The new agent is composed first. When anything is wrong, the old one goes on and says so, loudly and until the next
reload; when all is right, the next step of each thread begins with the new one. Nothing is lost or sent twice: a step
in hand ends with the agent that it began with, and what it claimed and did not begin goes back to the queue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from usrec.bootstrap import Agent, build_agent
from usrec.domain.errors import ConfigurationError, UsrecError
from usrec.gateway import check_endpoint
from usrec.interfaces.handover import Handover
from usrec.interfaces.logs import configure_logs
from usrec.interfaces.service_manager import ServiceManager
from usrec.settings import LoadedSettings, load_settings

Compose = Callable[[Agent], Agent]
"""Makes the agent anew, to take over from the given one; raises when it cannot."""

_log = structlog.get_logger("usrec.reload")


class Reloader:
    """Composes in a thread of its own, so that signs of life go on and an order to stop is heard meanwhile.

    Orders that come while one is carried out are one order.

    Args:
        taken: Called with the new agent when it has taken over.
        status: How the agent stands, in words.

    Attributes:
        refused: Why the newest settings were not taken; empty when they were.
    """

    def __init__(
        self,
        handover: Handover,
        manager: ServiceManager,
        compose: Compose | None,
        *,
        taken: Callable[[Agent], None],
        status: Callable[[], str],
    ) -> None:
        self.refused = ""
        self._taken = taken
        self._status = status
        self._handover = handover
        self._manager = manager
        self._compose = compose
        self._wanted = False
        self._thread: threading.Thread | None = None

    def want(self) -> None:
        """Reload as soon as no other reload is under way."""
        self._wanted = True

    def go_on(self, *, finished: Callable[[], None]) -> None:
        """Begin what is wanted, if nothing is under way; called by the main thread alone."""
        if not self._wanted or self._compose is None or (self._thread is not None and self._thread.is_alive()):
            return
        self._wanted = False
        self._thread = threading.Thread(target=self._reload, args=(self._compose, finished), name="reload")
        self._thread.start()

    def join(self) -> None:
        """Wait for a reload that is under way."""
        if self._thread is not None:
            self._thread.join()

    def _reload(self, compose: Compose, finished: Callable[[], None]) -> None:
        self._manager.is_reloading("reading keys and settings again")
        try:
            agent = compose(self._handover.current)
        except UsrecError as problem:
            self._refuse(str(problem))
        except Exception as problem:  # noqa: BLE001 -- whatever is wrong with the new one, the old one works
            self._refuse(f"unexpected {type(problem).__name__}")
        else:
            self._handover.replace(agent)
            self.refused = ""
            _log.info("keys and settings were read again and hold from now on", action="agent.reload")
            self._tell(agent)
        self._manager.is_ready(self._status())
        finished()

    def _tell(self, agent: Agent) -> None:
        try:
            self._taken(agent)
        except Exception as problem:  # noqa: BLE001 -- the new one is on duty; what follows it must not end the reload
            kind = type(problem).__name__
            _log.error("what follows a reload failed", action="agent.reload_followed", kind=kind)

    def _refuse(self, why: str) -> None:
        self.refused = why
        what = f"the new keys and settings cannot be used, so the former ones still hold: {why}"
        _log.error(what, action="agent.reload_refused")


def composer(config: Path | None, wait: Callable[[float], object]) -> Compose:
    """Reads the same settings file again.

    Args:
        wait: As for the first agent.
    """

    def compose(old: Agent) -> Agent:
        settings = load_settings(config)
        _require_same_place(old.settings, settings)
        agent = build_agent(settings, wait=wait)
        try:
            require_no_new_trouble(old, agent)
            if settings.values.gateway != old.settings.values.gateway:
                check_endpoint(settings)
        except BaseException:
            agent.close()
            raise
        configure_logs(level=settings.values.log.level, style=settings.values.log.format)
        return agent

    return compose


def _require_same_place(old: LoadedSettings, new: LoadedSettings) -> None:
    """The ledger and the health address are held from start to end.

    Raises:
        ConfigurationError: The new settings name another one.
    """
    differ = {
        "[ledger] url": _ledger(old) != _ledger(new),
        "[health]": old.values.health != new.values.health,
        "[intake]": old.values.intake != new.values.intake,
    }
    changed = [name for name, differs in differ.items() if differs]
    if changed:
        raise ConfigurationError(
            f"{' and '.join(changed)} cannot change while the agent runs",
            where=str(new.file),
            kept="The former settings hold, all of them",
            next_step="Restart the agent, or take this change back and reload",
        )


def _ledger(settings: LoadedSettings) -> str:
    return settings.database_url(settings.values.ledger.url)


def require_no_new_trouble(old: Agent, new: Agent) -> None:
    """A key, source or account that cannot be used is told where it was written; whatever worked until now goes on.

    Raises:
        ConfigurationError: Why one of the new ones cannot be used.
    """
    for name, problem in new.held.items():
        if name not in old.held:
            raise problem
    known = {(one.number, one.where) for one in old.signer.troubles if one.lasting}
    for one in new.signer.troubles:
        if one.lasting and (one.number, one.where) not in known and isinstance(one.problem, ConfigurationError):
            raise one.problem
