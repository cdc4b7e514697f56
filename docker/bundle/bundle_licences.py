"""Under which licence each wheel may be passed on, as SPDX. One that nobody has decided about stops the bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from license_expression import ExpressionError, get_spdx_licensing

from bundle_target import BundleError
from bundle_wheels import OWN, Closure, Wheel

ALLOWED: Final = frozenset({
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
})  # fmt: skip
"""They let us pass on unchanged wheels; LGPL and MPL ask that the source stays available, which the wheels are."""
_BY_TEXT: Final = {"apache 2.0": "Apache-2.0", "isc license": "ISC", "mit license": "MIT"}
"""What some projects write in ``License``, and what they mean."""
_CLASSIFIER: Final = "License :: OSI Approved :: "
_BY_CLASSIFIER: Final = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Classifiers that name one licence; "BSD License" names several and is decided below."""
_READ_BY_US: Final = {"isodate": "BSD-3-Clause", "python-dateutil": "Apache-2.0 OR BSD-3-Clause"}
"""Projects whose metadata leave it open; decided by the licence file in their wheel."""


def licence_of(wheel: Wheel) -> str:
    """Its licence as an SPDX expression.

    Raises:
        BundleError: Nobody has decided about it; names the wheel and what its metadata say.
    """
    said = _said(wheel)
    try:
        names = get_spdx_licensing().license_keys(said, simple=True) if said else []
        good = bool(names) and not get_spdx_licensing().validate(said).errors and set(names) <= ALLOWED
    except ExpressionError:
        good = False
    if not good:
        raise BundleError(
            f"the licence of {wheel.name} {wheel.version} is not decided about (its metadata say "
            f"{said or wheel.metadata['License'] or 'nothing'!r}). Read it, then add it to ALLOWED, or the project to "
            "_READ_BY_US, in docker/bundle/bundle_licences.py"
        )
    return said


def _said(wheel: Wheel) -> str:
    expression = wheel.metadata["License-Expression"]
    if expression:
        return str(expression)
    if wheel.name in _READ_BY_US:
        return _READ_BY_US[wheel.name]
    text = str(wheel.metadata["License"] or "").strip()
    classes = [
        str(one).removeprefix(_CLASSIFIER) for one in wheel.metadata.get_all("Classifier", []) if _CLASSIFIER in one
    ]
    if not text:
        return _BY_CLASSIFIER.get(classes[0], "") if len(classes) == 1 else ""
    return _BY_TEXT.get(text.lower(), text if re.fullmatch(r"[\w.+-]+", text) else "")


def licence_list(closure: Closure) -> str:
    """A table of all wheels, for a person.

    Raises:
        BundleError: See :func:`licence_of`.
    """
    rows = [_row(wheel) for wheel in closure.wheels.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    ]
    return "\n".join(["Licences of the wheels, SPDX. The texts are inside the wheels.", "", *lines, ""])


def _row(wheel: Wheel) -> Sequence[str]:
    files = wheel.metadata.get_all("License-File", [])
    note = "our own" if wheel.name == OWN else ", ".join(map(str, files))
    return wheel.name, wheel.version, licence_of(wheel), note
