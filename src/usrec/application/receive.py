"""Events that an HR system sends of its own accord: durable in the ledger before anybody is told that they came.

The sender may repeat a request as often as it likes, for instance because no answer reached it: the same key gives the
same answer, and nothing is kept twice. What becomes of the events is the line's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from usrec.domain.errors import ValidationProblem
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.clock import Clock
from usrec.ports.intake import Request
from usrec.ports.ledger import Ledger, UnitOfWork

_SPACELESS: Final = (",", ":")


class KeyReused(ValidationProblem):
    """A key came again with other content; nothing of it was kept."""


def receive(
    rows: Sequence[SourceRow],
    *,
    source: SourceName,
    key: str,
    content: bytes,
    ledger: Ledger,
    clock: Clock,
    answer: Callable[[Sequence[SourceRow]], object],
    require_allowed: Callable[[], None],
) -> str:
    """Keep what was sent.

    Args:
        rows: Each with an id of its own as ``row_ref``; of no use when the key is known.
        key: The sender's own key of the request.
        content: What was sent, as it was sent.
        answer: What to tell about rows that are kept.
        require_allowed: Raises where they may not be kept. A request that was kept before is not judged again.

    Returns:
        The answer as JSON text; that of the first time when the request is repeated.

    Raises:
        KeyReused: The key stands for another content.
        LedgerUnavailable: Nothing was kept.
    """
    now = clock.now()
    with ledger.begin() as work:
        told = json.dumps(answer(rows), ensure_ascii=False, separators=_SPACELESS)
        request = Request(source, key, work.inbox.fingerprint(content), told)
        if not work.intake.add_request(request, now):
            return _again(work, request)
        require_allowed()
        work.intake.add(rows, now)
        work.commit()
    return told


def _again(work: UnitOfWork, request: Request) -> str:
    first = work.intake.request(request.source, request.key)
    if first is None or first.digest != request.digest:
        raise KeyReused(
            "this key was used for a request with other content",
            kept="Nothing of this request was kept; the first one stands",
            next_step="Send it under a key of its own",
        )
    return first.answer
