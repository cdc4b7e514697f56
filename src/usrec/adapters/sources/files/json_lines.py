"""JSON lines: an object of fields in each line. Fields may also stand in an inner ``payload``, as in the outbox.

An object that holds nothing but ``_comment`` is not read, nor is an empty line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable, RawFile, RawRow
from usrec.adapters.sources.files.text_file import decode, read_bytes

JSON_COMMENT: Final = "_comment"


def read_json_lines(path: Path, options: ReadingOptions) -> RawFile:
    """The rows of a file of JSON lines; its columns are all that its objects have.

    Raises:
        FileUnreadable: A line is no JSON object.
    """
    text, encoding = decode(read_bytes(path), options.encoding, str(path))
    rows = [RawRow(number, cells) for number, cells in _objects(text, str(path))]
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    recognised = "" if options.encoding or encoding == "utf-8" else encoding
    return RawFile(f"JSON lines, {encoding}", 1, columns, iter(rows), recognised)


def _objects(text: str, where: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, object_pairs_hook=without_doubles)
        except (ValueError, RecursionError) as problem:
            reason = "a name stands in it twice" if isinstance(problem, DoubledNameError) else "it is no JSON"
            raise FileUnreadable(f"line {number} cannot be read: {reason}", where=where) from None
        if not isinstance(found, dict):
            raise FileUnreadable(f"line {number} is JSON but not an object of fields", where=where)
        if set(found) != {JSON_COMMENT}:
            yield number, _flat(found, number, where)


def _flat(found: dict[str, Any], number: int, where: str) -> Mapping[str, Any]:
    inner = found.pop("payload", {})
    if not isinstance(inner, dict) or inner.keys() & found.keys():
        raise FileUnreadable(f"payload in line {number} is no object of further fields", where=where)
    return {**found, **inner}


class DoubledNameError(ValueError):
    """One name twice in one object."""


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What ``json.loads`` makes of an object.

    Raises:
        DoubledNameError: A name stands in it twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubledNameError
    return found
