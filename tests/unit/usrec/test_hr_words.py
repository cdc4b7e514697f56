"""What HR reads in its rows: the language of the source, the words of the explanations, and who must act."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from support.languages import CYRILLIC
from support.ledger_values import a_note
from support.line import Line, refused
from support.line_agent import agent_of, answering
from usrec.adapters.explanations.book import explain_all
from usrec.adapters.sources.files import drop_source
from usrec.application import ingest, recording
from usrec.domain.response_code import Actor, Explanation, Policy
from usrec.domain.rules.finding import Finding, dump_findings, error, warning
from usrec.interfaces.cli.explanation_words import ACTORS, whole_text
from usrec.interfaces.cli.hr_words import NOT_MENDED, SENTENCES, hr_note
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.i18n import LANGUAGES, in_language, language, tr, use_language
from usrec.ports.event_source import StatusNote

REFUSALS = [one for one in explain_all() if one.policy is not Policy.SUCCESS]
IIN = error("iin_checksum", "employee_iin", "employee_iin: the IIN has a wrong check digit.", code="SCSE045")
KEYLESS = error(
    "employer_configured",
    "employer_bin",
    "No [employer] section of the settings has this BIN, so there is no key to sign with.",
    code="SCSE046",
)


def invalid(*findings: Finding) -> StatusNote:
    kept = "Not sent: mend the fields named here and raise the revision."
    return a_note(state="invalid", code="", message=kept, findings=dump_findings(findings), contract_id=None)


def rejected(code: str) -> StatusNote:
    return a_note(state="rejected", code=code, message="Refused by USREC.", contract_id=None)


def entries(note: StatusNote) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = json.loads(note.findings)
    return found


def test_every_sentence_that_a_note_is_kept_with_has_its_words() -> None:
    told = {*recording._SENTENCES.values(), *recording._ASKED.values()}
    told |= {recording._GAVE_WAY, recording._NO_IIN_YET, recording._PASSED_OVER, *recording._OUTLIVED.values()}
    told |= {drop_source.REPEATED, drop_source.UNREADABLE, drop_source.REMARKS}
    assert told | {ingest._CONFLICT, ingest._REGISTERED_CONFLICT} == SENTENCES


@pytest.mark.parametrize("wanted", LANGUAGES)
def test_every_sentence_is_in_the_language_of_the_source_whatever_the_terminals(wanted: str) -> None:
    for sentence in sorted(SENTENCES):
        told = hr_note(a_note(message=sentence), wanted).message
        assert bool(CYRILLIC.search(told)) is (wanted != "en")
        assert (told == sentence) is (wanted == "en")
    assert language() == "en"


@pytest.mark.parametrize("wanted", LANGUAGES)
@pytest.mark.parametrize("told", REFUSALS, ids=[one.code for one in REFUSALS])
def test_refusal_is_told_with_the_words_of_its_code_and_who_must_act(told: Explanation, wanted: str) -> None:
    """The very words of `usrec explain`; raising the revision is asked for only where those words do."""
    message = hr_note(rejected(told.code), wanted).message
    with in_language(wanted):
        assert whole_text(told) in message
        assert tr(ACTORS[told.actor]) in message
    assert ("revision" in message) == ("revision" in told.texts[wanted].action + told.texts[wanted].cause)


def test_code_that_is_not_known_is_for_the_administrator_and_not_for_hr() -> None:
    message = hr_note(rejected("SCSE998"), "en").message
    assert message == "Refused by USREC. The code is unknown to this release; the administrator must look into it."
    assert hr_note(rejected(""), "ru").message == "Отклонено ЕСУТД."


def test_hr_is_told_to_mend_a_row_only_where_it_is_wrong() -> None:
    both = "Not sent: usrec_findings says why. Who must act: "
    assert hr_note(invalid(IIN), "en").message.startswith("Not sent: mend the fields")
    assert hr_note(invalid(KEYLESS), "en").message == f"{both}the administrator."
    assert hr_note(invalid(IIN, KEYLESS, IIN), "en").message == f"{both}HR, the administrator."
    assert hr_note(invalid(KEYLESS), "kk").message.endswith("Кім әрекет етеді: әкімші.")
    for rule in NOT_MENDED:
        assert hr_note(invalid(error(rule, "revision", "Wait.")), "en").message == f"{both}HR."
    mild = warning("signed_before_contract_date", "signed_on", "x", code="SCSE046")
    assert hr_note(invalid(IIN, mild), "en").message.startswith("Not sent: mend the fields")


def test_findings_keep_their_keys_and_tell_the_rest_in_the_language_of_the_source() -> None:
    told, plain = entries(hr_note(invalid(IIN, error("key_form", "event_id", "Odd sentence.")), "ru"))
    assert {name: told[name] for name in ("rule", "severity", "field", "code", "point", "actor")} == {
        "rule": "iin_checksum",
        "severity": "error",
        "field": "employee_iin",
        "code": "SCSE045",
        "point": "",
        "actor": Actor.HR,
    }
    assert CYRILLIC.search(told["message"])
    assert CYRILLIC.search(told["explanation"])
    assert (plain["message"], plain["actor"], plain["explanation"]) == ("Odd sentence.", "hr", None)


def test_what_else_a_note_says_is_left_as_it_is() -> None:
    note = a_note(message="Registered in USREC.")
    assert hr_note(note, "kk") == replace(note, message="ЕШЕБЖ-де тіркелді.")


@pytest.mark.parametrize(("chosen", "begins"), [("ru", "Отклонено ЕСУТД. SCSE012"), ("en", "Refused by USREC. ")])
def test_the_agent_writes_in_the_language_that_the_settings_name(
    line: Line, monkeypatch: pytest.MonkeyPatch, chosen: str, begins: str
) -> None:
    """Whatever the language of the agent's own terminal; the ledger's note stays English."""
    row = line.enter("c1")
    answering(line, monkeypatch, lambda _: refused("SCSE012"))
    agent = agent_of(line)
    values = agent.settings.values
    source = values.source["hr"].model_copy(update={"language": chosen})
    spoken = values.model_copy(update={"source": {"hr": source}})
    use_language("kk")
    try:
        Daemon(replace(agent, settings=replace(agent.settings, values=spoken)), hr_words=hr_note).run(drain=True)
    finally:
        use_language("en")
    note = line.source.status_of(row)
    assert note is not None
    assert note.message.startswith(begins)
    assert (note.state, note.code) == ("rejected", "SCSE012")
    assert not re.search(r"\d{12}", note.message)
