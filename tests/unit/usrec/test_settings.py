"""`usrec.toml`: every mistake is named with its place, and no secret is ever shown."""

from __future__ import annotations

import os
import re
import traceback
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from support.line import BIN, numbered
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.settings import (
    LoadedSettings,
    SecretSettings,
    find_settings,
    load_health_settings,
    load_settings,
    load_watcher_settings,
    outboxes,
)
from usrec.settings.secrets import read_secret

WORD = "open sesame"
WHOLE = f"""
[gateway]
url = "https://gateway.example/sync"
sender_id = "company"
password = {{ file = "gateway.password" }}
response_certificate = "gateway.pem"

[employer.alatau]
bin = "{BIN}"
key_file = "alatau.p12"
key_password = {{ file = "alatau.password" }}

[ledger]
url = "sqlite:///ledger.db"

[source.hr]
kind = "outbox"
url = "sqlite:///hr.db"
"""


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("USREC_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "usrec.toml"


def loaded(file: Path, text: str = WHOLE) -> LoadedSettings:
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def problem(file: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(file, text)
    return str(caught.value)


def test_shortest_settings_have_sensible_defaults(file: Path) -> None:
    values = loaded(file).values
    assert values.gateway.service_id == "contract"
    assert values.gateway.profile == "current"
    assert values.gateway.clock_tolerance == timedelta(minutes=5)
    assert values.delivery.workers == 4
    hr = dict(outboxes(values.source))["hr"]
    assert (hr.table, hr.read_only) == ("usrec_outbox", False)
    assert values.log.level == "info"


def test_durations_are_seconds_or_iso_text_and_days_are_dates(file: Path) -> None:
    values = loaded(
        file,
        WHOLE + "[delivery]\nlease = 'PT10M'\npoll = 0.5\n[calendar]\ndays_off = [2027-03-09]\nworking_days = []\n",
    ).values
    assert values.delivery.lease == timedelta(minutes=10)
    assert values.delivery.poll == timedelta(milliseconds=500)
    assert values.calendar.days_off == {date(2027, 3, 9)}


@pytest.mark.parametrize("poll", ["0", "-1", "'soon'", "true", "inf", "nan", "1e300", "31622401"])
def test_duration_must_be_a_positive_time(file: Path, poll: str) -> None:
    assert "[delivery] poll:" in problem(file, WHOLE + f"[delivery]\npoll = {poll}\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (WHOLE.replace("sender_id", "sender"), "[gateway] sender: there is no such setting"),
        (WHOLE + "[gatway]\nurl = 'x'\n", "[gatway]: there is no such setting"),
        (WHOLE.replace("bin =", "bim ="), "[employer.alatau] bim: there is no such setting"),
        (WHOLE + "[gateway.timeouts]\nreed = 5\n", "[gateway.timeouts] reed: there is no such setting"),
    ],
)
def test_misspelt_setting_is_named_with_its_place(file: Path, text: str, place: str) -> None:
    said = problem(file, text)
    assert place in said
    assert str(file) in said
    assert "Nothing was started" in said


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('url = "https://gateway.example/sync"', "[gateway] url: this setting is missing"),
        ('url = "sqlite:///ledger.db"', "[ledger] url: this setting is missing"),
        ('key_password = { file = "alatau.password" }', "[employer.alatau] key_password: this setting is missing"),
        ('kind = "outbox"', "[source.hr] kind: this setting is missing"),
    ],
)
def test_missing_setting_is_named_with_its_place(file: Path, line: str, place: str) -> None:
    assert place in problem(file, WHOLE.replace(line, ""))


def test_missing_table_is_named(file: Path) -> None:
    assert "[ledger]: this setting is missing" in problem(file, WHOLE.partition("[ledger]")[0])


def test_every_mistake_is_named_at_once(file: Path) -> None:
    said = problem(file, WHOLE.replace("sender_id", "sender").replace('kind = "outbox"', 'kind = "rest"'))
    assert said.count("there is no such setting") == 1
    assert said.count("this setting is missing") == 1
    assert "[source.hr] kind" in said


@pytest.mark.parametrize("wrong", ["123", "200940000018"])
def test_wrong_bin_is_told_but_not_repeated(file: Path, wrong: str) -> None:
    said = problem(file, WHOLE.replace(BIN, wrong))
    assert "[employer.alatau] bin" in said
    assert wrong not in said.replace(str(file), "")


def test_an_entrepreneur_may_be_named_by_an_iin(file: Path) -> None:
    iin = numbered("90010130000")
    assert loaded(file, WHOLE.replace(BIN, f" {iin} ")).values.employer["alatau"].bin == iin


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("employer", WHOLE.replace("[employer.alatau]", "[employer]").replace("bin =", "#").replace("key_", "#key_")),
        ("source", WHOLE.partition("[source.hr]")[0] + "[source]\n"),
    ],
)
def test_an_employer_and_a_source_are_needed(file: Path, place: str, text: str) -> None:
    assert re.search(rf"line \d+: \[{place}\]: at least one \[{place}\.NAME\] is needed", problem(file, text))


def test_no_bin_stands_twice(file: Path) -> None:
    twin = f'[employer.twin]\nbin = "{BIN}"\nkey_file = "a"\nkey_password = {{ file = "b" }}\n'
    said = problem(file, WHOLE + twin)
    assert "line 20: [employer.twin] bin: [employer.alatau] has the same BIN" in said
    assert BIN not in said


def test_broken_toml_is_told_with_its_line(file: Path) -> None:
    said = problem(file, "[gateway\n")
    assert "line 1" in said
    assert str(file) in said


def test_file_that_is_no_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(file)


def test_absent_file_is_told_with_the_ways_to_name_it(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"does not exist.*--config or \$USREC_CONFIG"):
        load_settings(file)


@pytest.mark.parametrize(("lease", "passes"), [(190, False), (190.5, True)])
def test_lease_outlasts_one_whole_exchange(file: Path, lease: float, *, passes: bool) -> None:
    text = WHOLE + f"[delivery]\nlease = {lease}\n"
    if passes:
        assert loaded(file, text).values.delivery.lease == timedelta(seconds=lease)
    else:
        assert "lease must be longer than one whole exchange may take, 190 s" in problem(file, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE.replace(f'"{BIN}"', BIN), "[employer.alatau] bin: write a text in quotes"),
        (
            WHOLE.replace('key_file = "alatau.p12"', "key_file = 5"),
            "[employer.alatau] key_file: write a path in quotes",
        ),
        (WHOLE.replace('"outbox"', '"1c"'), '[source.hr] kind: write "outbox"'),
        (WHOLE + "read_only = 'no one'\n", "[source.hr] read_only: write true or false"),
        (WHOLE + "[delivery]\nworkers = 'four'\n", "[delivery] workers: write a whole number"),
        (WHOLE + "[delivery]\nworkers = 65\n", "[delivery] workers: it must be at most 64"),
        (WHOLE + "[delivery]\nworkers = 0\n", "[delivery] workers: it must be at least 1"),
        (WHOLE + "[delivery]\npoll = 0\n", "[delivery] poll: it must be more than 0 s"),
        (WHOLE + "[delivery]\npoll = 'soon'\n", "[delivery] poll: write a number of seconds, or text such as PT5M"),
        (WHOLE + "[alerts]\ndigest_at = '25:00'\n", '[alerts] digest_at: write a time as "09:00"'),
        (WHOLE + "[calendar]\ndays_off = 2027-03-09\n", "[calendar] days_off: write a list in brackets"),
        (WHOLE + "[calendar]\ndays_off = ['9 March']\n", "[calendar] days_off 1: write a day as 2027-03-09"),
        (WHOLE + "[alerts.command.desk]\ncommand = []\n", "[alerts.command.desk] command: it must not be empty"),
        ("watch = 5\n" + WHOLE, "[watch]: write a table, with settings of its own"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_to_write(file: Path, text: str, told: str) -> None:
    said = problem(file, text)
    assert told in said
    assert "Input should" not in said


@pytest.mark.parametrize("workers", [0, 65])
def test_workers_are_few_and_at_least_one(file: Path, workers: int) -> None:
    assert "[delivery] workers" in problem(file, WHOLE + f"[delivery]\nworkers = {workers}\n")


def test_environment_goes_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_GATEWAY__URL", "https://other.example/sync")
    monkeypatch.setenv("USREC_DELIVERY__WORKERS", "9")
    values = loaded(file).values
    assert values.gateway.url == "https://other.example/sync"
    assert values.gateway.sender_id == "company"
    assert values.delivery.workers == 9


def test_misspelt_environment_is_named_as_a_setting(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_GATEWAY__ULR", "https://other.example/sync")
    assert "[gateway] ulr: there is no such setting" in problem(file, WHOLE)


def test_table_in_the_environment_must_be_json_and_is_not_repeated(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_GATEWAY", WORD)
    said = problem(file, WHOLE)
    assert "$USREC_GATEWAY: a whole table in a variable must be JSON" in said
    assert WORD not in said


def test_file_is_the_given_one_then_the_environments_then_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_settings(None) == tmp_path / "usrec.toml"
    monkeypatch.setenv("USREC_CONFIG", str(tmp_path / "named.toml"))
    assert find_settings(None) == tmp_path / "named.toml"
    assert find_settings(Path("given.toml")) == tmp_path / "given.toml"


def test_variable_that_names_the_file_is_no_setting(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(WHOLE, encoding="utf-8")
    monkeypatch.setenv("USREC_CONFIG", str(file))
    assert load_settings().file == file


def test_relative_paths_start_at_the_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(file)
    monkeypatch.chdir("/")
    assert settings.path(Path("gateway.pem")) == file.parent / "gateway.pem"
    assert settings.path(Path("/etc/gateway.pem")) == Path("/etc/gateway.pem")


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("sqlite:///ledger.db", "sqlite:///{here}/ledger.db"),
        ("sqlite:///data/ledger.db", "sqlite:///{here}/data/ledger.db"),
        ("sqlite:////var/ledger.db", "sqlite:////var/ledger.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg:///agent?host=/run", "postgresql+psycopg:///agent?host=/run"),
        ("postgresql://agent@db/agent", "postgresql://agent@db/agent"),
    ],
)
def test_relative_database_file_starts_at_the_settings(file: Path, url: str, opened: str) -> None:
    assert loaded(file).database_url(url) == opened.format(here=file.parent)


def secret_file(folder: Path, content: bytes = WORD.encode(), mode: int = 0o600) -> Path:
    file = folder / "gateway.password"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def of_file(file: Path) -> Secret:
    return read_secret(SecretSettings(file=file), home=Path("/nowhere"))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_secret_loses_only_its_line_end(tmp_path: Path, end: str) -> None:
    assert of_file(secret_file(tmp_path, f" {WORD} {end}".encode())).reveal() == f" {WORD} "


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_secret_may_be_read_by_its_owner_and_group(tmp_path: Path, mode: int) -> None:
    assert of_file(secret_file(tmp_path, mode=mode)) == Secret(WORD)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o601, 0o610])
def test_secret_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, mode=mode)
    with pytest.raises(ConfigurationError, match=f"other users may read the password file.*chmod 600 {file}"):
        of_file(file)


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "empty"), (b"\n\n", "empty"), (b"\xff\xfe\xfd", "it is not UTF-8 text")]
)
def test_secret_must_be_text(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        of_file(secret_file(tmp_path, content))


def test_absent_secret_is_told_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"{tmp_path / 'nowhere'}.*No such file"):
        of_file(tmp_path / "nowhere")


def test_secret_is_found_beside_the_settings_and_shown_nowhere(file: Path) -> None:
    secret_file(file.parent)
    settings = loaded(file)
    secret = settings.secret(settings.values.gateway.password)
    assert secret.reveal() == WORD
    shown = [repr(settings), repr(asdict(settings)), settings.values.model_dump_json(), f"{secret}", repr([secret])]
    assert not [text for text in shown if WORD in text]


def test_no_error_about_a_secret_repeats_it(tmp_path: Path) -> None:
    broken = [secret_file(tmp_path, WORD.encode() + b"\xff"), secret_file(tmp_path, mode=0o644)]
    for file in broken:
        with pytest.raises(ConfigurationError) as caught:
            of_file(file)
        assert WORD not in "".join(traceback.format_exception(caught.value))


def test_only_a_number_can_be_a_duration_in_the_environment_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_DELIVERY__POLL", "0.5")
    monkeypatch.setenv("USREC_DELIVERY__LEASE", "PT10M")
    values = loaded(file).values
    assert (values.delivery.poll, values.delivery.lease) == (timedelta(milliseconds=500), timedelta(minutes=10))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("[delivery]\nworkers = true", "[delivery] workers: write a whole number"),
        ("[alerts]\ndigest_at = 9", '[alerts] digest_at: write a day as 2027-03-09, a time as "09:00"'),
        ("[alerts]\ndigest_at = '09:00+05:00'", "[alerts] digest_at: write the time without a zone"),
        ("[calendar]\ndays_off = [0]", "[calendar] days_off 1: write a day"),
    ],
)
def test_a_value_of_another_kind_is_not_guessed_at(file: Path, setting: str, told: str) -> None:
    assert told in problem(file, f"{WHOLE}{setting}\n")


def test_settings_do_not_change(file: Path) -> None:
    values = loaded(file).values
    with pytest.raises(ValueError, match="frozen"):
        values.gateway.url = "http://elsewhere"


@pytest.mark.parametrize(
    "address", [f"postgresql+psycopg://agent:{WORD}@db/ledger", f"postgresql:///ledger?password={WORD}&host=db"]
)
def test_password_in_a_database_address_is_refused_and_shown_nowhere(file: Path, address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(file, WHOLE.replace("sqlite:///ledger.db", address).replace("sqlite:///hr.db", address))
    said = str(caught.value)
    assert "[ledger] url: take the password out: write password = { file" in said
    assert "[source.hr] url: take the password out" in said
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_running_agent_is_found_whatever_else_is_wrong_in_the_file(file: Path) -> None:
    file.write_text('[health]\nlisten = "127.0.0.1:9464"\n[delivry]\n[delivery]\nworkers = "two"\n', "utf-8")
    assert load_health_settings(file).listen == "127.0.0.1:9464"


@pytest.mark.parametrize("text", ['[health]\nlisten = "9464"\n', "[health]\nlisten = 5\n", "[health\n"])
def test_an_agent_cannot_be_found_where_its_own_table_is_wrong(file: Path, text: str) -> None:
    file.write_text(text + WHOLE, "utf-8")
    with pytest.raises(ConfigurationError, match=r"line 2: \[health\] listen|line 1: column 8"):
        load_health_settings(file)


def test_a_watcher_needs_the_ledger_alone_and_takes_an_agents_file(file: Path) -> None:
    file.write_text('[ledger]\nurl = "postgresql://watcher@db/usrec"\n[watch]\nsilence = 60\n', "utf-8")
    watcher = load_watcher_settings(file)
    assert watcher.values.watch.silence == timedelta(minutes=1)
    assert watcher.values.gateway is None
    assert watcher.path(Path("watch.state")) == file.parent / "watch.state"
    file.write_text(WHOLE, "utf-8")
    assert load_watcher_settings(file).values.ledger.url == "sqlite:///ledger.db"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[watch]\nsilence = 60\n", "[ledger]: this setting is missing"),
        (
            '[ledger]\nurl = "sqlite:///a.db"\n[watch]\nsilense = 60\n',
            "line 4: [watch] silense: there is no",
        ),
        (WHOLE.replace("sender_id", "sender"), "[gateway] sender: there is no such setting"),
        (WHOLE + "[wacht]\n", "[wacht]: there is no such setting, did you mean watch?"),
    ],
)
def test_a_watchers_file_is_checked_as_strictly(file: Path, text: str, told: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_watcher_settings(file)
    assert told in str(caught.value)
