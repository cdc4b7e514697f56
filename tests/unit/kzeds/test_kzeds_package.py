"""`import kzeds` is cheap and shows every public name; the example of its docstring works; nothing of usrec is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kzeds
from kzeds import errors
from support.kzeds_material import NOW, key_bytes, password


def test_every_public_name_is_there() -> None:
    for name in kzeds.__all__:
        assert getattr(kzeds, name).__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = kzeds.nonsense


def test_import_loads_nothing_heavy() -> None:
    script = "import sys, kzeds; sys.exit(bool({'lxml', 'cryptography', 'asn1crypto', 'typer'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_example_of_the_docstring_works() -> None:
    key = kzeds.load_pkcs12(key_bytes("employer"), password("employer"))
    key.require_may_sign(at=NOW)
    signed = kzeds.sign_enveloped(b"<contract/>", key)
    assert kzeds.verify_enveloped(signed, trusted=None).certificate.bin == "200940000013"


def test_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = [
        line.split("─ ")[-1].split()[0]
        for line in (errors.__doc__ or "").splitlines()
        if "Error" in line and "─" in line
    ]
    defined = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.KzedsError) and value is not errors.KzedsError
    ]
    assert drawn == defined


def test_package_stands_alone() -> None:
    for path in Path(kzeds.__file__).parent.rglob("*.py"):
        text = path.read_text()
        assert "import usrec" not in text, path
        assert "from usrec" not in text, path
