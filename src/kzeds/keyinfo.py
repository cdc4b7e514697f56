"""Which certificate a signature names, and whether the caller trusts it.

Source: XML Signature, section 4.5 (KeyInfo), and OASIS WSS X.509 Certificate Token Profile 1.0. A certificate inside a
document proves nothing by itself: it either is one of the trusted ones, or the caller asked for mathematics only.
"""

from __future__ import annotations

from collections.abc import Collection

from kzeds.certificate import Certificate
from kzeds.errors import CertificateMissingError, MalformedSignatureError, UntrustedCertificateError
from kzeds.signature import children, decode_base64, ds
from kzeds.xml import Element


def certificate_in_x509_data(x509_data: Element, trusted: Collection[Certificate] | None) -> Certificate:
    """Resolve a ds:X509Data, which holds the certificate or names it by issuer and serial number.

    Raises:
        MalformedSignatureError: When it holds more than one certificate.
        CertificateMissingError: When the certificate is neither there nor among the trusted ones.
        MalformedCertificateError: When the certificate cannot be read.
    """
    embedded = [child for child in children(x509_data) if child.tag == ds("X509Certificate")]
    if len(embedded) > 1:
        raise MalformedSignatureError(f"ds:X509Data holds {len(embedded)} certificates; exactly one is expected")
    if embedded:
        return Certificate.from_der(decode_base64(embedded[0]))
    serial = x509_data.findtext(f"{ds('X509IssuerSerial')}/{ds('X509SerialNumber')}")
    if serial is None:
        raise CertificateMissingError("the signature names no certificate")
    return _by_serial_number(serial.strip(), trusted or ())


def require_pinned(certificate: Certificate, trusted: Collection[Certificate] | None) -> None:
    """Check that a certificate is exactly one of the trusted ones; None asks for no check.

    Raises:
        UntrustedCertificateError: When it is not.
    """
    if trusted is not None and certificate not in trusted:
        raise UntrustedCertificateError(
            f"the signature was made with certificate {certificate.short_id}, which is not a trusted one"
        )


def _by_serial_number(serial: str, trusted: Collection[Certificate]) -> Certificate:
    """Find the trusted certificate that is meant; the signature itself proves that it is.

    The issuer's name is not compared: as text it depends on the order and spelling of whoever wrote it.
    """
    if not (serial.isascii() and serial.isdigit() and len(serial) <= 60):
        raise MalformedSignatureError("ds:X509SerialNumber is not a number")
    found = {certificate for certificate in trusted if certificate.serial_number == int(serial)}
    if len(found) != 1:
        raise CertificateMissingError(
            f"the signature names its certificate by issuer and serial number, which fits {len(found)} of "
            f"{len(trusted)} trusted certificates; give the signer's certificate as a trusted one"
        )
    return found.pop()
