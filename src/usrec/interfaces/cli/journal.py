"""``usrec journal``: check the journal against its chain, and look at its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.journal_words import damage_words, head_damage_words
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import Opened, opened
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.words import ACTIONS
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.application.verify_heads import HeadsChecked
    from usrec.application.verify_journal import Checked
    from usrec.domain.chain import ChainLine
    from usrec.ports.chain import SignedHead, Tail

app = typer.Typer(
    help="The journal of everything that was done, and the chain that shows any change.", no_args_is_help=True
)

DAMAGED: Final = 1
"""Exit code of a journal that is not what was linked."""

_NOT_JUDGED: Final = N_(
    "Who issued these certificates was NOT checked: anybody can make one with your BIN in it. See [trust]"
)


@app.command("verify")
def verify(
    *,
    heads: Annotated[
        Path | None,
        typer.Option("--heads", metavar="FILE", help="Heads kept outside the ledger; default: the settings' file."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole journal and the signed heads; exit 1 with the first line that was changed."""
    from usrec.adapters.heads.file import JournalHeadFile
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.verify_heads import verify_heads
    from usrec.application.verify_journal import verify_journal
    from usrec.heads import build_head_checker, build_head_file

    with opened(config) as place:
        file, outside = _outside(place, heads)
        checked = verify_journal(place.ledger.chain_view)
        checker = build_head_checker(place.settings, SystemClock())
        own = build_head_file(place.settings).restorings()
        given = () if file is None else JournalHeadFile(file).restorings()
        signed = verify_heads(place.ledger.chain_view, checker, outside, [*own, *given])
        tail = place.ledger.chain_view.tail()
    if as_json:
        print_json(verify_json(checked, signed, tail, file, judged=checker.issuers is not None))
    else:
        for line in _words(checked, signed, tail, file):
            say(line)
        if signed.signers and checker.issuers is None:
            say(tr(_NOT_JUDGED))
    if checked.breach is not None or signed.breach is not None:
        raise typer.Exit(DAMAGED)


def _outside(place: Opened, given: Path | None) -> tuple[Path | None, Iterable[SignedHead | None]]:
    """The file of heads and what is in it; none when the settings' file is not there yet."""
    from usrec.adapters.heads.file import JournalHeadFile
    from usrec.heads import build_head_file

    file = build_head_file(place.settings) if given is None else JournalHeadFile(given)
    if given is None and not file.path.exists():
        return None, ()
    return file.path, file.heads()


def verify_json(
    checked: Checked, signed: HeadsChecked, tail: Tail, file: Path | None, *, judged: bool
) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    breach, wrong, last = checked.breach, signed.breach, signed.last
    return {
        "whole": breach is None and wrong is None,
        "lines_linked": checked.state.total,
        "batches": checked.state.number,
        "hash": checked.state.hash,
        "tail": tail.lines,
        "tail_oldest": tail.oldest_at,
        "damage": None if breach is None else {"kind": breach.damage, "batch": breach.batch, "line": breach.seq},
        "heads_file": None if file is None else str(file),
        "heads_in_ledger": signed.ledger,
        "heads_outside": signed.outside,
        "heads_unreadable": signed.unreadable,
        "heads_excused": signed.excused,
        "heads_timestamped": signed.stamped,
        "head_signers": signed.signers,
        "head_issuers": "checked" if judged else "not checked",
        "last_head": None if last is None else {"batch": last.batch, "lines": last.entries, "at": last.at},
        "head_damage": None
        if wrong is None
        else {"kind": wrong.damage, "batch": wrong.batch, "outside": wrong.outside, "why": wrong.why},
    }


def _words(checked: Checked, signed: HeadsChecked, tail: Tail, file: Path | None) -> Iterator[str]:
    if checked.breach is not None:
        yield tr("DAMAGED: {what}").format(what=damage_words(checked.breach))
    if signed.breach is not None:
        yield tr("DAMAGED: {what}").format(what=head_damage_words(signed.breach, file))
    state = checked.state
    if checked.breach is None:
        yield ntr(
            "{number} line of the journal is as it was linked; batches: {batches}",
            "{number} lines of the journal are as they were linked; batches: {batches}",
            state.total,
            batches=str(state.number),
        )
    else:
        yield tr("Lines before that batch, which are as they were linked: {number}").format(number=state.total)
    yield tail_words(tail)
    yield from _heads(signed, file)


def tail_words(tail: Tail) -> str:
    """What is not linked yet, for a person."""
    if tail.oldest_at is None:
        return tr("Every line of the journal is linked")
    return ntr(
        "{number} line of the journal is not linked yet, written on {since}",
        "{number} lines of the journal are not linked yet, the oldest was written on {since}",
        tail.lines,
        since=local_time(tail.oldest_at),
    )


def _heads(signed: HeadsChecked, file: Path | None) -> Iterator[str]:
    yield ntr("{number} signed head in the ledger agrees", "{number} signed heads in the ledger agree", signed.ledger)
    if file is None or (not signed.outside and signed.breach is None):
        yield tr("No heads outside the ledger were checked, so a chain that was cut off would not show")
    if file is not None:
        yield ntr(
            "{number} signed head in {file} agrees",
            "{number} signed heads in {file} agree",
            signed.outside,
            file=str(file),
        )
    if signed.unreadable:
        yield ntr(
            "{number} line of that file cannot be read, as a crash may leave one",
            "{number} lines of that file cannot be read, as a crash may leave one",
            signed.unreadable,
        )
    if signed.excused:
        yield ntr(
            "{number} head lies beyond a backup that was restored, as the journal tells",
            "{number} heads lie beyond a backup that was restored, as the journal tells",
            signed.excused,
        )
    for one in signed.signers:
        yield tr("Signed by {signer}").format(signer=_signer(one))


def _signer(said: str) -> str:
    """What ``describe_signer`` says, in the reader's language."""
    holder, _, mark = said.rpartition("certificate ")
    number = holder.removeprefix("BIN ").removesuffix(", ")
    words = tr("BIN {number}, certificate {mark}") if number else tr("certificate {mark}")
    return words.format(number=number, mark=mark)


@app.command("show")
def show(
    *,
    submission: Annotated[str | None, typer.Option("--submission", metavar="ID", help="Only of this one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The last so many lines.")] = 20,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the journal's last lines and the batches that hold them."""
    from usrec.interfaces.cli.selection import whole_id

    with opened(config) as place:
        view = place.ledger.chain_view
        if submission is None:
            lines = view.newest(limit)
        else:
            lines = view.lines_of(whole_id(place.ledger.view, submission))[-limit:]
        batches = [view.batch_of(line.seq) for line in lines]
        numbers = [None if one is None else one.header.number for one in batches]
    if as_json:
        print_json([line_json(line, number) for line, number in zip(lines, numbers, strict=True)])
    else:
        _print(lines, numbers)


def line_json(line: ChainLine, batch: int | None) -> Mapping[str, object]:
    """A line with its digest and its batch."""
    from usrec.domain.chain import digest_of

    said = {name: getattr(line, name) for name in type(line).__slots__}
    return {**said, "digest": digest_of(line).hex(), "batch": batch}


def _print(lines: Sequence[ChainLine], batches: Sequence[int | None]) -> None:
    from datetime import datetime

    headings = [tr("line"), tr("time"), tr("submission"), tr("what"), tr("by"), tr("in batch")]
    rows = [
        [
            str(line.seq),
            local_time(datetime.fromisoformat(line.at)),
            "" if line.submission_id is None else shown_id(SubmissionId(line.submission_id)),
            tr(ACTIONS[line.action]) if line.action in ACTIONS else line.action,
            line.actor,
            tr("not linked yet") if batch is None else str(batch),
        ]
        for line, batch in zip(lines, batches, strict=True)
    ]
    print_table(headings, rows)
