"""Database errors in the agent's own words, with the driver's error as their cause.

Sources: SQLite result codes; PostgreSQL error codes (Appendix A of its manual). One listener on the engine sees every
error of every statement, so that no caller can meet one in the raw. What the drivers say about constraints and values
quotes the row, which holds personal data: it is cut off before anybody can log it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import URL, Engine, ExceptionContext, event, exc

from usrec.domain.errors import (
    InvariantViolation,
    LedgerSchemaError,
    LedgerUnavailable,
    UsrecError,
    ValidationProblem,
)

_KEPT: Final = "The transaction was rolled back; everything committed before is safe"
_WHOLE: Final = "The transaction is committed as a whole or not at all; everything committed before is safe"
"""Of a connection that is lost at its very end nobody knows which."""
_AGAIN: Final = "A running agent tries again by itself; a command has to be given again"

_SQLITE: Final[Mapping[str, tuple[str, str]]] = {
    "SQLITE_BUSY": ("another process kept it locked for too long", _AGAIN),
    "SQLITE_LOCKED": ("another process kept it locked for too long", _AGAIN),
    "SQLITE_FULL": ("the disk is full", "Free some space; the agent goes on by itself"),
    "SQLITE_READONLY": ("it cannot be written", "Give the agent's user the right to write the file and its folder"),
    "SQLITE_PERM": ("access is denied", "Give the agent's user the right to write the file and its folder"),
    "SQLITE_CANTOPEN": ("the file cannot be opened", "Check that its folder exists and may be written"),
    "SQLITE_IOERR": ("the disk reports an error", "Check the disk"),
    "SQLITE_CORRUPT": ("the file is damaged", "Stop the agent and restore the newest backup"),
    "SQLITE_NOTADB": ("the file is not an SQLite database", "Check the address in the settings ([ledger] url)"),
}
"""By the beginning of SQLite's error name: what happened, what to do."""

_POSTGRESQL: Final[Mapping[str, tuple[str, str]]] = {
    "53100": ("the server's disk is full", "Free some space; the agent goes on by itself"),
    "53": ("the server is short of resources", _AGAIN),
    "55P03": ("another process kept a row locked for too long", _AGAIN),
    "40": ("it collided with another transaction", _AGAIN),
    "54": ("a text is longer than it can keep", "Find the row of HR that holds it and mend it"),
    "57014": ("the server cancelled a statement (statement_timeout)", f"Let statements take longer. {_AGAIN}"),
    "25P03": ("the server ended a transaction in which the agent had stood still", _AGAIN),
    "25006": ("the server takes no writes", "Point the settings ([ledger] url) at the primary server"),
    "42501": ("access is denied", "Give the agent's role its rights on the tables"),
    "28": ("the server refused the login", "Check user and password in the settings ([ledger] url and password)"),
    "3D": ("the database does not exist", "Create it, then run: usrec db upgrade"),
}
"""By the beginning of the error code: what happened, what to do."""

_UNREACHABLE: Final = (
    "it cannot be reached, or the connection was lost",
    f"Check that it runs, and url and password in [ledger]. {_AGAIN}",
)

_CELL: Final = re.compile(r"""( with text '|: ").*""", re.DOTALL)
"""Where SQLite (a text that is not UTF-8) and PostgreSQL (a value that is none of its type) begin to quote a value."""
_NO_TEXT: Final = "Could not decode to UTF-8"
_NO_TABLE: Final = ("no such table", "no such column")
_NO_TABLE_CODES: Final = frozenset({"42P01", "42703"})

_RACES: Final = ("pk_inbox", "inbox.source", "uq_acknowledgements_signed_digest", "acknowledgements.signed_digest")
"""Uniqueness that two healthy agents can run into together; the second finds the record when it tries again."""


def address_of(url: URL) -> str:
    """Where the ledger is, without user, password and options."""
    if url.get_backend_name() == "sqlite":
        return f"ledger {url.database or 'in memory'}"
    named = url.host or url.query.get("host", "")
    return f"ledger {named if isinstance(named, str) else ','.join(named)}/{url.database or ''}"


def translate_failures(engine: Engine) -> None:
    """Let every error of ``engine`` come out as one of the agent's."""
    address = address_of(engine.url)

    def translate(context: ExceptionContext) -> UsrecError | None:
        original = context.original_exception
        if context.is_pre_ping or not isinstance(original, Exception) or isinstance(original, UsrecError):
            return None
        return failure_of(original, context.sqlalchemy_exception, address)

    event.listen(engine, "handle_error", translate)


def failure_of(original: Exception, wrapped: Exception | None, address: str) -> UsrecError:
    """The agent's error for a driver's error.

    Args:
        wrapped: SQLAlchemy's class for it; None where it did not come from the driver.
    """
    match wrapped:
        case exc.DBAPIError() if str(original).startswith(_NO_TEXT):
            return _damaged_text(original, address)
        case exc.IntegrityError():
            return _broken_rule(original, address)
        case exc.DataError():
            return _unstorable(_without_row(original), address)
        case exc.DBAPIError() if _lacks_table(original):
            return LedgerSchemaError(
                "its tables are not those of this version",
                where=address,
                kept="Nothing was changed",
                next_step="Run: usrec db upgrade",
            )
        case exc.DBAPIError() if _is_known(original) or not _is_about_the_statement(original, wrapped):
            return _unavailable(original, address)
        case _ if isinstance(original, UnicodeError | OverflowError):
            return _unstorable(type(original).__name__, address)
        case _:
            return InvariantViolation(
                f"a statement could not be made: {_first_line(original)}",
                where=address,
                kept=_KEPT,
                next_step="Report this",
            )


def _damaged_text(original: Exception, address: str) -> InvariantViolation:
    return InvariantViolation(
        f"a text in its tables is damaged ({_without_row(original)})",
        where=address,
        kept="Nothing was changed",
        next_step="Run: usrec journal verify. Find out what wrote into the file, or restore the newest backup",
    )


def _unavailable(original: Exception, address: str) -> LedgerUnavailable:
    happened, remedy = _kind_of(original)
    said = _without_row(original)
    kept = _WHOLE if (happened, remedy) == _UNREACHABLE else _KEPT
    return LedgerUnavailable(f"{happened} ({said})" if said else happened, where=address, kept=kept, next_step=remedy)


def _kind_of(original: Exception) -> tuple[str, str]:
    name = getattr(original, "sqlite_errorname", None) or ""
    state = getattr(original, "sqlstate", None) or ""
    known = _SQLITE if name else _POSTGRESQL
    for beginning, kind in known.items():
        if (name or state).startswith(beginning):
            return kind
    return _UNREACHABLE


def _is_known(original: Exception) -> bool:
    return _kind_of(original) is not _UNREACHABLE


def _is_about_the_statement(original: Exception, wrapped: Exception) -> bool:
    return isinstance(wrapped, exc.ProgrammingError) or getattr(original, "sqlite_errorname", "") == "SQLITE_ERROR"


def _broken_rule(original: Exception, address: str) -> UsrecError:
    rule = _without_row(original)
    if any(race in rule for race in _RACES):
        return LedgerUnavailable(
            "another agent recorded the same fact first", where=address, kept=_KEPT, next_step=_AGAIN
        )
    return InvariantViolation(
        f"a rule of the ledger was broken ({rule})",
        where=address,
        kept=_KEPT,
        next_step="Report this with the submission's timeline (usrec submission show)",
    )


def _unstorable(why: str, address: str) -> ValidationProblem:
    return ValidationProblem(
        f"a value cannot be stored ({why}): a number is too large, or a text holds NUL or half a character",
        where=address,
        kept=_KEPT,
        next_step="Find the HR row that holds it and mend it",
    )


def _lacks_table(original: Exception) -> bool:
    return getattr(original, "sqlstate", None) in _NO_TABLE_CODES or _first_line(original).startswith(_NO_TABLE)


def _without_row(original: Exception) -> str:
    """The driver's first line, which names the rule; the lines after it quote the row and are dropped for good."""
    line = _first_line(original)
    original.args = (line,)
    return line


def _first_line(original: Exception) -> str:
    return next(iter(_CELL.sub("", str(original)).splitlines()), "")
