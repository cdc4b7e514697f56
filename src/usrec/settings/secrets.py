"""Secrets from a file, the environment, a systemd credential or a command; never from the settings themselves.

Sources: systemd.exec(5), "Credentials": ``$CREDENTIALS_DIRECTORY/NAME``. A final line end never counts.
"""

from __future__ import annotations

import os
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Final

from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.settings.section import SecretSettings

CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
USUALLY: Final = "password"
KEY: Final = "key"
COMMAND_TIME: Final = timedelta(seconds=30)


def read_secret(setting: SecretSettings, *, home: Path, what: str = USUALLY) -> Secret:
    """The secret, without its final line end.

    Args:
        home: Where relative paths start.
        what: What it is, in the words of errors.

    Raises:
        ConfigurationError: It cannot be read, is empty, or others may read its file. Never shows what was read.
    """
    if setting.file is not None:
        return _of_file(setting.file if setting.file.is_absolute() else home / setting.file, what)
    if setting.env is not None:
        return _of_environment(setting.env, what)
    if setting.credential is not None:
        return _of_credential(setting.credential)
    return _of_command(setting.command or (), home, what)


def word_for(setting: str) -> str:
    """What the secret of a setting is, by the setting's name."""
    return KEY if setting in {"key", "old_keys"} else USUALLY


def _of_file(file: Path, what: str) -> Secret:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"the {what} file cannot be read: {reason}", where=str(file)) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise ConfigurationError(
            f"other users may read the {what} file", where=str(file), next_step=f"chmod 600 {file}"
        )
    return _stripped(text, f"the {what} file is empty", str(file))


def _of_environment(name: str, what: str) -> Secret:
    text = os.environ.get(name)  # noqa: TID251 -- settings are where the environment is read
    if text is None:
        raise ConfigurationError(f"the variable with the {what} is not set", where=f"${name}")
    return _stripped(text, f"the variable with the {what} is empty", f"${name}")


def _of_credential(name: str) -> Secret:
    folder = os.environ.get(CREDENTIALS_VARIABLE)  # noqa: TID251 -- settings are where the environment is read
    if not folder:
        raise ConfigurationError(
            "no systemd credentials were given to this process",
            where=f"credential {name}",
            next_step=f"Start it as the service, whose unit says LoadCredential={name}:...",
        )
    if "/" in name or name in {".", ".."}:
        raise ConfigurationError("a credential is named without a path", where=f"credential {name}")
    file = Path(folder) / name
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"the systemd credential cannot be read: {reason}",
            where=f"credential {name}",
            next_step=f"Write LoadCredential={name}:/path into the unit",
        ) from None
    return _stripped(text, "the systemd credential is empty", f"credential {name}")


def _of_command(command: tuple[str, ...], home: Path, what: str) -> Secret:
    where = f"command {command[0]}"
    try:
        done = subprocess.run(  # noqa: S603 -- the administrator's own command, without a shell
            command,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIME.total_seconds(),
            check=False,
        )
        text = done.stdout.decode("utf-8")
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else f"{type(problem).__name__}"
        raise ConfigurationError(f"the {what} command failed: {reason}", where=where) from None
    if done.returncode != 0:
        raise ConfigurationError(f"the {what} command ended with {done.returncode}", where=where)
    return _stripped(text, f"the {what} command printed nothing", where)


def _stripped(text: str, empty: str, where: str) -> Secret:
    text = text.rstrip("\r\n")
    if not text:
        raise ConfigurationError(empty, where=where)
    return Secret(text)
