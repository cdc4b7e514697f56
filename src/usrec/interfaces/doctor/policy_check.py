"""What the installation decides beyond the law, where it could leave out what the law asks for.

Source: Order 353 p.3 names what a contract's record holds; p.8 has its changes entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.change import NAMED_BY_THE_ORDER
from usrec.domain.mass import MassPolicy
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.policies import employers_by_bin, order_note, own_masses
from usrec.settings import RegistrableSettings

BY_ORDER: Final = Kind(
    "policy", "own", Verdict.OK, N_("{employer} enters the changes that its order {order} names: {changes}")
)
BY_DEFAULT: Final = Kind(
    "policy", "default", Verdict.OK, N_("{employer} enters every change but those of pay and benefits alone")
)
LEAVES_OUT: Final = Kind(
    "policy",
    "leaves_out",
    Verdict.WARN,
    N_("{employer} does not enter what Order 353 p.3 names: {changes}; an agreement about it alone is not sent"),
    N_("Put it into changes of [employer.NAME.registrable], or be sure that the employer's order {order} is lawful"),
)
NEVER: Final = "∞"
"""So many pass where a limit of 0 holds none."""
MASSES: Final = Kind(
    "policy",
    "masses",
    Verdict.OK,
    N_("Held until somebody has looked: more than {amendments} amendments or {terminations} terminations of one day"),
)
OWN_MASSES: Final = Kind(
    "policy",
    "own_masses",
    Verdict.OK,
    N_("Of {employer} are held: more than {amendments} amendments or {terminations} terminations of one day"),
)
NEVER_HELD: Final = Kind(
    "policy",
    "never_held",
    Verdict.WARN,
    N_("Terminations are never held, however many come at once; only the labour authority undoes a wrong one"),
    N_("Give [mass] terminations a number above 0"),
)
OWN_NEVER_HELD: Final = Kind(
    "policy",
    "own_never_held",
    Verdict.WARN,
    N_(
        "Terminations of {employer} are never held, however many come at once; only the labour authority undoes a "
        "wrong one"
    ),
    N_("Give terminations of [employer.{employer}.mass] a number above 0"),
)


def examine_policy(installation: Installation) -> Iterator[Line]:
    """Each employer's policy of what is entered, and from how many on changes are held."""
    values = installation.settings.values
    for name, employer in values.employer.items():
        yield from _registrable(name, employer.registrable)
    if values.mass.terminations:
        yield MASSES.line(amendments=values.mass.amendments or NEVER, terminations=values.mass.terminations)
    else:
        yield NEVER_HELD.line()
    own, names = own_masses(installation.settings), employers_by_bin(installation.settings)
    yield from (_own_masses(names[number], policy) for number, policy in own.items())


def _own_masses(name: str, policy: MassPolicy) -> Line:
    if not policy.terminations:
        return OWN_NEVER_HELD.line(about=name, employer=name)
    amendments = policy.amendments or NEVER
    return OWN_MASSES.line(about=name, employer=name, amendments=amendments, terminations=policy.terminations)


def _registrable(name: str, registrable: RegistrableSettings | None) -> Iterator[Line]:
    if registrable is None:
        yield BY_DEFAULT.line(about=name, employer=name)
        return
    order = order_note(registrable)
    yield BY_ORDER.line(about=name, employer=name, order=order, changes=", ".join(sorted(registrable.changes)))
    left_out = sorted(NAMED_BY_THE_ORDER - registrable.changes)
    if left_out:
        yield LEAVES_OUT.line(about=name, employer=name, order=order, changes=", ".join(left_out))
