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
        (
            "[[employer.main.order]]",
            "[employer.main.calendar]\nworking_days = [2027-03-06]\ndays_off = [2027-03-06]\n[[employer.main.order]]",
            "[employer.main.calendar] days_off: 2027-03-06 stands among working",
        ),
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
        ("[calendar]", "[targets]\nconclusion = 3\n[calendar]", "[targets] conclusion: the law sets a term for it"),
        ("[calendar]", "[targets]\nextension = 3\n[calendar]", "[targets] extension: the law sets a term for it"),
    ],
)
def test_each_contradiction_is_told_once_with_its_setting(right: str, wrong: str, expected: str) -> None:
    assert right in SOUND
    (found,) = told(SOUND.replace(right, wrong, 1))
    assert found.startswith(expected)


AT_DAEMON: dict[str, object] = {"signer_daemon": {"socket": "s", "key": "k"}}
AT_NCANODE: dict[str, object] = {
    "ncanode": {"url": "http://127.0.0.1:14579", "key_file": "k", "key_password": {"file": "p"}}
}
IN_A_FILE: dict[str, object] = {"key_file": "k", "key_password": {"file": "p"}}


@pytest.mark.parametrize(
    ("key", "following", "transport", "signing"),
    [
        (IN_A_FILE, [], None, 0),
        (AT_DAEMON, [], None, 30),
        (AT_DAEMON, [AT_DAEMON], None, 50),
        (IN_A_FILE, [AT_NCANODE], None, 90),
        (AT_NCANODE, [AT_NCANODE], None, 150),
        (AT_NCANODE, [], IN_A_FILE, 60),
        (AT_DAEMON, [], AT_NCANODE, 80),
        ({"owner": {}}, [], AT_DAEMON, 20),
    ],
)
def test_a_lease_leaves_time_for_whoever_signs_outside(
    key: dict[str, object], following: list[object], transport: dict[str, object] | None, signing: int
) -> None:
    tree = tomllib.loads(SOUND.replace('key_file = "k"\nkey_password = { file = "kp" }', ""))
    tree["employer"]["main"] |= key | ({"next_key": following} if following else {})
    del tree["gateway"]["proxy"]
    if transport is not None:
        tree["gateway"]["transport_key"] = transport
    tree["delivery"] = {"lease": 190 + signing}
    (wrong,) = broken_rules(tree)
    words = f", {signing} s of them for signing" if signing else ""
    assert wrong.what == f"lease must be longer than one whole exchange may take, {190 + signing} s{words}"
    tree["delivery"] = {"lease": 190.5 + signing}
    assert list(broken_rules(tree)) == []


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


# Keys

DAEMON = 'signer_daemon = { socket = "s", key = "main" }'
NODE = 'ncanode = { url = "%s", key_file = "k", key_password = { file = "w" } }'
NEAR = NODE % "http://127.0.0.1:14579"
TOKEN = 'token = { library = "l", token = "t", key = "k", pin = { file = "w" } }'
OWN = 'key_file = "k"\nkey_password = { file = "w" }'
WAYS = [OWN, DAEMON, NEAR, TOKEN]
MISSING = "this setting is missing"
NOWHERE = f"[employer.main] key_file: {MISSING}, or another place of the key: signer_daemon, ncanode, token or owner"


def with_keys(employer: str, *, next_key: str = "", transport: str = "") -> list[str]:
    """What is told of settings whose employer has its key like this."""
    gateway = f"[gateway]\n{f'transport_key = {{ {transport} }}' if transport else ''}\n"
    text = f'{gateway}[employer.main]\nbin = "{BIN}"\n{employer}\n{next_key}'
    return [one for one in told(text) if "employer" in one or "transport" in one]


def following(*tables: str) -> str:
    return "".join(f"[[employer.main.next_key]]\n{table}\n" for table in tables)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_a_key_is_enough_by_itself_everywhere(way: str) -> None:
    assert with_keys(way, next_key=following(*WAYS), transport=way.replace("\n", ", ")) == []


@pytest.mark.parametrize(
    ("employer", "wrong"),
    [
        ("", [NOWHERE]),
        ('key_file = "k"', [f"[employer.main] key_password: {MISSING}"]),
        ('key_password = { file = "w" }', [f"[employer.main] key_file: {MISSING}"]),
        (f"{OWN}\n{DAEMON}", ["[employer.main] signer_daemon: a key is in one place: take this out, or key_file"]),
        (f"{TOKEN}\n{NEAR}", ["[employer.main] token: a key is in one place: take this out, or ncanode"]),
        (
            f'{DAEMON}\nkey_password = {{ file = "w" }}',
            ["[employer.main] key_password: it belongs to key_file; signer_daemon has its own settings"],
        ),
    ],
)
def test_a_key_is_in_exactly_one_place(employer: str, wrong: list[str]) -> None:
    assert with_keys(employer) == wrong


@pytest.mark.parametrize("url", ["http://ncanode.example:14579", "ftp://127.0.0.1", "https://me:word@n", "x"])
def test_a_key_goes_to_ncanode_by_tls_or_within_this_machine(url: str) -> None:
    (wrong,) = with_keys(NODE % url)
    assert wrong == "[employer.main.ncanode] url: write an https address, or http to this machine"
    assert with_keys(NODE % "https://ncanode.example") == []


def test_an_owner_who_signs_by_hand_has_no_key_here_and_envelopes_need_one() -> None:
    assert with_keys("owner = {}", transport=DAEMON) == []
    (wrong,) = with_keys("owner = {}")
    assert wrong.startswith("[gateway] transport_key: [employer.main] has no key here")
    told_of = with_keys(f"owner = {{}}\n{OWN}", next_key=following(DAEMON), transport=DAEMON)
    assert [one.partition(":")[0] for one in told_of] == [
        "[employer.main] key_file",
        "[employer.main] key_password",
        "[employer.main] next_key",
    ]


def test_following_keys_are_named_and_their_days_go_up() -> None:
    days = [f"{DAEMON}\nuse_from = {day}" for day in ("2027-01-11", "2026-01-11", "2028-01-11")]
    assert with_keys(OWN, next_key=following(days[0], DAEMON, days[2])) == []
    (wrong,) = with_keys(OWN, next_key=following(*days))
    assert wrong == "[employer.main.next_key 2] use_from: it must lie after the use_from of the key before it"
    (nowhere,) = with_keys(OWN, next_key=following("use_from = 2027-01-11"))
    assert nowhere.startswith(f"[employer.main.next_key 1] key_file: {MISSING}, or another")
    (without,) = with_keys(OWN, transport='key_file = "k"')
    assert without == f"[gateway.transport_key] key_password: {MISSING}"


def test_the_days_before_a_permit_ends_go_down() -> None:
    told_at = "[alerts]\npermit_first_days = {}\npermit_second_days = {}\npermit_last_days = {}\n"
    assert told(SOUND + told_at.format(90, 45, 5)) == []
    assert told(SOUND + told_at.format(30, 30, 10)) == [
        "[alerts] permit_second_days: write less than 30: each telling comes after the one before"
    ]
    assert told(SOUND + told_at.format(60, 5, 10)) == [
        "[alerts] permit_last_days: write less than 5: each telling comes after the one before"
    ]


def test_a_watcher_takes_an_owner_who_signs_by_hand_without_the_gateways_tables() -> None:
    """The gateway's password and key need not be on the watcher's machine."""
    text = f'[employer.main]\nbin = "{BIN}"\n[employer.main.owner]\n[ledger]\nurl = "sqlite:///ledger.db"\n'
    assert told(text) == []


def test_further_certificates_of_an_owner_stand_beside_a_first_one() -> None:
    text = f'[employer.main]\nbin = "{BIN}"\n[employer.main.owner]\nfurther_certificates = ["5F3A9C"]\n'
    (one,) = told(f'{text}[ledger]\nurl = "sqlite:///ledger.db"\n')
    assert one.endswith("[employer.main.owner] further_certificates: name the first one in certificate")


def test_policies_that_are_safe_break_no_rule() -> None:
    assert told(SOUND + '[policies]\nSCSE059 = "fix_and_resend"\nSCSE153 = "retry"\n') == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('SCSE777 = "retry"', "[policies] SCSE777: USREC has no such code"),
        ('scse059 = "retry"', "[policies] scse059: USREC has no such code"),
        ('SCSE014 = "retry"', "[policies] SCSE014: retry is not safe here: the record may be registered already"),
        ('SCSE086 = "fix_and_resend"', "[policies] SCSE086: fix_and_resend is not safe here"),
        ('SCSE002 = "fix_and_resend"', "[policies] SCSE002: fix_and_resend is not safe here"),
        ('SCSE043 = "stop_everything"', "[policies] SCSE043: stop_everything is not safe here: it is about one row"),
    ],
)
def test_policy_for_an_unknown_code_or_an_unsafe_one_is_told_with_its_reason(line: str, expected: str) -> None:
    (one,) = told(f"{SOUND}[policies]\n{line}\n")
    assert one.startswith(expected)


def test_word_that_is_no_policy_is_left_to_the_check_of_kinds() -> None:
    assert told(f'{SOUND}[policies]\nSCSE059 = "later"\nSCSE060 = ["retry"]\n') == []


def test_an_export_for_audits_is_that_of_an_employer() -> None:
    export = '[audit.export.{name}]\nfile = "export.csv"\n'
    assert told(SOUND + export.format(name="main")) == []
    assert told(SOUND + export.format(name="mian")) == ["[audit.export] mian: there is no [employer.mian]"]
