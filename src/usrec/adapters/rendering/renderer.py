"""From a submission to the contractRequest that the employer signs.

Sources: the wire profile (mapping and XSD) and code SCSE999 (100 KB cap). The document has no XML declaration and is
not indented: it travels as text inside another document, where a declared encoding means nothing, and clients of both
kinds are known to work. What is rendered here is signed as it is and never serialised again.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Final

from lxml import etree

from kzeds.xml import Element
from usrec.adapters.rendering.document import build_document, wire_text
from usrec.adapters.rendering.mapping import MappedField, OperationMapping, Value
from usrec.adapters.rendering.profile import WireProfile
from usrec.adapters.rendering.schema_check import SchemaCheck, SchemaFault
from usrec.domain.document import Attachment
from usrec.domain.errors import ConfigurationError, InvariantViolation, ValidationProblem
from usrec.domain.message import DATA_CAP_BYTES, RenderedMessage
from usrec.domain.source_event import Operation, load_details
from usrec.domain.submission import Submission

_KEPT: Final = "Nothing was signed or sent; the event is kept"
_CORRECT_IN_HR: Final = "Correct it in the HR system and raise the revision of the row"


class XmlRenderer:
    """Renders by a wire profile. Safe in threads.

    Raises:
        ConfigurationError: The profile's mapping and its XSD do not belong together.
    """

    def __init__(self, profile: WireProfile) -> None:
        self._profile = profile.mapping
        self._check = SchemaCheck(profile.schema)
        for operation, mapping in self._profile.operation.items():
            self._require_match(operation, mapping, where=profile.where)

    @property
    def supplies_record_id(self) -> bool:
        """Whether the profile carries a record id of ours."""
        return self._profile.record_id

    def render(
        self, submission: Submission, *, record_id: str | None, attachment: Attachment | None = None
    ) -> RenderedMessage:
        """The document for ``submission``; ``attachment`` is the supporting document that its event names.

        Raises:
            ValidationProblem: The profile has no such message, or the document breaks the schema or the 100 KB cap;
                names the field, never its value.
            InvariantViolation: The submission names no operation, or a record id or a document is needed and not given.
        """
        operation = submission.operation
        if operation is None or (self.supplies_record_id and not record_id):
            raise InvariantViolation(
                "rendering needs an operation and the record id", where=f"submission {submission.id}"
            )
        mapping = self._profile.operation.get(operation)
        if mapping is None:
            raise _unknown(submission, operation, self._profile.name)
        texts = self._texts(submission, mapping, _values(submission, operation, mapping, record_id, attachment))
        root = self._built(submission, mapping, texts)
        for fault in self._check.faults(root)[:1]:
            raise _invalid(submission, mapping, fault, texts)
        document = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
        if len(document) > DATA_CAP_BYTES:
            longest = max(texts, key=lambda value: len(texts[value]))
            what = f"the message has more than 100 KB (SCSE999); its longest field is {longest}"
            raise _problem(submission, what, longest)
        return RenderedMessage(document, record_id if self.supplies_record_id else None)

    def _texts(
        self, submission: Submission, mapping: OperationMapping, values: Mapping[Value, str | date | None]
    ) -> dict[Value, str]:
        """The text of each mapped value that is present."""
        texts = {}
        for field in mapping.fields:
            value = values[field.value]
            if value:
                texts[field.value] = wire_text(value, date_with_zone=self._profile.date_with_zone)
            elif not field.optional:
                raise _problem(submission, f"{field.value} is missing, and the message needs it", field.value)
        return texts

    def _built(self, submission: Submission, mapping: OperationMapping, texts: Mapping[Value, str]) -> Element:
        try:
            return build_document(self._profile, mapping, texts)
        except ValueError:
            unfit = next(name for name, text in texts.items() if not _fits_xml(text))
            raise _problem(submission, f"{unfit} holds a character that XML cannot carry", unfit) from None

    def _require_match(self, operation: Operation, mapping: OperationMapping, *, where: str) -> None:
        """Check element names and order against the XSD: with all fields, or at least with the required ones.

        Either is enough, because an official XSD may hold a choice among optional fields.
        """
        whole = self._mismatch(mapping, mapping.fields)
        if whole and self._mismatch(mapping, [one for one in mapping.fields if not one.optional]):
            raise ConfigurationError(
                f"operation.{operation}: the XSD {self._profile.schema} does not take the element "
                f"{'/'.join(filter(None, [mapping.element, whole.path]))} there, or asks for another one beside it",
                where=where,
                next_step="Make the mapping follow the XSD: names, order, and which fields are optional",
            )

    def _mismatch(self, mapping: OperationMapping, fields: Iterable[MappedField]) -> SchemaFault | None:
        """The first structural fault of a document in which each of ``fields`` has some text."""
        root = build_document(self._profile, mapping, {field.value: "1" for field in fields})
        return next((fault for fault in self._check.faults(root) if fault.structural), None)


def _values(
    submission: Submission,
    operation: Operation,
    mapping: OperationMapping,
    record_id: str | None,
    attachment: Attachment | None,
) -> dict[Value, str | date | None]:
    """Everything that the mapping places. The registry's id is the submission's, whichever way it was learnt."""
    details = load_details(operation, submission.details)
    if attachment is None and getattr(details, Value.SUPPORTING_DOCUMENT, None):
        raise InvariantViolation("rendering needs the document that the event names", where=submission.id)
    return {field.value: getattr(details, field.value, None) for field in mapping.fields} | {
        Value.RECORD_ID: record_id,
        Value.EMPLOYER_BIN: submission.employer_bin,
        Value.CONTRACT_ID: submission.contract_id,
        **_of_attachment(attachment),
    }


def _of_attachment(attachment: Attachment | None) -> dict[Value, str | date | None]:
    if attachment is None:
        return {}
    return {
        Value.SUPPORTING_DOCUMENT_ID: attachment.document_id,
        Value.SUPPORTING_DOCUMENT: b64encode(attachment.content).decode(),
        Value.SUPPORTING_DOCUMENT_FORMAT: attachment.format,
    }


def _fits_xml(text: str) -> bool:
    try:
        etree.Element("any").text = text
    except ValueError:
        return False
    return True


def _invalid(
    submission: Submission, mapping: OperationMapping, fault: SchemaFault, present: Collection[Value]
) -> ValidationProblem:
    """A fault of the document, in terms of the field that it came from, or of those that are absent."""
    field = mapping.field_at(fault.path)
    subject = field.value if field else f"the element {fault.path or mapping.element}"
    absent = [one.value for one in mapping.fields if one.value not in present] if fault.structural else []
    hint = f" while {', '.join(absent)} is absent" if absent else ""
    return _problem(submission, f"{subject} {fault.words}{hint}", field.value if field else "")


def _unknown(submission: Submission, operation: Operation, profile: str) -> ValidationProblem:
    return ValidationProblem(
        f"the profile {profile} has no message for {operation}",
        where=f"submission {submission.id}",
        kept=_KEPT,
        next_step="Set gateway.profile to one that has it, or enter the event in the enbek.kz portal",
    )


def _problem(submission: Submission, what: str, field: str) -> ValidationProblem:
    where = f"submission {submission.id}"
    return ValidationProblem(what, where=where, kept=_KEPT, next_step=_CORRECT_IN_HR, field=field)
