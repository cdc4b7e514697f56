"""SQL for the administrator of an HR database: what is printed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from usrec.adapters.sources.outbox_ddl import DIALECTS, outbox_ddl
from usrec.adapters.sources.outbox_kit.rights import rights
from usrec.adapters.sources.outbox_kit.speech import SPEECHES
from usrec.adapters.sources.outbox_kit.triggers import triggers
from usrec.adapters.sources.outbox_schema import outbox_table
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.cli.app import app

MAPPING = """
version = 1
[triggers]
contract = { "hr.contract" = "id" }
[codes.term]
"Бессрочный" = "1"
[contract]
query = "SELECT id, number, term, ends FROM hr.contract"
key = "id"
employer_bin = { constant = "200940000013" }
[contract.conclusion]
contract_number = "number"
term_code = { column = "term", codes = "term" }
[contract.termination]
termination_date = "ends"
"""


def written(folder: Path, text: str = MAPPING) -> Path:
    file = folder / "staff.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_table_has_exactly_the_columns_that_the_agent_reads_and_marks(dialect: str) -> None:
    body = outbox_ddl(dialect).split("CREATE TABLE usrec_outbox (", 1)[1].split("UNIQUE", 1)[0]
    lines = [line.split() for line in body.splitlines() if line.strip() and not line.strip().startswith("--")]
    columns = [words[0] for words in lines if words[0] != "CONSTRAINT"]
    table = outbox_table("usrec_outbox")
    assert columns == [column.name for column in table.columns]
    for statement in (select(table), update(table)):
        text = str(statement.compile(dialect=SPEECHES[dialect].dialect))
        assert all(name in text for name in columns)


@pytest.mark.parametrize("dialect", ["mssql", "oracle"])
def test_what_no_live_server_has_seen_says_so_and_loses_no_letters(dialect: str, tmp_path: Path) -> None:
    printed = triggers(dialect, written(tmp_path))
    assert "NOT TESTED against a live server" in outbox_ddl(dialect)
    assert "NOT TESTED against a live server" in printed
    assert "N'Бессрочный'" in printed
    assert "nvarchar" in outbox_ddl(dialect)


def test_sql_server_compares_exactly_and_no_columns_of_different_collations(tmp_path: Path) -> None:
    """It refuses a key of HR's, in the database's collation, beside one of the outbox (error 468)."""
    exactly = "COLLATE Latin1_General_100_BIN2"
    printed = triggers("mssql", written(tmp_path))
    assert printed.count("nvarchar(4000)) ") == printed.count(f"nvarchar(4000)) {exactly}") > 0
    assert f"JSON_VALUE(l.payload, '$.term_code') {exactly}" in printed
    assert f"n.payload {exactly} <> n.told {exactly}" in printed
    assert f"COALESCE(n.employer_bin, ' ') {exactly} <> COALESCE(n.told_bin, ' ') {exactly}" in printed
    assert "COLLATE" not in triggers("sqlite", written(tmp_path))


def test_no_session_of_hrs_is_kept_from_the_table_of_sql_server() -> None:
    """Filtered indexes refuse sessions and procedures with QUOTED_IDENTIFIER OFF (error 1934)."""
    statements = [one.split("--")[0] for one in outbox_ddl("mssql").splitlines()]
    assert not any("WHERE" in one for one in statements)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_table_says_that_the_agent_takes_its_rows(dialect: str) -> None:
    """Reading is tested for real on SQLite, PostgreSQL and MariaDB; the others say in capitals that it is not."""
    printed = outbox_ddl(dialect)
    assert "The agent takes each row" in printed
    assert ("neither this SQL nor the agent's reading" in printed) == (dialect in {"mssql", "oracle"})


def test_the_table_of_mariadb_holds_every_letter_and_tells_keys_apart() -> None:
    assert "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" in outbox_ddl("mariadb")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_stand_in_quotes_where_they_need_them(dialect: str, tmp_path: Path) -> None:
    text = MAPPING.replace('"hr.contract" = "id"', '"hr.Contract" = "Нөмір id"')
    left, right = {"mariadb": ("`", "`"), "mssql": ("[", "]")}.get(dialect, ('"', '"'))
    printed = triggers(dialect, written(tmp_path, text))
    assert f"hr.{left}Contract{right}" in printed
    assert f"{left}Нөмір id{right}" in printed


@pytest.mark.parametrize(
    ("dialect", "shown"),
    [
        ("postgresql", 'TO "HR-agent";'),
        ("mssql", "TO [HR-agent];"),
        ("oracle", 'TO "HR-agent";'),
        ("mariadb", "TO 'HR-agent'@'%';"),
    ],
)
def test_account_gets_no_more_than_it_needs(dialect: str, shown: str) -> None:
    printed = rights(dialect, "HR-agent")
    assert printed.count(shown) == 2
    assert "GRANT SELECT ON usrec_outbox" in printed
    assert "GRANT UPDATE (taken_at, usrec_state" in printed
    assert not any(word in printed for word in ("INSERT", "DELETE", "ALL"))


def test_account_of_mariadb_may_name_its_host() -> None:
    assert "TO 'usrec'@'10.0.0.5';" in rights("mariadb", "usrec@10.0.0.5")


@pytest.mark.parametrize("table", ["_Reference123", "dbo._InfoRg88", "_document7", "_AccumRg12"])
def test_tables_that_1c_generates_are_refused_with_the_ways_that_work(table: str, tmp_path: Path) -> None:
    for text in (MAPPING.replace('"hr.contract"', f'"{table}"'), MAPPING.replace("FROM hr.contract", f"FROM {table}")):
        with pytest.raises(ConfigurationError, match="1C generates") as refused:
            triggers("mssql", written(tmp_path, text))
        assert "OData" in refused.value.next_step
        assert "JSON lines" in refused.value.next_step
        assert "snapshot" in refused.value.next_step


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"number"\nterm', '{ expression = "trim(number)" }\nterm', "expressions"),
        ('key = "id"', 'key = { constant = "1" }', "by a column only"),
        ('key = "id"', 'key = "id"\nslices = { begins = "a", ends = "b" }', "time slices"),
        ("[triggers]", '[dates]\nformats = ["DD.MM.YYYY"]\n[triggers]', "formats"),
        ('[triggers]\ncontract = { "hr.contract" = "id" }', "", "no \\[triggers\\]"),
        ("FROM hr", "/* $usrec$ */ FROM hr", "the mark"),
    ],
)
def test_what_a_trigger_cannot_do_is_refused_and_nothing_else_done(
    old: str, new: str, reason: str, tmp_path: Path
) -> None:
    assert old in MAPPING
    with pytest.raises(ConfigurationError, match=reason):
        triggers("postgresql", written(tmp_path, MAPPING.replace(old, new)))


def test_command_prints_table_rights_and_triggers_in_this_order(tmp_path: Path) -> None:
    asked = ["outbox", "ddl", "--dialect", "postgresql", "--account", "usrec_agent", "--mapping"]
    printed = CliRunner().invoke(app, [*asked, str(written(tmp_path))])
    assert printed.exit_code == 0
    places = [printed.stdout.index(one) for one in ("CREATE TABLE", "TO usrec_agent;\nGRANT UPDATE", "CREATE VIEW")]
    assert places == sorted(places)
    assert CliRunner().invoke(app, asked[:4]).stdout == outbox_ddl("postgresql")
