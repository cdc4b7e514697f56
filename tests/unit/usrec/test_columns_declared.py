"""Every column of the ledger is declared: sealed, or plain for a reason; a new one has to be thought about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import LargeBinary, Text

from usrec.adapters.persistence.care.places import PLACES
from usrec.adapters.persistence.columns import metadata
from usrec.adapters.persistence.types import UtcDateTime, WordType

PAGE: Final = Path(__file__).parents[3] / "docs" / "how-to" / "data-care.md"

PLAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "the employer, who is no employee; searched": {
        "inbox": "employer_bin",
        "submissions": "employer employer_bin",
        "contracts": "employer_bin",
        "contract_numbers": "employer_bin",
        "outbox": "employer_bin",
        "employer_stops": "employer_bin employer",
        "mass_batches": "employer_bin employer",
        "mass_members": "employer_bin",
        "snapshot_stories": "employer_bin",
        "snapshot_events": "employer_bin",
        "alerts": "employer",
        "permits": "employer_bin",
        "intake_rows": "employer_bin",
        "imported_contracts": "employer_bin",
        "audit_runs": "employer_bin employer",
        "told_notices": "about",
    },
    "HR's own keys, which must hold no name and no IIN; unique, searched": {
        "inbox": "source event_id row_ref contract_key",
        "submissions": "source row_ref event_id contract_key",
        "contracts": "contract_key",
        "contract_numbers": "contract_key number",
        "outbox": "contract_key",
        "write_backs": "source row_ref",
        "alerts": "source event_id",
        "permits": "contract_key",
        "pair_halves": "pair_key",
        "snapshot_looks": "source",
        "snapshot_puzzles": "source contract_key",
        "snapshot_stories": "source folded_key contract_key",
        "snapshot_events": "source event_id contract_key",
        "mass_batches": "name",
        "mass_members": "batch",
        "intake_rows": "source event_id contract_key",
        "imported_contracts": "contract_key",
        "intake_requests": "source idempotency_key",
        "intake_calls": "source",
    },
    "ids that the agent or the registry made up": {
        "submissions": "id replaces replaced_by record_id contract_id",
        "messages": "submission_id record_id message_id",
        "contracts": "registry_id",
        "journal": "submission_id",
        "write_backs": "contract_id record_id",
        "outbox": "submission_id blocked_by",
        "signing_requests": "submission_id record_id package_id",
        "attempts": "id submission_id correlation_id",
        "acknowledgements": "submission_id attempt_id registry_id",
        "questions": "submission_id correlation_id",
        "alerts": "submission_id",
        "alert_deliveries": "message_id",
        "permits": "submission_id",
        "employer_stops": "submission_id",
        "mass_members": "submission_id",
        "pair_halves": "submission_id",
        "encryption_keys": "id",
        "intake_rows": "id contract_id record_id",
        "imported_contracts": "contract_id",
    },
    "keyed digests, or digests of what holds a random id or a signature": {
        "inbox": "fingerprint",
        "messages": "digest certificate",
        "documents": "digest",
        "signing_requests": "digest approved_digest",
        "attempts": "envelope_digest",
        "acknowledgements": "signed_digest",
        "questions": "signed_digest",
        "intake_requests": "digest",
        "journal_batches": "ranges gaps voids content previous hash digests",
        "journal_heads": "hash statement",
    },
    "the certificate of the key that signs the journal's heads; it goes out with every message": {
        "journal_heads": "certificate signature timestamp",
    },
    "stable words, codes and names of files' formats": {
        "inbox": "event_type",
        "snapshot_stories": "kind",
        "snapshot_puzzles": "kind",
        "audit_runs": "counts",
        "snapshot_events": "event_type",
        "submissions": "edition point term calendar_version code reason findings",
        "documents": "format",
        "journal": "action reason detail",
        "write_backs": "state code message findings",
        "outbox": "note",
        "employer_stops": "code",
        "attempts": "code",
        "acknowledgements": "kind code",
        "questions": "code detail",
        "agents": "halted",
        "alert_sinks": "problem",
        "intake_rows": "event_type state code message findings",
    },
    "what an HR system is told: its own keys, and the stable words and codes of what became of its events": {
        "intake_requests": "answer",
        "intake_calls": "body",
    },
    "account names and reasons of those who operate; they are told not to write personal data": {
        "journal": "actor",
        "signing_requests": "approved_by",
        "employer_stops": "stopped_by reason",
        "mass_batches": "decided_by reason",
    },
    "ids, numbers and days of agreements, as the registry's export gave them": {
        "imported_contracts": "agreements",
    },
    "machines and places of the installation": {
        "outbox": "lease_owner",
        "agents": "owner host version",
        "alert_deliveries": "sink",
        "alert_sinks": "sink owner",
        "told_notices": "sink",
    },
}


def test_every_column_that_can_hold_words_or_bytes_is_sealed_or_plain_for_a_reason() -> None:
    plain = [
        f"{table}.{name}" for tables in PLAIN.values() for table, names in tables.items() for name in names.split()
    ]
    sealed = [place.name for place in PLACES]
    assert len(set(plain)) == len(plain)
    assert not set(plain) & set(sealed)
    there = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Text | LargeBinary) and not isinstance(column.type, WordType | UtcDateTime)
    }
    assert there - set(plain) - set(sealed) == set(), "think about it, and declare it here or seal it"
    assert {*plain, *sealed} - there == set(), "it is not there any more"


def test_page_of_data_care_tells_of_every_sealed_column() -> None:
    told = PAGE.read_text("utf-8")
    assert [place.name for place in PLACES if f"`{place.name}`" not in told] == []


def test_page_of_data_care_tells_of_every_command_that_writes_an_export_into_the_journal() -> None:
    folder = PAGE.parents[2] / "src" / "usrec" / "interfaces" / "cli"
    exporting = re.compile(r'(?:record_export|_note_personal)\(\s*(?:place, )?"([a-z ]+)"')
    found = {name for file in folder.glob("*.py") for name in exporting.findall(file.read_text("utf-8"))}
    users = [file.name for file in folder.glob("*.py") if "record_export(" in file.read_text("utf-8")]
    assert len(found) >= len(users) > 1, "the expression finds every module that exports"
    exports = PAGE.read_text("utf-8").partition("## Exports")[2]
    assert sorted(name for name in found if f"`usrec {name}" not in exports) == []
