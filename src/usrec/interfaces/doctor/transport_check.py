"""The key that signs the envelopes, where it is not the employers' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.doctor.keys_check import GOOD, dated, open_to_others, validity
from usrec.interfaces.i18n import N_, tr

if TYPE_CHECKING:
    from usrec.adapters.signing.held_key import HeldKey

EMPLOYERS_OWN: Final = Kind(
    "transport_key", "employers_own", Verdict.OK, N_("Each envelope is signed with the key of its employer")
)
TRANSPORT_GOOD: Final = Kind(
    "transport_key",
    "good",
    Verdict.OK,
    N_("The key of the envelopes opens and may sign. It is valid until {until}; days left: {days}"),
)
TRANSPORT_ENDS_SOON: Final = Kind(
    "transport_key",
    "ends_soon",
    Verdict.WARN,
    N_("The key of the envelopes is valid until {until}; days left: {days}. After that nothing can be sent"),
    N_("Have it renewed at the NCA, name the new key in [gateway.transport_key], and let the agent read it anew"),
)
TRANSPORT_UNUSABLE: Final = Kind(
    "transport_key",
    "unusable",
    Verdict.FAIL,
    N_("The key of the envelopes cannot be used, so nothing can be sent: {place}: {why}"),
    N_("Correct [gateway.transport_key], or put the right key in its place"),
)


def examine_transport_key(installation: Installation) -> Iterator[Line]:
    """The key of its own that signs envelopes."""
    key = installation.keyring.transport_key
    if key is None:
        yield EMPLOYERS_OWN.line()
    else:
        yield from _key(installation, key)


def _key(installation: Installation, key: HeldKey) -> Iterator[Line]:
    certificate, problem = key.certificate, key.problem or key.away
    if certificate is None:
        why = problem.what if isinstance(problem, ConfigurationError) else problem
        yield TRANSPORT_UNUSABLE.line(place=key.place.where, why=why)
        return
    kind = validity(certificate, installation)
    if kind.verdict is Verdict.FAIL:
        ended = installation.clock.now() > certificate.not_after
        why = N_("its certificate has ended") if ended else N_("its certificate is not valid yet")
        yield TRANSPORT_UNUSABLE.line(place=key.place.where, why=lambda: tr(why))
    else:
        yield dated(TRANSPORT_GOOD if kind is GOOD else TRANSPORT_ENDS_SOON, certificate, installation)
    yield from open_to_others("transport_key", key)
