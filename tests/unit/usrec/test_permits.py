"""The end of a foreigner's permit is told three times, once for each sink, as long as the contract goes on."""

from __future__ import annotations

from datetime import date, timedelta

from support.line import DAY, HOUR, MONDAY, OTHER_BIN, TODAY, Line
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.application.tell_sink import tell_sink
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.permit import PermitDays
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.cli.alert_words import compose_alerts
from usrec.ports.alert_sink import SinkName, Subscriber

ENDS = TODAY + 90 * DAY
DAYS = PermitDays()


def permit(ends: date = ENDS) -> dict[str, str]:
    """The fields of a permit, as HR writes them."""
    return {
        "foreigner_basis_code": "2",
        "permit_number": "KZ-77",
        "permit_issue_date": "2026-10-01",
        "permit_begin_date": "2026-10-05",
        "permit_end_date": ends.isoformat(),
    }


def policy(line: Line, days: PermitDays = DAYS) -> WatchPolicy:
    return WatchPolicy(DigestPolicy(line.calendar.common), line.calendar, permit_days=days)


def alerts(line: Line, days: PermitDays = DAYS) -> list[Alert]:
    """Open alerts of permits after a look."""
    watch_deadlines(ledger=line.ledger, policy=policy(line, days), clock=line.clock)
    posted = [one.alert for one in line.ledger.view.notice_board().alerts]
    return [one for one in posted if one.watched is Watched.PERMIT]


def go_to(line: Line, day: date, hour: int = 0) -> None:
    """The same hour of a later day, and ``hour`` more."""
    line.clock.advance((day - line.clock.now().date()) + hour * HOUR)


def kinds(found: list[Alert]) -> list[tuple[Threshold, date]]:
    return [(one.threshold, one.last_day) for one in found]


def test_a_permit_is_told_60_30_and_10_days_before_its_end(line: Line) -> None:
    line.register("e1", **permit())
    told: list[tuple[int, Threshold]] = []
    for _ in range(95):
        for one in alerts(line):
            if one.threshold not in {threshold for _, threshold in told}:
                told.append(((ENDS - line.clock.now().date()).days, one.threshold))
        line.clock.advance(DAY)
    assert told == [(60, Threshold.PERMIT_FIRST), (30, Threshold.PERMIT_SECOND), (10, Threshold.PERMIT_LAST)]


def test_a_permit_that_ends_sooner_is_told_by_the_nearest_threshold_alone(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    assert kinds(alerts(line)) == [(Threshold.PERMIT_SECOND, TODAY + 20 * DAY)]
    assert kinds(alerts(line)) == [(Threshold.PERMIT_SECOND, TODAY + 20 * DAY)]


def test_a_permit_that_ended_is_told_in_working_hours(line: Line) -> None:
    line.register("e1", **permit(TODAY))
    go_to(line, TODAY + 5 * DAY, hour=10)
    (one,) = alerts(line)
    assert one.threshold is Threshold.PERMIT_LAST
    assert not one.urgent
    assert one.tell_at == MONDAY + 7 * DAY
    assert not DigestPolicy(line.calendar.common).is_due(one, one.tell_at - HOUR)


def test_the_days_are_settings_and_a_change_takes_effect_at_once(line: Line) -> None:
    line.register("e1", **permit())
    assert alerts(line) == []
    assert kinds(alerts(line, PermitDays(100, 30, 10))) == [(Threshold.PERMIT_FIRST, ENDS)]
    assert kinds(alerts(line, PermitDays(120, 80, 10))) == [(Threshold.PERMIT_FIRST, ENDS)]
    assert kinds(alerts(line, PermitDays(120, 91, 90))) == [(Threshold.PERMIT_LAST, ENDS)]


def test_a_newer_permit_takes_the_place_of_the_old_one(line: Line) -> None:
    line.register("e1", **permit())
    go_to(line, ENDS - 30 * DAY)
    assert kinds(alerts(line)) == [(Threshold.PERMIT_SECOND, ENDS)]
    line.register("e2", "contract_edit", **permit(ENDS + 365 * DAY))
    assert alerts(line) == []
    go_to(line, ENDS + 305 * DAY)
    assert kinds(alerts(line)) == [(Threshold.PERMIT_FIRST, ENDS + 365 * DAY)]


def test_a_correction_that_leaves_the_permit_as_it_was_tells_nothing_anew(line: Line) -> None:
    line.register("e1", **permit())
    go_to(line, ENDS - 60 * DAY)
    (before,) = alerts(line)
    line.register("e2", "contract_edit", **permit(), established_post="Аналитик")
    assert alerts(line) == [before]


def test_a_correction_without_a_permit_takes_it_away(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    assert len(alerts(line)) == 1
    line.register("e2", "contract_edit")
    assert alerts(line) == []


def test_nobody_is_told_of_the_permit_of_an_ended_contract_unless_the_employee_comes_back(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    assert len(alerts(line)) == 1
    line.register("e2", "termination")
    assert alerts(line) == []
    line.register("e3", "reinstatement", termination_date=TODAY.isoformat())
    line.clock.advance(12 * DAY)
    assert kinds(alerts(line)) == [(Threshold.PERMIT_LAST, TODAY + 20 * DAY)]


def test_a_deleted_contract_has_no_permit(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    line.register("e2", "contract_delete")
    assert alerts(line) == []
    assert line.ledger.view.permits(ENDS) == []


def test_a_permit_goes_with_the_employers_new_bin(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    contract = line.register("e2", "bin_change", new_employer_bin=OTHER_BIN).contract_key
    assert kinds(alerts(line)) == [(Threshold.PERMIT_SECOND, TODAY + 20 * DAY)]
    with line.work() as work:
        work.permits.remove(OTHER_BIN, contract)
    assert alerts(line) == []


def test_what_is_not_registered_yet_has_no_permit_to_watch(line: Line) -> None:
    line.take("e1", **permit(TODAY + 20 * DAY))
    assert alerts(line) == []


def test_each_sink_is_told_once_with_what_to_do_in_each_language(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    sinks = {language: InMemoryAlertSink() for language in ("kk", "ru", "en")}
    for _ in range(3):
        alerts(line)
        for language, sink in sinks.items():
            tell_sink(
                subscriber=Subscriber(SinkName(language), sink, at_once=False, language=language),
                ledger=line.ledger,
                compose=compose_alerts,
                digests=DigestPolicy(line.calendar.common),
                clock=line.clock,
                entropy=line.entropy,
                owner="agent",
            )
        line.clock.advance(DAY)
    texts = {language: [message.text for message in sink.messages] for language, sink in sinks.items()}
    assert {len(one) for one in texts.values()} == {1}
    for (text,) in texts.values():
        assert "contract_edit" in text
        assert (TODAY + 20 * DAY).isoformat() in text
        assert "KZ-77" not in text
        assert "900101" not in text


def test_the_watcher_sees_a_permit_that_no_agent_told(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    line.clock.advance(HOUR)
    now = line.clock.now()
    which = line.of("e1").id

    def unwatched(silence: timedelta, days: PermitDays = DAYS) -> bool:
        return which in line.ledger.view.sight(now, now - silence, days).unwatched

    assert unwatched(HOUR / 6)
    assert not unwatched(2 * HOUR)
    assert not unwatched(HOUR / 6, PermitDays(12, 11, 10))
    watch_deadlines(ledger=line.ledger, policy=policy(line), clock=line.clock)
    assert not unwatched(HOUR / 6)


def test_status_counts_permits_of_contracts_that_go_on(line: Line) -> None:
    line.register("e1", **permit(TODAY + 20 * DAY))
    (found,) = line.ledger.view.permits(TODAY + 60 * DAY)
    assert (found.end_date, found.event_id, found.contract_key) == (TODAY + 20 * DAY, "e1", "K-1")
    assert line.ledger.view.permits(TODAY + 19 * DAY) == []
    line.register("e2", "termination")
    assert line.ledger.view.permits(TODAY + 60 * DAY) == []
