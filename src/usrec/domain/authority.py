"""Who may enter data into USREC and sign them, under which order of the employer, and until when.

Source: Order 353 of 3 September 2020, point 5: data are submitted by the employer, that is by its first head, or by the
head of HR whom an act of the employer authorises. Orders are the employer's own papers: the agent keeps them on record
and warns; it never refuses to send for their sake, because an entry that is late is an offence of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EmployerName
from usrec.domain.working_calendar import ONE_DAY

SOON: Final = timedelta(days=30)
"""So long before its end an order, or the certificate that is used under it, is told of."""


class AuthorityProblem(StrEnum):
    """What is wrong with the authority to sign."""

    NO_ORDER = "no_order"
    ORDER_LAPSED = "order_lapsed"
    ORDER_LAPSES = "order_lapses"
    ORDER_NOT_YET = "order_not_yet"
    NO_DEPUTY = "no_deputy"
    DEPUTY_LAPSED = "deputy_lapsed"
    DEPUTY_LAPSES = "deputy_lapses"
    DEPUTY_NOT_YET = "deputy_not_yet"
    BACKDATED = "order_backdated"
    OVERLAP = "orders_overlap"
    CERTIFICATE_NOT_NAMED = "certificate_not_named"
    CERTIFICATE_ENDS_FIRST = "certificate_ends_first"
    HEAD_NOT_SHOWN = "head_not_shown"


@dataclass(frozen=True, slots=True)
class Appointment:
    """An order of the employer that appoints who enters data and signs.

    Attributes:
        valid_until: Last day on which it holds; None without an end.
        deputy: It appoints the deputy, not the responsible person.
        certificate: Serial number of the certificate that is used under it, lower-case hex; None when not named.
    """

    number: str
    dated: date
    valid_from: date
    valid_until: date | None = None
    deputy: bool = False
    certificate: str | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """What the certificate of the employer's key says.

    Attributes:
        serial: Serial number, lower-case hex.
        fingerprint: SHA-256, lower-case hex.
        head: It is the first head's own by its roles, or the entrepreneur's, who is the employer.
    """

    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    head: bool

    @property
    def last_day(self) -> date:
        """The date in Kazakhstan on which it ends."""
        return kazakhstan_date(self.not_after)


@dataclass(frozen=True, slots=True)
class Authority:
    """What is on record of one employer.

    Attributes:
        signed_by_head: The settings say that the key is the first head's own.
        certificate: None when the key could not be read.
        signs: Where the key is: ``owner`` (who signs by hand), ``file``, ``signer_daemon``, ``ncanode`` or ``token``;
            empty in a record of an older version.
    """

    employer: EmployerName
    signed_by_head: bool
    certificate: SigningCertificate | None
    appointments: tuple[Appointment, ...] = ()
    signs: str = ""

    @property
    def head_signs(self) -> bool:
        """The employer itself signs, for which point 5 asks no order."""
        return self.signed_by_head or (self.certificate is not None and self.certificate.head)


@dataclass(frozen=True, slots=True)
class AuthorityFinding:
    """A warning.

    Attributes:
        number: The order's number, empty when it concerns none.
        day: The date that it turns on: an order's first or last day, a certificate's end.
    """

    problem: AuthorityProblem
    number: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    """The four things that can be wrong with the term of an office."""

    none: AuthorityProblem
    lapsed: AuthorityProblem
    lapses: AuthorityProblem
    not_yet: AuthorityProblem


_RESPONSIBLE: Final = _Words(
    AuthorityProblem.NO_ORDER,
    AuthorityProblem.ORDER_LAPSED,
    AuthorityProblem.ORDER_LAPSES,
    AuthorityProblem.ORDER_NOT_YET,
)
_DEPUTY: Final = _Words(
    AuthorityProblem.NO_DEPUTY,
    AuthorityProblem.DEPUTY_LAPSED,
    AuthorityProblem.DEPUTY_LAPSES,
    AuthorityProblem.DEPUTY_NOT_YET,
)


def examine_authority(authority: Authority, on: date) -> Sequence[AuthorityFinding]:
    """What is wrong on a day of Kazakhstan; all of it are warnings.

    Orders that have run out and were followed by others are history and are not told of.
    """
    return list(_findings(authority, on))


def _findings(authority: Authority, on: date) -> Iterator[AuthorityFinding]:
    certificate = authority.certificate
    if authority.signed_by_head and certificate is not None and not certificate.head:
        yield AuthorityFinding(AuthorityProblem.HEAD_NOT_SHOWN)
    if authority.head_signs and not authority.appointments:
        return
    responsible = [one for one in authority.appointments if not one.deputy]
    deputies = [one for one in authority.appointments if one.deputy]
    if responsible or not authority.head_signs:
        yield from _term_of(responsible, on, _RESPONSIBLE)
        yield from _term_of(deputies, on, _DEPUTY)
    yield from _backdated(authority.appointments, on)
    yield from _overlap(responsible, on)
    if certificate is not None and not authority.head_signs:
        yield from _certificate(certificate, authority.appointments, on)


def _term_of(orders: Sequence[Appointment], on: date, words: _Words) -> Iterator[AuthorityFinding]:
    """Whether somebody holds the office now and in the next days."""
    if not orders:
        yield AuthorityFinding(words.none)
        return
    if any(one.holds_on(on) for one in orders):
        last = last_covered_day(orders, on)
        if last is not None and last <= on + SOON:
            ending = next(one for one in orders if one.valid_until == last)
            yield AuthorityFinding(words.lapses, ending.number, last)
        return
    coming = [one for one in orders if one.valid_from > on]
    if coming:
        first = min(coming, key=lambda one: one.valid_from)
        yield AuthorityFinding(words.not_yet, first.number, first.valid_from)
        return
    latest = max(orders, key=lambda one: one.valid_until or one.valid_from)
    yield AuthorityFinding(words.lapsed, latest.number, latest.valid_until)


def last_covered_day(orders: Sequence[Appointment], on: date) -> date | None:
    """The last day up to which one order or another holds without a gap from ``on``; None without an end."""
    day = on
    while True:
        ends = [one.valid_until for one in orders if one.holds_on(day)]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends) or date.max in known:
            return None
        if not known:
            return day - ONE_DAY
        day = max(known) + ONE_DAY


def _backdated(orders: Sequence[Appointment], on: date) -> Iterator[AuthorityFinding]:
    """Orders that took effect before they were signed; what has run out is history."""
    for one in orders:
        if one.dated > one.valid_from and (one.valid_until is None or one.valid_until >= on):
            yield AuthorityFinding(AuthorityProblem.BACKDATED, one.number, one.dated)


def _overlap(responsible: Sequence[Appointment], on: date) -> Iterator[AuthorityFinding]:
    """Two responsible persons at the same time."""
    now = sorted((one for one in responsible if one.holds_on(on)), key=lambda one: one.valid_from)
    if len(now) > 1:
        yield AuthorityFinding(AuthorityProblem.OVERLAP, now[-1].number, now[-1].valid_from)


def _certificate(
    certificate: SigningCertificate, orders: Sequence[Appointment], on: date
) -> Iterator[AuthorityFinding]:
    """A key whose holder no order in force appoints, or whose certificate ends while its order goes on."""
    now = [one for one in orders if one.holds_on(on)]
    named = [one for one in now if one.certificate == certificate.serial]
    if now and not named and all(one.certificate for one in now):
        yield AuthorityFinding(AuthorityProblem.CERTIFICATE_NOT_NAMED)
    used = named or [one for one in now if one.certificate is None]
    last = certificate.last_day
    outlasting = [one for one in used if one.valid_until is None or one.valid_until > last]
    if outlasting and last <= on + SOON:
        yield AuthorityFinding(AuthorityProblem.CERTIFICATE_ENDS_FIRST, outlasting[0].number, last)


def dump_authorities(authorities: Sequence[Authority]) -> str:
    """The record as JSON for the journal: the same for the same record, and without personal data."""
    in_order = sorted(authorities, key=lambda one: one.employer)
    return json.dumps([_plain(asdict(one)) for one in in_order], ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case date():
            return value.isoformat()
        case _:
            return value


def load_authorities(text: str) -> Sequence[Authority]:
    """The record that :func:`dump_authorities` wrote."""
    return [
        Authority(
            employer=EmployerName(one["employer"]),
            signed_by_head=one["signed_by_head"],
            certificate=None if one["certificate"] is None else _read_certificate(one["certificate"]),
            appointments=tuple(_read_appointment(order) for order in one["appointments"]),
            signs=one.get("signs", ""),
        )
        for one in json.loads(text)
    ]


def _read_certificate(told: dict[str, Any]) -> SigningCertificate:
    moments = {name: datetime.fromisoformat(told[name]) for name in ("not_before", "not_after")}
    return SigningCertificate(told["serial"], told["fingerprint"], head=told["head"], **moments)


def _read_appointment(told: dict[str, Any]) -> Appointment:
    days = {name: date.fromisoformat(told[name]) for name in ("dated", "valid_from")}
    until = told["valid_until"]
    return Appointment(
        number=told["number"],
        valid_until=None if until is None else date.fromisoformat(until),
        deputy=told["deputy"],
        certificate=told["certificate"],
        **days,
    )
