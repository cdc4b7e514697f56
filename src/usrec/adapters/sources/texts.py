"""A cell as text in each database, so that a cell of an unexpected type or size never fails the statement."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Label, Text, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONGEST: Final = 1_000_000
"""Characters of a cell that are fetched: ten times what USREC takes of an event. A portion holds 200 rows, and a scan
in each payload would fill the agent's memory. Of SQL Server and Oracle, which were never run, all is fetched."""
LONG: Final = frozenset({"payload", "usrec_message", "usrec_findings"})
"""Columns whose texts may be longer than a short text of Oracle: there they are read as they are."""


class _CellText(FunctionElement[str]):
    type = Text()
    inherit_cache = True
    name = "cell_text"


@compiles(_CellText)
def _standard(element: _CellText, compiler: SQLCompiler, **given: Any) -> str:
    return f"substr({compiler.process(cast(_column(element), Text), **given)}, 1, {LONGEST})"


@compiles(_CellText, "mssql")
def _mssql(element: _CellText, compiler: SQLCompiler, **given: Any) -> str:
    from sqlalchemy.dialects.mssql import NVARCHAR

    return compiler.process(cast(_column(element), NVARCHAR(None)), **given)


@compiles(_CellText, "oracle")
def _oracle(element: _CellText, compiler: SQLCompiler, **given: Any) -> str:
    column = _column(element)
    text = compiler.process(column, **given)
    return text if column.name in LONG else f"TO_NCHAR({text})"


def as_text(column: Column[Any]) -> Label[str]:
    """The text of a cell, under the column's own name."""
    return _CellText(column).label(column.name)


def _column(element: _CellText) -> Column[Any]:
    (column,) = element.clauses
    return column  # type: ignore[return-value] # as_text put it there
