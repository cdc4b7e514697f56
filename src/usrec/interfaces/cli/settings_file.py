"""The text of a new ``usrec.toml``: every setting of the tree, with its description and its default.

It is generated, so that it can never lack a setting. A line ``#name = value`` is a default, or an example where there
is none; without its ``#`` it is a setting. Descriptions are the tree's docstrings, in the chosen language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from usrec.interfaces.i18n import N_, tr
from usrec.settings import PLACEHOLDER, SecretSettings, Settings
from usrec.settings.outline import NAME, Shape, Table, tables, without_none

Place = tuple[str, ...]
"""A setting as the tree has it: names of tables, ``NAME`` for a chosen one, and its own name."""

HEAD: Final = (
    N_("Settings of usrec-agent. After every change: usrec config check"),
    N_("A line such as #name = value shows a default, or an example; remove the # to set it."),
    N_("Replace every FILL_IN. A duration is a number of seconds. Relative paths start at the folder of this file."),
    N_("A secret never stands here, but where it is: one of"),
)
SECRET_WAYS: Final = (
    '{ file = "secrets/password" }',
    '{ env = "DATABASE_PASSWORD" }',
    '{ credential = "database" }',
    '{ command = ["pass", "show", "usrec/database"] }',
)
PLACEHOLDERS: Final[Mapping[Place, Any]] = {
    ("gateway", "url"): f"https://{PLACEHOLDER}",
    ("gateway", "password"): {"file": "secrets/sender.password"},
    ("gateway", "response_certificate"): "shep.pem",
    ("employer", NAME, "key_file"): "secrets/employer.p12",
    ("employer", NAME, "key_password"): {"file": "secrets/employer.password"},
    ("ledger", "url"): "postgresql+psycopg://usrec@localhost/usrec",
    ("source", NAME, "kind"): "outbox",
    ("source", NAME, "url"): f"postgresql+psycopg://usrec_agent@{PLACEHOLDER}/hr",
}
"""What stands in a new file for a required setting that was not given."""

EXAMPLES: Final[Mapping[tuple[str, str], Any]] = {
    ("retention", "ended_contracts_years"): 5,
    ("retention", "taken_back_years"): 1,
    ("retention", "closed_alerts_years"): 5,
    ("proxy", "url"): "http://proxy.example:3128",
    ("transport_key", "key_file"): "secrets/transport.p12",
    ("transport_key", "key_password"): {"file": "secrets/transport.password"},
    ("signer_daemon", "socket"): "/run/usrec-signer/signer.sock",
    ("signer_daemon", "key"): "employer",
    ("ncanode", "url"): "http://127.0.0.1:14579",
    ("ncanode", "key_file"): "secrets/employer.p12",
    ("ncanode", "key_password"): {"file": "secrets/employer.password"},
    ("ncanode", "key_alias"): "signing",
    ("token", "library"): "/usr/lib/softhsm/libsofthsm2.so",
    ("token", "token"): "employer",
    ("token", "key"): "signing",
    ("token", "pin"): {"file": "secrets/token.pin"},
    ("owner", "certificate"): "0123456789abcdef",
    ("next_key", "key_file"): "secrets/employer-2027.p12",
    ("next_key", "key_password"): {"file": "secrets/employer-2027.password"},
    ("next_key", "use_from"): date(2027, 1, 11),
    ("order", "dated"): date(2026, 1, 5),
    ("order", "valid_from"): date(2026, 1, 6),
    ("order", "valid_until"): date(2026, 12, 31),
    ("order", "certificate"): "0123456789abcdef",
    ("registrable", "changes"): ["position", "place", "term", "begin_date", "working_time", "other"],
    ("registrable", "order_dated"): date(2026, 2, 2),
    ("employer", "rate"): 60,
    ("account", "id"): "company",
    ("account", "password"): {"file": "secrets/account.password"},
    ("delivery", "rate"): 60,
    ("targets", "iin_change"): 10,
    ("targets", "bin_change"): 10,
    ("targets", "transfer"): 10,
    ("targets", "social_leave"): 30,
    ("targets", "social_leave_edit"): 30,
    ("targets", "social_leave_delete"): 30,
    ("targets", "contract_edit"): 20,
    ("targets", "contract_delete"): 20,
    ("targets", "amendment_edit"): 20,
    ("targets", "amendment_delete"): 20,
    ("command", "command"): ["/usr/local/bin/usrec-alert"],
    ("webhook", "url"): "https://chat.example/hook",
    ("mail", "host"): "mail.example",
    ("mail", "sender"): "usrec@example.kz",
    ("mass", "amendments"): 150,
    ("mass", "terminations"): 20,
    ("mail", "to"): ["hr@example.kz"],
    ("audit", "at"): time(7),
    ("export", "file"): "registry/main.csv",
    ("health", "listen"): "127.0.0.1:9464",
    ("intake", "listen"): "127.0.0.1:9465",
    ("files", "folder"): "drop",
    ("snapshot", "mapping"): "staff.toml",
    ("snapshot", "new_from"): date(2026, 11, 1),
    ("snapshot", "url"): "postgresql+psycopg://usrec_reader@hr-server/hr",
    ("files", "encoding"): "utf-8",
    ("http", "employers"): ["main"],
    ("http", "token_hashes"): ["0123456789abcdef" * 4],
    ("webhook", "secret"): {"file": "secrets/webhook.secret"},
    ("trust", "authorities"): "nca",
    ("trust", "ocsp"): "http://ocsp.pki.gov.kz/",
    ("crl", "authority"): "nca/nca_gost_2022.cer",
    ("crl", "url"): "https://crl.pki.gov.kz/nca_gost_2022.crl",
    ("crl", "delta_url"): "https://crl.pki.gov.kz/nca_d_gost_2022.crl",
}
"""What is shown for a setting without a default, by its table and name; a kind's own example for all others."""

NAMES: Final = {
    "employer": "main",
    "source": "hr",
    "command": "script",
    "webhook": "chat",
    "mail": "office",
    "export": "main",
}
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH: Final = 110


def settings_text(given: Mapping[Place, Any], names: Mapping[str, str]) -> str:
    """The file.

    Args:
        given: Values of settings; all others are defaults, examples, or have to be filled in.
        names: What the administrator calls the employer and the source.
    """
    lines = [*_comments("\n".join(map(tr, HEAD))), *(f"#   {way}" for way in SECRET_WAYS)]
    for table in tables(Settings):
        lines += ["", *_table(table, given, {**NAMES, **names})]
    return "\n".join(lines) + "\n"


def _table(table: Table, given: Mapping[Place, Any], names: Mapping[str, str]) -> Iterator[str]:
    """A table that is not there by itself, such as a proxy, is commented out as a whole."""
    usual = {} if table.kind else PLACEHOLDERS
    given = {} if table.kind else given
    asleep = table.absent and not any(place[:-1] == table.path for place in given)
    yield from _comments(tr(table.meaning))
    yield f"{'#' if asleep else ''}{_header(table, names)}"
    meanings = table.meanings()
    for name, field in table.settings.items():
        place, meaning = (*table.path, name), meanings[name]
        yield from _comments(tr(meaning))
        awake = place in given or place in usual or (field.is_required() and not asleep)
        value = given[place] if place in given else _usual(table, name, field)
        yield f"{'' if awake else '#'}{name} = {toml(value)}"


def _header(table: Table, names: Mapping[str, str]) -> str:
    words: list[str] = []
    for word in table.path:
        words.append((table.kind or names.get(words[-1], "name")) if word == NAME else word)
    heading = ".".join(word if _BARE.fullmatch(word) else json.dumps(word) for word in words)
    return f"[[{heading}]]" if table.shape is Shape.LISTED else f"[{heading}]"


def _comments(text: str) -> Iterator[str]:
    for line in text.replace("``", '"').splitlines():
        yield from (f"# {part}" for part in wrap(line, _WIDTH))


def _usual(table: Table, name: str, field: FieldInfo) -> Any:
    """The default; for a setting that has none, what stands in its place."""
    place = (*table.path, name)
    if place in PLACEHOLDERS and not table.kind:
        return PLACEHOLDERS[place]
    if not field.is_required() and field.default is not None:
        return field.default
    word = table.kind if table.kind and table.path[-1] == NAME else next(w for w in reversed(table.path) if w != NAME)
    if (word, name) in EXAMPLES:
        return EXAMPLES[word, name]
    return _example(field.annotation, word, name, asked=field.is_required() and not table.absent)


def _example(annotation: Any, word: str, name: str, *, asked: bool) -> Any:
    kind = without_none(annotation)
    if kind is SecretSettings:
        return {"file": f"secrets/{word}.{name}"}
    if asked:
        return PLACEHOLDER
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    return f"{name.removesuffix('_file')}.pem" if kind is Path else f"{word}-{name}"


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(int(value)) if value == int(value) else str(value)
        case timedelta():
            return toml(value.total_seconds())
        case date():
            return value.isoformat()
        case time():
            return f'"{value:%H:%M}"'
        case Mapping():
            return f"{{ {', '.join(f'{key} = {toml(inner)}' for key, inner in value.items())} }}" if value else "{}"
        case list() | tuple() | frozenset():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
