"""Asking the registry about a record in doubt: an optional way, which both shipped wire profiles leave out."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from usrec.domain.inquiry import AskedQuestion, Question, RegistryReply


class Inquiry(Protocol):
    """Answers what the registry holds."""

    def ask(self, question: Question, *, at: datetime) -> RegistryReply:
        """Ask once. Never raises for anything that the network, the gateway or the transport key does.

        Args:
            at: The question's own date, aware UTC.
        """
        ...


class Questions(Protocol):
    """Every question that was asked; never changed afterwards."""

    def add(self, asked: AskedQuestion) -> None:
        """Record a question with its answer; unique on submission and attempt."""
        ...

    def seen(self, signed_digest: str) -> bool:
        """Whether an answer with this digest is on record."""
        ...
