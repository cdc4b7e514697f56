"""The outbox table as SQL text, for the HR administrator and for whatever sets up an HR database.

The files in ``schemas/hr-outbox`` are the one definition; README.md beside them describes every field.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from usrec.domain.errors import ConfigurationError

DIALECTS: Final = ("sqlite", "postgresql", "mariadb", "mssql", "oracle")


def outbox_ddl(dialect: str) -> str:
    """The commented DDL of table ``usrec_outbox`` and its index.

    Raises:
        ConfigurationError: There is none for ``dialect``.
    """
    if dialect not in DIALECTS:
        raise ConfigurationError(
            f"there is no outbox table for the database {dialect!r}", next_step=f"Choose one of: {', '.join(DIALECTS)}"
        )
    return files("usrec").joinpath("schemas", "hr-outbox", f"{dialect}.sql").read_text("utf-8")
