"""Where a setting stands: the line that an administrator opens the editor at, whatever way TOML is written."""

from __future__ import annotations

import tomllib

import pytest

from usrec.settings.lines import line_of, place_of
from usrec.settings.outline import Steps

TEXT = '''\
# [gateway] is not this one
top = 1

[gateway] # a comment
url = "https://gateway.example"
# password = "x"
timeouts = { connect = 5, read = 6 }
title = """
[gateway]
url = "no"
"""

[calendar]
days_off = [
  # why
  2027-03-09,

  2027-03-10,
]
dotted.inner = 1
"quoted name" = 2
[employer."a.b"]
bin = "1"
[[employer."a.b".order]]
number = "1"
[[employer."a.b".order]]
dated = 2026-01-05
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("gateway",), 4),
        (("gateway", "url"), 5),
        (("gateway", "timeouts", "read"), 7),
        (("gateway", "title"), 8),
        (("calendar", "days_off"), 14),
        (("calendar", "days_off", 1), 14),
        (("calendar", "dotted", "inner"), 20),
        (("calendar", "quoted name"), 21),
        (("employer", "a.b", "bin"), 23),
        (("employer", "a.b", "order", 0, "number"), 25),
        (("employer", "a.b", "order", 1, "dated"), 27),
    ],
    ids=str,
)
def test_a_setting_is_found_on_its_first_line(path: Steps, line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("gateway", "password"), 4),
        (("gateway", "timeouts", "pool"), 7),
        (("employer", "a.b", "order", 1, "number"), 26),
        (("employer", "other", "bin"), 22),
    ],
    ids=str,
)
def test_a_missing_setting_is_looked_for_where_its_table_begins(path: Steps, line: int) -> None:
    assert line_of(TEXT, path) == line


def test_a_missing_table_has_no_line() -> None:
    assert line_of(TEXT, ("ledger", "url")) is None
    assert line_of("", ("ledger",)) is None


def test_lines_are_those_of_an_editor_whatever_ends_them() -> None:
    assert line_of(TEXT.replace("\n", "\r\n"), ("calendar", "days_off")) == 14


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a = 1\nb = \n", 2, "column 5: Invalid value"),
        ("a = 1\nb = [1,\n\n", 2, "Invalid value (at end of document)"),
        ("[a]\n[a]\n", 2, "column"),
    ],
)
def test_a_fault_of_syntax_is_told_with_its_line_and_column(text: str, line: int, what: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    told, found = place_of(caught.value, text)
    assert (told.startswith(what), found) == (True, line), told
