"""Ready mappings on their products' own tables: what is there is read right, what is not is left out."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from support.hr_products import ADDRESS, BIN, FRAPPE, IIN, ODOO_18, ODOO_19, ORANGEHRM, SAP, Product
from support.mariadb import PRESENT, MariadbServer, running_mariadb
from support.odata_service import BASE, PASSWORD, USER, OData, odata_service
from support.operator_desk import Desk
from support.plain_settings import PLAIN
from support.postgresql import PostgresqlServer
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.mapping.ready import ready_mapping, ready_mappings
from usrec.domain.errors import ConfigurationError, SnapshotRefused, SourceUnavailable
from usrec.domain.snapshot.staff import Look
from usrec.interfaces.cli.app import app
from usrec.interfaces.doctor.egress import openings
from usrec.settings import load_settings
from usrec.staffs import build_mapping, build_roster, named_staff

AT: Final = datetime(2026, 11, 22, 7, tzinfo=UTC)
RUNNING: Final = {
    "employee_iin": IIN,
    "contract_number": "ТД-7",
    "contract_date": "2026-11-16",
    "signed_on": "2026-11-17",
    "begin_date": "2026-11-18",
    "term_code": "1",
    "position_code": "2511-2-001",
    "established_post": "Талдаушы",
    "conscript_code": "1",
    "work_place_address": ADDRESS,
}
AGREEMENT: Final = {
    "agreement_number": "ДС-1",
    "agreement_date": "2026-11-19",
    "signed_on": "2026-11-20",
    "begin_date": "2026-11-23",
}
ENDED: Final = {name: value for name, value in RUNNING.items() if name != "signed_on"} | {
    "contract_number": "ТД-8",
    "contract_date": "2024-02-28",
    "begin_date": "2024-02-29",
    "position_code": "2512-0-001",
    "established_post": "Developer",
}
ENDING: Final = {"termination_date": "2026-11-20", "reason_code": "05"}
FILLED_IN: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "orangehrm": {"nkz": {"Талдаушы": "2511-2-001", "Developer": "2512-0-001"}, "reason": {"Resigned": "05"}},
    "sap": {
        "company": {"KZ01": BIN},
        "term": {"01": "1"},
        "nkz": {"60000001": "2511-2-001", "60000002": "2512-0-001"},
        "reason": {"02": "05"},
    },
}
"""What the customer writes into the maps of a mapping."""


def _look(folder: Path, url: str, mapping: str, **more: str) -> Look:
    """One look through the settings, as the agent takes it."""
    (folder / "staff.toml").write_text(mapping, "utf-8")
    tables = "".join(f"{name} = {value}\n" for name, value in more.items())
    source = f'[source.staff]\nkind = "snapshot"\nmapping = "staff.toml"\nurl = {json.dumps(url)}\n{tables}'
    (folder / "usrec.toml").write_text(PLAIN + source, "utf-8")
    settings = load_settings(folder / "usrec.toml")
    staff = named_staff(settings, "staff")
    roster = build_roster(settings, "staff", staff, build_mapping(settings, staff))
    try:
        return roster.look(AT)
    finally:
        roster.close()


def _filled_in(name: str) -> str:
    text = ready_mapping(name)
    for table, values in FILLED_IN.get(name, {}).items():
        lines = "".join(
            f"{json.dumps(value, ensure_ascii=False)} = {json.dumps(code)}\n" for value, code in values.items()
        )
        assert f"[codes.{table}]\n" in text
        text = text.replace(f"[codes.{table}]\n", f"[codes.{table}]\n{lines}")
    return text


def _compare(look: Look, product: Product) -> None:
    found = {one.key: one for one in look.contracts}
    assert tuple(sorted(found)) == product.keys, "a draft, a template or another client is no contract"
    running, ended = (found[key] for key in product.keys)
    assert (running.contract, running.agreement, running.ending) == (RUNNING, AGREEMENT, {})
    assert (ended.contract, ended.agreement, ended.ending) == (ENDED, {}, ENDING), "nothing is made up"
    assert {running.employer_bin, ended.employer_bin} == {BIN}


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


def _run(url: str, script: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute(script)  # type: ignore[call-overload]  # scripts of this project


@pytest.mark.postgresql
@pytest.mark.parametrize("product", [ODOO_18, ODOO_19, SAP], ids=lambda one: one.mapping)
def test_a_product_on_postgresql_is_read_as_its_mapping_says(
    product: Product, postgresql_url: str, tmp_path: Path
) -> None:
    """SAP's tables lie in Oracle; here the statement alone is proven, on a server that knows the same functions."""
    _run(postgresql_url, product.tables)
    with pytest.raises(SourceUnavailable, match=r"x_usrec_|pa9001"):
        _look(tmp_path, postgresql_url, _filled_in(product.mapping))
    _run(postgresql_url, product.additions)
    _run(postgresql_url, product.staff)
    _compare(_look(tmp_path, postgresql_url, _filled_in(product.mapping)), product)


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
    mapping = read_mapping(_filled_in(product.mapping), product.mapping)
    assert len(mariadb.run(mapping.contracts.query, product.mapping)) == len(product.keys)
    if importlib.util.find_spec("pymysql") is None:
        pytest.skip("the statements run; PyMySQL, which the source reads MariaDB with, is not installed")
    socket = mariadb.run("SELECT @@socket")[0][0]
    url = f"mysql+pymysql://root@localhost/{product.mapping}?unix_socket={socket}"
    look = _look(tmp_path, url, _filled_in(product.mapping))
    _compare(look, product)
    if product is FRAPPE:
        assert look.leaves is not None
        assert [(one.key, one.contract_key, dict(one.leave)) for one in look.leaves] == [
            (
                "HR-LAP-1",
                "HR-EMP-7",
                {"leave_type_code": "2", "not_worked_from": "2026-12-01", "not_worked_to": "2027-12-01"},
            )
        ]


class Export:
    """A folder into which 1C writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "staff.jsonl"
        self.rows = [
            self.row(
                "ТД-7", "2026-11-16T00:00:00", "2026-11-17", "18.11.2026", "Талдаушы", "2511-2-001", *AGREEMENT.values()
            ),
            self.row("ТД-8", "2024-02-28", "0001-01-01T00:00:00", "2024-02-29", "Developer", "2512-0-001"),
        ]
        self.rows[1] |= {"ДатаУвольнения": "2026-11-20T00:00:00", "КодОснованияУвольнения": "05"}

    def row(
        self, number: str, dated: str, signed: str, begins: str, post: str, nkz: str, *agreement: str
    ) -> dict[str, Any]:
        """One contract, in the names of the mapping."""
        of_agreement = ["ДСНомер", "ДСДата", "ДСДатаПодписания", "ДСДатаНачала"]
        return {
            "КлючДоговора": f"6fa459ea-ee8a-3ca4-894e-db77e160355{number[-1]}",
            **{"БИН": int(BIN), "ИИН": IIN, "Должность": post, "КодНКЗ": nkz, "ВидСрока": "бессрочный"},
            **{"ТрудовойДоговорНомер": number, "ТрудовойДоговорДата": dated, "ДатаПодписания": signed},
            **{"ДатаПриема": begins, "ДатаЗавершенияТрудовогоДоговора": "0001-01-01T00:00:00"},
            **{"ОтношениеКВоинскойСлужбе": "1", "МестоРаботы": ADDRESS},
            **dict(zip(of_agreement, agreement or ["", "0001-01-01T00:00:00", None, None], strict=True)),
            **{"ДатаУвольнения": "0001-01-01T00:00:00", "КодОснованияУвольнения": None},
        }

    def write(self, count: int | None = None) -> None:
        lines = [*self.rows, {"_rows": len(self.rows) if count is None else count}]
        self.file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), "utf-8")
        self.touch(datetime.now(UTC))

    def touch(self, at: datetime) -> None:
        os.utime(self.file, (at.timestamp(), at.timestamp()))

    def look(self, mapping: str = "") -> Look:
        return _look(self.folder, f"file://{self.folder}", mapping or ready_mapping("1c-jsonl"))


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


KEYS_1C: Final = ("6fa459ea-ee8a-3ca4-894e-db77e1603557", "6fa459ea-ee8a-3ca4-894e-db77e1603558")


def test_an_export_of_1c_is_read_as_its_mapping_says(export: Export) -> None:
    export.write()
    _compare(export.look(), Product("1c-jsonl", "", "", "", KEYS_1C))


def test_an_export_with_dates_two_thousand_years_late_is_read_as_one_without(export: Export) -> None:
    """As 1C keeps them on SQL Server: the empty date is 2001-01-01 there, and 4024 is a leap year as 2024 is."""
    for row in export.rows:
        for name, value in row.items():
            if isinstance(value, str) and value[:4] in {"0001", "2024", "2026"}:
                row[name] = f"{int(value[:4]) + 2000}{value[4:]}"
    export.rows[0]["ДатаПриема"] = "18.11.4026"
    export.write()
    late = ready_mapping("1c-jsonl").replace("year_offset = 0", "year_offset = 2000")
    _compare(export.look(late), Product("1c-jsonl", "", "", "", KEYS_1C))


def _cut(export: Export) -> None:
    export.file.write_bytes(export.file.read_bytes()[:-30])


def _lose_a_line(export: Export) -> None:
    export.file.write_text("".join(export.file.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")


def _write_old(export: Export) -> None:
    export.touch(datetime.now(UTC) - timedelta(hours=50))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, "is no JSON|a half one"),
        (_lose_a_line, "has 1 rows and says that there are 2"),
        (lambda export: export.file.write_text("[1]\n"), "no object of fields"),
        (lambda export: export.file.write_text('{"a": 1, "a": 2}\n'), "names a field twice"),
        (lambda export: export.file.write_bytes("Қ".encode("utf-16")), "not UTF-8"),
        (
            lambda export: export.file.write_text('{"ИИН": 1}\n{"_rows": 1}\n', "utf-8"),
            "no row of the export has КлючДоговора",
        ),
        (_write_old, "the export is 50 hours old, and 48 are allowed"),
        (lambda export: export.file.unlink(), "cannot be read: No such file"),
    ],
)
def test_an_export_that_is_not_whole_is_refused_and_no_contract_is_missed(
    export: Export, damage: Callable[[Export], object], told: str
) -> None:
    export.write()
    damage(export)
    with pytest.raises(SourceUnavailable, match=told):
        export.look()


def test_a_mapping_and_an_address_that_do_not_belong_together_are_refused(export: Export) -> None:
    with pytest.raises(ConfigurationError, match="has no \\[tables\\]"):
        export.look(ready_mapping("frappe"))
    with pytest.raises(ConfigurationError, match="has \\[tables\\]"):
        _look(export.folder, "sqlite:///hr.db", ready_mapping("1c-jsonl"))
    with pytest.raises(ConfigurationError, match="names no plain file"):
        export.look(ready_mapping("1c-jsonl").replace('"staff.jsonl"', '"../staff.jsonl"'))
    export.write()
    with pytest.raises(SnapshotRefused, match="does not fit the tables: no such table: staf"):
        export.look(ready_mapping("1c-jsonl").replace("FROM staff", "FROM staf"))


@pytest.fixture
def service(pki: Path) -> Iterator[OData]:
    with odata_service(pki) as found:
        found.sets = _sets_of_1c()
        yield found


def _attributes(**values: str) -> list[dict[str, str]]:
    keys = {"signed": "a1", "term": "a2", "conscript": "a3", "place": "a4", "nkz": "a5", "number": "a6", "dated": "a7"}
    keys |= {"ds_signed": "a8", "reason": "a9"}
    return [{"Ref_Key": "-", "Свойство_Key": keys[name], "Значение": value} for name, value in values.items()]


def _sets_of_1c() -> dict[str, list[dict[str, Any]]]:
    """Two contracts, of which one had another post before, and of which one has ended."""
    nothing = "0001-01-01T00:00:00"
    titles = ["дата подписания", "срок", "воинская служба", "место работы", "код НКЗ", "номер ДС", "дата ДС"]
    titles += ["дата подписания ДС", "код основания"]
    usual = {"term": "Бессрочный", "conscript": "1", "place": ADDRESS}

    def hire(number: int, dated: str, begins: str, post: str, **values: str) -> dict[str, Any]:
        return {
            **{"Ref_Key": KEYS_1C[number - 7], "Организация_Key": "o", "Сотрудник_Key": f"s{number}"},
            **{"ФизическоеЛицо_Key": f"p{number}", "Должность_Key": post, "ДатаПриема": f"{begins}T00:00:00"},
            **{"ТрудовойДоговорНомер": f"ТД-{number}", "ТрудовойДоговорДата": f"{dated}T00:00:00"},
            **{"ДатаЗавершенияТрудовогоДоговора": nothing, "DeletionMark": False},
            "ДополнительныеРеквизиты": _attributes(**usual, **values),
        }

    transfer = {
        **{"Ref_Key": "t", "Сотрудник_Key": "s7", "Должность_Key": "d1", "ДатаНачала": "2026-11-20T00:00:00"},
        "ДополнительныеРеквизиты": _attributes(number="ДС-1", dated="2026-11-19T00:00:00", ds_signed="2026-11-20"),
    }
    deleted = {**hire(8, "2020-01-01", "2020-01-01", "d2"), "Ref_Key": "deleted", "DeletionMark": True}
    dismissal = {
        **{"Ref_Key": "u", "Сотрудник_Key": "s8", "ДатаУвольнения": "2026-11-20T00:00:00"},
        "ДополнительныеРеквизиты": _attributes(reason="05"),
    }
    return {
        "Document_ПриемНаРаботу": [
            hire(7, "2026-11-16", "2026-11-18", "d2", signed="2026-11-17T00:00:00"),
            hire(8, "2024-02-28", "2024-02-29", "d2"),
            deleted,
        ],
        "Document_КадровыйПеревод": [transfer],
        "Document_Увольнение": [dismissal],
        "Catalog_ФизическиеЛица": [{"Ref_Key": f"p{one}", "ИдентификационныйКодЛичности": IIN} for one in (7, 8)],
        "Catalog_Организации": [{"Ref_Key": "o", "ИдентификационныйНомер": BIN}],
        "Catalog_Должности": [
            {"Ref_Key": "d1", "Description": "Талдаушы", "ДополнительныеРеквизиты": _attributes(nkz="2511-2-001")},
            {"Ref_Key": "d2", "Description": "Developer", "ДополнительныеРеквизиты": _attributes(nkz="2512-0-001")},
        ],
        "ChartOfCharacteristicTypes_ДополнительныеРеквизитыИСведения": [
            {"Ref_Key": f"a{number}", "Description": f"ЕСУТД: {title}"} for number, title in enumerate(titles, 1)
        ],
    }


class Asking:
    """The agent's side of the service."""

    def __init__(self, folder: Path, service: OData, pki: Path) -> None:
        self.folder, self.service, self.ca = folder, service, pki / "tls-ca.pem"
        self.password(PASSWORD)

    def password(self, word: str) -> None:
        file = self.folder / "1c.password"
        file.touch(mode=0o600)
        file.write_text(word)

    def look(self, *, trusted: bool = True) -> Look:
        url = f"https://{quote(USER)}@{self.service.host}{BASE}"
        more = {"ca_file": json.dumps(str(self.ca))} if trusted else {}
        return _look(self.folder, url, ready_mapping("1c-odata"), password='{ file = "1c.password" }', **more)


@pytest.fixture
def asking(tmp_path: Path, service: OData, pki: Path) -> Asking:
    return Asking(tmp_path, service, pki)


def test_1c_is_read_over_odata_page_by_page_as_its_mapping_says(asking: Asking, service: OData) -> None:
    service.largest = 2
    look = asking.look()
    product = Product("1c-odata", "", "", "", KEYS_1C)
    running = next(one for one in look.contracts if one.key == KEYS_1C[0])
    assert running.agreement == AGREEMENT | {"begin_date": "2026-11-20"}, "the transfer's own day"
    agreed = [one for one in look.contracts if one.key != KEYS_1C[0]]
    same_day = type(running)(running.key, running.employer_bin, running.contract, AGREEMENT, running.ending)
    _compare(Look([same_day, *agreed], None, AT), product)
    name, asked = service.asked[0]
    assert (name, asked["$filter"]) == ("Document_ПриемНаРаботу", "Posted eq true and DeletionMark eq false")
    people = [asked["$skip"] for name, asked in service.asked if name == "Catalog_ФизическиеЛица"]
    assert people == ["0", "1"], "each page begins with the last row of the one before"
    opened = [
        one for one in openings(load_settings(asking.folder / "usrec.toml")) if one.setting == "[source.staff] url"
    ]
    assert [(one.host, one.port, one.protocol) for one in opened] == [("localhost", service.port, "https")]


def test_a_row_that_is_deleted_between_two_pages_is_noticed(asking: Asking, service: OData) -> None:
    people = service.sets["Catalog_ФизическиеЛица"]
    people += [{"Ref_Key": f"q{one}", "ИдентификационныйКодЛичности": IIN} for one in range(5)]

    def delete() -> None:
        if service.asked and service.asked[-1][0] == "Catalog_ФизическиеЛица" and len(people) == 7:
            del people[0]

    service.largest, service.between = 3, delete
    with pytest.raises(SourceUnavailable, match="inserted or deleted while it was read"):
        asking.look()
    assert len(asking.look().contracts) == 2


def test_a_service_that_does_not_answer_whole_and_verified_is_refused(asking: Asking, service: OData) -> None:
    with pytest.raises(SourceUnavailable, match="certificate verify failed"):
        asking.look(trusted=False)
    asking.password("another word")
    with pytest.raises(SourceUnavailable, match="401: the service does not know this user") as told:
        asking.look()
    assert "another word" not in str(told.value)
    asking.password(PASSWORD)
    service.sets["Catalog_Организации"].append({"Ref_Key": "o", "ИдентификационныйНомер": BIN})
    with pytest.raises(SourceUnavailable, match="rows with one key"):
        asking.look()
    del service.sets["Catalog_Организации"]
    with pytest.raises(SourceUnavailable, match="404: there is no such set"):
        asking.look()
    with pytest.raises(ConfigurationError, match="plain http to another machine"):
        _look(asking.folder, "http://1c.example.kz/zup/odata/standard.odata", ready_mapping("1c-odata"))
    with pytest.raises(ConfigurationError, match="take the password out"):
        _look(asking.folder, "https://user:word@1c.example.kz/zup/odata/standard.odata", ready_mapping("1c-odata"))


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


def test_a_ready_mapping_is_checked_and_previewed_before_anything_is_queued(desk: Desk, export: Export) -> None:
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
