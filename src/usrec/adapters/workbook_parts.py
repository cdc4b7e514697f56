"""What every reader of XLSX files asks of their parts before openpyxl, whose parser puts entities in, gets them.

Source: CWE-776.
"""

from __future__ import annotations

import re
from typing import IO, Final

_DTD: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 64


def holds_dtd(part: IO[bytes]) -> bool:
    """Whether a part has a DTD anywhere, in UTF-8 or UTF-16, behind however long a comment and whatever its name."""
    tail = b""
    while chunk := part.read(_CHUNK):
        if _DTD.search((tail + chunk).replace(b"\x00", b"")):
            return True
        tail = chunk[-_OVERLAP:]
    return False
