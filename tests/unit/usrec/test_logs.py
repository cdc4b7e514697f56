"""What reaches a log: no identification number, no document, whatever a caller passes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from support.line import IIN
from usrec.domain.errors import InvariantViolation
from usrec.interfaces.logs import configure_logs
from usrec.interfaces.masking import mask


@pytest.fixture
def _own_configuration() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"the IIN {IIN} is wrong", f"the IIN ********{IIN[-4:]} is wrong"),
        (f"{IIN},{IIN}", f"********{IIN[-4:]},********{IIN[-4:]}"),
        (f"iin={IIN}.", f"iin=********{IIN[-4:]}."),
        ("1234567890123", "1234567890123"),
        ("12345678901", "12345678901"),
        ("submission 0f8fad5b-d9cb-469f-a165-70867728950e", "submission 0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("submission 0f8fad5b-d9cb-469f-a165-900101300007", "submission 0f8fad5b-d9cb-469f-a165-900101300007"),
        (f"SHA-256 {'ab' * 25}a{IIN}f", f"SHA-256 {'ab' * 25}a{IIN}f"),
        (f"certificate 2677d{IIN}{'af' * 11}a", f"certificate 2677d{IIN}{'af' * 11}a"),
        (f"{'af' * 11}a{IIN}", f"{'af' * 11}a********{IIN[-4:]}"),
        (f"SHA-256 {'ab' * 24}a{IIN}f", f"SHA-256 {'ab' * 24}a********{IIN[-4:]}f"),
        ("2 < 3", "2 < 3"),
        ("", ""),
    ],
)
def test_twelve_digits_are_masked_and_other_numbers_are_not(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(before=st.text("абв ,.:-", max_size=5), iin=st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_no_twelve_digits_stand_alone_in_what_is_logged(before: str, iin: str) -> None:
    masked = mask(f"{before}{iin}{before}")
    assert iin not in masked
    assert iin[-4:] in masked


def test_markup_is_dropped() -> None:
    assert mask("fault in <newContractData> at line 3") == "fault in <...> at line 3"


def test_document_is_dropped_with_all_that_it_holds() -> None:
    document = "<a:employee xmlns:a='x'>\n<fullName>Аманова</fullName><sex/></a:employee>"
    assert mask(f"answer {document}, 90 bytes") == "answer <...>, 90 bytes"


@pytest.mark.usefixtures("_own_configuration")
def test_each_record_has_its_action_level_and_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", style="json")
    structlog.get_logger("t").info("rows taken", action="ingest", rows=3)
    (record,) = logged(capsys)
    assert {"event": "rows taken", "action": "ingest", "rows": 3, "level": "info"}.items() <= record.items()
    assert str(record["timestamp"]).endswith("Z")


@pytest.mark.usefixtures("_own_configuration")
def test_level_keeps_the_rest_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="error", style="json")
    log = structlog.get_logger("t")
    log.warning("not this", action="a")
    log.error("this", action="a")
    assert [record["event"] for record in logged(capsys)] == ["this"]


@pytest.mark.usefixtures("_own_configuration")
def test_values_and_tracebacks_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", style="json")
    log = structlog.get_logger("t")
    leak = f"employee {IIN}"
    log.info(leak, action="a", detail=leak, count=12)
    try:
        raise InvariantViolation(leak)
    except InvariantViolation:
        log.exception("crash", action="a")
    out = capsys.readouterr().err
    assert IIN not in out
    assert out.count(IIN[-4:]) >= 3
    assert '"count": 12' in out


@pytest.mark.usefixtures("_own_configuration")
def test_text_style_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", style="text")
    structlog.get_logger("t").info("employee " + IIN, action="a")
    out = capsys.readouterr().err
    assert IIN not in out
    assert "action=a" in out


HOSTILE = "no\x1b[2J\x9b1A\u202e\r\n2026-11-23 [info] all is well"


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.usefixtures("_own_configuration")
def test_what_a_server_says_makes_no_line_and_steers_no_terminal(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Source: CWE-117, CWE-150. A trigger of HR's database and the first line of an HTTP answer come into messages."""
    configure_logs(level="info", style=style)
    problem = InvariantViolation(HOSTILE)
    structlog.get_logger("t").warning(f"nobody can tell: {HOSTILE}", action="a", why=HOSTILE, said=str(problem))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "[info] all is well" in line


def test_an_error_is_one_line_of_what_can_be_seen() -> None:
    said = str(InvariantViolation(HOSTILE, where="a\x07b", next_step="Run: usrec doctor"))
    assert said.isprintable()
    assert said.startswith("a\\u{7}b: no\\u{1b}[2J\\u{9b}1A\\u{202e}  2026")
