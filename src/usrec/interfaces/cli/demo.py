"""``usrec demo``: the agent's main job on a made-up company of 250 people, against the simulator on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from usrec.interfaces.cli.options import AsJson
from usrec.interfaces.i18n import tr


def demo(
    *,
    events: Annotated[int | None, typer.Option(min=1, help="How many events wait in the HR database.")] = None,
    workdir: Annotated[
        Path | None, typer.Option(help="Folder for its files; one that was interrupted goes on.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="Fault script for the simulator (TOML).")] = None,
    keys: Annotated[str, typer.Option(metavar="KIND", help="gost2015, gost2004 or rsa.")] = "gost2015",
    as_json: AsJson = False,
) -> None:
    """Register the waiting events of a made-up company, and show what became of each."""
    import signal
    import tempfile
    import threading
    from dataclasses import asdict
    from time import monotonic

    from kzeds.test_pki import KeyKind
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.cli.demo_report import Progress, print_report
    from usrec.interfaces.cli.hr_words import hr_note
    from usrec.interfaces.cli.options import print_json
    from usrec.interfaces.demo.run import count, latest_rows, read_registry, run_demo
    from usrec.interfaces.demo.setup import Workdir, set_up
    from usrec.interfaces.logs import configure_logs
    from usrec.ledger import build_ledger
    from usrec.settings import load_settings

    if keys not in set(KeyKind):
        raise typer.BadParameter(f"one of {', '.join(KeyKind)} is expected", param_hint="--keys")
    clock, began = SystemClock(), monotonic()
    place = Workdir((workdir or Path(tempfile.mkdtemp(prefix="usrec-demo-"))).absolute())
    configure_logs(level="critical", style="text")
    with Progress(show=not as_json) as progress:
        if not place.is_ready:
            progress.say(tr("Making a company, its HR database, a registry and test keys"))
            set_up(place, events=events, faults=faults, now=clock.now(), keys=KeyKind(keys))
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        progress.begin(place)
        run_demo(place, report=progress.delivered, stop=stop, hr_words=hr_note)
    ledger = build_ledger(load_settings(place.settings))
    rows = latest_rows(ledger.view)
    result = count(rows, read_registry(place), clock.now(), monotonic() - began)
    if as_json:
        print_json(asdict(result))
    else:
        print_report(place, rows, result, clock.now())
    ledger.close()
    if result.registered_twice or result.lost:
        raise typer.Exit(1)
