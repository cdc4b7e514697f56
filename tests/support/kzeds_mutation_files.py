"""Damage for readers of JSON, TOML, ZIP, logs and frames; as everywhere, all of it follows from the seed."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

from kzeds.xml import Element
from support.kzeds_mutation import damaged_bytes, damaged_xml

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1.0, 2**31, 2**64, -(10**30), float("inf"), float("nan")),
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\udfff\ud800",
        "x" * 5000,
        "../x",
        "é" * 12,
        "²" * 12,
        "٢" * 12,
        "\u202e",
        "000000000000",
    ),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:00:00+00:00", "2026-11-20", "2026-W01"),
    *([], {}, [[]], {"": None}, {"\ud800": "\ud800"}, [None] * 50),
)


def damaged_json(random: Random, data: bytes) -> bytes:
    """Values exchanged, removed, doubled and refilled, names changed; then, at times, the text itself."""
    content = json.loads(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = _edited(random, content)
    text = json.dumps(content, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 2)))
    raw = text.encode(errors="surrogatepass")
    return random.choice(_TEXT_EDITS)(random, raw) if random.random() < 0.3 else raw


def _edited(random: Random, content: Any) -> Any:
    """With one change somewhere in it."""
    if isinstance(content, dict) and content and random.random() < 0.9:
        name = random.choice(list(content))
        choice = random.random()
        if choice < 0.15:
            return {one: value for one, value in content.items() if one != name}
        if choice < 0.25:
            return {
                random.choice((f"{name}x", name.upper(), "")) if one == name else one: value
                for one, value in content.items()
            }
        if choice < 0.35:
            return {**content, name: content[random.choice(list(content))]}
        return {**content, name: _edited(random, content[name])}
    if isinstance(content, list) and content and random.random() < 0.9:
        place = random.randrange(len(content))
        new = random.choice(
            ([], [content[place]] * 2, [_edited(random, content[place])], [_edited(random, content[place])])
        )
        return content[:place] + new + content[place + 1 :]
    if isinstance(content, str) and content and random.random() < 0.4:
        place = random.randrange(len(content))
        return content[:place] + random.choice(("", "\ud800", "0", "é", "\0", "z" * 9)) + content[place + 1 :]
    return random.choice(_VALUES)


_TEXT_EDITS: tuple[Callable[[Random, bytes], bytes], ...] = (
    damaged_bytes,
    lambda random, raw: raw.replace(b":", b":" + b"[" * random.choice((9000, 100_000)), 1),
    lambda random, raw: raw.replace(b"1", b"1" * 5000, 1),
    lambda random, raw: raw.replace(b"{", b"{" + random.choice((b'"n":1,', b'"id":"x",', b'"version":1,')), 1),
    lambda random, raw: raw.decode(errors="replace").encode(
        random.choice(("utf-16", "utf-32-be", "utf-8-sig", "utf-7"))
    ),
)


_NAMES = (
    "x.xml",
    "../x.xml",
    "/x.xml",
    "a\\..\\b.xml",
    "MANIFEST.JSON",
    "\u202e.xml",
    "__MACOSX/._1.xml",
    "a/",
    "a\nb.xml",
)


def zipped(members: dict[str, bytes], random: Random | None = None) -> bytes:
    """A ZIP with these files; packed in various ways where a source of chance is given."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            way = random.choice((0, 8, 8, 8, 12, 14)) if random and random.random() < 0.1 else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, compress_type=way)
    return stream.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    """The files in a whole ZIP."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def damaged_zip(random: Random, data: bytes) -> bytes:
    """Numbers of its records changed: lengths, places, flags, methods, names."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 3)):
        marks = [at for mark in (b"PK\1\2", b"PK\3\4", b"PK\5\6") for at in _places(data, mark)]
        at, size = random.choice(marks) + random.randrange(4, 60), random.choice((1, 2, 4))
        value = random.choice(
            (b"\0" * size, b"\xff" * size, b"\1" + bytes(size - 1), random.randbytes(size), b"/" * size)
        )
        changed[at : at + size] = value
    return bytes(changed)


def _places(data: bytes, mark: bytes) -> list[int]:
    return [at for at in range(len(data)) if data.startswith(mark, at)]


def damaged_members(random: Random, data: bytes) -> bytes:
    """A right ZIP around damaged files: a manifest, documents, names, more or fewer files; digests fit again."""
    members = members_of(data)
    name = random.choice(list(members))
    choice = random.random()
    if choice < 0.35 and "manifest.json" in members:
        members["manifest.json"] = damaged_json(random, members["manifest.json"])
    elif choice < 0.8:
        ways = (damaged_xml, damaged_bytes, *(damaged_elements,) * (2 * name.endswith(".xml")))
        changed = random.choice(ways)(random, members[name])
        before, after = (hashlib.sha256(one).hexdigest().encode() for one in (members[name], changed))
        members[name] = changed
        if "manifest.json" in members:
            members["manifest.json"] = members["manifest.json"].replace(before, after)
    elif choice < 0.9:
        members[random.choice(_NAMES)] = members[name]
    else:
        del members[name]
    return zipped(members, random)


def damaged_lines(random: Random, data: bytes) -> bytes:
    """Lines removed, doubled, exchanged, cut short or filled with something else."""
    lines = data.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 3))):
        if not lines:
            break
        place, other = random.randrange(len(lines)), random.randrange(len(lines))
        line = lines[place]
        new = random.choice(
            (
                [],
                [line, line],
                [lines[other]],
                [line[: random.randrange(len(line) + 1)]],
                [
                    line,
                    random.choice((b"\n", b"[" * 100_000 + b"\n", b"1" * 5000 + b"\n", b"{}\n", b"\xff\n", b"torn")),
                ],
                [damaged_bytes(random, line)],
            )
        )
        lines[place : place + 1] = new
    return b"".join(lines)


def damaged_toml(random: Random, data: bytes) -> bytes:
    """A setting with something else in it, or lines damaged."""
    if random.random() < 0.4:
        return damaged_lines(random, data)
    lines = data.splitlines(keepends=True)
    settings = [place for place, line in enumerate(lines) if b" = " in line and not line.startswith(b"#")]
    place = random.choice(settings)
    name = lines[place].partition(b" = ")[0]
    lines[place] = name + b" = " + random.choice(_TOML) + b"\n"
    return b"".join(lines)


_TOML = (
    *(b"true", b"false", b"0", b"-1", b"1", b"9" * 25, b"1" * 5000, b"0x10", b"1e400", b"nan", b"1_0"),
    *(
        b'""',
        b'" "',
        b'"x"',
        b'"\\u0000"',
        b'"a\\u0000b"',
        b'"\\n"',
        b'"x' + b"x" * 5000 + b'"',
        b"'''a'''",
        '"²"'.encode(),
    ),
    *(b"[]", b"[[]]", b'[""]', b'["a", "a"]', '["²"]'.encode(), b'["' + b"9" * 5000 + b'"]', b'["\\u0000"]', b'["-1"]'),
    *(b"[" * 5000 + b"]" * 5000, b"{a = " * 2000 + b"1" + b"}" * 2000, b"{}", b"{ a = 1 }", b'{ "{x" = ["a"] }'),
    *(b"1979-05-27T07:32:00Z", b"9999-99-99", b"07:32:00", b'["conclusion", 1]', b'"a" b', b"# nothing"),
)


def damaged_elements(random: Random, data: bytes) -> bytes:
    """Well-formed XML that says something else: elements, texts and attributes removed, doubled, moved, renamed."""
    root = etree.fromstring(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        elements = list(root.iter("*"))
        one, other = random.choice(elements), random.choice(elements)
        random.choice(_ELEMENT_EDITS)(random, one, other)
    return etree.tostring(root)


def _refill_text(random: Random, one: Element, other: Element) -> None:
    one.text = random.choice((None, "", " ", "200940000014", "x" * 300, other.text, f"{one.text or ''} "))


def _document_inside(random: Random, one: Element, _: Element) -> None:
    """Where an element's text is a document, the document is damaged, or another text stands there."""
    for inner in one.getroottree().getroot().iter("*"):
        if (inner.text or "").startswith("<"):
            changed = (inner.text or "").encode()
            with suppress(etree.XMLSyntaxError):
                changed = damaged_elements(random, changed)
            inner.text = random.choice((changed.decode(), changed.decode(), "<a/>", "x", ""))


def _remove_element(_: Random, one: Element, __: Element) -> None:
    if (parent := one.getparent()) is not None:
        parent.remove(one)


def _place_copy(random: Random, one: Element, other: Element) -> None:
    other.insert(random.randrange(len(other) + 1), deepcopy(one))


def _rename(random: Random, one: Element, other: Element) -> None:
    name = random.choice((str(other.tag), "x", f"{{urn:x}}{etree.QName(one).localname}", etree.QName(one).localname))
    one.tag = name


def _put_beside(random: Random, one: Element, _: Element) -> None:
    beside = random.choice((etree.Comment("c"), etree.ProcessingInstruction("p", "i"), etree.Element("bin")))
    one.insert(random.randrange(len(one) + 1), beside)


def _name_attribute(random: Random, one: Element, other: Element) -> None:
    names = (
        "bin",
        "Id",
        "id",
        "{urn:x}a",
        "{http://www.w3.org/2001/XMLSchema-instance}type",
        "{http://www.w3.org/XML/1998/namespace}id",
    )
    one.set(random.choice(names), random.choice(("b-1", "x", "200940000013", other.text or "")))


_ELEMENT_EDITS: tuple[Callable[[Random, Element, Element], None], ...] = (
    _refill_text,
    _document_inside,
    _document_inside,
    _remove_element,
    _place_copy,
    _rename,
    _put_beside,
    _name_attribute,
)

_LENGTHS = struct.Struct(">II")


def frame(header: bytes, content: bytes) -> bytes:
    """A frame of the signer daemon's protocol with right lengths."""
    return _LENGTHS.pack(len(header), len(content)) + header + content


def damaged_frame(random: Random, data: bytes) -> bytes:
    """A frame whose header, content or lengths are damaged."""
    length, _ = _LENGTHS.unpack_from(data)
    header, content = data[8 : 8 + length], data[8 + length :]
    choice = random.random()
    if choice < 0.1:
        lengths = (random.choice((0, 1, length, length + 1, 2**14, 2**21, 2**32 - 1)) for _ in range(2))
        return _LENGTHS.pack(*lengths) + header + content
    if choice < 0.2:
        return damaged_bytes(random, data)
    if choice < 0.5:
        header = damaged_json(random, header)
    if choice > 0.4:
        ways = (
            (damaged_json, damaged_bytes)
            if content[:1] == b"{"
            else (damaged_xml, damaged_bytes, *(damaged_elements,) * 4)
        )
        content = random.choice(ways)(random, content or b"<a/>")
    return frame(header, content)
