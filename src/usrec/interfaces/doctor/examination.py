"""All checks in their order, each behind its fence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from usrec.interfaces.doctor.alerts_check import examine_alerts
from usrec.interfaces.doctor.arithmetic_check import examine_arithmetic
from usrec.interfaces.doctor.ask_check import ask_usrec
from usrec.interfaces.doctor.authority_check import examine_authorities
from usrec.interfaces.doctor.calendar_check import examine_calendar, examine_time_zone
from usrec.interfaces.doctor.dictionaries_check import examine_dictionaries
from usrec.interfaces.doctor.documents_check import examine_documents
from usrec.interfaces.doctor.employers_check import examine_stops
from usrec.interfaces.doctor.encryption_check import examine_encryption
from usrec.interfaces.doctor.finding import Line
from usrec.interfaces.doctor.gateway_check import examine_gateway
from usrec.interfaces.doctor.installation import Installation, fenced
from usrec.interfaces.doctor.intake_check import examine_intake
from usrec.interfaces.doctor.keys_check import examine_answer_certificate, examine_keys
from usrec.interfaces.doctor.ledger_check import examine_ledger
from usrec.interfaces.doctor.policy_check import examine_policy
from usrec.interfaces.doctor.profile_check import examine_profile
from usrec.interfaces.doctor.server_check import examine_server
from usrec.interfaces.doctor.settings_check import examine_secrets, examine_settings
from usrec.interfaces.doctor.source_check import examine_sources
from usrec.interfaces.doctor.transport_check import examine_transport_key
from usrec.interfaces.doctor.trust_check import examine_trust
from usrec.ports.clock import Entropy

Check = Callable[[Installation], Iterator[Line]]

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("employer", examine_stops),
    ("settings", examine_settings),
    ("secrets", examine_secrets),
    ("ledger", examine_ledger),
    ("encryption", examine_encryption),
    ("server", examine_server),
    ("source", examine_sources),
    ("intake", examine_intake),
    ("tls", examine_gateway),
    ("key", examine_keys),
    ("transport_key", examine_transport_key),
    ("arithmetic", examine_arithmetic),
    ("authority", examine_authorities),
    ("answer_certificate", examine_answer_certificate),
    ("trust", examine_trust),
    ("profile", examine_profile),
    ("calendar", examine_calendar),
    ("time_zone", examine_time_zone),
    ("dictionaries", examine_dictionaries),
    ("documents", examine_documents),
    ("policy", examine_policy),
    ("alerts", examine_alerts),
)
"""What the doctor looks at, from what everything else rests on to what is merely good to have."""


def examine(installation: Installation, *, ask: Entropy | None = None) -> Iterator[Line]:
    """Every line, as it is found.

    Args:
        ask: Send the one message that cannot register anything, with ids from here.
    """
    for name, check in CHECKS:
        yield from fenced(name, check(installation))
    if ask is not None:
        yield from fenced("ask", ask_usrec(installation, ask))
