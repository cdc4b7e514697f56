"""What the stable words of an evidence bundle mean to a person; translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.adapters.evidence.found import Doubt, Notice
from usrec.domain.day_count import DayKind
from usrec.domain.evidence import Timeliness
from usrec.interfaces.i18n import N_

TIMELINESS: Final[Mapping[Timeliness, str]] = {
    Timeliness.IN_TIME: N_("registered in time"),
    Timeliness.LATE: N_("registered late"),
    Timeliness.OPEN: N_("no registration is confirmed yet, the term runs"),
    Timeliness.OVERDUE: N_("no registration is confirmed, the term is over"),
    Timeliness.NO_TERM: N_("the law sets no term"),
    Timeliness.NOT_DUE: N_("taken back or replaced: nothing of it has to be registered"),
}

DAYS: Final[Mapping[DayKind, str]] = {
    DayKind.TRIGGER: N_("the day itself; it is not counted"),
    DayKind.COUNTED: N_("counted"),
    DayKind.DAY_OFF: N_("day off; not counted"),
    DayKind.MOVED: N_("the last day was a day off: the term moves on"),
}

ENDS_HERE: Final = N_("the next working day: the term ends on it")

DOUBTS: Final[Mapping[Doubt, str]] = {
    Doubt.RECORD: N_("the record contradicts the journal"),
    Doubt.DOCUMENT: N_("it is not the document that was signed and sent"),
    Doubt.DOCUMENT_SIGNATURE: N_("the employer's signature on the document is wrong"),
    Doubt.ANSWER: N_("it is not the answer that was received"),
    Doubt.ANSWER_SIGNATURE: N_("an answer that decided has no good signature"),
    Doubt.DECISION: N_("it is not what decided"),
    Doubt.CHAIN: N_("the journal's chain does not hold"),
    Doubt.HEAD: N_("the signed head of the journal's chain is wrong"),
    Doubt.ISSUER: N_("none of the given authorities issued the certificate"),
}

NOTICES: Final[Mapping[Notice, str]] = {
    Notice.NOT_KEPT: N_("a document or an answer is not kept any more; its digest is in the journal"),
    Notice.NO_DIGEST: N_("the journal names no digest of a file: it was written by an older version"),
    Notice.NOT_LINKED: N_("lines of the journal were too young to be linked into its chain"),
    Notice.NO_HEAD: N_(
        "no signed head of the chain is behind these lines: only the bundle's own signature covers them"
    ),
    Notice.JOURNAL_DAMAGED: N_("THE JOURNAL WAS FOUND DAMAGED when the bundle was made; README.txt says how"),
    Notice.STAMP_NOT_CHECKED: N_("the head's time stamp needs the certificates of its authority: --authorities"),
}
