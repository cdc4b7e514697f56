"""Part of the composition root: who is told of alerts, by the settings.

A sink whose secret or file cannot be used stops nobody: it is made anew for each message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from usrec.domain.errors import UsrecError
from usrec.ports.alert_sink import LOG, STEPS, AlertSink, SinkName, Subscriber
from usrec.settings import (
    CommandSinkSettings,
    LoadedWatcherSettings,
    MailSinkSettings,
    ProxySettings,
    WebhookSinkSettings,
)

if TYPE_CHECKING:
    from usrec.adapters.alerts.webhook import WebProxy

Build = Callable[[], AlertSink]
_log = structlog.get_logger("usrec.alerts")


def subscribers(settings: LoadedWatcherSettings) -> Sequence[Subscriber]:
    """The log, and every sink of the settings."""
    from usrec.adapters.alerts.guarded import GuardedSink
    from usrec.adapters.alerts.log import LogAlertSink

    found = [Subscriber(LOG, LogAlertSink(), "en", at_once=True, lease=timedelta(minutes=1))]
    for name, sink, build in _sinks(settings):
        language = sink.language or settings.values.alerts.language
        lease = STEPS * sink.timeout + timedelta(minutes=1)
        found.append(Subscriber(name, GuardedSink(name, build), language, lease=lease))
    return found


def unusable_sinks(settings: LoadedWatcherSettings) -> Mapping[SinkName, UsrecError]:
    """Sinks that cannot be made: a secret or a file of authorities cannot be read. Nothing is sent."""
    problems = {}
    for name, _, build in _sinks(settings):
        try:
            build()
        except UsrecError as problem:
            problems[name] = problem
    return problems


def _sinks(
    settings: LoadedWatcherSettings,
) -> Iterator[tuple[SinkName, CommandSinkSettings | WebhookSinkSettings | MailSinkSettings, Build]]:
    """Name, settings and maker of each sink."""
    alerts = settings.values.alerts
    for name, command in alerts.command.items():
        yield SinkName(f"command.{name}"), command, _command(settings, command)
    for name, webhook in alerts.webhook.items():
        yield SinkName(f"webhook.{name}"), webhook, _webhook(settings, webhook)
    for name, mail in alerts.mail.items():
        yield SinkName(f"mail.{name}"), mail, _mail(settings, mail)


def _command(settings: LoadedWatcherSettings, sink: CommandSinkSettings) -> Build:
    def build() -> AlertSink:
        from usrec.adapters.alerts.command import CommandAlertSink

        return CommandAlertSink(sink.command, folder=settings.file.parent, timeout=sink.timeout)

    return build


def _webhook(settings: LoadedWatcherSettings, sink: WebhookSinkSettings) -> Build:
    def build() -> AlertSink:
        from usrec.adapters.alerts.webhook import WebhookAlertSink

        return WebhookAlertSink(
            sink.url,
            timeout=sink.timeout,
            token=settings.optional_secret(sink.token),
            ca_file=None if sink.ca_file is None else settings.path(sink.ca_file),
            proxy=None if sink.proxy is None else _proxy(settings, sink.proxy),
        )

    return build


def _proxy(settings: LoadedWatcherSettings, proxy: ProxySettings) -> WebProxy:
    from usrec.adapters.alerts.webhook import WebProxy

    return WebProxy(proxy.url, proxy.user, settings.optional_secret(proxy.password))


def _mail(settings: LoadedWatcherSettings, sink: MailSinkSettings) -> Build:
    def build() -> AlertSink:
        from usrec.adapters.alerts.mail import MailAlertSink, MailServer, Security

        server = MailServer(
            host=sink.host,
            port=sink.port,
            security=Security(sink.security),
            timeout=sink.timeout,
            user=sink.user,
            password=settings.optional_secret(sink.password),
            ca_file=None if sink.ca_file is None else settings.path(sink.ca_file),
        )
        return MailAlertSink(server, sender=sink.sender, to=sink.to)

    return build


def build_alert_sinks(settings: LoadedWatcherSettings) -> Sequence[Subscriber]:
    """Who is told of alerts: the log, and every sink of the settings. One that cannot be used now is said loudly."""
    for name, problem in unusable_sinks(settings).items():
        _log.error(f"nobody can be told by {name}: {problem}", action="alert.sink_unusable", sink=name)
    return subscribers(settings)
