"""The image and the compose file: no root, nothing writable, nothing public, and only commands that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.command_line import all_commands
from support.image import DOCKER, ROOT, compose, dockerfile
from support.markdown import read
from usrec import settings
from usrec.settings import TimeoutSettings
from usrec.settings.rules import lease_needed

INSTRUCTIONS = dockerfile()
COMPOSE = compose()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("usrec-agent:")}
COMMANDS = all_commands()


def require_known(words: list[str]) -> None:
    """A command of ours, with options that it has."""
    command, rest = COMMANDS.find(words)
    assert command is not None, words
    options = {name for option in command.options for name in option.names}
    assert {word for word in rest if word.startswith("--")} <= options, words


# -- the image


def last(word: str) -> str:
    return next(one.rest for one in reversed(INSTRUCTIONS) if one.word == word)


def test_image_runs_without_root_and_without_a_shell() -> None:
    stages = max(one.stage for one in INSTRUCTIONS)
    assert stages == 2, "compilers and pip stay in the first one"
    assert re.fullmatch(r"10001:10001", last("USER")), "a number, so that an orchestrator can see that it is not root"
    final = [one.word for one in INSTRUCTIONS if one.stage == stages]
    assert final.index("USER") > max(index for index, word in enumerate(final) if word in {"RUN", "COPY"})
    for one in INSTRUCTIONS:
        if one.word in {"RUN", "CMD", "HEALTHCHECK"}:
            assert one.words, one


def test_image_starts_and_probes_the_agent() -> None:
    (start,) = (one.words for one in INSTRUCTIONS if one.word == "CMD")
    (probe,) = (one.words for one in INSTRUCTIONS if one.word == "HEALTHCHECK")
    require_known(start)
    require_known(probe)
    assert (start, probe) == (["usrec", "run"], ["usrec", "health", "--live"])
    assert last("STOPSIGNAL") == "SIGTERM"
    assert not any(one.word == "ENTRYPOINT" for one in INSTRUCTIONS)


def test_image_holds_only_what_is_locked_with_a_hash() -> None:
    installs = [
        one.words for one in INSTRUCTIONS if one.word == "RUN" and "install" in one.words and "pip" in one.words
    ]
    libraries, ourselves = installs
    assert {"--require-hashes", "--only-binary=:all:", "requirements.lock"} <= set(libraries)
    assert {"--no-deps", "--no-index", "--no-build-isolation", "."} <= set(ourselves)
    bases = [one.rest.split()[0] for one in INSTRUCTIONS if one.word == "FROM"]
    assert set(bases) == {"${PYTHON_IMAGE}"}, "pinned in one place"
    (default,) = (one.rest for one in INSTRUCTIONS if one.word == "ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-\w+", default)


def test_image_is_given_only_named_parts_of_the_checkout() -> None:
    """A key or a database that lies about is not even sent to the builder."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert [rule for rule in rules if not rule.startswith("!")] == ["*", "**/__pycache__"]
    assert set(copied()) == allowed
    assert all((ROOT / name).exists() for name in allowed)


def copied() -> list[str]:
    """What the image takes from the checkout."""
    words = [shlex.split(one.rest) for one in INSTRUCTIONS if one.word == "COPY" and not one.rest.startswith("--from")]
    return [source for line in words for source in line[:-1]]


def test_wheel_can_be_built_from_what_the_image_is_given(tmp_path: Path) -> None:
    """The very command of the Dockerfile, with a folder that holds no more than its COPY lines bring."""
    place, target = tmp_path / "build", tmp_path / "wheel"
    place.mkdir()
    for name in copied():
        (place / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(target), str(place)], check=True, capture_output=True, text=True)
    (wheel,) = target.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"usrec/__main__.py", "kzeds/cli/app.py", "usrec_simulator/cli.py"} <= names
    assert any(name.endswith("hr-outbox/postgresql.sql") for name in names)


# -- the compose file


def test_compose_has_the_services_of_the_trial() -> None:
    assert list(SERVICES) == [
        "postgres",
        "test-keys",
        "simulator",
        "upgrade",
        "agent",
        "prometheus",
        "grafana",
    ]
    assert {"test-keys", "simulator", "upgrade", "agent"} == OURS
    assert [name for name, service in SERVICES.items() if "build" in service] == ["test-keys"], "built once"


@pytest.mark.parametrize("name", SERVICES)
def test_service_may_do_nothing_that_it_need_not(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] > 0
    assert not {"privileged", "devices", "pid", "ipc", "userns_mode", "volumes_from"} & set(service)
    assert not re.search(r":(latest)?$", service["image"])
    assert ":" in service["image"]
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:"), port


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_as_files_only(name: str) -> None:
    """Not in the environment, which whoever may inspect a container reads."""
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        assert "PASSWORD" not in variable or str(value).startswith("/run/secrets/"), variable
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    made = set(re.findall(r"\w+", re.findall(r"^for name in (.+);", _make_secrets(), re.MULTILINE)[0]))
    assert {f"{one}-password" for one in made} == set(COMPOSE["secrets"])
    assert all(secret == {"file": f"./compose/secrets/{key}"} for key, secret in COMPOSE["secrets"].items())


def _make_secrets() -> str:
    return (DOCKER / "compose" / "make-secrets.sh").read_text("utf-8")


def test_databases_and_government_have_no_way_out() -> None:
    networks = COMPOSE["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == {"front"}
    assert {name for name, service in SERVICES.items() if "front" in service.get("networks", ())} == {
        name for name, service in SERVICES.items() if "ports" in service
    }
    assert SERVICES["test-keys"]["network_mode"] == "none"


def test_services_start_in_order() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    assert waits["agent"] == {"upgrade": "service_completed_successfully", "simulator": "service_healthy"}
    assert waits["upgrade"] == {"postgres": "service_healthy"}
    assert waits["simulator"] == {"test-keys": "service_completed_successfully"}
    for name, others in waits.items():
        for other, condition in others.items():
            ends = SERVICES[other].get("restart") == "no"
            assert ends == (condition == "service_completed_successfully"), (name, other)
            probed = "test" in SERVICES[other].get("healthcheck", {}) or other == "agent"
            assert probed or condition != "service_healthy", (name, other)


def test_agent_gets_the_time_to_finish_the_step_in_hand() -> None:
    grace = SERVICES["agent"]["stop_grace_period"]
    assert int(grace.removesuffix("m")) * 60 > lease_needed(TimeoutSettings(), by_proxy=True).total_seconds()


def test_named_files_volumes_and_networks_are_there() -> None:
    for name, service in SERVICES.items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert (DOCKER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], (name, mount)
            assert not source.startswith(".") or mount.endswith(":ro"), "the host's files are read only"
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())}
    assert set(COMPOSE["volumes"]) <= used


def test_what_the_agent_keeps_outlives_its_container_and_lies_apart_from_the_ledger() -> None:
    written = tomllib.loads((DOCKER / "compose" / "usrec.toml").read_text("utf-8"))
    mounts = dict(mount.split(":")[1::-1] for mount in SERVICES["agent"]["volumes"] if not mount.endswith(":ro"))
    ledgers = {mount.split(":")[0] for mount in SERVICES["postgres"]["volumes"]}
    for file in (written["journal"]["heads"], written["trust"]["store"]):
        assert mounts[str(Path(file).parent)] in set(COMPOSE["volumes"]) - ledgers, file


@pytest.mark.parametrize("name", ["simulator", "upgrade", "agent"])
def test_commands_of_the_compose_file_exist(name: str) -> None:
    require_known(SERVICES[name]["command"])


def test_commands_inside_a_shell_exist() -> None:
    shell, flag, script = SERVICES["test-keys"]["command"]
    assert (shell, flag) == ("sh", "-c")
    require_known(shlex.split(script.partition("exec ")[2]))


def test_settings_of_the_compose_file_are_settings() -> None:
    values = settings.load_settings(DOCKER / "compose" / "usrec.toml").values
    assert values.gateway.url.startswith(f"https://{server_name()}:8443/")
    assert values.health.public
    given = {value.credential for value in (values.gateway.password, values.ledger.password) if value is not None}
    given |= {source.password.credential for _, source in settings.outboxes(values.source) if source.password}
    assert given == set(SERVICES["agent"]["secrets"])


def server_name() -> str:
    return str(re.findall(r"--server-name (\S+)", SERVICES["test-keys"]["command"][2])[0])


def test_prometheus_asks_the_agent_where_it_listens() -> None:
    scrape = yaml.safe_load((DOCKER / "compose" / "prometheus.yml").read_text("utf-8"))
    (targets,) = (job["static_configs"][0]["targets"] for job in scrape["scrape_configs"])
    port = settings.load_settings(DOCKER / "compose" / "usrec.toml").values.health.listen
    assert port is not None
    assert targets == [f"agent:{port.rpartition(':')[2]}"]
    beside = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert {key: scrape[key] for key in ("global", "rule_files")} == {
        key: beside[key] for key in ("global", "rule_files")
    }


def test_every_service_is_in_the_page() -> None:
    page = read("how-to/containers.md")
    assert all(f"`{name}`" in page for name in SERVICES)
