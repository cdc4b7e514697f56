"""Alerts into the log, in English: the sink that always works."""

from __future__ import annotations

import structlog

from usrec.domain.alert import OpenAlert, Threshold
from usrec.ports.alert_sink import AlertMessage

_log = structlog.get_logger("usrec.alerts")


class LogAlertSink:
    """Writes each alert as one log record, an error when a date was missed."""

    def deliver(self, message: AlertMessage) -> None:
        """Write all of it; never fails."""
        for one in message.alerts:
            _write(one)
        if not message.alerts:
            _log.warning(message.subject, action=f"alert.{message.kind}")


def _write(one: OpenAlert) -> None:
    alert = one.alert
    level = _log.error if alert.threshold is Threshold.MISSED else _log.warning
    level(
        f"{alert.watched}: {alert.threshold}",
        action="alert.deadline",
        submission=alert.submission_id,
        watched=alert.watched.value,
        threshold=alert.threshold.value,
        last_day=alert.last_day.isoformat(),
        employer=alert.employer,
        state=one.state.value,
    )
