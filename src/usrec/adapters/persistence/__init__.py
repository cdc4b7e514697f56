"""The ledger on SQLite and PostgreSQL (SQLAlchemy Core)."""
