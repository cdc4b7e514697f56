"""The least that a settings file holds; none of what it names is there."""

from __future__ import annotations

from typing import Final

PLAIN: Final = """
[gateway]
url = "https://127.0.0.1:9/"
sender_id = "company"
password = { file = "p" }
response_certificate = "c"
[employer.main]
bin = "200940000013"
key_file = "k"
key_password = { file = "kp" }
[ledger]
url = "sqlite:///ledger.db"
[source.hr]
kind = "outbox"
url = "sqlite:///hr.db"
"""
