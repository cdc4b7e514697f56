"""The keyring: which of an employer's keys signs, what a signer outside may do to the line, and what an owner does."""

from __future__ import annotations

import itertools
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerRefusedError, SignerUnreachableError
from kzeds.signers.base import KeySigner, Signer
from kzeds.signers.daemon_client import OTHER_CERTIFICATE
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.wsse import verify_body
from kzeds.xmldsig import verify_enveloped
from support.made_certificates import PASSWORD, make_key
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.signing.absence import REST
from usrec.adapters.signing.faults import KeyFault, KeyUnusableError
from usrec.adapters.signing.heads import KeyringHeadSigner
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.pkcs12 import load_key
from usrec.adapters.signing.places import KeyPlace, key_file_place
from usrec.domain.errors import ConfigurationError, SignatureAwaited, SignerAway, SigningRefused
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.message import MessageId, RenderedMessage
from usrec.domain.secret import Secret

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)
RENDERED = RenderedMessage(b"<document>content</document>", "record-1")
ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>'
WORD = Secret(PASSWORD)


def made(folder: Path, name: str, since: float, until: float) -> Path:
    """The file of a key of the employer, valid from so many days to so many days from now."""
    (folder / name).mkdir()
    return make_key(folder / name, NOW + since * DAY, NOW + until * DAY)[0]


def held(file: Path, use_from: date | None = None, number: str = EMPLOYER_BIN) -> HeldKey:
    return HeldKey(key_file_place(file, lambda: WORD), number=number, use_from=use_from)


class Door:
    """Another process that holds a key, as its client sees it: open, hanging, or failing in some way."""

    def __init__(self, file: Path) -> None:
        self.key = load_key(file, WORD)
        self.fails: KzedsError | None = None
        self.asked = 0
        self.hangs: threading.Event | None = None

    @property
    def certificate(self) -> Certificate:
        return self.key.certificate

    def require_may_sign(self, at: datetime) -> None:
        self.key.require_may_sign(at)

    def sign_enveloped(self, document: bytes) -> bytes:
        self._enter()
        return KeySigner(self.key).sign_enveloped(document)

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        self._enter()
        return KeySigner(self.key).sign_body(envelope, body_id=body_id)

    def opened(self) -> tuple[Signer, Certificate]:
        self._enter()
        return self, self.key.certificate

    def sign_detached(self, content: bytes, *, at: datetime) -> bytes:
        self._enter()
        return KeySigner(self.key).sign_detached(content, at=at)

    def held(self, use_from: date | None = None, *, names_body: bool = True, kind: str = "file") -> HeldKey:
        place = KeyPlace("the daemon", self.opened, lasting=False, names_body=names_body, kind=kind)
        return HeldKey(place, number=EMPLOYER_BIN, use_from=use_from)

    def _enter(self) -> None:
        self.asked += 1
        if self.hangs is not None:
            self.hangs.wait(PATIENCE)
        if self.fails is not None:
            raise self.fails


PATIENCE = 30.0
AWAY = SignerUnreachableError("the signer daemon cannot be reached")


def ring(*chain: HeldKey, at: datetime = NOW, transport: HeldKey | None = None) -> Keyring:
    return Keyring({EMPLOYER_BIN: chain}, clock=ManualClock(at), transport=transport)


def signer_of(keyring: Keyring, at: datetime = NOW) -> Certificate:
    """Whose signature is made at a moment."""
    signed = keyring.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MessageId("m"), at=at)
    certificate = verify_enveloped(signed.document, trusted=None).certificate
    assert (signed.certificate, signed.valid_until) == (certificate.fingerprint, certificate.not_after)
    return certificate


def certificate_of(file: Path) -> Certificate:
    return load_key(file, WORD).certificate


def test_keys_that_overlap_switch_at_midnight_of_the_day_and_envelopes_with_them(tmp_path: Path) -> None:
    old, new = made(tmp_path, "old", -300, 60), made(tmp_path, "new", -1, 364)
    day = date(2026, 12, 1)
    keyring = ring(held(old), held(new, day))
    midnight = day_start_utc(day)
    for at, file in ((midnight - timedelta(seconds=1), old), (midnight, new), (NOW + 61 * DAY, new)):
        assert signer_of(keyring, at) == certificate_of(file)
        sealed = keyring.transport(EMPLOYER_BIN, at).sign_body(ENVELOPE)
        assert verify_body(sealed, trusted=None).certificate == certificate_of(file)


def test_without_a_day_the_new_key_signs_as_soon_as_it_is_valid(tmp_path: Path) -> None:
    old, new = made(tmp_path, "old", -300, 60), made(tmp_path, "new", 2, 364)
    keyring = ring(held(old), held(new))
    assert signer_of(keyring) == certificate_of(old)
    assert signer_of(keyring, NOW + 2 * DAY) == certificate_of(new)


def test_a_new_key_that_cannot_be_opened_leaves_the_old_one_at_work_and_is_told(tmp_path: Path) -> None:
    old, missing = made(tmp_path, "old", -300, 60), tmp_path / "missing.p12"
    keyring = ring(held(old), held(missing))
    assert signer_of(keyring) == certificate_of(old)
    assert keyring.refused == {}
    (trouble,) = keyring.troubles
    assert (trouble.where, trouble.lasting) == (str(missing), True)


def test_when_none_can_sign_the_reason_of_each_is_told(tmp_path: Path) -> None:
    keyring = ring(held(made(tmp_path, "old", -300, -1)), held(made(tmp_path, "new", 5, 364)))
    with pytest.raises(SigningRefused, match=r"none of the keys can sign: .*valid only from.*expired at") as refused:
        signer_of(keyring)
    assert not isinstance(refused.value, SignerAway)
    assert "Nothing was sent" in refused.value.kept


def test_the_certificate_in_use_is_told_and_the_newest_where_none_is(tmp_path: Path) -> None:
    old, new = made(tmp_path, "old", -300, 60), made(tmp_path, "new", 2, 364)
    serial = {name: f"{certificate_of(file).serial_number:x}" for name, file in (("old", old), ("new", new))}
    for at, name in ((NOW, "old"), (NOW + 3 * DAY, "new"), (NOW + 400 * DAY, "new")):
        assert ring(held(old), held(new), at=at).certificates[EMPLOYER_BIN].serial == serial[name]


def test_a_signer_that_is_away_at_the_start_is_no_fault_of_the_settings(tmp_path: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    door.fails = AWAY
    keyring = ring(door.held())
    keyring.require_some()
    assert (keyring.refused, set(keyring.keys), dict(keyring.certificates)) == ({}, set(), {})
    assert [(one.where, one.lasting) for one in keyring.troubles] == [("the daemon", False)]
    with pytest.raises(SignerAway, match=r"does not answer.*Nothing was sent.*asked again by itself"):
        signer_of(keyring)
    door.fails = None
    assert not keyring.seek(NOW + REST - timedelta(seconds=1))
    assert keyring.seek(NOW + REST)
    assert not keyring.seek(NOW + 2 * REST), "it is there already"
    assert signer_of(keyring, NOW + REST) == door.certificate
    assert keyring.troubles == []


def test_a_signer_that_does_not_answer_is_left_alone_for_a_while(tmp_path: Path) -> None:
    """So that its events, each of which would wait for it, do not keep the events of others waiting."""
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    door.fails, door.asked = AWAY, 0
    for second in range(14):
        with pytest.raises(SignerAway):
            signer_of(keyring, NOW + timedelta(seconds=second))
    assert door.asked == 1
    door.fails = None
    assert signer_of(keyring, NOW + REST) == door.certificate


def test_a_signer_that_hangs_makes_nobody_able_to_sign_until_it_answers_or_nobody_asks_it(tmp_path: Path) -> None:
    """`usrec health` says "not ready" by this."""
    door, clock = Door(made(tmp_path, "key", -1, 364)), ManualClock(NOW)
    keyring = Keyring({EMPLOYER_BIN: [door.held()]}, clock=clock)
    assert keyring.able == {EMPLOYER_BIN}
    door.fails = AWAY
    with pytest.raises(SignerAway):
        signer_of(keyring, clock.now())
    for minute in (0, 1, 4):
        clock.set(NOW + timedelta(minutes=minute))
        assert keyring.able == set()
    clock.set(NOW + timedelta(minutes=6))
    assert keyring.able == {EMPLOYER_BIN}, "nothing waits for it, or it would have been asked"
    with pytest.raises(SignerAway):
        signer_of(keyring, clock.now())
    door.fails = None
    clock.advance(REST)
    signer_of(keyring, clock.now())
    assert keyring.able == {EMPLOYER_BIN}


def test_without_the_key_of_the_envelopes_nobody_is_able(tmp_path: Path) -> None:
    """`usrec health` says "ready" by this, and nothing goes out without an envelope."""
    own, short = made(tmp_path, "own", -1, 364), made(tmp_path, "short", -1, 2)
    clock = ManualClock(NOW)
    keyring = Keyring({EMPLOYER_BIN: [held(own)]}, clock=clock, transport=held(short))
    assert keyring.able == {EMPLOYER_BIN}
    clock.set(NOW + 3 * DAY)
    assert keyring.able == set()
    assert keyring.unusable == {EMPLOYER_BIN}


@pytest.mark.parametrize("fails", [AWAY, SignerRefusedError("no such statement", reason="statement")])
def test_a_head_is_asked_for_at_few_doors_that_stay_shut(fails: KzedsError, tmp_path: Path) -> None:
    """One daemon mostly has the keys of all employers; each of them would wait for it, and each refusal is logged."""
    doors = [Door(made(tmp_path, f"key-{number}", -1, 364)) for number in range(6)]
    keys = {f"{number:012}": [door.held(kind="signer_daemon")] for number, door in enumerate(doors)}
    keyring = Keyring(keys, clock=ManualClock(NOW))
    for door in doors:
        door.fails, door.asked = fails, 0
    with pytest.raises(SigningRefused):
        KeyringHeadSigner(keyring, list(keys)).sign(b"{}", NOW)
    assert sum(door.asked for door in doors) == 3


def test_a_head_is_signed_by_a_key_at_hand_behind_many_doors_that_stay_shut(tmp_path: Path) -> None:
    doors = [Door(made(tmp_path, f"key-{number}", -1, 364)) for number in range(4)]
    keys = {f"{number:012}": [door.held(kind="signer_daemon")] for number, door in enumerate(doors)}
    keys["4" * 12] = [HeldKey(key_file_place(made(tmp_path, "own", -1, 364), lambda: WORD), number=EMPLOYER_BIN)]
    keyring = Keyring(keys, clock=ManualClock(NOW))
    for door in doors:
        door.fails = AWAY
    signature = KeyringHeadSigner(keyring, list(keys)).sign(b"{}", NOW)
    assert signature.certificate == keyring.held("4" * 12)[0].usable(NOW).certificate.fingerprint


def test_the_rest_of_a_signer_begins_when_its_silence_was_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted from the question, it would be over before a timeout is: each event would wait for the signer again."""
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    door.fails, door.asked = AWAY, 0
    stopwatch = itertools.count(step=40)
    monkeypatch.setattr("usrec.adapters.signing.held_key.time.monotonic", lambda: next(stopwatch))
    for second in (0, 41, 54):
        with pytest.raises(SignerAway):
            signer_of(keyring, NOW + timedelta(seconds=second))
    assert door.asked == 1


def test_of_all_workers_one_finds_out_whether_a_hanging_signer_is_back(tmp_path: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    door.fails = AWAY
    with pytest.raises(SignerAway):
        signer_of(keyring)
    door.hangs, door.asked = threading.Event(), 0
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(signer_of, keyring, NOW + REST)
        while not door.asked:
            pass
        for _ in range(5):
            with pytest.raises(SignerAway):
                signer_of(keyring, NOW + REST - timedelta(milliseconds=1))
        assert not first.done(), "nobody else waited for it"
        door.fails = None
        door.hangs.set()
        assert first.result() == signer_of(keyring, NOW + REST) == door.certificate
    assert door.asked == 2


def test_a_signer_that_is_back_and_refuses_is_not_said_to_be_away(tmp_path: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    door.fails = AWAY
    with pytest.raises(SignerAway):
        signer_of(keyring)
    door.fails = SignerRefusedError("the quota of the day is used up", reason="quota")
    for _ in range(2):
        with pytest.raises(SigningRefused, match="quota"):
            signer_of(keyring, NOW + REST)
    assert keyring.troubles == []


def test_a_clock_that_is_put_back_does_not_prolong_a_rest(tmp_path: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    door.fails = AWAY
    with pytest.raises(SignerAway):
        signer_of(keyring, NOW + timedelta(hours=6))
    door.fails = None
    assert signer_of(keyring, NOW) == door.certificate


def test_many_signers_that_hang_keep_the_start_no_longer_than_one(tmp_path: Path) -> None:
    """Systemd gives the start three minutes."""
    file, met = made(tmp_path, "key", -1, 364), threading.Barrier(5)

    def opened() -> tuple[Signer, Certificate]:
        met.wait(PATIENCE)
        raise AWAY

    place = KeyPlace("the daemon", opened, lasting=False)
    chains = {f"{number:012}": [HeldKey(place, number=None)] for number in range(5)}
    keyring = Keyring({**chains, EMPLOYER_BIN: [held(file)]}, clock=ManualClock(NOW))
    assert (len(keyring.troubles), not met.broken) == (5, True)
    assert signer_of(keyring) == certificate_of(file)


def test_what_is_said_again_and_again_does_not_grow(tmp_path: Path) -> None:
    """The same error is raised for each event that waits; each time it holds the stack of that one alone."""
    door = Door(made(tmp_path, "key", -1, 364))
    away, broken = ring(door.held()), ring(held(tmp_path / "missing.p12"))
    door.fails = AWAY
    for keyring in (away, broken):
        for _ in range(5):
            with pytest.raises(SigningRefused):
                signer_of(keyring)
        (trouble,) = keyring.troubles
        assert len(list(traceback.walk_tb(trouble.problem.__traceback__))) < 8


def test_it_is_told_where_the_key_in_use_is(tmp_path: Path) -> None:
    file, door = made(tmp_path, "old", -300, 60), Door(made(tmp_path, "new", -1, 364))
    kept = HeldKey(KeyPlace("the daemon", door.opened, lasting=False, kind="signer_daemon"), number=EMPLOYER_BIN)
    chain = {EMPLOYER_BIN: [held(file), kept], "1": [held(tmp_path / "missing.p12")]}
    keyring = Keyring(chain, clock=ManualClock(NOW), owners=["2"])
    assert keyring.ways == {EMPLOYER_BIN: "signer_daemon", "1": "file", "2": "owner"}


def test_a_revoked_newest_key_is_not_shown_as_the_one_in_use(tmp_path: Path) -> None:
    old, new = made(tmp_path, "old", -300, 60), made(tmp_path, "new", -1, 364)
    revoked = certificate_of(new)
    keyring = Keyring(
        {EMPLOYER_BIN: [held(old), held(new)]},
        clock=ManualClock(NOW),
        objection=lambda one: "it was revoked" if one == revoked else "",
    )
    assert keyring.certificates[EMPLOYER_BIN].fingerprint == signer_of(keyring).fingerprint
    assert keyring.able == {EMPLOYER_BIN}
    alone = Keyring({EMPLOYER_BIN: [held(new)]}, clock=ManualClock(NOW), objection=lambda _: "it was revoked")
    assert (alone.able, set(alone.keys)) == (set(), {EMPLOYER_BIN})
    assert signer_of(keyring) == certificate_of(old)


def test_a_signer_that_does_not_answer_is_passed_over_for_the_key_before_it(tmp_path: Path) -> None:
    old, door = made(tmp_path, "old", -300, 60), Door(made(tmp_path, "new", -1, 364))
    keyring = ring(held(old), door.held())
    assert signer_of(keyring) == door.certificate
    door.fails = AWAY
    assert signer_of(keyring) == certificate_of(old)
    with pytest.raises(SignerAway, match="none of the keys"):
        signer_of(keyring, NOW + 61 * DAY)


def test_a_refusal_is_obeyed_and_not_got_round_with_an_older_key(tmp_path: Path) -> None:
    old, door = made(tmp_path, "old", -300, 60), Door(made(tmp_path, "new", -1, 364))
    keyring = ring(held(old), door.held())
    door.fails = SignerRefusedError("the quota of the day is used up", reason="quota")
    with pytest.raises(SigningRefused, match="the quota of the day is used up") as refused:
        signer_of(keyring)
    assert not isinstance(refused.value, SignerAway)
    assert refused.value.where == "the daemon"


def test_a_signer_whose_key_was_exchanged_for_anothers_is_not_believed(tmp_path: Path, pki: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    keyring = ring(door.held())
    word = Secret((pki / "employer-2.password").read_text("utf-8"))
    door.key = load_key(pki / "employer-2.p12", word)
    with pytest.raises(SigningRefused, match="SCSE046"):
        signer_of(keyring)


def test_a_key_that_is_exchanged_while_it_signs_gives_no_signature(tmp_path: Path) -> None:
    first, second = made(tmp_path, "first", -1, 364), made(tmp_path, "second", -1, 364)
    door = Door(first)
    key = ring(door.held()).held(EMPLOYER_BIN)[0].usable(NOW)
    door.key = load_key(second, WORD)
    with pytest.raises(SignerAway, match="another key"):
        key.sign_enveloped(RENDERED.document)


def test_a_key_that_was_exchanged_at_the_daemon_is_tried_within_a_minute(tmp_path: Path) -> None:
    """Not as long as one that the daemon will not sign with: nothing is wrong, and no older key is used for it."""
    old, door = made(tmp_path, "old", -300, 60), Door(made(tmp_path, "new", -1, 364))
    keyring = ring(held(old), door.held())
    door.fails = SignerRefusedError("main stands for another certificate now", reason=OTHER_CERTIFICATE)
    with pytest.raises(SignerAway, match=r"another key a moment ago.*tried again with that key"):
        signer_of(keyring)
    sealing = keyring.transport(EMPLOYER_BIN, NOW)
    with pytest.raises(SignerAway, match="another key"):
        sealing.sign_body(ENVELOPE)
    assert keyring.troubles == []


def test_a_renewed_key_of_the_same_name_is_taken_with_its_own_dates(tmp_path: Path) -> None:
    door = Door(made(tmp_path, "first", -300, 5))
    keyring = ring(door.held())
    door.key = load_key(made(tmp_path, "second", -1, 364), WORD)
    assert signer_of(keyring).not_after == NOW + 364 * DAY


def test_a_refused_pin_is_not_tried_again_before_the_settings_are_read_anew() -> None:
    tries = []

    def opened() -> tuple[Signer, Certificate]:
        tries.append(1)
        raise KeyUnusableError(KeyFault.REFUSED, "the PIN is wrong", where="token", next_step="Correct the PIN")

    keyring = ring(HeldKey(KeyPlace("token", opened), number=EMPLOYER_BIN))
    for days in range(3):
        assert not keyring.seek(NOW + days * DAY)
        with pytest.raises(SigningRefused, match=r"the PIN is wrong.*reload"):
            signer_of(keyring, NOW + days * DAY)
    assert len(tries) == 1
    with pytest.raises(ConfigurationError, match="the PIN is wrong"):
        keyring.require_some()


def test_an_owner_who_signs_by_hand_is_waited_for() -> None:
    keyring = Keyring({}, clock=ManualClock(NOW), owners=[EMPLOYER_BIN])
    keyring.require_some()
    with pytest.raises(SignatureAwaited, match="usrec package create"):
        signer_of(keyring)
    with pytest.raises(SigningRefused, match=r"gateway\.transport_key") as refused:
        keyring.transport(EMPLOYER_BIN, NOW)
    assert not isinstance(refused.value, SignatureAwaited)


def test_a_transport_key_of_anybody_signs_all_envelopes_and_no_document(tmp_path: Path) -> None:
    file = made(tmp_path, "transport", -1, 364)
    transport = HeldKey(key_file_place(file, lambda: WORD), number=None)
    keyring = Keyring({}, clock=ManualClock(NOW), owners=[EMPLOYER_BIN], transport=transport)
    sealed = keyring.transport(EMPLOYER_BIN, NOW).sign_body(ENVELOPE)
    assert verify_body(sealed, trusted=None).certificate == certificate_of(file)
    with pytest.raises(SignatureAwaited):
        signer_of(keyring)


def test_without_its_transport_key_no_agent_starts(tmp_path: Path) -> None:
    broken = HeldKey(key_file_place(tmp_path / "missing.p12", lambda: WORD), number=None)
    keyring = ring(held(made(tmp_path, "key", -1, 364)), transport=broken)
    with pytest.raises(ConfigurationError, match=r"missing\.p12"):
        keyring.require_some()


@pytest.mark.parametrize("names_body", [True, False])
def test_a_signer_that_names_the_body_itself_is_asked_for_no_name(names_body: bool, tmp_path: Path) -> None:
    door = Door(made(tmp_path, "key", -1, 364))
    signer = ring(door.held(names_body=names_body)).transport(EMPLOYER_BIN, NOW)
    assert (b"id-of-ours" in signer.sign_body(ENVELOPE, body_id="id-of-ours")) == names_body


@pytest.mark.parametrize("show", [repr, str])
def test_nothing_shows_a_password(show: Callable[[object], str], tmp_path: Path) -> None:
    key = held(made(tmp_path, "key", -1, 364))
    keyring = ring(key)
    assert PASSWORD not in "".join(map(show, (key, key.place, keyring, keyring.troubles, key.usable(NOW))))
