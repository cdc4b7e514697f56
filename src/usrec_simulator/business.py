"""The registry's own reading of a `contractRequest`.

Source: element names and order as sent by working clients of 2018-2019 (profile `seen`); the record id and its place
come from response codes SCSE086 and SCSE087 and are assumed (profile `current`). Written from those facts alone, apart
from the agent's renderer, and strict about order and unknown elements, so that a slip of the renderer shows. Which
element carries what stands in layouts.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final

from kzeds.xml import Element
from usrec_simulator.details import Details
from usrec_simulator.errors import MessageFormError
from usrec_simulator.layouts import DATES, Layout, layout_of, operation_of
from usrec_simulator.operations import Operation, Profile

__all__ = ["NAMESPACE", "ROOT", "BusinessRecord", "Operation", "Profile", "peek", "read_business"]

NAMESPACE: Final = "http://enbek.kz/contract/ws/schemas"
ROOT: Final = f"{{{NAMESPACE}}}contractRequest"


@dataclass(frozen=True, slots=True)
class BusinessRecord:
    """The content of one operation element; what was absent or empty is None."""

    operation: Operation
    digest: str
    record_id: str | None = None
    employer: str | None = None
    employee: str | None = field(default=None, repr=False)
    contract_id: str | None = None
    number: str | None = None
    event_date: date | None = None
    begin_date: date | None = None
    position: str | None = None
    post: str | None = field(default=None, repr=False)
    reason: str | None = None
    details: Details = field(default_factory=Details, repr=False)
    lacks: frozenset[str] = frozenset()
    """Blocks of the parties, such as `employerData`, that the message left out altogether."""

    @property
    def is_empty(self) -> bool:
        """Tell whether the element held no value at all beside the record id."""
        values = (self.employer, self.employee, self.contract_id, self.number, self.event_date, self.begin_date)
        return not any((*values, self.position, self.post, self.reason)) and not self.details.values


_NEEDED_BLOCKS: Final = frozenset({"employerData", "employeeData"})
_FIELDS: Final = frozenset(one.name for one in fields(BusinessRecord))
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")


def read_business(root: Element, *, digest: str, profile: Profile) -> BusinessRecord | None:
    """Read the one operation of a signed document.

    Args:
        root: The signed tree, without its signature.
        digest: Digest of the signed content, in hex.
        profile: Decides whether an `id` is part of the interface.

    Returns:
        The record, or None when the document holds no operation.

    Raises:
        MessageFormError: The root, the operation, the order or a date is not as the interface says.
    """
    if root.tag != ROOT:
        raise MessageFormError("the business document is not a contractRequest of the contract namespace")
    elements = list(root.iterchildren("*"))
    if not elements:
        return None
    if len(elements) > 1:
        raise MessageFormError("the business document holds more than one operation")
    operation = operation_of(elements[0].tag, profile)
    if operation is None:
        raise MessageFormError("the operation element is not known")
    layout = layout_of(operation, profile)
    return _record(operation, digest, _ordered_values(elements[0], layout), lacks=_left_out(elements[0], layout))


def peek(root: Element) -> tuple[Operation | None, str | None]:
    """Tell operation and number of a document before anything is verified; for choosing scripted faults only."""
    for element in root.iterchildren("*"):
        operation = operation_of(element.tag, Profile.CURRENT)
        if operation is not None:
            layout = layout_of(operation, Profile.CURRENT)
            paths = [path for path, name in layout.items() if name in {"number", "contract_id"}]
            return operation, next((element.findtext(path) for path in reversed(paths)), None)
    return None, None


def _ordered_values(element: Element, layout: Layout) -> dict[str, str]:
    """Return the values by field name; every leaf must be known, in order and present once."""
    expected, parents = iter(layout), {path.rpartition("/")[0] for path in layout}
    values: dict[str, str] = {}
    for path, text in _leaves(element, ""):
        if path in parents and not text:
            continue
        if not any(path == candidate for candidate in expected):
            raise MessageFormError(f"element {path[:80]} is unknown, repeated or out of order")
        values[layout[path]] = text
    return values


def _left_out(element: Element, layout: Layout) -> frozenset[str]:
    blocks = {path.partition("/")[0] for path in layout} & _NEEDED_BLOCKS
    return frozenset(block for block in blocks if element.find(block) is None)


def _leaves(element: Element, prefix: str) -> Iterator[tuple[str, str]]:
    for child in element.iterchildren("*"):
        path = f"{prefix}{child.tag}"
        if len(child):
            yield from _leaves(child, f"{path}/")
        else:
            yield path, (child.text or "").strip()


def _record(operation: Operation, digest: str, values: dict[str, str], *, lacks: frozenset[str]) -> BusinessRecord:
    get = values.get
    return BusinessRecord(
        operation=operation,
        digest=digest,
        record_id=get("record_id") or None,
        employer=get("employer") or None,
        employee=get("employee") or None,
        contract_id=get("contract_id") or None,
        number=get("number") or None,
        event_date=_date(get("event_date")),
        begin_date=_date(get("begin_date")),
        position=get("position") or None,
        post=get("post") or None,
        reason=get("reason") or None,
        details=Details({name: _detail(name, text) for name, text in values.items() if text and name not in _FIELDS}),
        lacks=lacks,
    )


def _detail(name: str, text: str) -> str:
    day = _date(text) if name in DATES else None
    return day.isoformat() if day else text


def _date(text: str | None) -> date | None:
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(match[1]) if match else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> date:
    raise MessageFormError("a date is not an xs:date")
