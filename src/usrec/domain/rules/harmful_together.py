"""The marks at the end of harmful work against the same contract's earlier rows (codes SCSE178-181 and 258)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.rules.harmful import ConditionCodes, Earlier, check_payment_marks, past_of
from usrec.domain.rules.readings import by_reading


def check_marks_together(
    rows: Sequence[Examined], codes: ConditionCodes, unsure: Severity = Severity.ERROR
) -> Iterator[tuple[int, Finding]]:
    """The place of a row and what is found there; rows count in their order, each event in its newest revision.

    Args:
        unsure: How severe a rule is that rests on our reading.
    """
    newest = {one.event_id: one.row.revision for one in sorted(rows, key=lambda one: one.row.revision)}
    earlier: dict[tuple[str, str], list[Earlier]] = defaultdict(list)
    for place, one in enumerate(rows):
        if one.event is None or one.row.withdrawn or one.row.revision < newest[one.event_id]:
            continue
        before = earlier[one.row.employer_bin, one.row.contract_key]
        past = past_of(before, one.event.details)
        found = by_reading(check_payment_marks(one.event.details, past, codes), unsure)
        yield from ((place, finding) for finding in found)
        before.append(Earlier(f"row {place}", one.event.details))
