"""What our reader of WSDLs says of a request's elements is what zeep says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from zeep.settings import Settings
from zeep.wsdl import Document

from kzeds.xml import parse
from usrec.adapters.gateway.wsdl_reading import NotDefinedError, Wsdl, name_of

FOLDER = Path(__file__).parents[2] / "schemas" / "shep" / "sync-v10"
HOME = "https://gateway.test/ws/"
OWN = {f"{HOME}{one}": (FOLDER / one).read_text("utf-8") for one in ("SyncChannel.wsdl", "SyncChannelInterface.wsdl")}

BIG = """<w:definitions targetNamespace="urn:w" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:w"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a">
  <w:types><x:schema targetNamespace="urn:w"><x:import namespace="urn:a" schemaLocation="a.xsd"/></x:schema></w:types>
  <w:message name="in"><w:part name="body" element="a:SendMessage"/></w:message>
  <w:message name="out"><w:part name="body" element="a:Answer"/></w:message>
  <w:portType name="port"><w:operation name="SendMessage"><w:input message="t:in"/><w:output message="t:out"/>
  </w:operation></w:portType>
  <w:binding name="bound" type="t:port"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="SendMessage"><s:operation soapAction=""/><w:input><s:body use="literal"/></w:input>
    <w:output><s:body use="literal"/></w:output></w:operation></w:binding>
</w:definitions>"""
SCHEMA = """<schema targetNamespace="urn:a" xmlns="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a" {form}>
  <include schemaLocation="b.xsd"/>
  <element name="Answer" type="string"/>
  <element name="Shared"><complexType><sequence><element name="within" type="int"/></sequence></complexType></element>
  <!-- a comment -->
  <element name="SendMessage"><complexType><complexContent><extension base="a:Base"><sequence>
    <element name="own" type="a:Base"/><element ref="a:Shared" minOccurs="0"/><group ref="a:Some"/>
    <element name="other" type="string" form="qualified"/><element name="plain" type="int" form="unqualified"/>
  </sequence></extension></complexContent></complexType></element>
</schema>"""
PART = """<x:schema targetNamespace="urn:a" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a">
  <x:complexType name="Base"><x:sequence><x:element name="first" type="x:string"/>
    <x:sequence><x:element name="second" type="x:string" minOccurs="0"/></x:sequence></x:sequence></x:complexType>
  <x:group name="Some"><x:sequence><x:element name="grouped" type="x:date"/></x:sequence></x:group>
</x:schema>"""


class _Offered:
    """Documents, as zeep wants to be given them."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = documents

    def load(self, address: str) -> bytes:
        return self._documents[address].encode()


def _big(form: str) -> Mapping[str, str]:
    return {f"{HOME}big.wsdl": BIG, f"{HOME}a.xsd": SCHEMA.replace("{form}", form), f"{HOME}b.xsd": PART}


@pytest.mark.parametrize(
    ("documents", "root", "paths"),
    [
        (OWN, "SyncChannel.wsdl", ["", "request", "request/requestInfo", "request/requestInfo/sender"]),
        (_big(""), "big.wsdl", ["", "own", "{urn:a}Shared"]),
        (_big('elementFormDefault="qualified"'), "big.wsdl", ["", "{urn:a}own", "{urn:a}Shared"]),
    ],
    ids=["ours", "unqualified", "qualified"],
)
def test_elements_of_a_request_are_those_that_zeep_reads(
    documents: Mapping[str, str], root: str, paths: list[str]
) -> None:
    ours = Wsdl(lambda address: parse(documents[address].encode()), f"{HOME}{root}")
    source: Any = _Offered(documents)
    theirs: Any = Document(f"{HOME}{root}", source, settings=Settings())
    [request] = ours.requests("SendMessage")
    [binding] = theirs.bindings.values()
    expected = binding.all()["SendMessage"].input.body
    assert name_of(request) == expected.qname.text
    for path in paths:
        at, seen = request, expected
        for step in filter(None, path.split("/") if not path.startswith("{") else [path]):
            at = ours.child(at, step)
            seen = next(child for _, child in seen.type.elements if child.qname.text == step)
        told = [(child.name, child.needed) for child in ours.children(at)]
        assert told == [(child.qname.text, child.min_occurs > 0) for _, child in seen.type.elements]
        assert told


def test_definition_that_holds_itself_has_an_end() -> None:
    endless = PART.replace('<x:complexType name="Base">', '<x:complexType name="Base"><x:group ref="a:Some"/>').replace(
        '<x:element name="grouped" type="x:date"/>', '<x:group ref="a:Some"/>'
    )
    documents = {**_big(""), f"{HOME}b.xsd": endless}
    wsdl = Wsdl(lambda address: parse(documents[address].encode()), f"{HOME}big.wsdl")
    [request] = wsdl.requests("SendMessage")
    with pytest.raises(NotDefinedError):
        wsdl.children(request)
