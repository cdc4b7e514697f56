"""What an account needs to take rows from the outbox and to say what became of them, and nothing else."""

from __future__ import annotations

from typing import Final

from usrec.adapters.sources.outbox_kit.speech import SPEECHES

_FILLED: Final = (
    "taken_at, usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id, usrec_record_id,"
    " usrec_legal_date, usrec_noted_at"
)
"""The columns that say what became of a row."""
_MAY_READ_ONLY: Final = (
    "-- Where no right to update can be given, leave out the UPDATE line and set the source read-only in the agent's\n"
    "-- settings. The account itself is made by the administrator: no password stands here.\n"
)


def rights(dialect: str, account: str) -> str:
    """GRANT statements for ``account``.

    MariaDB's accounts are ``name@host``; a name alone is one from any host.
    """
    if dialect == "sqlite":
        return "-- SQLite has no accounts: the agent's user needs the right to write the file and its folder.\n"
    who = _mariadb(account) if dialect == "mariadb" else SPEECHES[dialect].column(account)
    select, update = "GRANT SELECT ON usrec_outbox TO", f"GRANT UPDATE ({_FILLED}) ON usrec_outbox TO"
    lines = [f"{select} {who};", f"{update} {who};"]
    if dialect == "postgresql":
        lines.insert(0, "-- Where the table is not in public, the account needs USAGE on its schema too.")
    if dialect == "mssql":
        lines.append("GO")
    return _MAY_READ_ONLY + "\n".join(lines) + "\n"


def _mariadb(account: str) -> str:
    name, _, host = account.partition("@")
    speech = SPEECHES["mariadb"]
    return f"{speech.literal(name)}@{speech.literal(host or '%')}"
