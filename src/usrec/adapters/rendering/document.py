"""Elements from a mapping and its values; nothing here knows what a value means.

Sources: the samples of working USREC clients. The root is qualified, its children are not; dates are xs:date with the
zone of Kazakhstan. A date's offset is that of its own day and the calendar date is never shifted: an order of 1 March
is an order of 1 March wherever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache

from lxml import etree

from kzeds.xml import Element
from usrec.adapters.rendering.mapping import OperationMapping, ProfileMapping, Value
from usrec.domain.kazakhstan_time import KAZAKHSTAN

PREFIX = "con"


def build_document(profile: ProfileMapping, operation: OperationMapping, texts: Mapping[Value, str]) -> Element:
    """The contractRequest of one operation. Fields without a text are left out; equal parents are one element.

    Raises:
        ValueError: A text holds a character that XML cannot carry.
    """
    root = etree.Element(f"{{{profile.namespace}}}{profile.root}", nsmap={PREFIX: profile.namespace})
    built: dict[tuple[str, ...], Element] = {(): etree.SubElement(root, operation.element)}
    for field in operation.fields:
        text = texts.get(field.value)
        if text is not None:
            _element_at(field.steps, built).text = text
    return root


def _element_at(steps: tuple[str, ...], built: dict[tuple[str, ...], Element]) -> Element:
    """The element at ``steps`` below the operation's; what is missing is appended, and entered in ``built``."""
    found = built.get(steps)
    if found is None:
        found = built[steps] = etree.SubElement(_element_at(steps[:-1], built), steps[-1])
    return found


def wire_text(value: str | date, *, date_with_zone: bool) -> str:
    """A value as the text of its element; dates as xs:date."""
    if isinstance(value, str):
        return value
    return f"{value.isoformat()}{_offset(value)}" if date_with_zone else value.isoformat()


@lru_cache(maxsize=4096)
def _offset(day: date) -> str:
    """Kazakhstan's offset at the start of ``day``: +06:00 before 1 March 2024, +05:00 since."""
    return datetime.combine(day, time.min, tzinfo=KAZAKHSTAN).isoformat()[-len("+05:00") :]
