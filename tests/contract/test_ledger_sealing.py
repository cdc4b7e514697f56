"""Encryption at rest: nothing personal stands in the tables, values cannot be moved, keys change while agents work."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import event, select

from support.ledger_values import (
    HOUR,
    NOW,
    a_closing,
    a_message,
    a_row,
    a_submission,
    an_acknowledgement,
    an_attempt,
    an_entry,
)
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.persistence.care import reencrypt
from usrec.adapters.persistence.care.places import PLACES
from usrec.adapters.persistence.care.sealed_ledger import SealedLedger
from usrec.adapters.persistence.inbox import LEDGER_KEY
from usrec.adapters.persistence.keys_in_use import as_it_is
from usrec.adapters.persistence.sealing import KeySealing, sealing_key
from usrec.domain.document import FoundFile
from usrec.domain.errors import ConfigurationError, InvariantViolation
from usrec.domain.inquiry import AskedQuestion, Finding
from usrec.domain.message import CorrelationId
from usrec.domain.secret import Secret
from usrec.domain.signing_request import SigningRequest
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId

IIN = "900101300007"
PLANT = """UPDATE submissions SET details = '{"employee_iin": "910101300001"}' WHERE id = 's1'"""
PERSONAL = f'{{"employee_iin": "{IIN}"}}'
OLD, NEW, OTHER = (sealing_key(Secret(digit * 64)) for digit in "123")


@dataclass
class Vault:
    """One ledger that can be opened with several keys."""

    url: str
    opened: list[SqlLedger]

    def open(self, sealing: KeySealing) -> SqlLedger:
        self.opened.append(open_ledger(self.url, None, sealing, at=NOW))
        return self.opened[-1]

    def stored(self) -> list[Any]:
        """All values of the places that hold personal data, as they stand in the tables."""
        with self.opened[0]._engine.connect() as connection:
            found = [connection.scalars(select(one.column)) for one in PLACES]
            return [value.encode() if isinstance(value, str) else bytes(value) for one in found for value in one]

    def run(self, statement: str) -> None:
        engine = self.opened[0]._engine
        blob = "bytea" if engine.dialect.name == "postgresql" else "BLOB"
        with engine.begin() as connection:
            connection.exec_driver_sql(statement.replace("{blob}", blob))


@pytest.fixture(params=["sqlite-file", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def vault(request: pytest.FixtureRequest, new_ledger_url: Callable[[str], str]) -> Iterator[Vault]:
    made = Vault(new_ledger_url(request.param), [])
    yield made
    if made.opened:
        open_ledgers_own_key(made.opened[0])
    for ledger in made.opened:
        ledger.close()


def open_ledgers_own_key(ledger: SqlLedger) -> None:
    """It is the one row that the next test on the same database finds."""
    (own,) = [place for place in PLACES if place.table.name == "ledger_meta"]
    list(reencrypt._column(ledger._engine, KeySealing(OLD, NEW, OTHER, closes=False), own, 1))


def fill(ledger: SqlLedger, name: str = "s1") -> None:
    """One submission on its whole way, personal data in every place that can hold some."""
    submission = a_submission(name, details=PERSONAL, operation=None)
    scan = scan_of(name)
    with ledger.begin() as work:
        work.inbox.fingerprint(b"")
        work.inbox.add(a_row(name, payload=PERSONAL), submission.event_id, "f" * 64, NOW)
        work.submissions.add(submission)
        work.outbox.put(an_entry(submission))
        work.signing_requests.put(SigningRequest(submission.id, PERSONAL.encode(), "d", None, NOW))
        work.submissions.store_message(submission.id, a_message(name, document=PERSONAL.encode()))
        attempt = an_attempt(submission.id)
        work.attempts.open(attempt)
        work.attempts.close(attempt.id, replace(a_closing(), reply=PERSONAL.encode(), detail=PERSONAL))
        work.questions.add(a_question(submission.id, reply=PERSONAL.encode(), signed_digest=f"question of {name}"))
        work.acknowledgements.add(
            an_acknowledgement(submission.id, evidence=PERSONAL.encode(), signed_digest=f"answer to {name}")
        )
        work.documents.keep(scan, NOW)
        work.commit()


def a_question(of: SubmissionId, **changes: Any) -> AskedQuestion:
    asked = AskedQuestion(of, 1, NOW, NOW, CorrelationId("q"), Finding.NOT_FOUND, "", "", None, b"<answer/>")
    return replace(asked, **changes)


def read(ledger: SqlLedger, name: str = "s1") -> list[Any]:
    """What the statements of the line read of it."""
    which = SubmissionId(name)
    with ledger.begin() as work:
        submission, message = work.submissions.get(which), work.submissions.message(which)
        request, row = work.signing_requests.get(which), work.inbox.row((a_row().source, submission.event_id, 1))  # type: ignore[union-attr]
        (stored,) = [one for one in work.documents.stored(10) if one.digest == scan_of(name).digest]
        content = work.documents.get(stored.digest)
        key = work.inbox.fingerprint(b"")
    story = ledger.view.story(which)
    with ledger.evidence.reading() as reading:
        (record,) = reading.records([which])
    assert story is not None
    assert record.row is not None
    assert record.message is not None
    proven = [record.row.payload, record.message.document, *(one.evidence for one in record.decisions)]
    proven += [found for one in record.attempts for found in (one.reply, one.detail)]
    proven += [one.reply for one in record.questions]
    assert submission is not None
    assert message is not None
    assert request is not None
    assert row is not None
    assert content is not None
    told = [submission.details, message.document, request.document, row.payload, content[1], key]
    return [*told, story.attempts[0].detail, *proven]


def as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def scan_of(name: str) -> FoundFile:
    return FoundFile(f"{name}.pdf", f"%PDF-{name} {IIN}".encode())


def test_nothing_personal_stands_in_the_tables_and_all_of_it_is_read_back(vault: Vault) -> None:
    plain = vault.open(KeySealing())
    fill(plain, "plain")
    before = read(plain, "plain")
    sealed = vault.open(KeySealing(OLD))
    fill(sealed)
    personal = [value for value in vault.stored() if IIN.encode() in value]
    assert len(personal) == 9, "what was there before stays as it was; nothing of the second one is legible"
    assert read(sealed)[:2] == [PERSONAL, PERSONAL.encode()]
    assert [as_bytes(value) for value in read(sealed)[6:]] == [PERSONAL.encode()] * 7, "evidence is exported legibly"
    assert read(sealed, "plain") == before, "plain and encrypted values stand side by side"
    with sealed.begin() as work:
        (claim,) = [one for one in work.outbox.claim("me", NOW, HOUR, 9) if one.submission.id == "s1"]
        assert claim.submission.details == PERSONAL
        assert claim.message is not None
        assert claim.message.document == PERSONAL.encode()


def test_a_ledger_whose_key_is_not_at_hand_is_not_opened(vault: Vault) -> None:
    fill(vault.open(KeySealing(OLD)))
    before = vault.stored()
    for keys in ([], [OTHER]):
        with pytest.raises(ConfigurationError, match=f"not at hand: {OLD.id}"):
            vault.open(KeySealing(*keys))
    assert vault.stored() == before
    assert read(vault.open(KeySealing(NEW, OLD)))[0] == PERSONAL, "an old key opens what it closed"


def test_a_value_in_another_rows_place_or_changed_does_not_open(vault: Vault) -> None:
    ledger = vault.open(KeySealing(OLD))
    fill(ledger)
    fill(ledger, "s2")
    vault.run("UPDATE submissions SET details = (SELECT details FROM submissions WHERE id = 's2') WHERE id = 's1'")
    with pytest.raises(InvariantViolation, match=r"submissions\.details"), ledger.begin() as work:
        work.submissions.get(SubmissionId("s1"))
    vault.run("UPDATE submissions SET details = details || 'AAAA' WHERE id = 's2'")
    with pytest.raises(InvariantViolation, match=r"submissions\.details"), ledger.begin() as work:
        work.submissions.get(SubmissionId("s2"))


def test_what_stands_there_is_brought_under_a_new_key_and_back_however_often_it_breaks_off(vault: Vault) -> None:
    plain = vault.open(KeySealing())
    for name in ("s1", "s2", "s3"):
        fill(plain, name)
    before = [read(plain, name) for name in ("s1", "s2", "s3")]
    for wanted in (KeySealing(OLD), KeySealing(NEW, OLD), KeySealing(NEW, OLD, closes=False)):
        vault.open(wanted)
        done = breaking_off(vault, wanted)
        assert done == 3 * 9 + 1, "each value once, the ledger's own key too"
        assert reencrypt.forget_keys(plain._engine, wanted) == []
        assert sum(IIN.encode() in value for value in vault.stored()) == (0 if wanted.closes else 27)
        left = vault.open(KeySealing(NEW) if wanted.closes and NEW.id in wanted.key_ids else wanted)
        assert [read(left, name) for name in ("s1", "s2", "s3")] == before
    assert read(vault.open(KeySealing()), "s1") == before[0], "without any key"


def test_a_plain_value_is_damage_once_everything_is_encrypted(vault: Vault) -> None:
    plain = vault.open(KeySealing())
    fill(plain, "s1")
    fill(plain, "s2")
    reencrypt.reencrypt(plain._engine, KeySealing(OLD), lambda _, __: None, own_key=False)
    vault.run(PLANT)
    assert '"910101300001"' in read(vault.open(KeySealing(OLD)))[0], "an agent that knows no key may have written it"
    reencrypt.reencrypt(plain._engine, KeySealing(OLD), lambda _, __: None)
    assert all(one.by_key[""] == 0 for one in reencrypt.standing(plain._engine))
    vault.run(PLANT)
    sealed = vault.open(KeySealing(NEW, OLD))
    with pytest.raises(InvariantViolation, match=r"submissions\.details stands plain"), sealed.begin() as work:
        work.submissions.get(SubmissionId("s1"))
    with sealed.begin() as work:
        assert work.submissions.get(SubmissionId("s2")) is not None, "the others are read"
    vault.run("UPDATE messages SET document = CAST('<planted/>' AS {blob}) WHERE submission_id = 's2'")
    with pytest.raises(InvariantViolation, match=r"messages\.document stands plain"), sealed.begin() as work:
        work.submissions.message(SubmissionId("s2"))
    found = {one.place: one.by_key[""] for one in reencrypt.standing(plain._engine) if one.by_key[""]}
    assert found == {"submissions.details": 1, "messages.document": 1}
    with pytest.raises(InvariantViolation, match="stands plain"):
        reencrypt.reencrypt(plain._engine, as_opened(vault, KeySealing(NEW, OLD)), lambda _, __: None)


def test_what_retention_leaves_may_stand_plain(vault: Vault) -> None:
    plain = vault.open(KeySealing())
    fill(plain)
    reencrypt.reencrypt(plain._engine, KeySealing(OLD), lambda _, __: None)
    vault.run("UPDATE submissions SET details = '{}' WHERE id = 's1'")
    vault.run("UPDATE messages SET document = CAST('pruned 2026-11-22' AS {blob}) WHERE submission_id = 's1'")
    vault.run("""UPDATE inbox SET payload = '{"pruned": "2026-11-22"}' """)
    assert read(vault.open(KeySealing(OLD)))[:2] == ["{}", b"pruned 2026-11-22"]
    assert all(one.by_key[""] == 0 for one in reencrypt.standing(plain._engine))


def test_each_table_is_read_once_to_tell_how_it_is_stored_and_its_space_is_known_without_reading(vault: Vault) -> None:
    ledger = vault.open(KeySealing())
    fill(ledger)
    vault.open(KeySealing(OLD))
    reencrypt.reencrypt(ledger._engine, KeySealing(OLD), lambda _, __: None, own_key=False)
    vault.open(KeySealing(NEW, OLD))
    read: list[str] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda _c, _u, statement, *_: read.append(statement))
    stored = {one.place: one.by_key for one in reencrypt.standing(ledger._engine)}
    assert stored.pop(LEDGER_KEY) == {"": 1, OLD.id: 0, NEW.id: 0}
    assert sum(one[OLD.id] for one in stored.values()) == sum(sum(one.values()) for one in stored.values()) == 9
    tables = [name for statement in read for name in re.findall(r"FROM (\w+)", statement)]
    assert sorted(tables) == sorted({"encryption_keys", *(place.table.name for place in PLACES)})
    sealed = SealedLedger(vault.url, None, KeySealing(OLD))
    assert sealed.space() > 100_000
    sealed.close()


def as_opened(vault: Vault, sealing: KeySealing) -> Any:
    with vault.opened[0]._engine.connect() as connection:
        return as_it_is(connection, sealing)


def breaking_off(vault: Vault, wanted: KeySealing) -> int:
    """Store anew, two values at a time, and break off after each transaction."""
    total = 0
    for _ in itertools.count():
        seen: list[int] = []

        def stop(_: str, number: int, seen: list[int] = seen) -> None:
            seen.append(number)
            raise KeyboardInterrupt

        try:
            reencrypt.reencrypt(vault.opened[0]._engine, wanted, stop, batch=2)
        except KeyboardInterrupt:
            total += sum(seen)
        else:
            return total
    raise AssertionError


def test_a_value_that_an_agent_changes_meanwhile_is_not_overwritten(vault: Vault) -> None:
    plain = vault.open(KeySealing())
    fill(plain)
    engine = plain._engine
    (place,) = [one for one in PLACES if one.name == "submissions.details"]
    with engine.connect() as connection:
        row = connection.execute(reencrypt._waiting(place, KeySealing(OLD), None)).one()
    changed = replace(a_submission(), details='{"other": "words"}', operation=None)
    with plain.begin() as work:
        work.submissions.update(changed, was=State.PENDING)
        work.commit()
    with engine.begin() as connection:
        assert reencrypt._store(connection, KeySealing(OLD), place, row) == 0
    with plain.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) == changed


def test_text_that_looks_like_an_encrypted_value_comes_back_as_hr_wrote_it(vault: Vault) -> None:
    strange = f"\x01usrec:1:{OLD.id}:AAAA"
    ledger = vault.open(KeySealing())
    with ledger.begin() as work:
        work.inbox.add(a_row(payload=strange), a_submission().event_id, "f", NOW)
        work.commit()
    for opened in (ledger, vault.open(KeySealing(OLD))):
        with opened.begin() as work:
            row = work.inbox.row((a_row().source, a_submission().event_id, 1))
        assert row is not None
        assert row.payload == strange


def test_a_form_that_this_program_does_not_know_is_never_passed_for_plain() -> None:
    """A newer program's value, or damage: what HR wrote and looks like it stands behind a mark of its own."""
    for sealing in (KeySealing(), KeySealing(OLD)):
        for opened in (
            lambda: sealing.opened_text("t.c", ["1"], "\x01usrec:2:0123"),  # noqa: B023 -- called at once
            lambda: sealing.opened_content("t.c", ["1"], b"\x01usrec:"),  # noqa: B023
        ):
            with pytest.raises(InvariantViolation, match="does not know"):
                opened()
    assert KeySealing().opened_text("t.c", ["1"], KeySealing().text("t.c", ["1"], "\x01usrec:2:")) == "\x01usrec:2:"


@pytest.mark.parametrize("words", ["", "a password", "g" * 64, "1" * 63])
def test_what_is_no_key_is_refused_and_not_shown(words: str) -> None:
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits") as caught:
        sealing_key(Secret(words))
    assert not words or words not in str(caught.value)
    assert OLD.id != NEW.id


def test_an_answer_that_comes_late_is_kept_though_everything_was_encrypted_meanwhile(vault: Vault) -> None:
    ledger = vault.open(KeySealing(OLD))
    submission = a_submission(operation=None)
    attempt = an_attempt(submission.id)
    with ledger.begin() as work:
        work.submissions.add(submission)
        work.attempts.open(attempt)
        work.attempts.close(attempt.id, replace(a_closing(), reply=b"", detail=""))
        work.commit()
    both = KeySealing(NEW, OLD)
    ledger = vault.open(both)
    reencrypt.reencrypt(ledger._engine, both, lambda _, __: None)
    with ledger.begin() as work:
        work.attempts.close(attempt.id, replace(a_closing(), reply=b"<late/>"))
        work.commit()
    with ledger.evidence.reading() as reading:
        (record,) = reading.records([submission.id])
    assert [one.reply for one in record.attempts] == [b"<late/>"]
