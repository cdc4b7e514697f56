"""``usrec`` in a process of its own in which one thread never comes back, and which expects its threads back soon.

Run as ``python -m support.hanging_agent deliver -- ARGUMENTS OF usrec``.
"""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from unittest import mock

PLACES = {
    "deliver": "usrec.adapters.gateway.shep.ShepGateway.submit",
}
SOON = timedelta(seconds=1)


def hang_for_ever(*_: object) -> None:
    threading.Event().wait()


def main() -> None:
    place, _, *arguments = sys.argv[1:]
    sys.argv = ["usrec", *arguments]
    with (
        mock.patch(PLACES[place], hang_for_ever),
        mock.patch("usrec.interfaces.daemon.LEDGER_TIME", SOON),
        mock.patch("usrec.interfaces.daemon.OTHERS_TIME", SOON),
        mock.patch("usrec.interfaces.daemon.lease_needed", return_value=SOON),
    ):
        from usrec.__main__ import main as usrec

        usrec()


if __name__ == "__main__":
    main()
