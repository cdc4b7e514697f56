"""Whether an evidence bundle proves what it says, with nothing but the bundle: no ledger, no settings, no network.

First the bundle as a whole (`kzeds`: every byte as it was signed), then what only the agent's own words can tell: each
document and answer is the one that the journal's keyed digests name, was signed, and the journal's lines stand in the
chain up to the signed head.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from kzeds.bundle.reading import reading
from kzeds.bundle.verifying import verify_open
from kzeds.certificate import Certificate
from kzeds.errors import DamagedBundleError
from usrec.adapters.evidence.chain import ChainCheck
from usrec.adapters.evidence.found import CheckedEvidence, Notice
from usrec.adapters.evidence.papers import PapersCheck
from usrec.application import evidence_files as layout

FORMAT: Final = "usrec-evidence"


def check_evidence(file: Path, *, authorities: Collection[Certificate] | None, at: datetime) -> CheckedEvidence:
    """Check a bundle.

    Args:
        authorities: Whose certificates are believed; None leaves the issuers unchecked.
        at: Now, aware.

    Raises:
        KzedsError: The bundle as a whole is not as it was signed; names the files.
        OSError: It cannot be read.
    """
    with reading(file) as bundle:
        found = CheckedEvidence(verify_open(bundle, authorities=authorities, at=at))
        if bundle.fields.get("format") != FORMAT or bundle.fields.get("version") != layout.VERSION:
            raise DamagedBundleError("the bundle is whole, but it is no evidence that this program can read")
        papers = PapersCheck(bundle, found, authorities)
        for one in bundle.files:
            if one.name.endswith(f"/{layout.RECORD}"):
                papers.readable_submission(one.name)
        ChainCheck(bundle, found, authorities).check(at)
        found.notices[Notice.JOURNAL_DAMAGED] += _is_of_damaged(bundle.fields.get("journal"))
    return found


def _is_of_damaged(told: object) -> bool:
    return isinstance(told, Mapping) and told.get("whole") is False
