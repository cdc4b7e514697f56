"""A machine that has neither libcrypto nor libgcrypt, as far as kzeds can see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from kzeds.gost import eds, native
from kzeds.gost.curves import Curve
from kzeds.gost.scheme import Arithmetic


@contextmanager
def without_libraries() -> Iterator[None]:
    """Everything in plain Python; a key that is loaded in here stays so."""
    with (
        patch.object(native, "libcrypto", lambda _: None),
        patch.object(native, "libgcrypt_hash", lambda _: None),
        patch.object(eds, "_arithmetic", _plain_arithmetic),
    ):
        yield


@cache
def _plain_arithmetic(curve: Curve) -> Arithmetic:
    return Arithmetic(curve, plain=True)
