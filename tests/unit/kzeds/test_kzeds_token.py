"""Keys in a PKCS#11 token: SoftHSM stands for every token with RSA keys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from typer.testing import CliRunner

from kzeds import KeyKind, verify_body, verify_enveloped
from kzeds.cli.pkcs11 import app
from kzeds.errors import (
    KeyMayNotSignError,
    SignerUnreachableError,
    SignerUntrustworthyError,
    TokenError,
    UnknownKeyAlgorithmError,
)
from kzeds.keys.signing_key import SigningKey
from kzeds.signers import pkcs11_token
from kzeds.signers.base import KeySigner
from kzeds.signers.token import open_token_key
from support.kzeds_kinds import key_of
from support.kzeds_material import CONTRACT, ENVELOPE, NOW, certificate, private_key
from support.markdown import code, read, section
from support.softhsm import PIN, SoftHsm, SoftToken, needs_softhsm

pytestmark = needs_softhsm


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    made = SoftHsm(tmp_path, monkeypatch)
    yield made
    made.library.finalize()


@pytest.fixture
def token(hsm: SoftHsm) -> SoftToken:
    """A token with the employer's key, as most tests want it."""
    made = hsm.token()
    made.put(certificate(), private_key())
    return made


def opened(token: SoftToken, key: str = "employer", pin: str = PIN) -> SigningKey:
    return open_token_key(token.hsm.module, token=token.label, key=key, pin=pin)


def reason(of: Callable[[], object]) -> str:
    with pytest.raises(TokenError) as error:
        of()
    assert PIN not in str(error.value)
    return error.value.reason


def test_token_signs_documents_and_envelopes(token: SoftToken) -> None:
    signer = KeySigner(opened(token))
    assert signer.certificate == certificate()
    signer.require_may_sign(NOW)
    verify_enveloped(signer.sign_enveloped(CONTRACT), trusted=[certificate()])
    verify_body(signer.sign_body(ENVELOPE, body_id="id-1"), trusted=[certificate()])
    assert PIN not in repr(signer)


def test_token_that_does_not_hash_gets_the_digest_info(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzeds.signers.token.mechanism_names", lambda _: ["RSA_PKCS", "RSA_PKCS_KEY_PAIR_GEN"])
    verify_enveloped(KeySigner(opened(token)).sign_enveloped(CONTRACT), trusted=[certificate()])


def test_wrong_pin_is_tried_once_and_never_again_by_itself(token: SoftToken) -> None:
    assert reason(lambda: opened(token, pin="000000")) == "pin"
    token.hsm.lose_sessions()
    assert reason(lambda: opened(token)) == "pin_tries"
    token.hsm.lose_sessions()
    with token.session():
        """A person logs in with the right PIN."""
    opened(token)


def test_pin_that_changed_meanwhile_is_not_tried_a_second_time(token: SoftToken) -> None:
    key = opened(token)
    token.hsm.lose_sessions()
    with token.session() as session:
        session.set_pin(PIN, "135791")
    token.hsm.lose_sessions()
    assert reason(lambda: key.sign(b"x")) == "pin"
    with token.hsm.library.get_token(token_label=token.label).open(user_pin="135791"):
        """The right PIN resets the count, so that only the key's own memory of the refusal is left to hold it back."""
    token.hsm.lose_sessions()
    assert reason(lambda: key.sign(b"x")) == "pin"
    assert opened(token, pin="135791").certificate == certificate()


def test_what_is_missing_is_named(hsm: SoftHsm, token: SoftToken, tmp_path: Path) -> None:
    token.put(None, private_key("employer-2"), label="bare", identifier=b"\x02")
    token.put(certificate("employer-2"), private_key("stranger"), label="mismatch", identifier=b"\x03")
    token.put(certificate("employer-2"), private_key("employer-2"), label="no-signing", identifier=b"\x04", sign=False)
    (tmp_path / "text.so").write_text("no library")
    missing = tmp_path / "missing.so"
    assert reason(lambda: open_token_key(missing, token="HR", key="employer", pin=PIN)) == "library"
    assert reason(lambda: open_token_key(tmp_path / "text.so", token="HR", key="employer", pin=PIN)) == "library"
    assert reason(lambda: open_token_key(hsm.module, token="other", key="employer", pin=PIN)) == "token"
    assert reason(lambda: opened(token, "nobody")) == "key"
    assert reason(lambda: opened(token, "bare")) == "certificate"
    assert reason(lambda: opened(token, "mismatch")) == "mismatch"
    assert reason(lambda: opened(token, "no-signing")) == "key"


def test_two_keys_of_one_label_are_told_apart_by_identifier(token: SoftToken) -> None:
    token.put(certificate("employer-2"), private_key("employer-2"), identifier=b"\x0a\x02")
    assert reason(lambda: opened(token)) == "ambiguous"
    assert opened(token, "id:01").certificate == certificate()
    assert opened(token, "id:0A02").certificate == certificate("employer-2")


def test_two_tokens_of_one_label_are_refused(hsm: SoftHsm, token: SoftToken) -> None:
    hsm.token("another")
    other = next(slot.get_token() for slot in hsm.library.get_slots() if slot.get_token().label == "another")
    hsm.relabel(other.slot.slot_id, token.label)
    assert reason(lambda: opened(token)) == "ambiguous"


def test_certificate_of_a_renewed_key_is_the_one_that_fits(token: SoftToken) -> None:
    token.put(certificate("employer-2"), None)
    assert opened(token).certificate == certificate()


def test_auth_key_opens_and_may_not_sign(token: SoftToken) -> None:
    token.put(certificate("employer-auth"), private_key("employer-auth"), label="auth", identifier=b"\x02")
    with pytest.raises(KeyMayNotSignError):
        KeySigner(opened(token, "auth")).require_may_sign(NOW)


def test_gost_key_is_refused_with_what_the_token_offers(token: SoftToken) -> None:
    token.put(key_of(KeyKind.GOST_2015).certificate, private_key("employer-2"), label="gost", identifier=b"\x02")
    with pytest.raises(UnknownKeyAlgorithmError, match=r"GOST 34.310-2015, 512 bit.*SHA256_RSA_PKCS") as refused:
        opened(token, "gost")
    assert refused.value.oid == "1.2.398.3.10.1.1.2.2"


def test_lost_session_is_opened_again(token: SoftToken) -> None:
    key = opened(token)
    token.hsm.lose_sessions()
    signer = KeySigner(key)
    verify_enveloped(signer.sign_enveloped(CONTRACT), trusted=[certificate()])


def test_token_that_is_away_is_unreachable_until_it_is_back(token: SoftToken) -> None:
    key = opened(token)
    token.hsm.take_away()
    for _ in range(2):
        with pytest.raises(SignerUnreachableError):
            key.sign(b"x")
    token.hsm.put_back()
    certificate().verify(key.sign(b"x"), b"x", key.signature_uri)


def test_token_that_was_exchanged_is_not_used(hsm: SoftHsm, token: SoftToken) -> None:
    key = opened(token)
    hsm.lose_sessions()
    with token.session() as session:
        for found in list(session.get_objects()):
            found.destroy()
    token.put(certificate("employer-2"), private_key("employer-2"))
    hsm.lose_sessions()
    with pytest.raises(SignerUntrustworthyError, match="another certificate"):
        key.sign(b"x")


def test_keys_of_one_token_share_its_login(token: SoftToken) -> None:
    token.put(certificate("employer-2"), private_key("employer-2"), label="second", identifier=b"\x02")
    first, second = opened(token), opened(token, "second")
    assert reason(lambda: opened(token, "nobody")) == "key"
    for key in (first, second, first):
        key.certificate.verify(key.sign(b"x"), b"x", key.signature_uri)


def test_threads_share_keys_of_one_library(token: SoftToken) -> None:
    token.put(certificate("employer-2"), private_key("employer-2"), label="second", identifier=b"\x02")
    keys, made = (opened(token), opened(token, "second")), {}

    def sign(number: int) -> None:
        made[number] = keys[number % 2].sign(bytes([number]))

    threads = [threading.Thread(target=sign, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, signature in made.items():
        key = keys[number % 2]
        key.certificate.verify(signature, bytes([number]), key.signature_uri)
    assert len(made) == 12


def test_locked_pin_is_not_tried() -> None:
    from pkcs11 import TokenFlag

    class Locked:
        label = "HR"
        flags = TokenFlag.TOKEN_INITIALIZED | TokenFlag.USER_PIN_LOCKED

        def open(self, **_: object) -> None:
            raise AssertionError("the PIN was tried")

    token: Any = Locked()
    assert reason(lambda: pkcs11_token.log_in(token, PIN, careful=False)) == "pin_locked"


def test_key_of_a_vendor_is_named_by_its_number() -> None:
    from pkcs11 import KeyType

    class Vendors(dict[Any, Any]):
        def __getitem__(self, attribute: Any) -> Any:
            if attribute.name == "KEY_TYPE":
                return KeyType(0xD4321001)
            return {"LABEL": "gost", "ID": b"\x01"}.get(attribute.name, False)

    assert (pkcs11_token._key(Vendors()).kind, pkcs11_token.name_of(0xD4321001)) == ("0xd4321001", "0xd4321001")


def test_modules_load_without_the_extra() -> None:
    modules = "kzeds.cli.pkcs11, kzeds.signers.token, kzeds.signers.token_probe"
    script = f"import sys; sys.modules['pkcs11'] = None; import {modules}"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_the_extra_it_says_how_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(TokenError, match=r"usrec-agent\[pkcs11\]") as missing:
        open_token_key(tmp_path / "x.so", token="HR", key="employer", pin=PIN)
    assert missing.value.reason == "extra"
    result = CliRunner().invoke(app, ["probe", "--library", "x.so"])
    assert (result.exit_code, "usrec-agent[pkcs11]" in result.stderr) == (2, True)


class Probe:
    """`kzeds pkcs11 probe` with a PIN file."""

    def __init__(self, token: SoftToken, pin: str = PIN) -> None:
        self.token = token
        self.pin_file = token.hsm.tokens.parent / "pin"
        self.pin_file.write_text(f"{pin}\n")
        self.pin_file.chmod(0o600)

    def run(self, *arguments: str, with_pin: bool = True) -> Any:
        pin = ["--pin-file", str(self.pin_file)] if with_pin else []
        return CliRunner().invoke(app, ["probe", "--library", str(self.token.hsm.module), *pin, *arguments])

    def report(self, *arguments: str, with_pin: bool = True) -> Any:
        result = self.run("--json", *arguments, with_pin=with_pin)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


def test_probe_without_a_pin_shows_what_is_public(token: SoftToken) -> None:
    report = Probe(token).report(with_pin=False)
    assert report["library"]["manufacturer"] == "SoftHSM"
    shown = next(slot["token"] for slot in report["slots"] if slot["token"])
    assert (shown["label"], shown["pin"], shown["keys"]) == ("HR", "in order", None)
    assert {"SHA256_RSA_PKCS", "RSA_PKCS"} <= set(shown["mechanisms"])


def test_probe_with_a_pin_says_which_keys_could_sign(token: SoftToken) -> None:
    token.put(certificate("employer-auth"), private_key("employer-auth"), label="auth", identifier=b"\x02")
    token.put(certificate("stranger"), private_key("employer-2"), label="mismatch", identifier=b"\x03")
    token.put(certificate("gateway"), None, label="gateway", identifier=b"\x04")
    probe = Probe(token)
    shown = {key["label"]: key for key in probe.report("--token", "HR")["slots"][0]["token"]["keys"]}
    assert {label: (key["usable"], key["trial"]) for label, key in shown.items()} == {
        "employer": (True, None),
        "auth": (False, None),
        "mismatch": (True, None),
    }
    contents = probe.report("--try")["slots"][0]["token"]
    tried = {key["label"]: (key["usable"], key["trial"]) for key in contents["keys"]}
    assert tried["employer"] == (True, "good")
    assert tried["auth"] == (False, None)
    assert tried["mismatch"] == (False, "the signature does not fit the certificate")
    assert [one["label"] for one in contents["other_certificates"]] == ["gateway"]


def test_probe_shows_no_name_and_no_number_of_a_person(token: SoftToken) -> None:
    holder = certificate()
    for output in (Probe(token).run("--try").stdout, Probe(token).run("--json", "--try").stdout):
        assert holder.iin is not None
        assert holder.iin not in output
        assert holder.iin[-4:] in output
        assert all(word not in output for word in holder.subject_common_name.split())
        assert PIN not in output


def test_probe_does_not_spend_a_try_on_a_token_that_was_not_named(hsm: SoftHsm, token: SoftToken) -> None:
    hsm.token("another")
    result = Probe(token, "000000").run()
    assert (result.exit_code, "several tokens" in result.stderr) == (2, True)
    assert opened(token).certificate == certificate()


def test_probe_tells_refused_from_not_reached(token: SoftToken) -> None:
    assert Probe(token).run("--token", "other").exit_code == 2
    assert Probe(token).run("--try", with_pin=False).exit_code == 2
    assert Probe(token, "000000").run().exit_code == 1
    warned = Probe(token)
    assert next(s["token"]["pin"] for s in warned.report(with_pin=False)["slots"] if s["token"]) == (
        "a wrong one was entered last"
    )
    assert warned.run("--try").exit_code == 0, "a person may try, which clears the mark"
    opened(token)


def test_probe_fails_when_no_key_signs(hsm: SoftHsm) -> None:
    empty = hsm.token()
    result = Probe(empty).run("--try")
    assert (result.exit_code, "keys: none" in result.stdout) == (1, True)


def test_probe_warns_of_a_pin_file_that_is_open(token: SoftToken) -> None:
    probe = Probe(token)
    os.chmod(probe.pin_file, 0o644)  # noqa: PTH101 - the mode is the point
    assert "is open to others" in probe.run().stderr


def test_keys_of_the_report_are_those_that_the_page_names(token: SoftToken) -> None:
    token.put(certificate("gateway"), None, label="gateway", identifier=b"\x04")
    report = Probe(token).report("--token", "HR")
    shown = report["slots"][0]["token"]
    told = dict(re.findall(r"^- `(\w+)` holds? (.+?)(?=^- |\n\n|\Z)", _page(), re.MULTILINE | re.DOTALL))
    held = {
        "library": report["library"],
        "slots": report["slots"][0],
        "token": shown,
        "keys": shown["keys"][0],
        "certificates": shown["keys"][0]["certificates"][0],
    }
    for name, keys in held.items():
        assert set(code(re.sub(r"\([^)]*\)", "", told[name]))) == set(keys), name
    assert set(shown["other_certificates"][0]) - set(held["certificates"]) == {"label", "id", "readable"}


def _page() -> str:
    return section(read("reference/cli.md"), "kzeds pkcs11 probe")


def test_key_that_asks_each_time_gets_the_pin(token: SoftToken) -> None:
    """Tokens of persons want the PIN before each signature (CKA_ALWAYS_AUTHENTICATE)."""
    own = certificate("employer-2")
    token.put(own, private_key("employer-2"), label="own", identifier=b"\x02", always_authenticate=True)
    key = opened(token, "own")
    own.verify(key.sign(b"x"), b"x", key.signature_uri)


def test_pin_that_is_refused_at_a_signature_is_not_tried_again(token: SoftToken) -> None:
    token.put(
        certificate("employer-2"), private_key("employer-2"), label="own", identifier=b"\x02", always_authenticate=True
    )
    opened(token)
    assert reason(lambda: opened(token, "own", pin="000000")) == "pin", "the process is logged in, the key asks again"
    token.hsm.lose_sessions()
    with token.session():
        """A person logs in."""
    key = opened(token, "own")
    tried: list[str] = []

    class Refusing:
        def sign(self, *_: object, pin: str, **__: object) -> bytes:
            tried.append(pin)
            raise pkcs11.PinIncorrect

    held = key._sign.__self__  # type: ignore[attr-defined]
    held._open = replace(held._open, key=replace(held._open.key, handle=Refusing()))
    assert [reason(lambda: key.sign(b"x")) for _ in range(3)] == ["pin"] * 3
    assert tried == [PIN]
