"""Triggers on HR's own tables that fill the outbox, as each database wants them written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from usrec.adapters.sources.mapping.read import load_document
from usrec.adapters.sources.outbox_kit.speech import SPEECHES, Speech
from usrec.adapters.sources.outbox_kit.statements import Contracts
from usrec.domain.errors import ConfigurationError

_HEAD: Final = """-- Triggers that fill usrec_outbox from HR's tables, by the mapping file. Try them on a copy first:
-- a trigger that fails undoes the HR department's own statement. Stop the HR system while this runs, so that nothing
-- is entered between the remembering of what is there and the triggers. They tell of conclusions, amendments and
-- terminations; all other events are inserted by HR itself.{proof}
"""
_UNTESTED: Final = "\n-- NOT TESTED against a live server."
_PROOF: Final = {"mssql": _UNTESTED, "oracle": _UNTESTED}
_KNOWN: Final = {
    "sqlite": "CREATE TABLE usrec_outbox_known (event_id TEXT PRIMARY KEY)",
    "postgresql": "CREATE TABLE usrec_outbox_known (event_id text PRIMARY KEY)",
    "mariadb": (
        "CREATE TABLE usrec_outbox_known (event_id varchar(400) PRIMARY KEY)"
        " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    ),
    "mssql": (
        "CREATE TABLE usrec_outbox_known (event_id nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY)"
    ),
    "oracle": "CREATE TABLE usrec_outbox_known (event_id nvarchar2(400) PRIMARY KEY)",
}
_INDEX: Final = "CREATE INDEX usrec_outbox_contract ON usrec_outbox (contract_key)"

_POSTGRESQL_TELL: Final = """CREATE FUNCTION usrec_outbox_tell(changed {type}) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT SET timezone = '<+05>-05' SET datestyle = 'ISO, YMD' AS $usrec$
BEGIN
-- Those who change one contract at a time wait for each other; the next revision then follows the last one.
PERFORM pg_advisory_xact_lock(hashtext('usrec_outbox'), hashtext({text}));
{body}
END
$usrec$;
REVOKE ALL ON FUNCTION usrec_outbox_tell({type}) FROM PUBLIC;
"""
_POSTGRESQL_WATCH: Final = """CREATE FUNCTION usrec_outbox_watch_{number}() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $usrec$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM usrec_outbox_tell(OLD.{column});
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM usrec_outbox_tell(NEW.{column});
    ELSIF TG_OP = 'UPDATE' AND NEW.{column} IS DISTINCT FROM OLD.{column} THEN
        PERFORM usrec_outbox_tell(NEW.{column});
    END IF;
    RETURN NULL;
END
$usrec$;
-- It looks when the transaction ends, at what it leaves behind.
CREATE CONSTRAINT TRIGGER usrec_outbox_watch_{number} AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE PROCEDURE usrec_outbox_watch_{number}();
"""
_MSSQL_TELL: Final = """GO
CREATE PROCEDURE usrec_outbox_tell @changed nvarchar(400) AS
BEGIN
SET NOCOUNT ON;
-- The key as it is spelt in the contract: the database may compare keys without regard to case.
DECLARE @spelt nvarchar(400) =
    COALESCE((SELECT MAX(v.contract_key) FROM usrec_outbox_contracts v WHERE v.source_key = @changed), {text});
{body}
END
GO
"""
_MSSQL_WATCH: Final = """CREATE TRIGGER usrec_outbox_watch_{number} ON {table} AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @changed nvarchar(400);
    DECLARE usrec_changed CURSOR LOCAL FAST_FORWARD FOR
        SELECT CAST({column} AS nvarchar(400)) FROM inserted UNION SELECT CAST({column} AS nvarchar(400)) FROM deleted;
    OPEN usrec_changed;
    FETCH NEXT FROM usrec_changed INTO @changed;
    WHILE @@FETCH_STATUS = 0
    BEGIN
        EXEC usrec_outbox_tell @changed;
        FETCH NEXT FROM usrec_changed INTO @changed;
    END;
END
GO
"""
_ORACLE_TELL: Final = """CREATE PROCEDURE usrec_outbox_tell(changed {type}) AS
BEGIN
{body}
END;
/
"""
_ORACLE_WATCH: Final = """CREATE TRIGGER usrec_outbox_watch_{number} FOR INSERT OR UPDATE OR DELETE ON {table}
COMPOUND TRIGGER
    TYPE keys IS TABLE OF {table}.{column}%TYPE INDEX BY PLS_INTEGER;
    changed keys;
    AFTER EACH ROW IS
    BEGIN
        IF NOT INSERTING THEN
            changed(changed.COUNT + 1) := :OLD.{column};
        END IF;
        IF NOT DELETING THEN
            changed(changed.COUNT + 1) := :NEW.{column};
        END IF;
    END AFTER EACH ROW;
    AFTER STATEMENT IS
    BEGIN
        FOR place IN 1 .. changed.COUNT LOOP
            usrec_outbox_tell(changed(place));
        END LOOP;
    END AFTER STATEMENT;
END;
/
"""
_MARIADB_TELL: Final = """DELIMITER //
CREATE PROCEDURE usrec_outbox_tell(changed varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
BEGIN
-- In the type of HR's own column, and then as it is spelt there: the database may compare keys without regard to case.
DECLARE wanted TYPE OF {column} DEFAULT changed;
DECLARE spelt varchar(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
SET spelt = COALESCE((SELECT MAX(v.contract_key) FROM usrec_outbox_contracts v WHERE v.source_key = wanted), {text});
{body}
END//
"""
_MOMENTS: Final = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def triggers(dialect: str, mapping: Path) -> str:
    """SQL that makes the triggers by the mapping file.

    Raises:
        ConfigurationError: The file cannot be used, or a trigger cannot do what it says; HR's tables are 1C's.
    """
    document, speech = load_document(mapping), SPEECHES[dialect]
    contracts = Contracts.of(document, speech, str(mapping))
    tables = document.triggers.contract if document.triggers else {}
    if "$usrec$" in contracts.query:
        raise ConfigurationError("the query holds the mark $usrec$", where=str(mapping), next_step="Rename it")
    view = f"GO\n{contracts.view()}\nGO\n" if dialect == "mssql" else f"{contracts.view()};\n"
    prepared = [view, *(f"{one};\n" for one in (_KNOWN[dialect], _INDEX, contracts.baseline()))]
    first = "SET NAMES utf8mb4;\n" if dialect == "mariadb" else ""
    return "\n".join(
        [_HEAD.format(proof=_PROOF.get(dialect, "")) + first, *prepared, *_WRITERS[dialect](contracts, speech, tables)]
    )


def _sqlite(contracts: Contracts, speech: Speech, tables: Mapping[str, str]) -> Sequence[str]:
    made = []
    for number, (table, column) in enumerate(tables.items(), 1):
        for moment, sides in _MOMENTS.items():
            body = "\n".join(_body(contracts, f"{side}.{speech.column(column)}") for side in sides)
            name = f"usrec_outbox_watch_{number}_{moment.lower()}"
            made.append(f"CREATE TRIGGER {name} AFTER {moment} ON {speech.name(table)}\nBEGIN\n{body}\nEND;\n")
    return made


def _mariadb(contracts: Contracts, speech: Speech, tables: Mapping[str, str]) -> Sequence[str]:
    text, body = speech.trimmed("changed"), _body(contracts, "wanted", "spelt")
    made = [_MARIADB_TELL.format(column=_key_column(speech, tables), text=text, body=body)]
    for number, (table, column) in enumerate(tables.items(), 1):
        for moment, sides in _MOMENTS.items():
            calls = "\n".join(f"    CALL usrec_outbox_tell({side}.{speech.column(column)});" for side in sides)
            name = f"usrec_outbox_watch_{number}_{moment.lower()}"
            made.append(
                f"CREATE TRIGGER {name} AFTER {moment} ON {speech.name(table)} FOR EACH ROW\nBEGIN\n{calls}\nEND//\n"
            )
    return [*made, "DELIMITER ;\n"]


def _postgresql(contracts: Contracts, speech: Speech, tables: Mapping[str, str]) -> Sequence[str]:
    body, text = _body(contracts, "changed"), speech.trimmed("changed")
    tell = _POSTGRESQL_TELL.format(type=_key_type(speech, tables), text=text, body=body)
    return [tell, *_watches(_POSTGRESQL_WATCH, speech, tables)]


def _mssql(contracts: Contracts, speech: Speech, tables: Mapping[str, str]) -> Sequence[str]:
    tell = _MSSQL_TELL.format(text=speech.trimmed("@changed"), body=_body(contracts, "@changed", "@spelt"))
    return [tell, *_watches(_MSSQL_WATCH, speech, tables)]


def _oracle(contracts: Contracts, speech: Speech, tables: Mapping[str, str]) -> Sequence[str]:
    tell = _ORACLE_TELL.format(type=_key_type(speech, tables), body=_body(contracts, "changed"))
    return [tell, *_watches(_ORACLE_WATCH, speech, tables)]


_WRITERS: Final = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
    "mssql": _mssql,
    "oracle": _oracle,
}


def _body(contracts: Contracts, changed: str, text: str = "") -> str:
    statements = contracts.statements(changed, text or contracts.speech.trimmed(changed))
    return "\n".join(f"{one};" for one in statements)


def _key_column(speech: Speech, tables: Mapping[str, str]) -> str:
    table, column = next(iter(tables.items()))
    return f"{speech.name(table)}.{speech.column(column)}"


def _key_type(speech: Speech, tables: Mapping[str, str]) -> str:
    return f"{_key_column(speech, tables)}%TYPE"


def _watches(written: str, speech: Speech, tables: Mapping[str, str]) -> list[str]:
    return [
        written.format(number=number, table=speech.name(table), column=speech.column(column))
        for number, (table, column) in enumerate(tables.items(), 1)
    ]
