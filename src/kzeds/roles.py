"""What the NCA says of a certificate's holder, as extended key usages under 1.2.398.3.3.4.1.

Sources: NCANode (`CertificateKeyUser`); public code that reads the NCA's registry of object identifiers
(root.gov.kz/oid), where a digital system of a legal entity has a number of its own below 1.2.398.3.3.4.1.2.6.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Role(enum.StrEnum):
    """What the holder is, or may do. Source: the NCA's profile, extended key usages under 1.2.398.3.3.4.1."""

    INDIVIDUAL = "individual"
    LEGAL_ENTITY = "legal entity"
    FIRST_HEAD = "first head"
    RIGHT_TO_SIGN = "right to sign"
    RIGHT_TO_SIGN_FINANCIAL = "right to sign financial documents"
    HR = "HR"
    EMPLOYEE = "employee"
    DIGITAL_SYSTEM = "digital system"
    INDIVIDUALS_DIGITAL_SYSTEM = "digital system of an individual"


ROLE_OIDS = {
    "1.2.398.3.3.4.1.1": Role.INDIVIDUAL,
    "1.2.398.3.3.4.1.1.1": Role.INDIVIDUALS_DIGITAL_SYSTEM,
    "1.2.398.3.3.4.1.2": Role.LEGAL_ENTITY,
    "1.2.398.3.3.4.1.2.1": Role.FIRST_HEAD,
    "1.2.398.3.3.4.1.2.2": Role.RIGHT_TO_SIGN,
    "1.2.398.3.3.4.1.2.3": Role.RIGHT_TO_SIGN_FINANCIAL,
    "1.2.398.3.3.4.1.2.4": Role.HR,
    "1.2.398.3.3.4.1.2.5": Role.EMPLOYEE,
    "1.2.398.3.3.4.1.2.6": Role.DIGITAL_SYSTEM,
}
"""Extended key usage of each role."""

_A_SYSTEM = "1.2.398.3.3.4.1.2.6."


def roles_of(purposes: Iterable[str]) -> tuple[Role, ...]:
    """The roles among extended key usages, each once, in their order; a system by its own number is one, too."""
    known = (_A_SYSTEM.rstrip(".") if one.startswith(_A_SYSTEM) else one for one in purposes)
    return tuple(dict.fromkeys(ROLE_OIDS[one] for one in known if one in ROLE_OIDS))
