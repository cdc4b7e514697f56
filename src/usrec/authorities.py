"""Part of the composition root: the certificates that the settings trust, of authorities and of servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

    from kzeds.certificate import Certificate


def load_trusted(place: Path, table: str) -> Sequence[Certificate]:
    """The certificates of the authorities in a folder or file.

    Args:
        table: The table of the settings that names ``place``.

    Raises:
        ConfigurationError: They cannot be read, or there is none.
    """
    from kzeds.certificate import Certificate
    from kzeds.errors import KzedsError
    from kzeds.trust import load_authorities

    try:
        if place.is_dir():
            return load_authorities(place)
        found = [one for one in Certificate.load_all(place) if one.is_authority]
    except (OSError, KzedsError) as problem:
        raise unusable(place, str(problem), table, "authorities") from None
    if not found:
        raise unusable(place, "it holds no certificate of an authority", table, "authorities")
    return found


def tls_of(place: Path | None, table: str) -> ssl.SSLContext | None:
    """How a server's TLS is verified by the authorities of a file; None for those of the system.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    import ssl

    if place is None:
        return None
    try:
        return ssl.create_default_context(cafile=place)
    except OSError as problem:
        raise unusable(place, str(problem), table, "ca_file") from None


def unusable(place: Path, why: str, table: str, setting: str) -> ConfigurationError:
    """What is wrong with the authorities that ``table`` names."""
    return ConfigurationError(
        f"the certificates of the authorities cannot be used: {why}",
        where=str(place),
        kept="Nothing was changed",
        next_step=f"Correct [{table}] {setting}",
    )
