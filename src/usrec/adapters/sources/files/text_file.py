"""The text of a file in an encoding that was declared, or that leaves no doubt.

UTF-8 all but proves itself: a short text may be UTF-8 by chance, in letters that nobody here writes.
The one-byte code pages do not: each turns any byte into some letter. So the candidates are
compared by whether their words are made of letters of the Kazakh and Russian alphabets alone, and where two of them
read differently and equally well, the file is refused until its encoding is declared.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.options import ENCODINGS, LARGEST_FILE
from usrec.adapters.sources.files.raw import FileUnreadable

_ONE_BYTE: Final = ENCODINGS[1:]
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EXPECTED: Final = re.compile("[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі№«»–—…“”„\u00a0\\x09\\x0a\\x0d\\x20-\\x7e]")
_DECLARE: Final = f"Declare the encoding with --encoding: {', '.join(ENCODINGS)}"


def read_bytes(path: Path) -> bytes:
    """The file's content.

    Raises:
        FileUnreadable: It cannot be opened, or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise FileUnreadable(f"the file cannot be read: {problem.strerror}", where=str(path)) from None
    if len(content) > LARGEST_FILE:
        raise FileUnreadable(
            f"the file is larger than {LARGEST_FILE // 2**20} MB", where=str(path), next_step="Split it"
        )
    return content


def decode(content: bytes, declared: str, where: str) -> tuple[str, str]:
    """The text and its encoding.

    Args:
        declared: One of :data:`ENCODINGS`, or empty.

    Raises:
        FileUnreadable: The bytes are not in the declared encoding, or in none that leaves no doubt.
    """
    if content.startswith(_UTF16):
        raise FileUnreadable("the file is UTF-16", where=where, next_step="Save it as CSV UTF-8")
    if declared:
        return _decode_as(content, declared, where), declared
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _recognise(content, where)
    if _EXPECTED.sub("", text) and any(_is_clean(_try(content, name)) for name in _ONE_BYTE):
        raise FileUnreadable("the encoding of the file leaves doubt", where=where, next_step=_DECLARE)
    return text, "utf-8"


def _is_clean(text: str | None) -> bool:
    return text is not None and not _EXPECTED.sub("", text)


def _decode_as(content: bytes, encoding: str, where: str) -> str:
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise FileUnreadable(
            f"line {line} is not {encoding}", where=where, next_step="Declare another encoding with --encoding"
        ) from None


def _recognise(content: bytes, where: str) -> tuple[str, str]:
    if content.startswith(codecs.BOM_UTF8):
        raise FileUnreadable("the file says that it is UTF-8, and is not", where=where, next_step=_DECLARE)
    read = {name: text for name in _ONE_BYTE if (text := _try(content, name)) is not None}
    strange = {name: len(_EXPECTED.sub("", text)) for name, text in read.items()}
    best = [name for name, count in strange.items() if count == min(strange.values())]
    if not best or strange[best[0]] or len({read[name] for name in best}) > 1:
        raise FileUnreadable("the encoding of the file leaves doubt", where=where, next_step=_DECLARE)
    return read[best[0]], best[0]


def _try(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
