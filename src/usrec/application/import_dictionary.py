"""Importing an official code list: what it changes, what it means for codes that are in use, and keeping it.

Nothing is refused for the sake of codes in use: the list is the registry's, and hiding it would help nobody. What is
refused, unless it is forced, is a list that loses a large share of the codes: it is seldom the whole list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from usrec.domain.dictionary import Changes, Dictionary, Edition, changes
from usrec.domain.errors import UnsafeRequest
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.ports.dictionaries import DictionaryStore
from usrec.ports.ledger_view import LedgerView, UsedCodes

RESPONSE_CODES: Final = "response_code"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Attributes:
        before: The edition that held on the new one's first day; None when there was none.
        known: The same file holds on that day already.
    """

    name: str
    before: Edition | None
    new: Edition
    changes: Changes
    known: bool


@dataclass(frozen=True, slots=True)
class LostCode:
    """A code in use that the registry may refuse.

    Attributes:
        inactive: It stands there and is out of use; else it is not there at all.
    """

    dictionary: str
    code: str
    inactive: bool
    submissions: Sequence[str]


@dataclass(frozen=True, slots=True)
class CodesExplained:
    """The imported response codes beside our explanations.

    Attributes:
        unexplained: The registry has them and we do not.
        came_into_use: Ours are marked as out of use.
        went_out_of_use: Ours are marked as in use.
        gone: We explain them and the registry does not have them.
    """

    unexplained: Sequence[str]
    came_into_use: Sequence[str]
    went_out_of_use: Sequence[str]
    gone: Sequence[str]

    @property
    def agree(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.unexplained or self.came_into_use or self.went_out_of_use or self.gone)


def plan_import(name: str, new: Edition, *, store: DictionaryStore) -> Plan:
    """What importing ``new`` would change. Nothing is written."""
    dictionary = store.load(name)
    before = dictionary.on(new.valid_from) if dictionary else None
    differences = changes(before, new)
    known = before is not None and before.sha256 == new.sha256 and differences.none
    return Plan(name, before, new, differences, known)


def require_whole(plan: Plan, most_lost: int) -> None:
    """Refuse a list that is probably not whole.

    Args:
        most_lost: Percent of the codes in use that may be lost.

    Raises:
        UnsafeRequest: More is lost.
    """
    lost = plan.changes.lost_share * 100
    if lost > most_lost:
        raise UnsafeRequest(
            f"{lost:.0f} % of the codes in use of {plan.name} would be lost, and {most_lost} % is the limit",
            where=plan.new.file,
            kept="Nothing was imported",
            next_step="Look whether the file is the whole list; if it is, import it with --force",
        )


def keep(plan: Plan, *, store: DictionaryStore) -> None:
    """Keep the edition. The same file again renews the time of its import, by which people judge a list's age."""
    dictionary = store.load(plan.name) or Dictionary(plan.name, ())
    if plan.known and plan.before:
        others = tuple(one for one in dictionary.editions if one != plan.before)
        renewed = replace(plan.before, imported_at=plan.new.imported_at)
        store.save(Dictionary(plan.name, others).with_edition(renewed))
    else:
        store.save(dictionary.with_edition(plan.new))


def lost_codes(editions: Mapping[str, Edition], view: LedgerView) -> Sequence[LostCode]:
    """Codes of open submissions and of contracts in force that an edition does not have in use.

    Args:
        editions: By the dictionary's name.
    """
    users: dict[tuple[str, str], list[str]] = {}
    for used in _in_use(view.codes_in_use()):
        for field, code in used.codes.items():
            users.setdefault((CODE_FIELDS[field].dictionary, code), []).append(used.submission_id)
    return [
        LostCode(name, code, code in editions[name].entries, ids)
        for (name, code), ids in sorted(users.items())
        if name in editions and code not in editions[name].active
    ]


def _in_use(every: Sequence[UsedCodes]) -> Iterator[UsedCodes]:
    """Whatever is still to be sent, and of each contract that was not terminated the newest that was registered."""
    registered: dict[tuple[str, str], UsedCodes] = {}
    for used in every:
        if used.state is not State.ACCEPTED:
            yield used
        elif used.operation is Operation.TERMINATION:
            registered.pop((used.employer_bin, used.contract_key), None)
        else:
            registered[used.employer_bin, used.contract_key] = used
    yield from registered.values()


def codes_explained(edition: Edition, explained: Mapping[str, bool]) -> CodesExplained:
    """Compare the registry's response codes with ours.

    Args:
        explained: Our codes, with whether we mark them as in use.
    """
    both = sorted(edition.entries.keys() & explained.keys())
    return CodesExplained(
        unexplained=sorted(edition.entries.keys() - explained.keys()),
        came_into_use=[code for code in both if edition.entries[code].active and not explained[code]],
        went_out_of_use=[code for code in both if explained[code] and not edition.entries[code].active],
        gone=sorted(explained.keys() - edition.entries.keys()),
    )


def editions_on(day: date, *, store: DictionaryStore) -> Mapping[str, Edition]:
    """What holds on a day, by the dictionary's name.

    Raises:
        ConfigurationError: A file of the store cannot be read.
    """
    every = ((name, store.load(name)) for name in store.names())
    found = ((name, dictionary.on(day)) for name, dictionary in every if dictionary)
    return {name: edition for name, edition in found if edition}
