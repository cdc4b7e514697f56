"""What a ``profile.toml`` may say: which element of USREC carries which value of ours.

No official USREC schema is public, so names live in a replaceable file and never in code. The file is read strictly:
a key or a value that means nothing here is an error at start-up, because a mapping that is silently half read would
sign and send documents without the missing part.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from pydantic import ConfigDict, Field, StrictBool, TypeAdapter, ValidationError

from usrec.domain.errors import ConfigurationError
from usrec.domain.source_event import DETAILS_TYPES, Operation

_NAME: Final = r"[A-Za-z_][A-Za-z0-9._\-]*"

XmlName = Annotated[str, Field(strict=True, pattern=rf"^{_NAME}$")]
XmlPath = Annotated[str, Field(strict=True, pattern=rf"^{_NAME}(/{_NAME})*$")]
Text = Annotated[str, Field(strict=True, pattern=r"^\S+$")]

_NEEDED: Final = (Operation.CONCLUSION, Operation.AMENDMENT, Operation.TERMINATION)
"""What every profile maps, because working clients show it; a profile may lack any other operation."""
_STRICT: Final = ConfigDict(extra="forbid")
_FIXES_TOML: Final = "Correct profile.toml; the two profiles of this program show its form"


class Value(StrEnum):
    """The values that a mapping may place."""

    RECORD_ID = "record_id"
    EMPLOYER_BIN = "employer_bin"
    EMPLOYER_TYPE_CODE = "employer_type_code"
    EMPLOYEE_IIN = "employee_iin"
    CONTRACT_NUMBER = "contract_number"
    CONTRACT_DATE = "contract_date"
    BEGIN_DATE = "begin_date"
    POSITION_CODE = "position_code"
    ESTABLISHED_POST = "established_post"
    TERM_CODE = "term_code"
    END_DATE = "end_date"
    AUTO_EXTENSION_TERM_CODE = "auto_extension_term_code"
    ESTABLISHED_POST_CODE = "established_post_code"
    WORK_KIND_CODE = "work_kind_code"
    WORK_PLACE_ADDRESS = "work_place_address"
    KATO_CODE = "kato_code"
    COUNTRY_CODE = "country_code"
    REMOTE_WORK_CODE = "remote_work_code"
    WORKING_HOURS_CODE = "working_hours_code"
    TARIFF_RATE = "tariff_rate"
    PROFESSIONAL_SKILL_CODE = "professional_skill_code"
    PERSONAL_QUALITY_CODE = "personal_quality_code"
    WORKING_CONDITIONS_CODE = "working_conditions_code"
    HARMFUL_CONDITIONS_CODE = "harmful_conditions_code"
    SUPPORTING_DOCUMENT_ID = "supporting_document_id"
    SUPPORTING_DOCUMENT = "supporting_document"
    SUPPORTING_DOCUMENT_FORMAT = "supporting_document_format"
    SUPPORTING_DOCUMENT_NAME = "supporting_document_name"
    CONSCRIPT_CODE = "conscript_code"
    FOREIGNER_BASIS_CODE = "foreigner_basis_code"
    PERMIT_NUMBER = "permit_number"
    PERMIT_ISSUE_DATE = "permit_issue_date"
    PERMIT_BEGIN_DATE = "permit_begin_date"
    PERMIT_END_DATE = "permit_end_date"
    FOREIGNER_EDUCATION_CODE = "foreigner_education_code"
    CONTRACT_ID = "contract_id"
    AGREEMENT_NUMBER = "agreement_number"
    AGREEMENT_DATE = "agreement_date"
    EMPLOYEE_CONSENT = "employee_consent"
    EMPLOYER_CONSENT = "employer_consent"
    EMPLOYEE_PHONE = "employee_phone"
    EMPLOYER_PHONE = "employer_phone"
    TERMINATION_DATE = "termination_date"
    REASON_CODE = "reason_code"
    DIGITALISATION = "digitalisation"
    AGREEMENT_ID = "agreement_id"
    ORDER_NUMBER = "order_number"
    REINSTATEMENT_DATE = "reinstatement_date"
    DECIDING_BODY_CODE = "deciding_body_code"
    COURT_CODE = "court_code"
    MISTAKE_COMMENT = "mistake_comment"
    EXTENSION_DATE = "extension_date"
    LEAVE_TYPE_CODE = "leave_type_code"
    NOT_WORKED_FROM = "not_worked_from"
    NOT_WORKED_TO = "not_worked_to"
    FIRST_WORKING_DAY = "first_working_day"
    TIMESHEET_NUMBER = "timesheet_number"
    LEAVE_ID = "leave_id"
    NEW_EMPLOYEE_IIN = "new_employee_iin"
    NEW_EMPLOYER_BIN = "new_employer_bin"
    REORGANISATION_DATE = "reorganisation_date"


_WITH_DOCUMENT: Final = (Value.SUPPORTING_DOCUMENT_ID, Value.SUPPORTING_DOCUMENT_FORMAT)
"""What the agent itself knows of a document that an event names."""


class Evidence(StrEnum):
    """How an element is known."""

    SEEN = "seen"
    """In the code of a client that worked with USREC."""
    ASSUMED = "assumed"
    """Our reading, until the official XSD confirms it."""


@dataclass(frozen=True, slots=True)
class MappedField:
    """One value and its element.

    Attributes:
        path: Element names below the operation element, joined by ``/``.
        optional: The element is left out where the value is absent.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    path: XmlPath
    value: Value
    evidence: Evidence
    optional: StrictBool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """The element names of ``path``."""
        return tuple(self.path.split("/"))


@dataclass(frozen=True, slots=True)
class OperationMapping:
    """One operation: its element, and what stands in it, in order."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    element: XmlName
    evidence: Evidence
    fields: Annotated[tuple[MappedField, ...], Field(min_length=1)]

    def field_at(self, path: str) -> MappedField | None:
        """The field whose element is ``path``, None where no field has it."""
        return next((field for field in self.fields if field.path == path), None)


@dataclass(frozen=True, slots=True)
class ResponseMapping:
    """Where the answer's own document names the contract (an XPath 1.0 of elements)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    contract_id: Annotated[str, Field(strict=True, min_length=1)]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EntryMapping:
    """Elements of one entry in the registry's answer to a question."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    record_id: XmlPath
    contract_id: XmlPath
    employer_bin: XmlPath
    employee_iin: XmlPath
    number: XmlPath
    date: XmlPath


@dataclass(frozen=True, slots=True)
class QuestionMapping:
    """How the registry is asked whether it holds a record; a profile without it asks nothing.

    Attributes:
        root: Element of the question, in the profile's namespace; the two others stand below it.
        answer: Root of the answer's document, likewise; ``entry`` stands below it where something was found.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    root: XmlName
    record_id: XmlName
    employer_bin: XmlName
    answer: XmlName
    entry: XmlName
    fields: EntryMapping
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ProfileMapping:
    """A whole ``profile.toml``.

    Attributes:
        schema: File name of the XSD beside it.
        record_id: Messages carry a record id of ours.
        date_with_zone: Dates carry Kazakhstan's offset of their day.
        assumed: Statements about the profile that nobody has confirmed.
        question: None in both shipped profiles: no question is public.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Text
    namespace: Text
    root: XmlName
    schema: Annotated[str, Field(strict=True, pattern=r"^[^/\\\s][^/\\]*$")]
    record_id: StrictBool
    date_with_zone: StrictBool
    response: ResponseMapping
    operation: Mapping[Operation, OperationMapping]
    assumed: tuple[Annotated[str, Field(strict=True, min_length=1)], ...] = ()
    question: QuestionMapping | None = None

    def assumed_elements(self) -> tuple[str, ...]:
        """What nobody has seen in a working client, as ``operation.path``, in the file's order."""
        return tuple(name for name, evidence in self._evidence() if evidence is Evidence.ASSUMED)

    def _evidence(self) -> Iterator[tuple[str, Evidence]]:
        yield "response.contract_id", self.response.evidence
        if self.question is not None:
            yield f"question.{self.question.root}", self.question.evidence
        for operation, mapping in self.operation.items():
            yield f"{operation}.{mapping.element}", mapping.evidence
            yield from ((f"{operation}.{mapping.element}/{one.path}", one.evidence) for one in mapping.fields)


_READER: Final = TypeAdapter(ProfileMapping)


def read_mapping(text: bytes, *, where: str) -> ProfileMapping:
    """Read a ``profile.toml``.

    Args:
        text: Its bytes.
        where: Its path, for messages.

    Raises:
        ConfigurationError: It is no TOML, or says something that means nothing here; names every such key.
    """
    try:
        mapping = _READER.validate_python(tomllib.loads(text.decode()))
    except UnicodeDecodeError:
        raise ConfigurationError("the file is not UTF-8 text", where=where, next_step=_FIXES_TOML) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the file is not TOML: {error}", where=where, next_step=_FIXES_TOML) from None
    except ValidationError as error:
        raise _refusal(
            [_in_words(one) for one in error.errors(include_url=False, include_input=False)], where
        ) from None
    faults = list(_contradictions(mapping))
    if faults:
        raise _refusal(faults, where)
    return mapping


def _refusal(faults: list[str], where: str) -> ConfigurationError:
    return ConfigurationError("; ".join(faults), where=where, next_step=_FIXES_TOML)


def _in_words(error: Mapping[str, Any]) -> str:
    """One fault that the reader found: the key as it stands in the file, and why."""
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    match error["type"]:
        case "unexpected_keyword_argument":
            return f"{key}: unknown key"
        case "missing":
            return f"{key}: missing"
        case _:
            return f"{key}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _contradictions(mapping: ProfileMapping) -> Iterator[str]:
    """Faults that only show when the keys are read together."""
    yield from (f"operation.{one}: missing" for one in _NEEDED if one not in mapping.operation)
    if mapping.question is not None and not mapping.record_id:
        yield "question: the registry is asked by the record id of ours, which this profile does not send"
    for operation, how in mapping.operation.items():
        key = f"operation.{operation}.fields"
        available = _available(operation)
        yield from (
            f"{key}: this operation has no value {one.value}" for one in how.fields if one.value not in available
        )
        yield from (f"{key}: the path {path} is used twice" for path in _repeated(one.path for one in how.fields))
        yield from (f"{key}: {one.path} stands inside the value of another field" for one in _nested(how))
        places_id = any(one.value is Value.RECORD_ID for one in how.fields)
        if places_id is not mapping.record_id:
            yield f"{key}: the value record_id is placed if and only if record_id = true"


def _available(operation: Operation) -> frozenset[str]:
    """Values that an operation has; the registry's contract id exists once a contract is registered."""
    own = {item.name for item in fields(DETAILS_TYPES[operation])} & set(Value)
    of_document = _WITH_DOCUMENT if Value.SUPPORTING_DOCUMENT in own else ()
    return frozenset({Value.RECORD_ID, Value.EMPLOYER_BIN, *own, *of_document})


def _repeated(paths: Iterator[str]) -> list[str]:
    return [path for path, times in Counter(paths).items() if times > 1]


def _nested(mapping: OperationMapping) -> list[MappedField]:
    """Fields whose element would stand inside an element that carries text."""
    taken = {one.steps for one in mapping.fields}
    return [one for one in mapping.fields if any(one.steps[:depth] in taken for depth in range(1, len(one.steps)))]
