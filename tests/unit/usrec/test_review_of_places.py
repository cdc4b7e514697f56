"""Places and their KATO: a town is a code though districts lie in it; of namesakes the one in the named district."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from support.code_lists import an_edition
from support.places import Places
from usrec.application.map_values import approve, suggest
from usrec.domain.dictionary import Entry
from usrec.domain.mapping.likeness import NameIndex
from usrec.domain.mapping.review import Review, ReviewRow, Seen
from usrec.domain.mapping.review_coverage import COVERED, cover_review

TODAY = date(2026, 11, 22)
STEP = 41
"""Every so manieth village is asked for."""


@pytest.fixture(scope="module")
def kato() -> Places:
    return Places()


@pytest.fixture(scope="module")
def index(kato: Places) -> NameIndex:
    return NameIndex(an_edition(*kato.entries), headings_too=True)


def test_of_thousands_of_places_the_one_in_the_named_district_is_suggested(kato: Places, index: NameIndex) -> None:
    asked = [(one.code, name) for one in kato.villages[::STEP] for name in one.asked]
    found = [(code, [one.entry.code for one in index.suggest([name])]) for code, name in asked]
    assert len(kato.entries) > 7000
    assert all(code in codes for code, codes in found), "two villages of one district may share a name"
    assert sum(codes[0] == code for code, codes in found) >= 0.8 * len(found)


def test_a_town_is_suggested_though_others_lie_below_it(kato: Places, index: NameIndex) -> None:
    asked = [(one.code, name) for one in kato.towns for name in one.asked]
    assert [index.suggest([name])[0].entry.code for _, name in asked] == [code for code, _ in asked]


@pytest.mark.parametrize("address", ["Астана, пр. Мәңгілік Ел 8", "010000, г. Астана, ул. Абая, 15, офис 3"])
def test_a_town_is_found_in_an_address_with_a_street(index: NameIndex, address: str) -> None:
    (first, *_) = index.suggest([address])
    assert (first.entry.code, first.score < 70) == ("710000000", True)


def test_that_it_is_a_village_is_no_likeness(index: NameIndex) -> None:
    assert index.suggest(["село Звездное небо"]) == []


def test_a_place_is_shown_with_what_it_lies_in_and_a_town_can_be_approved(kato: Places, index: NameIndex) -> None:
    edition = an_edition(*kato.entries)
    wanted = kato.villages[0]
    review = Review("kato", [ReviewRow(Seen(name, rows=1, employees=1)) for name in (wanted.asked[0], "г. Астана")])
    village, town = suggest(review, edition, index).rows
    lies_in = village.suggestions[0].split(" | ")[4]
    assert lies_in.endswith("с.о., Зерендинский район, Акмолинская область")
    assert town.suggestions[0].count(" | ") == 3
    made = approve(Review("kato", [replace(one, choice="1") for one in (village, town)]), edition, "Б", TODAY)
    assert not made.faults
    assert [one.approved_code for one in made.review.rows] == [wanted.code, "710000000"]
    assert made.review.rows[0].official[0].endswith(lies_in)
    covered = cover_review(made.review, lambda _: edition, TODAY, TODAY)
    assert [one.why for one in covered.standings] == [COVERED, COVERED]


def test_a_heading_is_still_refused_where_the_registry_refuses_one() -> None:
    edition = an_edition(Entry("24", "Есепшілер", "Бухгалтеры"), Entry("2411", "Есепші", "Бухгалтер", parent="24"))
    chosen = Review("position", [ReviewRow(Seen("Бухгалтеры"), code="24")])
    assert [one.what for one in approve(chosen, edition, "Б", TODAY).faults] == ["heading"]
    assert approve(chosen, edition, "Б", TODAY).review.rows[0].official == ("Бухгалтеры", "Есепшілер")
