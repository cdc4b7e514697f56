"""The page of the signer daemon says what the daemon knows: its settings, and its reasons."""

from __future__ import annotations

import re

from support.markdown import ROOT, only_code, read, table

PAGE = read("how-to/signer-daemon.md")
CODE = ROOT / "src" / "kzeds" / "signer_daemon"


def _source(*names: str) -> str:
    return "".join((CODE / f"{name}.py").read_text("utf-8") for name in names)


def test_every_setting_of_the_daemon_is_in_the_page() -> None:
    """The tables of the page name what the reader of signer.toml takes out of it, and nothing else."""
    taken = re.findall(
        r'(?<!in)\btable\.(?!fault)\w+\("(\w+)"\)|\(table, "(\w+)"\)', _source("settings", "key_rule", "statements")
    )
    tables = {"key", "operation", "envelope", "statement"}
    known = {one or other for one, other in taken} | {"where"} - tables
    written = {
        only_code(row[0]) for part in PAGE.split("\n\n") if "| setting |" in part for row in table(part, "setting")
    }
    assert written == known - tables


def test_every_reason_of_a_refusal_is_in_the_page() -> None:
    code = _source("policy", "service", "quota", "server", "statements")
    given = set(re.findall(r'(?:_refused\(\s*|reason=|"reason": )"([a-z-]+)"', code)) | {"other-certificate"}
    written = {one for row in table(PAGE, "reason") for one in re.findall(r"`([a-z-]+)`", row[0])}
    assert written == given - {"busy", "malformed", "records", "internal"}
