"""HR's folder of documents: a name never leads out of it, and nothing but a plain file of a sendable size is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.document_files import JPEG, PDF, PNG, WORD, pdf_of
from usrec.adapters.documents.folder import DocumentFolder, read_document
from usrec.domain.document import LONGEST_READ, Absence, FoundFile, MissingFile
from usrec.domain.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> DocumentFolder:
    (tmp_path / "documents").mkdir()
    (tmp_path / "outside.pdf").write_bytes(PDF)
    return DocumentFolder(tmp_path / "documents")


def why(found: FoundFile | MissingFile) -> Absence | None:
    return found.why if isinstance(found, MissingFile) else None


def test_a_plain_file_is_read_whole(folder: DocumentFolder) -> None:
    (folder.folder / "Аттестация 12.pdf").write_bytes(PDF)
    found = folder.find("Аттестация 12.pdf")
    assert isinstance(found, FoundFile)
    assert (found.content, found.format, found.title) == (PDF, "pdf", "Аттестация 12")


@pytest.mark.parametrize("name", ["../outside.pdf", "/etc/passwd", "a/b.pdf", ".hidden", "..", ".", "", "a\\b", "a\0b"])
def test_a_name_that_is_no_plain_name_is_refused(folder: DocumentFolder, name: str) -> None:
    assert why(folder.find(name)) is Absence.REFUSED


def test_links_folders_and_pipes_are_refused(folder: DocumentFolder) -> None:
    (folder.folder / "link.pdf").symlink_to(folder.folder.parent / "outside.pdf")
    (folder.folder / "inner.pdf").mkdir()
    os.mkfifo(folder.folder / "pipe.pdf")
    for name in ("link.pdf", "inner.pdf", "pipe.pdf"):
        assert why(folder.find(name)) is Absence.REFUSED, name


def test_what_is_not_there_is_missing_also_without_the_folder(tmp_path: Path) -> None:
    assert why(DocumentFolder(tmp_path).find("a.pdf")) is Absence.MISSING
    assert why(DocumentFolder(tmp_path / "nowhere").find("a.pdf")) is Absence.MISSING
    assert why(DocumentFolder(tmp_path).find("Я" * 200)) is Absence.MISSING


def test_a_file_that_could_not_be_sent_is_not_read(folder: DocumentFolder) -> None:
    (folder.folder / "fits.pdf").write_bytes(pdf_of(LONGEST_READ))
    with (folder.folder / "huge.pdf").open("wb") as file:
        file.truncate(10**12)
    assert isinstance(folder.find("fits.pdf"), FoundFile)
    assert folder.find("huge.pdf") == MissingFile(Absence.TOO_LARGE, 10**12)


@pytest.mark.parametrize(("content", "kind"), [(PDF, "pdf"), (JPEG, "jpg"), (PNG, "png"), (WORD, None), (b"", None)])
def test_the_first_bytes_say_what_a_file_is(content: bytes, kind: str | None) -> None:
    found = FoundFile("order.pdf", content)
    assert found.format == kind
    assert found.is_whole is (kind is not None)
    assert not FoundFile("order.pdf", content[:-4]).is_whole


def test_a_placed_copy_has_a_name_that_tells_nothing_and_is_found_by_it(folder: DocumentFolder) -> None:
    found = FoundFile("Иванов Иван.pdf", PDF)
    name = folder.place(found)
    assert "Иванов" not in name
    assert folder.place(found) == name, "the same content is put there once"
    copy = folder.find(name)
    assert isinstance(copy, FoundFile)
    assert (copy.content, copy.title) == (PDF, "")
    assert (folder.folder / name).stat().st_mode & 0o777 == 0o640


def test_a_folder_that_cannot_be_written_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\[documents\] folder"):
        DocumentFolder(tmp_path / "nowhere").place(FoundFile("a.pdf", PDF))


def test_nothing_of_a_file_is_in_its_repr(tmp_path: Path) -> None:
    (tmp_path / "Иванов.pdf").write_bytes(PDF)
    assert "Иванов" not in repr(read_document(tmp_path / "Иванов.pdf"))
    assert "PDF" not in repr(FoundFile("a", PDF))
