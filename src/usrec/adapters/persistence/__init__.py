"""The ledger on SQLite and PostgreSQL (SQLAlchemy Core); the only package that knows SQLAlchemy and Alembic."""

from usrec.adapters.persistence.engine import create_ledger_engine
from usrec.adapters.persistence.ledger import SqlLedger, SqlUnitOfWork, open_ledger

__all__ = ["SqlLedger", "SqlUnitOfWork", "create_ledger_engine", "open_ledger"]
