"""Entry point of `usrec-simulator`.

Exit status: 0 done; 2 wrong usage or configuration; 70 an error of the simulator itself (sysexits.h EX_SOFTWARE).
"""

import sys

from usrec_simulator.errors import SimulatorError

EX_USAGE = 2
EX_SOFTWARE = 70


def main() -> None:
    """Run the command line and exit."""
    from usrec_simulator.cli import app

    try:
        app()
    except SimulatorError as error:
        sys.stderr.write(f"usrec-simulator: {error}\n")
        sys.exit(EX_USAGE)
    except Exception:  # noqa: BLE001 the outermost frame turns every surprise into exit status 70
        import traceback

        traceback.print_exc()
        sys.exit(EX_SOFTWARE)


if __name__ == "__main__":
    main()
