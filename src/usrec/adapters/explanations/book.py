"""The explanations of the response codes, read from the TOML files beside this module.

A file holds 25 codes and is read when the first of them is asked for. The files belong to the program, so they are not
checked when they are read; tests hold them to what :mod:`usrec.domain.response_code` says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from usrec.domain.response_code import Actor, CodeText, Explanation, Handling, Policy

LANGUAGES: Final = ("kk", "ru", "en")
_FOLDER: Final = files(__package__ or __name__)
_IN_A_FILE: Final = 25
_OTHERS: Final = "others.toml"
_LAST_IN_ORDER: Final = 300


def explain(code: str) -> Explanation | None:
    """What is said about ``SCSS001`` or ``SCSEnnn``; None about any other text."""
    number = code.removeprefix("SCSE")
    in_order = number != code and number.isdecimal() and 0 < int(number) <= _LAST_IN_ORDER
    return _read(_file_of(int(number)) if in_order else _OTHERS).get(code)


def explain_all() -> Sequence[Explanation]:
    """Every code, in order: refusals by number, then what is no refusal."""
    names = sorted(file.name for file in _FOLDER.iterdir() if file.name.endswith(".toml"))
    return sorted((one for name in names for one in _read(name).values()), key=lambda one: one.code)


def _file_of(number: int) -> str:
    first = (number - 1) // _IN_A_FILE * _IN_A_FILE + 1
    return f"scse{first:03}-{first + _IN_A_FILE - 1:03}.toml"


@cache
def _read(name: str) -> Mapping[str, Explanation]:
    tables = tomllib.loads((_FOLDER / name).read_text("utf-8"))
    return {code: _explanation(code, table) for code, table in tables.items()}


def _explanation(code: str, table: Mapping[str, Any]) -> Explanation:
    return Explanation(
        code=code,
        active=table["active"],
        handling=Handling(table["handling"]),
        scope=table.get("scope", ""),
        operations=tuple(table.get("operations", ())),
        field=table.get("field", ""),
        actor=Actor(table["actor"]),
        policy=Policy(table["policy"]),
        resend_safe=table["resend_safe"],
        point=table.get("point", ""),
        sure=table.get("sure", True),
        rule=table.get("rule", ""),
        texts={language: CodeText(**table[language]) for language in LANGUAGES},
    )
