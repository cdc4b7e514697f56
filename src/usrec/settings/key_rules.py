"""Rules about keys: exactly one way to each, and a sequence of them that somebody can follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from usrec.settings.faults import Wrong
from usrec.settings.key_section import NextKeySettings
from usrec.settings.outline import Steps
from usrec.settings.reading import Tree, inner_of, is_private_way, named, read_table

_WAYS: Final = ("key_file", "signer_daemon", "ncanode", "token")
_NO_KEY_BUT: Final = "an owner who signs by hand has no key here: take it out, or take [employer.NAME.owner] out"


def broken_key_rules(tree: Tree) -> Iterator[Wrong]:
    """Every rule about keys that the settings break."""
    for name, table in named(tree, "employer"):
        if isinstance(table, Mapping):
            yield from _employer(("employer", name), table)
    transport = inner_of(inner_of(tree, "gateway"), "transport_key")
    if isinstance(transport, Mapping):
        yield from _key(("gateway", "transport_key"), transport)
    yield from _owner_without_transport(tree, transport)


def _employer(path: Steps, table: Tree) -> Iterator[Wrong]:
    if "owner" in table:
        owner = inner_of(table, "owner")
        if isinstance(owner, Mapping) and owner.get("further_certificates") and "certificate" not in owner:
            yield Wrong((*path, "owner", "further_certificates"), "name the first one in certificate")
        keys = [name for name in (*_WAYS, "key_password", "next_key") if name in table]
        yield from (Wrong((*path, name), _NO_KEY_BUT) for name in keys)
        return
    yield from _key(path, table, or_else=("owner",))
    following = table.get("next_key")
    if isinstance(following, list):
        for number, one in enumerate(following):
            if isinstance(one, Mapping):
                yield from _key((*path, "next_key", number), one)
        yield from _order((*path, "next_key"), following)


def _key(path: Steps, table: Tree, *, or_else: tuple[str, ...] = ()) -> Iterator[Wrong]:
    """One key of whatever kind."""
    given = [name for name in _WAYS if name in table]
    if "key_password" in table and not given:
        yield Wrong((*path, "key_file"), "this setting is missing")
    elif not given:
        *some, last = (*_WAYS[1:], *or_else)
        what = f"this setting is missing, or another place of the key: {', '.join(some)} or {last}"
        yield Wrong((*path, "key_file"), what)
    elif len(given) > 1:
        yield Wrong((*path, given[1]), f"a key is in one place: take this out, or {given[0]}")
    elif given == ["key_file"] and "key_password" not in table:
        yield Wrong((*path, "key_password"), "this setting is missing")
    elif given != ["key_file"] and "key_password" in table:
        yield Wrong((*path, "key_password"), f"it belongs to key_file; {given[0]} has its own settings")
    url = inner_of(table.get("ncanode"), "url")
    if isinstance(url, str) and not is_private_way(url):
        yield Wrong((*path, "ncanode", "url"), "write an https address, or http to this machine")


def _order(path: Steps, following: list[object]) -> Iterator[Wrong]:
    """Each key is taken into use after the one before it."""
    latest = None
    for number, table in enumerate(following):
        one = read_table(NextKeySettings, table)
        if one is None or one.use_from is None:
            continue
        if latest is not None and one.use_from <= latest:
            yield Wrong((*path, number, "use_from"), "it must lie after the use_from of the key before it")
        latest = one.use_from


def _owner_without_transport(tree: Tree, transport: object) -> Iterator[Wrong]:
    owners = [name for name, table in named(tree, "employer") if inner_of(table, "owner") is not None]
    if owners and transport is None and isinstance(tree.get("gateway"), Mapping):
        what = f"[employer.{owners[0]}] has no key here, so envelopes need one of their own"
        yield Wrong(("gateway", "transport_key"), what)
