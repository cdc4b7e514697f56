"""What every way to another machine has in common: TLS that is always verified."""

from __future__ import annotations

import ssl
from pathlib import Path

from usrec.domain.errors import ConfigurationError


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
