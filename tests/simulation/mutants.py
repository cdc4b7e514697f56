"""Known bugs, planted on purpose: a simulation that does not find them would not find others either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Final, cast
from unittest.mock import patch

from simulation import ports as simulated
from simulation.authority import letter_in
from simulation.head_mutants import HEADS
from simulation.mass_mutants import MASSES
from simulation.pair_mutants import PAIRS
from simulation.subtle_mutants import SUBTLE
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.application import contract_line, decision, record_outcome, watch_deadlines
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import Refused, SubmissionOutcome, Unknown, proof_of
from usrec.domain.response_code import Policy
from usrec.domain.state import Move, State
from usrec.domain.verdict import Ending, Next, Standing, Verdict, decide
from usrec.ports.ledger import UnitOfWork

Mutant = Callable[[], AbstractContextManager[None]]
"""Plants a bug for as long as it is entered."""


@contextmanager
def _send_before_t3() -> Iterator[None]:
    """The envelope leaves when it is sealed, before the intent is on record."""
    seal = simulated.Gateway.seal
    submit = simulated.Gateway.submit
    answers: dict[str, SubmissionOutcome] = {}

    def sealed(self: Any, message: SignedMessage, **more: Any) -> Envelope:
        envelope = seal(self, message, **more)
        answers[envelope.digest] = submit(self, envelope)
        return envelope

    def submitted(self: Any, envelope: Envelope) -> SubmissionOutcome:
        del self
        return answers.pop(envelope.digest)

    with patch.object(simulated.Gateway, "seal", sealed), patch.object(simulated.Gateway, "submit", submitted):
        yield


@contextmanager
def _no_fencing() -> Iterator[None]:
    """Nobody looks whether the claim is still his before he writes and sends."""

    def believed(self: Any, leases: Any, _: Any) -> Any:
        return self.get_all([one.submission_id for one in leases])

    with patch.object(SqlOutbox, "hold_leases", believed):
        yield


@contextmanager
def _new_id_on_resend() -> Iterator[None]:
    """Each attempt goes out under a record id of its own."""
    seal = simulated.Gateway.seal

    def sealed(self: Any, message: SignedMessage, *, correlation_id: CorrelationId, **more: Any) -> Envelope:
        letter = replace(letter_in(message.document), record_id=f"again-{correlation_id}")
        fresh = replace(message, document=letter.to_bytes())
        return seal(self, fresh, correlation_id=correlation_id, **more)

    with patch.object(simulated.Gateway, "seal", sealed):
        yield


def _deciding(otherwise: Callable[[SubmissionOutcome, Standing], Verdict | None]) -> AbstractContextManager[Any]:
    def decided(outcome: SubmissionOutcome, standing: Standing, policy: Policy) -> Verdict:
        return otherwise(outcome, standing) or decide(outcome, standing, policy)

    return patch.object(record_outcome, "decide", decided)


_REJECTED: Final = Verdict(Ending.REFUSED, Move.REJECT, Next.NOTHING, "refused")


@contextmanager
def _timeout_means_failed() -> Iterator[None]:
    """No answer is taken for a refusal."""

    def without_answer(outcome: SubmissionOutcome, _: Standing) -> Verdict | None:
        return _REJECTED if isinstance(outcome, Unknown) else None

    def proven(outcome: SubmissionOutcome) -> Any:
        return _PROOF if isinstance(outcome, Unknown) else proof_of(outcome)

    with _deciding(without_answer), patch.object(record_outcome, "proof_of", proven):
        yield


class _AnyProof:
    """What a program would write that believes a timeout."""

    @property
    def signed_digest(self) -> str:
        _AnyProof.number += 1
        return f"timeout-{_AnyProof.number}"

    number = 0
    raw = b""
    correlation_id = None
    response_date = None


_PROOF: Final = _AnyProof()


@contextmanager
def _086_means_refused() -> Iterator[None]:
    """That the id is used is taken for a refusal of this attempt."""

    def id_used(outcome: SubmissionOutcome, _: Standing) -> Verdict | None:
        return _REJECTED if isinstance(outcome, Refused) and outcome.code == "SCSE086" else None

    with _deciding(id_used):
        yield


@contextmanager
def _follower_overtakes() -> Iterator[None]:
    """The last of a contract's events counts as its head."""

    def last(line: Any, **_: Any) -> Any:
        waiting = [one for one in line if one.state not in {State.ACCEPTED, State.CANCELLED}]
        return max(waiting, key=lambda one: one.position, default=None)

    with patch.object(contract_line, "head_of_line", last):
        yield


@contextmanager
def _alert_skipped() -> Iterator[None]:
    """Deadlines are looked at and nothing is raised."""

    def silent(*_: Any, **__: Any) -> tuple[tuple[()], None]:
        return (), None

    with patch.object(watch_deadlines, "look", silent):
        yield


@contextmanager
def _acknowledgement_unmatched() -> Iterator[None]:
    """Whatever is signed is believed, to whichever message it was the answer."""

    def believed(outcome: SubmissionOutcome, *_: Any, **__: Any) -> SubmissionOutcome:
        return outcome

    with patch.object(record_outcome, "authenticate", believed):
        yield


class _Deaf:
    """Takes no note."""

    def put(self, *_: Any) -> None:
        return


class _WithoutNotes:
    """A unit of work that tells HR nothing."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.write_backs = _Deaf()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


@contextmanager
def _note_lost() -> Iterator[None]:
    """HR is told nothing of a decision."""

    def silent(work: Any, *args: Any) -> Any:
        return decision.record_decisions(cast("UnitOfWork", _WithoutNotes(work)), *args)

    with patch.object(record_outcome, "record_decisions", silent):
        yield


MUTANTS: Final[Mapping[str, Mutant]] = {
    "send-before-t3": _send_before_t3,
    "no-fencing": _no_fencing,
    "new-id-on-resend": _new_id_on_resend,
    "timeout-means-failed": _timeout_means_failed,
    "086-means-refused": _086_means_refused,
    "follower-overtakes": _follower_overtakes,
    "alert-skipped": _alert_skipped,
    "acknowledgement-unmatched": _acknowledgement_unmatched,
    "note-lost": _note_lost,
    **SUBTLE,
    **MASSES,
    **PAIRS,
    **HEADS,
}


def described(name: str) -> str:
    """What the bug is, in a sentence."""
    return (MUTANTS[name].__doc__ or "").strip()
