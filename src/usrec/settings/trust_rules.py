"""Rules about where revocation is looked up: addresses that can be asked, and answers that live until the next look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from usrec.settings.faults import Wrong
from usrec.settings.outline import Steps
from usrec.settings.reading import Tree, named, read_table, split_address
from usrec.settings.trust_section import TrustSettings


def broken_trust_rules(tree: Tree) -> Iterator[Wrong]:
    """Every rule about ``[trust]`` that the settings break."""
    table = tree.get("trust")
    if not isinstance(table, Mapping):
        return
    yield from _address(("trust", "ocsp"), table.get("ocsp"))
    lists = table.get("crl")
    for number, one in enumerate(lists if isinstance(lists, list) else []):
        for name, value in named({"crl": one}, "crl"):
            if name in {"url", "delta_url"}:
                yield from _address(("trust", "crl", number, name), value)
    trust = read_table(TrustSettings, table)
    if trust is None:
        return
    for name, age in (("ocsp_max_age", trust.ocsp_max_age), ("crl_max_age", trust.crl_max_age)):
        if age < trust.interval:
            yield Wrong(("trust", name), "it must be at least interval: an answer has to last until the next look")


def _address(path: Steps, value: object) -> Iterator[Wrong]:
    """What is answered is signed, so that plain http does too, as it is usual."""
    if not isinstance(value, str):
        return
    parts = split_address(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        yield Wrong(path, "write an http or https address, without user and password")
