"""A gateway that says what a script tells it to, for tests and simulation."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

from usrec.domain.errors import InvariantViolation
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome

ScriptedStep = SubmissionOutcome | Callable[[Envelope], SubmissionOutcome]


class ScriptedGateway:
    """Answers each envelope with the next step of its script and remembers what it got.

    Attributes:
        sealed: Every envelope made, in order.
        submitted: Every envelope posted, in order.
    """

    def __init__(self, script: Iterable[ScriptedStep] = ()) -> None:
        self._script = deque(script)
        self.sealed: list[Envelope] = []
        self.submitted: list[Envelope] = []

    def then(self, *steps: ScriptedStep) -> None:
        """Add steps at the end of the script."""
        self._script.extend(steps)

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """An envelope whose bytes follow from the arguments alone."""
        content = [message.message_id, message.digest, employer_bin, correlation_id, at.isoformat()]
        body = json.dumps(content).encode()
        envelope = Envelope(body, hashlib.sha256(body).hexdigest(), message.message_id, correlation_id)
        self.sealed.append(envelope)
        return envelope

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """The next step of the script.

        Raises:
            InvariantViolation: The script is at its end: something was sent that nobody expected.
        """
        self.submitted.append(envelope)
        if not self._script:
            raise InvariantViolation("an envelope was sent that the script does not know of", where=envelope.message_id)
        step = self._script.popleft()
        return step(envelope) if callable(step) else step
