"""Messages as an employer's system would send them, written by hand for tests of the simulator.

Apart from the agent's renderer on purpose: the simulator is judged by these, the agent by the simulator.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from html import escape
from pathlib import Path

from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.wsse import sign_body
from kzeds.xmldsig import sign_enveloped

BIN = "200940000013"
IIN = "900101300007"
OTHER_IIN = "900101300811"
WORD = "open sesame"

CONTRACT_NS = "http://enbek.kz/contract/ws/schemas"
TYPES_NS = "http://bip.bee.kz/SyncChannel/v10/Types"


def new_record_id() -> str:
    return str(uuid.uuid4())


def _element(name: str, value: str | date | None) -> str:
    if value is None:
        return ""
    return f"<{name}>{escape(f'{value}+05:00' if isinstance(value, date) else value)}</{name}>"


def _request(operation: str, content: str) -> bytes:
    return (
        f'<ns2:contractRequest xmlns:ns2="{CONTRACT_NS}"><{operation}>{content}</{operation}></ns2:contractRequest>'
    ).encode()


def conclusion(
    *,
    record_id: str | None = None,
    employer: str | None = BIN,
    iin: str | None = IIN,
    number: str | None = "17",
    signed: date | str | None = date(2026, 11, 16),
    begins: date | None = date(2026, 11, 16),
    position: str | None = "2512-0-001",
    post: str | None = "Инженер",
) -> bytes:
    contract = (
        _element("contractNumber", number)
        + _element("contractDate", signed)
        + _element("beginDate", begins)
        + _element("position", position)
        + _element("establishedPost", post)
    )
    return _request(
        "newContractData",
        _element("id", record_id)
        + f"<employerData>{_element('bin', employer)}</employerData>"
        + f"<employeeData>{_element('iin', iin)}</employeeData>"
        + f"<contractData>{contract}</contractData>",
    )


def amendment(
    contract_id: str | None,
    *,
    record_id: str | None = None,
    employer: str | None = BIN,
    number: str | None = "17/1",
    signed: date | None = date(2026, 11, 18),
    begins: date | None = date(2026, 11, 18),
    position: str | None = "2512-0-001",
    post: str | None = "Старший инженер",
) -> bytes:
    return _request(
        "subsidiaryContractData",
        _element("id", record_id)
        + f"<employerData>{_element('bin', employer)}</employerData>"
        + _element("contractId", contract_id)
        + _element("subsidiaryContractNumber", number)
        + _element("subsidiaryContractDate", signed)
        + _element("beginDate", begins)
        + _element("position", position)
        + _element("establishedPost", post),
    )


def termination(
    contract_id: str | None,
    *,
    record_id: str | None = None,
    employer: str | None = BIN,
    ended: date | None = date(2026, 11, 20),
    reason: str | None = "05",
) -> bytes:
    return _request(
        "terminationContractData",
        _element("id", record_id)
        + f"<employerData>{_element('bin', employer)}</employerData>"
        + _element("contractId", contract_id)
        + _element("terminationDate", ended)
        + _element("terminationReason", reason),
    )


def envelope(data: str, *, info: str | None = None, request: str = "request") -> bytes:
    """Wrap the content of `data`, as it stands, into an unsigned SendMessage envelope."""
    info = message_info() if info is None else info
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<soapenv:Body><typ:SendMessage xmlns:typ="{TYPES_NS}"><{request}>'
        f"<requestInfo>{info}</requestInfo><requestData>{data}</requestData>"
        f"</{request.split(maxsplit=1)[0]}></typ:SendMessage></soapenv:Body></soapenv:Envelope>"
    ).encode()


def message_info(
    *,
    sender: str = "company",
    password: str = WORD,
    service: str = "contract",
    correlation: str | None = "chain-1",
    session: str | None = None,
) -> str:
    return (
        _element("messageId", str(uuid.uuid4()))
        + _element("correlationId", correlation)
        + _element("serviceId", service)
        + _element("messageDate", datetime(2026, 11, 20, 10, 0, tzinfo=UTC).isoformat())
        + f"<sender>{_element('senderId', sender)}{_element('password', password)}</sender>"
        + _element("sessionId", session)
    )


def as_text(document: bytes) -> str:
    """Put a document into `data` as escaped text."""
    return f"<data>{escape(document.decode(), quote=False)}</data>"


@dataclass(frozen=True, slots=True)
class EmployerKeys:
    """The keys of a test PKI that sign requests."""

    pki: Path

    def key(self, name: str = "employer") -> SigningKey:
        return _load(self.pki, name)

    def request(self, document: bytes, *, inner: str = "employer", outer: str = "employer") -> bytes:
        """Sign a document, wrap it and sign the envelope: a whole HTTP body."""
        signed = sign_enveloped(document, self.key(inner))
        return sign_body(envelope(as_text(signed)), self.key(outer))


@cache
def _load(pki: Path, name: str) -> SigningKey:
    owner = "employer" if name in {"employer-auth", "employer-expired", "employer-revoked"} else name
    secret = (pki / f"{owner}.password").read_text("utf-8").strip()
    return load_pkcs12((pki / f"{name}.p12").read_bytes(), secret)
