"""A program whose commands are imported when they are called: no command pays for all the others.

Its own help needs only a line of each, which stands beside the command's name; a test holds it to the command.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Final

import typer
from typer.core import TyperCommand, TyperGroup

PACKAGE: Final = "usrec.interfaces.cli"


@dataclass(frozen=True, slots=True)
class Later:
    """A command, or a group of commands, that is not imported yet.

    Attributes:
        place: Module in this package and name in it, such as ``status.status``.
        summary: The first sentence of its help.
    """

    name: str
    place: str
    summary: str

    def build(self) -> Any:
        """Import it and make it a command of click, as typer does."""
        module, _, name = self.place.partition(".")
        made = getattr(import_module(f"{PACKAGE}.{module}"), name)
        program = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        if isinstance(made, typer.Typer):
            program.add_typer(made, name=self.name)
        else:
            program.command(self.name)(made)
        return typer.main.get_group(program).commands[self.name]


class _Built(MutableMapping[str, Any]):
    """Commands by name; one is built when it is looked at."""

    def __init__(self, later: Sequence[Later]) -> None:
        self._later = {one.name: one for one in later}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._later[name].build()
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._later[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._later)

    def __len__(self) -> int:
        return len(self._later)


class Program(TyperGroup):
    """All the commands of a program, each built when it is called. A subclass says which."""

    later: ClassVar[Sequence[Later]] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Built(self.later)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # the same class, by its public name
        """Their names, in the order of the help."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Show them in the help by their summaries."""
        shown: dict[str, Any] = {one.name: TyperCommand(one.name, help=one.summary) for one in self.later}
        TyperGroup(commands=shown).format_commands(ctx, formatter)
