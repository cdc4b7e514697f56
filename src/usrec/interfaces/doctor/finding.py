"""What the doctor can say: one kind for each thing it knows, and lines, which are kinds with their particulars.

A kind is a constant beside the check that finds it, so that the list of everything the doctor knows is made by looking
into the modules; tests hold that list to the how-to page, and to the tests that provoked each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.interfaces.i18n import tr
from usrec.interfaces.time_words import local_time, span

WARN_DAYS: Final = 30
URGENT_DAYS: Final = 10
"""Days before a certificate's end: a key of the NCA is renewed by its owner, who may be on leave."""


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """The agent works, or may; somebody should look."""
    FAIL = "fail"
    """Something must be mended."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the doctor found.

    Attributes:
        about: Which employer, source, sink or setting it is about, by its name in the settings; may be empty.
        details: Single points of it, each a text for itself.
    """

    kind: Kind
    about: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    details: Sequence[str] = ()

    @property
    def text(self) -> str:
        """What was found, in the chosen language."""
        return self._filled(self.kind.text)

    @property
    def advice(self) -> str:
        """What to do next, in the chosen language; empty where nothing is to be done."""
        return self._filled(self.kind.advice)

    def _filled(self, text: str) -> str:
        return tr(text).format(about=self.about, **{name: _shown(value) for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that the doctor knows.

    Attributes:
        check: What was looked at; a stable word.
        name: What was found there; a stable word.
        text: A sentence in English with places for particulars, marked for the catalogues.
        advice: What to do next, likewise.
    """

    check: str
    name: str
    verdict: Verdict
    text: str
    advice: str = ""

    @property
    def id(self) -> str:
        """Stable name of the kind, such as ``tls.expired``."""
        return f"{self.check}.{self.name}"

    def line(self, *, about: str = "", details: Sequence[str] = (), **values: object) -> Line:
        """The kind with its particulars."""
        return Line(self, about, values, details)


def worst(lines: Sequence[Line]) -> Verdict:
    """The verdict on all lines together."""
    found = {line.kind.verdict for line in lines}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in found), Verdict.OK)


def _shown(value: object) -> object:
    """A particular as a person reads it; a function gives its text in the language of the moment."""
    if callable(value):
        return value()
    match value:
        case timedelta():
            return span(value)
        case datetime():
            return local_time(value)
        case date():
            return value.isoformat()
        case _:
            return value
