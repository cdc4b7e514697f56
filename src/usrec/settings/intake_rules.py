"""Rules about the address at which HR systems send events: who reaches it, and who may use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from usrec.settings.faults import Wrong
from usrec.settings.listen import TcpAddress, read_listen
from usrec.settings.reading import Tree, inner_of, is_private_way, named, read_table
from usrec.settings.source_http_section import HttpIntakeSettings, HttpSourceSettings


def broken_intake_rules(tree: Tree) -> Iterator[Wrong]:
    """Every rule about ``[intake]`` and its sources that the settings break."""
    intake = read_table(HttpIntakeSettings, tree.get("intake"))
    if intake is not None:
        yield from _listener(intake)
    known: dict[str, str] = {}
    for name, table in named(tree, "source"):
        if inner_of(table, "kind") == "http" and tree.get("intake") is None:
            yield Wrong(("source", name, "kind"), "write [intake] listen too: the address that it sends to")
        webhook = inner_of(inner_of(table, "webhook"), "url")
        if isinstance(webhook, str) and not is_private_way(webhook):
            yield Wrong(("source", name, "webhook", "url"), "write an https address, or http to this machine")
        source = read_table(HttpSourceSettings, table)
        employers = tree.get("employer")
        for number, one in enumerate(() if source is None else source.employers or ()):
            if isinstance(employers, Mapping) and one not in employers:
                yield Wrong(("source", name, "employers", number), f"there is no [employer.{one}]")
        for token in () if source is None else source.token_hashes:
            if known.setdefault(token, name) != name:
                yield Wrong(("source", name, "token_hashes"), f"[source.{known[token]}] has the same token")


def _listener(intake: HttpIntakeSettings) -> Iterator[Wrong]:
    address = read_listen(intake.listen)
    if (intake.certificate is None) != (intake.certificate_key is None):
        yield Wrong(("intake", "certificate"), "certificate and certificate_key come together")
    elif isinstance(address, TcpAddress) and not address.is_loopback and intake.certificate is None:
        what = "other machines reach this address: name certificate and certificate_key, or listen on 127.0.0.1"
        yield Wrong(("intake", "listen"), what)
