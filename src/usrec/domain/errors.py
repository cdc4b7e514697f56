"""Every error of the agent, in three families by who must act.

::

    UsrecError
    ├── OursToFix                 exit 3: an administrator mends the installation
    │   ├── ConfigurationError    settings, key files, schemas
    │   ├── LedgerSchemaError     the ledger is not at this version's schema
    │   └── InvariantViolation    a fault in this program; nothing was written
    ├── TheirsToWaitFor           exit 4: the agent tries again by itself
    │   ├── SourceUnavailable     the HR database cannot be read or written
    │   │   ├── SnapshotRefused   what its query returned cannot be the staff
    │   │   └── SourceHeld        its settings cannot be used; the other sources go on
    │   ├── LedgerUnavailable     the agent's own database, or its disk
    │   ├── GatewayUnavailable    ShEP cannot be reached, or answers nonsense to a question
    │   ├── AgentUnreachable      no running agent answers at its health address
    │   ├── AlertNotTaken         a sink of alerts did not take a message
    │   ├── StampRefused          no timestamp was given for a head of the journal
    │   ├── HeadFileUnusable      the file of heads outside the ledger cannot be read or written
    │   └── DoorbellLost          no database wakes the agent early; it looks by itself
    └── PersonDecides             exit 5: nothing goes on until somebody acts
        ├── ValidationProblem     a value that cannot be registered as it stands
        ├── SigningRefused        the key may not sign this: expired, AUTH, another BIN
        │   ├── SignatureAwaited  the owner signs by their own hand: a signing package takes it to them
        │   ├── SignerAway        a signer outside this process does not answer; it is asked again soon
        │   └── SignatureOutlived the stored signature's certificate has expired; nothing is signed again silently
        ├── UnsafeRequest         a command that could lose or double a registration
        ├── EmployerHeld          nothing of the employer goes out until a person releases it
        └── LeaseLost             another agent holds the submission now; this one must not write

A message answers a tired person's four questions: what happened, to which record or file, what was not lost,
and what to do next. It never holds an IIN, a name, a password or a document.
"""

from __future__ import annotations

from typing import ClassVar


class UsrecError(Exception):
    """Base of all errors of the agent.

    Args:
        what: What happened, one sentence without a final full stop.
        where: The record, file, setting or address concerned.
        kept: What was not lost.
        next_step: What the reader should do.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, where: str = "", kept: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.kept = kept
        self.next_step = next_step

    def __str__(self) -> str:
        """One line: what, where, what was kept, what to do."""
        line = f"{self.where}: {self.what}" if self.where else self.what
        rest = [part for part in (self.kept, self.next_step) if part]
        return _one_line(". ".join([line.rstrip("."), *(part.rstrip(".") for part in rest)]) + ".")


def _one_line(text: str) -> str:
    """What a server or a file name brought into it must not steer a terminal, nor look like a second line of a log."""
    if text.isprintable():
        return text
    return "".join(_seen(sign) for sign in text)


def _seen(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if sign.isspace() else f"\\u{{{ord(sign):x}}}"


class OursToFix(UsrecError):  # noqa: N818 -- families read as sentences: "ours to fix"
    """The installation is wrong; an administrator mends it."""

    exit_code = 3


class ConfigurationError(OursToFix):
    """A setting, key file, password file or schema cannot be used."""


def unwritable(
    what: str, file: object, problem: Exception, *, kept: str, next_step: str = "Check the folder and its free space"
) -> ConfigurationError:
    """What to say when a file that somebody asked for cannot be written.

    Args:
        what: Which, such as "the backup".
        problem: An ``OSError``, or an error that says why itself.
        kept: What was not lost.
    """
    reason = getattr(problem, "strerror", None) or problem
    return ConfigurationError(f"{what} cannot be written: {reason}", where=str(file), kept=kept, next_step=next_step)


class LedgerSchemaError(OursToFix):
    """The ledger's schema is older or newer than this program."""


class InvariantViolation(OursToFix):
    """This program contradicts itself; the transaction was rolled back."""

    exit_code = 70


class TheirsToWaitFor(UsrecError):  # noqa: N818 -- see OursToFix
    """Something outside is unavailable; the agent tries again by itself."""

    exit_code = 4


class SourceUnavailable(TheirsToWaitFor):
    """The HR database cannot be reached, read or written."""


class SnapshotRefused(SourceUnavailable):
    """What a query returned cannot be the staff: it is empty, or too many of its contracts are missing."""


class SourceHeld(SourceUnavailable):
    """The settings, the mapping file or a password of one of several sources cannot be used."""


class LedgerUnavailable(TheirsToWaitFor):
    """The ledger cannot be reached or written (locked, disk full, connection lost)."""


class GatewayUnavailable(TheirsToWaitFor):
    """The gateway cannot be reached or does not answer as ShEP does."""


class AlertNotTaken(TheirsToWaitFor):
    """A sink did not take a message, or nobody knows whether it did."""


class DoorbellLost(TheirsToWaitFor):
    """A database does not tell at once that there is work; the agent finds it a little later."""


class AgentUnreachable(TheirsToWaitFor):
    """No running agent answers at its health address."""


class StampRefused(TheirsToWaitFor):
    """No timestamp could be had for a head of the journal."""


class HeadFileUnusable(TheirsToWaitFor):
    """The file of the journal's heads outside the ledger cannot be read or written."""


class PersonDecides(UsrecError):  # noqa: N818 -- see OursToFix
    """A person has to look before anything goes on."""

    exit_code = 5


class ValidationProblem(PersonDecides):
    """A value cannot be registered as it stands.

    Args:
        field: Field of HR's row that it is about; empty where it is about no single one.
    """

    def __init__(self, what: str, *, where: str = "", kept: str = "", next_step: str = "", field: str = "") -> None:
        super().__init__(what, where=where, kept=kept, next_step=next_step)
        self.field = field


class SigningRefused(PersonDecides):
    """The key may not sign this message; nothing was sent."""


class SignatureAwaited(SigningRefused):
    """No key of the employer is on this machine: its owner signs on their own workstation."""


class SignerAway(SigningRefused):
    """A signer outside this process does not answer now; no signature came back and nothing was sent."""


class SignatureOutlived(SigningRefused):
    """The certificate of a stored signature has expired; it is neither sent nor signed again."""


class UnsafeRequest(PersonDecides):
    """A request that could lose or double a registration was refused."""


class EmployerHeld(PersonDecides):
    """The employer is stopped: nothing of it is sent until a person releases it."""


class LeaseLost(PersonDecides):
    """The lease on a submission went to another agent; this one wrote nothing."""
