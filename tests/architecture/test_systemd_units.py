"""The units are hardened, start what our command line knows, and give it the time that it may need."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from support.command_line import all_commands
from support.markdown import read
from support.units import UNITS, all_units, read_unit, start_command
from usrec.domain.errors import OursToFix
from usrec.settings import TimeoutSettings
from usrec.settings.rules import lease_needed

HARDENED = {
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "AmbientCapabilities": [""],
    "SystemCallArchitectures": ["native"],
    "SystemCallFilter": ["@system-service", "~@privileged @resources"],
    "SystemCallErrorNumber": ["EPERM"],
    "RestrictAddressFamilies": ["AF_INET AF_INET6 AF_UNIX"],
    "RestrictNamespaces": ["yes"],
    "RestrictRealtime": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "RemoveIPC": ["yes"],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateUsers": ["yes"],
    "DevicePolicy": ["closed"],
    "ProtectClock": ["yes"],
    "ProtectControlGroups": ["yes"],
    "ProtectHostname": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectProc": ["invisible"],
    "ProcSubset": ["pid"],
    "UMask": ["0077"],
    "LimitCORE": ["0"],
    "NotifyAccess": ["main"],
}
MOST_EXPOSED = 20
"""Tenths of systemd-analyze's scale from 0 (closed) to 10 (unsafe)."""
NAMES = [unit.name for unit in all_units()]
COMMANDS = all_commands()


SIGNER = "usrec-signer.service"
OTHERWISE = {SIGNER: {"RestrictAddressFamilies": ["AF_UNIX"], "PrivateUsers": ["no"], "PrivateNetwork": ["yes"]}}
"""The signer daemon sees no network, and has to see which user asks."""
STARTED_BY = {SIGNER: ("kzeds", "--settings", "1")}
"""Program, option of its settings, and the exit code that asks for an administrator."""
USUAL = ("usrec", "--config", str(OursToFix.exit_code))


def test_every_service_has_a_unit() -> None:
    assert NAMES == ["usrec-agent.service", SIGNER, "usrec-watch.service"]


@pytest.mark.parametrize("name", NAMES)
def test_unit_is_hardened(name: str) -> None:
    service = read_unit(UNITS / name)["Service"]
    wanted = HARDENED | OTHERWISE.get(name, {})
    assert {setting: service.get(setting) for setting in wanted} == wanted
    assert service["User"] == service["Group"]
    assert service["User"] != ["root"]


@pytest.mark.parametrize("name", NAMES)
def test_unit_starts_a_command_that_exists(name: str) -> None:
    path, *words = start_command(name)
    program, settings, _ = STARTED_BY.get(name, USUAL)
    assert path == f"/opt/usrec-agent/bin/{program}", "where the bundle installs it"
    command, rest = COMMANDS.find([program, *words])
    assert command is not None
    options = {name for option in command.options for name in option.names}
    assert [word for word in rest if word.startswith("-")] == [settings]
    assert settings in options


@pytest.mark.parametrize("name", NAMES)
def test_service_comes_back_by_itself_unless_an_administrator_is_needed(name: str) -> None:
    unit = read_unit(UNITS / name)
    assert unit["Service"]["Restart"] == ["on-failure"]
    assert unit["Service"]["RestartPreventExitStatus"] == [STARTED_BY.get(name, USUAL)[2]]
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"], "it tries for ever: the night is long"
    assert (unit["Service"]["Type"], "WatchdogSec" in unit["Service"]) == (["notify"], True)


def test_agent_gets_the_time_to_finish_the_step_in_hand() -> None:
    (patience,) = read_unit(UNITS / "usrec-agent.service")["Service"]["TimeoutStopSec"]
    assert timedelta(minutes=int(patience.removesuffix("min"))) > lease_needed(TimeoutSettings(), by_proxy=True)


def test_agent_reloads_by_the_signal_that_it_obeys() -> None:
    assert read_unit(UNITS / "usrec-agent.service")["Service"]["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    newer = read_unit(UNITS / "usrec-agent.service.d" / "notify-reload.conf")["Service"]
    assert newer == {"Type": ["notify-reload"], "ExecReload": [""]}


def test_signer_daemons_socket_is_the_agents_alone_and_stands_in_its_settings() -> None:
    own = read_unit(UNITS / "usrec-signer.socket")["Socket"]
    shipped = tomllib.loads((UNITS / "usrec-signer.toml").read_text("utf-8"))
    agent = read_unit(UNITS / "usrec-agent.service")["Service"]
    assert (own["SocketMode"], own["SocketUser"]) == (["0660"], read_unit(UNITS / SIGNER)["Service"]["User"])
    assert (own["SocketGroup"], shipped["users"]) == (agent["Group"], agent["User"])
    assert own["ListenStream"] == [shipped["socket"]]
    assert shipped["state"] == f"/var/lib/{read_unit(UNITS / SIGNER)['Service']['StateDirectory'][0]}"


def test_token_drop_in_opens_no_device() -> None:
    drop_in = read_unit(UNITS / "usrec-agent.service.d" / "pcscd.conf")
    assert drop_in == {"Unit": {"Wants": ["pcscd.socket"], "After": ["pcscd.socket"]}}
    rule = (UNITS / "50-usrec-pcscd.rules").read_text("utf-8")
    assert set(re.findall(r'"(org\.[^"]+)"', rule)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }
    assert read_unit(UNITS / "usrec-agent.service")["Service"]["User"] == re.findall(r'subject\.user === "(\w+)"', rule)


def test_users_and_folders_of_the_units_are_made() -> None:
    made = re.findall(r"^u (\S+)", (UNITS / "usrec.sysusers.conf").read_text("utf-8"), re.MULTILINE)
    folders = re.findall(r"^d (\S+) 0750 root (\S+)$", (UNITS / "usrec.tmpfiles.conf").read_text("utf-8"), re.MULTILINE)
    for name in NAMES:
        (user,), config = read_unit(UNITS / name)["Service"]["User"], Path(start_command(name)[-1])
        assert user in made
        assert (str(config.parent), user) in folders


def test_every_file_is_in_the_page() -> None:
    page = read("how-to/run-as-a-service.md")
    files = [file for file in UNITS.rglob("*") if file.is_file()]
    assert len(files) >= 8
    assert all(file.name in page for file in files)


@pytest.fixture
def placed(tmp_path: Path) -> Path:
    """The units in a folder of their own, the program replaced by one that is on every machine."""
    shutil.copytree(UNITS, tmp_path / "units")
    (tmp_path / "units" / "usrec-agent.service.d" / "notify-reload.conf").unlink()
    for unit in (tmp_path / "units").glob("*.service"):
        text = re.sub("/opt/usrec-agent/bin/(usrec|kzeds)", "/bin/true", unit.read_text("utf-8"))
        unit.write_text(text, "utf-8")
    return tmp_path / "units"


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
def test_systemd_understands_every_setting(placed: Path) -> None:
    done = _analyze(placed, "verify", *(str(placed / name) for name in NAMES))
    complaints = [line for line in done.stderr.splitlines() if str(placed) in line or "usrec" in line]
    assert complaints == []


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_little_exposed(placed: Path, name: str) -> None:
    done = _analyze(
        placed, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(placed / name)
    )
    if "--offline" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a unit that is not installed")
    assert done.returncode == 0, done.stdout
    found = re.search(r"exposure level for \S+: (\d+\.\d)", done.stdout)
    assert found is not None
    assert float(found[1]) * 10 <= MOST_EXPOSED


def _analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{folder}:", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
