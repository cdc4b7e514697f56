"""A key's certificate in the agent's words: in what capacity its holder signs.

Source: the NCA's roles under 1.2.398.3.3.4.1 (first head 1.2.398.3.3.4.1.2.1); a certificate without an organisation is
a natural person's, and an employer's key that passed the check of its number is then the entrepreneur's own.
"""

from __future__ import annotations

from kzeds.certificate import Certificate
from kzeds.roles import Role
from usrec.domain.authority import SigningCertificate


def describe_certificate(certificate: Certificate) -> SigningCertificate:
    """What an employer's certificate says of the authority to sign, without its holder's name and number."""
    return SigningCertificate(
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        head=Role.FIRST_HEAD in certificate.roles or certificate.bin is None,
    )
