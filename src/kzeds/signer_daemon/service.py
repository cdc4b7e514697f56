"""One question, one answer: the rules, the count, the signature and the log, in this order.

Nothing here knows of sockets. A count is on the disk before the signature is made, and a line of the log before the
answer leaves, so that whatever is killed at whatever moment, no signature is out that was not counted and logged.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from kzeds.cms import sign_detached
from kzeds.errors import (
    CertificateError,
    DocumentError,
    KeyMayNotSignError,
    KzedsError,
    MalformedXmlError,
    NotSignableError,
    SignerRefusedError,
    SignerSettingsError,
)
from kzeds.signer_daemon.keys import HeldKey
from kzeds.signer_daemon.log import SigningLog
from kzeds.signer_daemon.policy import Policy, Recognised
from kzeds.signer_daemon.quota import QuotaBook, day_of
from kzeds.signers.daemon_client import OTHER_CERTIFICATE
from kzeds.signers.daemon_protocol import CONTENT_CAP, Ask, Frame, Outcome
from kzeds.wsse import sign_body
from kzeds.xmldsig import sign_enveloped

REFUSALS_LOGGED: Final = 60
"""Refusals in one minute that are logged one by one; a client in a loop must not fill the disk."""

TEXT_CAP: Final = 1000
"""Characters of a reason; it may repeat an identifier out of the document, and that may be as long as it likes."""

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asks, as the kernel says (SO_PEERCRED)."""

    pid: int
    uid: int


@dataclass(frozen=True, slots=True)
class Records:
    """What the daemon writes: one log and one book of counts, for as long as it runs."""

    log: SigningLog
    book: QuotaBook


class SigningService:
    """Answers questions by one version of the settings. Safe in threads.

    Args:
        keys: By name.
        policy: What may be signed.
        users: User ids that may ask.
        clock: Aware UTC.
    """

    def __init__(
        self,
        keys: Mapping[str, HeldKey],
        policy: Policy,
        users: frozenset[int],
        *,
        records: Records,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._policy = policy
        self._users = users
        self._records = records
        self._clock = clock
        self._sieve = _Sieve()

    def answer(self, question: Frame, peer: Peer) -> Frame:
        """The answer to one question; never raises, and never says more of an unforeseen error than its kind."""
        try:
            return self._answer(question, peer)
        except SignerRefusedError as error:
            return self._refuse(question, peer, Outcome.REFUSED, error.reason, str(error))
        except DocumentError as error:
            reason = "malformed" if isinstance(error, MalformedXmlError) else "not-signable"
            return self._refuse(question, peer, Outcome.UNREADABLE, reason, str(error))
        except (OSError, SignerSettingsError) as error:
            return _failed("records", f"its records cannot be written ({error}); no signature left it")
        except KzedsError as error:
            return _failed("key", f"the key does not sign ({error}); no signature left it")
        except Exception as error:  # noqa: BLE001 -- the outermost frame of a question: the daemon has to live on
            return _failed("internal", f"internal error {type(error).__name__}; no signature left it")

    def may_ask(self, peer: Peer) -> bool:
        """Say whether this user is listed."""
        return peer.uid in self._users

    def _answer(self, question: Frame, peer: Peer) -> Frame:
        if not self.may_ask(peer):
            raise SignerRefusedError(f"user {peer.uid} may not ask for signatures here", reason="user")
        held = self._keys.get(question.text("key"))
        if held is None:
            raise SignerRefusedError("there is no key of this name in the signer daemon's settings", reason="key")
        match question.text("ask"):
            case Ask.CERTIFICATE:
                return Frame({"outcome": Outcome.DONE}, held.certificate.der)
            case Ask.SIGN_ENVELOPED:
                return self._sign_document(question, held, peer)
            case Ask.SIGN_BODY:
                return self._sign_envelope(question, held, peer)
            case Ask.SIGN_STATEMENT:
                return self._sign_statement(question, held, peer)
            case _:
                raise SignerRefusedError("the signer daemon does not know this question", reason="ask")

    def _sign_document(self, question: Frame, held: HeldKey, peer: Peer) -> Frame:
        now = self._require_able(question, held)
        found = self._policy.judge_document(question.content, held)
        book, day = self._records.book, day_of(now)
        taken = book.take(held.rule, found.operation, found.digest, day=day, log_end=self._records.log.end)
        signed = sign_enveloped(question.content, held.key)
        more = {"counted": taken.is_new, "used": taken.count.used, "quota": taken.count.quota}
        return self._hand_out(signed, "signed", now, _facts(question, peer, held, found) | more)

    def _sign_envelope(self, question: Frame, held: HeldKey, peer: Peer) -> Frame:
        now = self._require_able(question, held)
        found = self._policy.judge_envelope(question.content, held, now)
        signed = sign_body(question.content, held.key, body_id=question.text("body_id") or None)
        return self._hand_out(signed, "enveloped", now, _facts(question, peer, held, found))

    def _sign_statement(self, question: Frame, held: HeldKey, peer: Peer) -> Frame:
        now = self._require_able(question, held)
        found, allowance = self._policy.judge_statement(question.content, held), held.rule.statement_allowance
        book, day = self._records.book, day_of(now)
        taken = book.take(allowance, found.operation, found.digest, day=day, log_end=self._records.log.end)
        signature = sign_detached(question.content, held.key, at=now)
        more = {"allowance": allowance.name, "counted": taken.is_new, "used": taken.count.used}
        facts = _facts(question, peer, held, found) | more | {"quota": taken.count.quota}
        return self._hand_out(signature, "stated", now, facts)

    def _require_able(self, question: Frame, held: HeldKey) -> datetime:
        """Check the certificate for now, and that it is the one that the client means."""
        now = self._clock()
        if question.text("certificate") != held.certificate.fingerprint:
            what = f"the key {held.rule.name!r} has another certificate by now; ask for it again"
            raise SignerRefusedError(what, reason=OTHER_CERTIFICATE)
        try:
            held.key.require_may_sign(now)
        except (CertificateError, KeyMayNotSignError) as error:
            raise SignerRefusedError(str(error), reason="certificate") from error
        return now

    def _hand_out(self, signed: bytes, event: str, now: datetime, facts: Mapping[str, Any]) -> Frame:
        if len(signed) > CONTENT_CAP:
            raise NotSignableError(f"signed, it would have {len(signed)} bytes; at most {CONTENT_CAP} leave the daemon")
        self.record(event, now, {**facts, "signature": hashlib.sha256(signed).hexdigest()})
        return Frame({"outcome": Outcome.DONE}, signed)

    def _refuse(self, question: Frame, peer: Peer, outcome: Outcome, reason: str, text: str) -> Frame:
        text = text[:TEXT_CAP]
        held = self._keys.get(question.text("key"))
        facts = _facts(question, peer, held, None) | {"outcome": outcome, "reason": reason, "text": text}
        now = self._clock()
        omitted = self._sieve.admit(now)
        try:
            if omitted is not None:
                self.record("refused", now, {**facts, **({"omitted_before": omitted} if omitted else {})})
        except (OSError, SignerSettingsError) as error:
            return _failed("records", f"its log cannot be written ({error}); nothing was signed")
        return Frame({"outcome": outcome, "reason": reason, "text": text})

    def record(self, event: str, at: datetime, facts: Mapping[str, Any]) -> None:
        """Write a line into the log, and into the journal, where the daemon's own user cannot change it."""
        say(self._records.log.append(event, at, facts))


class _Sieve:
    """Lets so many refusals of a minute through, and counts the others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[datetime] = deque(maxlen=REFUSALS_LOGGED)
        self._omitted = 0

    def admit(self, now: datetime) -> int | None:
        """How many were left out since the last one; None when this one is left out too."""
        with self._lock:
            is_full = len(self._recent) == REFUSALS_LOGGED
            if is_full and abs(now - self._recent[0]) < _MINUTE:
                self._omitted += 1
                return None
            self._recent.append(now)
            omitted, self._omitted = self._omitted, 0
            return omitted


def say(line: str) -> None:
    """Write a line to standard error, which the service manager keeps; that nobody reads it stops no signature."""
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def masked(number: str | None) -> str | None:
    """A BIN as it is; an IIN, which is a person's, only as that word. Source: the fifth digit of a BIN is 4, 5 or 6."""
    return "IIN" if number is not None and number[4:5] not in "456" else number


def _facts(question: Frame, peer: Peer, held: HeldKey | None, found: Recognised | None) -> dict[str, Any]:
    """What a line says of a question: nothing of the document, and only names that the settings know."""
    return {
        "ask": next((one for one in Ask if one == question.text("ask")), None),
        "key": None if held is None else held.rule.name,
        "certificate": None if held is None else held.certificate.fingerprint,
        "operation": None if found is None else found.operation,
        "number": None if found is None else masked(found.number),
        "document": hashlib.sha256(question.content).hexdigest() if found is None else found.digest.hex(),
        "uid": peer.uid,
        "pid": peer.pid,
    }


def _failed(reason: str, text: str) -> Frame:
    say(json.dumps({"event": "failed", "reason": reason, "text": text}))
    return Frame({"outcome": Outcome.FAILED, "reason": reason, "text": text})
