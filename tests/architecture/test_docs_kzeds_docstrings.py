"""Whoever asks Python about a public name of kzeds is told sizes, byte orders, errors and the source of each fact."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kzeds
from kzeds import KeyKind, errors
from kzeds.gost.eds import GOST_2015, GOST_OF_2004
from support.kzeds_material import NOW

ERRORS = re.compile(r"^Raises:$|[Nn]ever raises|no `KzedsError` is raised|neither a `KzedsError`", re.MULTILINE)
RAISE_NOTHING = {
    "TestPki.certificate_file",
    "TestPki.key_file",
    "TestPki.password_file",
    "RevocationStore.fetched_at",
    "RevocationStore.newest",
    "TestServers.wait",
}
ENCODED = {"sign", "verify", "sign_enveloped", "verify_enveloped", "sign_body", "verify_body", "sign_detached"}
ENCODED |= {"verify_detached", "stamped_bytes", "judge_crl", "judge_ocsp", "load_pkcs12", "verify_timestamp"}
"""What takes or gives signatures, digests or keys as bytes."""

ORDER = re.compile(
    r"-endian|as libgcrypt gives|of ds:DigestValue|in the order above|`(?:kzeds\.|Signer\.|SigningKey\.)?sign(?:_\w+)?`"
)
"""The order of bytes itself, or the name of what says it."""


def _functions(name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public function of this name, or the public methods of the class of this name."""
    public = getattr(kzeds, name)
    if not inspect.isclass(public):
        yield name, public
        return
    for method, found in vars(public).items():
        plain = found.__func__ if isinstance(found, (classmethod, staticmethod)) else found
        if inspect.isfunction(plain) and not method.startswith("_"):
            yield f"{name}.{method}", plain


FUNCTIONS = dict(one for name in kzeds.__all__ for one in _functions(name))


def _says(public: object) -> str:
    return inspect.cleandoc(public.__doc__ or "")


def _section(says: str, name: str) -> str:
    return says.partition(f"{name}:\n")[2].partition("\n\n")[0]


def test_names_are_many() -> None:
    assert len(kzeds.__all__) > 55
    assert len(FUNCTIONS) > 70


@pytest.mark.parametrize("name", kzeds.__all__)
def test_each_public_name_has_its_source(name: str) -> None:
    source = re.search(r"Source: (.+)", _says(getattr(kzeds, name)))
    assert source is not None, f"kzeds.{name} does not say where its facts come from"
    assert re.match(r"RFC|W3C|OASIS|APPNOTE|the |its |ours", source[1]), source[1]


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - RAISE_NOTHING))
def test_each_public_function_says_which_errors_it_raises(name: str) -> None:
    assert ERRORS.search(_says(FUNCTIONS[name])), f"{name} does not say what it raises"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_errors_that_are_named_are_real_and_those_raised_are_named(name: str) -> None:
    """What a function raises in its own lines is named, by itself or by its family."""
    said = set(re.findall(r"\b(\w+Error)\b", _section(_says(FUNCTIONS[name]), "Raises")))
    for error in said:
        assert hasattr(errors, error) or error in {"OSError", "TypeError"}, error
    families = tuple(getattr(errors, error) for error in said if hasattr(errors, error))
    if "ever raises a `KzedsError`" in _says(FUNCTIONS[name]):
        return
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(FUNCTIONS[name])))):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=raised))) if hasattr(errors, raised):
                assert issubclass(getattr(errors, raised), families), f"{name} raises {raised} and does not say so"
            case _:
                pass


@pytest.mark.parametrize("name", sorted(name for name in FUNCTIONS if name.rpartition(".")[2] in ENCODED))
def test_what_takes_or_gives_encoded_numbers_says_in_which_order(name: str) -> None:
    assert ORDER.search(_says(FUNCTIONS[name])), f"{name} says nothing of the order of bytes"


@pytest.mark.parametrize("name", sorted(name for name in FUNCTIONS if "." not in name))
def test_each_argument_whose_form_is_not_plain_is_explained(name: str) -> None:
    """Bytes, times and lists of certificates have sizes, forms and zones; what is left out says all by its type."""
    says = _section(_says(FUNCTIONS[name]), "Args")
    for one in inspect.signature(FUNCTIONS[name]).parameters.values():
        if one.annotation not in {"Path", "SigningPackage", "SignedPackage", "Certificate"}:
            assert re.search(rf"^    {one.name}: ", says, re.MULTILINE), f"{name} does not explain {one.name}"


@pytest.mark.parametrize(("row", "kind"), [(0, KeyKind.GOST_2015), (1, KeyKind.GOST_2004), (2, KeyKind.RSA)])
def test_sizes_that_are_named_are_those_of_signatures(row: int, kind: KeyKind, tmp_path: Path) -> None:
    """And a GOST signature read as the docstring says is a good one; read the other way round it is none."""
    pki = kzeds.make_test_pki(tmp_path / "pki", now=NOW, kind=kind)
    key = kzeds.load_pkcs12(pki.key_file("employer").read_bytes(), kzeds.read_password(pki.password_file("employer")))
    signature = key.sign(b"data")
    said = [line.split("|")[3] for line in _says(kzeds.SigningKey.sign).splitlines() if line.startswith("|")][2:][row]
    assert str(len(signature)) in re.findall(r"\d+", said)
    if kind is not KeyKind.RSA:
        n = (GOST_2015 if kind is KeyKind.GOST_2015 else GOST_OF_2004).curve.n
        half = len(signature) // 2
        assert all(0 < int.from_bytes(part, "little") < n for part in (signature[:half], signature[half:]))
        key.certificate.verify(signature, b"data", key.signature_uri)
        with pytest.raises(errors.SignatureMismatchError):
            key.certificate.verify(signature[::-1], b"data", key.signature_uri)


ERROR_CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.KzedsError)]


@pytest.mark.parametrize("error", ERROR_CLASSES, ids=lambda one: str(one.__name__))
def test_each_error_names_what_a_program_can_ask_it(error: type[errors.KzedsError]) -> None:
    assert _says(error)
    own = vars(error).get("__init__")
    for attribute in re.findall(r"self\.(\w+) =", inspect.getsource(own) if own else ""):
        assert re.search(rf"`{attribute}`|^    {attribute}: ", _says(error), re.MULTILINE), attribute
