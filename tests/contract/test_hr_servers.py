"""HR's databases on servers: MariaDB for real; of SQL Server and Oracle what is said to them, never run on one."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.dialects import mssql, oracle

from support.hr_sides import NAME, MariadbHr, PostgresqlHr
from support.line import MONDAY, Line
from support.made_certificates import make_server
from support.mariadb import NO_MARIADB, MariadbServer
from support.postgresql import PostgresqlServer
from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.outbox_kit.rights import rights
from usrec.adapters.sources.outbox_memory import OutboxMemory
from usrec.adapters.sources.outbox_row import habits_of, read_row
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.adapters.sources.probe import look_at_outbox
from usrec.adapters.sources.server_session import SERVERS, server_engine
from usrec.adapters.sources.staff_probe import look_at_staff
from usrec.adapters.sources.staff_roster import SqlStaffRoster
from usrec.application.write_back import write_back
from usrec.domain.errors import ConfigurationError, SourceUnavailable
from usrec.domain.mapping.staff_mapping import StaffMapping
from usrec.domain.secret import Secret
from usrec.ports.event_source import StatusNote

NOON = datetime(2026, 11, 20, 7, tzinfo=UTC)
LETTERS = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі 👩"
MAPPING = """
version = 1
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = "bin"
[contract.conclusion]
contract_number = "number"
contract_date = "signed"
end_date = "ends"
established_post = "post"
"""


@pytest.fixture
def hr(mariadb: MariadbServer) -> Iterator[MariadbHr]:
    side = MariadbHr(mariadb, "hr_server")
    yield side
    side.close()


@NO_MARIADB
def test_event_goes_from_mariadb_to_the_registry_and_its_ids_come_back(hr: MariadbHr, line: Line) -> None:
    line.enter("E1")
    [example] = line.source.fetch(1)
    values = ("event_type", "contract_key", "employer_bin", "payload")
    reference = hr.enter("E1", **{name: getattr(example, name) for name in values}, entered_at=MONDAY)
    line.source = hr.source()  # type: ignore[assignment] # the line asks no more of it than of any source
    assert line.ingest().taken == 1
    line.deliver_all()
    assert write_back(source=line.source, ledger=line.ledger, clock=line.clock) == 1
    told = hr.status_of(reference)
    assert told is not None
    assert (told.state, told.contract_id is not None) == ("accepted", True)
    assert line.ingest().taken == 0


@NO_MARIADB
def test_late_commit_is_found_and_a_row_that_hr_changes_is_passed_by(hr: MariadbHr) -> None:
    source, insert = hr.source(), "INSERT INTO usrec_outbox (event_id, payload) VALUES (%s, '{}')"
    taken: list[tuple[str, int]] = []
    reader = hr.source(writable=False, known=lambda keys: [key for key in keys if key in taken])
    with hr.slow.connect() as slow, hr.slow.connect() as quick:
        slow.exec_driver_sql(insert, ("A",))
        quick.exec_driver_sql(insert, ("B",))
        quick.commit()
        rows = source.fetch(10)
        assert [row.event_id for row in rows] == [row.event_id for row in reader.fetch(10)] == ["B"]
        quick.exec_driver_sql("UPDATE usrec_outbox SET payload = '[]' WHERE event_id = 'B'")
        source.mark_taken(rows)
        quick.commit()
        assert [row.payload for row in source.fetch(10)] == ["[]"]
        source.mark_taken(source.fetch(10))
        taken.append(("B", 1))
        slow.commit()
    assert [row.event_id for row in source.fetch(10)] == [row.event_id for row in reader.fetch(10)] == ["A"]


@NO_MARIADB
def test_hr_may_enter_rows_while_the_agent_holds_some(hr: MariadbHr) -> None:
    references = [hr.enter(name) for name in ("A", "B")]
    database = HrDatabase(NAME, hr.url, writable=True)
    with database.transaction(write=True) as held:
        found = held.execute(text("SELECT row_id FROM usrec_outbox WHERE taken_at IS NULL FOR UPDATE")).all()
        assert [str(row_id) for (row_id,) in found] == references
        hr.execute("SET SESSION innodb_lock_wait_timeout = 1")
        hr.enter("C")
    database.close()


@NO_MARIADB
def test_account_with_the_printed_rights_does_all_and_the_probe_knows_what_it_may(
    hr: MariadbHr, mariadb: MariadbServer
) -> None:
    mariadb.run("CREATE USER agent IDENTIFIED BY 'қ}p;''1'; " + rights("mariadb", "agent"), "hr_server")
    password, url = Secret("қ}p;'1"), mariadb.tcp("hr_server", "agent")
    body = '{"a": "' + LETTERS + "x" * 200_000 + '"}'
    reference = hr.enter("E1", payload=body, contract_key="К-1", entered_at=NOON.replace(microsecond=123456))
    source = OutboxTableSource(NAME, url, password=password)
    [row] = source.fetch(10)
    assert (row.payload, row.entered_at) == (body, NOON.replace(microsecond=123456))
    source.mark_taken([row])
    late = StatusNote(NAME, reference, 1, "accepted", "SCSS001", LETTERS, "[]", "c", date(2026, 11, 25), NOON, "r")
    source.write_back([late])
    source.write_back([StatusNote(NAME, reference, 1, "signed", "", "", "[]", None, None, NOON - timedelta(1))])
    told = hr.status_of(reference)
    assert told is not None
    assert (told.state, told.message, told.noted_at, told.legal_date) == ("accepted", LETTERS, NOON, date(2026, 11, 25))
    found = look_at_outbox(NAME, url, table="usrec_outbox", writable=True, password=password)
    assert (found.exists, found.missing, found.unreadable, found.unwritable) == (True, (), (), ())
    assert (found.waiting, found.taken) == (0, (("E1", 1),))
    memory = OutboxMemory(NAME, url, table="usrec_outbox", password=password)
    assert [(one.event_id, one.state, one.record_id) for page in memory.remembered() for one in page] == [
        ("E1", "accepted", "r")
    ]
    memory.close()
    mariadb.run("REVOKE UPDATE (usrec_state) ON usrec_outbox FROM agent", "hr_server")
    found = look_at_outbox(NAME, url, table="usrec_outbox", writable=True, password=password)
    assert found.unwritable == ("usrec_state",)
    assert not look_at_outbox(NAME, url, table="other", writable=True, password=password).exists
    with pytest.raises(SourceUnavailable) as refused:
        OutboxTableSource(NAME, url, password=Secret("wrong secret")).fetch(1)
    assert "Access denied" in str(refused.value)
    assert "wrong secret" not in str(refused.value)
    source.close()
    mariadb.run("DROP USER agent")


@NO_MARIADB
def test_certificate_of_the_server_is_always_checked(mariadb: MariadbServer, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    stranger = make_server(tmp_path / "other", now, now + timedelta(days=1))
    url, ask = mariadb.tcp("mysql", "root"), text("SHOW STATUS LIKE 'Ssl_cipher'")
    trusted = HrDatabase(NAME, f"{url}?ssl_ca={mariadb.authority / 'tls-ca.pem'}", writable=False)
    with trusted.transaction() as connection:
        assert connection.execute(ask).one()[1]
    trusted.close()
    for wrong in (f"{url}?ssl_ca={stranger / 'tls-ca.pem'}", f"{url}?ssl_ca={mariadb.authority / 'tls-ca.pem'}"):
        other = wrong if "other" in wrong else wrong.replace("127.0.0.1", "localhost")
        with (
            pytest.raises(SourceUnavailable, match="certificate"),
            HrDatabase(NAME, other, writable=False).transaction(),
        ):
            pass


@NO_MARIADB
def test_session_may_only_read_and_waits_for_nothing_long(hr: MariadbHr) -> None:
    database = HrDatabase(NAME, hr.url, writable=False)
    limits = "SELECT @@max_statement_time, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@session.time_zone"
    with database.transaction() as connection:
        assert [str(one) for one in connection.execute(text(limits)).one()] == ["60.0", "5", "5", "+00:00"]
    with pytest.raises(SourceUnavailable, match="READ ONLY"), database.transaction() as connection:
        connection.execute(text("DELETE FROM usrec_outbox"))
    database.close()


@NO_MARIADB
def test_staff_with_padded_keys_zero_dates_and_other_cases_is_read(hr: MariadbHr) -> None:
    hr.execute("SET SESSION sql_mode = ''")
    hr.execute(
        "CREATE TABLE staff (id char(10), bin varchar(20), number varchar(50), signed date, ends datetime, post text)"
        " COLLATE utf8mb4_general_ci"
    )
    hr.execute("INSERT INTO staff VALUES ('K-1', '990240000012', 'ТД 1', '2026-11-16', '0000-00-00', ?)", LETTERS)
    hr.execute("INSERT INTO staff VALUES ('K-2', '990240000012', 'ТД 2', '0000-00-00', '2026-12-31 00:00', 'x')")
    roster = SqlStaffRoster(HrDatabase(NAME, hr.url, writable=False, by_query=True), read_mapping(MAPPING, "m"), "hr")
    first, second = roster.look(NOON).contracts
    roster.close()
    assert (first.key, first.contract["established_post"], first.contract["contract_date"]) == (
        "K-1",
        LETTERS,
        "2026-11-16",
    )
    assert "end_date" not in first.contract
    assert (second.contract.get("contract_date"), second.contract["end_date"]) == (None, "2026-12-31")


@NO_MARIADB
def test_days_never_pass_through_utc_whatever_type_holds_them(hr: MariadbHr) -> None:
    """Midnight in Astana is the day before in Greenwich; until March 2024 the clock there was an hour ahead."""
    hr.execute(
        "CREATE TABLE staff (id int, bin varchar(12), number text, signed timestamp NULL, ends datetime, post text)"
    )
    hr.execute("SET SESSION time_zone = '+05:00'")
    hr.execute("INSERT INTO staff VALUES (1, '990240000012', 'ТД 1', '2026-11-16', '2027-11-15 00:00', 'x')")
    hr.execute("SET SESSION time_zone = '+06:00'")
    hr.execute("INSERT INTO staff VALUES (2, '990240000012', 'ТД 2', '2023-05-10', NULL, 'x')")
    mapping = read_mapping(MAPPING.replace("SELECT *", "SELECT staff.*, DATE(FROM_UNIXTIME(1794769200)) AS today"), "m")
    assert_days(hr.url, mapping)


@pytest.mark.postgresql
def test_days_never_pass_through_utc_on_postgresql(postgresql_server: PostgresqlServer) -> None:
    hr = PostgresqlHr(postgresql_server.new_database())
    hr.execute("CREATE TABLE staff (id int, bin text, number text, signed timestamptz, ends timestamp, post text)")
    hr.execute("INSERT INTO staff VALUES (1, '990240000012', 'ТД 1', '2026-11-16 00:00+05', '2027-11-15', 'x')")
    hr.execute("INSERT INTO staff VALUES (2, '990240000012', 'ТД 2', '2023-05-10 00:00+06', NULL, 'x')")
    mapping = read_mapping(MAPPING.replace("SELECT *", "SELECT *, to_timestamp(1794769200)::date AS today"), "m")
    assert_days(hr.url, mapping)
    hr.close()


def assert_days(url: str, mapping: StaffMapping) -> None:
    database = HrDatabase(NAME, url, writable=False, by_query=True, zone=mapping.dates.offset)
    roster = SqlStaffRoster(database, mapping, "hr")
    rows = {one.key: one.contract for one in roster.look(NOON).contracts}
    with database.transaction() as connection:
        today = connection.exec_driver_sql(mapping.contracts.query).mappings().all()[0]["today"]
    roster.close()
    assert {key: row["contract_date"] for key, row in rows.items()} == {"1": "2026-11-16", "2": "2023-05-10"}
    assert rows["1"]["end_date"] == "2027-11-15"
    assert today == date(2026, 11, 16), "what the query itself makes a day of"


CALLED_OTHERWISE = """
version = 1
[contract]
query = "SELECT id AS k, bin, nr AS contract_nr, title AS post, duties, signed FROM papers WHERE title NOT LIKE '%!%'"
key = "k"
employer_bin = "bin"
department = "duties"
[contract.conclusion]
employee_iin = "bin"
contract_number = "contract_nr"
contract_date = "signed"
established_post = "post"
term_code = { constant = "1" }
[leave]
query = "SELECT id, why FROM away"
key = "id"
contract_key = "id"
[leave.social_leave]
leave_type_code = { column = "why", codes = "leave" }
[codes.leave]
"Бала күтімі" = "1"
"""


@NO_MARIADB
def test_columns_that_cannot_hold_kazakh_letters_are_named_as_the_query_calls_them(
    hr: MariadbHr, mariadb: MariadbServer
) -> None:
    """Keys, numbers and days lose nothing in a small character set."""
    hr.execute(
        "CREATE TABLE papers (id char(36) CHARACTER SET ascii, bin varchar(12) CHARACTER SET latin1, signed date,"
        " nr varchar(50) CHARACTER SET cp1251, title varchar(90) CHARACTER SET cp1251, duties varchar(90))"
    )
    hr.execute("CREATE TABLE away (id int, why varchar(40) CHARACTER SET latin1)")
    hr.execute("INSERT INTO papers VALUES ('K-1', '990240000012', '2026-11-16', 'ТД 1', 'Бухгалтер', ?)", LETTERS)
    hr.execute("INSERT INTO away VALUES (1, 'x')")
    mapping = read_mapping(CALLED_OTHERWISE, "m")
    for account, may_write in (("root", True), ("looker", False)):
        if account == "looker":
            mariadb.run("CREATE USER IF NOT EXISTS looker; GRANT SELECT ON hr_server.* TO looker")
        database = HrDatabase(NAME, mariadb.url("hr_server", account), writable=False, by_query=True)
        found = look_at_staff(database, SqlStaffRoster(database, mapping, "hr"), mapping)
        database.close()
        assert list(found.narrow) == ["contract_nr", "post", "why"]
        assert (found.holds_kazakh, bool(found.writable)) == (True, may_write)
        assert found.writable is not None


def test_cells_of_other_databases_are_read_as_they_mean() -> None:
    cells = {
        "row_id": 7,
        "event_id": "E1   ",
        "revision": "1",
        "event_type": "termination ",
        "contract_key": " К",
        "employer_bin": "990240000012        ",
        "payload": "{} ",
        "withdrawn": "1",
        "entered_at": "2026-11-20 12:00:00.123456 +05:00",
    }
    row = read_row(NAME, cells, habits_of("mssql"))
    assert (row.event_id, row.event_type, row.contract_key, row.payload) == ("E1", "termination", " К", "{} ")
    assert (row.employer_bin, row.entered_at) == ("990240000012", NOON.replace(microsecond=123456))
    naive = cells | {"entered_at": "2026-11-20T07:00:00"}
    assert [read_row(NAME, naive, habits_of(kind)).entered_at for kind in ("mssql", "oracle", "mysql")] == [
        None,
        None,
        NOON,
    ]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mssql+pymssql://u@h/db", "the driver pymssql cannot be used"),
        ("mssql://u@h/db?TrustServerCertificate=yes", "TrustServerCertificate"),
        ("mysql://u@h/db?ssl_verify_cert=false", "ssl_verify_cert"),
        ("mysql://u:hidden@h/db?ssl_ca=/no/such/file", "cannot be read"),
        ("oracle://u@h", "names no database"),
        ("oracle://u@h/?service_name=HR)(X=1", "names no database"),
        ("oracle://u@h/?service_name=HR&thick=1", "thick"),
    ],
)
def test_address_that_would_weaken_the_check_of_the_server_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        HrDatabase(NAME, url, writable=False)
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(("url", "extra"), [("mssql://u@h/db", "mssql"), ("oracle://u@h/?service_name=HR", "oracle")])
def test_missing_driver_is_said_with_what_to_install(url: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, SERVERS[extra].driver, None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        server_engine(make_url(url), "here")
    assert f'"usrec-agent[{extra}]"' in (caught.value.next_step or "")


def test_sql_server_is_told_to_show_a_certificate_that_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text that the driver would get; the driver itself is not there."""
    stub = ModuleType("pyodbc")
    vars(stub).update(version="5.3.0", paramstyle="qmark", Error=OSError, ProgrammingError=OSError, Cursor=object)
    monkeypatch.setitem(sys.modules, "pyodbc", stub)
    asked: list[str] = []

    def connect(text: str, **given: object) -> None:
        asked.extend([text, str(given)])
        raise OSError("enough")

    vars(stub)["connect"] = connect
    database = HrDatabase(NAME, "mssql://u@h.kz/db?ServerCertificate=/x.pem", writable=False, password=Secret("a}b;"))
    with pytest.raises(SourceUnavailable), database.transaction():
        pass
    assert "DRIVER={ODBC Driver 18 for SQL Server}" in asked[0]
    assert {"Encrypt=yes", "TrustServerCertificate=no", "ServerCertificate=/x.pem"} <= set(asked[0].split(";"))
    assert "'{a}}b;}'" in asked[1]


def test_what_sql_server_and_oracle_are_asked_loses_no_letters_and_waits_for_nobody() -> None:
    """Compiled, never run: no such server was at hand."""

    def said(kind: str, what: str) -> str:
        dialect = mssql.dialect() if kind == "mssql" else oracle.dialect()  # type: ignore[no-untyped-call]
        source = OutboxTableSource.__new__(OutboxTableSource)
        source._table, source._database = OutboxTableSource(NAME, "sqlite:///x")._table, _Kind(kind)  # type: ignore[assignment]
        rows = source._all_rows().where(source._is_untaken())
        asked = {"fetch": rows.limit(5), "claim": source._claimed(), "hold": source._held()}[what]
        return " ".join(str(asked.compile(dialect=dialect)).split())

    fetched = said("mssql", "fetch")
    assert "CAST(usrec_outbox.payload AS NVARCHAR(max)) AS payload" in fetched
    assert "FROM usrec_outbox WITH (READPAST) WHERE usrec_outbox.taken_at IS NULL ORDER BY" in fetched
    assert "WITH (UPDLOCK, ROWLOCK, READPAST)" in said("mssql", "claim")
    assert "WITH (UPDLOCK, ROWLOCK) ORDER BY" in said("mssql", "hold")
    fetched = said("oracle", "fetch")
    assert "TO_NCHAR(usrec_outbox.entered_at) AS entered_at" in fetched
    assert "usrec_outbox.payload AS payload" in fetched
    assert "CASE WHEN (usrec_outbox.taken_at IS NULL) THEN usrec_outbox.row_id END IS NOT NULL" in fetched
    assert said("oracle", "claim").endswith("FOR UPDATE SKIP LOCKED")
    assert said("oracle", "hold").endswith("FOR UPDATE")


class _Kind:
    def __init__(self, kind: str) -> None:
        self.kind = kind


def test_server_that_speaks_nonsense_ends_no_other_source() -> None:
    """The driver raises errors of no family then; they ended the whole agent, with all its other sources."""
    greeting = b"\x0a8\0\x01"

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        database = HrDatabase(NAME, f"mysql://hr@127.0.0.1:{listener.getsockname()[1]}/hr", writable=False)
        with pytest.raises(SourceUnavailable, match="none of such a server"), database.transaction():
            pytest.fail("there is no database")
        server.join()
    database.close()


def test_driver_that_stumbles_in_a_statement_ends_no_other_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hr.db"
    file.touch()
    database = HrDatabase(NAME, f"sqlite:///{file}", writable=False)
    with database.transaction() as connection:
        monkeypatch.setattr(connection.dialect, "do_execute", lambda *_: bytes(1)[2])
        with (
            pytest.raises(SourceUnavailable, match=r"none of such a server \(IndexError\)"),
            database.transaction() as broken,
        ):
            broken.execute(text("SELECT 1"))
    database.close()
