"""Why a file of events is not taken as a whole, in the reader's language: the sentences of its readers."""

from __future__ import annotations

from typing import Final

from usrec.interfaces.i18n import N_

FILE_TEMPLATES: Final = (
    N_("The file cannot be taken: there are more than {number} columns."),
    N_("The file cannot be taken: the column {name} stands there twice."),
    N_(
        "The file cannot be taken: there is no column {names}; close to it: {name}. Begin with the template: {command}."
    ),
    N_("The file cannot be taken: there is no column {names}. Begin with the template: {command}."),
    N_(
        "The file cannot be taken: the row that begins in line {line} is no CSV: {problem}. Look for a "
        "quotation mark that is not closed or not doubled."
    ),
    N_("The file cannot be taken: line {line} cannot be read: a name stands in it twice."),
    N_("The file cannot be taken: line {line} cannot be read: it is no JSON."),
    N_("The file cannot be taken: line {line} is JSON but not an object of fields."),
    N_("The file cannot be taken: payload in line {line} is no object of further fields."),
    N_("The file cannot be taken: the file has more than {number} rows. Split it."),
    N_("The file cannot be taken: the file cannot be read: {problem}."),
    N_("The file cannot be taken: the file is larger than {number} MB. Split it."),
    N_("The file cannot be taken: the file is UTF-16. Save it as CSV UTF-8."),
    N_(
        "The file cannot be taken: the encoding of the file leaves doubt. Declare the encoding with "
        "--encoding: {known}."
    ),
    N_("The file cannot be taken: line {line} is not {encoding}. Declare another encoding with --encoding."),
    N_(
        "The file cannot be taken: the file says that it is UTF-8, and is not. Declare the encoding with "
        "--encoding: {known}."
    ),
    N_("The file cannot be taken: a part of the workbook declares a document type."),
    N_("The file cannot be taken: the workbook is too large. Split it, or save it as CSV."),
    N_(
        "The file cannot be taken: this is no workbook that can be read, or it is locked by a password. Save "
        "it in Excel as .xlsx without a password, or as CSV UTF-8."
    ),
    N_(
        "The file cannot be taken: the workbook has several sheets. Hide or delete those that are not meant, "
        'or call the one that is meant "{sheet}".'
    ),
    N_("The file cannot be taken: {reason}"),
)
"""The last takes what none of the others fits."""
