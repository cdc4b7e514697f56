"""The settings file and the secrets that it points at."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.settings import LoadedSettings, SecretSettings, Settings, examine, find_settings
from usrec.settings.secrets import word_for

WRONG: Final = Kind(
    "settings",
    "wrong",
    Verdict.FAIL,
    N_("{file} cannot be used, so nothing else was looked at. Faults: {number}"),
    N_("Mend the file, then run the doctor again; usrec config check looks at the files that it names too"),
)
UNREADABLE: Final = Kind(
    "settings",
    "unreadable",
    Verdict.FAIL,
    N_("{file} cannot be read, so nothing else was looked at: {why}"),
    N_("Name the file with --config or USREC_CONFIG, or make one: usrec init"),
)
READ: Final = Kind("settings", "read", Verdict.OK, N_("{file} can be used"))
WRITABLE: Final = Kind(
    "settings",
    "writable_by_others",
    Verdict.FAIL,
    N_("Everybody on this machine may write {file}: whoever does decides where signed personal data goes"),
    N_("Run: chmod o-w {file}"),
)
SECRETS_READ: Final = Kind("secrets", "read", Verdict.OK, N_("Secrets that can be read: {number}"))
SECRET_FILE: Final = Kind(
    "secrets",
    "file",
    Verdict.FAIL,
    N_("The secret cannot be read: {why}"),
    N_("Its file must exist, hold the secret, and be readable by the agent's user alone: chmod 600 {place}"),
)
SECRET_VARIABLE: Final = Kind(
    "secrets",
    "variable",
    Verdict.FAIL,
    N_("The secret cannot be read: {why}"),
    N_("Set {place} for the agent's process, or name another place of the secret in the settings"),
)
SECRET_CREDENTIAL: Final = Kind(
    "secrets",
    "credential",
    Verdict.FAIL,
    N_("The secret cannot be read: {why}"),
    N_("systemd gives {place} to the service only: run the doctor with the same LoadCredential, see its how-to page"),
)
SECRET_COMMAND: Final = Kind(
    "secrets",
    "command",
    Verdict.FAIL,
    N_("The secret cannot be read: {why}"),
    N_("Run it as the agent's user and see what it says; it must print the secret and end with 0: {place}"),
)
_BY_PLACE: Final[Mapping[str, Kind]] = {
    "file": SECRET_FILE,
    "env": SECRET_VARIABLE,
    "credential": SECRET_CREDENTIAL,
    "command": SECRET_COMMAND,
}


def look_at_settings(given: Path | None) -> LoadedSettings | list[Line]:
    """The settings, or why they cannot be used."""
    file = find_settings(given)
    try:
        examined = examine(file, Settings)
    except ConfigurationError as problem:
        return [UNREADABLE.line(file=file, why=problem.what)]
    if examined.values is None:
        faults = [str(fault) for fault in examined.faults]
        return [WRONG.line(file=file, number=len(faults), details=faults)]
    return LoadedSettings(examined.values, file)


def examine_settings(installation: Installation) -> Iterator[Line]:
    """The file itself: it could be read, or there would be no installation to look at."""
    settings = installation.settings
    if settings.file.stat().st_mode & stat.S_IWOTH:
        yield WRITABLE.line(file=settings.file)
    else:
        yield READ.line(file=settings.file)


def examine_secrets(installation: Installation) -> Iterator[Line]:
    """Every secret of the settings: it can be read, and nobody else can."""
    settings, read = installation.settings, 0
    for where, secret in secrets_of(settings.values):
        try:
            settings.secret(secret, word_for(where.partition("] ")[2].partition(" ")[0]))
        except ConfigurationError as problem:
            yield _unreadable(settings, where, secret, problem)
        else:
            read += 1
    if read:
        yield SECRETS_READ.line(number=read)


def secrets_of(table: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[str, SecretSettings]]:
    """Each secret of the settings with the setting that names it, such as ``[gateway] password``."""
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, SecretSettings):
            yield f"[{'.'.join(path)}] {name}", value
        elif isinstance(value, BaseModel):
            yield from secrets_of(value, (*path, name))
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield from secrets_of(inner, (*path, name, str(key)))
        elif isinstance(value, tuple):
            for number, inner in enumerate(one for one in value if isinstance(one, BaseModel)):
                if isinstance(inner, SecretSettings):
                    yield f"[{'.'.join(path)}] {name} {number + 1}", inner
                else:
                    yield from secrets_of(inner, (*path, f"{name} {number + 1}"))


def _unreadable(settings: LoadedSettings, where: str, secret: SecretSettings, problem: ConfigurationError) -> Line:
    kind = next(name for name in _BY_PLACE if getattr(secret, name))
    return _BY_PLACE[kind].line(about=where, why=problem.what, place=_place(settings, secret))


def _place(settings: LoadedSettings, secret: SecretSettings) -> str:
    if secret.file is not None:
        return str(settings.path(Path(secret.file)))
    if secret.env is not None:
        return f"${secret.env}"
    return secret.credential or (secret.command or ("",))[0]
