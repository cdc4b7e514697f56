"""Every known answer of the NCA's provider (`vectors/hashes.json`), by every path that gives one; none is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kzeds.algorithms import GOST_34311, STREEBOG_512
from kzeds.gost import eds, native
from kzeds.gost.gost34311 import gost34311
from kzeds.gost.streebog import streebog512
from support.kzeds_material import shared

FORMULA = "bytes((i*7+length)%256 for i in range(length))"
PLAIN: dict[str, Callable[[bytes], bytes]] = {"GOST3411-2015-512": streebog512, "GOST34311": gost34311}
FAST = {"GOST3411-2015-512": "streebog512", "GOST34311": "gost34311"}
IN_USE: dict[str, tuple[Callable[[bytes], bytes], eds.GostKind]] = {
    "GOST3411-2015-512": (STREEBOG_512.compute, eds.GOST_2015),
    "GOST34311": (GOST_34311.compute, eds.GOST_OF_2004),
}


def vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shared("vectors/hashes.json").read_text())
    return found


def message(vector: dict[str, Any]) -> bytes:
    length = vector["length"]
    return bytes((place * 7 + length) % 256 for place in range(length))


def test_nothing_in_the_file_is_left_out() -> None:
    assert {key for vector in vectors() for key in vector} == {"length", "input", *PLAIN}
    assert {vector["input"] for vector in vectors()} == {FORMULA}
    lengths = [vector["length"] for vector in vectors()]
    assert len(lengths) == len(set(lengths)) > 10
    assert {0, 1, 31, 32, 63, 64} <= set(lengths), "the ends of a block of either hash"


@pytest.mark.parametrize("name", PLAIN)
def test_plain_python_gives_every_answer(name: str) -> None:
    for vector in vectors():
        assert PLAIN[name](message(vector)).hex() == vector[name], vector["length"]


@pytest.mark.parametrize("name", PLAIN)
def test_libgcrypt_gives_every_answer(name: str) -> None:
    compute = native.libgcrypt_hash(FAST[name])
    if compute is None:
        pytest.skip("libgcrypt is not on this machine")
    for vector in vectors():
        assert compute(message(vector)).hex() == vector[name], vector["length"]


@pytest.mark.parametrize("name", PLAIN)
def test_what_signatures_use_gives_every_answer(name: str) -> None:
    compute, kind = IN_USE[name]
    for vector in vectors():
        assert compute(message(vector)).hex() == vector[name], vector["length"]
        assert eds.digest(kind, message(vector)).hex() == vector[name], vector["length"]
