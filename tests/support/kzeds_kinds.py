"""A test PKI of each kind of keys at a fixed date, made once for each test process."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from kzeds import KeyKind, SigningKey, TestPki, load_pkcs12, make_test_pki
from support.kzeds_material import NOW


@cache
def pki_of(kind: KeyKind) -> TestPki:
    place = Path(mkdtemp(prefix="kzeds-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return make_test_pki(place / "pki", now=NOW, kind=kind)


@cache
def key_of(kind: KeyKind, name: str = "employer") -> SigningKey:
    pki = pki_of(kind)
    return load_pkcs12(pki.key_file(name).read_bytes(), pki.password_file(name).read_text())
