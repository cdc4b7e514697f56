"""What rows are examined with before anything is sent: what an installation knows, and what it demands beyond the law.

It travels as one value, so that whoever examines a row anew examines it as it was examined first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from usrec.domain.document import DocumentShelf
from usrec.domain.intake import IntakePolicy
from usrec.domain.rules.approved_codes import BY_NOBODY, ApprovedCodesOf
from usrec.domain.rules.codes import CodeCheck, conditions_of
from usrec.domain.rules.completeness import COMPLETE, Completeness
from usrec.domain.rules.finding import Severity
from usrec.domain.rules.harmful import ConditionCodes


@dataclass(frozen=True, slots=True)
class Preflight:
    """One installation's examination.

    Attributes:
        codes: The imported dictionaries; without them codes are looked at for their form only.
        shelf: Where HR's supporting documents lie; without it no file is looked at.
        completeness: Which data of a contract may not be left out, and whether our own readings stop a row.
        intake: What the installation decides about events beyond the law.
        approved: Codes that persons approved for the values of sources that write no official ones.
    """

    codes: CodeCheck | None = None
    shelf: DocumentShelf | None = None
    completeness: Completeness = COMPLETE
    intake: IntakePolicy = field(default_factory=IntakePolicy)
    approved: ApprovedCodesOf = BY_NOBODY

    @property
    def conditions(self) -> ConditionCodes:
        """What codes of working conditions mean."""
        return conditions_of(self.codes)

    @property
    def unsure(self) -> Severity:
        """What a finding weighs that rests on our own reading."""
        return self.completeness.unsure


BY_DEFAULT: Final = Preflight()
"""Nothing is known of the installation: no dictionary, no file, every default."""
