"""What the checks look at, and the fence around each of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import UsrecError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.i18n import N_
from usrec.ports.clock import Clock
from usrec.settings import LoadedSettings

if TYPE_CHECKING:
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.trust.book import TrustBook

BROKEN: Final = Kind(
    "doctor",
    "broken",
    Verdict.FAIL,
    N_("The check itself broke: {why}"),
    N_("Please report this line; the other lines are right"),
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One agent's installation.

    Attributes:
        free_space: Bytes that are free for us where a file or folder lies.
        opened: The keys, once they were opened: a token that refused a PIN must not be asked again.
        looked_up: The book of what the check of trust found out, once there is one.
    """

    settings: LoadedSettings
    clock: Clock
    free_space: Callable[[Path], int]
    opened: list[Keyring] = field(default_factory=list, repr=False, compare=False)
    looked_up: list[TrustBook] = field(default_factory=list, repr=False, compare=False)

    @property
    def book(self) -> TrustBook:
        """What is known of certificates' revocation; the keys go by it."""
        from usrec.revocation import build_book

        if not self.looked_up:
            self.looked_up.append(build_book(self.settings, self.clock))
        return self.looked_up[0]

    @property
    def keyring(self) -> Keyring:
        """The keys, opened when they are looked at first."""
        from usrec.keys import open_keyring

        if not self.opened:
            self.opened.append(open_keyring(self.settings, self.clock, self.book))
        return self.opened[0]


def free_space(place: Path) -> int:
    """Bytes that are free for this user where a folder lies."""
    return shutil.disk_usage(place).free


def fenced(check: str, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of a check; what breaks in it becomes a line too, so that no check hides another."""
    try:
        yield from lines
    except UsrecError as problem:
        yield BROKEN.line(about=check, why=str(problem).rstrip("."))
    except Exception as problem:  # noqa: BLE001 -- a check that breaks is a finding and never ends the others
        yield BROKEN.line(about=check, why=_place(problem))


def _place(problem: BaseException) -> str:
    """Kind, file and line of an error, without its message: that might hold data."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return f"{type(problem).__name__}{where}"
