"""Two halves of one transfer: remembered when they arrive, looked at again when one comes or goes."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from usrec.domain.pair import HALVES
from usrec.domain.submission import Submission, SubmissionId
from usrec.ports.ledger import UnitOfWork


def link_halves(work: UnitOfWork, arrived: Collection[Submission], now: datetime) -> None:
    """Remember which of these are halves; whoever was told of a missing one is looked at again at once."""
    found = {one.id: json.loads(one.details).get("pair_key") for one in arrived if one.operation in HALVES}
    links = {one: key for one, key in found.items() if key}
    work.pairs.link(links)
    for pair in work.pairs.of_keys(set(links.values())):
        work.alerts.watch(pair.halves[0].submission_id, now)


def look_at_others(work: UnitOfWork, gone: Collection[SubmissionId], now: datetime) -> None:
    """These are taken back or turn invalid: what may lack its other half now is looked at again."""
    for other in sorted(work.pairs.others_of(gone)):
        work.alerts.watch(other, now)
