"""What is wrong in the settings: each fault with its setting and, in the file, its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from usrec.settings.lines import line_of
from usrec.settings.outline import KIND, Steps, names_at, without_kinds

_WRITE: Final[Mapping[str, str]] = {
    "string": "write a text in quotes",
    "path": "write a path in quotes",
    "int": "write a whole number",
    "bool": "write true or false",
    "time_delta": "write a number of seconds, or text such as PT5M",
    "date": "write a day as 2027-03-09",
    "time": 'write a time as "09:00"',
    "tuple": "write a list in brackets",
    "frozen_set": "write a list in brackets",
    "dict": "write a table, with settings of its own",
    "model": "write a table, with settings of its own",
}
"""What to write, by the kind that pydantic misses."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A setting and what is wrong with it."""

    path: Steps
    what: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, as an administrator finds it.

    Attributes:
        setting: As it would be written, such as ``[gateway] url``; empty for the file as a whole.
        line: Line in the file; None where the file does not hold it.
        variable: Variable of the environment that it comes from instead.
        what: What is wrong. Never the value itself: it may be a secret or a person's number.
    """

    setting: str
    line: int | None
    variable: str | None
    what: str

    def __str__(self) -> str:
        """One phrase: where in the file or environment, which setting, what."""
        place = f"${self.variable}" if self.variable else f"line {self.line}" if self.line else ""
        return ": ".join(part for part in (place, self.setting, self.what) if part)


@dataclass(frozen=True, slots=True)
class Written:
    """The settings as they were written.

    Attributes:
        file: Absolute path of the file.
        text: Its content.
        tree: Content of the file with the environment over it.
        variables: The variables that were taken, by the setting that each stands for.
    """

    file: Path
    text: str = field(repr=False)
    tree: Mapping[str, Any] = field(repr=False)
    variables: Mapping[Steps, str]

    def at(self, path: Steps) -> Any:
        """What stands at a place; None where nothing does."""
        found: Any = self.tree
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def faults(self, wrongs: Iterable[Wrong]) -> list[Fault]:
        """Wrong settings with their places, in the order of the file, each once."""
        found = {one.path: one for one in reversed(list(wrongs))}
        return sorted(map(self._fault, found.values()), key=lambda fault: (fault.line or 0, fault.setting))

    def _fault(self, wrong: Wrong) -> Fault:
        variable = next((name for path, name in self.variables.items() if wrong.path[: len(path)] == path), None)
        line = None if variable else line_of(self.text, wrong.path)
        return Fault(spelt(wrong.path), line, variable, wrong.what)


def spelt(path: Steps) -> str:
    """A setting as it would be written: ``[gateway] url``; entries of lists are counted from 1."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int):
            words[-1] += f" {step + 1}"
        else:
            words.append(step)
    *tables, name = words or [""]
    return f"[{'.'.join(tables)}] {name}" if tables else f"[{name}]" if name else ""


def wrongs_of(problem: ValidationError, model: type[BaseModel]) -> list[Wrong]:
    """What pydantic found, in our own words and without the values."""
    found = problem.errors(include_input=False, include_url=False)
    places = [one["loc"] for one in found]
    told = [one for one in found if one["type"] != "too_short" or not _is_around(one["loc"], places)]
    return [Wrong(_place(one, model), _sentence(one, model)) for one in told]


_NAME_ITSELF: Final = "[key]"
"""What pydantic calls a name that is wrong, where names are chosen."""


def _is_around(list_: Steps, places: Iterable[Steps]) -> bool:
    """Whether a list counts as too short only because something in it is wrong, which is told by itself."""
    return any(one[: len(list_)] == list_ and len(one) > len(list_) for one in places)


def _place(error: Any, model: type[BaseModel]) -> Steps:
    place = tuple(step for step in without_kinds(model, error["loc"]) if step != _NAME_ITSELF)
    return (*place, KIND) if error["type"].startswith("union_tag_") else place


def _sentence(error: Any, model: type[BaseModel]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return no_such_setting(str(error["loc"][-1]), names_at(model, error["loc"][:-1]))
        case "missing" | "union_tag_not_found":
            return "this setting is missing"
        case "model_type" if error["ctx"]["class_name"] == "SecretSettings":
            return 'a secret is no setting: say where it is, such as { file = "secrets/password" }'
        case "value_error":
            return str(error["ctx"]["error"])
        case (
            "union_tag_invalid"
            | "greater_than_equal"
            | "less_than_equal"
            | "literal_error"
            | "too_short"
            | "string_too_short"
        ):
            return _bound(error["type"], error["ctx"])
        case kind:
            found = next((text for name, text in _WRITE.items() if kind.startswith(f"{name}_")), None)
            return found or str(error["msg"])


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    match kind:
        case "greater_than_equal":
            return f"it must be at least {context['ge']}"
        case "less_than_equal":
            return f"it must be at most {context['le']}"
        case "union_tag_invalid":
            return "write " + " or ".join(str(context["expected_tags"]).rsplit(", ", 1)).replace("'", '"')
        case "literal_error":
            return "write " + str(context["expected"]).replace("'", '"')
        case _:
            return "it must not be empty"


def no_such_setting(name: str, known: Iterable[str]) -> str:
    """The sentence about an unknown name, with the known one that it resembles."""
    close = get_close_matches(name, list(known), n=1)
    return f"there is no such setting, did you mean {close[0]}?" if close else "there is no such setting"
