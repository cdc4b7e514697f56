"""``usrec.toml`` as one frozen tree. Unknown keys are errors, so that a misspelt setting is never silently ignored.

Each value can be overridden from the environment: ``USREC_GATEWAY__URL`` for ``[gateway] url``. Secrets are never
settings themselves: a setting names the file that holds one. Relative paths start at the directory of ``usrec.toml``.
"""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from usrec.domain.errors import ConfigurationError
from usrec.domain.identifiers import IdentifierError, parse_employer_id
from usrec.domain.secret import Secret

CONFIG_VARIABLE: Final = "USREC_CONFIG"
DEFAULT_FILE: Final = Path("usrec.toml")


def _employer_id(text: str) -> str:
    try:
        return parse_employer_id(text).value
    except IdentifierError as problem:
        raise ValueError(problem.what) from None


def _seconds(value: object) -> object:
    return timedelta(seconds=value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Seconds = Annotated[timedelta, BeforeValidator(_seconds), Field(gt=timedelta(0))]
"""A duration: a number of seconds, or ISO 8601 text such as ``PT5M``."""


class Section(BaseModel):
    """A table of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeoutSettings(Section):
    """How long each phase of one exchange with the gateway may take."""

    connect: Seconds = timedelta(seconds=10)
    write: Seconds = timedelta(seconds=30)
    read: Seconds = timedelta(seconds=60)
    pool: Seconds = timedelta(seconds=10)
    answer: Seconds = timedelta(seconds=60)


class GatewaySettings(Section):
    """ShEP, or the simulator."""

    url: str
    """Address of the SyncChannel."""
    service_id: str = "contract"
    """Id of the service in ShEP's register; the production id may differ."""
    sender_id: str
    """Our id as a participant of ShEP."""
    password_file: Path
    """File with the participant's password."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    response_certificate: Path
    """Certificate that the gateway signs its answers with, PEM or DER."""
    profile: str = "current"
    """Wire profile: ``current``, ``seen``, or a folder with profile.toml and the official XSD."""
    timeouts: TimeoutSettings = TimeoutSettings()
    clock_tolerance: Seconds = timedelta(minutes=5)
    """How far the gateway's clock may differ from ours."""


class EmployerSettings(Section):
    """One employer and its EDS."""

    bin: Annotated[str, AfterValidator(_employer_id)]
    """BIN, or the IIN of an individual entrepreneur."""
    key_file: Path
    """PKCS#12 file of the NCA, for signing."""
    key_password_file: Path
    """File with its password."""


class LedgerSettings(Section):
    """The agent's own database."""

    url: Annotated[str, Field(repr=False)]
    """``sqlite:///ledger.db`` or ``postgresql+psycopg://user@host/database``."""


class SourceSettings(Section):
    """One HR database."""

    kind: Literal["outbox"]
    """``outbox``: a table that HR fills."""
    url: Annotated[str, Field(repr=False)]
    """``sqlite:///hr.db`` or ``postgresql+psycopg://user@host/database``."""
    table: str = "usrec_outbox"
    """Name of the outbox table."""
    read_only: bool = False
    """The account may only read: nothing is marked and no status is written back."""


class CalendarSettings(Section):
    """Days that differ from the official calendar."""

    working_days: frozenset[date] = frozenset()
    """Days that are worked although the calendar says otherwise."""
    days_off: frozenset[date] = frozenset()
    """Days off that the calendar does not know."""


class DeliverySettings(Section):
    """How fast and how patiently the agent sends."""

    workers: Annotated[int, Field(ge=1, le=64)] = 4
    """Submissions on the wire at the same time."""
    lease: Seconds = timedelta(minutes=5)
    """How long a claim lasts; longer than all timeouts together."""
    poll: Seconds = timedelta(seconds=2)
    """How often an idle agent looks for work."""
    retry_base: Seconds = timedelta(seconds=5)
    """Longest wait after the first attempt; it doubles with each."""
    retry_cap: Seconds = timedelta(minutes=15)
    """Longest wait between attempts."""


class LogSettings(Section):
    """What the agent writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Settings(BaseSettings):
    """All settings of one agent."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="USREC_", env_nested_delimiter="__")

    gateway: GatewaySettings
    employer: dict[str, EmployerSettings]
    ledger: LedgerSettings
    source: dict[str, SourceSettings]
    calendar: CalendarSettings = CalendarSettings()
    delivery: DeliverySettings = DeliverySettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _lease_outlasts_the_exchange(self) -> Self:
        phases = self.gateway.timeouts
        longest = 2 * (phases.connect + phases.pool) + phases.write + phases.read + phases.answer
        if self.delivery.lease <= longest:
            raise ValueError(
                f"[delivery] lease must be longer than one whole exchange may take, {longest.total_seconds():.0f} s"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over the file; no .env file and no secrets directory is read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings and where they came from.

    Attributes:
        file: Absolute path of ``usrec.toml``; relative paths start at its directory.
    """

    values: Settings
    file: Path

    def path(self, setting: Path) -> Path:
        """A path of the settings, made absolute."""
        return setting if setting.is_absolute() else self.file.parent / setting

    def database_url(self, url: str) -> str:
        """A database address whose relative SQLite path starts at the settings' directory."""
        scheme, separator, path = url.partition(":///")
        if not separator or not scheme.startswith("sqlite") or path in {"", ":memory:"} or path.startswith("/"):
            return url
        return f"{scheme}:///{self.file.parent / path}"

    def secret(self, setting: Path) -> Secret:
        """The text of a password file, without its final line end.

        Raises:
            ConfigurationError: It cannot be read, is empty, or others may read it.
        """
        return read_secret(self.path(setting))


def find_settings(given: Path | None) -> Path:
    """The settings file: given, else ``$USREC_CONFIG``, else ``./usrec.toml``."""
    named = os.environ.get(CONFIG_VARIABLE)  # noqa: TID251 -- settings are where the environment is read
    return (given or (Path(named) if named else DEFAULT_FILE)).absolute()


def load_settings(given: Path | None = None) -> LoadedSettings:
    """Read and check the settings.

    Raises:
        ConfigurationError: Names the file and every setting that is wrong.
    """
    file = find_settings(given)
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            "the settings file does not exist",
            where=str(file),
            next_step=f"Name it with --config or ${CONFIG_VARIABLE}",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigurationError(
            f"the settings cannot be read: {problem}", where=str(file), next_step="Mend the file"
        ) from None
    return LoadedSettings(_checked(tree, file), file)


def _checked(tree: dict[str, Any], file: Path) -> Settings:
    try:
        values = Settings(**tree)
    except ValidationError as problem:
        faults = [f"{_place(one['loc'])}: {_sentence(one['type'], one['msg'])}" for one in problem.errors()]
        raise ConfigurationError(
            "; ".join(faults), where=str(file), kept="Nothing was started", next_step="Mend these settings"
        ) from None
    except SettingsError as problem:
        raise ConfigurationError(
            str(problem),
            where="environment",
            kept="Nothing was started",
            next_step="Name single settings, such as USREC_GATEWAY__URL",
        ) from None
    bins = [employer.bin for employer in values.employer.values()]
    if not bins or not values.source or len(set(bins)) != len(bins):
        raise ConfigurationError(
            "at least one [employer.NAME] and one [source.NAME] are needed, and no BIN twice", where=str(file)
        )
    return values


def _place(location: tuple[int | str, ...]) -> str:
    if not location:
        return "settings"
    *tables, key = [str(step) for step in location]
    return f"[{'.'.join(tables)}] {key}" if tables else f"[{key}]"


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting"
    return "this setting is missing" if kind == "missing" else message


def read_secret(file: Path) -> Secret:
    """The text of a secret's file, without its final line end.

    Raises:
        ConfigurationError: It cannot be read, is empty, or other users may read it.
    """
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"the password file cannot be read: {reason}", where=str(file)) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise ConfigurationError(
            "other users may read the password file", where=str(file), next_step=f"chmod 600 {file}"
        )
    if not text:
        raise ConfigurationError("the password file is empty", where=str(file))
    return Secret(text)
