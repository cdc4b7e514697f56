"""Examples of settings in any page are settings: every table and key is known to the program."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from support.markdown import DOCS, ROOT, blocks
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.settings import Settings

OF_THE_SIMULATOR = {"fault", "unknown_persons", "senders"}
OF_A_MAPPING = {"version", "triggers", "approved"}
"""First keys of files that are no settings."""
EXAMPLES = [
    (str(page.relative_to(ROOT)), tree)
    for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    for block in blocks(page.read_text("utf-8"))
    if block.language == "toml" and not (OF_THE_SIMULATOR | OF_A_MAPPING) & set(tree := tomllib.loads(block.text))
]


@pytest.mark.parametrize(("page", "tree"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_every_key_of_an_example_is_a_setting(page: str, tree: Mapping[str, Any]) -> None:
    assert list(_unknown(Settings, tree, "")) == [], page


def test_the_example_of_a_mapping_file_is_one() -> None:
    page = DOCS / "how-to" / "snapshot.md"
    found = [block.text for block in blocks(page.read_text("utf-8")) if block.text.startswith("version")]
    assert [read_mapping(text, str(page)).contracts.key.columns for text in found] == [{"id"}]


def test_examples_are_found_and_a_slip_in_one_is_noticed() -> None:
    assert len(EXAMPLES) >= 6
    slips = {"gateway": {"ulr": ""}, "employer": {"a": {"order": [{"nummber": ""}]}}, "colour": ""}
    found = list(_unknown(Settings, slips, ""))
    assert found == ["gateway.ulr", "employer.a.order.nummber", "colour"]


def _unknown(model: type[BaseModel], tree: Mapping[str, Any], place: str) -> Iterator[str]:
    for key, value in tree.items():
        field = model.model_fields.get(key)
        if field is None:
            yield f"{place}{key}"
        elif (inner := _table_in(field)) is not None:
            yield from _inside(inner, field, value, f"{place}{key}.")


def _inside(inner: type[BaseModel], field: FieldInfo, value: Any, place: str) -> Iterator[str]:
    """The tables below a key: one, one for each name, or a list of them."""
    if isinstance(value, list):
        for table in value:
            yield from _unknown(inner, table, place)
    elif str(field.annotation).startswith("dict["):
        for name, table in value.items():
            yield from _unknown(inner, table, f"{place}{name}.")
    else:
        yield from _unknown(inner, value, place)


def _table_in(field: FieldInfo) -> type[BaseModel] | None:
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
