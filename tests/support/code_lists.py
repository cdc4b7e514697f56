"""Small code lists of our own: as files that somebody imports, and as a book that rules ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from usrec.domain.dictionary import CodeBook, Edition, Entry

IMPORTED = datetime(2026, 11, 2, 9, tzinfo=UTC)
SINCE = date(2026, 1, 1)

REASONS = """\
id,code,name_ru,name_kz,parent_id,is_actual
1,01,По договорённости,Келісім бойынша,,1
3,03,Решил работодатель,Жұмыс беруші шешті,,1
4,03-001,Закрытие,Жабылу,3,1
5,03-002,Сокращение,Қысқарту,3,1
6,03-026,Прежнее основание,Бұрынғы негіз,3,0
"""
POSITIONS = """\
id,parent_id,code,name_ru,name_kz,is_actual
1,,2512,Старый раздел,Ескі бөлім,0
10,,2512,Разработчики,Әзірлеушілер,1
11,10,2512-0,Разработчики программ,Бағдарлама әзірлеушілері,1
12,11,2512-0-001,Программист,Бағдарламашы,1
13,11,2512-0-002,Инженер по тестам,Тест инженері,1
14,1,251200,Прежний программист,Бұрынғы бағдарламашы,0
"""


def an_edition(*entries: Entry, valid_from: date = SINCE, sha256: str = "ab") -> Edition:
    """An edition of these entries."""
    return Edition(valid_from, IMPORTED, "list.csv", sha256, {one.code: one for one in entries})


def an_entry(code: str, *, active: bool = True, parent: str = "", name: str = "атауы") -> Entry:
    """An entry."""
    return Entry(code, name, name, active, parent)


@dataclass
class HeldBook(CodeBook):
    """A book of what a test holds."""

    editions: Mapping[str, Edition] = field(default_factory=dict)

    def edition(self, name: str, day: date) -> Edition | None:
        found = self.editions.get(name)
        return found if found and found.valid_from <= day else None


BOOK = HeldBook(
    {
        "position": an_edition(
            an_entry("2512-0", parent="2512"), an_entry("2512-0-001", parent="2512-0"), an_entry("251200", active=False)
        ),
        "termination_reason": an_edition(an_entry("03"), an_entry("03-002", parent="03"), an_entry("05")),
    }
)
