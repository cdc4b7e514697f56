"""Ready mappings on their products' own tables: what is there is read right, what is not is left out."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from support.hr_products import FRAPPE, IIN, ODOO_18, ODOO_19, ORANGEHRM, SAP, Product
from support.mariadb import PRESENT, MariadbServer, running_mariadb
from support.one_c import Export
from support.operator_desk import Desk
from support.postgresql import PostgresqlServer
from support.staff_look import compare, filled_in, look_at
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.mapping.ready import ready_mapping, ready_mappings
from usrec.domain.errors import SourceUnavailable
from usrec.interfaces.cli.app import app


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


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariadbServer]:
    with running_mariadb() as server:
        yield server


@pytest.mark.skipif(not PRESENT, reason="Debian's package mariadb-server is not installed")
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
