"""What stood in the way of a connection, told from the operating system's or TLS's own error.

Source: OpenSSL's X509_V_ERR codes (x509_vfy.h), which Python passes on as ``verify_code``.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from usrec.interfaces.i18n import N_

_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9
_OTHER_NAME: Final = frozenset({62, 64})


class Obstacle(StrEnum):
    """Why there is no connection."""

    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNKNOWN_AUTHORITY = "unknown_authority"
    OTHER_NAME = "other_name"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NO_TLS = "no_tls"


OBSTACLES: Final[Mapping[Obstacle, str]] = {
    Obstacle.UNRESOLVED: N_("its name is not known to this machine's name service"),
    Obstacle.REFUSED: N_("the connection is refused: nothing listens there, or a firewall says no"),
    Obstacle.TIMEOUT: N_("nothing answers: most likely a firewall lets nothing through"),
    Obstacle.UNREACHABLE: N_("no connection can be made"),
    Obstacle.UNKNOWN_AUTHORITY: N_("its certificate comes from an authority that is not trusted here"),
    Obstacle.OTHER_NAME: N_("its certificate is for another name"),
    Obstacle.EXPIRED: N_("its certificate has expired"),
    Obstacle.NOT_YET_VALID: N_("its certificate is not valid yet"),
    Obstacle.NO_TLS: N_("it does not speak TLS as it should"),
}


def obstacle_of(error: BaseException) -> Obstacle:
    """The obstacle behind an error of a connection that did not come up."""
    match error:
        case ssl.SSLCertVerificationError():
            return _of_certificate(error.verify_code)
        case ssl.SSLError():
            return Obstacle.NO_TLS
        case socket.gaierror():
            return Obstacle.UNRESOLVED
        case ConnectionRefusedError():
            return Obstacle.REFUSED
        case TimeoutError():
            return Obstacle.TIMEOUT
        case _:
            return Obstacle.UNREACHABLE


def _of_certificate(code: int) -> Obstacle:
    if code == _EXPIRED:
        return Obstacle.EXPIRED
    if code == _NOT_YET_VALID:
        return Obstacle.NOT_YET_VALID
    return Obstacle.OTHER_NAME if code in _OTHER_NAME else Obstacle.UNKNOWN_AUTHORITY


def reason_of(error: BaseException) -> str:
    """What the system says in a few words, without OpenSSL's own source lines."""
    said = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)
    return str(said).partition(" (_ssl.c")[0] or type(error).__name__
