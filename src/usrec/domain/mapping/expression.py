"""Small expressions over the columns of one row: enough to join names and cut codes, and nothing that can do harm.

Python's grammar for expressions, of which only what stands here is taken: texts, columns by name, ``+``, comparisons,
``and``/``or``/``not``, ``x if y else z``, and the listed functions. No attributes, no indexes, no other calls, no
numbers that grow. Every value is a text; an absent one is empty, and an empty text is not true.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, TypeAlias

from usrec.domain.errors import ConfigurationError

Cells: TypeAlias = Mapping[str, str]
"""The texts of a row by column."""
Expression: TypeAlias = Callable[[Cells], str]

LONGEST: Final = 1000
_LONGEST_VALUE: Final = 4000
_TRUE: Final = "true"
_FALSE: Final = ""


def _slice(text: str, first: str, length: str) -> str:
    start = _whole(first) - 1
    return text[start : start + _whole(length)] if start >= 0 else ""


def _split(text: str, separator: str, number: str) -> str:
    parts = text.split(separator) if separator else [text]
    place = _whole(number) - 1
    return parts[place].strip() if 0 <= place < len(parts) else ""


def _days_after(text: str, days: str) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=_whole(days))).isoformat()
    except (ValueError, OverflowError):
        return ""


def _whole(text: str) -> int:
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 7 else 0


FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., str]]]] = {
    "trim": (1, lambda text: " ".join(text.split())),
    "upper": (1, lambda text: text.upper()),
    "lower": (1, lambda text: text.lower()),
    "digits": (1, lambda text: "".join(one for one in text if one in "0123456789")),
    "replace": (3, lambda text, old, new: text.replace(old, new) if old else text),
    "cut": (3, _slice),
    "part": (3, _split),
    "pad": (2, lambda text, length: text.rjust(min(_whole(length), 100), "0") if text else ""),
    "days_after": (2, _days_after),
    "first": (-1, lambda *texts: next((one for one in texts if one), "")),
}
"""By name: how many arguments (-1: any number), and what it gives."""

_COMPARED: Final[Mapping[type[ast.cmpop], Callable[[str, str], bool]]] = {
    ast.Eq: lambda one, other: one == other,
    ast.NotEq: lambda one, other: one != other,
    ast.Lt: lambda one, other: one < other,
    ast.LtE: lambda one, other: one <= other,
    ast.Gt: lambda one, other: one > other,
    ast.GtE: lambda one, other: one >= other,
}


def compile_expression(text: str, where: str) -> tuple[Expression, frozenset[str]]:
    """The expression in ``text``, and the columns that it names.

    Raises:
        ConfigurationError: It is none, or holds something that is not taken; ``where`` says whose it is.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
        tree = ast.parse(text.strip(), mode="eval")
        columns: set[str] = set()
        return _bounded(_compiled(tree.body, columns)), frozenset(columns)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        what = problem.msg if isinstance(problem, SyntaxError) else str(problem)
        known = ", ".join(FUNCTIONS)
        raise ConfigurationError(
            f"the expression cannot be used: {what}",
            where=where,
            next_step=f'Write columns, "texts", +, comparisons, "a if b else c", column("name"), and: {known}',
        ) from None


def _bounded(expression: Expression) -> Expression:
    return lambda cells: expression(cells)[:_LONGEST_VALUE]


def _compiled(node: ast.expr, columns: set[str]) -> Expression:
    match node:
        case ast.Constant():
            return _constant(node.value)
        case ast.Name(id=name):
            columns.add(name)
            return lambda cells: cells[name]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _compiled(left, columns), _compiled(right, columns)
            return lambda cells: one(cells)[:_LONGEST_VALUE] + other(cells)[:_LONGEST_VALUE]
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compare(op, left, right, columns)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, args, columns)
        case _:
            return _choice(node, columns)


def _constant(value: object) -> Expression:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("only texts and whole numbers are values")  # noqa: TRY004 -- told as one kind of fault
    return lambda _: str(value)


def _choice(node: ast.expr, columns: set[str]) -> Expression:
    match node:
        case ast.BoolOp(op=op, values=values):
            return _joined([_compiled(one, columns) for one in values], all_of=isinstance(op, ast.And))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _compiled(operand, columns)
            return lambda cells: _FALSE if inner(cells) else _TRUE
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return lambda _: str(-value)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            question, yes, no = (_compiled(one, columns) for one in (test, body, orelse))
            return lambda cells: yes(cells) if question(cells) else no(cells)
        case _:
            raise ValueError(f"{type(node).__name__} is not taken")


def _joined(parts: Sequence[Expression], *, all_of: bool) -> Expression:
    """As in Python: the value that decided."""

    def joined(cells: Cells) -> str:
        value = ""
        for part in parts:
            value = part(cells)
            if bool(value) is not all_of:
                break
        return value

    return joined


def _compare(op: ast.cmpop, left: ast.expr, right: ast.expr, columns: set[str]) -> Expression:
    one = _compiled(left, columns)
    if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List):
        listed = [_compiled(element, columns) for element in right.elts]
        wanted = isinstance(op, ast.In)
        return lambda cells: _TRUE if any(one(cells) == part(cells) for part in listed) is wanted else _FALSE
    compare = _COMPARED.get(type(op))
    if compare is None:
        raise ValueError(f"{type(op).__name__} is not taken here; after in stands a list in parentheses")
    other = _compiled(right, columns)
    return lambda cells: _TRUE if compare(one(cells), other(cells)) else _FALSE


def _call(name: str, args: Sequence[ast.expr], columns: set[str]) -> Expression:
    if name == "column":
        column = args[0].value if len(args) == 1 and isinstance(args[0], ast.Constant) else None
        if not isinstance(column, str):
            raise ValueError('column takes one text, as in column("Табельный номер")')
        columns.add(column)
        return lambda cells: cells[column]
    number, function = FUNCTIONS.get(name, (0, None))
    if function is None:
        raise ValueError(f"there is no function {name}")
    if number not in {-1, len(args)} or (number == -1 and not args):
        raise ValueError(f"{name} takes {number if number > 0 else 'one or more'} values")
    given = [_compiled(one, columns) for one in args]
    return lambda cells: function(*(one(cells)[:_LONGEST_VALUE] for one in given))
