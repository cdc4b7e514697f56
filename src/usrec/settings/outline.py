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
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from usrec.settings.section import SecretSettings

Steps = tuple[str | int, ...]
"""Where a setting stands: names of tables, places in lists (from 0), and its own name."""

NAME = "NAME"
"""Stands for the name that the administrator chooses, as in ``[employer.NAME]``."""
KIND = "kind"
"""The setting that tells which table it is, where one of several may stand."""


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
        kind: Of a table, or of one in it, that may stand in the place of another: what its ``kind`` says.
    """

    path: tuple[str, ...]
    shape: Shape
    meaning: str
    settings: Mapping[str, FieldInfo]
    section: type[BaseModel]
    required: bool
    absent: bool = False
    kind: str = ""

    def meanings(self) -> Mapping[str, str]:
        """What each setting is for, in English: the text below it in the source, which is read now."""
        found: dict[str, str] = {}
        for model in reversed(self.section.__mro__):
            if issubclass(model, BaseModel) and model is not BaseModel:
                found.update(_texts_below(model))
        return {name: found.get(name, "") for name in self.settings}


def tables(model: type[BaseModel], path: tuple[str, ...] = (), kind: str = "") -> Iterator[Table]:
    """Every table below ``model``, outer ones first, in the order of the tree."""
    for name, field in model.model_fields.items():
        sections, shape = sections_of(field.annotation)
        inner = (*path, name, NAME) if shape is Shape.NAMED else (*path, name)
        for section in sections:
            of_kind = kind if section is sections[0] else kind_of(section)
            own = {one: setting for one, setting in section.model_fields.items() if not is_table(setting)}
            required = field.is_required() and section is sections[0]
            absent = not (required or (field.default and not of_kind))
            yield Table(inner, shape, cleandoc(section.__doc__ or ""), own, section, required, absent, of_kind)
            yield from tables(section, inner, of_kind)


def kind_of(section: type[BaseModel]) -> str:
    """What the setting ``kind`` of a table says; empty where it has none."""
    field = section.model_fields.get(KIND)
    return "" if field is None else str(get_args(field.annotation)[0])


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
    """The table that an annotation holds, the first where there are several, and how often; None for a plain value."""
    sections, shape = sections_of(annotation)
    return next(iter(sections), None), shape


def sections_of(annotation: Any) -> tuple[Sequence[type[BaseModel]], Shape]:
    """The tables that an annotation may hold, and how often; none for a plain value."""
    plain = without_none(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return ([] if plain is SecretSettings else [plain]), Shape.ONE
    choice = get_args(plain)[0] if get_origin(plain) is Annotated else plain
    if get_origin(choice) in {Union, UnionType}:
        return [section for one in get_args(choice) for section in sections_of(one)[0]], Shape.ONE
    inner = [section for one in get_args(choice) for section in sections_of(one)[0]]
    return inner, Shape.NAMED if get_origin(choice) is dict else Shape.LISTED


def without_none(annotation: Any) -> Any:
    """What a setting is when it is there."""
    if get_origin(annotation) not in {Union, UnionType} or type(None) not in get_args(annotation):
        return annotation
    return next(one for one in get_args(annotation) if one is not type(None))


def values_in(model: type[BaseModel], tree: object, path: Steps = ()) -> Iterator[tuple[Steps, FieldInfo, object]]:
    """Every setting that ``tree`` holds and ``model`` knows, with its value as it was written."""
    if not isinstance(tree, Mapping):
        return
    for name, field in model.model_fields.items():
        if name not in tree:
            continue
        sections, shape = sections_of(field.annotation)
        if not sections:
            yield (*path, name), field, tree[name]
            continue
        for step, inner in _entries(tree[name], shape):
            yield from values_in(_meant(sections, inner), inner, (*path, name, *step))


def _meant(sections: Sequence[type[BaseModel]], tree: object) -> type[BaseModel]:
    """Which of several tables was written; the first where its ``kind`` does not tell."""
    kind = tree.get(KIND) if isinstance(tree, Mapping) else None
    return next((one for one in sections if kind_of(one) == kind), sections[0])


def _entries(value: object, shape: Shape) -> Sequence[tuple[Steps, object]]:
    if shape is Shape.NAMED:
        return [((name,), inner) for name, inner in value.items()] if isinstance(value, Mapping) else []
    if shape is Shape.LISTED:
        return [((number,), inner) for number, inner in enumerate(value)] if isinstance(value, list) else []
    return [((), value)]


def names_at(model: type[BaseModel], path: Steps) -> Sequence[str]:
    """The names that may stand in the table at ``path``; none where there is no such table or any name may.

    Args:
        path: As pydantic tells it, with the kind of a table that may stand in the place of another.
    """
    found = _table_at(model, path)[0]
    return [] if found is None else list(found.model_fields)


def without_kinds(model: type[BaseModel], path: Steps) -> Steps:
    """The place that pydantic tells, as it is written: without the kinds of tables."""
    return _table_at(model, path)[1]


def _table_at(model: type[BaseModel], path: Steps) -> tuple[type[BaseModel] | None, Steps]:
    steps, written = list(path), list[str | int]()
    found: type[BaseModel] | None = model
    while steps:
        written.append(steps.pop(0))
        field = None if found is None else found.model_fields.get(str(written[-1]))
        sections, shape = sections_of(field.annotation) if field is not None else ([], Shape.ONE)
        if field is not None and without_none(field.annotation) is SecretSettings:
            sections = [SecretSettings]
        if shape is not Shape.ONE and steps and sections:
            written.append(steps.pop(0))
        found = next(iter(sections), None)
        if len(sections) > 1 and steps:
            kind = steps.pop(0)
            found = next((one for one in sections if kind_of(one) == kind), None)
    return found, tuple(written)
