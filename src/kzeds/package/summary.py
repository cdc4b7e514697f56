"""The pages of a signing package that a person reads before signing: every language side by side, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from kzeds.package.items import PackageItem, SigningPackage
from kzeds.package.texts import TEXTS, Texts, in_order, local_time, text_in
from kzeds.package.values import value_lines
from kzeds.visible import visible, visible_lines

_COMMAND = "kzeds sign-package PACKAGE.zip KEY.p12 -o signed.zip"
_STYLE = (
    "body{font-family:sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #999;padding:.4em;text-align:left;vertical-align:top}"
    "pre{white-space:pre-wrap;background:#f4f4f4;padding:.6em}code{word-break:break-all}"
)


def summary_text(package: SigningPackage) -> str:
    """The whole package as plain text, language after language."""
    return "\n\n".join("\n".join(package_lines(package, language)) for language in _languages(package)) + "\n"


def package_lines(package: SigningPackage, language: str) -> list[str]:
    """The whole package as lines in one language."""
    lines = head_lines(package, language)
    for number, item in enumerate(package.items, start=1):
        lines += ["", *item_lines(item, language, f"{number}/{len(package.items)}")]
    return lines


def head_lines(package: SigningPackage, language: str) -> list[str]:
    """What the package as a whole says of itself."""
    texts = _texts(language)
    title = visible(text_in(package.title, language))
    facts = [f"{name}: {value}" for name, value in _facts(package, texts)]
    return [f"{texts.heading}: {title}", *facts, texts.warning, texts.how_to.format(command=_COMMAND)]


def item_lines(item: PackageItem, language: str, place: str) -> list[str]:
    """One document: what its maker says, what it says itself, its digest."""
    texts = _texts(language)
    due = [] if item.due is None else [f"{texts.due}: {local_time(item.due)}"]
    return [
        f"=== {place}  {item.id}",
        *due,
        f"{texts.summary}:",
        *(f"  {line}" for line in visible_lines(text_in(item.summary, language))),
        f"{texts.content}:",
        *(f"  {line}" for line in value_lines(item.document)),
        f"SHA-256: {item.digest}",
    ]


def summary_html(package: SigningPackage) -> str:
    """The whole package as one page that loads nothing and runs nothing."""
    languages = _languages(package)
    heading = " / ".join(_texts(one).heading for one in languages)
    parts = [
        f'<!DOCTYPE html>\n<html lang="{languages[0]}">\n<head>\n<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(heading)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(heading)}</h1>",
        _table(languages, {one: _head_cell(package, one) for one in languages}),
        *_documents(package, languages),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _documents(package: SigningPackage, languages: list[str]) -> Iterator[str]:
    for number, item in enumerate(package.items, start=1):
        yield f"<h2>{number}/{len(package.items)} {escape(item.id)}</h2>"
        yield _table(languages, {one: _item_cell(item, one) for one in languages})
        yield f"<h3>{escape(' / '.join(_texts(one).content for one in languages))}</h3>"
        yield f"<pre>{escape(chr(10).join(value_lines(item.document)))}</pre>"
        yield f"<p>SHA-256: <code>{item.digest}</code></p>"


def _table(languages: list[str], cells: dict[str, str]) -> str:
    row = "".join(f'<td lang="{one}">{cells[one]}</td>' for one in languages)
    return f"<table><tr>{row}</tr></table>"


def _head_cell(package: SigningPackage, language: str) -> str:
    lines = head_lines(package, language)
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _item_cell(item: PackageItem, language: str) -> str:
    texts = _texts(language)
    due = "" if item.due is None else f"<p>{escape(texts.due)}: {local_time(item.due)}</p>"
    lines = "<br>".join(escape(line) for line in visible_lines(text_in(item.summary, language)))
    return f"<p><b>{escape(texts.summary)}</b></p><p>{lines}</p>{due}"


def _facts(package: SigningPackage, texts: Texts) -> list[tuple[str, str]]:
    return [
        (texts.package, package.id),
        (texts.signer, package.signer),
        (texts.made, local_time(package.made_at)),
        (texts.documents, str(len(package.items))),
    ]


def _languages(package: SigningPackage) -> list[str]:
    return in_order({*package.title, *(one for item in package.items for one in item.summary)})


def _texts(language: str) -> Texts:
    return TEXTS.get(language, TEXTS["en"])
