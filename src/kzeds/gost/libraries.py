"""Shared libraries of the machine by ctypes, which a Python may have been built without: then there are none.

Source: the ctypes page of Python's documentation. Functions are declared by letters, that of the result first: ``p`` an
address, ``s`` bytes, ``i`` an int, ``u`` an unsigned int, ``z`` a size, ``-`` nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes


def open_library(names: Sequence[str], functions: Mapping[str, str]) -> ctypes.CDLL | None:
    """The first library of these names that loads and has all these functions; None where there is none.

    Args:
        names: As the system's loader knows them, such as ``libcrypto.so.3``.
        functions: Letters by name.
    """
    try:
        from ctypes import CDLL
    except ImportError:
        return None
    for name in names:
        try:
            library = CDLL(name)
            declare(library, functions)
        except (OSError, AttributeError):
            continue
        return library
    return None


def declare(library: ctypes.CDLL, functions: Mapping[str, str]) -> None:
    """Say what functions of a library return and take.

    Raises:
        AttributeError: The library has no such function.
    """
    from ctypes import c_char_p, c_int, c_size_t, c_uint, c_void_p

    types = {"p": c_void_p, "s": c_char_p, "i": c_int, "u": c_uint, "z": c_size_t, "-": None}
    for name, letters in functions.items():
        function = getattr(library, name)
        function.restype = types[letters[0]]
        function.argtypes = tuple(types[letter] for letter in letters[1:])


def buffer(size: int) -> ctypes.Array[ctypes.c_char]:
    """So many bytes that a function of a library may write to; its `raw` is what it wrote."""
    from ctypes import create_string_buffer

    return create_string_buffer(size)
