"""The simulator's page says which codes it cannot answer; nothing else is missing."""

from __future__ import annotations

from support.markdown import only_code, read, section, table
from usrec.adapters.explanations.book import explain_all
from usrec.domain.response_code import Handling
from usrec_simulator.codes import TEXTS


def test_codes_that_the_simulator_does_not_answer_are_named_with_a_reason() -> None:
    rows = table(section(read("reference/simulator.md"), "Codes it does not answer"), "code")
    told = {only_code(row[0]) for row in rows}
    in_scope = {one.code for one in explain_all() if one.active and one.handling is not Handling.OUT_OF_SCOPE}
    assert told == in_scope - set(TEXTS)
    assert all(row[1] for row in rows)


def test_the_simulator_answers_no_code_that_is_inactive_or_out_of_scope() -> None:
    known = {one.code: one for one in explain_all()}
    answered = [known[code] for code in TEXTS if code in known]
    assert len(answered) == sum(code.startswith("SCSE") or code == "SCSS001" for code in TEXTS)
    assert all(one.active and one.handling is not Handling.OUT_OF_SCOPE for one in answered)
