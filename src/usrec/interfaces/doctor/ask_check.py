"""``usrec doctor --ask``: one message that cannot register anything, and what the signed answer to it proves.

What is sent: an envelope of ShEP with our sender id, password and service id, signed with an employer's key like every
other, and in it the profile's root element with nothing inside and without the employer's signature, such as
``<contractRequest xmlns="http://enbek.kz/contract/ws/schemas"/>``.

Why it cannot register anything, for two reasons that do not depend on each other: USREC takes only documents with the
employer's own signature (code SCSE001), and this one has none; and it holds no operation, no contract and no person
(code SCSE138, "empty message"), so that there is nothing to register. Nothing of it is written to the ledger.

[assumed]: that ShEP looks at sender and service before USREC looks at the document, and that SBF-AD-1 means a refused
sender (the code stands in a client's list without its meaning). Seen: SCE004 for an unknown service, SCE005 to SCE007
for the transport signature, SCSE codes for whatever USREC itself refuses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from usrec.domain.errors import ConfigurationError, SigningRefused
from usrec.domain.identifiers import new_record_id
from usrec.domain.message import CorrelationId, MessageId, SignedMessage
from usrec.domain.outcome import Doubt, Faulted, NothingSent, Refused, Registered, SubmissionOutcome, Unknown
from usrec.domain.policies import UNKNOWN_ERROR
from usrec.domain.verdict import AttemptWindow, authenticate
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.ports.clock import Entropy

if TYPE_CHECKING:
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.adapters.rendering.profile import WireProfile

ANSWERS: Final = Kind(
    "ask",
    "answers",
    Verdict.OK,
    N_(
        "USREC answers. It took sender, password, service and transport signature, "
        "and refused the empty message as it must: {code}"
    ),
)
SENDER: Final = Kind(
    "ask",
    "sender",
    Verdict.FAIL,
    N_("The gateway does not take our sender id and password: {code}"),
    N_("Correct [gateway] sender_id and password; ShEP's operator gave both"),
)
SERVICE: Final = Kind(
    "ask",
    "service",
    Verdict.FAIL,
    N_("The gateway does not know the service, or it is not there now: {code}"),
    N_("Correct [gateway] service_id, which may differ between test and production; else ask ShEP's operator"),
)
TRANSPORT: Final = Kind(
    "ask",
    "transport_signature",
    Verdict.FAIL,
    N_("The gateway does not take the signature of the envelope: {code}"),
    N_("See the line of the employer's key; else ask ShEP's operator which certificates it takes from us"),
)
OTHER_CODE: Final = Kind(
    "ask",
    "other_code",
    Verdict.WARN,
    N_("The gateway's signed answer is {code}, which proves neither that it takes our messages nor that it does not"),
    N_("Ask ShEP's operator what it means"),
)
REGISTERED: Final = Kind(
    "ask",
    "registered",
    Verdict.FAIL,
    N_("The service answered an empty, unsigned document with success ({code}): it is not USREC, or takes anything"),
    N_("Start no agent against this address before USREC's owner has explained it"),
)
UNTRUSTED: Final = Kind(
    "ask",
    "untrusted",
    Verdict.FAIL,
    N_("An answer came, but it is not signed with the certificate of [gateway] response_certificate ({why})"),
    N_("Ask ShEP's operator for the certificate that it signs with; no answer is believed until then"),
)
NO_ANSWER: Final = Kind(
    "ask",
    "no_answer",
    Verdict.FAIL,
    N_("The message left and no answer that counts came back: {why}"),
    N_("See the lines of tls and clock; else ask again later, or ask ShEP's operator"),
)
NOT_SENT: Final = Kind(
    "ask", "not_sent", Verdict.FAIL, N_("The message was not sent: {why}"), N_("See the line of tls")
)
NO_KEY: Final = Kind(
    "ask",
    "no_key",
    Verdict.FAIL,
    N_("The message was not sent: no employer's key can sign its envelope"),
    N_("See the line of the employer's key"),
)
UNPREPARED: Final = Kind(
    "ask",
    "unprepared",
    Verdict.FAIL,
    N_("The message was not made: {why}"),
    N_("Mend the settings of the gateway first"),
)
_BY_CODE: Final[Mapping[str, Kind]] = {
    "SBF-AD-1": SENDER,
    "SCE004": SERVICE,
    "SCE005": TRANSPORT,
    "SCE006": TRANSPORT,
    "SCE007": TRANSPORT,
}
_OF_USREC: Final = re.compile(r"SCSE\d{3}")
_UNSIGNED: Final = frozenset({Doubt.SIGNATURE_MISSING, Doubt.SIGNATURE_INVALID})


def ask_usrec(installation: Installation, entropy: Entropy) -> Iterator[Line]:
    """Send the one message and tell what came back."""
    employer = _sender(installation)
    if employer is None:
        yield NO_KEY.line()
        return
    try:
        gateway, profile = _gateway(installation), _profile(installation)
    except ConfigurationError as problem:
        yield UNPREPARED.line(why=problem.what)
        return
    try:
        yield _told(_ask(installation, gateway, profile, employer, entropy))
    finally:
        gateway.close()


def _sender(installation: Installation) -> str | None:
    """An employer, by its BIN, whose envelope can be signed now."""
    now = installation.clock.now()
    for employer in installation.settings.values.employer.values():
        with suppress(SigningRefused):
            installation.keyring.transport(employer.bin, now)
            return employer.bin
    return None


def _gateway(installation: Installation) -> ShepGateway:
    from usrec.adapters.gateway.envelope import Sender
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.gateway import build_endpoint, read_certificate

    settings = installation.settings
    values = settings.values.gateway
    return ShepGateway(
        build_endpoint(settings),
        Sender(values.service_id, values.sender_id, settings.secret(values.password)),
        signer=installation.keyring.transport,
        trusted=[read_certificate(settings.path(values.response_certificate))],
        contract_id_path=_profile(installation).contract_id_path,
        objection=installation.book.objection,
    )


def _profile(installation: Installation) -> WireProfile:
    from usrec.adapters.rendering.profile import load_profile
    from usrec.gateway import profile_choice

    return load_profile(profile_choice(installation.settings))


def _ask(
    installation: Installation, gateway: ShepGateway, profile: WireProfile, employer: str, entropy: Entropy
) -> SubmissionOutcome:
    """One exchange, judged as an agent judges it."""
    asked_at = installation.clock.now()
    correlation_id = CorrelationId(new_record_id(entropy.token(16)))
    empty = _empty(profile, MessageId(new_record_id(entropy.token(16))), asked_at)
    envelope = gateway.seal(empty, employer_bin=employer, correlation_id=correlation_id, at=asked_at)
    outcome = gateway.submit(envelope)
    tolerance = installation.settings.values.gateway.clock_tolerance
    window = AttemptWindow(asked_at, installation.clock.now(), tolerance, correlation_id)
    return authenticate(outcome, window, seen_before=False)


def _empty(profile: WireProfile, message_id: MessageId, at: datetime) -> SignedMessage:
    """The profile's root with nothing in it, in the place of a signed document; nobody has signed it."""
    namespace, root = profile.mapping.namespace, profile.mapping.root
    document = f'<n:{root} xmlns:n="{escape(namespace, {chr(34): "&quot;"})}"/>'.encode()
    digest = hashlib.sha256(document).hexdigest()
    return SignedMessage(document, digest, None, message_id, signed_at=at, certificate="", valid_until=at)


def _told(outcome: SubmissionOutcome) -> Line:
    match outcome:
        case Refused() if _OF_USREC.fullmatch(outcome.code) and outcome.code != UNKNOWN_ERROR:
            return ANSWERS.line(code=outcome.code)
        case Refused() | Faulted():
            return _BY_CODE.get(outcome.code, OTHER_CODE).line(code=outcome.code)
        case Registered():
            return REGISTERED.line(code=outcome.code)
        case Unknown():
            kind = UNTRUSTED if outcome.doubt in _UNSIGNED else NO_ANSWER
            return kind.line(why=outcome.detail)
        case NothingSent():
            return NOT_SENT.line(why=outcome.detail)
