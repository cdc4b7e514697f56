"""Harmful work on the line: the document is taken once and travels under a fresh id; marks are held to the ledger."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.xml import parse
from kzeds.xmldsig import sign_enveloped
from support.broken_rows import harmful
from support.document_files import PDF, SHELF, HeldShelf, pdf_of
from support.line import IIN, TIMEOUT, TODAY, Line, refused, registered
from support.registry_messages import made_iin
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.application.keep_document import attach
from usrec.domain.document import FoundFile, MissingFile
from usrec.domain.errors import InvariantViolation
from usrec.domain.events.contracts import WorkTerms
from usrec.domain.message import DATA_CAP_BYTES, SignedMessage
from usrec.domain.rules.documents import message_size, room_for_document
from usrec.domain.source_event import Operation, load_details
from usrec.domain.state import State
from usrec.domain.submission import Submission

HARMFUL_WORK: dict[str, Any] = dict(harmful.HARMFUL_WORK)
MARKS: dict[str, Any] = dict(harmful.MARKS)
OLD_IIN = made_iin("6503153")
DOCUMENT = {**HARMFUL_WORK, "supporting_document": "attestation.pdf"}
SHELF_DIGEST = sha256(PDF).hexdigest()
RECORD_ID = "7f3c2a10-5b1e-4d7a-9c42-0e6a1d9b8f01"


@dataclass
class CountingShelf(HeldShelf):
    """A shelf that remembers what was asked for."""

    asked: list[str] = field(default_factory=list)

    def find(self, name: str) -> FoundFile | MissingFile:
        self.asked.append(name)
        return super().find(name)


@pytest.fixture
def line() -> Line:
    return Line(shelf=SHELF)


def details_of(submission: Submission) -> WorkTerms:
    details = load_details(Operation.CONCLUSION, submission.details)
    assert isinstance(details, WorkTerms)
    return details


def sent(line: Line) -> list[list[str]]:
    """What the plain renderer wrote into each signed message; the last three are the document's id, format, bytes."""
    return [written(one) for one in line.wire.messages]


def written(message: SignedMessage) -> list[str]:
    found = re.search(rb"\[.*\]", message.document)
    assert found is not None
    return list(json.loads(found[0]))


# What becomes of the file


def test_the_file_is_read_once_and_its_bytes_are_what_is_sent() -> None:
    shelf = CountingShelf(dict(SHELF.files))
    line = Line(shelf=shelf)
    taken = line.take("e1", **DOCUMENT)
    assert taken.state is State.PENDING
    details = details_of(taken)
    assert details.supporting_document == f"sha256:{SHELF_DIGEST}"
    assert details.supporting_document_name == "attestation"
    shelf.files = {}
    assert line.send(registered()).result == "accepted"
    document_id, kind, held = sent(line)[0][-3:]
    assert (kind, bytes.fromhex(held)) == ("pdf", PDF)
    assert re.fullmatch(r"[A-Za-z0-9-]{32,45}", document_id)
    assert shelf.asked == ["attestation.pdf"]


def test_each_message_has_a_fresh_id_and_a_resend_the_same_bytes(line: Line) -> None:
    line.take("e1", **DOCUMENT)
    line.take("e2", contract="K-2", contract_number="18", **DOCUMENT)
    line.send(TIMEOUT)
    line.send(registered("R-2"))
    line.send_again(registered("R-1"))
    ids = [one[-3] for one in sent(line)]
    assert len(set(ids)) == 2, "two events, two ids"
    assert ids.count(ids[0]) == 2
    assert len({one.document for one in line.wire.messages if written(one)[-3] == ids[0]}) == 1
    with line.ledger.begin() as work:
        assert len(work.documents.stored(10)) == 1, "one copy of one content"


def test_a_retry_after_a_refusal_has_another_id_and_needs_no_file(line: Line) -> None:
    line.take("e1", **DOCUMENT)
    line.send(refused("SCSE166"))
    line.shelf = HeldShelf()
    line.retry("e1")
    line.send(registered())
    first, second = sent(line)
    assert first[-3] != second[-3]
    assert first[-1] == second[-1]


def test_a_missing_file_stops_the_row_until_it_is_there(line: Line) -> None:
    missing = line.take("e1", **{**DOCUMENT, "supporting_document": "nowhere.pdf"})
    assert missing.state is State.INVALID
    assert [(one.field, one.code) for one in line.findings("e1")] == [("supporting_document", "SCSE171")]
    line.shelf = HeldShelf({"nowhere.pdf": PDF})
    assert line.retry("e1").state is State.PENDING
    assert line.send(registered()).result == "accepted"


def test_without_a_folder_no_event_goes_without_its_document() -> None:
    line = Line()
    assert line.take("e1", **DOCUMENT).state is State.INVALID
    assert [one.field for one in line.findings("e1")] == ["supporting_document"]


def test_a_row_that_names_a_digest_gets_nothing_out_of_the_ledger(line: Line) -> None:
    """What HR writes is a file's name, whatever it looks like."""
    line.take("e1", **DOCUMENT)
    stolen = line.take("e2", contract="K-2", **{**DOCUMENT, "supporting_document": f"sha256:{SHELF_DIGEST}"})
    assert stolen.state is State.INVALID


def test_a_document_that_is_not_as_it_was_taken_is_never_sent(line: Line) -> None:
    taken = line.take("e1", **DOCUMENT)
    with line.work() as work:
        work._connection.exec_driver_sql("UPDATE documents SET content = x'00'")
    with pytest.raises(InvariantViolation, match="as it was taken"):
        attach(taken, ledger=line.ledger, entropy=line.entropy)


# One contract in one message (SCSE175), whole and below the cap (SCSE168, 172, 999)


def signed(pki: Path, line: Line, taken: Submission) -> bytes:
    """The message as the employer of the test PKI signs it."""
    attachment = attach(taken, ledger=line.ledger, entropy=line.entropy)
    renderer = XmlRenderer(load_profile("current"))
    document = renderer.render(taken, record_id=RECORD_ID, attachment=attachment).document
    key = load_pkcs12((pki / "employer.p12").read_bytes(), (pki / "employer.password").read_text("utf-8").strip())
    return sign_enveloped(document, key)


def test_a_harmful_contract_goes_alone_and_its_document_is_whole(pki: Path, line: Line) -> None:
    root = parse(signed(pki, line, line.take("e1", **DOCUMENT)))
    assert [one.tag for one in root if "Signature" not in str(one.tag)] == ["newContractData"]
    document = root[0].find("contractData/supportingDocument")
    assert document is not None
    assert [one.tag for one in document] == ["id", "file", "format", "name"]
    assert all(one.text for one in document)
    assert b64decode(document.findtext("file") or "") == PDF


@pytest.mark.parametrize("size", [1_000, 60_000, 68_000])
def test_the_reckoned_size_is_never_below_the_real_one_and_seldom_far_above(pki: Path, size: int) -> None:
    line = Line(shelf=HeldShelf({"attestation.pdf": pdf_of(size)}))
    taken = line.take("e1", established_post="Инженер <по & сварке>", **DOCUMENT)
    real = len(signed(pki, line, taken))
    assert real <= message_size(size, details_of(taken)) <= real + 8 * 1024
    assert real <= DATA_CAP_BYTES


def test_the_largest_file_that_is_advised_fits_and_one_kilobyte_more_does_not() -> None:
    most = room_for_document()
    for size, state in ((most, State.PENDING), (most + 4096, State.INVALID)):
        line = Line(shelf=HeldShelf({"attestation.pdf": pdf_of(size)}))
        assert line.take("e1", **DOCUMENT).state is state
    (found,) = line.findings("e1")
    assert (found.code, found.field) == ("SCSE999", "supporting_document")
    assert "150 dpi" in found.message


# The marks against what the ledger knows


def test_marks_are_held_to_the_contract_in_the_ledger(line: Line) -> None:
    line.register("e1", **HARMFUL_WORK)
    young = line.take("e2", "termination", **MARKS)
    assert young.state is State.INVALID
    assert [one.code for one in line.findings("e2")] == ["SCSE179"]


def test_a_contract_of_the_same_batch_counts_and_so_does_its_agreement(line: Line) -> None:
    line.enter("e1", **{**HARMFUL_WORK, "employee_iin": OLD_IIN})
    line.enter("e2", "termination")
    line.ingest()
    assert [one.code for one in line.findings("e2")] == ["SCSE181"]
    line.enter("e3", "amendment", working_conditions_code="1", **MARKS)
    line.enter("e4", "termination")
    line.ingest()
    assert line.of("e3").state is State.PENDING
    assert line.of("e4").state is State.PENDING, "the work is normal by then, and nothing is marked"


def test_a_later_revision_is_not_held_to_its_own_earlier_one(line: Line) -> None:
    line.take("e1", **{**HARMFUL_WORK, "employee_iin": OLD_IIN})
    line.take("e2", "amendment", working_conditions_code="1", **MARKS)
    again = line.take(
        "e2", "amendment", revision=2, working_conditions_code="1", **{**MARKS, "employee_phone": "87010000001"}
    )
    assert again.state is State.PENDING


def test_marks_of_a_contract_that_nobody_here_knows_go_to_usrec(line: Line) -> None:
    """Nothing is guessed: the ledger keeps no finding, and USREC decides."""
    taken = line.take("e1", "termination", contract_id="R-77", **MARKS)
    assert taken.state is State.PENDING
    assert line.findings("e1") == []


def test_the_birthday_itself_is_old_enough(line: Line) -> None:
    born = TODAY.replace(year=TODAY.year - 55)
    for event, days in (("on", 0), ("before", 1)):
        iin = made_iin(f"{born + timedelta(days):%y%m%d}3")
        assert iin != IIN
        line.take(f"hire-{event}", contract=event, contract_number=event, **{**HARMFUL_WORK, "employee_iin": iin})
        line.take(f"end-{event}", "termination", contract=event, **MARKS)
    assert line.of("end-on").state is State.PENDING
    assert [one.code for one in line.findings("end-before")] == ["SCSE179"]


def test_a_corrected_agreement_is_held_to_what_stood_before_it(line: Line) -> None:
    """The agreement itself made the work normal; its correction repeats the marks, and that is right."""
    line.register("e1", **{**HARMFUL_WORK, "employee_iin": OLD_IIN})
    first = line.register("e2", "amendment", working_conditions_code="1", **MARKS)
    edit = {"agreement_id": first.record_id, "working_conditions_code": "1", "established_post": "Слесарь"}
    assert line.take("e3", "amendment_edit", **edit, **MARKS).state is State.PENDING
    assert line.take("e4", "amendment_edit", **edit).state is State.INVALID
    assert [one.code for one in line.findings("e4")] == ["SCSE181"]
    line.cancel("e4")
    line.deliver_all()
    line.register("e5", "amendment_delete", agreement_id=first.record_id, employee_iin=OLD_IIN)
    line.take("e6", "termination")
    assert [one.code for one in line.findings("e6")] == ["SCSE181"], "the work is harmful again"
