"""What people read is true: links lead somewhere, and every command, option and make target in the pages exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.command_line import Commands, all_commands
from support.markdown import DOCS, ROOT, anchor, blocks, code, headings, links, pages, prose, read, section, table

PAGES = [str(page.relative_to(ROOT)) for page in pages()]
CLI = read("reference/cli.md")
COMMANDS = all_commands()
SHARED = {row[0].strip("`").split()[0] for row in table(section(CLI, "Shared options"), "option")}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """Files exist, and so do the headings behind a #."""
    file = ROOT / page
    for link in links(file.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        path, _, fragment = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{page}: {link}"
        if fragment:
            assert fragment in map(anchor, headings(target.read_text("utf-8"))), f"{page}: {link}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    """No page is lost: following links from README.md leads to each."""
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        found = (one.partition("#")[0] for one in links(page.read_text("utf-8")) if not one.startswith("https://"))
        todo += [_page_of(page.parent / one) for one in found if one]
    assert set(DOCS.rglob("*.md")) <= reached


def _page_of(target: Path) -> Path:
    target = target.resolve()
    return target / "README.md" if target.is_dir() else target


def test_every_test_that_a_page_names_exists() -> None:
    """What is said to prove something is there."""
    named = {one for page in PAGES for one in re.findall(r"`(tests/[^`]+)`", (ROOT / page).read_text("utf-8"))}
    assert [one for one in sorted(named) if not [*ROOT.glob(one.partition("::")[0])]] == []


WEATHER = [
    "disk is full",
    "database is locked",
    "database is restarted",
    "connection is lost",
    "gateway is down for 3 days",
    "page of HTML",
    "Half an answer",
    "answer to another message",
    "replayed answer",
    "wrong signature or none",
    "clock is wrong by hours",
    "key expires",
    "key is revoked",
    "1000000 rows at once",
]


def test_every_bad_weather_is_told_with_the_test_that_makes_it() -> None:
    """Each has a row of its own in the table, with what the agent does."""
    rows = table(section(read("explanation/guarantees.md"), "Bad weather"), "weather")
    told = [row[0].replace(",", "") for row in rows]
    for weather in WEATHER:
        assert sum(all(word in one for word in weather.split()) for one in told) == 1, weather
    assert all(row[1].strip() and re.match(r"`tests/|\[", row[2]) for row in rows)


def test_no_row_of_a_table_is_told_twice() -> None:
    """Lines that a merge doubled, or left in two versions, under one heading."""
    for page in PAGES:
        for heading, text in _parts((ROOT / page).read_text("utf-8")):
            lines = [line for line in text.splitlines() if len(line) > 40]
            assert [line for line in {*lines} if lines.count(line) > 1] == [], f"{page}: {heading}"


def _parts(text: str) -> list[tuple[str, str]]:
    """Each heading with the prose up to the next one."""
    parts = re.split(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    return list(zip(["", *parts[1::2]], parts[::2], strict=True))


def test_every_decision_is_in_the_index() -> None:
    """Each record is listed once, under its own title."""
    listed = dict(re.findall(r"^- \[(.+)\]\((.+)\)$", read("decisions/README.md"), re.MULTILINE))
    records = {file.name: file.read_text("utf-8").splitlines()[0] for file in DOCS.glob("decisions/0*.md")}
    assert {name: f"# {title}" for title, name in listed.items()} == records


def test_make_targets_in_the_pages_exist() -> None:
    """`make` is told nothing that the Makefile does not know."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    texts = [page.read_text("utf-8") for page in pages()]
    named = {word for text in texts for word in re.findall(r"(?:`|^\$ |^)make ([a-z-]+)", text, re.MULTILINE)}
    assert {"demo", "test"} <= named <= known


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_pages_exist(page: str) -> None:
    """Every command line, in a sentence or in a block, names a real command with real options."""
    for line in _command_lines((ROOT / page).read_text("utf-8")):
        if line[1:] == ["--help"]:
            continue
        command, rest = COMMANDS.find(line)
        assert command is not None, f"{page}: {shlex.join(line)}"
        known = {name for option in command.options for name in option.names} | {"--help"}
        used = {word.partition("=")[0] for word in rest if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        assert used <= known, f"{page}: {shlex.join(line)} has no {sorted(used - known)}"


def _command_lines(text: str) -> list[list[str]]:
    """The calls of our programs; ``a|b`` stands for two of them, and nothing is read behind an ellipsis."""
    shown = [block.text for block in blocks(text) if block.language in {"console", "sh"}]
    lines = [line.removeprefix("$ ") for block in shown for line in block.replace("\\\n", " ").splitlines()]
    simple = [part for line in lines for part in re.split(r"\$\(|\)\"|\)$|[|&;<>]+", line)]
    whole = [part.partition("...")[0].replace("'", "").replace('"', "") for part in [*simple, *code(text)]]
    words = [shlex.split(one) for part in whole for one in _alternatives(part)]
    return [line for line in words if line and line[0] in COMMANDS.programs]


def _alternatives(line: str) -> list[str]:
    found = re.search(r"[\w-]+(?:\|[\w-]+)+", line)
    return [line] if found is None else [line.replace(found[0], one, 1) for one in found[0].split("|")]


def test_cli_page_has_a_section_for_each_command_and_no_other() -> None:
    """The headings of cli.md are the commands of the three programs."""
    below = [one for one in headings(CLI) if one.split()[0] in COMMANDS.programs and " " in one]
    assert sorted(below) == sorted(COMMANDS.names)


@pytest.mark.parametrize("name", COMMANDS.names)
def test_cli_page_documents_every_option(name: str) -> None:
    """The usage line has exactly the command's options and arguments; the tables describe each, with its default."""
    command, text = COMMANDS.get(name), section(CLI, name)
    usage = next(block.text for block in blocks(text) if block.text.startswith(name))
    named = set(re.findall(r"(?<!\w)--[a-z-]+", usage))
    assert named == {option.names[0] for option in command.options}
    for option in command.options:
        assert (f"[{option.names[0]}" not in usage) == option.required, option.names[0]
    arguments = usage.removeprefix(name).partition(" --")[0].partition(" [--")[0].split()
    assert [one.strip("[].") for one in arguments] == [one.strip("[].") for one in command.arguments]

    rows = {code(row[0])[0].split()[0]: row for row in table(text, "option")} if "| option |" in text else {}
    own = {option.names[0]: option for option in command.options if option.names[0] not in SHARED}
    assert set(rows) == set(own)
    for option_name, option in own.items():
        first_column = {piece.split()[0] for piece in code(rows[option_name][0])}
        assert first_column == set(option.names)
        assert rows[option_name][1] == option.default


def test_shared_options_are_used() -> None:
    """The table of shared options holds nothing that no command has."""
    used = {name for command in COMMANDS.all.values() for option in command.options for name in option.names}
    assert used >= SHARED


def test_documentation_names_no_machine() -> None:
    """No path of a developer's machine and no place holder is left in a page."""
    for page in pages():
        found = re.search(r"/(?:root|home|tmp)/|TODO|FIXME|XXX", prose(page.read_text("utf-8")))
        assert not found, f"{page}: {found}"


def test_commands_are_read_from_the_programs() -> None:
    """The three programs and their commands were really found."""
    assert COMMANDS.programs == {"usrec", "usrec-simulator", "kzeds"}
    assert isinstance(COMMANDS, Commands)
    assert {"usrec run", "usrec submission settle", "usrec-simulator serve", "kzeds verify"} <= set(COMMANDS.names)
