"""The further values of a record: everything that only some operations carry, by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Details:
    """Values by name, as they stood in the message; dates in the form 2026-11-22. Absent and empty are the same."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str | None:
        """Return a value, or None."""
        return self.values.get(name) or None

    def day(self, name: str) -> date | None:
        """Return a date, or None."""
        text = self.text(name)
        return date.fromisoformat(text) if text else None

    def has(self, names: Iterable[str]) -> bool:
        """Tell whether any of these values is there."""
        return any(self.text(name) for name in names)

    def marked(self, name: str) -> bool:
        """Tell whether a mark (xs:boolean) is set."""
        return self.text(name) in {"true", "1"}
