"""Taking back one wrong match of a contract in the registry with one of HR's, before anything was sent under it."""

from __future__ import annotations

import json
from typing import Final, NoReturn

from usrec.application.acting import Actor
from usrec.application.contract_id import forget_id, resting_on
from usrec.domain.errors import UnsafeRequest
from usrec.domain.source_event import ContractKey
from usrec.domain.state import State
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

UNDONE: Final = "contract_import_undone"
"""The journal's word."""


def undo_import(employer_bin: str, contract_id: str, actor: Actor, *, ledger: Ledger, clock: Clock) -> ContractKey:
    """Forget that the registry's contract is HR's; what waits under it waits for an id again.

    A conclusion that was taken back for the match's sake stays taken back: HR sends it again by its revision.

    Returns:
        HR's key of the contract.

    Raises:
        UnsafeRequest: No import has it, or something was signed or registered under it.
    """
    now = clock.now()
    with ledger.begin() as work:
        key = work.imported.keys_of(employer_bin, [contract_id]).get(contract_id)
        if key is None:
            _refuse(contract_id, "no import has this contract", "Look at its spelling: usrec onboard show")
        work.contracts.lock(employer_bin, key)
        used = resting_on(work, (employer_bin, key))
        if any(one.state is not State.PENDING for one in used):
            told = "Correct the contract in the portal; the messages: usrec submission list"
            _refuse(contract_id, "messages were signed or registered under this id", told)
        _forget(work, employer_bin, key, contract_id)
        forget_id(work, used, now)
        detail = json.dumps({"contract_id": contract_id, "contract_key": key}, ensure_ascii=False)
        work.journal.append(JournalEntry(now, None, UNDONE, None, None, actor.name, actor.reason, detail))
        work.commit()
    return key


def _forget(work: UnitOfWork, employer_bin: str, key: ContractKey, contract_id: str) -> None:
    work.imported.remove(employer_bin, key)
    if work.contracts.registry_id(employer_bin, key) == contract_id:
        work.contracts.set_registry_id(employer_bin, key, None)


def _refuse(contract_id: str, why: str, next_step: str) -> NoReturn:
    raise UnsafeRequest(why, where=f"contract {contract_id}", kept="Nothing was changed", next_step=next_step)
