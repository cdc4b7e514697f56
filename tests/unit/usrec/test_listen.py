"""`[health] listen`: what can be listened on, and what other machines must not reach unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from usrec.settings.listen import TcpAddress, UnixAddress, read_listen
from usrec.settings.rules import broken_rules


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9464", TcpAddress("127.0.0.1", 9464)),
        ("localhost:9464", TcpAddress("127.0.0.1", 9464)),
        ("[::1]:1", TcpAddress("::1", 1)),
        ("0.0.0.0:65535", TcpAddress("0.0.0.0", 65535)),  # noqa: S104 -- what is to be refused
        ("unix:/run/usrec-agent/health.sock", UnixAddress(Path("/run/usrec-agent/health.sock"))),
    ],
)
def test_addresses_are_read(text: str, address: TcpAddress | UnixAddress) -> None:
    assert read_listen(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9464",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:+1",
        "127.0.0.1:\u0661",
        "::1:9464",
        "[127.0.0.1]:9464",
        "health.example:9464",
        "unix:health.sock",
        "unix:",
        f"unix:/{'a' * 100}",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_listen(text)


@pytest.mark.parametrize(
    ("health", "refused"),
    [
        ({"listen": "127.0.0.1:9464"}, ""),
        ({"listen": "127.8.8.8:9464"}, ""),
        ({"listen": "[::1]:9464"}, ""),
        ({"listen": "unix:/run/usrec-agent/health.sock"}, ""),
        ({"listen": "0.0.0.0:9464"}, "public = true"),
        ({"listen": "[::]:9464"}, "public = true"),
        ({"listen": "192.0.2.1:9464"}, "public = true"),
        ({"listen": "0.0.0.0:9464", "public": True}, ""),
        ({"listen": "0.0.0.0:99999", "public": True}, "127.0.0.1:9464"),
        ({}, ""),
    ],
    ids=str,
)
def test_other_machines_are_let_in_only_where_that_is_said(health: dict[str, object], refused: str) -> None:
    faults = [wrong.what for wrong in broken_rules({"health": health}) if wrong.path == ("health", "listen")]
    assert len(faults) == bool(refused)
    assert all(refused in fault for fault in faults)
