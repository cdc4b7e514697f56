"""``usrec source conformance``: the trials of a database, on the screen and as a report that can be sent away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, unwritable
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import english, ntr, tr

_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
DRIVER_SAYS: Final = "did not answer as expected: "
"""What stands behind it is a driver's text, in which names of the address may stand."""

if TYPE_CHECKING:
    from usrec.adapters.sources.conformance.finding import Finding
    from usrec.adapters.sources.conformance.trials import Account
    from usrec.settings import LoadedSettings


class Conformance:
    """All findings of one source.

    Args:
        scratch_url: Address of an account that may make and drop a table; the source's own without it.
        password_file: That account's password.

    Raises:
        ConfigurationError: There is no such source, or an address or a driver cannot be used.
    """

    def __init__(
        self, settings: LoadedSettings, name: str, *, scratch_url: str | None, password_file: Path | None
    ) -> None:
        self._name = name
        self._hidden: set[str] = set()
        self.findings: Sequence[Finding] = list(self._tried(settings, scratch_url, password_file))

    @property
    def has_faults(self) -> bool:
        """Whether a trial failed."""
        return any(one.verdict == "fail" for one in self.findings)

    def print_table(self) -> None:
        """The findings as a person reads them."""
        print_table([tr("check"), tr("verdict"), tr("what it means"), tr("seen")], list(self._cells()))
        failed = sum(one.verdict == "fail" for one in self.findings)
        text = ntr(
            "{number} trial failed: do not use this source before it is settled.",
            "{number} trials failed: do not use this source before they are settled.",
            failed,
        )
        say(text.format(number=failed) if failed else tr("No trial failed."))

    def as_json(self) -> Mapping[str, object]:
        """The report: no address, no account, nothing from HR's tables."""
        from usrec import release
        from usrec.adapters.system_clock import SystemClock

        return {
            "report": "usrec source conformance",
            "version": 1,
            "agent": release(),
            "at": f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}",
            "failed": sum(one.verdict == "fail" for one in self.findings),
            "checks": [self._check(one) for one in self.findings],
        }

    def _check(self, one: Finding) -> Mapping[str, object]:
        return {
            "check": one.check.value,
            "verdict": one.verdict.value,
            "seconds": one.seconds,
            "seen": self._seen(one),
        }

    def write(self, file: Path) -> tuple[Path, Path]:
        """Write the report as JSON and as text beside it.

        Raises:
            ConfigurationError: It cannot be written.
        """
        from kzeds.files import write_atomically

        report, readable = file.with_suffix(".json"), file.with_suffix(".txt")
        with english():
            content = json.dumps(self.as_json(), ensure_ascii=False, indent=2)
            lines = [" | ".join(cells) for cells in self._cells()]
        try:
            write_atomically(report, f"{content}\n".encode())
            write_atomically(readable, ("\n".join(lines) + "\n").encode())
        except OSError as problem:
            raise unwritable("the report", report, problem, kept="The trials are over and cleaned up") from None
        return report, readable

    def _cells(self) -> Iterator[list[str]]:
        from usrec.interfaces.cli.conformance_words import MEANINGS, VERDICTS

        for one in self.findings:
            yield [one.check.value, tr(VERDICTS[one.verdict]), tr(MEANINGS[one.check]), self._seen(one)]

    def _seen(self, one: Finding) -> str:
        """What was seen, without any name of the addresses."""
        from usrec.interfaces.masking import mask

        ours, told, drivers = one.detail.partition(DRIVER_SAYS)
        for name in sorted(self._hidden, key=len, reverse=True):
            drivers = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "***", drivers)
        return mask(ours + told + _ADDRESS.sub("***", drivers))

    def _tried(self, settings: LoadedSettings, scratch_url: str | None, file: Path | None) -> Iterator[Finding]:
        from usrec.adapters.sources.conformance.trials import Account, try_outbox, try_staff
        from usrec.domain.source_event import SourceName
        from usrec.settings import OutboxSourceSettings, databases, is_fetched
        from usrec.staffs import build_mapping

        source = dict(databases(settings.values.source)).get(self._name)
        if source is None or is_fetched(source.url):
            raise _no_database(settings, self._name)
        password = settings.optional_secret(source.password)
        account = Account(SourceName(self._name), settings.database_url(source.url), password)
        self._hide(account.url)
        if isinstance(source, OutboxSourceSettings):
            scratch = account if scratch_url is None else self._scratch(settings, scratch_url, file)
            yield from try_outbox(account, table=source.table, writable=not source.read_only, scratch=scratch)
        else:
            yield from try_staff(account, build_mapping(settings, source), f"source {self._name}")

    def _scratch(self, settings: LoadedSettings, url: str, file: Path | None) -> Account:
        from usrec.adapters.sources.conformance.trials import Account
        from usrec.domain.source_event import SourceName
        from usrec.settings import SecretSettings

        self._hide(url)
        password = None if file is None else settings.secret(SecretSettings(file=file.absolute()))
        return Account(SourceName(self._name), settings.database_url(url), password)

    def _hide(self, url: str) -> None:
        from usrec.adapters.sources.conformance.address import names_in

        self._hidden.update(names_in(url))


def needs_permission(settings: LoadedSettings, name: str) -> bool:
    """Whether the trials of a source write to its database."""
    from usrec.settings import OutboxSourceSettings

    return isinstance(settings.values.source.get(name), OutboxSourceSettings)


def _no_database(settings: LoadedSettings, name: str) -> ConfigurationError:
    known = ", ".join(settings.values.source) or "none"
    what = f"there is no [source.{name}] that is a database; configured: {known}"
    return ConfigurationError(what, where=str(settings.file))
