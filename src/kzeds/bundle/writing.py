"""Writing a bundle: file after file, whole or not at all, for its owner only."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kzeds.bundle.layout import MANIFEST, MAXIMUM_FILES, MAXIMUM_SIZE, SIGNATURE, entry_of, is_plain_name
from kzeds.errors import BundleError

_CHUNK = 1 << 20


class BundleWriter:
    """Writes beside the target and puts the bundle in its place when it is finished.

    Used as a context manager: without `finish` nothing is left behind.

    Source: APPNOTE.TXT 4.3 (ZIP, stored, without ZIP64: at most 65 000 files and 2 000 000 000 bytes); the manifest is
    ours, docs/reference/kzeds.md describes it.
    """

    def __init__(self, target: Path) -> None:
        """Begin a file beside the target.

        Raises:
            OSError: The directory is not there, or may not be written.
        """
        self._target = target.resolve()
        self._files: list[dict[str, object]] = []
        self._names: set[str] = set()
        handle, name = tempfile.mkstemp(prefix=f".{self._target.name}.", dir=self._target.parent)
        self._temporary: Path | None = Path(name)
        self._stream: IO[bytes] = os.fdopen(handle, "w+b")
        self._archive = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_STORED, allowZip64=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._temporary is not None:
            with suppress(OSError, ValueError):
                self._archive.close()
            with suppress(OSError):
                self._stream.close()
            self._temporary.unlink(missing_ok=True)

    @property
    def names(self) -> frozenset[str]:
        """What was written so far."""
        return frozenset(self._names)

    def add(self, name: str, content: bytes) -> None:
        """Write one file.

        Args:
            name: Relative, of ASCII letters, digits and ``._-/``, at most 200 characters; no part begins with a dot.
            content: Of the file.

        Raises:
            BundleError: Its name is not plain or was used already, or the bundle grows too large.
            OSError: It cannot be written.
        """
        self._require_room(name, len(content))
        self._archive.writestr(entry_of(name), content)
        self._note(name, len(content), hashlib.sha256(content).hexdigest())

    def add_stream(self, name: str, content: IO[bytes]) -> None:
        """Write one file from where `content` stands to its end.

        Raises:
            BundleError, OSError: As `add` does.
        """
        self._require_room(name, 0)
        size, digest = 0, hashlib.sha256()
        with self._archive.open(entry_of(name), "w") as member:
            while portion := content.read(_CHUNK):
                size += len(portion)
                self._require_size(size)
                digest.update(portion)
                member.write(portion)
        self._note(name, size, digest.hexdigest())

    def finish(self, fields: Mapping[str, object], *, signer: str, sign: Callable[[bytes], bytes]) -> str:
        """Write the manifest with its signature and put the bundle in its place; gives the manifest's SHA-256 (hex).

        Args:
            fields: Of the manifest, before its list of files: `format`, `version` and whatever the maker wants.
            signer: SHA-256 of the certificate that signs, hexadecimal: it becomes part of what is signed.
            sign: Makes a detached CMS signature, DER, over the bytes that it is given (`kzeds.sign_detached`).

        Raises:
            OSError: It cannot be written; what was there before stays.
            KzedsError: What `sign` raises.
        """
        manifest = {**fields, "signer": signer, "files": self._files}
        content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        signature = sign(content)
        self._archive.writestr(entry_of(MANIFEST), content)
        self._archive.writestr(entry_of(SIGNATURE), signature)
        self._archive.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        if self._temporary is not None:
            self._temporary.replace(self._target)
            self._temporary = None
        return hashlib.sha256(content).hexdigest()

    def _note(self, name: str, size: int, digest: str) -> None:
        self._names.add(name)
        self._files.append({"name": name, "size": size, "sha256": digest})

    def _require_room(self, name: str, size: int) -> None:
        if not is_plain_name(name) or name in {*self._names, MANIFEST, SIGNATURE}:
            raise BundleError(f"{name!r} cannot be the name of a further file of a bundle")
        if len(self._files) + 2 >= MAXIMUM_FILES:
            raise BundleError(f"a bundle holds {MAXIMUM_FILES} files at most")
        self._require_size(size)

    def _require_size(self, size: int) -> None:
        if self._stream.tell() + size > MAXIMUM_SIZE:
            raise BundleError(f"a bundle has {MAXIMUM_SIZE // 10**6} MB at most")
