"""Everything that the doctor knows, found by looking into its modules."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

from usrec.interfaces import doctor
from usrec.interfaces.doctor.examination import CHECKS
from usrec.interfaces.doctor.finding import Kind


def every_kind() -> set[Kind]:
    """The kinds that stand in the doctor's modules, by themselves or in tables."""
    return set(_kinds())


def _kinds() -> Iterator[Kind]:
    for module in pkgutil.iter_modules(doctor.__path__):
        for value in vars(import_module(f"{doctor.__name__}.{module.name}")).values():
            inner = value.values() if isinstance(value, Mapping) else [value]
            yield from (one for one in inner if isinstance(one, Kind))


def in_order(kinds: set[Kind]) -> list[Kind]:
    """Grouped by check in the order in which the doctor looks, the best verdict first."""
    order = [
        "settings",
        "secrets",
        "ledger",
        "rights",
        "disk",
        "exchange",
        "agents",
        "journal",
        "source",
        "tls",
        "clock",
        "wsdl",
    ]
    order += [name for name, _ in CHECKS if name not in order] + ["ask", "doctor"]
    verdicts = ["ok", "warn", "fail"]
    return sorted(kinds, key=lambda one: (order.index(one.check), verdicts.index(one.verdict), one.name))
