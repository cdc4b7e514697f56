"""zeep, a SOAP client that was not written here, proves the WSDL: it loads it, builds requests and reads answers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import zeep
import zeep.exceptions
from lxml import etree

from kzeds.certificate import Certificate
from kzeds.wsse import sign_body, verify_body
from kzeds.xml import parse
from kzeds.xmldsig import sign_enveloped
from support.employer_messages import TYPES_NS, EmployerKeys, conclusion, new_record_id
from support.simulator_process import SimulatorProcess

ROOT = Path(__file__).parents[2]
soap: Any = zeep
"""zeep declares few types; through this name it is taken as it is."""

WSDL = ROOT / "schemas" / "shep" / "sync-v10" / "SyncChannel.wsdl"


class SigningTransport:
    """zeep's transport: fetches and posts over our TLS, signing what zeep wrote and checking what came."""

    def __init__(self, pki: Path) -> None:
        self.pki = pki
        self.http = httpx.Client(verify=ssl.create_default_context(cafile=pki / "tls-ca.pem"))

    def load(self, url: str) -> bytes:
        return self.http.get(url).raise_for_status().content

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> httpx.Response:
        signed = sign_body(etree.tostring(envelope), EmployerKeys(self.pki).key())
        response = self.http.post(address, content=signed, headers=headers)
        verify_body(response.content, trusted=[Certificate.load(self.pki / "gateway.pem")])
        return response


@pytest.fixture
def served(tmp_path: Path, pki: Path) -> Iterator[Any]:
    with SimulatorProcess.start(tmp_path / "r.db", pki) as simulator:
        transport = SigningTransport(pki)
        with transport.http:
            yield soap.Client(f"{simulator.url}?wsdl", transport=transport)


def request(data: bytes, *, service: str = "contract") -> dict[str, Any]:
    return {
        "requestInfo": {
            "messageId": new_record_id(),
            "correlationId": "chain-1",
            "serviceId": service,
            "messageDate": datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
            "sender": {"senderId": "company", "password": "secret"},
        },
        "requestData": {"data": soap.xsd.AnyObject(soap.xsd.String(), data.decode())},
    }


def test_wsdl_has_the_names_of_the_real_channel() -> None:
    client = soap.Client(str(WSDL))
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    assert (service.name, port.name) == ("ISyncChannelHttpService", "SyncChannelHttpPort")
    assert port.binding.name.text == "{http://bip.bee.kz/SyncChannel/v10/Interfaces/Binding2}SyncChannelHttpBinding"
    assert port.binding.port_type.name.text == "{http://bip.bee.kz/SyncChannel/v10/Interfaces}ISyncChannel"
    (operation,) = port.binding.all().values()
    assert (operation.name, operation.soapaction, operation.style) == ("SendMessage", "", "document")
    assert list(operation.faults) == ["sendMessageFault"]


def test_envelope_built_by_zeep_has_unqualified_local_elements_and_string_data() -> None:
    client = soap.Client(str(WSDL))
    envelope = client.create_message(client.service, "SendMessage", request=request(b"<a/>"))
    paths = [str(element.tag) for element in envelope.iter("*")]
    assert paths[2:] == [
        f"{{{TYPES_NS}}}SendMessage",
        "request",
        "requestInfo",
        "messageId",
        "correlationId",
        "serviceId",
        "messageDate",
        "sender",
        "senderId",
        "password",
        "requestData",
        "data",
    ]
    data = envelope.find(".//data")
    assert data.text == "<a/>"
    kind = data.get("{http://www.w3.org/2001/XMLSchema-instance}type").partition(":")
    assert (data.nsmap[kind[0]], kind[2]) == ("http://www.w3.org/2001/XMLSchema", "string")


def test_request_of_zeep_is_registered_over_https(served: Any, pki: Path) -> None:
    record_id = new_record_id()
    document = sign_enveloped(conclusion(record_id=record_id), EmployerKeys(pki).key())
    response = served.service.SendMessage(request=request(document))
    assert response.responseInfo.status.code == "SCSS001"
    assert response.responseInfo.correlationId == "chain-1"
    assert response.responseInfo.responseDate.utcoffset().total_seconds() == 5 * 3600
    assert parse(response.responseData.data.encode()).xpath("/*/*[2]/*[1]/text()") == [record_id]


def test_refusal_has_no_data(served: Any, pki: Path) -> None:
    response = served.service.SendMessage(request=request(conclusion()))
    assert response.responseInfo.status.code == "SCSE001"
    assert response.responseData is None


def test_fault_is_a_soap_fault_with_error_info(served: Any) -> None:
    with pytest.raises(zeep.exceptions.Fault) as caught:
        served.service.SendMessage(request=request(b"<a/>", service="none"))
    assert caught.value.code == "SCE004"
    detail = served.wsdl.types.deserialize(caught.value.detail[0])
    assert (detail.errorCode, detail.errorDate.utcoffset().total_seconds()) == ("SCE004", 5 * 3600)
    assert detail.sessionId.startswith("{")
