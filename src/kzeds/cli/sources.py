"""Where the commands of kzeds ask about revocation: addresses and stores that the user names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kzeds.revocation.sources import RevocationSource

Ocsp = Annotated[str | None, typer.Option("--ocsp", metavar="URL", help="OCSP responder to ask.")]
MaxAge = Annotated[int | None, typer.Option("--max-age", metavar="HOURS", min=1, help="Oldest news that count.")]


@dataclass(frozen=True, slots=True)
class Places:
    """What the user named.

    Attributes:
        store: Directory of lists and answers.
        ocsp: Address of a responder.
        crl: Address of the complete list; it is kept in the store.
        delta: Address of its delta.
        proxy: HTTP proxy.
        max_age: Oldest news that count; None for the usual limits.
    """

    store: Path | None = None
    ocsp: str | None = None
    crl: str | None = None
    delta: str | None = None
    proxy: str | None = None
    max_age: timedelta | None = None

    @property
    def are_named(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self.store or self.ocsp or self.crl)

    def sources(self) -> list[RevocationSource]:
        """What is asked, servers first: what they say is then in the store, too."""
        from kzeds.fetching import HttpFetch
        from kzeds.revocation import crl as lists
        from kzeds.revocation import ocsp as answers
        from kzeds.revocation.sources import CrlServer, OcspServer, StoredAnswers
        from kzeds.revocation.store import RevocationStore

        fetch = HttpFetch(proxy=self.proxy)
        store = None if self.store is None else RevocationStore(self.store)
        list_age, answer_age = self.max_age or lists.MAXIMUM_AGE, self.max_age or answers.MAXIMUM_AGE
        found: list[RevocationSource] = []
        if self.ocsp is not None:
            found.append(OcspServer(fetch, self.ocsp, store, max_age=answer_age))
        if self.crl is not None and store is not None:
            found.append(CrlServer(fetch, self.crl, store, delta_url=self.delta, max_age=list_age))
        if store is not None:
            found.append(StoredAnswers(store, list_age, answer_age))
        return found


def hours(number: int | None) -> timedelta | None:
    """A limit in hours, or none."""
    return None if number is None else timedelta(hours=number)
