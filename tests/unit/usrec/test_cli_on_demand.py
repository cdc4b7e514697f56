"""Commands that are imported when they are called: the program's help says of each what the command says itself."""

from __future__ import annotations

import pytest
from typer.core import TyperCommand

from usrec.interfaces.cli.app import COMMANDS

WIDTHS = (20, 45, 60, 80, 200)


def test_programs_help_says_of_each_command_what_the_command_says_itself() -> None:
    for later in COMMANDS:
        own, told = later.build(), TyperCommand(later.name, help=later.summary)
        assert own.name == later.name
        assert [told.get_short_help_str(width) for width in WIDTHS] == [
            own.get_short_help_str(width) for width in WIDTHS
        ]


def test_no_command_has_the_name_of_another() -> None:
    assert len({later.name for later in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("name", ["submission", "db"])
def test_group_knows_its_commands(name: str) -> None:
    [later] = [one for one in COMMANDS if one.name == name]
    assert later.build().commands
