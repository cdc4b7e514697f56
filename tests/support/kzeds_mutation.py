"""Damage for readers of DER, BER, PEM and XML: bytes changed at random, and structures put together wrong.

Everything follows from the seed, so that a finding can be had again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

LONGEST = 200_000
"""Bytes of an input."""


@dataclass
class Node:
    """An element of BER; a frame has children, also an OCTET STRING or BIT STRING that holds elements."""

    tag: int
    content: bytes = b""
    before: bytes = b""
    children: list[Node] | None = field(default=None)

    def written(self) -> bytes:
        """With right lengths all the way up."""
        inside = self.content if self.children is None else b"".join(one.written() for one in self.children)
        content = self.before + inside
        return bytes([self.tag]) + length_of(len(content)) + content

    def each(self) -> Iterator[Node]:
        yield self
        for one in self.children or ():
            yield from one.each()


def length_of(size: int) -> bytes:
    if size < 128:
        return bytes([size])
    octets = size.to_bytes(-(-size.bit_length() // 8), "big")
    return bytes([128 | len(octets)]) + octets


def read(data: bytes) -> Node:
    """The first element of well-formed bytes.

    Raises:
        ValueError: They are not.
    """
    node, end = _read(data, 0, 0)
    if end != len(data):
        raise ValueError("something lies behind the element")
    return node


def _read(data: bytes, start: int, depth: int) -> tuple[Node, int]:
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F or data[start] == 0 or depth > 40:
        raise ValueError("no element")
    tag, length, inside = data[start], data[start + 1], start + 2
    if length == 0x80:
        return _read_indefinite(data, tag, inside, depth)
    if length > 0x80:
        inside += length - 128
        length = int.from_bytes(data[start + 2 : inside])
    end = inside + length
    if end > len(data):
        raise ValueError("cut short")
    return _node(tag, data[inside:end], depth), end


def _read_indefinite(data: bytes, tag: int, place: int, depth: int) -> tuple[Node, int]:
    children = []
    while data[place : place + 2] != b"\0\0":
        child, place = _read(data, place, depth + 1)
        children.append(child)
    return Node(tag, children=children), place + 2


def _node(tag: int, content: bytes, depth: int) -> Node:
    before = b""
    if tag == 0x03 and content[:1] == b"\0":
        before, content = content[:1], content[1:]
    if not (tag & 0x20 or tag in {0x03, 0x04}):
        return Node(tag, content)
    children, place = [], 0
    try:
        while place < len(content):
            child, place = _read(content, place, depth + 1)
            children.append(child)
    except ValueError:
        return Node(tag, before + content)
    return Node(tag, before=before, children=children)


def damaged_bytes(random: Random, data: bytes) -> bytes:
    """One to three changes of the bytes, without regard to what they mean."""
    for _ in range(random.randint(1, 3)):
        place, size = random.randrange(len(data) + 1), random.choice((1, 1, 2, 4, 16, 100))
        piece = random.choice(
            (
                b"",
                random.randbytes(size),
                data[place : place + 1] and bytes([data[place] ^ 1 << random.randrange(8)]),
                bytes([random.choice((0, 1, 0x30, 0x7F, 0x80, 0x84, 0xA0, 0xFF))]) * size,
                data[random.randrange(len(data) + 1) :][:size],
            )
        )
        data = data[:place] + piece + data[place + random.choice((0, len(piece), size)) :]
        if random.random() < 0.05:
            data = data[: random.randrange(len(data) + 1)]
    return data[:LONGEST]


def damaged_der(random: Random, data: bytes) -> bytes:
    """Elements removed, doubled, exchanged, retyped, nested, refilled; lengths right again, or wrong on purpose."""
    try:
        root = read(data)
    except ValueError:
        return damaged_bytes(random, data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        nodes = list(root.each())
        random.choice(_EDITS)(random, random.choice(nodes), nodes)
        if len(root.written()) > LONGEST:
            break
    return root.written()[:LONGEST]


def _retag(random: Random, node: Node, nodes: list[Node]) -> None:
    node.tag = random.choice((node.tag ^ 1 << random.randrange(8), *_TAGS))


def _refill(random: Random, node: Node, nodes: list[Node]) -> None:
    size = len(node.content)
    node.children = None
    node.content = random.choice(
        (
            b"",
            bytes(size),
            b"\xff" * size,
            b"\x7f" + b"\xff" * 8,
            b"\x80",
            random.randbytes(size),
            b"\x01",
            b"\x00" * 5000,
        )
    )


def _flip(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.content:
        place = random.randrange(len(node.content))
        changed = node.content[place] ^ 1 << random.randrange(8)
        node.content = node.content[:place] + bytes([changed]) + node.content[place + 1 :]


def _remove(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.children:
        del node.children[random.randrange(len(node.children))]


def _double(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.children:
        one = random.choice(node.children)
        node.children += [one] * random.choice((1, 1, 2, 50))


def _shuffle(random: Random, node: Node, nodes: list[Node]) -> None:
    if node.children:
        random.shuffle(node.children)


def _borrow(random: Random, node: Node, nodes: list[Node]) -> None:
    """Another element's content in the place of this one's."""
    other = random.choice(nodes)
    if node not in other.each():
        node.tag, node.content, node.before, node.children = other.tag, other.content, other.before, other.children


def _nest(random: Random, node: Node, nodes: list[Node]) -> None:
    inside = node.written()
    tag = random.choice((0x30, 0x31, 0xA0, 0x24))
    for _ in range(random.choice((1, 2, 30, 2000))):
        inside = bytes([tag]) + length_of(len(inside)) + inside
    node.children, node.content, node.before = None, inside, b""


def _lie(random: Random, node: Node, nodes: list[Node]) -> None:
    """An element inside with a wrong length, or one of indefinite length."""
    inside = node.written()
    head = len(length_of(len(inside)))
    claim = random.choice((b"\x80", b"\x00", b"\x84\xff\xff\xff\xff", b"\xff", b"\x88" + b"\x7f" * 8, b"\x81\x05"))
    node.children, node.before = None, b""
    node.content = inside[:1] + claim + inside[1 + head :] + random.choice((b"", b"\0\0"))


def _number(random: Random, node: Node, nodes: list[Node]) -> None:
    """A number in the place of one, among them iteration counts."""
    numbers = [one for one in nodes if one.tag == 0x02]
    if numbers:
        value = random.choice((0, -1, 1, 2, 5, 255, 1025, 2**31, 2**63, 2**64, -(2**70), 2**20_000))
        random.choice(numbers).content = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _name(random: Random, node: Node, nodes: list[Node]) -> None:
    """Another OBJECT IDENTIFIER: one from elsewhere in the input, or none that exists."""
    names = [one for one in nodes if one.tag == 0x06]
    if names:
        other = random.choice(
            (random.choice(names).content, b"", b"\x80", b"\xff" * 20, b"\x2a\x03", random.randbytes(6))
        )
        random.choice(names).content = other


_TAGS = (
    0x00,
    0x01,
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x0A,
    0x0C,
    0x17,
    0x18,
    0x24,
    0x30,
    0x31,
    0x80,
    0xA0,
    0xA1,
    0xA3,
    0x1F,
)
_EDITS: tuple[Callable[[Random, Node, list[Node]], None], ...] = (
    _retag,
    _refill,
    _flip,
    _flip,
    _remove,
    _double,
    _shuffle,
    _borrow,
    _nest,
    _lie,
    _number,
    _name,
)

_PIECES = (
    *(
        b"<",
        b">",
        b"/>",
        b'"',
        b"'",
        b"&",
        b";",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?x?>",
        b"&#0;",
        b"&#x110000;",
    ),
    *(
        b"&x;",
        b"<!DOCTYPE a [",
        b"]>",
        b"<!ENTITY x 'y'>",
        b" xmlns=''",
        b" xmlns:ds='urn:x'",
        b" xml:id='b'",
        b" Id='b'",
    ),
    *(b"#", b"#b", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd0", b"\xed\xa0\x80", b"\r\n", b"=" * 4, b"A" * 5000),
    *(
        b"<ds:Reference/>",
        b"<ds:Object/>",
        b"<ds:Signature/>",
        b"<s:Body/>",
        b"<a>" * 300,
        b"ds:",
        b"xmlns:p='p' " * 70,
    ),
)


def damaged_xml(random: Random, data: bytes) -> bytes:
    """Pieces of markup in wrong places, parts of the document exchanged, and other encodings."""
    for _ in range(random.randint(1, 3)):
        place, other = random.randrange(len(data) + 1), random.randrange(len(data) + 1)
        size = random.choice((0, 1, 5, 30, 200))
        piece = random.choice((random.choice(_PIECES), data[other : other + size], random.randbytes(3)))
        data = data[:place] + piece + data[place + random.choice((0, size)) :]
    if random.random() < 0.05:
        data = _reencoded(random, data)
    return data[:LONGEST]


def _reencoded(random: Random, data: bytes) -> bytes:
    name = random.choice(("utf-16", "utf-16-be", "utf-32", "cp1251", "cp037", "utf-7", "latin-1"))
    declaration = f'<?xml version="1.0" encoding="{name}"?>'
    return (random.choice(("", declaration)) + data.decode(errors="replace")).encode(name, errors="replace")
