"""Where the agent's time goes: the steps of the line in raw signatures, sampled on a warm agent on PostgreSQL.

The samples, taken after each four milliseconds of CPU, share out what the process used by the kernel's own count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installation import AgentEndedError, Installation, installation
from benchmarks.processes import RawSigner, Talking, cpu_of
from benchmarks.steps import STEPS, Place, library_of, places_of, step_of
from kzeds import KeyKind
from support.postgresql import PostgresqlServer

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """CPU of one event in raw signatures, by step and by library."""

    steps: Mapping[str, float]
    libraries: Mapping[str, float]
    events: int
    samples: int

    def json(self) -> Mapping[str, object]:
        """For programs."""
        return {
            "events": self.events,
            "samples": self.samples,
            "steps": {name: round(value, 3) for name, value in self.steps.items()},
            "libraries": {name: round(value, 3) for name, value in self.libraries.items()},
        }


class SampledAgent(Talking):
    """The agent that writes down where it stands."""

    def __init__(self, place: Installation) -> None:
        folder = place.place.folder
        self.samples = folder / "samples.txt"
        self._log = (folder / "agent.log").open("w")
        arguments = [str(place.place.settings), str(self.samples)]
        super().__init__("benchmarks.sampled_agent", arguments, {}, errors=self._log)

    def stop(self) -> None:
        """As a service manager does."""
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


def measure_profile(server: PostgresqlServer | None, events: int) -> Profile:
    """Run so many events through an agent that is looked at; again where looking at it has ended it.

    ``faulthandler`` reads the frames of a thread that goes on meanwhile when the timer meets it without the
    interpreter's lock: once in some ten thousand samples that is the end of the process.
    """
    for _ in range(_TRIES - 1):
        with suppress(AgentEndedError):
            return _profile(server, events)
    return _profile(server, events)


def _profile(server: PostgresqlServer | None, events: int) -> Profile:
    with installation(server) as place, RawSigner(place.place.pki, KeyKind.RSA, {}) as signer:
        agent = SampledAgent(place)
        try:
            place.hire(max(20, events // 5))
            place.wait_for_notes(agent.process)
            agent.ask("begin")
            cpu = cpu_of(agent.process.pid)
            place.hire(events)
            place.wait_for_notes(agent.process)
            spent = (cpu_of(agent.process.pid) - cpu) / events
            agent.ask("end")
        finally:
            agent.stop()
        return profile_of(list(_stacks(agent.samples)), events, spent / signer.each(1000).cpu)


def profile_of(stacks: Sequence[Sequence[Place]], events: int, signatures: float) -> Profile:
    """Share out the CPU of an event, in raw signatures, over what the samples show."""
    steps, libraries = Counter(map(step_of, stacks)), Counter(map(library_of, stacks))
    each = signatures / max(1, len(stacks))
    return Profile(
        {name: steps[name] * each for name in STEPS},
        {name: times * each for name, times in libraries.most_common()},
        events,
        len(stacks),
    )


def _stacks(file: Path) -> Iterator[list[Place]]:
    for stack in file.read_text("utf-8", errors="replace").split("Stack (most recent call first):")[1:]:
        if places := places_of(stack):
            yield places
