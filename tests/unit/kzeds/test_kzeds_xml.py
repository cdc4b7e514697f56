"""The hardened parser refuses what signed documents never need, and writing back changes no content."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds.errors import MalformedXmlError
from kzeds.signature import C14N, Transform
from kzeds.xml import MAXIMUM_ATTRIBUTES, MAXIMUM_NAMESPACES, parse, to_bytes
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


ENCODED = {
    "UTF-8": ("utf-8", ""),
    "UTF-8 with a mark": ("utf-8-sig", ""),
    "UTF-8 said in small letters": ("utf-8", '<?xml version="1.0" encoding="utf-8"?>'),
    "UTF-16 that says nothing": ("utf-16", ""),
    "UTF-16 that says UTF-8": ("utf-16", '<?xml version="1.0" encoding="UTF-8"?>'),
    "UTF-16 without a mark that says UTF-8": ("utf-16-le", '<?xml version="1.0" encoding="UTF-8"?>'),
    "EBCDIC that says UTF-8": ("cp037", '<?xml version="1.0" encoding="UTF-8"?>'),
    "big UTF-16": ("utf-16-be", '<?xml version="1.0" encoding="UTF-16BE"?>'),
    "Windows": ("windows-1251", '<?xml version="1.0" encoding="windows-1251"?>'),
    "EBCDIC": ("cp037", '<?xml version="1.0" encoding="IBM037"?>'),
    "UTF-7": ("utf-7", '<?xml version="1.0" encoding="UTF-7"?>'),
}


@pytest.mark.parametrize("name", sorted(ENCODED))
def test_piled_up_markup_is_refused_in_every_encoding(name: str) -> None:
    encoding, declaration = ENCODED[name]
    namespaces = "".join(f' xmlns:p{number}="u:{number}"' for number in range(MAXIMUM_NAMESPACES + 1))
    attributes = "".join(f' a{number}="1"' for number in range(MAXIMUM_ATTRIBUTES + 1))
    for pile in (namespaces, attributes):
        with pytest.raises(MalformedXmlError):
            parse(f"{declaration}<a><b{pile}/></a>".encode(encoding))


def test_markup_that_is_spread_out_is_no_pile() -> None:
    content = b'<b xmlns:p="u:1" a="1" b="2" c="3"/>' * (MAXIMUM_NAMESPACES + MAXIMUM_ATTRIBUTES)
    assert len(parse(b"<a>%b</a>" % content)) == MAXIMUM_NAMESPACES + MAXIMUM_ATTRIBUTES


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
