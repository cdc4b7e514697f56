"""``usrec`` in a process of its own, whose deliveries never come back although it expects them back soon."""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest import mock

SOON = timedelta(seconds=1)


def hang_for_ever(*_: object) -> None:
    threading.Event().wait()


def main() -> None:
    with (
        mock.patch("usrec.adapters.gateway.shep.ShepGateway.submit", hang_for_ever),
        mock.patch("usrec.interfaces.lines.LEDGER_TIME", SOON),
        mock.patch("usrec.interfaces.daemon.OTHERS_TIME", SOON),
        mock.patch("usrec.interfaces.lines.lease_needed", return_value=SOON),
    ):
        from usrec.__main__ import main as usrec

        usrec()


if __name__ == "__main__":
    main()
