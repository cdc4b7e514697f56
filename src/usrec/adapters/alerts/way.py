"""What every way to another machine has in common: TLS that is always verified, and a time in which it has to end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from kzeds.timed_http import Cutter
from usrec.domain.errors import ConfigurationError
from usrec.ports.alert_sink import STEPS

_CONNECTED: Final = "connection.connect_tcp.complete"
"""httpcore's word for the moment when there is a socket."""


@contextmanager
def cut_off(timeout: timedelta) -> Iterator[Mapping[str, Any]]:
    """Extensions for a request of httpx by which its connections end after :data:`STEPS` timeouts.

    A timeout begins anew with each byte: whoever sends one now and then would keep the thread for as long as it likes.
    """
    with Cutter(STEPS * timeout.total_seconds()) as cutter:

        def trace(event: str, details: Mapping[str, Any]) -> None:
            if event == _CONNECTED:
                cutter.watch(details["return_value"].get_extra_info("socket"))

        yield {"trace": trace}


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies certificate and host name: by the named authorities, else by the system's.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"the file of certificate authorities cannot be used ({problem.strerror or 'it holds no certificate'})",
            where=str(ca_file),
            next_step="Name a readable PEM file in ca_file, or leave it out to trust the system's authorities",
        ) from None
