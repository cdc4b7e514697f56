"""The speed of kzeds: whole signatures of a 4 KB document, their verification, hashes and keys, on one thread.

Run by ``make bench``. It makes keys of its own in a temporary directory. Exit code 1 says that a goal was not met, or
could not be measured because the machine lacks the libraries; ``--no-goals`` only shows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import cryptography
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from lxml import etree

from benchmarks.measuring import HEADING, Conditions, Rates, Subject, measure, quartiles, ratios
from kzeds import KeyKind, TestPki, load_pkcs12, make_test_pki, sign_body, sign_enveloped, verify_body, verify_enveloped
from kzeds.gost import curves, eds, native
from kzeds.gost.curves import GOST_2015_512
from kzeds.gost.eds import GOST_2015, GOST_OF_2004
from support.without_libraries import without_libraries

DOCUMENT_BYTES = 4096
ENVELOPED, RAW_RSA = "sign enveloped", "sign raw bytes"
_GOST = {KeyKind.GOST_2015: GOST_2015, KeyKind.GOST_2004: GOST_OF_2004}
_SIGNED_INFO_BYTES = 700
"""About as long as the part of an XML signature that the key signs."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the project promises, and what was measured; None where it could not be."""

    text: str
    required: float
    measured: float | None

    @property
    def met(self) -> bool:
        """Whether it was measured and reached."""
        return self.measured is not None and self.measured >= self.required

    def line(self) -> str:
        """For people."""
        seen = "not measured: libcrypto or libgcrypt is missing" if self.measured is None else f"{self.measured:.2f}"
        return f"{'met    ' if self.met else 'not met'}  {self.text}: >= {self.required:g}, measured {seen}"


def contract() -> bytes:
    """A made-up contract of `DOCUMENT_BYTES` bytes, with text in two alphabets as HR systems write it."""
    head = (
        '<con:contractRequest xmlns:con="http://enbek.kz/contract/ws/schemas"><newContractData>'
        "<id>7f3c2a10-5b1e-4d7a-9c42-0e6a1d9b8f01</id><employerData><bin>200940000013</bin></employerData>"
        "<contractData><contractNumber>ТД-17/2026</contractNumber><contractDate>2026-11-02+05:00</contractDate>"
        "<position>2512-0-001</position><establishedPost>Жетекші инженер &amp; талдаушы</establishedPost>"
    )
    duty = '<duty number="{:03}">Келісім бойынша өзге де міндеттер; other duties as agreed</duty>'
    tail = "<note>{}</note></contractData></newContractData></con:contractRequest>"
    text, number = head, 1
    while len((text + duty.format(number) + tail).encode()) <= DOCUMENT_BYTES:
        text, number = text + duty.format(number), number + 1
    missing = DOCUMENT_BYTES - len((text + tail.format("")).encode())
    return (text + tail.format("." * missing)).encode()


def envelope() -> bytes:
    """The contract in a SOAP message."""
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    return b'<s:Envelope xmlns:s="%b"><s:Body>%b</s:Body></s:Envelope>' % (soap.encode(), contract())


def subjects(directory: Path) -> Iterator[Subject]:
    """Everything that is measured; the raw RSA signature stands beside the one that is compared with it."""
    paths: dict[str, Conditions] = {"native": nullcontext, "python": without_libraries}
    if "python" in native.names().values():
        del paths["native"]
    for kind in KeyKind:
        pki = make_test_pki(directory / kind, now=datetime.now(UTC), kind=kind)
        if kind is KeyKind.RSA:
            yield _raw_rsa(pki)
            yield from _of_key(pki, kind, "openssl", nullcontext)
            continue
        for path, conditions in paths.items():
            yield from _of_key(pki, kind, path, conditions)
            digest = partial(eds.digest, _GOST[kind], contract())
            yield Subject("hash", kind, path, digest, conditions, "MB/s", DOCUMENT_BYTES / 1e6)
    table = partial(curves._table.__wrapped__, GOST_2015_512)
    yield Subject("build table of curve", KeyKind.GOST_2015, "python", table, without_libraries)


def _of_key(pki: TestPki, kind: KeyKind, path: str, conditions: Conditions) -> Iterator[Subject]:
    data, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text()
    document, message = contract(), envelope()
    with conditions():
        key = load_pkcs12(data, password)
    signed, body = sign_enveloped(document, key), sign_body(message, key)
    work: dict[str, Callable[[], object]] = {
        ENVELOPED: lambda: sign_enveloped(document, key),
        "verify enveloped": lambda: verify_enveloped(signed, trusted=None),
        "sign SOAP body": lambda: sign_body(message, key),
        "verify SOAP body": lambda: verify_body(body, trusted=None),
        "load key file": lambda: load_pkcs12(data, password),
    }
    for what, once in work.items():
        yield Subject(what, kind, path, once, conditions)


def _raw_rsa(pki: TestPki) -> Subject:
    """Nothing but `cryptography`, over as many bytes as SignedInfo has."""
    data, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_bytes()
    key, _, _ = pkcs12.load_key_and_certificates(data, password)
    assert isinstance(key, RSAPrivateKey)
    work = partial(key.sign, contract()[:_SIGNED_INFO_BYTES], PKCS1v15(), SHA256())
    return Subject(RAW_RSA, KeyKind.RSA, "openssl", work, nullcontext)


def goals(found: Sequence[Rates]) -> list[Goal]:
    """The goals of the project's issue 4, point 2."""
    by = {(rates.subject.what, rates.subject.kind, rates.subject.path): rates for rates in found}
    native_rate = by.get((ENVELOPED, KeyKind.GOST_2015, "native"))
    raw = by[RAW_RSA, KeyKind.RSA, "openssl"]
    _, share, _ = quartiles(ratios(by[ENVELOPED, KeyKind.RSA, "openssl"], raw))
    return [
        Goal("GOST-2015 enveloped, native, per second", 300, native_rate.median if native_rate else None),
        Goal("GOST-2015 enveloped, plain Python, per second", 40, by[ENVELOPED, KeyKind.GOST_2015, "python"].median),
        Goal("RSA enveloped, share of cryptography's raw rate", 0.6, share),
    ]


def environment() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "cpu": cpu_model(),
        "load": round(os.getloadavg()[0], 2),
        "arithmetic": native.names(),
        "cryptography": f"{cryptography.__version__} with {backend.openssl_version_text()}",
        "lxml": f"{etree.__version__} with libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}",
    }


def cpu_model() -> str | None:
    """As the processor names itself; None where that cannot be read."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Speed of kzeds on this machine, one thread.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--rounds", type=int, default=25, help="turns of each subject (25)")
    parser.add_argument("--quick", action="store_true", help="two short rounds: shows that it runs, measures nothing")
    parser.add_argument("--no-goals", action="store_true", help="exit code 0 whether the goals are met or not")
    return parser.parse_args(arguments)


def _show(surroundings: Mapping[str, object], found: Sequence[Rates], reached: Sequence[Goal]) -> None:
    for name, value in surroundings.items():
        print(f"{name:<17}{value}")
    print(f"\nrates by seconds of CPU and of wall time, medians of {len(found[0].cpu)} rounds\n{HEADING}")
    for rates in found:
        print(rates.line())
    print()
    for goal in reached:
        print(goal.line())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, and say whether the goals are met."""
    asked = _arguments(arguments)
    surroundings = environment()
    with tempfile.TemporaryDirectory(prefix="kzeds-bench-") as directory:
        plan = list(subjects(Path(directory)))
    rounds, batch = (2, 0.001) if asked.quick else (asked.rounds, 0.02)
    found = measure(plan, rounds=rounds, batch=batch)
    surroundings["load at the end"] = round(os.getloadavg()[0], 2)
    reached = goals(found)
    _show(surroundings, found, reached)
    if asked.json:
        report = {
            "environment": surroundings,
            "document_bytes": DOCUMENT_BYTES,
            "rounds": rounds,
            "measurements": [rates.json() for rates in found],
            "goals": [
                {"goal": one.text, "required": one.required, "measured": one.measured, "met": one.met}
                for one in reached
            ],
        }
        asked.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return 0 if asked.no_goals or all(goal.met for goal in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
