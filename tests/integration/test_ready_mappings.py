"""Ready mappings on their products' own tables: what is there is read right, what is not is left out."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from support.hr_products import FRAPPE, IIN, ODOO_18, ODOO_19, ORANGEHRM, SAP, Product
from support.line import EMPLOYERS, HOUR, Line
from support.mariadb import NO_MARIADB, MariadbServer, running_mariadb
from support.one_c import Export
from support.operator_desk import Desk
from support.postgresql import PostgresqlServer
from support.staff_look import compare, filled_in, look_at, roster_at
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.mapping.ready import ready_mapping, ready_mappings
from usrec.adapters.sources.staff_source import StaffSource
from usrec.application.ingest import ingest
from usrec.application.take_snapshot import SnapshotPolicy
from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import SourceName
from usrec.interfaces.cli.app import app
from usrec.ports.ledger_view import SubmissionFilter


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


def _run(url: str, script: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute(script)


@pytest.mark.postgresql
@pytest.mark.parametrize("product", [ODOO_18, ODOO_19, SAP], ids=lambda one: one.mapping)
def test_a_product_on_postgresql_is_read_as_its_mapping_says(
    product: Product, postgresql_url: str, tmp_path: Path
) -> None:
    """SAP's tables lie in Oracle; here the statement alone is proven, on a server that knows the same functions."""
    _run(postgresql_url, product.tables)
    with pytest.raises(SourceUnavailable, match=r"x_usrec_|pa9001"):
        look_at(tmp_path, postgresql_url, filled_in(product.mapping))
    _run(postgresql_url, product.additions)
    _run(postgresql_url, product.staff)
    compare(look_at(tmp_path, postgresql_url, filled_in(product.mapping)), product.keys)


class Company:
    """Odoo's database, looked at every hour, and the line behind."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.line = url, Line()
        roster = roster_at(folder, url, filled_in("odoo-18"))
        ledger, clock = self.line.ledger, self.line.clock
        self.source = StaffSource(SourceName("staff"), roster, ledger, clock, SnapshotPolicy(), every=HOUR)

    def look(self, change: str = "SELECT 1") -> dict[str, str]:
        """State by operation, after a change in Odoo, a look and all that can be sent."""
        _run(self.url, change)
        line = self.line
        line.clock.advance(HOUR)
        ingest(
            source=self.source,
            ledger=line.ledger,
            employers=EMPLOYERS,
            calendar=line.calendar,
            clock=line.clock,
            entropy=line.entropy,
            preflight=line.preflight,
        )
        line.deliver_all()
        rows = sorted(line.ledger.view.rows(SubmissionFilter()), key=lambda row: row.revision)
        return {row.operation: row.state.value for row in rows}

    def close(self) -> None:
        self.source.close()
        self.line.close()


@pytest.mark.postgresql
def test_what_changes_in_odoo_is_registered_once_hr_has_filled_it_in(postgresql_url: str, tmp_path: Path) -> None:
    _run(postgresql_url, ODOO_18.tables + ODOO_18.additions + ODOO_18.staff)
    with closing(Company(postgresql_url, tmp_path)) as company:
        _change_odoo(company)


def _change_odoo(company: Company) -> None:
    assert company.look() == {}, "who stands there was entered long ago"
    hire = """INSERT INTO hr_employee VALUES (4, 'Г', true, 1, '900101300007', 1, NULL, NULL);
        INSERT INTO hr_contract VALUES (20, 'ТД-20', true, 4, 2, 1, 1, '2026-11-16', NULL, 'open', 'normal', 1, 3,
            '2026-11-16', NULL, '1', NULL, NULL, NULL, NULL, NULL)"""
    assert company.look(hire) == {"conclusion": "invalid"}, "the day of signing is not made up"
    done = company.look("UPDATE hr_contract SET x_usrec_signed_on = '2026-11-16' WHERE id = 20")
    assert done == {"conclusion": "accepted"}
    done = company.look("UPDATE hr_contract SET job_id = 1 WHERE id = 20")
    assert done == {"conclusion": "accepted", "amendment": "invalid"}, "its agreement has no number yet"
    agreed = """UPDATE hr_contract SET x_usrec_ds_number = 'ДС-1', x_usrec_ds_date = '2026-11-16',
        x_usrec_ds_signed_on = '2026-11-16', x_usrec_ds_begin = '2026-11-16' WHERE id = 20"""
    assert company.look(agreed) == {"conclusion": "accepted", "amendment": "accepted"}
    left = "UPDATE hr_employee SET departure_date = '2026-11-16', departure_reason_id = 1, active = false WHERE id = 4"
    assert set(company.look(left).values()) == {"accepted"}
    assert company.look()["termination"] == "accepted"


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariadbServer]:
    with running_mariadb() as server:
        yield server


@NO_MARIADB
@pytest.mark.parametrize("product", [FRAPPE, ORANGEHRM], ids=lambda one: one.mapping)
def test_a_product_on_mariadb_is_read_as_its_mapping_says(
    product: Product, mariadb: MariadbServer, tmp_path: Path
) -> None:
    mariadb.run(f"CREATE DATABASE {product.mapping} CHARACTER SET utf8mb4")
    mariadb.run(product.tables + product.additions + product.staff, product.mapping)
    mapping = read_mapping(filled_in(product.mapping), product.mapping)
    assert len(mariadb.run(mapping.contracts.query, product.mapping)) == len(product.keys)
    if importlib.util.find_spec("pymysql") is None:
        pytest.skip("the statements run; PyMySQL, which the source reads MariaDB with, is not installed")
    socket = mariadb.run("SELECT @@socket")[0][0]
    url = f"mysql+pymysql://root@localhost/{product.mapping}?unix_socket={socket}"
    look = look_at(tmp_path, url, filled_in(product.mapping))
    compare(look, product.keys)
    if product is FRAPPE:
        assert look.leaves is not None
        assert [(one.key, one.contract_key, dict(one.leave)) for one in look.leaves] == [
            (
                "HR-LAP-1",
                "HR-EMP-7",
                {"leave_type_code": "2", "not_worked_from": "2026-12-01", "not_worked_to": "2027-12-01"},
            )
        ]


def test_ready_mappings_are_listed_and_printed_as_they_are_tested() -> None:
    run = CliRunner()
    listed = json.loads(run.invoke(app, ["source", "mapping", "--json"]).stdout)
    assert [one["name"] for one in listed] == [
        "1c-jsonl",
        "1c-odata",
        "frappe",
        "odoo-18",
        "odoo-19",
        "orangehrm",
        "sap",
    ]
    assert listed[5] == {"name": "orangehrm", "system": "OrangeHRM 4.10 and 5 on MariaDB"}
    assert "Odoo 19 (hr, hr_version) on PostgreSQL" in run.invoke(app, ["source", "mapping"]).stdout
    for name, text in ready_mappings().items():
        assert run.invoke(app, ["source", "mapping", name]).stdout == text
        assert "How to: docs/how-to/" in text


def test_a_ready_mapping_is_checked_and_previewed_before_anything_is_queued(desk: Desk, tmp_path: Path) -> None:
    export = Export(tmp_path)
    export.write()
    (desk.settings.parent / "staff.toml").write_text(ready_mapping("1c-jsonl"), "utf-8")
    source = f'[source.staff]\nkind = "snapshot"\nmapping = "staff.toml"\nurl = "file://{export.folder}"\n'
    desk.settings.write_text(desk.settings.read_text("utf-8") + source, "utf-8")
    checked = desk.ask("source", "check", "staff")
    assert (checked["has_faults"], checked["holds_kazakh"], checked["contracts"]["rows"]) == (False, True, 2)
    given = {(one["event"], one["field"]): one["given"] for one in checked["contracts"]["fields"]}
    assert (given["conclusion", "signed_on"], given["termination", "termination_date"]) == (1, 1)
    assert IIN not in json.dumps(checked), "personal data is masked"
    seen = desk.ask("source", "preview", "staff")
    assert (seen["first"], seen["remembered"], seen["events"]) == (True, 2, [])
