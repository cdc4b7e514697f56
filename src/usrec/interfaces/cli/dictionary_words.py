"""What ``usrec dictionaries`` tells: for a person, and as the keys that scripts rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from usrec.application.import_dictionary import RESPONSE_CODES, CodesExplained, LostCode, Plan, codes_explained
from usrec.domain.dictionary import Dictionary, Edition, Entry
from usrec.interfaces.i18n import N_, ntr, tr
from usrec.interfaces.time_words import local_time

_NAMED: Final = 10
"""How many codes a line names."""

_CHANGES: Final[Mapping[str, str]] = {
    "added": N_("new"),
    "renamed": N_("other names"),
    "deactivated": N_("no longer in use"),
    "reactivated": N_("in use again"),
    "moved": N_("below another heading"),
    "vanished": N_("vanished"),
}
_EXPLAINED: Final[Mapping[str, str]] = {
    "unexplained": N_("Response codes that this version does not explain: {codes}"),
    "came_into_use": N_("Response codes in use again that this version takes for retired: {codes}"),
    "went_out_of_use": N_("Response codes out of use that this version takes for active: {codes}"),
    "gone": N_("Response codes that the list does not have any more: {codes}"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of a file besides its entries.

    Attributes:
        reused: How many codes stood there twice, once out of use.
        unmarked: No column says what is in use.
        numbers: Codes stood as numbers.
    """

    name: str
    encoding: str
    reused: int
    unmarked: bool
    numbers: bool


Imports = Sequence[tuple[Plan, Told]]


def explained_in(name: str, edition: Edition) -> CodesExplained | None:
    """The response codes beside our explanations; None for any other dictionary."""
    from usrec.adapters.explanations.book import explain_all

    if name != RESPONSE_CODES:
        return None
    return codes_explained(edition, {one.code: one.active for one in explain_all()})


def import_words(plans: Imports, lost: Sequence[LostCode], *, reachable: bool, written: bool) -> Iterator[str]:
    """What was imported, or would be, and what it means."""
    for plan, told in plans:
        yield from _plan_words(plan, told)
        explained = explained_in(plan.name, plan.new)
        yield from _explained_words(explained) if explained else ()
    yield from _lost_words(lost, reachable=reachable)
    yield tr("Imported.") if written else tr("Nothing was imported: this was a dry run.")


def _plan_words(plan: Plan, told: Told) -> Iterator[str]:
    count = ntr("{number} code", "{number} codes", len(plan.new.entries))
    yield tr("{name}: {codes}, read as {encoding}, holds from {day}").format(
        name=plan.name, codes=count, encoding=told.encoding, day=plan.new.valid_from
    )
    yield from (f"  {line}" for line in _notes(told))
    if plan.known:
        yield "  " + tr("this very file was imported already; only the time of its import is renewed")
    elif plan.before is None:
        yield "  " + tr("nothing was imported for that day before")
    elif plan.changes.none:
        yield "  " + tr("no difference from the edition before")
    else:
        named = {word: getattr(plan.changes, name) for name, word in _CHANGES.items()}
        yield from (f"  {tr(word)} ({len(codes)}): {_some(codes)}" for word, codes in named.items() if codes)


def _notes(told: Told) -> Iterator[str]:
    if told.reused:
        yield tr("codes that stand there twice, once out of use: {number}; the one in use counts").format(
            number=told.reused
        )
    if told.unmarked:
        yield tr("no column says what is in use; every code counts as in use")
    if told.numbers:
        yield tr("the workbook holds codes as numbers: leading zeros may be lost; compare with the official list")


def _some(codes: Sequence[str]) -> str:
    more = " ..." if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more


def _explained_words(explained: CodesExplained) -> Iterator[str]:
    for name, text in _EXPLAINED.items():
        codes = getattr(explained, name)
        if codes:
            yield tr(text).format(codes=", ".join(codes))


def _lost_words(lost: Sequence[LostCode], *, reachable: bool) -> Iterator[str]:
    if not reachable:
        yield tr("The ledger cannot be asked: whether codes in use are concerned is not known.")
    for one in lost:
        found = tr("out of use") if one.inactive else tr("not there")
        count = ntr("{number} submission", "{number} submissions", len(one.submissions))
        yield tr("In use here: {dictionary} {code} is {found} ({count}: {ids})").format(
            dictionary=one.dictionary, code=one.code, found=found, count=count, ids=_some(one.submissions)
        )


def check_words(
    names: Sequence[str], lost: Sequence[LostCode], explained: CodesExplained | None, *, reachable: bool
) -> Iterator[str]:
    """Whether the dictionaries of today agree with what is in use."""
    yield tr("Imported for today: {names}").format(names=", ".join(names) or tr("nothing"))
    yield from _lost_words(lost, reachable=reachable)
    yield from _explained_words(explained) if explained else ()
    if reachable and not lost and (explained is None or explained.agree):
        yield tr("Nothing in use differs from them.")


def listed_rows(one: Dictionary) -> Iterator[list[str]]:
    """A line of the table for each edition."""
    for edition in one.editions:
        numbers = str(len(edition.entries)), str(len(edition.active))
        yield [one.name, edition.valid_from.isoformat(), local_time(edition.imported_at), *numbers, edition.file]


def entry_facts(edition: Edition, entry: Entry) -> Iterator[tuple[str, str]]:
    """What is known of a code."""
    yield tr("code"), entry.code
    yield "қазақша", entry.name_kk
    yield "русский", entry.name_ru
    yield tr("in use"), tr("yes") if entry.active else tr("no")
    yield tr("heading"), tr("yes") if entry.code in edition.headings else tr("no")
    if entry.parent:
        yield tr("below"), entry.parent


def entry_json(edition: Edition, entry: Entry) -> dict[str, object]:
    """The keys that scripts rely on."""
    told = {one.name: getattr(entry, one.name) for one in fields(entry)}
    return {**told, "heading": entry.code in edition.headings}


def listed_json(one: Dictionary) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {"dictionary": one.name, "editions": [_edition_json(edition) for edition in one.editions]}


def _edition_json(edition: Edition) -> dict[str, object]:
    return {
        "valid_from": edition.valid_from,
        "imported_at": edition.imported_at,
        "file": edition.file,
        "sha256": edition.sha256,
        "codes": len(edition.entries),
        "active": len(edition.active),
    }


def imported_json(plans: Imports, lost: Sequence[LostCode], *, reachable: bool, written: bool) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {
        "written": written,
        "dictionaries": [_plan_json(plan, told) for plan, told in plans],
        "ledger_asked": reachable,
        "lost_in_use": [_lost_json(one) for one in lost],
    }


def _plan_json(plan: Plan, told: Told) -> dict[str, object]:
    explained = explained_in(plan.name, plan.new)
    return {
        "dictionary": plan.name,
        **_edition_json(plan.new),
        "encoding": told.encoding,
        "known": plan.known,
        "changes": {name: getattr(plan.changes, name) for name in _CHANGES},
        "response_codes": _explained_json(explained),
    }


def check_json(
    names: Sequence[str], lost: Sequence[LostCode], explained: CodesExplained | None, *, reachable: bool
) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {
        "imported": names,
        "ledger_asked": reachable,
        "lost_in_use": [_lost_json(one) for one in lost],
        "response_codes": _explained_json(explained),
    }


def _lost_json(one: LostCode) -> dict[str, object]:
    return {"dictionary": one.dictionary, "code": one.code, "inactive": one.inactive, "submissions": one.submissions}


def _explained_json(explained: CodesExplained | None) -> dict[str, object] | None:
    return {name: getattr(explained, name) for name in _EXPLAINED} if explained else None
