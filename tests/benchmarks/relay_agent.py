"""The agent's relay alone: ``usrec run`` with a signer and a gateway that do nothing, and everything else as it is.

Run as a process: it delivers what waits in the ledger for some seconds, or until nothing is left, and prints how many
answers a second it recorded, first and last tenth left out.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks.relay_rate import middle_rate
from usrec.bootstrap import build_agent
from usrec.domain.message import CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outcome import Registered, ReplyProof, SubmissionOutcome
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.logs import configure_logs
from usrec.settings import load_settings

if TYPE_CHECKING:
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.adapters.signing.keyring import Keyring

ANSWER = b"<answer/>" * 450
"""As long as a signed answer is; it is kept as evidence."""


class Instead:
    """Stands for a part of the agent; what it does not know itself is asked of that part."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class NoSigner(Instead):
    """Signs nothing."""

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document as it is."""
        digest, until = hashlib.sha256(rendered.document).hexdigest(), at + timedelta(days=300)
        return SignedMessage(rendered.document, digest, rendered.record_id, message_id, at, "none", until)


class NoGateway(Instead):
    """Sends nothing; notes when it was asked to."""

    def __init__(self, real: object) -> None:
        super().__init__(real)
        self.at: list[float] = []

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """The document as it is."""
        return Envelope(message.document, message.digest, message.message_id, correlation_id)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """Registered at once."""
        self.at.append(time.perf_counter())
        chain = envelope.correlation_id
        digest = hashlib.sha256(chain.encode()).hexdigest()
        proof = ReplyProof(digest, datetime.now(UTC), str(envelope.message_id), chain, ANSWER)
        return Registered("SCSS001", "", str(envelope.message_id), proof)


def run(settings: Path, seconds: float) -> list[float]:
    """Deliver for so long; the moments of the submissions."""
    stop = threading.Event()
    loaded = load_settings(settings)
    configure_logs(level="error", style="json")
    agent = build_agent(loaded, wait=stop.wait)
    gateway = NoGateway(agent.gateway)
    signer = cast("Keyring", NoSigner(agent.signer))
    daemon = Daemon(replace(agent, signer=signer, gateway=cast("ShepGateway", gateway)), stop)
    threading.Thread(target=_stop_after, args=(daemon, gateway, seconds), daemon=True).start()
    try:
        daemon.run(drain=True)
    finally:
        daemon.close()
    return gateway.at


def _stop_after(daemon: Daemon, gateway: NoGateway, seconds: float) -> None:
    from usrec.interfaces.daemon import Order

    while not gateway.at:
        time.sleep(0.01)
    time.sleep(seconds)
    daemon.orders.put(Order.STOP)


def main() -> None:
    """Run, print the rate."""
    print(json.dumps({"rate": middle_rate(run(Path(sys.argv[1]), float(sys.argv[2])))}))


if __name__ == "__main__":
    main()
