"""IIN, BIN and record ids: what is refused, what only warns, and what never shows."""

from __future__ import annotations

import copy
import logging
import pickle
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from usrec.domain.errors import ValidationProblem
from usrec.domain.identifiers import (
    Bin,
    IdentifierDoubt,
    IdentifierError,
    IdentifierFault,
    Iin,
    Sex,
    check_digit,
    identifier_warnings,
    new_record_id,
    parse_bin,
    parse_employer_id,
    parse_iin,
    parse_record_id,
    record_id_source,
)

FIRST_PASS_IIN = "900101300007"
SECOND_PASS_IIN = "900101300811"
NEVER_ISSUED_PREFIX = "90010130080"
BINS = ["200940000013", "200941000029", "260150000030"]

DIGITS = "0123456789"


def first_pass(prefix: str) -> int:
    """The first pass written out by hand, to check the code against something that is not the code."""
    d = [int(digit) for digit in prefix]
    total = d[0] + 2 * d[1] + 3 * d[2] + 4 * d[3] + 5 * d[4] + 6 * d[5] + 7 * d[6] + 8 * d[7]
    return (total + 9 * d[8] + 10 * d[9] + 11 * d[10]) % 11


def second_pass(prefix: str) -> int:
    """The second pass, likewise."""
    d = [int(digit) for digit in prefix]
    total = 3 * d[0] + 4 * d[1] + 5 * d[2] + 6 * d[3] + 7 * d[4] + 8 * d[5] + 9 * d[6] + 10 * d[7]
    return (total + 11 * d[8] + d[9] + 2 * d[10]) % 11


@st.composite
def numbers(draw: st.DrawFn, fifth: str = DIGITS) -> str:
    """Twelve digits with a right check digit."""
    head = draw(st.text(DIGITS, min_size=4, max_size=4))
    tail = draw(st.text(DIGITS, min_size=6, max_size=6))
    prefix = head + draw(st.sampled_from(fifth)) + tail
    digit = check_digit(prefix)
    assume(digit is not None and prefix.strip("0"))
    return f"{prefix}{digit}"


@st.composite
def second_pass_numbers(draw: st.DrawFn) -> str:
    """Numbers whose first pass gives 10: the tenth digit is chosen so that it does."""
    nine = draw(st.text(DIGITS, min_size=9, max_size=9))
    eleventh = draw(st.sampled_from(DIGITS))
    fitting = [tenth for tenth in DIGITS if first_pass(nine + tenth + eleventh) == 10]
    assume(fitting)
    prefix = nine + fitting[0] + eleventh
    digit = check_digit(prefix)
    assume(digit is not None)
    return f"{prefix}{digit}"


def with_digit(number: str, position: int, digit: str) -> str:
    """``number`` with the digit at a position (1-12) replaced."""
    return number[: position - 1] + digit + number[position:]


def refused(text: str) -> IdentifierFault:
    with pytest.raises(IdentifierError) as caught:
        parse_iin(text)
    return caught.value.reason


@pytest.mark.parametrize("text", [FIRST_PASS_IIN, SECOND_PASS_IIN])
def test_both_passes_of_the_check_digit_are_accepted(text: str) -> None:
    assert parse_iin(text).value == text


@pytest.mark.parametrize("text", BINS)
def test_valid_bins_are_accepted(text: str) -> None:
    assert parse_bin(text).value == text


def test_the_second_pass_decides_where_the_first_gives_ten() -> None:
    assert first_pass(SECOND_PASS_IIN[:11]) == 10
    assert second_pass(SECOND_PASS_IIN[:11]) == 1


@given(digit=st.sampled_from(DIGITS))
def test_a_prefix_that_both_passes_refuse_is_never_issued(digit: str) -> None:
    assert check_digit(NEVER_ISSUED_PREFIX) is None
    assert refused(NEVER_ISSUED_PREFIX + digit) is IdentifierFault.NEVER_ISSUED


def test_twelve_zeros_are_a_placeholder_and_not_a_number() -> None:
    assert check_digit("0" * 11) == 0
    assert refused("0" * 12) is IdentifierFault.NEVER_ISSUED


@given(prefix=st.text(DIGITS, min_size=11, max_size=11))
def test_the_check_digit_is_that_of_the_two_passes_written_out(prefix: str) -> None:
    candidates = [rest for rest in (first_pass(prefix), second_pass(prefix)) if rest < 10]
    assert check_digit(prefix) == (candidates[0] if candidates else None)


@pytest.mark.parametrize("prefix", ["", "1234567890", "123456789012", "1234567890x", "1234567890²"])
def test_a_check_digit_needs_eleven_digits(prefix: str) -> None:
    with pytest.raises(ValueError, match="eleven digits"):
        check_digit(prefix)


@given(number=numbers(), digit=st.sampled_from(DIGITS))
def test_every_wrong_check_digit_is_found(number: str, digit: str) -> None:
    assume(digit != number[-1])
    assert refused(number[:-1] + digit) is IdentifierFault.CHECKSUM


@given(number=numbers(), position=st.integers(1, 10), digit=st.sampled_from(DIGITS))
def test_a_wrong_digit_at_1_to_10_is_found_when_the_first_pass_decides_both(
    number: str, position: int, digit: str
) -> None:
    changed = with_digit(number, position, digit)
    assume(changed != number and first_pass(number[:11]) < 10 and first_pass(changed[:11]) < 10)
    assume(changed.strip("0"))
    assert refused(changed) is IdentifierFault.CHECKSUM


@given(number=numbers(), digit=st.sampled_from(DIGITS))
def test_a_wrong_11th_digit_is_not_found_in_the_first_pass(number: str, digit: str) -> None:
    changed = with_digit(number, 11, digit)
    assume(first_pass(number[:11]) < 10 and changed.strip("0"))
    assert parse_iin(changed).value == changed


@given(number=second_pass_numbers(), digit=st.sampled_from(DIGITS))
def test_a_wrong_11th_digit_is_found_in_the_second_pass(number: str, digit: str) -> None:
    changed = with_digit(number, 11, digit)
    assume(changed != number)
    assert refused(changed) in {IdentifierFault.CHECKSUM, IdentifierFault.NEVER_ISSUED}


@given(number=numbers(), position=st.integers(1, 12), digit=st.sampled_from(DIGITS))
def test_a_changed_digit_is_accepted_only_as_another_valid_number(number: str, position: int, digit: str) -> None:
    changed = with_digit(number, position, digit)
    assume(changed.strip("0"))
    if check_digit(changed[:11]) == int(changed[-1]):
        assert parse_iin(changed).value == changed
    else:
        assert refused(changed) in {IdentifierFault.CHECKSUM, IdentifierFault.NEVER_ISSUED}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", IdentifierFault.EMPTY),
        ("   ", IdentifierFault.EMPTY),
        ("90010130000", IdentifierFault.LENGTH),
        ("9001013000077", IdentifierFault.LENGTH),
        ("90010130000X", IdentifierFault.NOT_DIGITS),
        ("900101 300007", IdentifierFault.NOT_DIGITS),
        ("٩٠٠١٠١٣٠٠٠٠٧", IdentifierFault.NOT_DIGITS),
        ("90010130000²", IdentifierFault.NOT_DIGITS),
        ("900101300008", IdentifierFault.CHECKSUM),
    ],
)
def test_each_fault_has_its_reason(text: str, fault: IdentifierFault) -> None:
    assert refused(text) is fault


def test_a_lost_leading_zero_is_suggested() -> None:
    with pytest.raises(IdentifierError, match="leading zeros"):
        parse_iin("10101300009")


def test_blanks_around_a_number_are_ignored() -> None:
    assert parse_iin(f"  {FIRST_PASS_IIN}\n") == parse_iin(FIRST_PASS_IIN)
    assert parse_bin(f"\t{BINS[0]}\u00a0") == parse_bin(BINS[0])


def test_identifier_errors_are_for_a_person_to_decide() -> None:
    assert issubclass(IdentifierError, ValidationProblem)


@given(text=st.text(DIGITS, min_size=5, max_size=20), parse=st.sampled_from([parse_iin, parse_bin, parse_employer_id]))
def test_no_error_repeats_the_digits(text: str, parse: object) -> None:
    assert callable(parse)
    try:
        parse(text)
    except IdentifierError as error:
        shown = f"{error} {error!r} {error.args} {error.__cause__!r}"
        assert text not in shown
        assert text[-4:] not in shown


def test_a_persons_number_is_not_a_bin() -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_bin(FIRST_PASS_IIN)
    assert caught.value.reason is IdentifierFault.NOT_A_LEGAL_ENTITY
    assert "individual entrepreneur" in str(caught.value)


@given(number=numbers(fifth="0123789"))
def test_a_bin_has_a_legal_entitys_fifth_digit(number: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_bin(number)
    assert caught.value.reason is IdentifierFault.NOT_A_LEGAL_ENTITY


@given(number=numbers(fifth="456"))
def test_an_employer_with_a_legal_entitys_fifth_digit_is_a_bin(number: str) -> None:
    assert parse_employer_id(number) == Bin(number)


@given(number=numbers(fifth="0123"))
def test_an_employer_with_a_days_fifth_digit_is_an_entrepreneurs_iin(number: str) -> None:
    assert parse_employer_id(number) == Iin(number)


def test_a_wrong_employer_number_says_that_either_would_do() -> None:
    with pytest.raises(IdentifierError, match="BIN or IIN"):
        parse_employer_id("200940000014")


def test_no_identifier_exists_with_wrong_digits() -> None:
    with pytest.raises(IdentifierError):
        Iin("900101300008")
    with pytest.raises(IdentifierError):
        Bin("200940000014")


def test_an_iin_and_a_bin_of_the_same_digits_are_different_things() -> None:
    digits = BINS[0]
    assert len({Iin(digits), Iin(digits), Bin(digits)}) == 2


@pytest.mark.parametrize("number", [Iin(FIRST_PASS_IIN), Bin(BINS[0])])
def test_whatever_prints_a_number_shows_its_last_four_digits_only(
    number: Iin | Bin, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("test").warning("seen %s %r", number, number)
    shown = [str(number), repr(number), f"{number}", f"{number!r}", "%s" % number, str([number]), caplog.text]  # noqa: UP031 -- the old form is tested too
    for text in shown:
        assert number.value[-4:] in text
        assert number.value[-5:] not in text
        assert number.value[:8] not in text
    assert str(number) == "********" + number.value[-4:]


@pytest.mark.parametrize("number", [Iin(FIRST_PASS_IIN), Bin(BINS[0])])
def test_numbers_survive_copying(number: Iin | Bin) -> None:
    assert copy.deepcopy(number) == number
    assert pickle.loads(pickle.dumps(number)) == number  # noqa: S301 -- our own bytes of the line above


def test_an_iin_that_agrees_with_its_holder_gives_no_warning() -> None:
    assert identifier_warnings(Iin(FIRST_PASS_IIN), date(1990, 1, 1), Sex.MALE) == ()
    assert identifier_warnings(Iin(FIRST_PASS_IIN)) == ()


def test_another_birth_date_or_sex_is_a_warning_and_never_an_error() -> None:
    found = identifier_warnings(Iin(FIRST_PASS_IIN), date(1991, 1, 1), Sex.FEMALE)
    assert [warning.doubt for warning in found] == [IdentifierDoubt.BIRTH_DATE, IdentifierDoubt.SEX]
    assert not any(any(character.isdigit() for character in warning.text) for warning in found)


@pytest.mark.parametrize(
    ("century", "birth", "sex"),
    [
        ("1", date(1890, 1, 1), Sex.MALE),
        ("2", date(1890, 1, 1), Sex.FEMALE),
        ("3", date(1990, 1, 1), Sex.MALE),
        ("4", date(1990, 1, 1), Sex.FEMALE),
        ("5", date(2090, 1, 1), Sex.MALE),
        ("6", date(2090, 1, 1), Sex.FEMALE),
    ],
)
def test_the_seventh_digit_tells_century_and_sex(century: str, birth: date, sex: Sex) -> None:
    iin = next(
        Iin(f"{prefix}{digit}")
        for serial in range(100)
        if (digit := check_digit(prefix := f"900101{century}{serial:04}")) is not None
    )
    other = Sex.MALE if sex is Sex.FEMALE else Sex.FEMALE
    assert identifier_warnings(iin, birth, sex) == ()
    assert [found.doubt for found in identifier_warnings(iin, birth, other)] == [IdentifierDoubt.SEX]
    wrong_century = birth.replace(year=birth.year - 100)
    assert [found.doubt for found in identifier_warnings(iin, wrong_century)] == [IdentifierDoubt.BIRTH_DATE]


def test_a_foreigners_zero_tells_neither_century_nor_sex() -> None:
    prefix = "90010100001"
    iin = Iin(f"{prefix}{check_digit(prefix)}")
    assert identifier_warnings(iin, date(1990, 1, 1), Sex.MALE) == ()
    assert identifier_warnings(iin, date(1990, 1, 1), Sex.FEMALE) == ()
    assert [found.doubt for found in identifier_warnings(iin, date(1990, 1, 2))] == [IdentifierDoubt.BIRTH_DATE]


def test_a_companys_number_in_a_persons_place_is_one_warning() -> None:
    found = identifier_warnings(Iin(BINS[0]), date(1990, 1, 1), Sex.MALE)
    assert [warning.doubt for warning in found] == [IdentifierDoubt.LEGAL_ENTITY]


@given(number=numbers(), birth=st.dates(), sex=st.sampled_from(Sex))
def test_warnings_never_raise_for_a_valid_number(number: str, birth: date, sex: Sex) -> None:
    assert len(identifier_warnings(Iin(number), birth, sex)) <= 2


@given(random_bytes=st.binary(min_size=16, max_size=16))
def test_a_new_record_id_is_one_that_usrec_takes(random_bytes: bytes) -> None:
    record_id = new_record_id(random_bytes)
    assert len(record_id) == 36
    assert parse_record_id(record_id) == record_id
    assert new_record_id(random_bytes) == record_id


def test_different_random_bytes_make_different_record_ids() -> None:
    made = {new_record_id(bytes([0] * 15 + [number])) for number in range(256)}
    assert len(made) == 256


def test_record_ids_of_different_events_revisions_and_documents_are_made_of_different_sources() -> None:
    names = ["hr", "hr|a", 'hr", "a', "a", "a|1", ""]
    made = {
        record_id_source(source, event, revision, ordinal)
        for source in names
        for event in names
        for revision in (1, 11)
        for ordinal in (0, 1, 11)
    }
    assert len(made) == len(names) ** 2 * 6
    assert record_id_source("hr", "e1", 1, 0) == b'usrec record id v1|["hr", "e1", 1, 0]', "never to change"


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_record_id_needs_sixteen_random_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="16"):
        new_record_id(b"x" * length)


@pytest.mark.parametrize("text", ["a" * 32, "Z" * 45, "0123456789-abcdefghij-ABCDEFGHIJ"])
def test_record_ids_of_32_to_45_letters_digits_and_hyphens_are_taken(text: str) -> None:
    assert parse_record_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "a" * 31, "a" * 46, "a" * 31 + "_", "a" * 31 + "ж", "a" * 32 + "\n", " " + "a" * 32]
)
def test_other_record_ids_are_refused(text: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_record_id(text)
    assert caught.value.reason is IdentifierFault.RECORD_ID
