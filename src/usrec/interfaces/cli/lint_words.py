"""What only ``usrec lint`` finds, in the reader's language: sentences of readers, and of rows about each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.rules.finding import Finding, Severity
from usrec.interfaces.cli.file_words import FILE_TEMPLATES
from usrec.interfaces.cli.finding_words import TEMPLATES, finding_words
from usrec.interfaces.i18n import N_, language, tr

NO_COMPLIANCE: Final = N_(
    "This is no statement of compliance. Neither USREC nor the agent's ledger was asked, and codes were looked up only "
    "in official dictionaries that are imported, so a row without findings may still be refused."
)
ONLY_USREC: Final = N_("Only USREC can know: {meaning}.")

SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.ERROR: N_("error"),
    Severity.WARNING: N_("warning"),
    Severity.UNDETERMINED: N_("undetermined"),
}

LINT_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "cell_became_date": (N_("The spreadsheet has turned {field} into a date; format it as text."),),
    "cell_is_value": (
        N_("{field} holds a formula; put its value there."),
        N_("{field} holds an error of the spreadsheet."),
    ),
    "cells_within_columns": (N_("Something stands in a column without a name."),),
    "column_misspelt": (N_("No field is called {name}; close to it: {field}."),),
    "column_unknown": (N_("No field is called {name}; the column is not read."),),
    "conclusion_not_repeated": (
        N_(
            "This contract has a conclusion under another event_id in an earlier row; an employee's changed IIN is an "
            "event iin_change with the same contract_key."
        ),
    ),
    "contract_history_known": (
        N_(
            "No conclusion of this contract that could be registered is among these rows: only USREC knows when it "
            "began and what was entered of it since, so this row was not held against it."
        ),
    ),
    "contract_id_known": (
        N_(
            "No conclusion of this contract that could be registered is among these rows, and contract_id is empty: "
            "only the agent's ledger and USREC know whether the contract is registered and when it began."
        ),
    ),
    "date_form": (N_("{field} must be YYYY-MM-DD or DD.MM.YYYY; other spellings can be read in more than one way."),),
    "date_has_no_time": (N_("{field} holds a time of day beside the date."),),
    "date_sentinel": (
        N_(
            "{field} holds {day}, which often stands for no date. Declare what it means: --sentinel DAY=none or "
            "--sentinel DAY=date."
        ),
    ),
    "date_serial": (
        N_("{field} looks like Excel's count of days; format the cell as a date, or declare it with --excel-dates."),
    ),
    "encoding_recognised": (
        N_("The file was read as {encoding}, recognised by its letters; declare it with --encoding."),
    ),
    "entered_at_form": (N_("entered_at is no time with its zone, such as 2026-11-18T09:30:00+05:00; it is not kept."),),
    "event_repeated": (N_("The same event_id and revision stand in an earlier row."),),
    "file_readable": FILE_TEMPLATES,
    "letters_lost": (N_("{field} has lost letters: a ? or a replacement mark stands in a word."),),
    "letters_mixed": (N_("{field} has Latin and Cyrillic letters in one word."),),
    "no_compliance": (NO_COMPLIANCE,),
    "number_digits_lost": (
        N_("The spreadsheet has shortened {field} to a power of ten; its digits are lost. Export it as text."),
    ),
    "number_is_whole": (N_("{field} holds a number that is not whole."),),
    "number_not_padded": (N_("{field} has {digits} digits, and with leading zeros its check digit is wrong."),),
    "number_zeros_lost": (
        N_("{field} has {digits} digits where 12 are needed; leading zeros may be lost. Check it, or --pad-iin."),
    ),
    "only_usrec_knows": (ONLY_USREC,),
    "rows_present": (N_("The file holds no row of events."),),
    "withdrawn_form": (N_("withdrawn must be true, false or empty."),),
}
"""By rule, beside :data:`usrec.interfaces.cli.finding_words.TEMPLATES`."""


def lint_words(finding: Finding) -> str:
    """A finding's sentence, whoever made it."""
    if finding.rule == "only_usrec_knows":
        return tr(ONLY_USREC).format(meaning=code_meaning(finding.code))
    templates = LINT_TEMPLATES if finding.rule in LINT_TEMPLATES else TEMPLATES
    return finding_words(finding, templates)


def code_meaning(code: str) -> str:
    """What a code means, in the language of the moment; empty for a code that is not known."""
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    return "" if told is None else told.texts[language()].meaning


def code_action(code: str) -> str:
    """What to do after a code, in the language of the moment; empty for a code that is not known."""
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    return "" if told is None else told.texts[language()].action
