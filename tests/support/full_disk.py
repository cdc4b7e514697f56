"""The `usrec` command with a ledger on a disk that has room for a few pages more; run as a process of its own:

    python -m support.full_disk PAGES -- run --drain --config usrec.toml

The limit is SQLite's own (`max_page_count`), so that the ledger meets the real error of a full disk, SQLITE_FULL, at
the page that does not fit any more, without the rights that a small file system would need.
"""

from __future__ import annotations

import sys
from unittest import mock

from usrec.adapters.persistence import engine


def main() -> None:
    pages, separator, *arguments = sys.argv[1:]
    if separator != "--":
        raise SystemExit("usage: full_disk PAGES -- ARGUMENTS OF usrec")
    sys.argv = ["usrec", *arguments]
    settings = (*engine._SQLITE_SETTINGS, f"PRAGMA max_page_count = {int(pages)}")
    with mock.patch.object(engine, "_SQLITE_SETTINGS", settings):
        from usrec.__main__ import main as usrec

        usrec()


if __name__ == "__main__":
    main()
