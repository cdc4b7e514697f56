"""Which entries of an official list are named like something of HR's: suggestions for a person, never decisions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from heapq import nlargest, nsmallest
from math import log
from typing import Final, TypeAlias

from usrec.domain.dictionary import Edition, Entry
from usrec.domain.mapping.names import parts, plain, stemmed, stems, written_out

MOST: Final = 3
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_LEAST: Final = 35
"""Percent of likeness below which a suggestion would only mislead."""
_JUDGED: Final = 40
"""So many of the likeliest are compared letter by letter."""
_OFTEN: Final = 0.05
"""Words in more of the names of places than this share say what kind of place it is: a village, a district."""
_OF_WORDS: Final = 0.75
_SLIP: Final = 0.84
_SHORTEST_START: Final = 5
"""Letters of a word that was cut off somewhere: «автомоб.», «производств.»"""
_SLIP_COUNTS: Final = 0.8
_BEST_UNLIKE: Final = 99
_OF_ADDRESS: Final = 0.6

_Word: TypeAlias = tuple[str, float]
"""A stem, and what it tells."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry that may be meant.

    Attributes:
        score: Likeness in percent; 100 only where a name is the same.
        lies_in: Names of the entries above a place, the nearest first.
    """

    entry: Entry
    score: int
    lies_in: str = ""


@dataclass(frozen=True, slots=True)
class _Name:
    entry: Entry
    text: str
    is_whole: bool
    stems: frozenset[str]
    weight: float
    above: frozenset[str] = frozenset()
    """Further words, of the entries above; they only tell places of one name apart."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """A name beside one of HR's.

    Attributes:
        of_words: How much of their words is the same, 0 to 1; more where HR repeats itself.
        most: Percent that this comparison may give.
    """

    asked: str
    name: _Name
    of_words: float
    most: int
    share: float = 1.0
    """Of what it would count alone: a piece of an address is not the place itself."""

    @property
    def at_best(self) -> int:
        """What the score is at most, by the lengths alone: letters are compared only where that can matter."""
        lengths = len(self.asked), len(self.name.text)
        return self._percent(2 * min(lengths) / sum(lengths))

    def score(self, lowest: int) -> int:
        """Likeness in percent; where it is below ``lowest``, some figure that is, too."""
        letters = SequenceMatcher(None, self.asked, self.name.text, autojunk=False)
        at_best = self._percent(letters.quick_ratio())
        return at_best if at_best < lowest else self._percent(letters.ratio())

    def _percent(self, of_letters: float) -> int:
        most = self.most if self.name.is_whole else _BEST_UNLIKE
        if self.asked == self.name.text:
            return round(self.share * most)
        told = round(100 * (_OF_WORDS * min(1.0, self.of_words) + (1 - _OF_WORDS) * of_letters))
        return round(self.share * min(_BEST_UNLIKE, told))


class NameIndex:
    """The names of a list's entries that are in use, in both languages.

    Args:
        headings_too: Entries with others below them are codes too, as towns are; else only single entries are.
    """

    def __init__(self, edition: Edition, *, headings_too: bool = False) -> None:
        self.codes = edition.active if headings_too else edition.active - edition.headings
        named = [(edition.entries[code], *one) for code in sorted(self.codes) for one in _names(edition.entries[code])]
        parted = [(entry, name, whole, frozenset(stems(name))) for entry, name, whole in named]
        self._weights = _weights([words for *_, words in parted])
        self._edition, self._is_nested = edition, headings_too and bool(edition.headings)
        above = _Above(edition) if self._is_nested else _nothing
        self._names = [
            _Name(entry, plain(name), whole, words, sum(self._weights[one] for one in words), above(entry))
            for entry, name, whole, words in parted
        ]
        self._often = max(_JUDGED, _OFTEN * len(self._names))
        self._heaviness = [one.weight for one in self._names]
        self._rarest = max(self._weights.values(), default=1.0)
        self._spelt: dict[str, Sequence[tuple[str, float]]] = {}
        self._holders: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self._names):
            for word in one.stems:
                self._holders[word].append(place)
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for word in self._weights:
            self._by_start[word[:1]].append(word)
        self._same: dict[str, set[str]] = defaultdict(set)
        for one in self._names:
            if one.is_whole:
                self._same[one.text].add(one.entry.code)

    def exact(self, names: Sequence[str]) -> str | None:
        """The only code with one of these very names; None where there is none, or where several have it."""
        found = {code for name in names if plain(name) for code in self._same.get(plain(name), ())}
        return found.pop() if len(found) == 1 else None

    def suggest(self, names: Sequence[str], most: int = MOST) -> Sequence[Suggestion]:
        """What may be meant by one of the names, the likeliest first."""
        best: dict[str, int] = {}
        for one in sorted(self._all_like(names), key=lambda one: -one.at_best):
            lowest = _lowest(best, most)
            if one.at_best < lowest:
                break
            code, score = one.name.entry.code, one.score(lowest)
            best[code] = max(score, best.get(code, 0))
        ordered = sorted(best.items(), key=lambda one: (-one[1], one[0]))
        return [self._suggestion(code, score) for code, score in ordered if score >= _LEAST][:most]

    def _suggestion(self, code: str, score: int) -> Suggestion:
        entry = self._edition.entries[code]
        above = self._edition.above(entry) if self._is_nested else []
        return Suggestion(entry, score, ", ".join(one.name_ru or one.name_kk for one in above))

    def _all_like(self, names: Sequence[str]) -> Iterator[_Compared]:
        for name in names:
            yield from self._like(name, 100)
            for part in parts(name):
                if plain(part) != plain(name):
                    yield from self._like(part, _BEST_UNLIKE)
            pieces = name.split(",") if self._is_nested else []
            for piece in pieces if len(pieces) > 1 else []:
                found = self._like_place(piece, self._known(stems(piece)), _BEST_UNLIKE)
                yield from (replace(one, share=_OF_ADDRESS) for one in found)

    def _like(self, name: str, most: int) -> Iterator[_Compared]:
        words = self._known(stems(name))
        if self._is_nested:
            yield from self._like_place(name, words, most)
            return
        text, whole, weights = plain(name), sum(weight for _, weight in words), self._heaviness
        common = self._common(words)
        unlike = ((-2 * weight / (whole + weights[place]), place) for place, weight in common.items())
        for unlikeness, place in nsmallest(_JUDGED, unlike):
            yield _Compared(text, self._names[place], -unlikeness, most)

    def _common(self, words: Sequence[_Word]) -> dict[int, float]:
        """The names that have some of the words, with what these tell."""
        common: dict[int, float] = defaultdict(float)
        for word, weight in words:
            for place in self._holders.get(word, ()):
                common[place] += weight
        return common

    def _like_place(self, name: str, words: Sequence[_Word], most: int) -> Iterator[_Compared]:
        """As any name, but words of the entries above are no words too many, and no letters of the name."""
        text = plain(name)
        told = [(word, [one for one, _ in self._known([stem])]) for word, stem in stemmed(name)]
        for unlikeness, place in nsmallest(_JUDGED, self._unlike_places(words)):
            found = self._names[place]
            outer = found.above - found.stems
            rest = [word for word, known in told if not outer.issuperset(known)]
            if len(rest) == len(told):
                yield _Compared(text, found, -unlikeness, most)
            else:
                yield _Compared(" ".join(rest), found, -unlikeness, _BEST_UNLIKE)

    def _unlike_places(self, words: Sequence[_Word]) -> Iterator[tuple[float, int]]:
        """Of each name that has a word in common its likeness, negative. That both are villages is too little."""
        kinds = [one for one in words if len(self._holders.get(one[0], ())) > self._often]
        inner: dict[str, float] = {}
        for place, weight in self._common([one for one in words if one not in kinds]).items():
            found = self._names[place]
            if found.entry.parent not in inner:
                inner[found.entry.parent] = sum(one for word, one in words if word not in found.above)
            both = sum(one for word, one in words if word in found.stems and word in found.above)
            same = weight + sum(one for word, one in kinds if word in found.stems)
            yield -2 * same / (inner[found.entry.parent] + both + found.weight), place

    def _known(self, words: Sequence[str]) -> Sequence[_Word]:
        """Each word as the list has it, a slip of the pen allowed for, with its weight."""
        for word in words:
            if word not in self._spelt:
                self._spelt[word] = self._spell(word)
        return [one for word in words for one in self._spelt[word]]

    def _spell(self, word: str) -> Sequence[tuple[str, float]]:
        if word in self._weights:
            return [(word, self._weights[word])]
        if split := written_out(word, self._weights):
            return [(one, self._weights.get(one, self._rarest)) for one in split]
        alike = self._by_start.get(word[:1], ())
        longer = [one for one in alike if one.startswith(word)] if len(word) >= _SHORTEST_START else []
        meant = [min(longer, key=lambda one: (self._weights[one], one))] if longer else []
        close = meant or get_close_matches(word, alike, n=1, cutoff=_SLIP)
        return [(close[0], _SLIP_COUNTS * self._weights[close[0]])] if close else [(word, self._rarest)]


class _Above:
    """The words of the entries above an entry."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._by_parent: dict[str, frozenset[str]] = {}

    def __call__(self, entry: Entry) -> frozenset[str]:
        found = self._by_parent.get(entry.parent)
        if found is None:
            named = (name for one in self._edition.above(entry) for name in (one.name_ru, one.name_kk))
            found = self._by_parent[entry.parent] = frozenset(word for name in named for word in stems(name))
        return found


def _nothing(_: Entry) -> frozenset[str]:
    return frozenset()


def _names(entry: Entry) -> Iterator[tuple[str, bool]]:
    """Its names, and whether each is whole: what stands in brackets is seldom in HR's name."""
    for name in dict.fromkeys(one for one in (entry.name_ru, entry.name_kk) if one):
        yield name, True
        bare = _BRACKETS.sub(" ", name).strip()
        if bare != name and plain(bare):
            yield bare, False


def _weights(every: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """What a word tells: much where few names have it."""
    counted: dict[str, int] = defaultdict(int)
    for words in every:
        for word in words:
            counted[word] += 1
    return {word: 1 + log(len(every) / number) for word, number in counted.items()}


def _lowest(best: Mapping[str, int], most: int) -> int:
    """What a further code needs at least to be among the best."""
    return nlargest(most, best.values())[-1] if len(best) >= most else _LEAST
