"""What is wrong with a journal, for a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.interfaces.i18n import N_, tr

if TYPE_CHECKING:
    from usrec.application.verify_heads import HeadBreach
    from usrec.domain.chain_check import Breach

_DAMAGES: Final[Mapping[str, str]] = {
    "edited": N_("line {seq} was edited (batch {batch})"),
    "removed": N_("line {seq} was removed (batch {batch})"),
    "reordered": N_("line {seq} stands in another place than it was written in (batch {batch})"),
    "inserted": N_("line {seq} was inserted afterwards (batch {batch})"),
    "cut_off": N_("the journal was cut off: line {seq} and what came after it are gone (batch {batch})"),
    "batch_edited": N_("batch {batch} of the chain was changed, or does not follow the one before it"),
    "batch_removed": N_("batch {batch} of the chain was removed"),
}
_HEAD_DAMAGES: Final[Mapping[str, str]] = {
    "head_signature": N_("the signature of the head of batch {batch} is wrong: {why}"),
    "head_timestamp": N_("the timestamp of the head of batch {batch} is wrong: {why}"),
    "head_other_ledger": N_("the head of batch {batch} was signed for another ledger"),
    "head_other_chain": N_("the chain was made anew: batch {batch} is not the one whose head was signed"),
    "head_cut_off": N_("the chain was cut off: batch {batch}, whose head was signed, is gone"),
    "head_restoring_unknown": N_(
        "the chain ends before batch {batch}, whose head was signed. A line of the journal says that a backup was "
        "restored; the file of heads knows nothing of it"
    ),
}


def damage_words(breach: Breach) -> str:
    """The first place where the journal is not what was linked."""
    return tr(_DAMAGES[breach.damage]).format(seq=breach.seq, batch=breach.batch)


def head_damage_words(breach: HeadBreach, file: Path | None) -> str:
    """The first head that does not agree, with the file that it is kept in."""
    said = tr(_HEAD_DAMAGES[breach.damage]).format(batch=breach.batch, why=breach.why)
    return f"{said} ({file})" if breach.outside and file is not None else said
