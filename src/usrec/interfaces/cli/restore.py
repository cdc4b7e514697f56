"""``usrec restore``: a ledger that went back in time, by a backup or by other means, and HR's rows beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import UnsafeRequest
from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.application.after_restore import Past, Restored
    from usrec.application.compare_restored import Compared
    from usrec.ports.backup import Manifest
    from usrec.ports.ledger import UnitOfWork
    from usrec.settings import LoadedSettings

DIFFERENCES: Final[Mapping[str, str]] = {
    "registered_unknown": N_("registered; the ledger does not know it"),
    "registered_open": N_("registered; the ledger holds it as open"),
    "registered_otherwise": N_("registered; the ledger has it otherwise"),
    "refused_open": N_("refused; the ledger holds it as open"),
    "taken_unknown": N_("taken; the ledger does not know it: look it up in the portal"),
    "not_certain": N_("nobody knows: look it up in the portal"),
}
"""What each difference means; the how-to page says what to do about it."""


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The backup to restore.")] = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Keep the ledger that stands there aside, under another name.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Instead: what HR's rows say, and the restored ledger does not.")
    ] = False,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Instead: the ledger as it stands has forgotten what was done last."),
    ] = False,
    outside_head: Annotated[
        int | None,
        typer.Option(
            "--outside-head", metavar="N", min=0, help="Newest head kept outside; default: that of [journal] heads."
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Restore the ledger from a backup: everything open is held, every employer stopped, until somebody has looked."""
    from usrec.settings import load_settings

    if [file is not None, compare, in_place].count(True) != 1:
        raise typer.BadParameter("name a backup, or ask for --compare or --in-place", param_hint="FILE")
    if replace and file is None:
        raise typer.BadParameter("without a backup nothing is replaced", param_hint="--replace")
    settings = load_settings(config)
    if compare:
        _compare(settings, as_json=as_json)
        return
    past: Past
    if file is None:
        aside = ""
        past, done = _held_in_place(settings, outside_head)
    else:
        past, aside, done = _restored(settings, file, outside_head, replace=replace)
    if as_json:
        print_json({"backup_made_at": past.made_at, "kept_aside": aside, **asdict(done)})
        return
    for line in _words(past, aside, done):
        say(line)


def _held_in_place(settings: LoadedSettings, outside_head: int | None) -> tuple[Past, Restored]:
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.application.after_restore import hold_in_place
    from usrec.ledger import build_ledger
    from usrec.other_agents import sole_agent
    from usrec.policies import employers_by_bin

    now, employers = SystemClock().now(), employers_by_bin(settings)
    known = _heads_outside(settings) if outside_head is None else outside_head
    with sole_agent(settings):
        ledger = build_ledger(settings)
        try:
            return hold_in_place(
                employers,
                lambda past: _tell_outside(settings, past, now),
                ledger=ledger,
                entropy=SystemEntropy(),
                actor=who(),
                now=now,
                outside_head=known,
            )
        finally:
            ledger.close()


def _restored(
    settings: LoadedSettings, file: Path, outside_head: int | None, *, replace: bool
) -> tuple[Manifest, str, Restored]:
    from usrec.adapters.persistence.care.restore import Place
    from usrec.adapters.persistence.care.restore import restore as restore_ledger
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.application.after_restore import hold_restored
    from usrec.ledger import build_sealing, ledger_access
    from usrec.other_agents import sole_agent
    from usrec.policies import employers_by_bin

    now, employers = SystemClock().now(), employers_by_bin(settings)
    known = _heads_outside(settings) if outside_head is None else outside_head
    hold = partial(
        hold_restored, employers=employers, entropy=SystemEntropy(), actor=who(), now=now, outside_head=known
    )

    def mark(work: UnitOfWork, manifest: Manifest) -> Restored:
        """Told outside before it is done: a restoring that nobody outside knows of looks like a cut."""
        _tell_outside(settings, manifest, now)
        return hold(work, manifest)

    url, password = ledger_access(settings)
    with sole_agent(settings):
        return restore_ledger(file, Place(url, build_sealing(settings), now, password, replace), mark)


def _heads_outside(settings: LoadedSettings) -> int | None:
    """The newest head in the file outside the ledger, None without one; a file that cannot be read is said loudly."""
    from usrec.domain.errors import HeadFileUnusable
    from usrec.heads import build_head_file

    try:
        return build_head_file(settings).last() or None
    except HeadFileUnusable as problem:
        typer.echo(f"usrec: WARNING: the heads of the journal outside the ledger are not known: {problem}", err=True)
        return None


def _tell_outside(settings: LoadedSettings, past: Past, now: datetime) -> None:
    """A line in the file outside the ledger; where it cannot be written, that is said with the line itself."""
    from usrec.adapters.heads.file import write_restoring
    from usrec.domain.chain_head import Restoring
    from usrec.domain.errors import HeadFileUnusable
    from usrec.heads import build_head_file

    restoring = Restoring(now, past.head)
    try:
        build_head_file(settings).append_restoring(restoring)
    except HeadFileUnusable as problem:
        line = write_restoring(restoring).decode()
        typer.echo(
            "usrec: WARNING: the file of heads was not told of the restoring; usrec journal verify will take it for a "
            f"cut: {problem} Then add this line to it: {line}",
            err=True,
        )


def _words(past: Past, aside: str, done: Restored) -> Iterator[str]:
    if past.made_at is None:
        yield tr("The ledger is taken for one that has forgotten what was done last; that is in its journal.")
    else:
        yield tr("The ledger is restored from the backup of {at}.").format(at=local_time(past.made_at))
    if aside:
        yield tr("The one that stood there is kept as {name}.").format(name=aside)
    yield ntr(
        "{number} submission was open and may have been sent since: it is held.",
        "{number} submissions were open and may have been sent since: they are held.",
        done.held,
    )
    if done.outside_head is not None and done.outside_head > past.head:
        yield tr(
            "The journal once went on to batch {outside}, and this ledger holds it up to batch {backup}: usrec "
            "journal verify will tell that as a note. Keep the file of heads as it is."
        ).format(outside=done.outside_head, backup=past.head)
    yield tr("Every employer is stopped. Before anything goes on: usrec restore --compare, and the portal.")


def _compare(settings: LoadedSettings, *, as_json: bool) -> None:
    found = list(_differences(settings))
    if as_json:
        print_json([_json(one) for one in found])
    elif found:
        headings = [tr("event"), tr("revision"), tr("what HR and the ledger say"), tr("id"), tr("contract in USREC")]
        print_table(headings, [_cells(one) for one in found])
    else:
        say(tr("HR's rows and the ledger agree."))
    if found:
        raise typer.Exit(UnsafeRequest.exit_code)


def _differences(settings: LoadedSettings) -> Sequence[Compared]:
    from usrec.adapters.sources.outbox_memory import OutboxMemory
    from usrec.application.compare_restored import compare_restored
    from usrec.domain.source_event import SourceName
    from usrec.ledger import build_ledger
    from usrec.settings import outboxes

    memories = [
        OutboxMemory(
            SourceName(name),
            settings.database_url(source.url),
            table=source.table,
            password=settings.optional_secret(source.password),
        )
        for name, source in outboxes(settings.values.source)
        if not source.read_only
    ]
    ledger = build_ledger(settings)
    try:
        return list(compare_restored(ledger=ledger, view=ledger.view, memories=memories))
    finally:
        ledger.close()
        for memory in memories:
            memory.close()


def _json(one: Compared) -> Mapping[str, object]:
    """The keys that scripts rely on."""
    hr = one.hr
    return {
        "difference": one.difference.value,
        "source": one.source,
        "event": one.event_id,
        "revision": one.revision,
        "submission": one.submission_id,
        "state": one.state,
        "hr_state": hr.state if hr else None,
        "hr_code": hr.code if hr else None,
        "contract_id": hr.contract_id if hr else None,
        "record_id": hr.record_id if hr else None,
    }


def _cells(one: Compared) -> list[str]:
    contract = one.hr.contract_id if one.hr else None
    words = tr(DIFFERENCES[one.difference.value])
    return [one.event_id, str(one.revision), words, shown_id(one.submission_id), contract or ""]
