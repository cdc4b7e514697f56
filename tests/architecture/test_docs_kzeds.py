"""Whoever types kzeds.md from top to bottom sees what it shows: commands and Python alike, with servers that answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kzeds.answering import make_ocsp_answer, make_timestamp
from kzeds.certificate import Certificate
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from support.kzeds_authority import http_server
from support.markdown import blocks, read
from support.page_runner import run_page

ADDRESSES = {
    "http://tsp.pki.gov.kz/": "tsp",
    "http://ocsp.pki.gov.kz/": "ocsp",
    "https://crl.pki.gov.kz/nca_gost_2022.crl": "crl",
    "https://crl.pki.gov.kz/nca_d_gost_2022.crl": "delta",
}
"""Servers of the NCA that the page names, and the paths of ours that stand for them."""

PYTHON_BLOCKS = 12
COMMANDS = 15


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[str]:
    """The servers of the NCA, as far as the test PKI goes that the page makes."""

    def key(name: str) -> SigningKey:
        return load_pkcs12((tmp_path / f"pki/{name}.p12").read_bytes(), (tmp_path / f"pki/{name}.password").read_text())

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        at = datetime.now(UTC)
        if path == "/tsp":
            return 200, make_timestamp(key("tsa"), body, at=at)
        if path == "/ocsp":
            issuer = Certificate.load(tmp_path / "pki/nca-ca.pem")
            return 200, make_ocsp_answer(key("ocsp"), issuer, body, at=at, revoked={})
        return 200, (tmp_path / {"/crl": "pki/nca.crl", "/delta": "pki/nca-delta.crl"}[path]).read_bytes()

    with http_server(answer) as url:
        yield url


def _with_python_as_commands(page: str, folder: Path) -> str:
    """The page with each Python block as a command that runs it behind all those above it."""
    texts = [block.text for block in blocks(page) if block.language == "python"]
    assert len(texts) == PYTHON_BLOCKS
    for number, text in enumerate(texts, start=1):
        (folder / f"block{number}.py").write_text("\n".join(texts[:number]), "utf-8")
        printed = "\n".join(re.findall(r"# -> (.*)$", "\n".join(texts[:number]), re.MULTILINE))
        assert "# -> " in text, f"block {number} shows nothing"
        page = page.replace(f"```python\n{text}```", f"```console\n$ python block{number}.py\n{printed}\n```")
    return page


def test_commands_and_python_of_kzeds_print_what_the_page_shows(servers: str, tmp_path: Path) -> None:
    """Each command ends with 0, each block of Python prints what stands behind its arrows."""
    page = read("reference/kzeds.md")
    for address, path in ADDRESSES.items():
        assert address in page
        page = page.replace(address, f"{servers}/{path}")
    done = run_page(_with_python_as_commands(page, tmp_path), tmp_path)
    for one in done:
        assert one.status == 0, f"{one.step.command}\n{one.printed}"
        assert one.as_written, f"{one.step.command}\nexpected:\n{one.step.expected}\nprinted:\n{one.printed}"
    assert len(done) >= PYTHON_BLOCKS + COMMANDS
