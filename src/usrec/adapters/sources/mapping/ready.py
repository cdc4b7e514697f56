"""The mapping files that come with the program, one for each staffing system that is widely used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from usrec.domain.errors import ConfigurationError

_ENDING: Final = ".toml"


def ready_mappings() -> Mapping[str, str]:
    """By name, the text of each."""
    found = [one for one in files("usrec").joinpath("mappings").iterdir() if one.name.endswith(_ENDING)]
    return {one.name.removesuffix(_ENDING): one.read_text("utf-8") for one in sorted(found, key=lambda one: one.name)}


def title_of(text: str) -> str:
    """For which system and database a mapping is: its first sentence."""
    return text.partition("\n")[0].removeprefix("# ").partition(". ")[0]


def ready_mapping(name: str) -> str:
    """The text of one.

    Raises:
        ConfigurationError: There is none of that name.
    """
    found = ready_mappings()
    if name not in found:
        raise ConfigurationError(
            f"there is no ready mapping {name!r}",
            where="usrec source mapping",
            next_step=f"Take one of: {', '.join(found)}; or write one: docs/how-to/snapshot.md",
        )
    return found[name]
