"""Which hosts are this very machine: the only ones that personal data and passwords may reach without TLS."""

from __future__ import annotations

import ipaddress
from typing import Final

_LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def is_this_machine(host: str) -> bool:
    """Whether what goes to ``host``, an IP address or a name, cannot leave the machine; no name is looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in network for network in _LOOPBACK)
