"""The Dockerfile and the compose file as they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


class Instruction(NamedTuple):
    """One instruction of a Dockerfile; `stage` counts its FROMs."""

    stage: int
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The JSON form of RUN, CMD and their kin; the shell form is not allowed here."""
        found: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return found


def dockerfile() -> Sequence[Instruction]:
    """The instructions in order, comments left out and continued lines joined."""
    text = (DOCKER / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    stage, found = 0, []
    for line in filter(None, map(str.strip, lines)):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Instruction(stage, word, rest))
    return found


def compose() -> Mapping[str, Any]:
    """The compose file, its anchors and merges resolved."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return found
