"""``usrec backup``: a copy of the ledger that a restore can rely on, made while agents work."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.tables import local_time, say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from datetime import datetime

    from usrec.ports.backup import Manifest
    from usrec.settings import LoadedWatcherSettings

ENDING: Final = ".usrec-backup"


def backup(
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A new file, or a folder that gets one named by the time."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, metavar="N", help="With a folder: delete all but the newest N backups in it."),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", metavar="FILE", help="Instead: read a backup to its end; needs no settings, no key."),
    ] = None,
    label: Annotated[str, typer.Option("--label", help="A word of yours, kept in the backup.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write a backup of the ledger, which contains personal data; agents may work on."""
    from usrec.adapters.persistence.care.backup import verify as verify_backup
    from usrec.adapters.system_clock import SystemClock
    from usrec.settings import load_watcher_settings

    if (output is None) == (verify is None):
        raise typer.BadParameter("say where to, or which backup to --verify", param_hint="--output")
    if verify is not None:
        _tell(verify, verify_backup(verify), as_json=as_json)
        return
    if output is None:
        return
    place = _place(output)
    if keep is not None and not place.is_dir():
        raise typer.BadParameter("it goes with a folder only", param_hint="--keep")
    now = SystemClock().now()
    file = place / f"ledger-{now:%Y%m%d-%H%M%S}{ENDING}" if place.is_dir() else place
    _require_new(file)
    manifest = _write(load_watcher_settings(config), file, label, now)
    _forget(place, keep)
    _tell(file, manifest, as_json=as_json)


def _place(output: str) -> Path:
    """The path. A folder that is not there, such as one that is not mounted, is no name for a file."""
    from usrec.domain.errors import ConfigurationError

    place = Path(output)
    if output.endswith("/") and not place.is_dir():
        raise ConfigurationError(
            "there is no such folder",
            where=output,
            kept="Nothing was written",
            next_step="Make or mount the folder, or name a file",
        )
    return place


def _write(settings: LoadedWatcherSettings, file: Path, label: str, now: datetime) -> Manifest:
    """The backup, and a line of the journal that there is one."""
    from usrec import release
    from usrec.adapters.persistence.care.backup import Maker, Source, back_up
    from usrec.adapters.persistence.engine import create_ledger_engine
    from usrec.application.record_export import record_export
    from usrec.ledger import build_ledger, build_sealing, ledger_access

    url, password = ledger_access(settings)
    ledger, engine = build_ledger(settings), create_ledger_engine(url, password)
    try:
        manifest = back_up(Source(engine, build_sealing(settings), password), file, Maker(release(), now, label))
        try:
            record_export("backup", manifest.counts["submissions"], who(), ledger=ledger, now=now)
        except BaseException:
            file.unlink()
            raise
    finally:
        engine.dispose()
        ledger.close()
    return manifest


def _require_new(file: Path) -> None:
    from usrec.domain.errors import ConfigurationError

    if file.exists() or file.is_symlink():
        raise ConfigurationError(
            "a backup is not written over a file that exists",
            where=str(file),
            kept="Nothing was written",
            next_step="Name another file, or a folder",
        )


def _forget(folder: Path, keep: int | None) -> None:
    """Delete the oldest backups of a folder; their names are their times."""
    if keep is None:
        return
    for old in sorted(folder.glob(f"ledger-*{ENDING}"))[:-keep]:
        with suppress(FileNotFoundError):
            old.unlink()


def _tell(file: Path, manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), **asdict(manifest)})
        return
    words = tr("{file}: backup of {at}, {submissions} submissions, journal up to line {line}; it is whole.")
    say(
        words.format(
            file=file,
            at=local_time(manifest.made_at),
            submissions=manifest.counts["submissions"],
            line=manifest.journal_lines,
        )
    )
    say(tr("It contains personal data: keep it encrypted, in Kazakhstan, and where no one else reads it."))
    if manifest.keys:
        words = tr(
            "The keys of its encrypted values ({keys}) are not in it: without them it cannot be read. Keep both."
        )
        say(words.format(keys=", ".join(manifest.keys)))
