"""Whether the journal behind a bundle of evidence is whole, and how a bundle made from a damaged one says so.

A bundle proves its own lines only; damage elsewhere shows that somebody wrote into the ledger, and whoever gets the
bundle has to know it. The bundle is written all the same: it holds what is left, signed as it is now. For a single
submission the journal is checked from its intake on, for a period all of it; the bundle says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import typer

from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.journal_words import damage_words, head_damage_words
from usrec.interfaces.i18n import N_, english, in_language, tr
from usrec.ports.act import ActText, Paragraph

if TYPE_CHECKING:
    from usrec.application.verify_heads import HeadBreach
    from usrec.domain.chain_check import Breach
    from usrec.domain.chain_head import Restoring
    from usrec.interfaces.cli.selection import Opened
    from usrec.ports.chain import SignedHead

EXIT_DAMAGED: Final = 6
"""The bundle was written, from a journal that is not what was linked."""
_LABEL: Final = "contains personal data"
_LABEL_DAMAGED: Final = "contains personal data; MADE FROM A DAMAGED JOURNAL"
_WARNING: Final = N_(
    "WARNING: when this bundle was made, the agent's journal was found DAMAGED: {what}. Somebody wrote into the "
    "ledger past the agent. Which lines in here the chain still proves, usrec evidence verify tells."
)
_PART: Final = N_(
    "The agent's journal was checked from its batch {batch} on, where the lines of this submission begin; of what is "
    "before only the chain's hashes were. usrec journal verify checks all of it."
)
_SAID: Final = N_("THE JOURNAL IS DAMAGED: {what}. The bundle was written, and says so in its label, README and act.")
_NEXT: Final = N_("Keep the ledger as it is and find out who changed it: usrec journal verify")


@dataclass(frozen=True, slots=True)
class JournalFound:
    """What a check of the journal found before the export.

    Attributes:
        breach: Of its lines and batches.
        head: Of its signed heads.
        outside: Heads kept outside the ledger were checked, too; else a journal that was cut off would not show.
        from_batch: The first batch whose lines were checked.
    """

    breach: Breach | None = None
    head: HeadBreach | None = None
    outside: bool = False
    from_batch: int = 1

    @property
    def whole(self) -> bool:
        """Nothing is wrong."""
        return self.breach is None and self.head is None

    @property
    def label(self) -> str:
        """Of the bundle."""
        return _LABEL if self.whole else _LABEL_DAMAGED

    def words(self) -> str:
        """What is wrong, in the language of this moment; empty when nothing is."""
        lines = [] if self.breach is None else [damage_words(self.breach)]
        heads = [] if self.head is None else [head_damage_words(self.head, None)]
        return "; ".join([*lines, *heads])

    def as_json(self) -> Mapping[str, object]:
        """For the manifest, and for programs."""
        with english():
            damage = self.words() or None
        return {
            "whole": self.whole,
            "damage": damage,
            "heads_outside_checked": self.outside,
            "from_batch": self.from_batch,
        }


def journal_found(place: Opened, of: SubmissionId | None = None, taken_at: datetime | None = None) -> JournalFound:
    """Check the journal, as ``usrec journal verify`` does.

    Args:
        of: Only from the intake of this submission on; else all, which takes as long as that command.
        taken_at: Its intake.
    """
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.verify_heads import verify_heads
    from usrec.application.verify_journal import state_before, verify_journal
    from usrec.domain.chain import START
    from usrec.heads import build_head_checker

    view = place.ledger.chain_view
    outside = _outside(place)
    checker = build_head_checker(place.settings, SystemClock())
    heads, restorings = outside or ((), ())
    since = START if of is None or taken_at is None else state_before(view, of, taken_at)
    checked, signed = verify_journal(view, since), verify_heads(view, checker, heads, restorings)
    found = JournalFound(checked.breach, signed.breach, outside is not None, since.number + 1)
    if not found.whole:
        with english():
            typer.echo(f"usrec: WARNING: {tr(_SAID).format(what=found.words())} {tr(_NEXT)}.", err=True)
    return found


def _outside(place: Opened) -> tuple[Sequence[SignedHead | None], Sequence[Restoring]] | None:
    """What is kept outside the ledger; None, and said loudly, where they cannot be read."""
    from usrec.domain.errors import HeadFileUnusable
    from usrec.heads import build_head_file

    file = build_head_file(place.settings)
    if not file.path.exists():
        return None
    try:
        return list(file.heads()), file.restorings()
    except HeadFileUnusable as problem:
        typer.echo(f"usrec: WARNING: whether the journal was cut off was NOT checked: {problem}", err=True)
        return None


def warnings(found: JournalFound) -> Iterator[str]:
    """What is said at the end of the export."""
    if not found.whole:
        yield tr(_SAID).format(what=found.words())
        yield tr(_NEXT)


def readme_warning(found: JournalFound, language: str) -> Iterator[str]:
    """What README.txt begins with in one language."""
    if not found.whole:
        with in_language(language):
            yield tr(_WARNING).format(what=found.words())


def readme_scope(found: JournalFound) -> Iterator[str]:
    """What README.txt says of a check that did not go over all lines."""
    if found.from_batch > 1:
        yield tr(_PART).format(batch=found.from_batch)


def warned(text: ActText, found: JournalFound) -> ActText:
    """The act with the warning before everything else."""
    paragraphs = [Paragraph(line, strong=True) for line in readme_warning(found, text.language)]
    return replace(text, blocks=[*paragraphs, *text.blocks])
