"""The act of a period: how many submissions were in time, which were late, and when nobody could be reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from usrec.application.export_evidence import MOST_LATE, Exported
from usrec.domain.evidence import PeriodRow, Timeliness
from usrec.interfaces.cli.evidence_act import LANGUAGES, closing_words, footer, outage_grid
from usrec.interfaces.cli.evidence_words import TIMELINESS
from usrec.interfaces.cli.words import law_words, operation_name
from usrec.interfaces.i18n import in_language, tr
from usrec.interfaces.time_words import local_time
from usrec.ports.act import ActText, Block, Grid, Heading, Paragraph

_MOST_OUTAGES = 200


def period_act(exported: Exported, period: tuple[date, date], *, ledger: str, now: datetime) -> Sequence[ActText]:
    """The act in both languages."""
    acts = []
    for language in LANGUAGES:
        with in_language(language):
            title = tr("Act on the entry of data in USREC, {first} to {last}")
            blocks = list(_blocks(exported))
            named = title.format(first=period[0].isoformat(), last=period[1].isoformat())
            acts.append(ActText(language, named, footer(ledger, now), blocks))
    return acts


def _blocks(exported: Exported) -> Iterator[Block]:
    yield Paragraph(tr("Submissions whose last day lies in the period, or that the agent took in it."))
    counts = [
        [tr(TIMELINESS[one]), str(exported.by_timeliness[one])] for one in Timeliness if exported.by_timeliness[one]
    ]
    totals = [[tr("submissions"), str(exported.submissions)], [tr("attempts"), str(exported.attempts)]]
    yield Grid((5, 1), [*totals, *counts])
    yield from _late(exported)
    yield Heading(tr("When the gateway could not be reached"))
    if exported.outages:
        yield outage_grid(exported.outages[:_MOST_OUTAGES])
        if len(exported.outages) > _MOST_OUTAGES:
            yield Paragraph(tr("Further ones stand in the records of the submissions."))
    else:
        yield Paragraph(tr("No exchange of the agent failed to reach the gateway."))
    yield from closing_words(mitigates=True)


def _late(exported: Exported) -> Iterator[Block]:
    yield Heading(tr("Late"))
    if not exported.late:
        yield Paragraph(tr("None was late."))
        return
    heads = (tr("last day"), tr("acknowledged by USREC"), tr("event"), tr("contract in the HR system"), tr("attempts"))
    yield Grid((3, 3, 5, 5, 2), [_row(one) for one in exported.late], heads)
    if len(exported.late) == MOST_LATE:
        yield Paragraph(tr("Only the first {number} are listed; index.csv has all.").format(number=MOST_LATE))


def _row(one: PeriodRow) -> Sequence[str]:
    last = "" if one.legal_date is None else one.legal_date.isoformat()
    point = f" ({law_words(one.point)})" if one.point else ""
    return [
        last,
        local_time(one.acknowledged),
        operation_name(one.operation) + point,
        one.contract_key,
        str(one.attempts),
    ]
