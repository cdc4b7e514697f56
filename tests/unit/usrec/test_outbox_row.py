"""Whatever an HR database holds in a cell, a row comes out of it that the ledger can store."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.adapters.sources.outbox_row import EVENT_COLUMNS, read_instant, read_key, read_revision, read_row
from usrec.domain.errors import ConfigurationError
from usrec.domain.source_event import SourceName

CELLS = st.none() | st.text() | st.integers() | st.floats() | st.booleans() | st.datetimes().map(str)


@given(st.fixed_dictionaries(dict.fromkeys(EVENT_COLUMNS, CELLS) | {"row_id": st.integers(1)}))
def test_any_cells_make_a_row(cells: dict[str, object]) -> None:
    row = read_row(SourceName("hr"), cells)
    assert 0 <= row.revision < 2**31
    assert row.entered_at is None or row.entered_at.utcoffset() == timedelta(0)
    assert "\x00" not in row.event_id + row.event_type + row.contract_key + row.employer_bin + row.payload
    assert read_key(cells) == (row.event_id or f"row:{cells['row_id']}", row.revision)


@pytest.mark.parametrize("text", ["1", "2147483647", " 7 "])
def test_whole_numbers_from_one_are_revisions(text: str) -> None:
    assert read_revision(text) == int(text)


@pytest.mark.parametrize("text", [None, "", "0", "-1", "1.0", "1e3", "2147483648", "٣", "one", "True"])
def test_anything_else_is_revision_zero(text: str | None) -> None:
    assert read_revision(text) == 0


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00+05:00", "2026-11-20 07:00:00+00", "2026-11-20T07:00:00.000Z"])
def test_time_with_a_zone_is_that_instant(text: str) -> None:
    assert read_instant(text) == datetime(2026, 11, 20, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "2026-11-20", "2026-11-20T12:00:00", "yesterday", "infinity"])
def test_time_without_a_zone_is_no_instant(text: str | None) -> None:
    assert read_instant(text) is None


def test_a_time_that_nobody_could_be_shown_is_no_instant() -> None:
    assert read_instant("9999-12-31T22:00:00Z") is None


def test_ddl_of_an_unknown_database_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigurationError, match="no outbox table for the database 'db2'"):
        outbox_ddl("db2")
