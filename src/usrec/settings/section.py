"""What every table of the settings is built of, and where a secret is named."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A table of the settings. The text below each setting describes it; ``usrec init`` writes it into the file."""

    # Only the whole tree is ever read: its parts need no validators of their own, and each command starts sooner.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SecretSettings(Section):
    """Where a secret is: exactly one of these. A secret itself never stands in the settings."""

    file: Path | None = None
    """File with the secret; readable by its owner alone."""
    env: str | None = None
    """Name of an environment variable."""
    credential: str | None = None
    """Name of a systemd credential (LoadCredential=)."""
    command: tuple[str, ...] | None = None
    """Program and arguments that print it; no shell."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name)]
        if len(given) != 1:
            raise ValueError("name exactly one of file, env, credential and command")
        return self


class ProxySettings(Section):
    """An HTTP proxy."""

    url: str
    """``http://host:port`` or ``https://host:port``, without user and password."""
    user: str | None = None
    """User at the proxy."""
    password: SecretSettings | None = None
    """The user's password."""
