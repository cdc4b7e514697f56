"""The supporting document of harmful work. What the agent itself sets (168-170, 172) no row can break."""

from __future__ import annotations

from support.broken_rows.harmful import HARMFUL_WORK
from support.sound_rows import BrokenRow, Changes
from usrec.domain.source_event import Operation


def _broken(code: str, rule: str, changes: Changes) -> tuple[BrokenRow, ...]:
    return tuple(
        BrokenRow(code, rule, operation, {**HARMFUL_WORK, **changes})
        for operation in (Operation.CONCLUSION, Operation.AMENDMENT_EDIT)
    )


DOCUMENTS: tuple[BrokenRow, ...] = (
    BrokenRow(
        "SCSE167", "document_only_with_harmful_code", Operation.CONCLUSION, {"supporting_document": "attestation.pdf"}
    ),
    BrokenRow(
        "SCSE167",
        "document_only_with_harmful_code",
        Operation.AMENDMENT,
        {"supporting_document_name": "Аттестация № 12"},
    ),
    *_broken("SCSE171", "document_there", {"supporting_document": "nowhere.pdf"}),
    *_broken("SCSE171", "document_there", {"supporting_document": "empty.pdf"}),
    *_broken("SCSE171", "document_there", {"supporting_document_name": "Аттестация № 12"}),
    *_broken("SCSE173", "document_format_known", {"supporting_document": "order.docx"}),
    *_broken("SCSE174", "document_named", {"supporting_document": "0123456789abcdef0123456789abcdef.pdf"}),
    *_broken("SCSE999", "message_fits_100_kb", {"supporting_document": "large.pdf"}),
    *_broken("SCSE999", "message_fits_100_kb", {"supporting_document": "huge.pdf"}),
)
