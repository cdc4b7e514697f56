"""A password that cannot be printed by accident.

Passwords pass through settings, composition and adapters; any of them may meet a log line, a traceback or
``dataclasses.asdict``. Source of the rule: no password appears in any log line, error or repr.
"""

from __future__ import annotations

from typing import NoReturn, Self, final


@final
class Secret:
    """Text that only :meth:`reveal` gives away. It is immutable, compares by value and cannot be pickled.

    It is no dataclass on purpose: ``asdict`` of the settings around it keeps it whole.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: read it from its file where it is needed")
