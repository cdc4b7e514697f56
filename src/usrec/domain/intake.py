"""What an installation decides about events beyond the law: what is entered, by when, how many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from usrec.domain.change import RegistrablePolicy
from usrec.domain.mass import MassPolicy
from usrec.domain.target import TargetPolicy


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """The installation's own rules at the intake.

    Attributes:
        registrable: By the employer's BIN; an employer that is not named has the default.
        masses: Of employers that have no limits of their own.
        own_masses: By the employer's BIN.
    """

    registrable: Mapping[str, RegistrablePolicy] = field(default_factory=dict)
    targets: TargetPolicy = field(default_factory=TargetPolicy)
    masses: MassPolicy = field(default_factory=MassPolicy)
    own_masses: Mapping[str, MassPolicy] = field(default_factory=dict)

    def registrable_of(self, employer_bin: str) -> RegistrablePolicy:
        """Which changes this employer enters."""
        return self.registrable.get(employer_bin, RegistrablePolicy())

    def masses_of(self, employer_bin: str) -> MassPolicy:
        """From how many on this employer's changes are held."""
        return self.own_masses.get(employer_bin, self.masses)
