"""One key of the settings, wherever it is: opened once, checked to be the employer's, asked at a moment.

Sources: USREC codes SCSE001 (an expired certificate or an AUTH key is refused) and SCSE046 (the BIN or IIN in the
message has to be the one in the certificate).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    KzedsError,
    NotSignableError,
    SignerRefusedError,
    SignerUnreachableError,
)
from kzeds.signers.base import DetachedSigner, Signer
from usrec.adapters.signing.absence import Absence
from usrec.adapters.signing.faults import KeyFault, KeyUnusableError
from usrec.adapters.signing.places import KeyPlace
from usrec.domain.errors import ConfigurationError, SignerAway, SigningRefused
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.renewal import ChainKey

RELOAD: Final = "then reload the agent: systemctl reload usrec-agent"
NOTHING_SENT: Final = "Nothing was sent; the event is kept and goes on when the key can sign"
_OTHER_CERTIFICATE: Final = "other-certificate"
"""The signer daemon's reason for it (`kzeds.signers.daemon_client`, which is not loaded where no daemon signs)."""
_Answer = TypeVar("_Answer")


class HeldKey:
    """A key of one employer, or of the transport. Safe in threads.

    Args:
        place: Where it is.
        number: BIN or IIN that its certificate has to carry; None takes any.
        use_from: First day in Kazakhstan on which it signs; None for as soon as its certificate is valid.
    """

    def __init__(self, place: KeyPlace, *, number: str | None, use_from: date | None = None) -> None:
        self.place = place
        self.use_from = use_from
        self._number = number
        self._lock = threading.Lock()
        self._signer: Signer | None = None
        self._certificate: Certificate | None = None
        self._problem: ConfigurationError | None = None
        self._absence = Absence()

    @property
    def certificate(self) -> Certificate | None:
        """Its certificate as it is known without asking anybody; None while it is not."""
        return self._certificate

    @property
    def problem(self) -> ConfigurationError | None:
        """Why it could not be used when it was last opened."""
        return self._problem

    @property
    def away(self) -> SignerUnreachableError | None:
        """How its signer did not answer when it was last asked."""
        return self._absence.error

    def is_away(self, at: datetime) -> bool:
        """Whether its signer did not answer lately."""
        return self._absence.lasts(at)

    @property
    def link(self) -> ChainKey | None:
        """What is known of its time; None while its certificate is not known."""
        known = self._certificate
        return None if known is None else ChainKey(self.place.where, known.not_before, known.not_after, self.use_from)

    def open(self, at: datetime) -> bool:
        """Make its certificate known, if nobody did so yet; whether it is.

        Raises:
            KeyUnusableError, ConfigurationError: It cannot be used.
            SignerUnreachableError: Its signer does not answer, or did not a moment ago.
        """
        self._absence.require_over(at)
        with self._lock:
            if self._problem is not None and self.place.lasting:
                raise self._problem.with_traceback(None)
            if self._signer is None:
                self._open(at)
        return self._certificate is not None

    def usable(self, at: datetime) -> KeyAt:
        """The key for one signature at a moment.

        Raises:
            SigningRefused: It may not, or cannot, sign then.
            SignerAway: Its signer does not answer.
        """
        if self.use_from is not None and at < day_start_utc(self.use_from):
            raise self._refused(f"it signs only from {self.use_from.isoformat()} on (use_from)", "Wait for that day")
        try:
            self.open(at)
            signer, certificate = self._current(at)
        except SignerUnreachableError as error:
            raise self.gone(error) from None
        except ConfigurationError as problem:
            raise SigningRefused(
                problem.what, where=problem.where, kept=NOTHING_SENT, next_step=f"{problem.next_step}; {RELOAD}"
            ) from None
        except KzedsError as error:
            raise self._refused(str(error), "Look at the signer's own log") from None
        self._require_valid(certificate, at)
        return KeyAt(self, signer, certificate, at)

    def gone(self, error: SignerUnreachableError) -> SignerAway:
        """Why nothing can be signed while its signer does not answer."""
        return SignerAway(
            f"the signer does not answer: {error}",
            where=self.place.where,
            kept=f"{NOTHING_SENT}; it is asked again by itself",
            next_step="See that it runs",
        )

    def heard(self, ask: Callable[[], _Answer], at: datetime) -> _Answer:
        """What its signer answers to a question that begins at ``at``; whatever it says, it is there.

        Raises:
            KzedsError, ConfigurationError: As ``ask`` does.
        """
        try:
            answer = self._asked(ask, at)
        except SignerUnreachableError:
            raise
        except Exception:
            self._absence.end()
            raise
        self._absence.end()
        return answer

    def _asked(self, ask: Callable[[], _Answer], at: datetime) -> _Answer:
        """The answer; one who is silent is left alone from the end of the question on, however long that took."""
        began = time.monotonic()
        try:
            return ask()
        except SignerUnreachableError as error:
            self._absence.begin(error, at + timedelta(seconds=int(time.monotonic() - began)))
            raise

    def _open(self, at: datetime) -> None:
        try:
            signer, certificate = self.heard(self.place.open, at)
            self._require_own(certificate)
        except ConfigurationError as problem:
            self._problem = problem
            raise
        self._signer, self._certificate, self._problem = signer, certificate, None

    def _current(self, at: datetime) -> tuple[Signer, Certificate]:
        """The signer and the certificate that it has now: a daemon may have been given another key meanwhile."""
        signer = self._signer
        if signer is None:
            raise SignerUnreachableError("it was not opened")
        certificate = self._asked(lambda: signer.certificate, at)
        if certificate != self._certificate:
            self._require_own(certificate)
            self._certificate = certificate
        return signer, certificate

    def _require_own(self, certificate: Certificate) -> None:
        """Check whose certificate it is and that it is for signing.

        Raises:
            KeyUnusableError: It is another's, or an AUTH key's.
        """
        if not certificate.may_sign:
            what = "this is an AUTH key: it may log in, not sign (USREC would refuse it: SCSE001)"
            step = "Use the SIGN key that the NCA issued together with it"
            raise KeyUnusableError(KeyFault.AUTH, what, where=self.place.where, next_step=step)
        if self._number is not None and self._number != (certificate.bin or certificate.iin):
            what = "the certificate belongs to another BIN or IIN than this employer's (USREC would refuse it: SCSE046)"
            step = "Name this employer's own key file, or correct `bin` in its section of usrec.toml"
            raise KeyUnusableError(KeyFault.OTHER_EMPLOYER, what, where=self.place.where, next_step=step)

    def _require_valid(self, certificate: Certificate, at: datetime) -> None:
        """Check that a signature made at ``at`` would count.

        Raises:
            SigningRefused: The certificate has expired or is not valid yet.
        """
        try:
            certificate.require_valid_at(at)
        except CertificateExpiredError:
            what = f"the certificate expired at {certificate.not_after:%Y-%m-%dT%H:%MZ}"
            raise self._refused(what, f"Put the renewed key in its place; {RELOAD}") from None
        except CertificateNotYetValidError:
            what = f"the certificate is valid only from {certificate.not_before:%Y-%m-%dT%H:%MZ}"
            raise self._refused(what, "Check this machine's clock, or wait for that moment") from None

    def _refused(self, what: str, advice: str) -> SigningRefused:
        return SigningRefused(what, where=self.place.where, kept=NOTHING_SENT, next_step=advice)

    def __repr__(self) -> str:
        return f"HeldKey({self.place.where!r})"


@dataclass(frozen=True, slots=True)
class KeyAt:
    """A key that was found usable at a moment; a kzeds signer that never signs with another certificate than this.

    Attributes:
        certificate: The certificate of its key, which was checked.
    """

    held: HeldKey
    signer: Signer
    certificate: Certificate
    at: datetime

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made at ``at`` would count."""
        self.certificate.require_valid_at(at)

    def sign_enveloped(self, document: bytes) -> bytes:
        """The document with an enveloped signature."""
        return self._checked(lambda: self.signer.sign_enveloped(document))

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        """The SOAP envelope with a WS-Security signature over its Body."""
        named = body_id if self.held.place.names_body else None
        return self._checked(lambda: self.signer.sign_body(envelope, body_id=named))

    def sign_detached(self, content: bytes) -> bytes:
        """A detached CMS signature, made at this moment; a signer daemon signs listed statements only.

        Raises:
            NotSignableError: Its signer signs XML documents only.
            SignerUnreachableError, SignerRefusedError, SignerUntrustworthyError: As the signer does.
            SignerAway: As `_checked` says.
        """
        signer = self.signer
        if not isinstance(signer, DetachedSigner):
            raise NotSignableError("this key signs XML documents only")
        return self._checked(lambda: signer.sign_detached(content, at=self.at))

    def _checked(self, sign: Callable[[], bytes]) -> bytes:
        """What was signed, unless the signer was given another key meanwhile.

        Raises:
            SignerUnreachableError, SignerRefusedError, SignerUntrustworthyError: As the signer does.
            SignerAway: It was given another key; it is asked anew, for that one, within a minute.
        """
        try:
            signed, now = self.held.heard(lambda: (sign(), self.signer.certificate), self.at)
        except SignerRefusedError as refusal:
            if refusal.reason != _OTHER_CERTIFICATE:
                raise
            raise self._exchanged() from None
        if now != self.certificate:
            raise self._exchanged()
        return signed

    def _exchanged(self) -> SignerAway:
        return SignerAway(
            "the signer was given another key a moment ago",
            where=self.held.place.where,
            kept=f"{NOTHING_SENT}; it is tried again with that key by itself",
            next_step="Nothing is to be done",
        )
