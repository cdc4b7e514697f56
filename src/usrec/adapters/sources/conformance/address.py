"""Names that stand in an address, and that no report may show."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from usrec.domain.errors import ConfigurationError


def names_in(url: str) -> Collection[str]:
    """Host, account and database of an address; none where it is no address, which is told elsewhere.

    Raises:
        ConfigurationError: There is a password in it.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return frozenset()
    if parsed.password is not None:
        raise ConfigurationError(
            "there is a password in the address of the database",
            kept="Nothing was connected",
            next_step="Name a file with it: password in the settings, --scratch-password-file",
        )
    return frozenset(one for one in (parsed.host, parsed.username, parsed.database) if one and one != "localhost")
