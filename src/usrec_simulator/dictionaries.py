"""Which codes the registry knows.

The official dictionaries are not part of this project. A folder with them (the CSV files as they are published, with
columns `id`, `code`, `parent_id` and `is_actual`) can be given; a dictionary that is not there is judged by the form
of its codes. The short ones are known by their codes: those are facts of the public interface notes. Forms marked
[assumed] belong to dictionaries that nobody has published.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from usrec_simulator.errors import ConfigurationError


class Dictionary(StrEnum):
    """A dictionary by the name of its file."""

    POSITION = "position"
    TERM = "contract_term"
    REASON = "termination_reason"
    WORK_KIND = "part_time"
    REMOTE_WORK = "remote_work"
    WORKING_HOURS = "working_hours"
    COUNTRY = "country"
    KATO = "kato"
    COMPETENCE = "competence"
    CONSCRIPT = "conscript"
    STAFF_POST = "staff_post"
    CONDITIONS = "working_conditions"
    HARMFUL = "harmful_conditions"
    BASIS = "foreigner_basis"
    EDUCATION = "education"
    EMPLOYER_TYPE = "employer_type"
    DECIDING_BODY = "restore_organization"
    COURT = "court"
    LEAVE = "social_leave"


class Standing(StrEnum):
    """What a dictionary says of a code."""

    KNOWN = "known"
    HEADING = "heading"
    UNKNOWN = "unknown"


_FORMS: Final[Mapping[Dictionary, str]] = {
    Dictionary.POSITION: r"\d{6}|\d{4}-\d-\d{3}|\d{4}-\d|\d{4}-\d{3}|\d-\d{2}-\d{3}|[YХ]\d{4}(-\d)?",
    Dictionary.TERM: r"[1-8]",
    Dictionary.REASON: r"\d{2}(-\d{3})?",
    Dictionary.WORK_KIND: r"[12]",
    Dictionary.REMOTE_WORK: r"[1-3]",
    Dictionary.WORKING_HOURS: r"[1-5]",
    Dictionary.COUNTRY: r"\d{3}",
    Dictionary.KATO: r"\d{9}",
    Dictionary.COMPETENCE: r"[A-Za-z0-9.-]{1,32}",
    Dictionary.CONSCRIPT: r"\d{1,3}",
    Dictionary.STAFF_POST: r"[A-Za-z0-9.-]{1,32}",
    Dictionary.CONDITIONS: r"\d{1,2}",
    Dictionary.HARMFUL: r"L[123](\.\d+)+",
    Dictionary.BASIS: r"\d{1,3}",
    Dictionary.EDUCATION: r"[A-Za-zА-Яа-я0-9.-]{1,32}",
    Dictionary.EMPLOYER_TYPE: r"\d{1,2}",
    Dictionary.DECIDING_BODY: r"[12]",
    Dictionary.COURT: r"\d{1,5}",
    Dictionary.LEAVE: r"[12]",
}

_HEADINGS: Final[Mapping[Dictionary, frozenset[str]]] = {
    Dictionary.REASON: frozenset({"03", "06", "07", "09"}),
}
"""Codes that are known to have codes below them; the grounds 03, 06, 07 and 09 of D_TERM_REASON."""


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """Dictionaries that were read, and the forms of all others."""

    read: Mapping[Dictionary, Mapping[str, Standing]] = field(default_factory=dict, repr=False)

    def standing(self, dictionary: Dictionary, code: str) -> Standing:
        """Judge a code."""
        entries = self.read.get(dictionary)
        if entries is not None:
            return entries.get(code, Standing.UNKNOWN)
        if code in _HEADINGS.get(dictionary, frozenset()):
            return Standing.HEADING
        fits = re.fullmatch(_FORMS[dictionary], code, re.ASCII) is not None
        return Standing.KNOWN if fits else Standing.UNKNOWN


def load_dictionaries(folder: Path) -> Dictionaries:
    """Read every dictionary that the folder holds.

    Raises:
        ConfigurationError: The folder holds none, or a file is no dictionary; the text names it.
    """
    found = {one: folder / f"{one}.csv" for one in Dictionary if (folder / f"{one}.csv").is_file()}
    if not found:
        raise ConfigurationError(
            f"{folder} holds no dictionary: position.csv, contract_term.csv and so on are expected"
        )
    return Dictionaries({dictionary: _entries(path) for dictionary, path in found.items()})


def _entries(path: Path) -> dict[str, Standing]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"{path} cannot be read as a dictionary: {error}") from error
    if not rows or not {"id", "code"} <= set(rows[0]):
        raise ConfigurationError(f"{path} is no dictionary: columns id and code are expected")
    parents = {row.get("parent_id") or "" for row in rows}
    actual = [row for row in rows if (row.get("is_actual") or "1") == "1"]
    return {row["code"]: Standing.HEADING if row["id"] in parents else Standing.KNOWN for row in actual}
