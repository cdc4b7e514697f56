"""An agent composed around the line in memory: real settings, ledger and steps, imaginary key and gateway."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.line import BIN, Line
from usrec.bootstrap import Agent
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.revocation import build_book
from usrec.settings import LoadedSettings, Settings


def line_settings(**delivery: Any) -> LoadedSettings:
    """Settings of an agent with the line's employer; `delivery` goes over `[delivery]`."""
    tree: dict[str, Any] = {
        "gateway": {
            "url": "https://gateway.example",
            "sender_id": "company",
            "password": {"file": "p"},
            "response_certificate": "c",
        },
        "employer": {"alatau": {"bin": BIN, "key_file": "k", "key_password": {"file": "w"}}},
        "ledger": {"url": "sqlite://"},
        "source": {"hr": {"kind": "outbox", "url": "sqlite:///hr.db"}},
        "delivery": {"workers": 2, "poll": 0.005} | delivery,
    }
    return LoadedSettings(Settings(**tree), Path("usrec.toml"))


def agent_of(line: Line, **delivery: Any) -> Agent:
    """The agent that works on a line."""
    double: dict[str, Any] = {"renderer": line.renderer, "signer": line.signer, "gateway": line.wire}
    settings = line_settings(**delivery)
    return Agent(
        settings=settings,
        ledger=line.ledger,
        sources=[line.source],
        calendar=line.calendar,
        clock=line.clock,
        entropy=line.entropy,
        employers=line.employers,
        policy=line.policy,
        owner="host:1",
        trust=build_book(settings, line.clock),
        **double,
    )


class Registry:
    """Says the same to every envelope, any number of times."""

    def __init__(self, line: Line, say: Callable[[Envelope], SubmissionOutcome] | None = None) -> None:
        self.line = line
        self.say = say or line.registers

    def __call__(self, envelope: Envelope) -> SubmissionOutcome:
        self.line.wire.submitted.append(envelope)
        return self.say(envelope)


def answering(
    line: Line, monkeypatch: pytest.MonkeyPatch, say: Callable[[Envelope], SubmissionOutcome] | None = None
) -> None:
    """The gateway says the same to every envelope."""
    monkeypatch.setattr(line.wire, "submit", Registry(line, say))
