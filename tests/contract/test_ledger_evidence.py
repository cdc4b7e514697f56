"""What an export of evidence reads is the same on each database, of one moment, and complete."""

from __future__ import annotations

from datetime import timedelta

from support.line import TIMEOUT, TODAY, Line, registered
from usrec.adapters.persistence import SqlLedger
from usrec.application.link_journal import link_journal
from usrec.domain.chain_proof import check_proof
from usrec.domain.outage import outages
from usrec.domain.verdict import Ending


def test_records_exchanges_and_chain_of_a_period(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("hire-1", contract="K-1")
    line.send(TIMEOUT)
    line.send_again(registered("R-1"))
    link_journal(ledger=ledger, clock=line.clock, limit=3)
    line.take("hire-2", contract="K-2")
    link_journal(ledger=ledger, clock=line.clock)
    first, second = line.of("hire-1").id, line.of("hire-2").id

    with ledger.evidence.reading() as reading:
        assert set(reading.due_or_taken(TODAY, TODAY).ids) == {first, second}
        assert reading.due_or_taken(TODAY - timedelta(days=9), TODAY - timedelta(days=8)).ids == []
        assert reading.identified(first) == first
        records = reading.records([second, first])
        assert [record.submission.id for record in records] == [second, first]
        told = records[1]
        assert [one.ending for one in told.attempts] == [Ending.UNKNOWN, Ending.REGISTERED]
        assert told.row is not None
        assert told.message is not None
        (outage,) = outages(reading.exchanges(told.submission.received_at))
        assert outage.failures == {"timeout": 1}
        lines = [one for record in records for one in record.lines]
        found = check_proof(lines, reading.links([one.seq for one in lines]))
    assert (found.faults, found.unlinked, found.linked) == ([], 0, len(lines))


def test_what_is_written_during_an_export_is_not_in_it(shared_ledger: SqlLedger) -> None:
    line = Line(ledger=shared_ledger)
    line.take("hire-1", contract="K-1")
    which = line.of("hire-1").id
    with shared_ledger.evidence.reading() as reading:
        before = reading.records([which])
        line.send(registered("R-1"))
        assert reading.records([which]) == before
