"""``usrec``: runs the command line and turns every ending into a documented exit code."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper
from pathlib import Path

UNEXPECTED = 70
NEW_OBJECTS = 50_000
"""How many new objects the collector of cycles waits for: Python's own 700 makes a quarter of every start."""


def main() -> None:
    """Run the command; never ends with a traceback or with exit code 1 for an unexpected error."""
    gc.set_threshold(NEW_OBJECTS)
    from usrec.domain.errors import UsrecError
    from usrec.interfaces.i18n import find_language, tr, use_language

    use_language(find_language())
    _spell_out_what_cannot_be_written()
    try:
        from usrec.interfaces.cli.app import app

        app(standalone_mode=True)
    except UsrecError as problem:
        sys.stderr.write(f"usrec: {problem}\n")
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        interrupted = tr("interrupted; nothing was lost, the ledger holds what was done")
        sys.stderr.write(f"usrec: {interrupted}\n")
        sys.exit(130)
    except Exception as problem:  # noqa: BLE001 -- the last line of defence: exit 70, never 1
        where = _place(problem)
        sys.stderr.write(
            f"usrec: unexpected {type(problem).__name__} at {where}. What was committed is in the ledger. "
            "Please report this line.\n"
        )
        sys.exit(UNEXPECTED)


def _spell_out_what_cannot_be_written() -> None:
    """Where the output's encoding lacks a letter, write its number; without that the command would end there."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _place(problem: BaseException) -> str:
    """File and line of the error, without its message (it might hold data)."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{trace.tb_lineno} ({code.co_name})"


if __name__ == "__main__":
    main()
