"""Part of the composition root: where revocation is looked up, by the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

from usrec.application.watch_trust import recall
from usrec.authorities import load_trusted, tls_of, unusable
from usrec.domain.source_event import EmployerName
from usrec.domain.trust import Subject, SubjectKind, TrustPolicy, TrustVerdict, UnknownPolicy
from usrec.ports.clock import Clock
from usrec.settings import LoadedWatcherSettings, TrustSettings

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from kzeds.fetching import Fetch, HttpFetch
    from kzeds.revocation.sources import CrlServer
    from kzeds.revocation.store import RevocationStore
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.trust.book import TrustBook
    from usrec.adapters.trust.judge import CertificateJudge

NEVER: Final = timedelta.max // 4
_TABLE: Final = "trust"


def build_keeping_judge(settings: LoadedWatcherSettings) -> CertificateJudge | None:
    """The agent's own judge, which keeps what it fetches in the store; None without ``[trust]``.

    Raises:
        ConfigurationError: As :func:`build_judge`.
    """
    trust = settings.values.trust
    return None if trust is None else build_judge(settings, kept_in=settings.path(trust.store))


def build_judge(settings: LoadedWatcherSettings, *, kept_in: Path | None = None) -> CertificateJudge | None:
    """Whoever judges certificates; None without ``[trust]``.

    Commands run under other accounts than the agent's: what they fetch must not lie in its store.

    Args:
        kept_in: Folder for what is fetched; without one no list is fetched, and no answer of a responder kept.

    Raises:
        ConfigurationError: An authority, the authorities for TLS or the proxy's password cannot be read.
    """
    from kzeds.revocation.sources import OcspServer, StoredAnswers
    from kzeds.revocation.store import RevocationStore
    from usrec.adapters.trust.judge import CertificateJudge
    from usrec.adapters.trust.resting import RestingFetch

    trust = settings.values.trust
    if trust is None:
        return None
    authorities = read_authorities(settings, trust)
    store, fetch = RevocationStore(settings.path(trust.store)), RestingFetch(build_fetch(settings, trust))
    kept = None if kept_in is None else RevocationStore(kept_in)
    return CertificateJudge(
        authorities=authorities,
        stored=StoredAnswers(store, trust.crl_max_age, trust.ocsp_max_age),
        ocsp=None if trust.ocsp is None else OcspServer(fetch, trust.ocsp, kept, trust.ocsp_max_age),
        lists=_lists(settings, trust, authorities, fetch, kept or store),
        fetches_lists=kept is not None,
    )


def build_book(settings: LoadedWatcherSettings, clock: Clock) -> TrustBook:
    """An empty book of verdicts; without ``[trust]`` it stays empty and has nothing against anybody."""
    from usrec.adapters.trust.book import TrustBook

    trust = settings.values.trust
    if trust is None:
        return TrustBook(TrustPolicy(UnknownPolicy.WARN, NEVER), clock)
    return TrustBook(TrustPolicy(UnknownPolicy(trust.unknown), trust.interval), clock)


def certificates_in_use(
    signer: Keyring, trusted: Collection[Certificate], names: Mapping[str, EmployerName], at: datetime
) -> Sequence[Subject]:
    """Every certificate that the agent may sign with, or believe, at a moment by its dates; each once.

    Args:
        trusted: Those that the gateway's answers are held to.
        names: Employers by BIN or IIN.
    """
    valid = [
        Subject(kind, name, one.fingerprint, f"{one.serial_number:x}", one.der)
        for kind, name, one in _in_use(signer, trusted, names)
        if one.not_before <= at <= one.not_after
    ]
    return list({one.fingerprint: one for one in valid}.values())


def recall_verdicts(
    judge: CertificateJudge,
    signer: Keyring,
    trusted: Collection[Certificate],
    names: Mapping[str, EmployerName],
    clock: Clock,
) -> Mapping[Subject, TrustVerdict]:
    """What this machine remembers of every certificate in use; nobody is asked."""
    return recall(certificates_in_use(signer, trusted, names, clock.now()), judge=judge, clock=clock)


def _in_use(
    signer: Keyring, trusted: Collection[Certificate], names: Mapping[str, EmployerName]
) -> Iterator[tuple[SubjectKind, str, Certificate]]:
    for one in trusted:
        yield SubjectKind.GATEWAY, "response", one
    if signer.transport_key is not None and signer.transport_key.certificate is not None:
        yield SubjectKind.TRANSPORT, "envelopes", signer.transport_key.certificate
    for bin_, name in names.items():
        for key in signer.held(bin_):
            if key.certificate is not None:
                yield SubjectKind.EMPLOYER, name, key.certificate


def read_authorities(settings: LoadedWatcherSettings, trust: TrustSettings) -> Sequence[Certificate]:
    """The certificates of the authorities that the settings trust.

    Raises:
        ConfigurationError: They cannot be read, or there is none.
    """
    return load_trusted(settings.path(trust.authorities), _TABLE)


def build_fetch(settings: LoadedWatcherSettings, trust: TrustSettings) -> HttpFetch:
    """How servers are asked."""
    from kzeds.fetching import HttpFetch

    ca_file = None if trust.ca_file is None else settings.path(trust.ca_file)
    tls = tls_of(ca_file, _TABLE)
    return HttpFetch(timeout=trust.timeout.total_seconds(), proxy=_proxy(settings, trust), tls=tls)


def _proxy(settings: LoadedWatcherSettings, trust: TrustSettings) -> str | None:
    """The proxy's address with user and password, as kzeds takes it."""
    proxy = trust.proxy
    if proxy is None or proxy.user is None:
        return None if proxy is None else proxy.url
    password = settings.optional_secret(proxy.password)
    word = "" if password is None else f":{quote(password.reveal(), safe='')}"
    parts = urlsplit(proxy.url)
    return urlunsplit(parts._replace(netloc=f"{quote(proxy.user, safe='')}{word}@{parts.netloc}"))


def _lists(
    settings: LoadedWatcherSettings,
    trust: TrustSettings,
    authorities: Sequence[Certificate],
    fetch: Fetch,
    store: RevocationStore,
) -> dict[str, CrlServer]:
    from kzeds.revocation.sources import CrlServer

    servers = {}
    for one in trust.crl:
        issuer = _authority(settings.path(one.authority), authorities)
        servers[issuer.fingerprint] = CrlServer(fetch, one.url, store, one.delta_url, trust.crl_max_age)
    return servers


def _authority(place: Path, authorities: Sequence[Certificate]) -> Certificate:
    """The authority of a list.

    Raises:
        ConfigurationError: It cannot be read, or is not one of the trusted ones.
    """
    from kzeds.certificate import Certificate
    from kzeds.errors import KzedsError

    try:
        found = Certificate.load(place)
    except (OSError, KzedsError) as problem:
        raise unusable(place, str(problem), _TABLE, "crl") from None
    if found not in authorities:
        raise unusable(place, "it is not one of [trust] authorities", _TABLE, "crl")
    return found
