"""The journal's chain in a bundle: its lines stand in it, up to a signed head that is good."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime

from kzeds.bundle.reading import BundleReader
from kzeds.certificate import Certificate
from kzeds.cms import verify_detached
from kzeds.errors import KzedsError
from kzeds.timestamp import verify_timestamp
from usrec.adapters.evidence.found import CheckedEvidence, Doubt, Notice
from usrec.adapters.evidence.papers import UNREADABLE
from usrec.adapters.evidence.record import lines_of
from usrec.application import evidence_files as layout
from usrec.domain.chain import BatchHeader, ChainLine
from usrec.domain.chain_head import HeadStatement, read_statement
from usrec.domain.chain_proof import Link, check_proof


class ChainCheck:
    """Holds the lines of an open bundle against its part of the chain."""

    def __init__(
        self, bundle: BundleReader, found: CheckedEvidence, authorities: Collection[Certificate] | None
    ) -> None:
        self._bundle, self._found, self._authorities = bundle, found, authorities

    def check(self, at: datetime) -> None:
        """The proof that all lines stand in the journal."""
        head = self._head(at)
        try:
            links = list(_links_of(self._bundle.content(layout.BATCHES)))
            shown = check_proof(self._all_lines(), links)
        except UNREADABLE as problem:
            self._found.fault(layout.BATCHES, Doubt.CHAIN, f"it cannot be read ({type(problem).__name__})")
            return
        self._found.linked = shown.linked
        for fault in shown.faults:
            self._found.fault(layout.BATCHES, Doubt.CHAIN, fault.what)
        if shown.unlinked:
            self._found.notices[Notice.NOT_LINKED] += shown.unlinked
        if head is None:
            self._found.notices[Notice.NO_HEAD] += 1
        elif (head.batch, head.hash) not in {(link.header.number, link.hash) for link in links}:
            self._found.fault(layout.HEAD, Doubt.HEAD, "it is the head of another chain")

    def _all_lines(self) -> Iterator[ChainLine]:
        for one in self._bundle.files:
            if one.name.endswith(f"/{layout.RECORD}"):
                with suppress(*UNREADABLE):
                    yield from lines_of(json.loads(self._bundle.content(one.name)))

    def _head(self, at: datetime) -> HeadStatement | None:
        if layout.HEAD not in {one.name for one in self._bundle.files}:
            return None
        statement, signature = self._bundle.content(layout.HEAD), self._bundle.content(layout.HEAD_SIGNATURE)
        try:
            head = read_statement(statement.decode())
            signer = verify_detached(signature, statement, trusted=None).certificate
        except (ValueError, KzedsError) as problem:
            self._found.fault(layout.HEAD, Doubt.HEAD, str(problem))
            return None
        if head.ledger != self._bundle.fields.get("ledger"):
            self._found.fault(layout.HEAD, Doubt.HEAD, "it is the head of another ledger")
        self._found.head = head
        self._found.judge_issuer(layout.HEAD_SIGNATURE, signer, head.at.isoformat(), self._authorities)
        self._stamp(signature, at)
        return head

    def _stamp(self, signature: bytes, at: datetime) -> None:
        if layout.HEAD_TIMESTAMP not in {one.name for one in self._bundle.files}:
            return
        if self._authorities is None:
            self._found.notices[Notice.STAMP_NOT_CHECKED] += 1
            return
        token = self._bundle.content(layout.HEAD_TIMESTAMP)
        try:
            self._found.head_stamped_at = verify_timestamp(token, signature, self._authorities, at=at).time
        except KzedsError as problem:
            self._found.fault(layout.HEAD_TIMESTAMP, Doubt.HEAD, str(problem))


def _links_of(batches: bytes) -> Iterator[Link]:
    for text in batches.splitlines():
        said = json.loads(text)
        digests, found = said.pop("digests"), said.pop("hash")
        header = BatchHeader(**(said | {"at": datetime.fromisoformat(said["at"])}))
        yield Link(header, found, None if digests is None else bytes.fromhex(digests))
