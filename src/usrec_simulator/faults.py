"""Scripted faults: which of the received requests meets which misfortune.

A rule counts the requests that match it and fires on
every N-th after the first M, at most `limit` times; one request meets at most one fault, and a rule whose turn was
taken by an earlier one fires on the next match. Counts are kept in the registry's file, so that a restarted simulator
goes on where it stopped: the same requests always meet the same faults.
"""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from usrec_simulator.business import Operation
from usrec_simulator.ledger import Ledger


class FaultKind(StrEnum):
    """What can happen to a request or to its answer.

    A refused connection begins with the request that fires it: that one is still answered, later ones are refused.
    A replayed answer is the latest earlier success; without one the request gets its own answer. Another answer is a
    fresh one to the message of somebody else.
    """

    DELAY = "delay"
    CONNECTION_REFUSED = "connection_refused"
    RESET_BEFORE_COMMIT = "reset_before_commit"
    RESET_AFTER_COMMIT = "reset_after_commit"
    BAD_GATEWAY_HTML = "bad_gateway_html"
    HALF_ANSWER = "half_answer"
    WRONG_SIGNATURE = "wrong_signature"
    UNSIGNED_ANSWER = "unsigned_answer"
    UNKNOWN_SUCCESS_SHAPE = "unknown_success_shape"
    REPLAYED_ANSWER = "replayed_answer"
    OTHER_ANSWER = "other_answer"
    MAINTENANCE_WINDOW = "maintenance_window"
    UNKNOWN_ERROR = "unknown_error"
    REFUSE = "refuse"
    NOTHING_FOUND = "nothing_found"
    OTHER_ENTRY = "other_entry"


class Moment(StrEnum):
    """Whether a fault strikes before the registry commits or after."""

    BEFORE = "before"
    AFTER = "after"


ABOUT_QUESTIONS = frozenset({FaultKind.NOTHING_FOUND, FaultKind.OTHER_ENTRY})
"""What can happen to the answer to a question only."""

_SETTABLE = frozenset({FaultKind.DELAY, FaultKind.BAD_GATEWAY_HTML})
_CLOSING = frozenset({FaultKind.CONNECTION_REFUSED, FaultKind.MAINTENANCE_WINDOW})
_AFTER_COMMIT = frozenset(
    {
        FaultKind.RESET_AFTER_COMMIT,
        FaultKind.HALF_ANSWER,
        FaultKind.WRONG_SIGNATURE,
        FaultKind.UNSIGNED_ANSWER,
        FaultKind.UNKNOWN_SUCCESS_SHAPE,
        FaultKind.REPLAYED_ANSWER,
        FaultKind.OTHER_ANSWER,
    }
    | ABOUT_QUESTIONS
)


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule of the script.

    Attributes:
        kind: What happens.
        every: Fire on each N-th matching request.
        after: How many matching requests pass first.
        limit: How often to fire at most; None for always.
        operation: Match only this operation.
        number: Match only this contract or agreement number.
        question: Match the questions of clients, and nothing else.
        seconds: How long a delay, a refusal or a maintenance window lasts; a pause before other faults.
        when: Before or after the commit (delay, bad_gateway_html).
        code: What a scripted refusal answers.
        opens: Start of a fixed maintenance window.
        closes: Its end.
    """

    kind: FaultKind
    every: int = 1
    after: int = 0
    limit: int | None = None
    operation: Operation | None = None
    number: str | None = None
    question: bool = False
    seconds: timedelta = timedelta(0)
    when: Moment = Moment.BEFORE
    code: str | None = None
    opens: datetime | None = None
    closes: datetime | None = None

    @property
    def moment(self) -> Moment:
        """Whether this fault strikes before the commit or after."""
        if self.kind in _SETTABLE:
            return self.when
        return Moment.AFTER if self.kind in _AFTER_COMMIT else Moment.BEFORE

    @property
    def pause(self) -> timedelta:
        """How long to wait before the fault strikes; `seconds` means something else for a closed gateway."""
        return timedelta(0) if self.kind in _CLOSING else self.seconds

    def matches(self, operation: Operation | None, number: str | None, *, question: bool = False) -> bool:
        """Tell whether the rule counts a request."""
        return self.question == question and (self.operation in {None, operation}) and (self.number in {None, number})

    def due(self, matched: int, fired: int) -> bool:
        """Tell whether the rule fires, given its counts with the present request included."""
        owed = max(0, matched - self.after) // self.every
        return fired < (owed if self.limit is None else min(owed, self.limit))


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Everything that the file says."""

    rules: tuple[FaultRule, ...] = ()
    windows: tuple[FaultRule, ...] = ()
    unknown_persons: frozenset[str] = frozenset()
    foreign_persons: frozenset[str] = frozenset()

    def maintenance_at(self, at: datetime) -> bool:
        """Tell whether a fixed maintenance window is open."""
        return any(
            rule.opens is not None and rule.closes is not None and rule.opens <= at < rule.closes
            for rule in self.windows
        )

    def __repr__(self) -> str:
        return f"FaultScript({len(self.rules)} rules, {len(self.windows)} windows)"


class FaultCounter:
    """Chooses the fault of each request; thread-safe through the ledger."""

    def __init__(self, script: FaultScript, ledger: Ledger) -> None:
        self._rules = [(f"{place}:{_fingerprint(rule)}", rule) for place, rule in enumerate(script.rules)]
        self._ledger = ledger

    @property
    def idle(self) -> bool:
        """Whether there is nothing to choose from."""
        return not self._rules

    def choose(self, operation: Operation | None, number: str | None, *, question: bool = False) -> FaultRule | None:
        """Count a request and return the rule that fires on it, if any."""
        chosen: FaultRule | None = None
        with self._ledger.transaction() as connection:
            for key, rule in self._rules:
                if not rule.matches(operation, number, question=question):
                    continue
                row = connection.execute("SELECT matched, fired FROM fault_count WHERE rule = ?", (key,)).fetchone()
                matched, fired = (row["matched"] + 1, row["fired"]) if row else (1, 0)
                fires = chosen is None and rule.due(matched, fired)
                chosen = rule if fires else chosen
                connection.execute("INSERT OR REPLACE INTO fault_count VALUES (?, ?, ?)", (key, matched, fired + fires))
        return chosen


def _fingerprint(rule: FaultRule) -> str:
    text = "|".join(str(getattr(rule, item.name)) for item in fields(rule))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
