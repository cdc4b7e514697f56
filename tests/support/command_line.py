"""The commands, arguments and options of the three programs, read from their own definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from kzeds.cli.app import app as kzeds_app
from usrec.interfaces.cli.app import app as usrec_app
from usrec_simulator.cli import app as simulator_app

_APPS = {"usrec": usrec_app, "usrec-simulator": simulator_app, "kzeds": kzeds_app}


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        names: The long name first.
        default: As a table shows it: ``required``, empty for none, or the value.
    """

    names: tuple[str, ...]
    required: bool
    default: str


@dataclass(frozen=True)
class Command:
    """One command."""

    name: str
    arguments: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Commands:
    """All commands by their whole name, such as `usrec submission list`."""

    all: Mapping[str, Command]

    @property
    def names(self) -> list[str]:
        return list(self.all)

    @property
    def programs(self) -> set[str]:
        return {name.split()[0] for name in self.all}

    def get(self, name: str) -> Command:
        return self.all[name]

    def find(self, line: Sequence[str]) -> tuple[Command | None, Sequence[str]]:
        """The command that a line calls and the words behind it; a program or a group alone counts, without options."""
        for length in (3, 2):
            command = self.all.get(" ".join(line[:length]))
            if command is not None and len(line) >= length:
                return command, line[length:]
        group = " ".join(word for word in line if word != "--version")
        if any(name.startswith(f"{group} ") for name in self.all):
            return Command(group, (), ()), ()
        return None, ()


def all_commands() -> Commands:
    """Read the three programs."""
    return Commands({name: _command(command, name) for name, command in _all_leaves()})


def summaries() -> Mapping[str, str]:
    """The first sentence of each command's help, by its whole name."""
    return {name: " ".join(str(command.help).partition("\n\n")[0].split()) for name, command in _all_leaves()}


def _all_leaves() -> Iterator[tuple[str, Any]]:
    for program, app in _APPS.items():
        yield from _leaves(typer.main.get_command(app), program)


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for word, child in children.items():
        yield from _leaves(child, f"{name} {word}")


def _command(command: Any, name: str) -> Command:
    options = [one for one in command.params if one.param_type_name == "option" and "--help" not in one.opts]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    return Command(
        name=name,
        arguments=tuple(str(one.metavar or one.name).upper().replace(".P12", ".p12") for one in arguments),
        options=tuple(_option(one) for one in options),
    )


def _option(option: Any) -> Option:
    names = tuple(sorted([*option.opts, *option.secondary_opts], key=lambda name: -len(name)))
    value = getattr(option.default, "value", option.default)
    default = "required" if option.required else "" if value is None or value is False else str(value)
    return Option(names, bool(option.required), default)
