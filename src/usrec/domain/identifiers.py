"""Identification numbers of people and organisations, and the ids of our records.

An IIN is personal data, so :class:`Iin` and :class:`Bin` show their last four digits only, whatever prints them;
``.value`` is the one way to the digits. Sources: the check digit's two passes as implemented by public systems of
Kazakhstan; the BIN's fifth digit (4 resident, 5 non-resident, 6 joint enterprise of entrepreneurs); Government decree
853 of 26 August 2013, since which an IIN's digits are no longer tied to birth date and sex, so that a difference is a
warning and never an error; SCSE087 for the record id.

What the check digit finds: every wrong check digit; every other single wrong digit at positions 1-10 as long as the
right and the wrong number are both decided by the first pass (across the passes, all but a chance hit). A wrong 11th
digit is found in the second pass only: in the first its weight is 11 and the sum is taken modulo 11.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from usrec.domain.errors import ValidationProblem

RecordId = NewType("RecordId", str)

_LENGTH: Final = 12
_FIRST_PASS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_PASS: Final = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_LEGAL_ENTITY_TYPES: Final = frozenset("456")
_RECORD_ID: Final = re.compile(r"[A-Za-z0-9-]{32,45}")


class IdentifierFault(StrEnum):
    """Why a text is not an identifier."""

    EMPTY = "empty"
    NOT_DIGITS = "not_digits"
    LENGTH = "length"
    CHECKSUM = "checksum"
    NEVER_ISSUED = "never_issued"
    NOT_A_LEGAL_ENTITY = "not_a_legal_entity"
    RECORD_ID = "record_id"


class IdentifierError(ValidationProblem):
    """A text is not the identifier it should be. The message never repeats it.

    Args:
        reason: Which rule it breaks.
        what: The same in words.
        next_step: What the reader should do.
    """

    def __init__(self, reason: IdentifierFault, what: str, *, next_step: str = "") -> None:
        super().__init__(what, next_step=next_step)
        self.reason = reason


class Sex(StrEnum):
    """Sex as an IIN's seventh digit may encode it."""

    MALE = "male"
    FEMALE = "female"


class IdentifierDoubt(StrEnum):
    """What about a valid IIN is worth a second look."""

    BIRTH_DATE = "birth_date"
    SEX = "sex"
    LEGAL_ENTITY = "legal_entity"


@dataclass(frozen=True, slots=True)
class IdentifierWarning:
    """A remark for a person; it never stops a registration."""

    doubt: IdentifierDoubt
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Iin:
    """Individual identification number, 12 digits with a right check digit.

    Raises:
        IdentifierError: The digits are none.
    """

    value: str

    def __post_init__(self) -> None:
        _check_number("IIN", self.value)

    def __str__(self) -> str:
        return _masked(self.value)

    def __repr__(self) -> str:
        return f"Iin({_masked(self.value)})"


@dataclass(frozen=True, slots=True, repr=False)
class Bin:
    """Business identification number of a legal entity, 12 digits with a right check digit.

    Raises:
        IdentifierError: The digits are none, or those of an individual.
    """

    value: str

    def __post_init__(self) -> None:
        _check_number("BIN", self.value)
        if not _has_bin_shape(self.value):
            raise IdentifierError(
                IdentifierFault.NOT_A_LEGAL_ENTITY,
                "the fifth digit of a BIN is 4, 5 or 6, and this one is not",
                next_step="An individual entrepreneur is named by an IIN",
            )

    def __str__(self) -> str:
        return _masked(self.value)

    def __repr__(self) -> str:
        return f"Bin({_masked(self.value)})"


def parse_iin(text: str) -> Iin:
    """The IIN in ``text``, blanks around it ignored.

    Raises:
        IdentifierError: There is none.
    """
    return Iin(text.strip())


def parse_bin(text: str) -> Bin:
    """The BIN in ``text``, blanks around it ignored.

    Raises:
        IdentifierError: There is none.
    """
    return Bin(text.strip())


def parse_employer_id(text: str) -> Bin | Iin:
    """An employer's identifier: a legal entity's BIN, or the IIN of an individual entrepreneur.

    The fifth digit tells them apart: 4-6 in a BIN, the tens of a day (0-3) in an IIN.

    Raises:
        IdentifierError: It is neither.
    """
    digits = text.strip()
    _check_number("employer's BIN or IIN", digits)
    return Bin(digits) if _has_bin_shape(digits) else Iin(digits)


def check_digit(prefix: str) -> int | None:
    """The twelfth digit for eleven, None where both passes give 10 and the number is never issued.

    Raises:
        ValueError: ``prefix`` is not eleven digits.
    """
    if len(prefix) != _LENGTH - 1 or not _all_digits(prefix):
        raise ValueError("a check digit is computed from eleven digits")
    for weights in (_FIRST_PASS, _SECOND_PASS):
        rest = sum(int(digit) * weight for digit, weight in zip(prefix, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return None


def identifier_warnings(
    iin: Iin, birth_date: date | None = None, sex: Sex | None = None
) -> tuple[IdentifierWarning, ...]:
    """Where a valid IIN disagrees with what HR says of its holder (decree 853: a warning, never an error)."""
    if _has_bin_shape(iin.value):
        text = "the IIN of a person has the shape of a legal entity's BIN; check that the right number was entered"
        return (IdentifierWarning(IdentifierDoubt.LEGAL_ENTITY, text),)
    found = []
    if birth_date is not None and not _agrees_with_birth(iin, birth_date):
        text = "the IIN's first digits differ from the birth date; this is allowed, check that both are right"
        found.append(IdentifierWarning(IdentifierDoubt.BIRTH_DATE, text))
    if sex is not None and not _agrees_with_sex(iin, sex):
        text = "the IIN's seventh digit differs from the sex; this is allowed, check that both are right"
        found.append(IdentifierWarning(IdentifierDoubt.SEX, text))
    return tuple(found)


def parse_record_id(text: str) -> RecordId:
    """A record id that USREC takes (SCSE087): 32-45 Latin letters, digits and hyphens.

    Raises:
        IdentifierError: It is not.
    """
    if not _RECORD_ID.fullmatch(text):
        raise IdentifierError(
            IdentifierFault.RECORD_ID,
            f"a record id has 32-45 Latin letters, digits or hyphens; this one of {len(text)} characters does not fit",
        )
    return RecordId(text)


def new_record_id(random_bytes: bytes) -> RecordId:
    """A record id (36 characters, the form of a random UUID, RFC 9562) from 16 random bytes, or a keyed digest's.

    Raises:
        ValueError: ``random_bytes`` are not 16.
    """
    return RecordId(str(UUID(bytes=random_bytes, version=4)))


def record_id_source(source: str, event_id: str, revision: int, ordinal: int) -> bytes:
    """What the record id of a submission is derived from under the ledger's key; no two ever write down the same.

    Args:
        ordinal: Rises with every document of the same revision that was signed, or shown to a person, before it.
    """
    return b"usrec record id v1|" + json.dumps([source, event_id, revision, ordinal]).encode()


def _check_number(name: str, digits: str) -> None:
    if not digits:
        raise IdentifierError(IdentifierFault.EMPTY, f"the {name} is empty")
    if not _all_digits(digits):
        raise IdentifierError(IdentifierFault.NOT_DIGITS, f"the {name} holds other characters than digits")
    if len(digits) != _LENGTH:
        raise IdentifierError(
            IdentifierFault.LENGTH,
            f"the {name} has {len(digits)} digits where 12 are needed",
            next_step="A spreadsheet may have dropped leading zeros" if len(digits) < _LENGTH else "",
        )
    expected = check_digit(digits[:-1])
    if expected is None or not digits.strip("0"):
        raise IdentifierError(IdentifierFault.NEVER_ISSUED, f"the {name} is a number that is never issued")
    if expected != int(digits[-1]):
        raise IdentifierError(
            IdentifierFault.CHECKSUM, f"the {name} has a wrong check digit", next_step="Look for a mistyped digit"
        )


def _all_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def is_foreign_iin(digits: str) -> bool:
    """Whether an IIN is a foreigner's for sure: 0 in the seventh place. Any other digit says nothing."""
    return digits[6:7] == "0"


def is_organisation(digits: str) -> bool:
    """Whether an employer's number is a BIN, and not the IIN of an entrepreneur or a private person."""
    return _has_bin_shape(digits)


def _has_bin_shape(digits: str) -> bool:
    return digits[4:5] in _LEGAL_ENTITY_TYPES


def _masked(digits: str) -> str:
    return "*" * (len(digits) - 4) + digits[-4:]


def _century_digit(iin: Iin) -> int | None:
    """The seventh digit where it tells century and sex: 1-6. Foreigners may carry 0 there."""
    digit = int(iin.value[6])
    return digit if 1 <= digit <= 6 else None


def birth_date_of(iin: Iin) -> date | None:
    """The day of birth that an IIN tells; None for numbers that tell none (foreigners may carry 0 for the century)."""
    digit = _century_digit(iin)
    if digit is None:
        return None
    try:
        return date(1800 + (digit - 1) // 2 * 100 + int(iin.value[:2]), int(iin.value[2:4]), int(iin.value[4:6]))
    except ValueError:
        return None


def _agrees_with_birth(iin: Iin, birth_date: date) -> bool:
    if iin.value[:6] != f"{birth_date:%y%m%d}":
        return False
    digit = _century_digit(iin)
    return digit is None or birth_date.year // 100 == 18 + (digit - 1) // 2


def _agrees_with_sex(iin: Iin, sex: Sex) -> bool:
    digit = _century_digit(iin)
    return digit is None or (digit % 2 == 1) == (sex is Sex.MALE)
