"""What the authority of the PKI directory answers about its certificates: lists, OCSP, timestamps, its certificate.

The directory is made by `kzeds test-pki`: `nca.crl` and `nca-delta.crl` are served as they lie, `ocsp.p12` answers by
OCSP and `tsa.p12` makes timestamps. Revoked is what `nca.crl` names, and what an optional `revoked.toml` names in a
list `serial_numbers` (hexadecimal); that file is read at every question, so that a certificate can be revoked while the
simulator runs. It shows in OCSP answers and in the gateway's own checks, not in the lists, whose key is thrown away.
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kzeds.answering import Revoked, make_ocsp_answer, make_timestamp
from kzeds.certificate import Certificate
from kzeds.keys.signing_key import SigningKey
from kzeds.revocation.ocsp import ANSWER_TYPE
from usrec_simulator.clock import Clock
from usrec_simulator.errors import MaterialError

_LISTS: Final = ("nca.crl", "nca-delta.crl")
_REVOKED_BY_HAND: Final = "revoked.toml"
_TIMESTAMP_TYPE: Final = "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class RevokedCertificates:
    """Which certificates of the directory's authority were revoked.

    Attributes:
        listed: What its list names, by serial number.
    """

    directory: Path
    listed: Mapping[int, Revoked]

    @classmethod
    def of(cls, directory: Path) -> RevokedCertificates:
        """Read the list, if there is one.

        Raises:
            MaterialError: It cannot be read.
        """
        try:
            found = x509.load_der_x509_crl((directory / _LISTS[0]).read_bytes())
        except FileNotFoundError:
            return cls(directory, {})
        except (OSError, ValueError) as error:
            raise MaterialError(f"{directory / _LISTS[0]} cannot be read: {type(error).__name__}") from None
        return cls(directory, {one.serial_number: Revoked(one.revocation_date_utc, _reason(one)) for one in found})

    def all(self) -> Mapping[int, Revoked]:
        """Everything that is revoked now, by serial number.

        Raises:
            MaterialError: `revoked.toml` cannot be read.
        """
        file = self.directory / _REVOKED_BY_HAND
        try:
            numbers = tomllib.loads(file.read_text("utf-8"))["serial_numbers"]
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return {**self.listed, **{int(number, 16): Revoked(at) for number in numbers}}
        except FileNotFoundError:
            return self.listed
        except (OSError, ValueError, KeyError, TypeError) as error:
            what = 'needs a list such as serial_numbers = ["1f2e"]'
            raise MaterialError(f"{file} {what} ({type(error).__name__})") from None

    def __contains__(self, certificate: object) -> bool:
        return isinstance(certificate, Certificate) and certificate.serial_number in self.all()


class TrustServices:
    """The authority's services over HTTP; one that has no key or list in the directory answers 404."""

    def __init__(
        self,
        revoked: RevokedCertificates,
        *,
        authority: Certificate,
        responder: SigningKey | None,
        timestamper: SigningKey | None,
        clock: Clock,
    ) -> None:
        self._revoked = revoked
        self._authority = authority
        self._responder = responder
        self._timestamper = timestamper
        self._clock = clock

    def routes(self) -> list[Route]:
        """The addresses, each by what the NCA calls it."""
        return [
            Route("/ocsp/", self.ocsp, methods=["POST"]),
            Route("/tsp/", self.tsp, methods=["POST"]),
            Route("/crl/{name}", self.crl, methods=["GET"]),
            Route("/cert/nca-ca.cer", self.certificate, methods=["GET"]),
        ]

    async def ocsp(self, request: Request) -> Response:
        """Answer a DER request by OCSP."""
        if self._responder is None:
            return Response(status_code=404)
        question = await request.body()
        return await run_in_threadpool(self._answered, self._responder, question)

    async def tsp(self, request: Request) -> Response:
        """Answer a DER request with a timestamp."""
        if self._timestamper is None:
            return Response(status_code=404)
        question = await request.body()
        return await run_in_threadpool(self._stamped, self._timestamper, question)

    async def crl(self, request: Request) -> Response:
        """Serve a list."""
        name = request.path_params["name"]
        file = self._revoked.directory / name
        if name not in _LISTS or not file.is_file():
            return Response(status_code=404)
        return Response(file.read_bytes(), media_type="application/pkix-crl")

    async def certificate(self, request: Request) -> Response:  # noqa: ARG002 the framework's signature
        """Serve the authority's own certificate."""
        return Response(self._authority.der, media_type="application/pkix-cert")

    def _answered(self, key: SigningKey, question: bytes) -> Response:
        try:
            answer = make_ocsp_answer(key, self._authority, question, at=self._clock(), revoked=self._revoked.all())
        except ValueError:
            return Response(status_code=400)
        return Response(answer, media_type=ANSWER_TYPE)

    def _stamped(self, key: SigningKey, question: bytes) -> Response:
        try:
            answer = make_timestamp(key, question, at=self._clock(), serial_number=secrets.randbits(63))
        except ValueError:
            return Response(status_code=400)
        return Response(answer, media_type=_TIMESTAMP_TYPE)


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.name
    except x509.ExtensionNotFound:
        return "unspecified"
