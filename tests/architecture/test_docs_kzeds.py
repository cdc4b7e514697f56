"""Whoever types kzeds.md from top to bottom sees what it shows: commands and Python alike, with servers that answer."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from support.health_client import free_port
from support.markdown import ROOT, blocks, read
from support.page_runner import run_page

PYTHON_BLOCKS = 13
COMMANDS = 18
PORT = "8479"
"""Where the page's servers listen unless they are told otherwise; here it may be taken."""

SESSION = """
import traceback
from contextlib import redirect_stderr, redirect_stdout

names = {"__name__": "__main__"}
while True:
    with open("asked", encoding="utf-8") as asked:
        file = asked.read().strip()
    with open("told", "w", encoding="utf-8") as told, redirect_stdout(told), redirect_stderr(told):
        try:
            with open(file, encoding="utf-8") as block:
                exec(compile(block.read(), file, "exec"), names)
        except BaseException:
            traceback.print_exc()
"""
"""A Python that stays open; whoever asks for a block is told what it prints."""


def _with_python_as_commands(page: str, folder: Path) -> str:
    """The page with each Python block as a command that runs it behind all those above it, and with all as one file.

    The file comes last, so that it shows whether blocks can be run again; the last of them is run once.
    """
    texts = [block.text for block in blocks(page) if block.language == "python"]
    assert len(texts) == PYTHON_BLOCKS
    (folder / "session.py").write_text(SESSION, "utf-8")
    page = page.replace("```python\n", "```console\n$ mkfifo asked told; python session.py &\n```\n\n```python\n", 1)
    for number, text in enumerate(texts, start=1):
        (folder / f"block{number}.py").write_text(text, "utf-8")
        assert "# -> " in text, f"block {number} shows nothing"
        page = page.replace(f"```python\n{text}```", _command(f"echo block{number}.py > asked; cat told", text))
    (folder / "try.py").write_text("\n".join(texts[:-1]), "utf-8")
    return f"{page}\n{_command('python try.py', *texts[:-1])}\n"


def _command(typed: str, *texts: str) -> str:
    printed = "\n".join(re.findall(r"# -> (.*)$", "\n".join(texts), re.MULTILINE))
    return f"```console\n$ {typed}\n{printed}\n```"


def test_commands_and_python_of_kzeds_print_what_the_page_shows(tmp_path: Path) -> None:
    """Each command ends with 0, each block of Python prints what stands behind its arrows."""
    page, port = read("reference/kzeds.md"), str(free_port())
    assert page.count("$ kzeds test-servers pki >") == 1
    page = page.replace(PORT, port).replace("kzeds test-servers pki >", f"kzeds test-servers pki --port {port} >")
    done = run_page(_with_python_as_commands(page, tmp_path), tmp_path)
    for one in done:
        assert one.status == 0, f"{one.step.command}\n{one.printed}"
        assert one.as_written, f"{one.step.command}\nexpected:\n{one.step.expected}\nprinted:\n{one.printed}"
    assert len(done) >= PYTHON_BLOCKS + COMMANDS


def test_packages_that_the_page_installs_are_those_that_kzeds_imports() -> None:
    """All but the one of the extra for tokens, without which everything else works."""
    (line,) = re.findall(r"^python -m pip install ([a-z0-9 ]+)$", read("reference/kzeds.md"), re.MULTILINE)
    imported = {
        name.partition(".")[0]
        for file in (ROOT / "src" / "kzeds").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in _imported(node)
    }
    assert set(line.split()) | {"kzeds", "pkcs11"} == imported - set(sys.stdlib_module_names)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
