"""A server that speaks NCANode's interface and signs with kzeds: the NCA's Java library may not be passed on.

What it writes has the form that Java gives it: read anew, a declaration with standalone="no", base64 in lines of 76
characters that end with "&#13;", an identifier of its own on the SOAP Body.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import textwrap
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kzeds.errors import KzedsError, WrongPasswordError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.references import WSU
from kzeds.wsse import sign_body
from kzeds.xml import parse, to_bytes
from kzeds.xmldsig import sign_enveloped

_BASE64 = re.compile(r"(<ds:(?:SignatureValue|X509Certificate)>)([A-Za-z0-9+/=]+)")
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: `missing` bytes are announced and not sent, `pause` seconds lie before each tenth of the body."""

    status: int
    body: bytes
    missing: int = 0
    pause: float = 0.0
    location: str = ""


Fault = Callable[[str, dict[str, Any]], Reply]
"""What is answered instead of a signature: takes path and request."""


class NcanodeServer:
    """One running server.

    Attributes:
        url: Its address.
        requests: Path and JSON of what was asked.
        fault: What is answered instead of a signature.
        keys: Keys by alias, for files that only it can open.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.fault: Fault | None = None
        self.keys: dict[str, SigningKey] = {}
        self.stopping = threading.Event()

    def answer(self, path: str, asked: dict[str, Any]) -> Reply:
        """Do what it was told to, or what NCANode does."""
        self.requests.append((path, asked))
        return self.honest(path, asked) if self.fault is None else self.fault(path, asked)

    def honest(self, path: str, asked: dict[str, Any]) -> Reply:
        """Do what NCANode does; its messages are those of its MessageConstants."""
        signer = asked["signers"][0] if path.endswith("/xml/sign") else asked
        try:
            return signed_reply(sign(path, asked["xml"].encode(), self._key(signer)))
        except WrongPasswordError:
            return refusal(500, "signers[0]: Key reading error: Password incorrect.")
        except LookupError:
            return refusal(400, f"Key reading error: Key does not have '{signer['keyAlias']}' alias")
        except KzedsError:
            return refusal(500, "Key reading error: Unknown error. Please see logs.")

    def _key(self, signer: dict[str, Any]) -> SigningKey:
        if signer["keyAlias"] is not None:
            return self.keys[signer["keyAlias"]]
        return load_pkcs12(base64.b64decode(signer["key"]), signer["password"])


def sign(path: str, document: bytes, key: SigningKey) -> bytes:
    """Sign as the address says; whatever identifier the Body has, NCANode overwrites it."""
    if path.endswith("/xml/sign"):
        return sign_enveloped(document, key)
    root = parse(document)
    for body in root.iter("{*}Body"):
        body.attrib.pop(f"{{{WSU}}}Id", "")
    return sign_body(to_bytes(root, like=document), key, body_id=f"id-{uuid.uuid4()}")


def signed_reply(signed: bytes) -> Reply:
    """Write a signed document as Java's serialiser does."""
    lines = _BASE64.sub(lambda found: found[1] + "&#13;\n".join(textwrap.wrap(found[2], 76)), signed.decode())
    text = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>' + _DECLARATION.sub("", lines)
    return Reply(200, json.dumps({"status": 200, "message": "OK", "xml": text}).encode())


def refusal(status: int, message: str, *, http: int | None = None) -> Reply:
    """Write an error as NCANode does; `http` is the status of the answer when it differs."""
    return Reply(http or status, json.dumps({"status": status, "message": message, "details": None}).encode())


class _Handler(BaseHTTPRequestHandler):
    served: NcanodeServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.served.answer(self.path, asked)
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body) + reply.missing))
        if reply.location:
            self.send_header("Location", reply.location)
        self.end_headers()
        step = max(1, len(reply.body) // 10)
        for start in range(0, len(reply.body), step):
            if reply.pause and self.served.stopping.wait(reply.pause):
                return
            self.wfile.write(reply.body[start : start + step])

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is part of the tests."""


@contextmanager
def running_ncanode(*, certificate: Path | None = None, key: Path | None = None) -> Iterator[NcanodeServer]:
    """Run it on this machine, over https when a certificate is given."""
    served = NcanodeServer()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
