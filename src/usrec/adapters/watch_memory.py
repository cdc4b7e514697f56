"""The independent watcher's memory in one JSON file: written beside itself and renamed, readable by its owner alone.

A file that cannot be read any more must not stop the watching: the watcher then begins anew, and tells again what it
may have told. The file holds ids of submissions and names of agents, no personal data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from usrec.domain.errors import ConfigurationError
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.oversight import Concern, Impression, Trouble
from usrec.domain.oversight_notice import Knowledge, Told
from usrec.ports.alert_sink import SinkName
from usrec.ports.oversight import Memory

FORMAT: Final = 1
_TIMES: Final = ("first_look_at", "seen_at", "sign", "sign_seen_at")
_log = structlog.get_logger("usrec.watch")


class MemoryFile:
    """The ``MemoryStore`` port."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Memory | None:
        """What was kept last; None before the first time, and when it cannot be read any more."""
        try:
            return _memory(json.loads(self._file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            what = "what the watcher had told cannot be read any more; it begins anew"
            _log.warning(what, action="watch.forgot", file=str(self._file), kind=type(problem).__name__)
            return None

    def keep(self, memory: Memory) -> None:
        """Keep it in the place of what was kept before.

        Raises:
            ConfigurationError: It cannot be written; what was kept before is still there.
        """
        text = json.dumps(_plain(memory), ensure_ascii=False, indent=1)
        beside = self._file.with_name(f".{self._file.name}.new")
        try:
            _write(beside, text)
            beside.replace(self._file)
        except OSError as problem:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise ConfigurationError(
                f"what the watcher told cannot be kept ({problem.strerror})",
                where=str(self._file),
                kept="What was kept before is still there",
                next_step="Give the watcher's user the right to write the file's folder, or name another one in"
                " [watch] state_file",
            ) from None


def _write(file: Path, text: str) -> None:
    """Write a file of the owner's alone, and wait until the disk has it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        os.fchmod(descriptor, 0o600)
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)


def _plain(memory: Memory) -> Mapping[str, Any]:
    impression = memory.impression
    return {
        "format": FORMAT,
        "impression": {name: _text(getattr(impression, name)) for name in _TIMES},
        "began": {concern.value: _text(at) for concern, at in impression.began.items()},
        "told": {sink: {one.value: _told(told) for one, told in known.items()} for sink, known in memory.told.items()},
    }


def _told(told: Told) -> Mapping[str, Any]:
    trouble = told.trouble
    return {
        "told_at": _text(told.told_at),
        "times": told.times,
        "since": _text(trouble.since),
        "number": trouble.number,
        "about": sorted(trouble.about),
        "agent": None if trouble.agent is None else _agent(trouble.agent),
    }


def _agent(agent: Heartbeat) -> Mapping[str, Any]:
    values = {name: getattr(agent, name) for name in Heartbeat.__slots__}
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _memory(kept: Any) -> Memory:
    """The memory in a file's JSON; whatever does not fit raises."""
    if kept["format"] != FORMAT:
        raise ValueError("another format")
    times = kept["impression"]
    impression = Impression(
        first_look_at=_sure(times["first_look_at"]),
        seen_at=_instant(times["seen_at"]),
        sign=_instant(times["sign"]),
        sign_seen_at=_instant(times["sign_seen_at"]),
        began={Concern(name): _sure(at) for name, at in kept["began"].items()},
    )
    return Memory(impression, {SinkName(sink): _knowledge(known) for sink, known in kept["told"].items()})


def _knowledge(kept: Mapping[str, Any]) -> Knowledge:
    return {Concern(name): _told_before(Concern(name), one) for name, one in kept.items()}


def _told_before(concern: Concern, kept: Mapping[str, Any]) -> Told:
    agent = kept["agent"]
    trouble = Trouble(
        concern,
        _sure(kept["since"]),
        int(kept["number"]),
        frozenset(map(str, kept["about"])),
        None if agent is None else _agent_before(agent),
    )
    return Told(trouble, _sure(kept["told_at"]), int(kept["times"]))


def _agent_before(kept: Mapping[str, Any]) -> Heartbeat:
    times = {name: _instant(kept[name]) for name in ("started_at", "beat_at", "gone_at")}
    return Heartbeat(**{**kept, **times})


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else _sure(text)
