"""Reading ``usrec.toml``: the file, the environment over it, every fault named at once with its place."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import ValidationError

from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.settings.faults import Fault, Written, Wrong, no_such_setting, wrongs_of
from usrec.settings.lines import place_of
from usrec.settings.outline import Steps
from usrec.settings.rules import broken_rules
from usrec.settings.running_section import HealthSettings
from usrec.settings.secrets import USUALLY, read_secret
from usrec.settings.section import SecretSettings
from usrec.settings.source_section import OutboxSourceSettings
from usrec.settings.tree import Settings, WatcherSettings

CONFIG_VARIABLE: Final = "USREC_CONFIG"
DEFAULT_FILE: Final = Path("usrec.toml")
_PREFIX: Final = "USREC_"
_BETWEEN: Final = "__"
Tree = TypeVar("Tree", bound=WatcherSettings)


@dataclass(frozen=True, slots=True)
class LoadedWatcherSettings:
    """The settings that the independent watcher needs, and where they came from.

    Attributes:
        file: Absolute path of ``usrec.toml``; relative paths start at its directory.
    """

    values: WatcherSettings
    file: Path

    def path(self, setting: Path) -> Path:
        """A path of the settings, made absolute."""
        return setting if setting.is_absolute() else self.file.parent / setting

    def database_url(self, url: str) -> str:
        """A database address whose relative SQLite path starts at the settings' directory."""
        return database_url(url, self.file.parent)

    def secret(self, setting: SecretSettings, what: str = USUALLY) -> Secret:
        """The secret that a setting points at; ``what`` it is, in the words of errors.

        Raises:
            ConfigurationError: It cannot be read, is empty, or others may read it.
        """
        return read_secret(setting, home=self.file.parent, what=what)

    def optional_secret(self, setting: SecretSettings | None) -> Secret | None:
        """The secret, None where the settings name none.

        Raises:
            ConfigurationError: It cannot be read, is empty, or others may read it.
        """
        return None if setting is None else self.secret(setting)

    def holds_itself_alone(self, source: OutboxSourceSettings) -> bool:
        """Whether the password of one of several sources cannot be read: that is told where its rows are fetched.

        That of the only one ends the start wherever it is read.
        """
        if len(self.values.source) == 1:
            return False
        try:
            self.optional_secret(source.password)
        except ConfigurationError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class LoadedSettings(LoadedWatcherSettings):
    """The settings of an agent and where they came from."""

    values: Settings


@dataclass(frozen=True, slots=True)
class Examined(Generic[Tree]):
    """What a look at the settings found.

    Attributes:
        values: None when there is any fault.
        written: None when the file is no TOML.
    """

    values: Tree | None
    written: Written | None
    faults: list[Fault]


def find_settings(given: Path | None) -> Path:
    """The settings file: given, else ``$USREC_CONFIG``, else ``./usrec.toml``."""
    named = os.environ.get(CONFIG_VARIABLE)  # noqa: TID251 -- settings are where the environment is read
    return (given or (Path(named) if named else DEFAULT_FILE)).absolute()


def database_url(url: str, home: Path) -> str:
    """A database address whose relative SQLite path starts at ``home``."""
    scheme, separator, path = url.partition(":///")
    if not separator or not scheme.startswith("sqlite") or path in {"", ":memory:"} or path.startswith("/"):
        return url
    return f"{scheme}:///{home / path}"


def load_settings(given: Path | None = None) -> LoadedSettings:
    """Read and check the settings.

    Raises:
        ConfigurationError: Names the file and every setting that is wrong, with its line.
    """
    file = find_settings(given)
    return LoadedSettings(_required(examine(file, Settings), file), file)


def load_watcher_settings(given: Path | None = None) -> LoadedWatcherSettings:
    """Read and check the settings of an independent watcher: of an agent's tables only ``[ledger]`` must be there.

    Raises:
        ConfigurationError: Names the file and every setting that is wrong, with its line.
    """
    file = find_settings(given)
    return LoadedWatcherSettings(_required(examine(file, WatcherSettings), file), file)


def load_health_settings(given: Path | None = None) -> HealthSettings:
    """Where a running agent answers. All other settings may be wrong: it works on with its former ones.

    Raises:
        ConfigurationError: The file cannot be read, or [health] itself is wrong.
    """
    file = find_settings(given)
    examined = examine(file, WatcherSettings)
    written = examined.written
    if written is None or any(fault.setting.startswith("[health") for fault in examined.faults):
        return _required(examined, file).health
    return HealthSettings.model_validate(written.at(("health",)) or {})


def examine(file: Path, model: type[Tree]) -> Examined[Tree]:
    """Look at the settings, files and secrets apart; every fault is told, none is raised.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    text = _text(file)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        what, line = place_of(problem, text)
        return Examined(None, None, [Fault("", line, None, what)])
    variables = _variables(model)
    given = _environment(model) if variables else {}
    if given is None:
        return Examined(None, Written(file, text, tree, variables), _not_json(variables))
    written = Written(file, text, _over(tree, given), variables)
    wrongs = [*broken_rules(written.tree), *_unknown_variables(variables, model)]
    values = None
    try:
        values = model(**written.tree)
    except ValidationError as problem:
        wrongs += wrongs_of(problem, model)
    faults = written.faults(wrongs)
    return Examined(None if faults else values, written, faults)


def _required(examined: Examined[Tree], file: Path) -> Tree:
    if examined.values is None:
        raise ConfigurationError(
            "; ".join(map(str, examined.faults)),
            where=str(file),
            kept="Nothing was started",
            next_step="Mend these settings; usrec config check lists them one by one",
        )
    return examined.values


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            "the settings file does not exist",
            where=str(file),
            next_step=f"Name it with --config or ${CONFIG_VARIABLE}, or make one: usrec init",
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"the settings cannot be read: {reason}", where=str(file), next_step="Mend the file"
        ) from None


def _over(tree: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``tree`` with ``above`` over it, table by table."""
    merged = dict(tree)
    for name, value in above.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _environment(model: type[WatcherSettings]) -> Mapping[str, Any] | None:
    """What the environment says of the settings, as a tree; None where a whole table in it is no JSON."""
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

    of = cast("type[BaseSettings]", model)  # of a model it takes the fields alone, and the rest is said here
    try:
        return EnvSettingsSource(of, env_prefix=_PREFIX, env_nested_delimiter=_BETWEEN)()
    except SettingsError:
        return None


def _variables(model: type[WatcherSettings]) -> Mapping[Steps, str]:
    """Variables that stand for settings, by the setting. A name without ``__`` is a whole table, or none of ours."""
    taken = [name for name in os.environ if name.upper().startswith(_PREFIX)]  # noqa: TID251 -- as above
    found: dict[Steps, str] = {tuple(name[len(_PREFIX) :].lower().split(_BETWEEN)): name for name in taken}
    return {path: name for path, name in found.items() if len(path) > 1 or path[0] in model.model_fields}


def _unknown_variables(variables: Mapping[Steps, str], model: type[WatcherSettings]) -> list[Wrong]:
    """Misspelt tables in the environment, which would be ignored in silence."""
    known = model.model_fields
    unknown = [path for path in variables if len(path) > 1 and path[0] not in known]
    return [Wrong(path, no_such_setting(str(path[0]), known)) for path in unknown]


def _not_json(variables: Mapping[Steps, str]) -> list[Fault]:
    what = "a whole table in a variable must be JSON; better name single settings, such as USREC_GATEWAY__URL"
    whole = [name for path, name in variables.items() if len(path) == 1]
    return [Fault("", None, name, what) for name in whole or variables.values()]
