"""The look at an endpoint's WSDL in a process of its own, as a running agent takes it.

zeep and what it brings along take 16 MB and half a second of CPU for one question at the start. Here they go when it is
answered; and nothing that a strange WSDL does to them, or a gateway that sends it byte by byte, reaches the agent.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any, Final

from usrec.adapters.gateway.connection import Endpoint, Proxy
from usrec.adapters.gateway.wsdl_check import WsdlFinding, check_wsdl
from usrec.domain.errors import UsrecError
from usrec.domain.secret import Secret

_PATIENCE: Final = timedelta(seconds=60)
"""For the whole look."""


def check_wsdl_apart(endpoint: Endpoint, patience: timedelta = _PATIENCE) -> WsdlFinding:
    """As :func:`~usrec.adapters.gateway.wsdl_check.check_wsdl`, by another process; raises nothing.

    The endpoint goes to it by a pipe, because the proxy's password is part of it.

    Args:
        patience: What has not been found out by then is given up.
    """
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, without arguments
            command,
            input=_told(endpoint, patience),
            capture_output=True,
            text=True,
            timeout=patience.total_seconds(),
            check=True,
        )
        return WsdlFinding(**json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return WsdlFinding(ok=False, text=f"the WSDL was not read within {patience.total_seconds():g} s")
    except (OSError, subprocess.CalledProcessError, ValueError, TypeError) as problem:
        return WsdlFinding(ok=False, text=f"the WSDL could not be looked at ({type(problem).__name__})")


def _told(endpoint: Endpoint, patience: timedelta) -> str:
    way = endpoint.proxy
    password = None if way is None or way.password is None else way.password.reveal()
    return json.dumps(
        {
            "seconds": ceil(patience.total_seconds()),
            "url": endpoint.url,
            "ca_file": None if endpoint.ca_file is None else str(endpoint.ca_file),
            "proxy": None if way is None else {"url": way.url, "user": way.user, "password": password},
        }
    )


def _heard(found: dict[str, Any]) -> Endpoint:
    way = found["proxy"]
    if way is not None and way["password"] is not None:
        way["password"] = Secret(way["password"])
    ca_file = None if found["ca_file"] is None else Path(found["ca_file"])
    return Endpoint(found["url"], ca_file, proxy=None if way is None else Proxy(**way))


def main() -> None:
    """Read an endpoint from standard input and write what was found, as JSON.

    It ends in time by itself, too: the agent that asked may have ended before.
    """
    told = json.loads(sys.stdin.read())
    signal.alarm(told["seconds"])
    try:
        finding = check_wsdl(_heard(told))
    except UsrecError as problem:
        finding = WsdlFinding(ok=False, text=f"the WSDL could not be fetched ({problem})")
    json.dump({"ok": finding.ok, "text": finding.text}, sys.stdout)


if __name__ == "__main__":
    main()
