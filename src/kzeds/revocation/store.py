"""Lists and answers kept in a directory, fetched or brought there as files into a closed network.

What is stored was proven once, and is proven again whenever it is used: the directory is a convenience and nothing is
believed because it lies there. An older list never replaces a newer one. Files are written whole and belong to their
owner only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, MalformedAnswerError, RevocationUnknownError
from kzeds.files import write_atomically
from kzeds.revocation.answer import Revocation, RevocationAnswer, answer_or_unknown, combine, require_fresh, unknown
from kzeds.revocation.crl import judge_crl
from kzeds.revocation.crl_list import MAXIMUM_SIZE, RevocationList, read_crl
from kzeds.revocation.ocsp import judge_ocsp
from kzeds.revocation.ocsp_answer import OcspAnswer, read_ocsp

NO_LIMIT = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        what: "CRL no. 4", "delta CRL no. 5" or "OCSP answer".
        as_of: Moment that it speaks of, UTC.
        is_kept: Whether it was taken; False when something at least as new is there already.
    """

    what: str
    as_of: datetime
    is_kept: bool


@dataclass(frozen=True, slots=True)
class RevocationStore:
    """A directory of lists and answers; it need not exist yet.

    Source: RFC 5280, section 5, RFC 6960, 4.2; names and modes of the files are ours. Lists of at most 64 000 000 bytes
    and answers of at most 100 000 are read.

    Attributes:
        directory: Made when something is kept, for its owner only.
    """

    directory: Path

    def judge(
        self,
        certificate: Certificate,
        issuer: Certificate,
        *,
        at: datetime,
        crl_max_age: timedelta,
        ocsp_max_age: timedelta,
    ) -> tuple[RevocationAnswer, RevocationAnswer]:
        """Say what the stored list, and the stored OCSP answer, say of a certificate; never raises a `KzedsError`."""

        def stored_answer() -> RevocationAnswer:
            answer = self._read(self._answer_path(certificate, issuer))
            if answer is None:
                return unknown("OCSP", "no answer about this certificate is stored")
            return judge_ocsp(certificate, issuer, answer, at=at, max_age=ocsp_max_age)

        from_lists = self.judge_lists(certificate, issuer, at=at, max_age=crl_max_age)
        return from_lists, answer_or_unknown("OCSP", stored_answer)

    def judge_lists(
        self, certificate: Certificate, issuer: Certificate, *, at: datetime, max_age: timedelta
    ) -> RevocationAnswer:
        """Say what the stored list says; with the stored delta when that fits, else alone when it is young enough.

        Never raises a `KzedsError`: what cannot be read is `UNKNOWN`.
        """
        return answer_or_unknown("CRL", lambda: self._judge_lists(certificate, issuer, at, max_age))

    def _judge_lists(
        self, certificate: Certificate, issuer: Certificate, at: datetime, max_age: timedelta
    ) -> RevocationAnswer:
        def judge(data: bytes, newer: bytes | None = None) -> RevocationAnswer:
            return judge_crl(certificate, issuer, data, at=at, delta=newer, max_age=max_age)

        base, delta = (self._read(self._list_path(issuer, delta=one)) for one in (False, True))
        if base is None:
            return unknown("CRL", "no list of its issuer is stored") if delta is None else judge(delta)
        alone = judge(base)
        if delta is None:
            return alone
        answer = judge(base, delta)
        if answer.status is not Revocation.UNKNOWN:
            return answer
        return combine([answer, alone]) if answer.is_denied else alone

    def fetched_at(self, issuer: Certificate, *, delta: bool) -> datetime | None:
        """When a list was last put here, whether it was newer or not; None when there is none."""
        try:
            return datetime.fromtimestamp(self._list_path(issuer, delta=delta).stat().st_mtime, UTC)
        except OSError:
            return None

    def lags(self, issuer: Certificate) -> bool:
        """Whether the stored delta was made for a newer complete list than the stored one.

        What cannot be read is no such delta: no `KzedsError` is raised.
        """
        with suppress(KzedsError):
            base, delta = (self._read(self._list_path(issuer, delta=one)) for one in (False, True))
            if base is not None and delta is not None:
                return (read_crl(delta).base_number or 0) > (read_crl(base).number or 0)
        return False

    def newest(self, issuer: Certificate) -> datetime | None:
        """The moment that the newest stored list or delta of an authority speaks of; None when there is none of it."""
        found = []
        for delta in (False, True):
            with suppress(KzedsError):
                data = self._read(self._list_path(issuer, delta=delta))
                if data is not None:
                    read = read_crl(data)
                    read.require_from(issuer)
                    found.append(read.this_update)
        return max(found, default=None)

    def put_list(self, issuer: Certificate, data: bytes, *, at: datetime) -> Imported:
        """Keep a list of an authority, DER or PEM.

        Raises:
            KzedsError: It cannot be read, is not the authority's, or is of no use at `at`.
            OSError: It cannot be written.
        """
        read = read_crl(data)
        read.require_from(issuer)
        require_fresh(f"the {read.name}", read.this_update, read.next_update, at)
        path = self._list_path(issuer, delta=read.base_number is not None)
        is_kept = self._is_newer_list(path, issuer, read)
        self._keep(path, data if is_kept else None, at)
        return Imported(read.name, read.this_update, is_kept)

    def put_answer(self, certificate: Certificate, issuer: Certificate, data: bytes, *, at: datetime) -> Imported:
        """Keep an OCSP answer (DER) about a certificate.

        Raises:
            KzedsError: It cannot be read, is not about this certificate, or is of no use at `at`.
            OSError: It cannot be written.
        """
        answer = judge_ocsp(certificate, issuer, data, at=at, max_age=NO_LIMIT)
        if answer.status is Revocation.UNKNOWN or answer.as_of is None:
            raise RevocationUnknownError(answer.why)
        return self._put_answer(issuer, certificate.serial_number, data, answer.as_of, at)

    def import_bytes(self, data: bytes, authorities: Collection[Certificate], *, at: datetime) -> tuple[Imported, ...]:
        """Keep the content of a file: a list, or an OCSP answer about one certificate or several.

        Args:
            data: DER; a list may be PEM, too.
            authorities: Trusted ones; one of them must have made it.
            at: Now, aware.

        Raises:
            KzedsError: It is neither, none of the authorities made it, or it is of no use at `at`.
            OSError: It cannot be written.
        """
        try:
            read = read_crl(data)
        except MalformedAnswerError:
            return self._import_answer(data, authorities, at)
        for issuer in authorities:
            if issuer.subject == read.issuer and read.issuer_key_id in {None, issuer.key_id}:
                return (self.put_list(issuer, data, at=at),)
        raise RevocationUnknownError(f"the {read.name} is of none of the {len(authorities)} trusted authorities")

    def _import_answer(self, data: bytes, authorities: Collection[Certificate], at: datetime) -> tuple[Imported, ...]:
        try:
            read = read_ocsp(data)
        except MalformedAnswerError:
            raise MalformedAnswerError("the bytes are neither a CRL nor an OCSP answer that can be read") from None
        done = []
        for single in read.singles:
            issuer = next((one for one in authorities if single.certificate_id.is_of(one)), None)
            if issuer is None:
                raise RevocationUnknownError("the OCSP answer is about a certificate of no trusted authority")
            read.require_from(issuer, at)
            require_fresh("the OCSP answer", single.this_update, single.next_update, at)
            serial_number = single.certificate_id.serial_number
            done.append(self._put_answer(issuer, serial_number, data, single.this_update, at))
        return tuple(done)

    def _put_answer(
        self, issuer: Certificate, serial_number: int, data: bytes, as_of: datetime, at: datetime
    ) -> Imported:
        path = self._path(issuer, serial_number)
        is_kept = self._is_newer_answer(path, issuer, read_ocsp(data))
        self._keep(path, data if is_kept else None, at)
        return Imported("OCSP answer", as_of, is_kept)

    def _keep(self, path: Path, data: bytes | None, at: datetime) -> None:
        """Write a file, or only note in its time that it is still the newest."""
        if data is not None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, data)
        os.utime(path, (at.timestamp(), at.timestamp()))

    def _is_newer_list(self, path: Path, issuer: Certificate, read: RevocationList) -> bool:
        """Say whether a list is newer than what is stored; something that is not the authority's counts as nothing."""
        try:
            data = self._read(path)
            if data is None:
                return True
            stored = read_crl(data)
            stored.require_from(issuer)
        except KzedsError:
            return True
        return (read.this_update, read.number or 0) > (stored.this_update, stored.number or 0)

    def _is_newer_answer(self, path: Path, issuer: Certificate, read: OcspAnswer) -> bool:
        """Say the same of an answer; what is stored has to be proven for its own time."""
        try:
            data = self._read(path)
            if data is None:
                return True
            stored = read_ocsp(data)
            stored.require_from(issuer, stored.produced_at)
        except KzedsError:
            return True
        return read.produced_at > stored.produced_at

    def _list_path(self, issuer: Certificate, *, delta: bool) -> Path:
        return self.directory / f"{_name(issuer)}{'.delta' if delta else ''}.crl"

    def _answer_path(self, certificate: Certificate, issuer: Certificate) -> Path:
        return self._path(issuer, certificate.serial_number)

    def _path(self, issuer: Certificate, serial_number: int) -> Path:
        return self.directory / f"{_name(issuer)}-{serial_number:x}.ocsp"

    @staticmethod
    def _read(path: Path) -> bytes | None:
        """The content of a file; None when there is none, or none that could be right.

        Raises:
            RevocationUnknownError: There is one that this account may not read.
        """
        try:
            with path.open("rb") as stream:
                data = stream.read(MAXIMUM_SIZE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RevocationUnknownError(f"what is stored in {path.parent} cannot be read: {error.strerror}") from None
        return data if len(data) <= MAXIMUM_SIZE else None


def _name(issuer: Certificate) -> str:
    """A file name for an authority: certificates that it gets later for the same key share it."""
    return hashlib.sha256(issuer.subject + issuer.public_key).hexdigest()[:32]
