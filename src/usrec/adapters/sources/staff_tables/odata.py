"""Tables from an OData service (version 3, JSON), as 1C:Enterprise publishes its objects.

Sources: OData Version 3.0, URL Conventions; 1C:Enterprise 8.3 Developer's guide, "Standard OData interface": $format,
$select, $filter, $orderby, $top, $skip; answers hold the rows in ``value``. Pages are asked for by $top and $skip, and
each begins with the last row of the one before: what is inserted or deleted between two pages is noticed, so that no
contract is lost from a staff. ``allowedOnly`` is not set: rows that the account may not see are an error of the
service then, and not a silence. Packed answers are not asked for, and taken only where they are packed once, by a
thousandth at most: packed twice, some kilobytes unpack to any size (CWE-409).
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote

import httpx

from usrec.adapters.sources.staff_tables.reader import MOST_ROWS, FetchedRow, refused, unavailable
from usrec.domain.errors import ConfigurationError
from usrec.domain.mapping.staff_mapping import TableMapping
from usrec.domain.secret import Secret
from usrec.domain.this_machine import is_this_machine

PAGE: Final = 1000
LARGEST: Final = 512 * 2**20
"""Bytes of all pages of a table."""
_LARGEST: Final = 64 * 2**20
_TIMEOUT: Final = httpx.Timeout(10, read=120)
_PACKED: Final = frozenset({"identity", "gzip", "deflate"})
_NAME: Final = re.compile(r"\w+")
_WHY: Final = {
    401: "the service does not know this user and password",
    403: "the account may not read it, or not all of its rows",
    404: "there is no such set: it is not published, or called otherwise",
}


class ODataService:
    """Reads the tables of a mapping file from a service.

    Args:
        address: Of the service, with the user's name in it: ``https://user@host/base/odata/standard.odata``.
        trusted: How its TLS is verified; by the system's authorities when absent.
        where: The source, for messages.

    Raises:
        ConfigurationError: The address cannot be used. Nothing is connected yet.
    """

    def __init__(self, address: str, *, password: Secret | None, trusted: ssl.SSLContext | None, where: str) -> None:
        self._where = where
        self._url = require_usable(address, where)
        login = (unquote(self._url.userinfo.decode()), "" if password is None else password.reveal())
        self._client = httpx.Client(
            auth=httpx.BasicAuth(*login) if self._url.userinfo else None,
            verify=trusted or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=_TIMEOUT,
            headers={"User-Agent": "usrec-agent", "Accept": "application/json", "Accept-Encoding": "identity"},
        )
        self._url = self._url.copy_with(userinfo=b"")

    def rows(self, table: TableMapping) -> Sequence[FetchedRow]:
        """Every row of a set that the filter leaves.

        Raises:
            ConfigurationError: The table cannot be asked for.
            SourceUnavailable: The service did not give it whole.
        """
        where = f"{self._where}, {table.read}"
        self._require_askable(table)
        rows: list[FetchedRow] = []
        size = 0
        while True:
            body = self._body(table, max(len(rows) - 1, 0), where)
            size += len(body)
            if size > LARGEST:
                raise refused(f"it is over {LARGEST // 2**20} MiB", where, "Leave long ended contracts out by a filter")
            page = self._value(body, table, where)
            if rows and (not page or _key(page[0], table) != _key(rows[-1], table)):
                raise unavailable("rows were inserted or deleted while it was read", where, "The agent asks again")
            new = page[1:] if rows else page
            rows += new
            if len(rows) > MOST_ROWS:
                raise refused(f"it has more than {MOST_ROWS} rows", where, "Leave long ended contracts out by a filter")
            if not new:
                break
        if len({_key(row, table) for row in rows}) < len(rows):
            raise refused("rows with one key: they are not told apart", where, "Name more columns in its key")
        return rows

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _body(self, table: TableMapping, skip: int, where: str) -> bytes:
        """The next page as it came."""
        address = f"{str(self._url).rstrip('/')}/{quote(table.read)}?{_query(table, skip)}"
        try:
            with self._client.stream("GET", address) as answer:
                if answer.status_code != 200:
                    why = _WHY.get(answer.status_code, "it cannot answer this question")
                    raise unavailable(f"the answer was {answer.status_code}: {why}", where, "Correct it there, or here")
                if answer.headers.get("Content-Encoding", "identity").strip().lower() not in _PACKED:
                    raise unavailable("the answer is packed, which was not asked for", where, "Switch that off there")
                return _bounded(answer, where)
        except httpx.HTTPError as problem:
            what = f"the service did not answer: {_reason(problem)}"
            raise unavailable(what, where, "Look at the address, its certificate and the network") from None

    def _value(self, body: bytes, table: TableMapping, where: str) -> Sequence[FetchedRow]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        rows = found.get("value") if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise refused("the answer is no JSON of an OData service", where, "Look at the address of the service")
        lacking = sorted({name for row in rows for name in table.columns if name not in row})
        if lacking:
            raise refused(f"rows without {', '.join(lacking)}", where, "Correct the columns in the mapping file")
        return rows

    def _require_askable(self, table: TableMapping) -> None:
        if _NAME.fullmatch(table.read) and table.key:
            return
        raise ConfigurationError(
            f"[tables.{table.name}] read is no name of a set, or key is empty",
            where=self._where,
            kept="Nothing was read",
            next_step='Write read = "Catalog_...", and in key the columns that tell its rows apart',
        )


def require_usable(address: str, where: str) -> httpx.URL:
    """The address of a service that personal data may come from.

    Raises:
        ConfigurationError: It is none, holds a password, or is plain http to another machine.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise _unusable("it is none", where) from None
    if not url.host or ":" in url.userinfo.decode():
        raise _unusable("it names no host, or holds a password, which belongs into password", where)
    if url.scheme != "https" and not is_this_machine(url.host):
        raise _unusable("it is plain http to another machine; personal data goes over https only", where)
    return url


def _unusable(why: str, where: str) -> ConfigurationError:
    return ConfigurationError(
        f"the address of the service cannot be used: {why}",
        where=where,
        kept="Nothing was read",
        next_step="Write https://user@host/base/odata/standard.odata in url",
    )


def _query(table: TableMapping, skip: int) -> str:
    asked = {
        "$format": "json",
        "$select": ",".join(table.columns),
        "$orderby": ",".join(table.key),
        "$top": str(PAGE),
        "$skip": str(skip),
    }
    asked |= {"$filter": table.filter} if table.filter else {}
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in asked.items())


def _key(row: FetchedRow, table: TableMapping) -> tuple[str, ...]:
    return tuple(json.dumps(row[name]) for name in table.key)


def _bounded(answer: httpx.Response, where: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > _LARGEST:
            raise refused(f"a page is over {_LARGEST // 2**20} MiB", where, "Name fewer columns in the mapping file")
        parts.append(part)
    return b"".join(parts)


def _reason(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:200] or type(problem).__name__
