"""A registry that answers questions as a script tells it to, for tests and simulation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

from usrec.domain.errors import InvariantViolation
from usrec.domain.inquiry import Question, RegistryReply

ScriptedReply = RegistryReply | Callable[[Question], RegistryReply]


class ScriptedInquiry:
    """Answers each question with the next step of its script and remembers what it was asked.

    Attributes:
        asked: Every question, in order.
    """

    def __init__(self, script: Iterable[ScriptedReply] = ()) -> None:
        self._script = deque(script)
        self.asked: list[Question] = []

    def then(self, *steps: ScriptedReply) -> None:
        """Add steps at the end of the script."""
        self._script.extend(steps)

    def ask(self, question: Question, *, at: datetime) -> RegistryReply:  # noqa: ARG002 -- the port's signature
        """The next step of the script.

        Raises:
            InvariantViolation: The script is at its end: something was asked that nobody expected.
        """
        self.asked.append(question)
        if not self._script:
            raise InvariantViolation("a question was asked that the script does not know of", where=question.message_id)
        step = self._script.popleft()
        return step(question) if callable(step) else step
