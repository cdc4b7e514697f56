"""Settings that contradict each other, or cannot mean what they should, are told before anything starts."""

from __future__ import annotations

import tomllib

import pytest

from support.line import BIN
from usrec.settings.faults import spelt
from usrec.settings.rules import broken_rules

SOUND = f"""
[gateway]
url = "https://gateway.example/"
sender_id = "company"
password = {{ file = "p" }}
response_certificate = "c"
proxy = {{ url = "http://proxy.example:3128", user = "me", password = {{ env = "PROXY" }} }}
[employer.main]
bin = "{BIN}"
key_file = "k"
key_password = {{ file = "kp" }}
[[employer.main.order]]
number = "1"
dated = 2026-01-05
valid_from = 2026-01-06
valid_until = 2026-01-06
[ledger]
url = "postgresql://agent@db/usrec?application_name=agent"
password = {{ credential = "ledger" }}
[source.hr]
kind = "outbox"
url = "sqlite:///hr.db"
[calendar]
working_days = [2027-03-06]
days_off = [2027-03-09]
[alerts.webhook.chat]
url = "https://chat.example/hook"
[alerts.webhook.local]
url = "http://[::1]:8080/hook"
[alerts.mail.office]
host = "mail.example"
sender = "usrec@example.kz"
to = ["hr@example.kz", "it@example.kz"]
[alerts.mail.local]
host = "127.0.0.1"
security = "none"
sender = "usrec@localhost"
to = ["root@localhost"]
[health]
listen = "127.0.0.1:9464"
"""


def told(text: str) -> list[str]:
    return [f"{spelt(one.path)}: {one.what}" for one in broken_rules(tomllib.loads(text))]


def test_sound_settings_break_no_rule() -> None:
    assert told(SOUND) == []


@pytest.mark.parametrize("listen", ["unix:/run/usrec/health.sock", "[::1]:9464", "localhost:80"])
def test_a_place_to_listen_is_an_address_with_a_port_or_a_socket(listen: str) -> None:
    assert told(SOUND.replace("127.0.0.1:9464", listen)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("https://gateway.example/", "https://FILL_IN/", "[gateway] url: still to be filled in: replace FILL_IN"),
        ('"it@example.kz"', '"FILL_IN@example.kz"', "[alerts.mail.office] to 2: still to be filled in"),
        ("valid_until = 2026-01-06", "valid_until = 2026-01-05", "[employer.main.order 1] valid_until: it lies before"),
        ("days_off = [2027-03-09]", "days_off = [2027-03-06]", "[calendar] days_off: 2027-03-06 stands among working"),
        ("agent@db", "agent:secret@db", "[ledger] url: take the password out"),
        ("?application_name=agent", "?password=secret", "[ledger] url: take the password out"),
        ("agent@db", "agent:top/secret@db", "[ledger] url: take the password out"),
        ("agent@db", "agent@db:port", "[ledger] url: it is no address: write postgresql://user@host:5432/database"),
        (
            '"sqlite:///hr.db"',
            '"sqlite:///hr.db"\npassword = { env = "X" }',
            "[source.hr] password: an SQLite file has",
        ),
        ("http://proxy.example:3128", "proxy.example:3128", "[gateway.proxy] url: write http://host:port"),
        ("http://proxy.example:3128", "http://a:b@proxy.example", "[gateway.proxy] url: take user and password out"),
        ("http://proxy.example:3128", "http://proxy:port", "[gateway.proxy] url: write http://host:port"),
        ('user = "me", ', "", "[gateway.proxy] user: user and password come together"),
        ("https://chat.example/hook", "http://chat.example/hook", "[alerts.webhook.chat] url: write an https address"),
        ("https://chat.example/hook", "https://a:b@chat.example", "[alerts.webhook.chat] url: write an https address"),
        ('host = "127.0.0.1"', 'host = "mail.example"', "[alerts.mail.local] security: mail goes to another machine"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nuser = "me"', "[alerts.mail.local] user: user and password come"),
        ("usrec@localhost", "usrec", "[alerts.mail.local] sender: it is no mail address"),
        ('"it@example.kz"', '"it"', "[alerts.mail.office] to 2: it is no mail address"),
        ("127.0.0.1:9464", "9464", "[health] listen: write an address and port"),
    ],
)
def test_each_contradiction_is_told_once_with_its_setting(right: str, wrong: str, expected: str) -> None:
    assert right in SOUND
    (found,) = told(SOUND.replace(right, wrong, 1))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("lease", "proxied", "passes"), [(190, False, False), (190.5, False, True), (290, True, False), (290.5, True, True)]
)
def test_a_lease_outlasts_one_exchange_and_with_a_proxy_its_tunnel_too(
    lease: float, *, proxied: bool, passes: bool
) -> None:
    text = SOUND if proxied else "\n".join(line for line in SOUND.splitlines() if not line.startswith("proxy"))
    found = told(f"{text}[delivery]\nlease = {lease}\n".replace('listen = "127.0.0.1:9464"', ""))
    needed = 290 if proxied else 190
    assert found == (
        [] if passes else [f"[delivery] lease: lease must be longer than one whole exchange may take, {needed} s"]
    )


def test_the_longest_wait_is_no_shorter_than_the_first() -> None:
    found = told(f"{SOUND}[delivery]\nretry_base = 60\nretry_cap = 59\n")
    assert found == ["[delivery] retry_cap: it is shorter than retry_base"]


@pytest.mark.parametrize("broken", ['"text"', "1", "[]", "[1]", "{ x = 1 }", "true"])
@pytest.mark.parametrize(
    "table", ["gateway", "employer", "source", "ledger", "calendar", "delivery", "alerts", "health"]
)
def test_a_table_of_another_kind_breaks_no_rule_by_itself(table: str, broken: str) -> None:
    """The tree tells that it is no table; the rules only have to survive it."""
    assert told(f"{table} = {broken}") == []
