"""Supporting documents on every kind of ledger: each content once, by its digest."""

from __future__ import annotations

from support.document_files import JPEG, PDF, PNG
from support.ledger_values import DAY, NOW
from usrec.adapters.persistence import SqlLedger
from usrec.domain.document import FoundFile, StoredDocument


def test_a_content_is_kept_once_whatever_its_file_is_called(ledger: SqlLedger) -> None:
    first, again = FoundFile("a.pdf", PDF), FoundFile("b.pdf", PDF)
    with ledger.begin() as work:
        work.documents.keep(first, NOW)
        work.documents.keep(again, NOW + DAY)
        assert work.documents.stored(10) == [StoredDocument(first.digest, "pdf", len(PDF), NOW)]
        assert work.documents.get(first.digest) == (work.documents.stored(1)[0], PDF)
        assert work.documents.get("0" * 64) is None


def test_documents_are_listed_newest_first(ledger: SqlLedger) -> None:
    files = [FoundFile("a", content) for content in (PDF, JPEG, PNG)]
    with ledger.begin() as work:
        for days, file in enumerate(files):
            work.documents.keep(file, NOW + days * DAY)
        assert [one.format for one in work.documents.stored(2)] == ["png", "jpg"]


def test_a_document_is_found_by_the_beginning_of_its_digest(ledger: SqlLedger) -> None:
    file = FoundFile("a", PDF)
    with ledger.begin() as work:
        work.documents.keep(file, NOW)
        assert [one.digest for one in work.documents.like(file.digest[:12])] == [file.digest]
        assert [one.digest for one in work.documents.like("")] == [file.digest]
        for nothing in ("%", "_", "z", file.digest[:12].upper() + "G"):
            assert work.documents.like(nothing) == []
