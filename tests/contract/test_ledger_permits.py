"""Permits on SQLite and PostgreSQL: one for each contract, found again in a ledger that is older than the table."""

from __future__ import annotations

import json
from datetime import date, timedelta

from alembic import command
from sqlalchemy import Engine, text

from support.ledger_values import BIN, HOUR, NOW, a_submission, enqueued
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.schema import alembic_config, upgrade
from usrec.domain.source_event import ContractKey, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Submission, SubmissionId, WaitReason

ENDS = date(2027, 3, 1)
NEWER = date(2028, 3, 1)


def accepted(name: str, contract: str, operation: Operation, hours: int, ends: date | None = None) -> Submission:
    """A registered event, decided so many hours after now."""
    return a_submission(
        name,
        contract_key=ContractKey(contract),
        operation=operation,
        state=State.ACCEPTED,
        details=json.dumps({} if ends is None else {"permit_end_date": ends.isoformat()}),
        decided_at=NOW + hours * HOUR,
    )


def permits_of(ledger: SqlLedger) -> dict[str, tuple[str, date]]:
    found = ledger.view.permits(date(2099, 1, 1))
    return {one.contract_key: (one.submission_id, one.end_date) for one in found}


def test_a_contract_has_one_permit_and_the_newest_counts(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for name in ("s1", "s2", "s3"):
            work.submissions.add(accepted(name, "K-1", Operation.CONTRACT_EDIT, 1))
        for name, ends in (("s1", ENDS), ("s2", ENDS), ("s3", NEWER)):
            work.permits.put(BIN, ContractKey("K-1"), SubmissionId(name), ends)
            work.permits.told(SubmissionId("s1"), 30)
            if name == "s2":
                assert work.permits.untold(ENDS, 10, 9) == [("s1", ENDS)]
                assert work.permits.untold(ENDS, 30, 9) == []
                assert work.permits.untold(ENDS - timedelta(days=1), 10, 9) == []
        assert work.permits.untold(NEWER, 60, 9) == [("s3", NEWER)]
        work.permits.pause(BIN, ContractKey("K-1"), ended=True)
        assert work.permits.untold(NEWER, 60, 9) == []
        work.permits.pause(BIN, ContractKey("K-1"), ended=False)
        work.permits.remove(BIN, ContractKey("other"))
        work.commit()
    assert permits_of(ledger) == {"K-1": ("s3", NEWER)}
    with ledger.begin() as work:
        work.permits.remove(BIN, ContractKey("K-1"))
        work.commit()
    assert permits_of(ledger) == {}


def test_a_permit_goes_with_the_employers_new_number(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for number, name in enumerate(("s1", "s2")):
            work.submissions.add(accepted(name, "K-1", Operation.CONCLUSION, number))
        work.permits.put(BIN, ContractKey("K-1"), SubmissionId("s1"), ENDS)
        work.permits.move(BIN, ContractKey("K-1"), to="1")
        work.permits.pause(BIN, ContractKey("K-1"), ended=True)
        work.permits.put(BIN, ContractKey("K-1"), SubmissionId("s2"), NEWER)
        work.permits.move("1", ContractKey("K-1"), to=BIN)
        work.commit()
    assert permits_of(ledger) == {"K-1": ("s2", NEWER)}


def test_an_older_ledger_gets_the_permits_of_its_registered_contracts(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    story = (
        accepted("a1", "goes on", Operation.CONCLUSION, 0, ENDS),
        accepted("b1", "corrected", Operation.CONCLUSION, 0, ENDS),
        accepted("b2", "corrected", Operation.CONTRACT_EDIT, 1, NEWER),
        accepted("c1", "taken out", Operation.LEGACY_CONTRACT, 0, ENDS),
        accepted("c2", "taken out", Operation.CONTRACT_EDIT, 1),
        accepted("d1", "deleted", Operation.CONCLUSION, 0, ENDS),
        accepted("d2", "deleted", Operation.CONTRACT_DELETE, 1),
        accepted("e1", "ended", Operation.CONCLUSION, 0, ENDS),
        accepted("e2", "ended", Operation.TERMINATION, 1),
        accepted("f1", "came back", Operation.CONCLUSION, 0, ENDS),
        accepted("f2", "came back", Operation.TERMINATION, 1),
        accepted("f3", "came back", Operation.REINSTATEMENT, 2),
        accepted("g1", "without", Operation.CONCLUSION, 0),
    )
    ledger = SqlLedger(empty_engine)
    with ledger.begin() as work:
        for one in story:
            work.submissions.add(one)
        work.commit()
    with empty_engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0012")
    upgrade(empty_engine)
    goes_on = {"goes on": ("a1", ENDS), "corrected": ("b2", NEWER), "came back": ("f1", ENDS)}
    assert permits_of(ledger) == goes_on
    with ledger.begin() as work:
        work.permits.pause(BIN, ContractKey("ended"), ended=False)
        work.commit()
    assert permits_of(ledger) == {**goes_on, "ended": ("e1", ENDS)}


def test_what_waits_for_an_iin_is_stopped_in_an_older_ledger(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    with SqlLedger(empty_engine).begin() as work:
        enqueued(work, "s1", entry={"status": QueueStatus.HELD, "wait_reason": WaitReason.AWAITING_IIN})
        work.commit()
    with empty_engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0012")
    with empty_engine.connect() as connection:
        assert connection.execute(text("SELECT status, wait_reason FROM outbox")).all() == [("held", "held_by_person")]
