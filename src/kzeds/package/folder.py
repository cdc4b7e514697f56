"""XML files that NCALayer left in a folder: read into memory under the limits of a package."""

from __future__ import annotations

from pathlib import Path

from kzeds.errors import DamagedPackageError
from kzeds.package.archive import MAXIMUM_MEMBER, MAXIMUM_MEMBERS, MAXIMUM_TOTAL


def is_document(name: str) -> bool:
    """Whether it is an XML file, and none of those that macOS adds to a ZIP ("__MACOSX/._1.xml")."""
    return name.lower().endswith(".xml") and not name.rpartition("/")[2].startswith("._")


def read_folder(directory: Path) -> dict[str, bytes]:
    """The XML files in a folder, by name; folders in it are not looked into.

    Raises:
        DamagedPackageError: They are too many or too large, or one has an unprintable name.
        OSError: One cannot be read.
    """
    files = sorted(one for one in directory.iterdir() if is_document(one.name) and one.is_file())
    if len(files) > MAXIMUM_MEMBERS:
        raise DamagedPackageError(f"the folder holds more than {MAXIMUM_MEMBERS} XML files")
    if not all(one.name.isprintable() for one in files):
        raise DamagedPackageError("the folder holds a file with an unprintable name")
    found: dict[str, bytes] = {}
    total = 0
    for file in files:
        with file.open("rb") as stream:
            content = stream.read(MAXIMUM_MEMBER + 1)
        total += len(content)
        if len(content) > MAXIMUM_MEMBER:
            raise DamagedPackageError(f"the folder holds a file of more than {MAXIMUM_MEMBER} bytes")
        if total > MAXIMUM_TOTAL:
            raise DamagedPackageError(f"the folder holds XML files of more than {MAXIMUM_TOTAL} bytes")
        found[file.name] = content
    return found
