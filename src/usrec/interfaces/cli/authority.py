"""``usrec authority``: who may sign for each employer, under which order, until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import tr

if TYPE_CHECKING:
    from usrec.domain.authority import Appointment, Authority, SigningCertificate
    from usrec.settings import LoadedSettings


def authority(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day: a past one by the ledger's record; today when absent."),
    ] = None,
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Who may sign for each employer, under which order and certificate, until when, and what is wrong with it."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.settings import load_settings

    settings = load_settings(config)
    today = kazakhstan_date(SystemClock().now())
    day = today if on is None else on.date()
    found = _recorded(settings, day) if day < today else _present(settings)
    if as_json:
        print_json(authority_json(found, day))
        return
    for line in authority_words(found, day):
        say(line)


def _present(settings: LoadedSettings) -> Sequence[Authority]:
    """What settings and keys say; a key that cannot be read is left out and said."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.authority import read_authorities
    from usrec.keys import open_keyring

    keyring = open_keyring(settings, SystemClock())
    for trouble in keyring.troubles:
        typer.echo(f"usrec: {trouble.problem}", err=True)
    return read_authorities(settings, keyring.certificates, keyring.ways)


def _recorded(settings: LoadedSettings, day: date) -> Sequence[Authority]:
    """What the journal says of a past day: its newest line written before that day ended."""
    from usrec.application.record_standing import AUTHORITY
    from usrec.domain.authority import load_authorities
    from usrec.domain.errors import ValidationProblem
    from usrec.domain.kazakhstan_time import day_end_utc
    from usrec.ledger import build_ledger

    ledger = build_ledger(settings)
    try:
        line = ledger.view.standing(AUTHORITY, before=day_end_utc(day))
    finally:
        ledger.close()
    if line is None:
        raise ValidationProblem(
            "the ledger holds no record of the authority to sign that is so old",
            where=day.isoformat(),
            next_step="Ask for a later day; the record begins when an agent of this version first ran",
        )
    return load_authorities(line.detail)


def authority_json(found: Sequence[Authority], day: date) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {"on": day, "employers": [_employer_json(one, day) for one in found]}


def _employer_json(one: Authority, day: date) -> dict[str, object]:
    from usrec.domain.authority import examine_authority
    from usrec.interfaces.authority_words import as_written, finding_words

    findings = [(finding, *finding_words(finding, as_written)) for finding in examine_authority(one, day)]
    return {
        "employer": one.employer,
        "signs": one.signs or None,
        "signed_by_head": one.signed_by_head,
        "certificate": None if one.certificate is None else _certificate_json(one.certificate),
        "orders": [_order_json(order, day) for order in one.appointments],
        "findings": [
            {"problem": finding.problem.value, "order": finding.number, "day": finding.day, "what": what, "do": advice}
            for finding, what, advice in findings
        ],
    }


def _certificate_json(certificate: SigningCertificate) -> dict[str, object]:
    return {
        "serial": certificate.serial,
        "fingerprint": certificate.fingerprint,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "head": certificate.head,
    }


def _order_json(order: Appointment, day: date) -> dict[str, object]:
    return {
        "number": order.number,
        "dated": order.dated,
        "valid_from": order.valid_from,
        "valid_until": order.valid_until,
        "deputy": order.deputy,
        "certificate": order.certificate,
        "in_force": order.holds_on(day),
    }


def authority_words(found: Sequence[Authority], day: date) -> Iterator[str]:
    """The page for a person."""
    yield tr("Authority to sign on {day}").format(day=day.isoformat())
    for one in found:
        yield ""
        yield f"{one.employer}:"
        yield from (f"  {line}" for line in _employer_words(one, day))


def _employer_words(one: Authority, day: date) -> Iterator[str]:
    from usrec.domain.authority import examine_authority
    from usrec.interfaces.authority_words import finding_words

    if one.head_signs:
        yield tr("The employer's first head, or the entrepreneur, signs.")
    if one.signs == "owner":
        yield tr("The owner signs by hand; each signature shows its certificate.")
    else:
        yield _certificate_words(one.certificate)
    for order in one.appointments:
        yield _order_words(order, day)
    findings = examine_authority(one, day)
    if not findings:
        yield tr("Nothing is wrong.")
    for finding in findings:
        what, advice = finding_words(finding)
        yield tr("Warning: {what}. {advice}.").format(what=what, advice=advice)


def _certificate_words(certificate: SigningCertificate | None) -> str:
    if certificate is None:
        return tr("The key cannot be read.")
    words = tr("Certificate {serial}, until {day}")
    return words.format(serial=_grouped(certificate.serial), day=certificate.last_day.isoformat())


def _order_words(order: Appointment, day: date) -> str:
    deputy, responsible = tr("Deputy, order {number} of {dated}: {term}"), tr("Order {number} of {dated}: {term}")
    line = (deputy if order.deputy else responsible).format(
        number=order.number, dated=order.dated.isoformat(), term=_term(order)
    )
    if order.certificate is not None:
        line = tr("{order}, certificate {serial}").format(order=line, serial=_grouped(order.certificate))
    return line if order.holds_on(day) else tr("{order} (not in force)").format(order=line)


def _term(order: Appointment) -> str:
    since = order.valid_from.isoformat()
    if order.valid_until is None:
        return tr("from {since}, without an end").format(since=since)
    return tr("from {since} to {until}").format(since=since, until=order.valid_until.isoformat())


def _grouped(serial: str) -> str:
    """In groups of four digits, as it is compared by eye."""
    return " ".join(serial[place : place + 4] for place in range(0, len(serial), 4))
