"""What the commands of ``usrec mapping`` tell, on a screen and to scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.mapping.review_coverage import percent
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.application.map_values import Approval
    from usrec.domain.dictionary import Edition
    from usrec.domain.mapping.review import Review
    from usrec.domain.mapping.review_coverage import ReviewCoverage, Standing

SHOWN: Final = 20
WORDS: Final[Mapping[str, str]] = {
    "no_code": N_("no code is chosen"),
    "not_approved": N_("a code is chosen, and nobody has approved it"),
    "not_valid": N_("approved only for other days"),
    "unknown": N_("the official list does not have the code"),
    "inactive": N_("the code is out of use"),
    "heading": N_("the code is a heading; choose an entry below it"),
    "choice": N_("there is no such suggestion, or another code stands beside the choice"),
    "changed": N_(
        "another code was approved: with --correct it was wrong from the beginning; else give the old line an end"
        " and the value a second line"
    ),
    "period": N_("it ends before it begins"),
    "twice": N_("another line of this value holds on the same day"),
}


@dataclass(frozen=True, slots=True)
class Collected:
    """What was collected into a file.

    Attributes:
        left_out: Values that cannot stand in such a file, or hold twelve digits like an IIN.
    """

    file: Path
    review: Review
    new: int
    left_out: int


def collected_lines(made: Collected) -> Iterator[str]:
    """For a screen."""
    yield ntr("{file}: {number} line", "{file}: {number} lines", len(made.review.rows), file=str(made.file))
    yield ntr("{number} value is new", "{number} values are new", made.new)
    if made.left_out:
        yield ntr(
            "{number} value was left out: too long, with signs that no spreadsheet holds, or with a person's number",
            "{number} values were left out: too long, with signs that no spreadsheet holds, or with a person's number",
            made.left_out,
        )


def collected_json(made: Collected) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    return {
        "file": str(made.file),
        "dictionary": made.review.dictionary,
        "lines": len(made.review.rows),
        "new": made.new,
        "left_out": made.left_out,
    }


def suggested_line(file: Path, review: Review, approved: int) -> str:
    """For a screen."""
    counts = suggested_json(file, review, approved)
    words = tr("{file}: {some} with suggestions, {none} without any, {approved} approved by their exact name")
    return words.format(file=file, some=counts["with_suggestions"], none=counts["without"], approved=approved)


def suggested_json(file: Path, review: Review, approved: int) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    undecided = [row for row in review.rows if not row.code]
    some = sum(bool(row.suggestions) for row in undecided)
    return {
        "file": str(file),
        "dictionary": review.dictionary,
        "with_suggestions": some,
        "without": len(undecided) - some,
        "approved": approved,
    }


def approved_lines(file: Path, made: Approval, edition: Edition, *, written: bool) -> Iterator[str]:
    """For a screen; of a code that is not there those that may have been meant."""
    for fault in made.faults[:SHOWN]:
        words = tr("line {line}, {code}: {why}")
        line = words.format(line=fault.number, code=fault.code or "-", why=tr(WORDS[fault.what]))
        close = edition.close_to(fault.code) if fault.what == "unknown" else ()
        yield line + (" " + tr("(close to it: {codes})").format(codes=", ".join(close)) if close else "")
    if made.faults:
        refused = tr("{file}: nothing was approved; lines that cannot be used: {number}")
        yield refused.format(file=file, number=len(made.faults))
        return
    if written:
        yield ntr("{file}: {number} line approved", "{file}: {number} lines approved", made.approved, file=str(file))
    else:
        yield ntr(
            "{file}: {number} line would be approved",
            "{file}: {number} lines would be approved",
            made.approved,
            file=str(file),
        )


def approved_json(file: Path, made: Approval, *, written: bool) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    return {
        "file": str(file),
        "dictionary": made.review.dictionary,
        "approved": 0 if made.faults else made.approved,
        "written": written,
        "faults": [{"line": one.number, "code": one.code, "why": one.what} for one in made.faults],
    }


def is_enough(found: ReviewCoverage, least: int) -> bool:
    """Whether nobody has to do anything, now or soon."""
    share = percent(found.employees)
    wrong = any(one.why in {"unknown", "inactive", "heading"} for one in found.standings)
    return share is not None and share >= least and not wrong and not found.ending


def covered_lines(file: Path, found: ReviewCoverage) -> Iterator[str]:
    """For a screen."""
    words = tr("{file} ({dictionary}): employees {employees}, values {values}")
    shares = {"employees": _share(found.employees), "values": _share(found.values)}
    yield words.format(file=file, dictionary=found.dictionary, **shares)
    if not found.is_listed:
        yield tr("The official list is not imported for this day; codes were not looked up.")
    for one in found.missing[:SHOWN]:
        yield f"  {_told(one)}: {tr(WORDS[one.why])}"
    if len(found.missing) > SHOWN:
        yield "  " + tr("and {number} more").format(number=len(found.missing) - SHOWN)
    for one in found.ending[:SHOWN]:
        yield "  " + tr("{value}: covered only until {day}").format(value=_told(one), day=one.until)


def _share(share: tuple[int, int]) -> str:
    whole = percent(share)
    return f"{share[0]} / {share[1]}" + ("" if whole is None else f" ({whole} %)")


def _told(one: Standing) -> str:
    code = f" = {one.code}" if one.code else ""
    return f"{one.seen.value}{code} ({one.seen.employees})"


def covered_json(file: Path, found: ReviewCoverage, *, least: int) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    return {
        "file": str(file),
        "dictionary": found.dictionary,
        "list_imported": found.is_listed,
        "employees": _share_json(found.employees),
        "values": _share_json(found.values),
        "missing": [_standing_json(one) | {"why": one.why} for one in found.missing],
        "ending": [_standing_json(one) | {"until": str(one.until)} for one in found.ending],
        "is_enough": is_enough(found, least),
    }


def _share_json(share: tuple[int, int]) -> Mapping[str, int | None]:
    return {"covered": share[0], "all": share[1], "percent": percent(share)}


def _standing_json(one: Standing) -> dict[str, object]:
    return {"value": one.seen.value, "code": one.code, "employees": one.seen.employees}
