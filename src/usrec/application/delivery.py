"""How deliveries behave, and what became of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from usrec.domain.policies import Policies
from usrec.domain.retry import RetryPolicy
from usrec.domain.source_event import Operation
from usrec.domain.submission import Submission


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How deliveries behave.

    Attributes:
        lease: How long a claim lasts; longer than all timeouts of the gateway together.
        clock_tolerance: How far the gateway's clock may differ from ours.
        approve: The operations that a person approves before they are signed, by the employer's BIN.
        policies: What each refusal leads to.
    """

    retry: RetryPolicy
    lease: timedelta = timedelta(minutes=5)
    clock_tolerance: timedelta = timedelta(minutes=5)
    approve: Mapping[str, Collection[Operation]] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)

    def needs_approval(self, submission: Submission) -> bool:
        """Whether a person has to approve its document."""
        return submission.operation in self.approve.get(submission.employer_bin, ())


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one claim: for the log and the progress bar.

    Attributes:
        result: The submission's state, or ``waiting`` (for a key or a person) or ``lease_lost``.
        alert: A person should look, although the line goes on.
    """

    submission: Submission
    result: str
    reason: str
    code: str = ""
    alert: bool = False
