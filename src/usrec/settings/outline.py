"""The shape of the settings' tree: which tables there are, and which settings each has."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from usrec.settings.section import SecretSettings

Steps = tuple[str | int, ...]
"""Where a setting stands: names of tables, places in lists (from 0), and its own name."""

NAME = "NAME"
"""Stands for the name that the administrator chooses, as in ``[employer.NAME]``."""


class Shape(Enum):
    """How often a table can stand."""

    ONE = "one"
    NAMED = "named"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the settings.

    Attributes:
        path: Names that lead to it, :data:`NAME` for a chosen one.
        meaning: What it is for, in English.
        settings: Its own settings by name, without the tables in it.
        section: The model that reads it.
        required: The agent does not start without it.
        absent: It is not there unless somebody writes it; its settings have no effect by themselves.
    """

    path: tuple[str, ...]
    shape: Shape
    meaning: str
    settings: Mapping[str, FieldInfo]
    section: type[BaseModel]
    required: bool
    absent: bool = False

    def meanings(self) -> Mapping[str, str]:
        """What each setting is for, in English: the text below it in the source, which is read now."""
        found: dict[str, str] = {}
        for model in reversed(self.section.__mro__):
            if issubclass(model, BaseModel) and model is not BaseModel:
                found.update(_texts_below(model))
        return {name: found.get(name, "") for name in self.settings}


def tables(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Table]:
    """Every table below ``model``, outer ones first, in the order of the tree."""
    for name, field in model.model_fields.items():
        section, shape = section_of(field.annotation)
        if section is None:
            continue
        inner = (*path, name, NAME) if shape is Shape.NAMED else (*path, name)
        own = {one: setting for one, setting in section.model_fields.items() if not is_table(setting)}
        required = field.is_required()
        absent = not (required or field.default)
        yield Table(inner, shape, cleandoc(section.__doc__ or ""), own, section, required, absent)
        yield from tables(section, inner)


def _texts_below(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The settings of one class, and the text that stands below each in the source."""
    lines = ast.walk(ast.parse(dedent(getsource(model))))
    for setting, text in pairwise(line for one in lines if isinstance(one, ast.ClassDef) for line in one.body):
        match setting, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, cleandoc(words)
            case _:
                pass


def is_table(field: FieldInfo) -> bool:
    """Whether a field is a table of its own; where a secret is, is a value."""
    return section_of(field.annotation)[0] is not None


def section_of(annotation: Any) -> tuple[type[BaseModel] | None, Shape]:
    """The table that an annotation holds, and how often; None for a plain value."""
    plain = without_none(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return (None if plain is SecretSettings else plain), Shape.ONE
    inner = [section_of(one)[0] for one in get_args(plain)]
    shape = Shape.NAMED if get_origin(plain) is dict else Shape.LISTED
    return next((one for one in inner if one is not None), None), shape


def without_none(annotation: Any) -> Any:
    """What a setting is when it is there."""
    if get_origin(annotation) not in {Union, UnionType}:
        return annotation
    return next(one for one in get_args(annotation) if one is not type(None))


def values_in(model: type[BaseModel], tree: object, path: Steps = ()) -> Iterator[tuple[Steps, FieldInfo, object]]:
    """Every setting that ``tree`` holds and ``model`` knows, with its value as it was written."""
    if not isinstance(tree, Mapping):
        return
    for name, field in model.model_fields.items():
        if name not in tree:
            continue
        section, shape = section_of(field.annotation)
        if section is None:
            yield (*path, name), field, tree[name]
            continue
        for step, inner in _entries(tree[name], shape):
            yield from values_in(section, inner, (*path, name, *step))


def _entries(value: object, shape: Shape) -> Sequence[tuple[Steps, object]]:
    if shape is Shape.NAMED:
        return [((name,), inner) for name, inner in value.items()] if isinstance(value, Mapping) else []
    if shape is Shape.LISTED:
        return [((number,), inner) for number, inner in enumerate(value)] if isinstance(value, list) else []
    return [((), value)]


def names_at(model: type[BaseModel], path: Steps) -> Sequence[str]:
    """The names that may stand in the table at ``path``; none where there is no such table or any name may."""
    steps = list(path)
    while steps:
        field = model.model_fields.get(str(steps.pop(0)))
        section, shape = section_of(field.annotation) if field is not None else (None, Shape.ONE)
        if field is not None and section is None and without_none(field.annotation) is SecretSettings:
            section = SecretSettings
        if section is None:
            return []
        if shape is not Shape.ONE and steps:
            steps.pop(0)
        model = section
    return list(model.model_fields)
