"""One harmless look at every server that is asked about revocation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.revocation.crl_list import read_crl
from kzeds.revocation.ocsp import REQUEST_TYPE, make_request
from kzeds.revocation.ocsp_answer import read_ocsp
from kzeds.revocation.sources import CrlServer, OcspServer
from usrec.adapters.trust.judge import CertificateJudge


def probe(judge: CertificateJudge, at: datetime) -> Mapping[str, str]:
    """Why each server cannot be used, by its address; empty where it can.

    What a responder says of an authority's own certificate does not matter here, only that it speaks OCSP.
    """
    found: dict[str, str] = {}
    some = next(iter(judge.authorities))
    if judge.ocsp is not None:
        found[judge.ocsp.url] = _asked(judge.ocsp, some)
    for authority in judge.authorities:
        server = judge.lists.get(authority.fingerprint)
        if server is not None:
            found[server.url] = _fetched(server, server.url, authority, at)
            if server.delta_url is not None:
                found[server.delta_url] = _fetched(server, server.delta_url, authority, at)
    return found


def _asked(server: OcspServer, authority: Certificate) -> str:
    try:
        request = make_request(authority, authority, hash_name=server.hash_name)
        read_ocsp(server.fetch(server.url, request.der, content_type=REQUEST_TYPE))
    except KzedsError as error:
        return str(error)
    return ""


def _fetched(server: CrlServer, url: str, authority: Certificate, at: datetime) -> str:
    try:
        found = read_crl(server.fetch(url))
        found.require_from(authority)
    except KzedsError as error:
        return str(error)
    if found.next_update is not None and found.next_update < at:
        return f"the {found.name} is stale: its date passed on {found.next_update:%Y-%m-%d %H:%M} UTC"
    return ""
