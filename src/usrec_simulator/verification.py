"""The two signatures of a message and the certificates behind them.

Source: WS-Security body signature of ShEP (provider faults SCE005 certificate not current, SCE006 wrong signature,
SCE007 not signed) and the inner enveloped signature of the employer (response code SCSE001: invalid, expired, or an
AUTH key). A certificate has to be issued by the NCA root of the PKI directory. That a revoked one is answered like one
that has expired is [assumed].
"""

from collections.abc import Container
from datetime import datetime

from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    DocumentError,
    KzedsError,
    SignatureMissingError,
)
from kzeds.trust import require_chain
from kzeds.wsse import VerifiedBody, verify_body
from kzeds.xmldsig import VerifiedDocument, verify_enveloped
from usrec_simulator.codes import (
    BAD_SIGNATURE,
    CERTIFICATE_FAULT,
    FORM_FAULT,
    SIGNATURE_FAULT,
    UNSIGNED_FAULT,
)
from usrec_simulator.errors import FaultError, RefusalError


def verify_transport(
    envelope: bytes, *, authority: Certificate, revoked: Container[Certificate] = (), at: datetime
) -> VerifiedBody:
    """Check the body signature of an envelope.

    Raises:
        FaultError: SCE005, SCE006 or SCE007, in the words of ShEP's providers; SCE001 for a broken envelope.
    """
    try:
        verified = verify_body(envelope, trusted=None)
        require_chain(verified.certificate, (authority,), at=at)
    except SignatureMissingError as error:
        raise FaultError(UNSIGNED_FAULT, "the SOAP body is not signed") from error
    except (CertificateExpiredError, CertificateNotYetValidError) as error:
        raise FaultError(CERTIFICATE_FAULT, str(error)) from error
    except DocumentError as error:
        raise FaultError(FORM_FAULT, str(error)) from error
    except KzedsError as error:
        raise FaultError(SIGNATURE_FAULT, str(error)) from error
    if not verified.certificate.may_sign:
        raise FaultError(CERTIFICATE_FAULT, "the key of the transport signature is an AUTH key")
    if verified.certificate in revoked:
        raise FaultError(CERTIFICATE_FAULT, "the certificate of the transport signature was revoked")
    return verified


def verify_employer(
    document: bytes, *, authority: Certificate, revoked: Container[Certificate] = (), at: datetime
) -> VerifiedDocument:
    """Check the employer's signature of a business document.

    Raises:
        RefusalError: SCSE001, for whatever reason the signature is not accepted.
    """
    try:
        verified = verify_enveloped(document, trusted=None)
        require_chain(verified.certificate, (authority,), at=at)
    except KzedsError as error:
        raise RefusalError(BAD_SIGNATURE) from error
    if not verified.certificate.may_sign or verified.certificate in revoked:
        raise RefusalError(BAD_SIGNATURE)
    return verified


def belongs_to(certificate: Certificate, employer: str) -> bool:
    """Tell whether a certificate is the employer's: an organisation's BIN, or the IIN of an entrepreneur."""
    return employer == (certificate.bin or certificate.iin)
