"""The agent's keyring with a key in a PKCS#11 token: SoftHSM, where it is installed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from kzeds.certificate import Certificate
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.xmldsig import verify_enveloped
from support.made_certificates import PASSWORD, make_key
from support.signer_daemon import SignerDaemon, conclusion
from support.signer_daemon import running as daemon_running
from support.softhsm import PIN, SoftHsm, SoftToken, needs_softhsm
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.signing.absence import REST
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.places import token_place
from usrec.domain.errors import ConfigurationError, SignerAway, SigningRefused
from usrec.domain.message import MessageId, RenderedMessage
from usrec.domain.secret import Secret

pytestmark = needs_softhsm
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
RENDERED = RenderedMessage(b"<document/>", "record-1")


@pytest.fixture
def token(tmp_path: Path) -> Iterator[SoftToken]:
    file, _ = make_key(tmp_path, NOW - DAY, NOW + DAY)
    opened = load_pkcs12(file.read_bytes(), PASSWORD.encode())
    with pytest.MonkeyPatch.context() as patch:
        hsm = SoftHsm(tmp_path, patch)
        token = hsm.token()
        assert isinstance(opened.key, RSAPrivateKey)
        token.put(Certificate.load(tmp_path / "made.pem"), opened.key)
        yield token
        hsm.library.finalize()


def ring(token: SoftToken, pin: str = PIN, key: str = "employer") -> Keyring:
    place = token_place(token.hsm.module, token=token.label, key=key, pin=lambda: Secret(pin))
    return Keyring({EMPLOYER_BIN: [HeldKey(place, number=EMPLOYER_BIN)]}, clock=ManualClock(NOW))


def sign(keyring: Keyring, at: datetime = NOW) -> Certificate:
    signed = keyring.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MessageId("m"), at=at)
    return verify_enveloped(signed.document, trusted=None).certificate


def test_a_token_signs_and_one_that_is_pulled_out_is_waited_for(token: SoftToken) -> None:
    keyring = ring(token)
    assert sign(keyring).bin == EMPLOYER_BIN
    token.hsm.take_away()
    with pytest.raises(SignerAway, match="Nothing was sent"):
        sign(keyring)
    token.hsm.put_back()
    assert sign(keyring, NOW + REST).bin == EMPLOYER_BIN


def test_a_token_that_is_not_there_at_the_start_is_found_when_it_is(token: SoftToken) -> None:
    token.hsm.take_away()
    keyring = ring(token)
    keyring.require_some()
    with pytest.raises(SignerAway):
        sign(keyring)
    token.hsm.put_back()
    assert keyring.seek(NOW + REST)
    assert sign(keyring, NOW + REST).bin == EMPLOYER_BIN


def test_a_wrong_pin_is_tried_once_until_somebody_logs_in_by_hand(token: SoftToken) -> None:
    keyring = ring(token, pin="000000")
    for days in range(4):
        with pytest.raises(SigningRefused, match="PIN") as refused:
            sign(keyring, NOW + days * DAY)
        assert "000000" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="PIN"):
        keyring.require_some()
    with pytest.raises(ConfigurationError, match="log in once by hand"):
        ring(token).require_some()
    with token.session():
        pass
    assert sign(ring(token)).bin == EMPLOYER_BIN


def test_a_key_that_the_token_does_not_hold_is_named(token: SoftToken) -> None:
    with pytest.raises(ConfigurationError, match=r"token HR, key other: .*holds no private key"):
        ring(token, key="other").require_some()


def test_the_signer_daemon_signs_with_a_key_in_a_token(token: SoftToken, pki: Path, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    daemon = SignerDaemon(tmp_path / "d")
    daemon.set_up(pki)
    (daemon.folder / "keys" / "employer.password").write_text(PIN)
    place = f'token = {{ library = "{token.hsm.module}", label = "{token.label}", key = "employer" }}'
    text = daemon.settings.read_text("utf-8")
    daemon.settings.write_text(text.replace('file = "keys/employer.p12"', place), "utf-8")
    with daemon_running(daemon):
        signed = daemon.signer().sign_enveloped(conclusion(1))
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_until(lambda: daemon.lines()[-1]["event"] == "reloaded")
        again = daemon.signer().sign_enveloped(conclusion(2))
    for one in (signed, again):
        assert verify_enveloped(one, trusted=None).certificate == Certificate.load(tmp_path / "made.pem")
