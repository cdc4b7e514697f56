"""The HTTP intake on a real port: what it takes, what it refuses and why, and that nothing taken is lost or doubled."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from support.health_client import UnixConnection, ask
from support.intake_desk import (
    ERP,
    OTHER_TOKEN,
    TOKEN,
    Desk,
    an_event,
    desk,
    kill_before_answer,
    kill_before_commit,
)
from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import open_ledger
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.intake_api.server import intake_server
from usrec.ports.event_source import StatusNote

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, most_events="5", most_kilobytes="100") as found:
        yield found


@pytest.fixture(params=["sqlite", POSTGRESQL])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "sqlite":
        with desk(tmp_path) as found:
            yield found
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.new_database()
    with desk(tmp_path, url) as found:
        yield found
    server.drop_database(url)


def test_events_are_durable_when_the_answer_comes_and_are_delivered_in_their_order(either: Desk) -> None:
    answer = either.send(an_event(1), an_event(2, entered_at="2026-11-20T09:30:00+05:00"))
    assert (answer.status_code, either.rings) == (202, [None])
    ids = [one["id"] for one in answer.json()["events"]]
    again = open_ledger(either.ledger_url)
    with again.begin() as work:
        rows = work.intake.waiting(ERP, 10)
    again.close()
    assert [(row.row_ref, row.event_id, row.revision) for row in rows] == [(ids[0], "e-1", 1), (ids[1], "e-2", 1)]
    assert json.loads(rows[0].payload) == an_event()["payload"]
    assert str(rows[1].entered_at) == "2026-11-20 04:30:00+00:00"
    source = either.source()
    source.mark_taken(source.fetch(1))
    assert [row.event_id for row in source.fetch(10)] == ["e-2"]


def test_a_repeated_request_has_the_first_answer_and_keeps_nothing_more(either: Desk) -> None:
    first = either.send(an_event(1))
    with ThreadPoolExecutor(4) as pool:
        repeated = list(pool.map(lambda _: either.send(an_event(1)), range(8)))
    assert {one.content for one in repeated} == {first.content}
    assert {one.status_code for one in repeated} == {202}
    assert len(either.source().fetch(10)) == 1
    assert either.send(an_event(2)).status_code == 409
    assert either.send(an_event(2), token=OTHER_TOKEN).status_code == 202, "a key is its sender's own"


def test_requests_with_one_key_that_come_together_are_one(either: Desk) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: either.send(an_event(1), an_event(2)), range(6)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.content for one in answers}) == 1
    assert len(either.source().fetch(10)) == 2


def test_what_became_of_an_event_is_told_to_its_sender_alone(api: Desk) -> None:
    event_id = api.send(an_event(1)).json()["events"][0]["id"]
    assert (api.ask(event_id).json()["state"], api.ask(event_id).json()["taken_at"]) == ("received", None)
    source = api.source()
    rows = source.fetch(10)
    source.mark_taken(rows)
    at = api.source()._clock.now()
    note = StatusNote(ERP, event_id, 1, "accepted", "", "Registered in USREC.", "[]", "R-1", None, at)
    source.write_back([note])
    source.write_back([StatusNote(ERP, event_id, 2, "conflict", "", "x", "[]", None, None, at)])
    told = api.ask(event_id).json()
    assert (told["state"], told["contract_id"], told["message"]) == ("accepted", "R-1", "Registered in USREC.")
    assert api.ask(event_id, token=OTHER_TOKEN).status_code == 404
    assert api.ask("00000000-0000-4000-8000-000000000000").status_code == 404
    assert api.ask("no-id").status_code == 404


def test_personal_data_is_gone_from_the_intake_when_the_inbox_has_it(api: Desk) -> None:
    api.send(an_event(1))
    source = api.source()
    source.mark_taken(source.fetch(10))
    with api.ledger._engine.connect() as connection:
        held = [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM intake_rows")]
        held += [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM intake_requests")]
    assert an_event()["payload"]["employee_iin"] not in str(held)
    assert "e-1" in str(held)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nobody's", f"Basic {TOKEN}"])
def test_only_a_known_token_opens(authorization: str, api: Desk) -> None:
    answer = api.post({"events": [an_event()]}, Authorization=authorization)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(api.source().fetch(10)) == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"events": [], "events": []}', 400),
        (b"[]", 422),
        (b'{"events": []}', 422),
        (json.dumps({"events": [an_event()] * 6}).encode(), 422),
        (json.dumps({"events": [an_event(employer_bin="1")]}).encode(), 422),
        (json.dumps({"events": [an_event(hired=True)]}).encode(), 422),
        (json.dumps({"events": [an_event(payload={"x": 1})]}).encode(), 422),
        (json.dumps({"events": [an_event(payload={"x": "\x00"})]}).encode(), 422),
        (json.dumps({"events": [an_event(event_id="\ud800")]}).encode(), 422),
        (json.dumps({"events": [an_event(entered_at="2026-11-20")]}).encode(), 422),
        (json.dumps({"events": [an_event(entered_at="0001-01-01T00:00:00+14:00")]}).encode(), 422),
        (json.dumps({"events": [an_event(entered_at="9999-12-31T22:00:00Z")]}).encode(), 422),
        (b" " * 200_000, 413),
    ],
)
def test_what_cannot_be_kept_as_it_was_sent_is_refused_with_its_reason(content: bytes, status: int, api: Desk) -> None:
    answer = api.post_bytes(content)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert (problem["status"], answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert problem["detail"]
    assert list(api.source().fetch(10)) == []


def test_a_refusal_names_the_place_and_repeats_nothing_of_what_was_sent(api: Desk) -> None:
    answer = api.send(an_event(1), an_event(2, employer_bin="900101300007-1", revision="900101300007"))
    assert {one["pointer"] for one in answer.json()["errors"]} >= {"/events/1/employer_bin", "/events/1/revision"}
    assert "900101300007" not in answer.text
    assert len(answer.json()["errors"]) == 2, "the list is not called too short as well"


def test_a_token_may_be_kept_to_its_own_employers(tmp_path: Path) -> None:
    """A system that may write for one employer enters and ends nothing of another: the whole request is refused."""
    with desk(tmp_path, of_erp='employers = ["main"]\n') as api:
        answer = api.send(an_event(1), an_event(2, employer_bin="150340000027"))
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/events/1/employer_bin"]
        assert list(api.source().fetch(10)) == []
        assert api.send(an_event(1)).status_code == 202
        other = api.send(an_event(2, employer_bin="150340000027"), key="k-2", token=OTHER_TOKEN)
        assert other.status_code == 202, "a source that names none may send for all"


def test_what_was_kept_is_answered_as_before_also_when_its_employer_may_not_be_named_any_more(tmp_path: Path) -> None:
    with desk(tmp_path) as api:
        kept = api.send(an_event(1, employer_bin="150340000027"))
        assert kept.status_code == 202
    with desk(tmp_path, ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}", of_erp='employers = ["main"]\n') as api:
        again = api.send(an_event(1, employer_bin="150340000027"))
        assert (again.status_code, again.content) == (202, kept.content)
        assert api.send(an_event(2, employer_bin="150340000027"), key="k-2").status_code == 422
        assert api.send(an_event(2), key="k-2").status_code == 202, "a request that was refused has used up no key"


def test_headers_are_asked_for(api: Desk) -> None:
    for key in ("", "two words", "x" * 101):
        assert api.post_bytes(b"{}", **{"Idempotency-Key": key}).status_code == 400
    assert api.post_bytes(b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    assert httpx.delete(f"{api.url}/v1/events").status_code == 405
    assert httpx.get(f"{api.url}/").headers["Content-Type"] == "application/problem+json"


def test_more_requests_than_the_settings_allow_are_put_off(tmp_path: Path) -> None:
    with desk(tmp_path, requests_per_minute="3") as api:
        answers = [api.ask("x").status_code for _ in range(4)]
        assert answers == [404, 404, 404, 429]
        assert 1 <= int(api.ask("x").headers["Retry-After"]) <= 20
        assert api.ask("x", token=OTHER_TOKEN).status_code == 404, "others are not held up"


def test_a_ledger_that_is_away_is_told_and_the_same_request_goes_through_later(tmp_path: Path) -> None:
    with desk(tmp_path) as api:
        away = tmp_path / "away"
        api.ledger.close()
        (tmp_path / "ledger.db").rename(away)
        (tmp_path / "ledger.db").mkdir()
        answer = api.send(an_event(1))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        (tmp_path / "ledger.db").rmdir()
        away.rename(tmp_path / "ledger.db")
        assert api.send(an_event(1)).status_code == 202
        assert len(api.source().fetch(10)) == 1


@pytest.mark.parametrize("die", [kill_before_commit, kill_before_answer])
def test_killed_between_receipt_and_answer_nothing_is_lost_and_nothing_doubled(
    die: Callable[[], None], tmp_path: Path
) -> None:
    """The sender knows nothing; it sends the same again, and has what the first time would have told."""
    with desk(tmp_path) as api:
        settings = api.settings.values.intake
        assert settings is not None
        killed = _killed_server(tmp_path, die)
        with pytest.raises(httpx.TransportError):
            Desk(killed, api.ledger, api.ledger_url, api.settings).send(an_event(1), an_event(2))
        kept = [row.row_ref for row in api.source().fetch(10)]
        assert len(kept) == (0 if die is kill_before_commit else 2)
        answer = api.send(an_event(1), an_event(2))
        rows = api.source().fetch(10)
    assert [one["id"] for one in answer.json()["events"]] == [row.row_ref for row in rows]
    assert not kept or kept == [row.row_ref for row in rows]
    assert len(rows) == 2


def _killed_server(folder: Path, die: Callable[[], None]) -> str:
    """Another process at the same ledger that dies on the first request; gives its address."""
    script = (
        "import sys, time; from pathlib import Path; from support import intake_desk as on;"
        "place = Path(sys.argv[1]) / 'second'; place.mkdir();"
        "found = on.desk(place, sys.argv[2]); api = found.__enter__(); getattr(on, sys.argv[3])();"
        "print(api.url, flush=True); time.sleep(60)"
    )
    url = f"sqlite:///{folder / 'ledger.db'}"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), url, die.__name__],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address
    threading.Thread(target=process.wait, daemon=True).start()
    process.stdout.close()
    return address


def test_with_a_certificate_it_speaks_tls_and_nothing_else(tmp_path: Path, pki: Path) -> None:
    pair = {"certificate": f'"{pki / "tls.pem"}"', "certificate_key": f'"{pki / "tls.key"}"'}
    with desk(tmp_path, **pair) as api:
        trusted = ssl.create_default_context(cafile=str(pki / "tls-ca.pem"))
        assert httpx.get(f"{api.url}/v1/openapi.json", verify=trusted).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{api.url.replace('https', 'http')}/v1/openapi.json")


def test_behind_a_proxy_it_listens_on_a_socket_of_its_group(tmp_path: Path) -> None:
    place = tmp_path / "intake.sock"
    with desk(tmp_path, listen=f'"unix:{place}"'):
        assert ask(UnixConnection(place), "/v1/openapi.json")[0] == 200
        assert place.stat().st_mode & 0o777 == 0o660
    assert not place.exists()


def test_an_address_that_is_taken_and_a_certificate_that_is_none_are_told_at_the_start(
    tmp_path: Path, pki: Path
) -> None:
    with desk(tmp_path) as api:
        settings = api.settings.values.intake
        assert settings is not None
        with (
            pytest.raises(ConfigurationError, match=r"\[intake\] listen, 127.0.0.1 port .* another program"),
            intake_server(api.settings, settings),
        ):
            pass
        wrong = settings.model_copy(update={"certificate": pki / "tls.key", "certificate_key": pki / "tls.key"})
        with (
            pytest.raises(ConfigurationError, match="certificate and key of the intake cannot be used"),
            intake_server(api.settings, wrong),
        ):
            pass


def test_whoever_connects_and_asks_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usrec.interfaces.intake_api.impatient.SILENCE", 0.2)
    with desk(tmp_path) as api, socket.create_connection(("127.0.0.1", httpx.URL(api.url).port or 0)) as silent:
        silent.settimeout(20)
        assert silent.recv(1) == b""


HALF = {
    "the head of a second request": b"GET /v1/openapi.json HTTP/1.1\r\nHost: any\r\n\r\nGET /v1/openapi.json HTTP",
    "the body of a refused request": b"POST /v1/events HTTP/1.1\r\nHost: any\r\nContent-Length: 9000\r\n\r\n{",
}


@pytest.mark.parametrize("part", sorted(HALF))
def test_whoever_sends_a_request_in_drops_is_sent_away(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usrec.interfaces.intake_api.impatient.SILENCE", 0.5)
    with desk(tmp_path) as api, socket.create_connection(("127.0.0.1", httpx.URL(api.url).port or 0)) as slow:
        slow.settimeout(0.05)
        slow.sendall(HALF[part])
        with pytest.raises(OSError, match=r"[Bb]roken pipe|reset by peer"):
            _dawdle(slow)


def _dawdle(slow: socket.socket) -> None:
    """A byte now and then, for up to ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(TimeoutError):
            slow.recv(65536)
        slow.sendall(b"a")


def test_a_connection_may_rest_between_two_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usrec.interfaces.intake_api.impatient.SILENCE", 0.2)
    with desk(tmp_path) as api, httpx.Client(base_url=api.url) as client:
        ports = set()
        for _ in range(3):
            with client.stream("GET", "/v1/openapi.json") as answer:
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                answer.read()
            time.sleep(0.5)
        assert len(ports) == 1


def test_it_keeps_to_what_its_document_promises(tmp_path: Path) -> None:
    """schemathesis: every operation with good and bad requests, judged by the document that is served."""
    (tmp_path / "schemathesis.toml").write_text("[phases.stateful.inference]\nalgorithms = []\n", "utf-8")
    with desk(tmp_path, most_kilobytes="8192", requests_per_minute="100000", most_events="50") as api:
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
                *("--config-file", "schemathesis.toml", "run", f"{api.url}/v1/openapi.json", "--seed", "1"),
                *("-H", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--max-examples", "10", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "Tested: 2" in done.stdout


def test_nothing_sent_and_no_token_is_in_the_log(api: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    api.send(an_event(1))
    api.send(an_event(1, employer_bin="x"))
    api.ledger.close()
    logged = "".join(capfd.readouterr())
    for secret in (TOKEN, an_event()["payload"]["employee_iin"], "e-1"):
        assert secret not in logged
