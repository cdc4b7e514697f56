"""README.txt of a bundle: how whoever gets it checks it without us. In Kazakh, Russian and English."""

from __future__ import annotations

from typing import Final

from usrec.interfaces.cli.evidence_journal import JournalFound, readme_scope, readme_warning
from usrec.interfaces.i18n import N_, in_language, tr

_LINES: Final = (
    N_("EVIDENCE OF THE ENTRY OF DATA IN USREC. CONTAINS PERSONAL DATA: give it only to whom the law entitles."),
    N_("To read: act.pdf (where it is there), index.csv (a line for each submission), submissions/*/record.json."),
    N_("To check that no byte was changed since it was signed, on any computer with kzeds, without a network:"),
    "    kzeds verify-bundle BUNDLE.zip --trust FOLDER",
    N_("FOLDER holds the certificates of the National Certification Authority (https://pki.gov.kz)."),
    N_("kzeds is free; it comes with usrec-agent (Python 3.11 or newer)."),
    N_(
        "Without any program of ours: compare the SHA-256 of each file with manifest.json, and have the detached CMS "
        "signature manifest.json.p7s of manifest.json checked by any program that knows the NCA's keys."
    ),
    N_("To check the journal's chain, the employer's signature on each document and the gateway's on each answer too:"),
    "    usrec evidence verify BUNDLE.zip --authorities FOLDER",
    N_("Exit code 0: whole; 1: something was changed, taken away or added, and the file is named."),
    N_("manifest.json lists every file with its size and SHA-256; manifest.json.p7s is its CMS signature (EDS)."),
    N_("submissions/*/document.xml is the document as the employer's EDS signed it; answer-N.xml what came back."),
    N_("The envelope of each request is not kept, because it holds the sender's password; its digest is on record."),
    N_(
        "journal/ proves that the lines of the journal were not written afterwards; the page reference/evidence.md of "
        "the documentation tells how."
    ),
)


def readme(found: JournalFound) -> bytes:
    """The file; one made from a damaged journal begins with that."""
    parts = []
    for language in ("kk", "ru", "en"):
        with in_language(language):
            lines = [*readme_warning(found, language), *(tr(line) for line in _LINES), *readme_scope(found)]
            parts.append("\n".join(lines))
    return ("\n\n* * *\n\n".join(parts) + "\n").encode()
