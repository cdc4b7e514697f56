"""Names of posts and places as they can be compared: without case, endings, abbreviations and lost Kazakh letters.

Staffing systems hold «Гл. бухгалтер» where the classifier has «Главный бухгалтер», and «Бас есепши» where it has
«Бас есепші». What stands here only helps to find a code that a person then approves; no code follows from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+\.?")
_NOT_TOLD: Final = re.compile(r"\b(?:и|в)\s*\.?\s*о\.(?=\s|$)|\bврио\b")
"""Acting as somebody is no post of its own."""
_GRADE: Final = re.compile(
    r"(?<![^\W_])(?:(?:\d{1,2}|i{1,3}|iv|vi?)\s*(?:-?\s*(?:й|ый|ой|го|ого|я|ая|ей|ші|шы))?"
    r"|высш\w*|перв\w*|втор\w*|трет\w*|жоғары|бірінші|екінші|үшінші)\s*"
    r"(?:разряд\w*|разр\.?|р-да|р\.?|категори\w*|кат\.?|к\.|класс\w*|кл\.?|санат\w*|дәреже\w*)(?![^\W_])"
)
"""A person's grade is no post of its own: «4 разряда», «II кат.», «1 санатты»."""
_BESIDE: Final = re.compile(r"\s*[/|;]\s*")
_SHORTEST_NAME: Final = 5
"""Shorter parts beside a stroke are abbreviations: «а/м», «з/п»."""
_BRACKETED: Final = re.compile(r"\([^()]*\)")
_DOER: Final = re.compile(r"(?<=\w\w[нщч])(?:ик|иц)(?:[аеиуыю]|ом|ем|ей|ам|ах|ами|ов)?$")
"""Whoever does it, man or woman, in any case: «уборщица», «начальника»."""
_LOST: Final = str.maketrans("әғқңөұүһіё", "агкноуухие")
"""What stands for a letter where a keyboard or an encoding had no Kazakh ones."""
_LATIN: Final = str.maketrans("aeopcxyikmhbt", "аеорсхуикмнвт")
"""Latin letters that look like Cyrillic ones, within a word of those."""
_CYRILLIC: Final = re.compile(r"[а-яёәғқңөұүһі]")

_SHORT: Final[Mapping[str, str]] = {
    "а": "ауыл",
    "адм": "администратор",
    "админ": "администратор",
    "асс": "ассистент",
    "ауд": "аудан",
    "бух": "бухгалтер",
    "вед": "ведущий",
    "г": "город",
    "ген": "генеральный",
    "глав": "главный",
    "гл": "главный",
    "деп": "департамент",
    "дир": "директор",
    "ден": "денсаулық",
    "жет": "жетекші",
    "зав": "заведующий",
    "зам": "заместитель",
    "инж": "инженер",
    "исп": "исполнительный",
    "кат": "категория",
    "қ": "қала",
    "коорд": "координатор",
    "лаб": "лаборант",
    "маг": "магистр",
    "мед": "медицинский",
    "мех": "механик",
    "мл": "младший",
    "нач": "начальник",
    "обл": "область",
    "обор": "оборудование",
    "орын": "орынбасар",
    "орынб": "орынбасар",
    "отд": "отдел",
    "п": "поселок",
    "пом": "помощник",
    "пос": "поселок",
    "пр": "проспект",
    "прог": "программист",
    "произв": "производство",
    "раб": "рабочий",
    "рук": "руководитель",
    "с": "село",
    "секр": "секретарь",
    "сис": "системный",
    "спец": "специалист",
    "ст": "старший",
    "тех": "технический",
    "упр": "управление",
    "ул": "улица",
    "уч": "участок",
    "хоз": "хозяйство",
    "эк": "экономист",
    "экон": "экономист",
    "эл": "электрический",
    "юр": "юрист",
}
_SHORT_LOST: Final = {short.translate(_LOST): whole for short, whole in _SHORT.items()}
_SHORT_WITHOUT_DOT: Final = frozenset({"бух", "гл", "зав", "зам", "нач", "обл", "пом", "спец"})
"""Nobody writes them for anything else."""

_SHORT_PLACES: Final = (
    (re.compile(r"(?<![^\W_])р\s?-\s?н(?=а?(?![^\W_]))"), "район"),
    (re.compile(r"(?<![^\W_])с\s?[./]\s?о(?![^\W_])\.?"), "сельский округ"),
    (re.compile(r"(?<![^\W_])а\s?[./]\s?о(?![^\W_])\.?"), "ауылдық округ"),
    (re.compile(r"(?<![^\W_])г\s?[./]\s?а(?![^\W_])\.?"), "городская администрация"),
    (re.compile(r"(?<![^\W_])қ\s?[./]\s?ә(?![^\W_])\.?"), "қала әкімдігі"),
)
"""Abbreviations of more than one letter with signs between them, as KATO and addresses write them."""

_FUSED: Final = ("ген", "глав", "зав", "зам", "мед", "пом", "сис", "спец", "тех")
"""Beginnings that are written as one with what they stand before."""

_ENDINGS: Final = re.compile(
    "(?:[аяы]ми|[ои]го|его|[ое]му|[ыи]м|[ыи]х|[ая]х|[оеё]в|[оеыи]й|[аяоеыи][яею]|[оеая]м|[аяоеыиуюьй]"
    "|[лдт][ае]р(?:[ыи]|[ыи]н[ыи]н)?|[ыи]?с[ыи]н[ыи]н|[ыи]?н[ыи]н|[дт][ыи]н|с[ыи]|[гкн][ае]|[ндт][ыи]|н?[дт][ае]|[дтн][ае]н)$"
)
"""Case endings of both languages, Kazakh ones as they look without Kazakh letters."""
_SHORTEST_STEM: Final = 4
_ENDINGS_TAKEN: Final = 2


def plain(name: str) -> str:
    """A name of which only words are left: neither case nor signs nor blanks count."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    return " ".join(one.removesuffix(".") for one in _WORD.findall(text))


def stems(name: str) -> tuple[str, ...]:
    """The words of a name without endings, abbreviations written out, each once and in their order."""
    return tuple(dict.fromkeys(stem for _, stem in stemmed(name)))


def stemmed(name: str) -> tuple[tuple[str, str], ...]:
    """The words of a name as they stand in it, each with its stem."""
    text = _GRADE.sub(" ", _NOT_TOLD.sub(" ", unicodedata.normalize("NFKC", name).casefold()))
    for short, whole in _SHORT_PLACES:
        text = short.sub(whole, text)
    found = ((word.removesuffix("."), _stem(_whole(_cyrillic(word)))) for word in _WORD.findall(text))
    return tuple(one for one in found if one[1])


def parts(name: str) -> tuple[str, ...]:
    """What may stand for a whole name: without what is bracketed, and each of two languages beside a stroke."""
    bare = _BRACKETED.sub(" ", unicodedata.normalize("NFKC", name))
    beside = [one for one in _BESIDE.split(bare) if len(one.strip()) >= _SHORTEST_NAME]
    told = [_GRADE.sub(" ", _NOT_TOLD.sub(" ", one.casefold())) for one in (bare, *beside)]
    return tuple(dict.fromkeys(one for one in (" ".join(one.split()) for one in told) if plain(one)))


def written_out(word: str, known: Container[str]) -> tuple[str, ...]:
    """The stems of a word that is two, the first of them cut off: «завхоз», «главбух»; empty where it is none."""
    for start in sorted((one for one in _FUSED if word.startswith(one)), key=len, reverse=True):
        rest = _stem(_SHORT.get(word.removeprefix(start), word.removeprefix(start)))
        if rest in known:
            return _stem(_SHORT.get(start, start)), rest
    return ()


def _cyrillic(word: str) -> str:
    return word.translate(_LATIN) if _CYRILLIC.search(word) else word


def _whole(word: str) -> str:
    bare = word.removesuffix(".")
    lost = bare.translate(_LOST)
    return _SHORT_LOST.get(lost, bare) if word != bare or lost in _SHORT_WITHOUT_DOT else bare


def _stem(word: str) -> str:
    bare = word.translate(_LOST)
    if _DOER.search(bare):
        return _DOER.sub("ик", bare)
    for _ in range(_ENDINGS_TAKEN):
        ending = _ENDINGS.search(bare, _SHORTEST_STEM)
        bare = bare[: ending.start()] if ending else bare
    return bare
