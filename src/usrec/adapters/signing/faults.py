"""Why a key cannot be used, in words that the settings' owner can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from usrec.domain.errors import ConfigurationError


class KeyFault(StrEnum):
    """Why a key cannot be used."""

    UNREADABLE = "unreadable"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- a fault's name
    DAMAGED = "damaged"
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    AUTH = "auth"
    OTHER_EMPLOYER = "other_employer"
    REFUSED = "refused"


class KeyUnusableError(ConfigurationError):
    """A key that cannot be used.

    Attributes:
        fault: Why.
    """

    def __init__(self, fault: KeyFault, what: str, *, where: str, next_step: str) -> None:
        super().__init__(what, where=where, kept="Nothing was changed", next_step=next_step)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class KeyTrouble:
    """A key that cannot be used now.

    Attributes:
        number: BIN or IIN of its employer, empty for the transport key.
        lasting: The settings are wrong; otherwise its signer does not answer and is asked again.
    """

    number: str
    where: str
    problem: Exception
    lasting: bool
