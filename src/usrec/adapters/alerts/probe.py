"""One look at the way that alerts go: the connection and its TLS come up, and nothing is sent.

A webhook sees a TLS connection that closes, a proxy a tunnel that is not used, a mail server an EHLO and a QUIT.
"""

from __future__ import annotations

import base64
import smtplib
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from usrec.adapters.alerts.mail import MailServer, Security
from usrec.adapters.alerts.way import trust
from usrec.adapters.alerts.webhook import WebProxy


def reach_webhook(url: str, *, timeout: timedelta, ca_file: Path | None, proxy: WebProxy | None) -> None:
    """Open the connection to an address and close it.

    Behind a proxy that is itself reached by TLS, only the way to the proxy is looked at.

    Raises:
        ConfigurationError: The file of authorities cannot be used.
        OSError: No connection; TLS errors are among them.
    """
    address = urlsplit(url)
    if proxy is not None and urlsplit(proxy.url).scheme == "https":
        address, ca_file, proxy = urlsplit(proxy.url), None, None
    seconds = timeout.total_seconds()
    way = address if proxy is None else urlsplit(proxy.url)
    secure = address.scheme == "https"
    port = way.port or (443 if way.scheme == "https" else 80)
    connection = (
        HTTPSConnection(way.hostname or "", port, timeout=seconds, context=trust(ca_file))
        if secure
        else HTTPConnection(way.hostname or "", port, timeout=seconds)
    )
    if proxy is not None:
        connection.set_tunnel(address.hostname or "", address.port or (443 if secure else 80), _login(proxy))
    try:
        connection.connect()
    except HTTPException as problem:
        raise ConnectionError(f"the proxy answered in no HTTP ({type(problem).__name__})") from None
    finally:
        connection.close()


def _login(proxy: WebProxy) -> dict[str, str]:
    if proxy.user is None or proxy.password is None:
        return {}
    word = base64.b64encode(f"{proxy.user}:{proxy.password.reveal()}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {word}"}


def reach_mail(server: MailServer) -> None:
    """Greet a mail server, go over to TLS, and leave; nobody logs in.

    Raises:
        ConfigurationError: The file of authorities cannot be used.
        OSError: No connection; errors of TLS and SMTP are among them.
    """
    seconds = server.timeout.total_seconds()
    if server.security is Security.TLS:
        with smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=trust(server.ca_file)) as connection:
            connection.ehlo()
        return
    with smtplib.SMTP(server.host, server.port, timeout=seconds) as connection:
        connection.ehlo()
        if server.security is Security.STARTTLS:
            connection.starttls(context=trust(server.ca_file))
            connection.ehlo()
