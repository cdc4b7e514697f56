"""A process whose libraries cannot be loaded, or are others than they claim to be, does all in plain Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kzeds import KeyKind, verify_enveloped
from kzeds.gost import native
from kzeds.gost.libraries import open_library
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import CONTRACT

PYTHON = {"curves": "python", "streebog512": "python", "gost34311": "python"}

WAYS = {
    "not there": """
        import ctypes
        def refuse(name, *_, **__):
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        ctypes.CDLL = refuse
    """,
    "another library of that name": """
        import ctypes
        real = ctypes.CDLL
        ctypes.CDLL = lambda name, *_, **__: real("libc.so.6")
    """,
    "a function missing": """
        import ctypes
        class Older(ctypes.CDLL):
            def __getattr__(self, name):
                if name in {"EC_POINT_mul", "gcry_md_algo_info"}:
                    raise AttributeError(name)
                return super().__getattr__(name)
        ctypes.CDLL = Older
    """,
    "Python without ctypes": """
        import sys
        sys.modules["ctypes"] = sys.modules["_ctypes"] = None
    """,
}
PROGRAM = """
from pathlib import Path
from kzeds import load_pkcs12, sign_enveloped, verify_enveloped
from kzeds.gost import native
file, password, document, out = sys.argv[1:]
key = load_pkcs12(Path(file).read_bytes(), Path(password).read_text())
signed = sign_enveloped(Path(document).read_bytes(), key)
assert verify_enveloped(signed, trusted=None).certificate == key.certificate
Path(out).write_bytes(signed)
print(native.names())
"""


@pytest.mark.parametrize("kind", [KeyKind.GOST_2015, KeyKind.GOST_2004])
@pytest.mark.parametrize("way", WAYS)
def test_process_without_usable_libraries_signs_and_verifies(way: str, kind: KeyKind, tmp_path: Path) -> None:
    pki, document, out = pki_of(kind), tmp_path / "in.xml", tmp_path / "out.xml"
    document.write_bytes(CONTRACT)
    lines = [line[8:] for line in WAYS[way].splitlines()]
    program = "\n".join(["import sys", *lines, PROGRAM])
    arguments = [pki.key_file("employer"), pki.password_file("employer"), document, out]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{PYTHON}\n", "")
    assert verify_enveloped(out.read_bytes(), trusted=None).certificate == key_of(kind).certificate


def test_library_under_its_second_name_is_found() -> None:
    """Names differ by system; the first one that loads with all the functions is taken."""
    if "python" in native.names().values():
        pytest.skip("libcrypto or libgcrypt is not on this machine")
    assert open_library(("libnone.so.9", "libgcrypt.so.20"), {"gcry_control": "uii"}) is not None
    assert open_library(("libgcrypt.so.20",), {"gcry_no_such_function": "p"}) is None
    assert open_library((), {}) is None
