"""Alerts into the log: the sink that always works."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from usrec.domain.alert import Alert, Threshold

_log = structlog.get_logger("usrec.alerts")


class LogAlertSink:
    """Writes each alert as one log record, an error when a date was missed."""

    def deliver(self, alerts: Sequence[Alert]) -> None:
        """Write all of them; never fails."""
        for alert in alerts:
            level = _log.error if alert.threshold is Threshold.MISSED else _log.warning
            level(
                f"{alert.watched}: {alert.threshold}",
                action="alert.deadline",
                submission=alert.submission_id,
                watched=alert.watched.value,
                threshold=alert.threshold.value,
                last_day=alert.last_day.isoformat(),
                employer=alert.employer,
            )
