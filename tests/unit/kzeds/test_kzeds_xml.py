"""The hardened parser refuses what signed documents never need, and writing back changes no content."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds.errors import MalformedXmlError
from kzeds.signature import C14N, Transform
from kzeds.xml import parse, to_bytes
from support.kzeds_material import CONTRACT

LAUGHS = b'<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "data",
    [
        LAUGHS,
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ATTLIST a Id ID #IMPLIED>]><a Id="x"/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    ],
)
def test_document_type_definitions_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedXmlError):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"not xml",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>&undeclared;</a>",
        b"<a>\x00</a>",
        b"<a b='1' b='2'/>",
        b"<x:a/>",
        b"\xff\xfe\xff",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="UTF-8"?><a>\xd0</a>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_malformed_documents_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedXmlError):
        parse(data)


def test_error_says_what_and_where_without_quoting_the_document() -> None:
    with pytest.raises(MalformedXmlError) as caught:
        parse(b"<iin900101300007>\n<x></iin900101300007>", what="answer of the gateway")
    message = str(caught.value)
    assert message.startswith("answer of the gateway is not well-formed XML (line 2, column ")
    assert "900101300007" not in message


def test_huge_text_is_refused() -> None:
    with pytest.raises(MalformedXmlError):
        parse(b"<a>" + b"x" * 11_000_000 + b"</a>")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"<a>x</a>", b"<a>x</a>"),
        (b"\xef\xbb\xbf<a>x</a>", b"<a>x</a>"),
        (b'<?xml version="1.0"?><a/>', b"<?xml version='1.0' encoding='UTF-8'?>\n<a/>"),
        (
            b'<?xml version="1.0" encoding="utf-8" standalone="yes"?><a/>',
            b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<a/>",
        ),
        (b"<!-- b --><?p q?><a/><!-- e -->", b"<!-- b --><?p q?><a/><!-- e -->"),
        (b"<a><![CDATA[<x>]]></a>", b"<a><![CDATA[<x>]]></a>"),
        (b"<a>\n  <b/>\n</a>", b"<a>\n  <b/>\n</a>"),
        (b"<a b='&#13;&#10;&#9;'>&#13;</a>", b'<a b="&#13;&#10;&#9;">&#13;</a>'),
    ],
)
def test_writing_back_keeps_content_and_declaration(document: bytes, expected: bytes) -> None:
    assert to_bytes(parse(document), like=document) == expected


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1251"])
def test_other_encodings_become_declared_utf8(encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><a>Щит</a>'.encode(encoding)
    written = to_bytes(parse(document), like=document)
    assert written == "<?xml version='1.0' encoding='UTF-8'?>\n<a>Щит</a>".encode()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_parser_raises_nothing_but_its_own_error(data: st.DataObject) -> None:
    noise = data.draw(st.binary(max_size=60))
    place = data.draw(st.integers(0, len(CONTRACT)))
    document = data.draw(st.sampled_from([noise, CONTRACT[:place] + noise + CONTRACT[place + len(noise) :]]))
    try:
        root = parse(document)
        before = Transform(C14N).canonicalize_document(root)
    except MalformedXmlError:
        return
    again = parse(to_bytes(root, like=document))
    assert Transform(C14N).canonicalize_document(again) == before
