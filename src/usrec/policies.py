"""Part of the composition root: the employers, and what they decide beyond the law, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from usrec.application.delivery import DeliveryPolicy
from usrec.domain.change import RegistrablePolicy
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassPolicy
from usrec.domain.policies import Policies
from usrec.domain.response_code import Policy
from usrec.domain.retry import RetryPolicy
from usrec.domain.source_event import EmployerName
from usrec.domain.target import TARGETED, CountedIn, TargetPolicy
from usrec.settings import LoadedSettings, LoadedWatcherSettings, RegistrableSettings


def employers_by_bin(settings: LoadedSettings) -> Mapping[str, EmployerName]:
    """The configured employers' names by BIN."""
    return {employer.bin: EmployerName(name) for name, employer in settings.values.employer.items()}


def own_masses(settings: LoadedWatcherSettings) -> Mapping[str, MassPolicy]:
    """From how many on changes are held, by the BIN of each employer that has limits of its own."""
    common = settings.values.mass
    return {
        one.bin: MassPolicy(
            common.amendments if one.mass.amendments is None else one.mass.amendments,
            common.terminations if one.mass.terminations is None else one.mass.terminations,
            common.window,
        )
        for one in settings.values.employer.values()
        if one.mass is not None
    }


def build_intake(settings: LoadedWatcherSettings) -> IntakePolicy:
    """What the settings say of events beyond the law: which changes are entered, targets, many at once."""
    values = settings.values
    masses, targets = values.mass, values.targets
    named = {one: getattr(targets, one.value) for one in TARGETED}
    return IntakePolicy(
        registrable={
            one.bin: RegistrablePolicy(one.registrable.changes, order_note(one.registrable), own=True)
            for one in values.employer.values()
            if one.registrable is not None
        },
        targets=TargetPolicy(
            targets.days,
            CountedIn(targets.counted_in),
            {one: days for one, days in named.items() if days is not None},
        ),
        masses=MassPolicy(masses.amendments, masses.terminations, masses.window),
        own_masses=own_masses(settings),
    )


def order_note(registrable: RegistrableSettings) -> str:
    """The employer's order as it is told."""
    return f"{registrable.order_number}, {registrable.order_dated.isoformat()}"


def build_delivery_policy(settings: LoadedSettings) -> DeliveryPolicy:
    """How submissions are sent, and sent again."""
    values = settings.values
    return DeliveryPolicy(
        retry=RetryPolicy(
            base=values.delivery.retry_base, cap=values.delivery.retry_cap, in_time=values.delivery.attempts_in_time
        ),
        lease=values.delivery.lease,
        clock_tolerance=values.gateway.clock_tolerance,
        approve={employer.bin: employer.approve for employer in values.employer.values()},
        policies=build_policies(settings),
    )


def build_policies(settings: LoadedWatcherSettings) -> Policies:
    """What each refusal leads to: the safe default of its explanation, or what the settings put in its place."""
    return default_policies({code: Policy(word) for code, word in settings.values.policies.items()})


def default_policies(chosen: Mapping[str, Policy] | None = None) -> Policies:
    """The safe defaults of the explanations, with ``chosen`` in the place of some."""
    from usrec.adapters.explanations.book import explain

    def default(code: str) -> Policy:
        told = explain(code)
        return Policy.FIX_AND_RESEND if told is None else told.policy

    return Policies(default, chosen or {})
