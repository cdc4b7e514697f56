"""What HR reads in its rows, in the language of the source; the ledger keeps the notes in English.

A refusal is told with the words of ``usrec explain``, so with who must act: nobody is told to mend a row that is right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from usrec.adapters.explanations.book import explain
from usrec.domain.response_code import Actor
from usrec.domain.rules.finding import Finding, Severity, load_findings
from usrec.domain.state import State
from usrec.interfaces.cli.explanation_words import ACTORS, whole_text
from usrec.interfaces.cli.lint_words import lint_words
from usrec.interfaces.i18n import N_, in_language, tr
from usrec.ports.event_source import StatusNote

SENTENCES: Final = frozenset(
    {
        N_("Taken; it will be sent."),
        N_("Taken; it waits for the signature of the EDS's owner."),
        N_("Taken; it waits for an approval before it is signed."),
        N_("Refused by USREC today; the agent sends the same again on the next day."),
        N_("USREC says that it is registered already; somebody has to look. Do not enter it by hand."),
        N_("Refused by USREC until somebody else has acted; then it is sent again."),
        N_("Taken; it waits for the employee's IIN while the term runs. When it is issued, raise the revision."),
        N_(
            "Taken; an earlier event of the same contract was refused or has errors: "
            "it waits until that one has been mended or taken back."
        ),
        N_("Taken; its employer is stopped: nothing is sent until a person lets it go on."),
        N_("Taken; held with many like it until a person has looked at them."),
        N_("Not sent, by the employer's own policy of what is entered; usrec_findings says more."),
        N_("Not sent: mend the fields named here and raise the revision."),
        N_("Signed; being sent."),
        N_("Delivered; no decision yet."),
        N_("The answer is unknown; the agent is finding out. Do not enter it by hand."),
        N_("Signed, but the certificate ended before it was sent; somebody has to decide how it goes on."),
        N_(
            "The answer is unknown and the certificate has ended; somebody has to look in the portal. "
            "Do not enter it by hand."
        ),
        N_("Registered in USREC."),
        N_("Refused by USREC."),
        N_("Taken back; it will not be sent."),
        N_("Taken back: a newer change of the same thing goes in its place."),
        N_("This revision was taken with other content; the change was ignored. Raise the revision."),
        N_("Taken before, from another row or file; nothing was done again."),
        N_("This file was not taken: it cannot be read as a whole."),
        N_("The file was taken; about the file as a whole there is something to know."),
        N_("Registered in USREC with its first content; the change was ignored. Send an amendment or a correction."),
    }
)
"""The sentences that notes are kept with (a test holds them against the code that writes them)."""

NOT_MENDED: Final = frozenset(
    {
        "already_registered",
        "code_approved",
        "second_conclusion",
        "stands_in_registry",
        "entered_by_hand",
        "contract_changed",
        "agreement_not_repeated",
        "contract_belongs_to_employer",
        "contract_number_unused",
        "deletion_names_the_employer",
        "extension_follows_sequence",
        "extension_needs_fixed_term",
        "extension_not_repeated",
        "leave_not_repeated",
        "reinstatement_needs_termination",
    }
)
"""Rules that refuse a row in which nothing is wrong; their own sentence says what to do."""


def hr_note(note: StatusNote, language: str) -> StatusNote:
    """The note as HR reads it."""
    findings = load_findings(note.findings)
    with in_language(language):
        return replace(note, message=_message(note, findings), findings=_told(findings))


def _message(note: StatusNote, findings: Sequence[Finding]) -> str:
    if note.state == State.REJECTED or (note.code and note.state in {State.SIGNED, State.INDETERMINATE}):
        return _refusal(note)
    wrong = [one for one in findings if one.severity is Severity.ERROR]
    if note.state == State.INVALID and not all(map(_is_mended_in_the_row, wrong)):
        actors = dict.fromkeys(tr(ACTORS[_actor(one)]) for one in wrong)
        sentence = tr("Not sent: usrec_findings says why. Who must act: {actors}.")
        return sentence.format(actors=", ".join(actors))
    return tr(note.message)


def _refusal(note: StatusNote) -> str:
    told = explain(note.code)
    if told is not None:
        return " ".join([tr(note.message), f"{told.code}: {whole_text(told)}"])
    unknown = [tr("The code is unknown to this release; the administrator must look into it.")] if note.code else []
    return " ".join([tr(note.message), *unknown])


def _is_mended_in_the_row(finding: Finding) -> bool:
    return _actor(finding) is Actor.HR and finding.rule not in NOT_MENDED


def _actor(finding: Finding) -> Actor:
    told = explain(finding.code)
    return Actor.HR if told is None else told.actor


def _told(findings: Sequence[Finding]) -> str:
    """The findings as a JSON array, each with who must act and, where it has a code, what that code means."""
    return json.dumps([_finding_json(one) for one in findings], ensure_ascii=False)


def _finding_json(finding: Finding) -> dict[str, object]:
    told = explain(finding.code)
    return {
        **asdict(finding),
        "message": lint_words(finding),
        "actor": _actor(finding),
        "explanation": None if told is None else whole_text(told),
    }
