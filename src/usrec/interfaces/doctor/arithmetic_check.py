"""What GOST signatures and hashes are calculated with on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

FAST: Final = Kind("arithmetic", "fast", Verdict.OK, N_("GOST is calculated by the libraries of this machine: {which}"))
SLOW: Final = Kind(
    "arithmetic",
    "slow",
    Verdict.WARN,
    N_("GOST is calculated in plain Python here, with the same results and several times slower: {which}"),
    N_("Install OpenSSL's libcrypto.so.3 and libgcrypt.so.20 where many events are signed; nothing is wrong without"),
)


def examine_arithmetic(_: Installation) -> Iterator[Line]:
    """The library behind each calculation; "python" where none passed its self-test."""
    from kzeds.gost.native import names

    found = names()
    kind = SLOW if "python" in found.values() else FAST
    yield kind.line(which=", ".join(f"{what}: {library}" for what, library in found.items()))
