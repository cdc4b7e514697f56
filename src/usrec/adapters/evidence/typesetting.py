"""The act as a PDF, set by Typst with fonts of its own, so that Kazakh letters look the same on every machine.

Typst comes with the extra ``evidence``. Texts reach it as JSON, never as markup: nothing that HR wrote is executed. It
gets no file and no network: the layout is the one beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from usrec.ports.act import ActText, Block, Grid, Heading, Paragraph

_LAYOUT: Final = "act.typ"


def set_act(texts: Sequence[ActText]) -> bytes | None:
    """The PDF, None where the extra is not installed. The same texts give the same bytes."""
    try:
        import typst
    except ImportError:
        return None
    layout = (files(__package__ or __name__) / _LAYOUT).read_bytes()
    act = {"title": texts[0].title, "texts": [_text_json(one) for one in texts]}
    made: Any = typst.compile(
        layout,
        format="pdf",
        sys_inputs={"act": json.dumps(act, ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=0,
    )
    return bytes(made)


def _text_json(one: ActText) -> dict[str, Any]:
    blocks = [_block_json(block) for block in one.blocks]
    return {"language": one.language, "title": one.title, "footer": one.footer, "blocks": blocks}


def _block_json(block: Block) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "text": block.text}
        case Paragraph():
            return {"kind": "paragraph", "text": block.text, "strong": block.strong}
        case Grid():
            rows = [list(row) for row in block.rows]
            return {"kind": "grid", "widths": list(block.widths), "heads": list(block.heads), "rows": rows}
