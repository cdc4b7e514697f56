"""Who is told of deadlines: each sink's program is there, each sink's server can be reached. Nothing is sent."""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.doctor.obstacles import OBSTACLES, obstacle_of, reason_of
from usrec.interfaces.i18n import N_, tr
from usrec.settings import CommandSinkSettings, MailSinkSettings, WebhookSinkSettings

if TYPE_CHECKING:
    from usrec.adapters.alerts.webhook import WebProxy

LOG_ONLY: Final = Kind(
    "alerts",
    "log_only",
    Verdict.WARN,
    N_("Deadlines that come near are told to the log alone, which nobody may read in time"),
    N_("Add [alerts.mail.NAME], [alerts.webhook.NAME] or [alerts.command.NAME]"),
)
COMMAND: Final = Kind("alerts", "command", Verdict.OK, N_("The program {place} is there and may be run"))
NO_COMMAND: Final = Kind(
    "alerts",
    "no_command",
    Verdict.FAIL,
    N_("There is no program {place} that may be run"),
    N_("Correct [alerts.{about}] command; the agent's user must have the right to run it"),
)
WEBHOOK: Final = Kind("alerts", "webhook", Verdict.OK, N_("{host} can be reached; nothing was sent"))
WEBHOOK_UNREACHED: Final = Kind(
    "alerts",
    "webhook_unreached",
    Verdict.FAIL,
    N_("{host} cannot be reached: {why} ({said})"),
    N_("Check [alerts.{about}], its proxy and ca_file, and the firewall: usrec doctor --egress"),
)
MAIL: Final = Kind("alerts", "mail", Verdict.OK, N_("The mail server {host} can be reached; nothing was sent"))
MAIL_UNREACHED: Final = Kind(
    "alerts",
    "mail_unreached",
    Verdict.FAIL,
    N_("The mail server {host} cannot be reached: {why} ({said})"),
    N_("Check [alerts.{about}], its security and ca_file, and the firewall: usrec doctor --egress"),
)
MAIL_REFUSES: Final = Kind(
    "alerts",
    "mail_refuses",
    Verdict.FAIL,
    N_("The mail server {host} answers and does not do what security = {security} asks of it ({said})"),
    N_("Ask its administrator which port and security it wants and put them into [alerts.{about}]"),
)
UNUSABLE: Final = Kind(
    "alerts",
    "unusable",
    Verdict.FAIL,
    N_("Its settings cannot be used: {why}"),
    N_("Correct ca_file, url or the secrets in [alerts.{about}]"),
)


def examine_alerts(installation: Installation) -> Iterator[Line]:
    """Each sink of the settings."""
    alerts = installation.settings.values.alerts
    if not (alerts.command or alerts.webhook or alerts.mail):
        yield LOG_ONLY.line()
    for name, command in alerts.command.items():
        yield _command(installation, f"command.{name}", command)
    for name, webhook in alerts.webhook.items():
        yield _webhook(installation, f"webhook.{name}", webhook)
    for name, mail in alerts.mail.items():
        yield _mail(installation, f"mail.{name}", mail)


def _command(installation: Installation, about: str, sink: CommandSinkSettings) -> Line:
    """The program as the sink looks for it: a bare name along a fixed path, any other from the settings' folder."""
    from usrec.adapters.alerts.command import SEARCHED

    name = sink.command[0]
    place = str(installation.settings.path(Path(name))) if os.sep in name else name
    return (COMMAND if shutil.which(place, path=SEARCHED) else NO_COMMAND).line(about=about, place=place)


def _webhook(installation: Installation, about: str, sink: WebhookSinkSettings) -> Line:
    from usrec.adapters.alerts.probe import reach_webhook

    settings, host = installation.settings, urlsplit(sink.url).hostname or ""
    ca_file = None if sink.ca_file is None else settings.path(sink.ca_file)
    try:
        reach_webhook(sink.url, timeout=sink.timeout, ca_file=ca_file, proxy=_proxy(installation, sink))
    except ConfigurationError as problem:
        return UNUSABLE.line(about=about, why=problem.what)
    except OSError as problem:
        why = partial(tr, OBSTACLES[obstacle_of(problem)])
        return WEBHOOK_UNREACHED.line(about=about, host=host, why=why, said=reason_of(problem))
    return WEBHOOK.line(about=about, host=host)


def _proxy(installation: Installation, sink: WebhookSinkSettings) -> WebProxy | None:
    from usrec.adapters.alerts.webhook import WebProxy

    if sink.proxy is None:
        return None
    return WebProxy(sink.proxy.url, sink.proxy.user, installation.settings.optional_secret(sink.proxy.password))


def _mail(installation: Installation, about: str, sink: MailSinkSettings) -> Line:
    from usrec.adapters.alerts.mail import MailServer, Security
    from usrec.adapters.alerts.probe import reach_mail

    ca_file = None if sink.ca_file is None else installation.settings.path(sink.ca_file)
    host = f"{sink.host}:{sink.port}"
    try:
        reach_mail(MailServer(sink.host, sink.port, Security(sink.security), sink.timeout, ca_file=ca_file))
    except ConfigurationError as problem:
        return UNUSABLE.line(about=about, why=problem.what)
    except smtplib.SMTPException as problem:
        return MAIL_REFUSES.line(about=about, host=host, security=sink.security, said=type(problem).__name__)
    except OSError as problem:
        why = partial(tr, OBSTACLES[obstacle_of(problem)])
        return MAIL_UNREACHED.line(about=about, host=host, why=why, said=reason_of(problem))
    return MAIL.line(about=about, host=host)
