"""Reading ``usrec.toml``: the file, the environment over it, every fault named at once."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import SettingsError

from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.settings.secrets import read_secret
from usrec.settings.tree import SecretSettings, Settings

CONFIG_VARIABLE: Final = "USREC_CONFIG"
DEFAULT_FILE: Final = Path("usrec.toml")


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

    def secret(self, setting: SecretSettings) -> Secret:
        """The secret that a setting points at.

        Raises:
            ConfigurationError: It cannot be read, is empty, or others may read it.
        """
        return read_secret(setting, home=self.file.parent)


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
