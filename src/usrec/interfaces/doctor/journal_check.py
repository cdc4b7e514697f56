"""The journal's chain: is it linked, are its heads signed and kept outside the ledger, and do both go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, HeadFileUnusable
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.adapters.heads.file import JournalHeadFile
    from usrec.ports.chain import ChainView, SignedHead

SIGNED: Final = Kind(
    "journal",
    "signed",
    Verdict.OK,
    N_("The journal is linked, {number} lines so far; its head was last signed at {at}"),
)
NONE_YET: Final = Kind(
    "journal", "none_yet", Verdict.OK, N_("No head of the journal is signed yet; an agent that runs signs the first")
)
NOT_WANTED: Final = Kind(
    "journal",
    "not_wanted",
    Verdict.WARN,
    N_("Heads of the journal are not signed, since [journal] sign is false: a chain made anew would not show"),
    N_("Write sign = true in [journal]"),
)
NO_KEY: Final = Kind(
    "journal",
    "no_key",
    Verdict.WARN,
    N_("No key here can sign heads of the journal: NCANode signs XML documents only"),
    N_("Name a key file, a token or a signer daemon in [gateway.transport_key], or write sign = false in [journal]"),
)
UNSIGNED: Final = Kind(
    "journal",
    "unsigned",
    Verdict.WARN,
    N_("The journal is linked, {number} lines so far, and how far it reaches is not signed"),
    N_(
        "See the agent's log for journal.sign_failed. A signer daemon signs heads only where its settings list the "
        "statement journal_head for the key: docs/how-to/signer-daemon.md"
    ),
)
BEHIND: Final = Kind(
    "journal",
    "behind",
    Verdict.WARN,
    N_("Lines of the journal that wait to be linked for too long: {number}; the oldest is of {at}"),
    N_("See the agent's log for journal.link_failed; without an agent that runs nothing is linked"),
)
CUT_OFF: Final = Kind(
    "journal",
    "cut_off",
    Verdict.FAIL,
    N_("The chain ends before batch {number}, whose signed head is in {place}"),
    N_("Do not start the agent. Find out who changed the ledger: usrec journal verify"),
)
HEADS_UNUSABLE: Final = Kind(
    "journal",
    "heads_unusable",
    Verdict.WARN,
    N_("The file of the journal's heads outside the ledger cannot be used: {why}"),
    N_("Check [journal] heads, the folder's rights and its disk"),
)
STAMP_UNUSABLE: Final = Kind(
    "journal",
    "stamp_unusable",
    Verdict.WARN,
    N_("Heads of the journal get no timestamp: {why}"),
    N_("Correct [journal.timestamp]; heads are signed and kept without one meanwhile"),
)
UNREAD: Final = Kind(
    "journal",
    "unread",
    Verdict.WARN,
    N_("Whether the journal is linked is not known, since the ledger cannot be read"),
    N_("Mend the ledger first"),
)


def examine_journal(installation: Installation, view: ChainView) -> Iterator[Line]:
    """How far the chain reaches, and what of it is signed and kept."""
    tail, now = view.tail(), installation.clock.now()
    if tail.oldest_at is not None and now - tail.oldest_at > installation.settings.values.journal.tail_bound:
        yield BEHIND.line(number=tail.lines, at=tail.oldest_at)
    outside = list(_outside(installation, view, tail.batches))
    if not any(line.kind is CUT_OFF for line in outside):
        yield from _heads(installation, view)
    yield from outside
    yield from _stamps(installation)


def _heads(installation: Installation, view: ChainView) -> Iterator[Line]:
    from usrec.heads import can_sign_heads

    last, tail = view.last_head(), view.tail()
    if not installation.settings.values.journal.sign:
        yield NOT_WANTED.line()
    elif not can_sign_heads(installation.settings):
        yield NO_KEY.line()
    elif tail.batches > (0 if last is None else last.number) and _is_late(installation, last):
        yield UNSIGNED.line(number=tail.linked)
    elif last is None:
        yield NONE_YET.line()
    else:
        yield SIGNED.line(number=tail.linked, at=last.signed_at)


def _is_late(installation: Installation, last: SignedHead | None) -> bool:
    """Whether an agent that runs would have signed by now; the first head is signed at once."""
    every = installation.settings.values.journal.sign_every
    return last is None or installation.clock.now() - last.signed_at > 2 * every


def _outside(installation: Installation, view: ChainView, batches: int) -> Iterator[Line]:
    from usrec.application.verify_heads import told_restorings
    from usrec.heads import build_head_file

    file = build_head_file(installation.settings)
    try:
        file.require_usable()
        beyond = [head for head in _heads_of(file) if head.number > batches]
        restorings = [one for one in told_restorings(view, file.restorings()) if one.known]
    except HeadFileUnusable as problem:
        yield HEADS_UNUSABLE.line(why=str(problem).rstrip("."))
        return
    gone = [head.number for head in beyond if not any(one.excuses(head.signed_at, head.number) for one in restorings)]
    if gone:
        yield CUT_OFF.line(number=max(gone), place=file.path)


def _heads_of(file: JournalHeadFile) -> Iterator[SignedHead]:
    return (head for head in (file.heads() if file.path.exists() else ()) if head is not None)


def _stamps(installation: Installation) -> Iterator[Line]:
    from usrec.heads import build_head_stamper

    try:
        build_head_stamper(installation.settings, installation.clock)
    except ConfigurationError as problem:
        yield STAMP_UNUSABLE.line(why=str(problem).rstrip("."))
