"""HR reads why a file was not taken in its own language, whatever the reader stumbled over."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from support.event_files import csv_text, event
from support.languages import CYRILLIC, TRANSLATED
from usrec.adapters.sources.files import reading, text_file
from usrec.adapters.sources.files.drop_source import _said
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable
from usrec.adapters.sources.files.reading import read_event_file
from usrec.domain.rules.finding import error
from usrec.domain.source_event import SourceName
from usrec.interfaces.cli.file_words import FILE_TEMPLATES
from usrec.interfaces.cli.finding_words import _pattern
from usrec.interfaces.cli.lint_words import lint_words
from usrec.interfaces.i18n import use_language

HEAD = "event_id;event_type;contract_key;employer_bin"
KZ = "Ғалымқызы Әсем".encode("kz1048")


def texts() -> Iterator[tuple[str, bytes]]:
    yield "many.csv", (";".join([HEAD, *(f"x{one}" for one in range(300))]) + "\n").encode()
    yield "twice.csv", f"{HEAD};event_id\n".encode()
    yield "near.csv", b"event_ids;event_type;contract_key;employer_bin\n"
    yield "none.csv", b""
    yield "quote.csv", f'{HEAD}\n"a"b;c;d;e\n'.encode()
    yield "names.jsonl", b'{"event_id": "1", "event_id": "2"}\n'
    yield "torn.jsonl", b'{"event_id": \n'
    yield "list.jsonl", b"[]\n"
    yield "inner.jsonl", b'{"event_id": "1", "payload": 5}\n'
    yield "long.csv", csv_text([event(), event(event_id="2")]).encode()
    yield "large.csv", b"x" * 30_000
    yield "wide.csv", HEAD.encode("utf-16")
    yield "doubt.csv", f"{HEAD}\n".encode() + b"\x81\x8d\x8f\x90\x9d;\xff\xfe\n"
    yield "marked.csv", b"\xef\xbb\xbf" + HEAD.encode() + b"\n" + KZ + b"\n"
    yield "broken.xlsx", b"PK nonsense"


def workbooks(folder: Path) -> Iterator[Path]:
    book = Workbook()
    book.create_sheet("two")
    several = folder / "several.xlsx"
    book.save(several)
    yield several
    typed = folder / "typed.xlsx"
    with zipfile.ZipFile(typed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<!DOCTYPE x><x/>")
    yield typed


def reasons(folder: Path) -> Iterator[str]:
    for name, content in texts():
        (folder / name).write_bytes(content)
        yield refused(folder / name)
    yield from map(refused, workbooks(folder))
    (folder / "folder.csv").mkdir()
    yield refused(folder / "folder.csv")
    yield refused(folder / "marked.csv", "utf-8")


def refused(file: Path, encoding: str = "") -> str:
    with pytest.raises(FileUnreadable) as told:
        read_event_file(file, SourceName("drop"), ReadingOptions(encoding))
    return f"The file cannot be taken: {_said(told.value)}"


def test_every_reason_is_told_in_hrs_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    monkeypatch.setattr(text_file, "LARGEST_FILE", 20_000)
    told = list(reasons(tmp_path))
    fitting = [next(one for one in FILE_TEMPLATES if _pattern(one).fullmatch(reason)) for reason in told]
    assert FILE_TEMPLATES[-1] not in fitting, dict(zip(told, fitting, strict=True))
    left = set(FILE_TEMPLATES[:-1]) - set(fitting)
    assert {one.split(": ")[1][:23] for one in left} == {"the workbook is too lar"}, "of a size that no test makes"
    for language in TRANSLATED:
        use_language(language)
        for reason in told:
            words = lint_words(error("file_readable", "", reason))
            assert CYRILLIC.search(words.partition(": ")[2].partition(":")[0]), words
    use_language("en")
    assert all(lint_words(error("file_readable", "", reason)) == reason for reason in told)
