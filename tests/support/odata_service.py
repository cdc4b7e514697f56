"""A service that answers as 1C's standard OData interface does, over https with the certificate of the test PKI.

It knows $top, $skip, $orderby, $select and a login; of $filter it keeps what was asked and leaves out what is deleted.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from support.alert_receivers import server_context

USER: Final = "Кадровик"
PASSWORD: Final = "the service's word"
BASE: Final = "/zup/odata/standard.odata"


@dataclass
class OData:
    """The service.

    Attributes:
        sets: Rows by the name of their set.
        largest: Rows that one answer holds at most, whatever is asked for.
        asked: Set and parameters of every question.
        between: Done before each answer.
        gzips: It packs its answers.
        packed: An encoding, and a body of it that answers everything.
    """

    port: int = 0
    sets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    largest: int = 1000
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    between: Callable[[], object] = bool
    gzips: bool = False
    packed: tuple[str, bytes] = ("", b"")

    @property
    def host(self) -> str:
        """With its port."""
        return f"localhost:{self.port}"

    def answer(self, path: str) -> tuple[int, Any]:
        """Status and JSON."""
        self.between()
        parts = urlsplit(path)
        name = unquote(parts.path).removeprefix(f"{BASE}/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append((name, query))
        if name not in self.sets or query["$format"] != "json":
            return 404, {"odata.error": {"code": "8"}}
        order, columns = query["$orderby"].split(","), query["$select"].split(",")
        rows = sorted(self.sets[name], key=lambda row: [row[one] for one in order])
        if "DeletionMark eq false" in query.get("$filter", ""):
            rows = [row for row in rows if not row.get("DeletionMark")]
        skip, top = int(query["$skip"]), min(int(query["$top"]), self.largest)
        shown = [{one: row[one] for one in columns} for row in rows[skip : skip + top]]
        return 200, {"odata.metadata": f"{BASE}/$metadata#{name}", "value": shown}


@contextmanager
def odata_service(pki: Path) -> Iterator[OData]:
    """Serve on any port of this machine."""
    service = OData()
    login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == login
            status, found = service.answer(self.path) if known else (401, {})
            body = json.dumps(found, ensure_ascii=False).encode()
            encoding, made = service.packed
            if service.gzips:
                encoding, made = "gzip", gzip.compress(body)
            body = made if encoding else body
            self.send_response(status)
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Content-Type", "application/json;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = server_context(pki).wrap_socket(server.socket, server_side=True)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
