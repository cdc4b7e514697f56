"""Stories as JSON text for the ledger, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from usrec.domain.snapshot.story import Facts, Story, Told
from usrec.domain.source_event import EventId, Operation


def dump_story(story: Story) -> str:
    """What was told, without the keys that stand in columns of their own; :func:`load_story` is its inverse."""
    told = [
        {
            "event": one.event_id,
            "operation": one.operation.value,
            "after": [_facts(facts) for facts in one.after],
            "withdrawn": one.withdrawn,
            "behind": one.behind,
            "provisional_from": one.provisional_from.isoformat() if one.provisional_from else None,
        }
        for one in story.told
    ]
    whole = {"settled": _facts(story.settled), "told": told, "counted": story.counted}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)


def load_story(text: str, key: str, employer_bin: str, *, closed: bool) -> Story:
    """The story in ``text``, which :func:`dump_story` wrote; one that is closed holds nothing any more."""
    if closed:
        return Story(key, employer_bin, Facts(), closed=True)
    whole: dict[str, Any] = json.loads(text)
    told = tuple(_told(one) for one in whole["told"])
    return Story(key, employer_bin, Facts(**whole["settled"]), told, whole["counted"])


def _told(one: dict[str, Any]) -> Told:
    since = one["provisional_from"]
    return Told(
        EventId(one["event"]),
        Operation(one["operation"]),
        tuple(Facts(**facts) for facts in one["after"]),
        one["withdrawn"],
        date.fromisoformat(since) if since else None,
        one["behind"],
    )


def _facts(facts: Facts) -> dict[str, Any]:
    """Without what is not there: a staff of thousands is read at each look."""
    return {name: value for name, value in asdict(facts).items() if value not in ("", None, {}) or name == "ending"}
