"""Raw signatures in a process of its own: the measure that everything else is given in.

Each line of standard input is a number of signatures to make; the answer is one JSON line with the seconds of CPU and
of wall time that they took. RSA keys sign by ``cryptography`` alone, GOST keys by ``kzeds``' key, hash included, over
as many bytes as the SignedInfo of an XML signature has.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12

from kzeds import KeyKind, load_pkcs12

SIGNED_INFO_BYTES = 700


def signature(kind: KeyKind, key_file: Path, password: str) -> Callable[[], bytes]:
    """What makes one raw signature."""
    content = b"<" * SIGNED_INFO_BYTES
    if kind is not KeyKind.RSA:
        return partial(load_pkcs12(key_file.read_bytes(), password).sign, content)
    key, _, _ = pkcs12.load_key_and_certificates(key_file.read_bytes(), password.encode())
    assert isinstance(key, RSAPrivateKey)
    return partial(key.sign, content, PKCS1v15(), SHA256())


def timed(work: Callable[[], object], times: int) -> dict[str, float]:
    """Do it so often; seconds of CPU and of wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def main() -> None:
    """Sign as often as each line says."""
    kind, key_file, password_file = sys.argv[1:]
    once = signature(KeyKind(kind), Path(key_file), Path(password_file).read_text())
    once()
    for line in sys.stdin:
        print(json.dumps(timed(once, int(line))), flush=True)


if __name__ == "__main__":
    main()
