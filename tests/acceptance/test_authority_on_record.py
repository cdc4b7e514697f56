"""The authority to sign, as an administrator meets it: settings of the how-to page, warnings, proof of a past day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.made_certificates import make_key
from support.markdown import blocks, read
from support.personnel import Person
from support.workplace import BIN, MakeWorkplace, employer, log_records
from usrec.adapters.inmemory.clock import ManualClock
from usrec.application.record_standing import AUTHORITY, record_standing
from usrec.domain.authority import Appointment, Authority, dump_authorities
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EmployerName

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
TODAY = kazakhstan_date(NOW)


def orders_of_the_page(serial: str, until: date) -> str:
    """The example of the how-to page, with a certificate and an end of the test's own."""
    (example,) = [block.text for block in blocks(read("how-to/authority-and-calendar.md")) if "number" in block.text]
    assert 'certificate = "4f1a0c77d2"' in example
    assert "valid_until = 2026-12-31" in example
    return example.replace("4f1a0c77d2", serial).replace("2026-12-31", until.isoformat())


def test_who_signs_under_which_order_is_warned_of_and_proven(make_workplace: MakeWorkplace, tmp_path: Path) -> None:
    key_file, serial = make_key(tmp_path, NOW - 100 * DAY, NOW + 300 * DAY)
    colons = ":".join(f"{serial:040X}"[place : place + 2] for place in range(0, 40, 2))
    table = employer("main", BIN, key_file, tmp_path / "made.password")
    (tmp_path / "made.password").chmod(0o600)
    office = make_workplace(employers=table + orders_of_the_page(colons, TODAY + 10 * DAY))
    past = Authority(EmployerName("main"), False, None, (Appointment("1-k", date(2025, 1, 9), date(2025, 1, 9)),))
    earlier = ManualClock(NOW - 3 * DAY)
    record_standing(AUTHORITY, dump_authorities([past]), ledger=office.ledger, view=office.ledger.view, clock=earlier)
    office.connect("https://127.0.0.1:9/")
    office.hire(Person(1))
    run = office.usrec("run", "--drain", "--give-up-after", "0.05")
    assert run.returncode == 4, "the gateway cannot be reached; the document is signed all the same"
    log = log_records(run.stderr.rpartition("usrec: nothing has moved")[0])

    warned = [(one["action"], one["order"]) for one in log if one["action"].startswith("authority.") and "order" in one]
    assert warned == [("authority.deputy_lapses", "13-k")]
    assert office.states() == {"hire-1": "signed"}

    (now,) = office.ask("authority")["employers"]
    assert now["certificate"]["serial"] == f"{serial:x}" == now["orders"][0]["certificate"]
    assert now["certificate"]["head"] is False
    assert [order["in_force"] for order in now["orders"]] == [True, True]
    assert [(one["problem"], one["day"]) for one in now["findings"]] == [
        ("deputy_lapses", (TODAY + 10 * DAY).isoformat())
    ]
    page = office.usrec("authority").stdout
    assert "Order 12-k of 2026-01-09: from 2026-01-12, without an end, certificate" in page
    assert "Warning: the deputy's order 13-k ends on" in page

    (signature,) = [json.loads(line.detail) for line in office.story("hire-1").journal if line.action == "sign"]
    recorded = office.ledger.view.standing(AUTHORITY)
    assert recorded is not None
    assert json.loads(recorded.detail)[0]["certificate"]["fingerprint"] == signature["certificate"]

    def asked_for(day: date) -> Any:
        return office.ask("authority", "--on", day.isoformat())["employers"][0]["orders"]

    assert [order["number"] for order in asked_for(TODAY - DAY)] == ["1-k"]
    assert [order["in_force"] for order in asked_for(TODAY + 11 * DAY)] == [True, False]
    too_old = office.usrec("authority", "--on", (TODAY - 9 * DAY).isoformat())
    assert too_old.returncode == 5
    assert "no record of the authority to sign that is so old" in too_old.stderr


@pytest.mark.parametrize("wrong", ["12x", "", ":"])
def test_a_certificate_that_is_no_serial_number_is_refused(
    make_workplace: MakeWorkplace, pki: Path, tmp_path: Path, wrong: str
) -> None:
    table = employer("main", BIN, pki / "employer.p12", pki / "employer.password")
    office = make_workplace(employers=table + orders_of_the_page(wrong, TODAY))
    office.connect("https://127.0.0.1:9/")
    refused = office.usrec("authority")
    assert refused.returncode == 3
    assert "write the serial number in hexadecimal" in refused.stderr


def test_a_first_heads_key_needs_no_order_and_a_lost_key_is_said(make_workplace: MakeWorkplace, tmp_path: Path) -> None:
    office = make_workplace()
    office.connect("https://127.0.0.1:9/")
    assert office.usrec("authority").stdout.splitlines()[2:] == [
        "main:",
        "  The employer's first head, or the entrepreneur, signs.",
        *[line for line in office.usrec("authority").stdout.splitlines() if "Certificate" in line],
        "  Nothing is wrong.",
    ]
    office.settings.write_text(office.settings.read_text("utf-8").replace("employer.p12", "lost.p12"), "utf-8")
    lost = office.usrec("authority")
    assert lost.returncode == 0
    assert "lost.p12" in lost.stderr
    assert "The key cannot be read." in lost.stdout
