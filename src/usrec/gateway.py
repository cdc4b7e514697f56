"""Part of the composition root: the gateway, and what is said on its wire, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from usrec.domain.errors import ConfigurationError
from usrec.settings import LoadedSettings

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from usrec.adapters.gateway.connection import Endpoint
    from usrec.adapters.gateway.envelope import Sender
    from usrec.adapters.gateway.inquiry import ShepInquiry
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.adapters.rendering.profile import WireProfile
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.trust.book import TrustBook
    from usrec.ports.clock import Clock

_log = structlog.get_logger("usrec.gateway")


def profile_choice(settings: LoadedSettings) -> str:
    """The wire profile's name, or its folder made absolute."""
    choice = settings.values.gateway.profile
    return choice if choice in {"current", "seen"} else str(settings.path(Path(choice)))


def build_gateway(
    settings: LoadedSettings,
    signer: Keyring,
    book: TrustBook,
    contract_id_path: str,
    *,
    wait: Callable[[float], object] | None,
    clock: Clock,
) -> ShepGateway:
    """The way to the gateway; nothing is connected yet.

    Args:
        contract_id_path: Where the wire profile has the registry's id in an answer.
        wait: Waits some seconds, or less when the process is asked to stop.

    Raises:
        ConfigurationError: The password or the certificate of the answers cannot be read.
    """
    from usrec.adapters.gateway.envelope import Sender
    from usrec.adapters.gateway.shep import ShepGateway

    values = settings.values.gateway
    return ShepGateway(
        build_endpoint(settings),
        Sender(values.service_id, values.sender_id, settings.secret(values.password)),
        signer=signer.transport,
        accounts=read_accounts(settings),
        trusted=[read_certificate(settings.path(values.response_certificate))],
        contract_id_path=contract_id_path,
        wait=wait,
        steady=clock.steady,
        objection=book.objection,
    )


def read_accounts(settings: LoadedSettings) -> Mapping[str, Sender | ConfigurationError]:
    """The employers' own accounts at ShEP, by BIN; one that cannot be read is said and holds only its employer."""
    from usrec.adapters.gateway.envelope import Sender

    found: dict[str, Sender | ConfigurationError] = {}
    for name, employer in settings.values.employer.items():
        if employer.account is None:
            continue
        try:
            password = settings.secret(employer.account.password)
        except ConfigurationError as problem:
            _log.error(str(problem), action="account.unusable", employer=name)
            found[employer.bin] = problem
        else:
            found[employer.bin] = Sender(settings.values.gateway.service_id, employer.account.id, password)
    return found


def build_inquiry(gateway: ShepGateway, profile: WireProfile) -> ShepInquiry | None:
    """The way to ask the registry, where the wire profile has one."""
    from usrec.adapters.gateway.inquiry import ENTRY, QuestionForm, ShepInquiry

    how = profile.mapping.question
    if how is None:
        return None
    fields = {name: getattr(how.fields, name) for name in ENTRY}
    parts = (how.root, how.record_id, how.employer_bin, how.answer, how.entry)
    return ShepInquiry(gateway, QuestionForm(profile.mapping.namespace, *parts, fields))


def build_endpoint(settings: LoadedSettings) -> Endpoint:
    """Where the gateway listens, by the settings."""
    from usrec.adapters.gateway.connection import Endpoint, Proxy, Timeouts

    values = settings.values.gateway
    phases, way = values.timeouts, values.proxy
    return Endpoint(
        url=values.url,
        ca_file=None if values.ca_file is None else settings.path(values.ca_file),
        timeouts=Timeouts(phases.connect, phases.write, phases.read, phases.pool, phases.answer),
        connections=settings.values.delivery.workers * max(1, len(settings.values.employer)),
        proxy=None if way is None else Proxy(way.url, way.user, settings.optional_secret(way.password)),
    )


def read_certificate(file: Path) -> Certificate:
    """The certificate that the gateway signs its answers with.

    Raises:
        ConfigurationError: It cannot be read.
    """
    from kzeds.certificate import Certificate
    from kzeds.errors import KzedsError

    try:
        return Certificate.load(file)
    except (OSError, KzedsError) as problem:
        raise ConfigurationError(
            f"the gateway's response certificate cannot be read: {problem}",
            where=str(file),
            next_step="Name the certificate in PEM or DER in [gateway] response_certificate",
        ) from None


def check_endpoint(settings: LoadedSettings) -> None:
    """Compare the gateway's WSDL with what we send; a difference is a warning and stops nothing."""
    from usrec.adapters.gateway.wsdl_apart import check_wsdl_apart

    finding = check_wsdl_apart(build_endpoint(settings))
    level = _log.info if finding.ok else _log.warning
    level(finding.text, action="gateway.wsdl", ok=finding.ok)
