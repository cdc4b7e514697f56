"""What the employer's policy says of an agreement: it is entered, it is not, or the row leaves it open.

Source: Order 353 p.3, p.6 and p.8; which changes they mean is the employer's written policy (``domain/change.py``).
"""

from __future__ import annotations

from collections.abc import Collection

from usrec.domain.change import NOT_REGISTRABLE, RegistrablePolicy, changes_of
from usrec.domain.rules.finding import Finding, warning
from usrec.domain.source_event import Amendment, Details


def judge_changes(details: Details | None, policy: RegistrablePolicy) -> list[Finding]:
    """What the policy says of an agreement: nothing, that it is not sent, or that the row leaves it open."""
    if not isinstance(details, Amendment):
        return []
    changes = changes_of(details.changes)
    if changes and not set(changes) & set(policy.changes):
        named = ", ".join(changes)
        message = f"Not sent: a change of {named} is not entered in USREC by the employer's policy ({policy.note})."
        return [warning("not_registrable", "changes", message, point="Order 353 p.8")]
    if policy.own and not changes:
        message = (
            f"The row does not tell what it changes, so it is sent, whatever the employer's policy ({policy.note})."
        )
        return [warning("changes_not_told", "changes", message)]
    return []


def is_passed_over(findings: Collection[Finding]) -> bool:
    """Whether the policy keeps the event from being sent."""
    return any(one.rule == NOT_REGISTRABLE for one in findings)
