"""Which official code lists are imported, how old they are, and whether they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from usrec.domain.dictionary import Dictionary
from usrec.domain.errors import ConfigurationError
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

OLD: Final = timedelta(days=365)
"""The registry changes its lists several times a year."""

NONE_IMPORTED: Final = Kind(
    "dictionaries",
    "not_imported",
    Verdict.OK,
    N_(
        "No official dictionary is imported: codes of positions and grounds are checked for their form only. "
        "usrec dictionaries import lets wrong ones be found before anything is sent"
    ),
)
CURRENT: Final = Kind(
    "dictionaries",
    "imported",
    Verdict.OK,
    N_("The dictionary {about} holds from {day} and was imported {age} ago; codes in use: {number}"),
)
STALE: Final = Kind(
    "dictionaries",
    "old",
    Verdict.WARN,
    N_("The dictionary {about} was imported {age} ago"),
    N_("Get the present official list and import it: usrec dictionaries import FILE"),
)
NOT_YET: Final = Kind(
    "dictionaries",
    "not_yet",
    Verdict.WARN,
    N_("The dictionary {about} holds from {day} on only; until then its codes are not looked up"),
    N_("Import the list that holds today too: usrec dictionaries import FILE --valid-from DAY"),
)
UNREADABLE: Final = Kind(
    "dictionaries",
    "unreadable",
    Verdict.FAIL,
    N_("The imported dictionary {about} cannot be read, so its codes are not looked up: {why}"),
    N_("Let the agent's user read it, or remove the file and import the official list again"),
)
MISSING: Final = Kind(
    "dictionaries",
    "missing",
    Verdict.OK,
    N_("The dictionary {about} is not imported: its codes are checked for their form only"),
)


def examine_dictionaries(installation: Installation) -> Iterator[Line]:
    """A line for each imported dictionary, and for each that rows need and that is not imported."""
    from usrec.preflight import build_dictionaries

    store = build_dictionaries(installation.settings)
    names = store.names()
    if not names:
        yield NONE_IMPORTED.line()
        return
    for name in names:
        try:
            dictionary = store.load(name)
        except ConfigurationError as problem:
            yield UNREADABLE.line(about=name, why=problem.what)
            continue
        if dictionary and dictionary.editions:
            yield _line(dictionary, installation)
    needed = sorted({origin.dictionary for origin in CODE_FIELDS.values()})
    yield from (MISSING.line(about=name) for name in needed if name not in names)


def _line(dictionary: Dictionary, installation: Installation) -> Line:
    now = installation.clock.now()
    edition = dictionary.on(kazakhstan_date(now))
    if edition is None:
        return NOT_YET.line(about=dictionary.name, day=dictionary.editions[0].valid_from)
    age = max(now - edition.imported_at, timedelta(0))
    kind = STALE if age > OLD else CURRENT
    return kind.line(about=dictionary.name, number=len(edition.active), day=edition.valid_from, age=age)
