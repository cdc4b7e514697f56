"""The simulator's law: every rule has a message that breaks it, and the answer is the code of that rule."""

from __future__ import annotations

import sqlite3
import tomllib
from datetime import date
from pathlib import Path

import pytest

from support.counterexamples import COUNTEREXAMPLES, LATE, MARKS, STRICT
from support.registry_messages import (
    BIN,
    CONCLUDED,
    FOREIGN_IIN,
    NOW,
    OLD_IIN,
    OTHER_BIN,
    OTHER_IIN,
    Counterexample,
    Sent,
    answer,
    made_iin,
    read,
)
from usrec_simulator.codes import BAD_SIGNATURE, EMPTY_MESSAGE, FOREIGN_EMPLOYER_KEY, TEXTS, TOO_LARGE, UNKNOWN_ERROR
from usrec_simulator.dictionaries import Dictionaries, Dictionary, Standing, load_dictionaries
from usrec_simulator.errors import ConfigurationError
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Operation
from usrec_simulator.registry import Registry
from usrec_simulator.rules import Demand, RuleBook
from usrec_simulator.rules.harmful import born_on

SCHEMAS = Path(__file__).parents[3] / "schemas" / "usrec" / "current"

BEFORE_THE_RULES = {BAD_SIGNATURE, UNKNOWN_ERROR, FOREIGN_EMPLOYER_KEY, EMPTY_MESSAGE, TOO_LARGE}
"""Answered by the exchange, not by a rule: tests/unit/simulator/test_simulator_exchange.py."""


def named(examples: tuple[Counterexample, ...]) -> list[object]:
    return [pytest.param(one, id=f"{one.code}-{one.operation}-{place}") for place, one in enumerate(examples)]


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("demand", list(Demand))
def test_an_acceptable_message_of_every_operation_is_registered(operation: Operation, demand: Demand) -> None:
    code, registry = answer(Counterexample("", operation, book={"demand": demand}))
    assert code is None
    assert registry.records()[-1].operation == operation


@pytest.mark.parametrize("example", named(COUNTEREXAMPLES))
def test_a_message_against_a_rule_is_answered_by_its_code(example: Counterexample) -> None:
    code, registry = answer(example)
    assert code == example.code
    assert len(registry.records()) == len(example.history)


@pytest.mark.parametrize("example", named(LATE))
def test_a_late_message_is_refused_or_noted_by_choice(example: Counterexample) -> None:
    assert answer(example)[0] == example.code
    noted = Counterexample("", example.operation, example.change, at=example.at)
    code, registry = answer(noted)
    assert code is None
    assert registry.records()[-1].warnings == (example.code,)


@pytest.mark.parametrize("operation", [Operation.EXTENSION, Operation.SOCIAL_LEAVE, Operation.LEGACY_CONTRACT])
def test_an_operation_without_a_code_for_it_is_never_late(operation: Operation) -> None:
    assert answer(Counterexample("", operation, book=STRICT))[0] is None


def test_every_code_of_the_registry_has_a_message_against_its_rule() -> None:
    answered = {code for code in TEXTS if code.startswith("SCSE")} - BEFORE_THE_RULES
    assert {one.code for one in (*COUNTEREXAMPLES, *LATE)} == answered


def test_the_first_failing_rule_answers() -> None:
    broken = {"contract_id": "other", "event_date": None, "term_code": "9"}
    assert answer(Counterexample("", Operation.EXTENSION, broken))[0] == "SCSE025"


def accepted(*sent: Sent) -> Registry:
    registry = Registry(Ledger(Path(":memory:")), RuleBook())
    for one in sent:
        assert registry.submit(read(one.document()), at=NOW).code is None
    return registry


def test_a_reinstated_contract_goes_on_and_may_end_again() -> None:
    accepted(
        CONCLUDED,
        Sent(Operation.TERMINATION),
        Sent(Operation.REINSTATEMENT),
        Sent(Operation.AMENDMENT),
        Sent(Operation.TERMINATION, {"record_id": "t" * 32, "event_date": "2026-11-20"}),
    )


def test_a_mistaken_termination_is_taken_back_with_a_comment_alone() -> None:
    mistake = {
        "order_number": None,
        "deciding_body_code": None,
        "court_code": None,
        "mistake_comment": "Не тот договор",
    }
    accepted(CONCLUDED, Sent(Operation.TERMINATION), Sent(Operation.REINSTATEMENT, mistake))


def test_after_two_extensions_only_an_indefinite_one_is_left() -> None:
    indefinite = {"record_id": "g" * 32, "event_date": "2026-11-18", "term_code": "1", "end_date": None}
    accepted(
        Sent(Operation.CONCLUSION, {"event_date": "2023-11-18", "begin_date": "2023-11-18", "end_date": "2024-11-18"}),
        Sent(Operation.EXTENSION, {"record_id": "e" * 32, "event_date": "2024-11-18", "end_date": "2025-11-18"}),
        Sent(Operation.EXTENSION, {"record_id": "f" * 32, "event_date": "2025-11-18", "end_date": "2026-11-18"}),
        Sent(Operation.EXTENSION, indefinite),
    )


def test_a_deleted_contract_frees_its_number_and_its_own_id_stays_used() -> None:
    registry = accepted(CONCLUDED, Sent(Operation.CONTRACT_DELETE))
    again = Sent(Operation.CONCLUSION, {"record_id": "n" * 32})
    assert registry.submit(read(CONCLUDED.document()), at=NOW).code == "SCSE086"
    assert registry.submit(read(again.document()), at=NOW).code is None


def test_a_deleted_agreement_takes_its_term_back() -> None:
    accepted(
        CONCLUDED,
        Sent(Operation.AMENDMENT, {"term_code": "1"}),
        Sent(Operation.AMENDMENT_DELETE),
        Sent(Operation.EXTENSION),
    )


def test_a_corrected_agreement_changes_the_term_in_force() -> None:
    accepted(
        CONCLUDED,
        Sent(Operation.AMENDMENT, {"term_code": "1"}),
        Sent(Operation.AMENDMENT_EDIT, {"term_code": "2", "end_date": "2026-11-18"}),
        Sent(Operation.EXTENSION),
    )


def test_a_corrected_leave_frees_its_first_day() -> None:
    moved = {"event_date": "2026-06-02"}
    again = {"record_id": "m" * 32}
    accepted(
        CONCLUDED,
        Sent(Operation.SOCIAL_LEAVE),
        Sent(Operation.SOCIAL_LEAVE_EDIT, moved),
        Sent(Operation.SOCIAL_LEAVE, again),
    )


def test_after_a_change_of_iin_the_contract_answers_to_the_new_one() -> None:
    registry = accepted(CONCLUDED, Sent(Operation.IIN_CHANGE))
    deletion = Counterexample("", Operation.CONTRACT_DELETE)
    assert registry.submit(read(deletion.document()), at=NOW).code == "SCSE047"
    named_anew = Counterexample("", Operation.CONTRACT_DELETE, {"employee": OTHER_IIN})
    assert registry.submit(read(named_anew.document()), at=NOW).code is None


@pytest.mark.parametrize("operation", [Operation.BIN_CHANGE, Operation.TRANSFER])
def test_a_contract_that_went_over_belongs_to_the_receiver(operation: Operation) -> None:
    registry = accepted(CONCLUDED, Sent(operation))
    for employer, code in ((BIN, "SCSE097"), (OTHER_BIN, None)):
        change = Counterexample("", Operation.AMENDMENT, {"employer": employer, "record_id": f"{employer}-{'x' * 20}"})
        assert registry.submit(read(change.document()), at=NOW).code == code


def test_harmful_work_ends_with_marks_at_55() -> None:
    harmful = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}
    marks = {"employee_consent": "true", "employer_consent": "false", "employee_phone": "1", "employer_phone": "2"}
    accepted(Sent(Operation.CONCLUSION, {**harmful, "employee": OLD_IIN}), Sent(Operation.TERMINATION, marks))


def test_a_corrected_agreement_is_held_to_what_stood_before_it() -> None:
    harmful = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165", "employee": OLD_IIN}
    marked = {**MARKS, "working_conditions_code": "1"}
    accepted(
        Sent(Operation.CONCLUSION, harmful), Sent(Operation.AMENDMENT, marked), Sent(Operation.AMENDMENT_EDIT, marked)
    )


def test_a_younger_employee_leaves_harmful_work_without_marks() -> None:
    harmful = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}
    accepted(Sent(Operation.CONCLUSION, harmful), Sent(Operation.TERMINATION))


def test_mapping_of_the_agent_and_layout_of_the_simulator_name_the_same_elements() -> None:
    from usrec_simulator.layouts import element_of, layout_of
    from usrec_simulator.operations import Profile

    mapping = tomllib.loads((SCHEMAS / "profile.toml").read_text("utf-8"))["operation"]
    assert set(mapping) == set(Operation)
    for operation in Operation:
        layout = layout_of(operation, Profile.CURRENT)
        assert mapping[operation]["element"] == element_of(operation, Profile.CURRENT)
        assert [field["path"] for field in mapping[operation]["fields"]] == list(layout)


def test_dictionaries_are_read_from_their_files(tmp_path: Path) -> None:
    (tmp_path / "position.csv").write_text(
        "id,code,name_ru,is_actual,parent_id\n1,10,Группа,1,\n2,1010,Работа,1,1\n3,1011,Прежняя,0,1\n", "utf-8"
    )
    known = load_dictionaries(tmp_path)
    standings = [known.standing(Dictionary.POSITION, code) for code in ("10", "1010", "1011", "2512-0-001")]
    assert standings == [Standing.HEADING, Standing.KNOWN, Standing.UNKNOWN, Standing.UNKNOWN]
    assert known.standing(Dictionary.TERM, "8") is Standing.KNOWN
    assert Dictionaries().standing(Dictionary.POSITION, "2512-0-001") is Standing.KNOWN


@pytest.mark.parametrize(
    ("dictionary", "code"),
    [
        *((Dictionary.POSITION, code) for code in ("111003", "1339-0", "2331-001", "1-99-999", "Х1000-0", "Y1000")),
        *((Dictionary.EDUCATION, code) for code in ("3", "6B01701", "5АВ02150101", "7М032")),
    ],
)
def test_without_a_dictionary_every_form_of_code_that_the_official_list_has_in_use_passes(
    dictionary: Dictionary, code: str
) -> None:
    """A few positions are no NNNN-N-NNN, and the list of education writes some letters in Cyrillic."""
    assert Dictionaries().standing(dictionary, code) is Standing.KNOWN


def test_a_folder_or_file_that_is_no_dictionary_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no dictionary"):
        load_dictionaries(tmp_path)
    (tmp_path / "court.csv").write_text("name\nСуд\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"court\.csv is no dictionary"):
        load_dictionaries(tmp_path)


def test_a_registry_file_of_an_earlier_version_is_refused(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "old.db")
    old.execute("CREATE TABLE record (operation, contract_id, employer, number, digest)")
    old.close()
    with pytest.raises(ConfigurationError, match="start with a new one"):
        Ledger(tmp_path / "old.db")


def test_day_of_birth_of_an_iin() -> None:
    assert born_on(OLD_IIN) == date(1965, 3, 15)
    assert born_on(made_iin("0102295")) is None
    assert born_on(made_iin("0402295")) == date(2004, 2, 29)
    assert born_on(FOREIGN_IIN) is None
