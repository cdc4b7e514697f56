"""A list in the shape of KATO, and places as staffing systems hold them: regions, districts, okrugs, villages.

The names are made of the words of which real ones are made. As in the real list many villages share a name, a town is
a heading (of its own districts or of its administration), and villages in one district may be called alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from usrec.domain.dictionary import Entry

_FIRST: Final = ("Жана|Жаңа", "Кара|Қара", "Ак|Ақ", "Кызыл|Қызыл", "Сары|Сары", "Кок|Көк", "Бес|Бес", "Тас|Тас",
    "Кос|Қос", "Уш|Үш", "Шол|Шөл", "Мын|Мың", "Алты|Алты", "Ески|Ескі")  # fmt: skip
_SECOND: Final = ("талап|талап", "агаш|ағаш", "су|су", "тобе|төбе", "булак|бұлақ", "кол|көл", "сай|сай", "жар|жар",
    "терек|терек", "кудук|құдық", "бастау|бастау", "откел|өткел", "оба|оба", "узен|өзен", "шокы|шоқы")  # fmt: skip
_THIRD: Final = ("|", "бай|бай", "тай|тай")
_RUSSIAN: Final = ("Иван", "Петр", "Павл", "Никола", "Андрее", "Алексее", "Михайл", "Дмитрие", "Покр", "Троиц",
    "Успен", "Спас", "Воскресен", "Красн", "Берёз", "Сосн", "Озёр", "Камен", "Степн", "Полев")  # fmt: skip
_REGIONS: Final = ("Акмолин|Ақмола", "Актюбин|Ақтөбе", "Алматин|Алматы", "Атырау|Атырау", "Жамбыл|Жамбыл",
    "Караган|Қарағанды", "Костанай|Қостанай", "Павлодар|Павлодар", "Туркестан|Түркістан", "Улытау|Ұлытау",
    "Абай|Абай", "Жетысу|Жетісу")  # fmt: skip
_DISTRICTS: Final = ("Зерендин|Зеренді", "Бурабай|Бурабай", "Шортандин|Шортанды", "Мугалжар|Мұғалжар",
    "Байганин|Байғанин", "Талгар|Талғар", "Жуалин|Жуалы", "Шет|Шет", "Аулиеколь|Әулиекөл")  # fmt: skip
_OKRUGS: Final = 12
_VILLAGES: Final = 5
_COMMON: Final = 3
"""Every so manieth village has one of the names that stand everywhere."""
_Name = tuple[str, str]
"""Russian, Kazakh."""


@dataclass(frozen=True)
class Place:
    """An entry, and how HR spells it with its district and region, as addresses have them."""

    code: str
    asked: Sequence[str]


@dataclass
class Places:
    """The list, always the same.

    Attributes:
        towns: Each is a heading.
    """

    entries: list[Entry] = field(default_factory=list)
    villages: list[Place] = field(default_factory=list)
    towns: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rare, self._common = _names()
        self._enter("710000000", ("г.Астана", "Астана қ."))
        self._enter("711110000", ("район Алматы", "Алматы ауданы"), "710000000")
        self._enter("750000000", ("г.Алматы", "Алматы қ."))
        self.towns.append(
            Place("710000000", ("Астана", "город Астана", "Астана қаласы", "АСТАНА қ.", "в г. Астане, Казахстан"))
        )
        for number, region in enumerate(_REGIONS):
            self._region(number, _pair(region))

    def _enter(self, code: str, name: _Name, parent: str = "") -> str:
        self.entries.append(Entry(code, name[1], name[0], parent=parent))
        return code

    def _region(self, number: int, region: _Name) -> None:
        top = self._enter(f"{11 + 2 * number}0000000", (f"{region[0]}ская область", f"{region[1]} облысы"))
        self._town(top, region)
        for place, district in enumerate(map(_pair, _DISTRICTS)):
            name = (f"{district[0]}ский район", f"{district[1]} ауданы")
            below = self._enter(f"{top[:2]}{30 + place}00000", name, top)
            for okrug in range(_OKRUGS):
                named = next(self._rare)
                above = self._enter(f"{below[:4]}{10 + okrug}000", (f"{named[0]} с.о.", f"{named[1]} а.о."), below)
                for village in range(_VILLAGES):
                    common = self._common[(number * 7 + place * 5 + okrug * 3 + village) % len(self._common)]
                    spelt = next(self._rare) if village % _COMMON else common
                    code = self._enter(f"{above[:6]}{village + 1}00", (f"с.{spelt[0]}", f"{spelt[1]} а."), above)
                    self.villages.append(Place(code, _asked(region, district, spelt)))

    def _town(self, top: str, region: _Name) -> None:
        ru, kk = next(self._rare)
        heading = self._enter(f"{top[:2]}1000000", (f"{ru} Г.А.", f"{kk} қ.ә."), top)
        town = self._enter(f"{top[:2]}1010000", (f"г.{ru}", f"{kk} қ."), heading)
        self._enter(f"{town[:6]}100", (f"с.{ru}", f"{kk} а."), town)
        self.towns.append(Place(town, (f"г. {ru}", f"{kk} қаласы", f"{region[0]}ская обл., г.{ru}")))


def _asked(region: _Name, district: _Name, village: _Name) -> Sequence[str]:
    kazakh = f"{region[1]} обл. {district[1]} ауд. {village[1]} а."
    return (
        f"{region[0]}ская обл., {district[0]}ский р-н, с. {village[0]}",
        f"село {village[0]}, {district[0]}ский район, {region[0]}ская область",
        f"с.{village[0]} {district[0]}ского района {region[0]}ской области",
        f"{region[1]} облысы, {district[1]} ауданы, {village[1]} ауылы",
        kazakh.translate(str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")),
    )


def _pair(name: str) -> _Name:
    russian, _, kazakh = name.partition("|")
    return russian, kazakh


def _names() -> tuple[Iterator[_Name], Sequence[_Name]]:
    """Names that stand once or a few times, and those that stand everywhere."""
    every = [tuple("".join(part) for part in zip(*map(_pair, three), strict=True))
        for three in product(_FIRST, _SECOND, _THIRD)]  # fmt: skip
    made = [(russian, kazakh) for russian, kazakh in every]
    both = [f"{one}{ending}" for one in _RUSSIAN for ending in ("овка", "инка", "ское", "ово")]
    rare = [one for number, one in enumerate(made) if number % 16] + [(one, one) for one in both]
    further = ("", " Бірлік", " Ынтымак", " Енбек", " Достык", " Арай", " Дихан", " Мерей", " Жетек", " Самал")
    return iter([(f"{ru}{add}", f"{kk}{add}") for add in further for ru, kk in rare]), made[::16]
