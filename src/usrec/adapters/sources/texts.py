"""A cell as text in each database, so that a cell of an unexpected type never fails the statement."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Label, Text, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONG: Final = frozenset({"payload", "usrec_message", "usrec_findings"})
"""Columns whose texts may be longer than a short text of Oracle: there they are read as they are."""


class _CellText(FunctionElement[str]):
    type = Text()
    inherit_cache = True
    name = "cell_text"


@compiles(_CellText)
def _standard(element: _CellText, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(cast(_column(element), Text), **given)


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
