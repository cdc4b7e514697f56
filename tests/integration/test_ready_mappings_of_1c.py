"""1C without a change in it: its export and its OData service, read whole or not at all."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from support.hr_products import BIN, IIN
from support.odata_service import BASE, PASSWORD, USER, OData, odata_service
from support.one_c import KEYS_1C, Export, sets_of_1c
from support.staff_look import AGREEMENT, AT, compare, look_at, roster_at
from usrec.adapters.sources.mapping.ready import ready_mapping
from usrec.adapters.sources.staff_tables import odata
from usrec.domain.errors import ConfigurationError, SnapshotRefused, SourceUnavailable
from usrec.domain.snapshot.staff import Look
from usrec.interfaces.cli.app import app
from usrec.interfaces.doctor.egress import openings
from usrec.interfaces.settings_check import look_at as judge
from usrec.settings import Settings, load_settings


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def test_an_export_of_1c_is_read_as_its_mapping_says(export: Export) -> None:
    export.write()
    compare(export.look(), KEYS_1C)


def test_an_export_with_dates_two_thousand_years_late_is_read_as_one_without(export: Export) -> None:
    """As 1C keeps them on SQL Server: the empty date is 2001-01-01 there, and 4024 is a leap year as 2024 is."""
    for row in export.rows:
        for name, value in row.items():
            if isinstance(value, str) and value[:4] in {"0001", "2024", "2026"}:
                row[name] = f"{int(value[:4]) + 2000}{value[4:]}"
    export.rows[0]["ДатаПриема"] = "18.11.4026"
    export.write()
    late = ready_mapping("1c-jsonl").replace("year_offset = 0", "year_offset = 2000")
    compare(export.look(late), KEYS_1C)


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
        look_at(export.folder, "sqlite:///hr.db", ready_mapping("1c-jsonl"))
    with pytest.raises(ConfigurationError, match="names no plain file"):
        export.look(ready_mapping("1c-jsonl").replace('"staff.jsonl"', '"../staff.jsonl"'))
    export.write()
    with pytest.raises(SnapshotRefused, match="does not fit the tables: no such table: staf"):
        export.look(ready_mapping("1c-jsonl").replace("FROM staff", "FROM staf"))


@pytest.fixture
def service(pki: Path) -> Iterator[OData]:
    with odata_service(pki) as found:
        found.sets = sets_of_1c()
        yield found


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
        return look_at(self.folder, url, ready_mapping("1c-odata"), password='{ file = "1c.password" }', **more)


@pytest.fixture
def asking(tmp_path: Path, service: OData, pki: Path) -> Asking:
    return Asking(tmp_path, service, pki)


def test_1c_is_read_over_odata_page_by_page_as_its_mapping_says(asking: Asking, service: OData) -> None:
    service.largest = 2
    look = asking.look()
    running = next(one for one in look.contracts if one.key == KEYS_1C[0])
    assert running.agreement == AGREEMENT | {"begin_date": "2026-11-20"}, "the transfer's own day"
    agreed = [one for one in look.contracts if one.key != KEYS_1C[0]]
    same_day = replace(running, agreement=AGREEMENT)
    compare(Look([same_day, *agreed], None, AT), KEYS_1C)
    name, asked = service.asked[0]
    assert (name, asked["$filter"]) == ("Document_ПриемНаРаботу", "Posted eq true and DeletionMark eq false")
    people = [asked["$skip"] for name, asked in service.asked if name == "Catalog_ФизическиеЛица"]
    assert people == ["0", "1"], "each page begins with the last row of the one before"
    opened = [
        one for one in openings(load_settings(asking.folder / "usrec.toml")) if one.setting == "[source.staff] url"
    ]
    assert [(one.host, one.port, one.protocol) for one in opened] == [("localhost", service.port, "https")]


def test_a_check_fetches_each_table_once_and_posts_are_collected_from_it(asking: Asking, service: OData) -> None:
    asking.look()
    once = list(service.asked)
    run = CliRunner()
    config = ("--config", str(asking.folder / "usrec.toml"))
    service.asked.clear()
    checked = run.invoke(app, ["source", "check", "staff", "--json", *config])
    assert json.loads(checked.output)["contracts"]["rows"] == 3, "a slice for each state"
    assert service.asked == once
    approved = '{ column = "post", approved = "posts" }'
    text = ready_mapping("1c-odata").replace('position_code = "nkz"', f"position_code = {approved}")
    (asking.folder / "staff.toml").write_text(f'{text}\n[approved.posts]\nfile = "posts.csv"\n', "utf-8")
    collected = run.invoke(app, ["mapping", "collect", "--source", "staff", "--json", *config])
    assert json.loads(collected.output)[0]["lines"] == 2, collected.output


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
        look_at(asking.folder, "http://1c.example.kz/zup/odata/standard.odata", ready_mapping("1c-odata"))
    with pytest.raises(ConfigurationError, match="take the password out"):
        look_at(asking.folder, "https://user:word@1c.example.kz/zup/odata/standard.odata", ready_mapping("1c-odata"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user@1c.example.kz/zup/odata/standard.odata", ""),
        ("file:///srv/usrec/1c", ""),
        ("http://1c.example.kz/zup/odata/standard.odata", "personal data goes over https only"),
        ("https:///zup", "it names no host"),
    ],
)
def test_an_address_of_fetched_tables_is_judged_with_the_settings(tmp_path: Path, url: str, told: str) -> None:
    roster_at(tmp_path, f"file://{tmp_path}", ready_mapping("1c-odata")).close()
    file = tmp_path / "usrec.toml"
    file.write_text(file.read_text("utf-8").replace(f"file://{tmp_path}", url), "utf-8")
    faults = [str(one) for one in judge(file, Settings).faults if "source.staff" in str(one)]
    assert len(faults) == bool(told)
    assert all(told in one for one in faults)


def test_an_answer_that_is_packed_again_and_again_is_not_unpacked(asking: Asking, service: OData) -> None:
    """Each packing makes a thousand of one: twice packed, a hundred kilobytes would fill any memory."""
    once = gzip.compress(bytes(50_000_000))
    service.packed = ("gzip, gzip", gzip.compress(once))
    tracemalloc.start()
    try:
        with pytest.raises(SourceUnavailable, match="the answer is packed"):
            asking.look()
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_an_answer_that_is_packed_once_is_read(asking: Asking, service: OData) -> None:
    service.gzips = True
    assert len(asking.look().contracts) == 2


def test_a_table_of_endless_pages_is_refused(asking: Asking, service: OData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odata, "LARGEST", 1000)
    service.largest = 2
    with pytest.raises(SnapshotRefused, match="it is over"):
        asking.look()
