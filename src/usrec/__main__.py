"""``usrec``: runs the command line and turns every ending into a documented exit code."""

from __future__ import annotations

import sys
from pathlib import Path

UNEXPECTED = 70


def main() -> None:
    """Run the command; never ends with a traceback or with exit code 1 for an unexpected error."""
    from usrec.domain.errors import UsrecError

    try:
        from usrec.interfaces.cli.app import app

        app(standalone_mode=True)
    except UsrecError as problem:
        sys.stderr.write(f"usrec: {problem}\n")
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("usrec: interrupted; nothing was lost, the ledger holds what was done\n")
        sys.exit(130)
    except Exception as problem:  # noqa: BLE001 -- the last line of defence: exit 70, never 1
        where = _place(problem)
        sys.stderr.write(
            f"usrec: unexpected {type(problem).__name__} at {where}. What was committed is in the ledger. "
            "Please report this line.\n"
        )
        sys.exit(UNEXPECTED)


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
