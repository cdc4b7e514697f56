"""The usual way, written out beside the agent: what a good programmer writes in a day with the well-known libraries.

A row is an SQLAlchemy ORM object; lxml builds the document; signxml signs it with a key loaded once; zeep, with
its own WS-Security, makes the envelope from the WSDL, posts it by ``requests`` on a kept connection, and verifies the
answer with the gateway's certificate; each row is committed by itself. It has no retries, no leases, no evidence and no
proof against sending twice, which the agent has: the comparison favours it.

Run as a process: it enters so many rows, sends them in so many threads, and prints the seconds as JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import local
from typing import Any

import requests
import zeep
import zeep.wsse.signature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from lxml import etree
from signxml.signer import XMLSigner
from sqlalchemy import Engine, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from benchmarks.rows import conclusion
from kzeds.xml import parse
from support.workplace import BIN

CON = "http://enbek.kz/contract/ws/schemas"
WSDL = Path(__file__).resolve().parents[2] / "schemas" / "shep" / "sync-v10" / "SyncChannel.wsdl"
BINDING = "{http://bip.bee.kz/SyncChannel/v10/Interfaces/Binding2}SyncChannelHttpBinding"
SUCCESS = "SCSS001"
soap: Any = zeep
"""zeep declares few types; through this name it is taken as it is."""


class Base(DeclarativeBase):
    """The tables of the usual way."""


class Contract(Base):
    """A contract and what became of it."""

    __tablename__ = "contracts"

    id: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(index=True, default="new")
    message_id: Mapped[str | None]
    document: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None]
    registry_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class Keys:
    """The employer's key, loaded once, and what zeep wants of it."""

    def __init__(self, pki: Path) -> None:
        password = (pki / "employer.password").read_bytes()
        key, certificate, _ = pkcs12.load_key_and_certificates((pki / "employer.p12").read_bytes(), password)
        assert isinstance(key, RSAPrivateKey)
        assert certificate is not None
        self.key = key
        self.certificate = certificate
        self.key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.certificate_pem = certificate.public_bytes(Encoding.PEM)
        self.gateway_pem = (pki / "gateway.pem").read_bytes()
        self.tls_ca = str(pki / "tls-ca.pem")


def document(payload: dict[str, str]) -> etree._Element:
    """The contractRequest of one contract."""
    root = etree.Element(f"{{{CON}}}contractRequest", nsmap={"con": CON})
    new = etree.SubElement(root, "newContractData")
    etree.SubElement(new, "id").text = str(uuid.uuid4())
    _with(new, "employerData", bin=BIN)
    _with(new, "employeeData", iin=payload["employee_iin"])
    _with(
        new,
        "contractData",
        contractNumber=payload["contract_number"],
        contractDate=f"{payload['contract_date']}+05:00",
        beginDate=f"{payload['begin_date']}+05:00",
        position=payload["position_code"],
        establishedPost=payload["established_post"],
    )
    _with(new, "documentData", conscript=payload["conscript_code"])
    return root


def _with(parent: etree._Element, name: str, **texts: str) -> None:
    element = etree.SubElement(parent, name)
    for child, text in texts.items():
        etree.SubElement(element, child).text = text


class Usual:
    """Sends rows; one connection, session and client for each thread."""

    def __init__(self, engine: Engine, url: str, keys: Keys) -> None:
        self._engine = engine
        self._url = url
        self._keys = keys
        self._own = local()

    def send(self, number: int) -> None:
        """One row from its state "new" to its end."""
        session = self._session()
        row = session.get_one(Contract, number)
        signer = XMLSigner(c14n_algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
        signed = signer.sign(document(json.loads(row.payload)), key=self._keys.key, cert=[self._keys.certificate])
        row.document, row.message_id = etree.tostring(signed, encoding="unicode"), str(uuid.uuid4())
        row.sent_at = datetime.now(UTC)
        answer = self._service().SendMessage(request=_request(row.message_id, row.document))
        row.code, row.answered_at = answer.responseInfo.status.code, datetime.now(UTC)
        row.state = "accepted" if row.code == SUCCESS else "rejected"
        row.registry_id = parse(answer.responseData.data.encode()).findtext("contract/id")
        session.commit()

    def _session(self) -> Session:
        if not hasattr(self._own, "session"):
            self._own.session = Session(self._engine)
        session: Session = self._own.session
        return session

    def _service(self) -> Any:
        if not hasattr(self._own, "service"):
            web = requests.Session()
            web.trust_env, web.verify = False, self._keys.tls_ca
            client = soap.Client(str(WSDL), wsse=_security(self._keys), transport=soap.Transport(session=web))
            self._own.service = client.create_service(BINDING, self._url)
        return self._own.service


def _security(keys: Keys) -> Any:
    """WS-Security as zeep brings it, with SHA-256, the employer's key for requests, the gateway's for answers."""
    signature: Any = zeep.wsse.signature
    xmlsec: Any = importlib.import_module("xmlsec")

    class Security(signature.MemorySignature):  # type: ignore[misc]  # zeep declares no types
        def apply(self, envelope: Any, headers: Any) -> Any:
            key = signature._make_sign_key(self.key_data, self.cert_data, self.password)
            signature._sign_envelope_with_key_binary(envelope, key, self.signature_method, self.digest_method)
            return envelope, headers

        def verify(self, envelope: Any) -> Any:
            signature._verify_envelope_with_key(envelope, signature._make_verify_key(keys.gateway_pem))
            return envelope

    method, digest = xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256
    return Security(keys.key_pem, keys.certificate_pem, None, method, digest)


def _request(message_id: str, text: str) -> dict[str, object]:
    return {
        "requestInfo": {
            "messageId": message_id,
            "correlationId": str(uuid.uuid4()),
            "serviceId": "contract",
            "messageDate": datetime.now(UTC),
            "sender": {"senderId": "company", "password": "the sender's word"},
        },
        "requestData": {"data": soap.xsd.AnyObject(soap.xsd.String(), text)},
    }


def _enter(engine: Engine, count: int) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        made = (Contract(id=number, payload=json.dumps(conclusion(number))) for number in range(1, count + 1))
        session.add_all(made)
        session.commit()


def main(arguments: Sequence[str] | None = None) -> None:
    """Enter rows, send them, print how long it took without the first row of each thread."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.usual_way")
    parser.add_argument("database")
    parser.add_argument("url")
    parser.add_argument("pki", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("threads", type=int)
    asked = parser.parse_args(arguments)
    engine = create_engine(asked.database, pool_size=asked.threads)
    _enter(engine, asked.rows + 4 * asked.threads)
    usual = Usual(engine, asked.url, Keys(asked.pki))
    with ThreadPoolExecutor(asked.threads) as pool:
        warm = 4 * asked.threads
        list(pool.map(usual.send, range(1, warm + 1)))
        wall, cpu = time.perf_counter(), time.process_time()
        list(pool.map(usual.send, range(warm + 1, warm + asked.rows + 1)))
        print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
