"""A response code told to a person, whole, and as JSON: the same words wherever a refusal is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

from usrec.domain.response_code import Actor, Explanation, Handling, Policy
from usrec.interfaces.i18n import LANGUAGES, N_, in_language, language, tr

ACTORS: Final[Mapping[Actor, str]] = {
    Actor.HR: N_("HR"),
    Actor.IT: N_("the administrator"),
    Actor.KEY_OWNER: N_("the EDS's owner"),
    Actor.EMPLOYER_MANAGEMENT: N_("the employer's management"),
    Actor.EMPLOYEE: N_("the employee"),
    Actor.OTHER_EMPLOYER: N_("the other employer"),
    Actor.LABOUR_AUTHORITY: N_("the labour authority, on application"),
    Actor.STATE_REGISTER: N_("the keeper of the state register, on application"),
    Actor.USREC_SUPPORT: N_("USREC support, when asked"),
    Actor.NOBODY: N_("nobody"),
}

HANDLINGS: Final[Mapping[Handling, str]] = {
    Handling.PREFLIGHT: N_("can be known before sending"),
    Handling.SERVER: N_("only USREC can know it"),
    Handling.OTHER_PARTY: N_("another party must act"),
    Handling.OUT_OF_SCOPE: N_("belongs to what the agent does not send"),
    Handling.SUCCESS: N_("not a refusal"),
}

POLICIES: Final[Mapping[Policy, str]] = {
    Policy.RETRY: N_("the same document goes again at its time"),
    Policy.FIX_AND_RESEND: N_("it goes again after it was mended"),
    Policy.CONFIRM_THEN_ACCEPT: N_("it may be registered already: look before anything is sent again"),
    Policy.OTHER_PARTY: N_("it waits until another party has acted"),
    Policy.STOP_EVERYTHING: N_("nothing of this employer goes out until it is mended"),
    Policy.OUT_OF_SCOPE: N_("nothing of the agent's is concerned"),
    Policy.SUCCESS: N_("nothing is left to do"),
}

_CAUSE: Final = N_("likely cause")
_ACTION: Final = N_("what to do")
_FIELD: Final = N_("field of HR's row")
_ACTOR: Final = N_("who must act")
_RESEND: Final = N_("sent again unchanged")
_POLICY: Final = N_("what follows")
_HANDLING: Final = N_("kind of code")
_OPERATIONS: Final = N_("kinds of event")
_POINT: Final = N_("rests on")
_NOTE: Final = N_("note")
_POINTS: Final = (N_("Order 353 p.{point}"), N_("Labour Code art. {point}"), N_("dictionary {point}"))


def explanation_facts(told: Explanation) -> Iterator[tuple[str, str]]:
    """What belongs to a refusal wherever it is shown, behind its meaning: names and values, empty values left out."""
    text = told.texts[language()]
    yield tr(_CAUSE), text.cause
    yield tr(_ACTION), text.action
    if told.field:
        yield tr(_FIELD), told.field
    yield tr(_ACTOR), tr(ACTORS[told.actor])
    yield tr(_RESEND), _resend(told)
    notes = "; ".join(_notes(told))
    if notes:
        yield tr(_NOTE), notes


def further_facts(told: Explanation, policy: Policy, *, chosen: bool) -> Iterator[tuple[str, str]]:
    """What only ``usrec explain`` shows.

    Args:
        policy: The one in force.
        chosen: The settings put it in the place of the safe default.
    """
    follows = tr(POLICIES[policy])
    yield tr(_POLICY), tr("{policy} (by [policies] in the settings)").format(policy=follows) if chosen else follows
    yield tr(_HANDLING), tr(HANDLINGS[told.handling])
    if told.operations not in {(), ("any",)}:
        yield tr(_OPERATIONS), ", ".join(told.operations)
    if told.point:
        yield tr(_POINT), point_words(told.point)


def _resend(told: Explanation) -> str:
    if told.resend_safe:
        return tr("safe")
    return tr("not safe: it would be refused again, or do harm")


def _notes(told: Explanation) -> Iterator[str]:
    if not told.active:
        yield tr("USREC does not use this code any more")
    if not told.sure:
        yield tr("this is our reading of the code; its official text leaves it open")


def point_words(point: str) -> str:
    """A point of law, or a dictionary."""
    for template in _POINTS:
        found = re.fullmatch(re.escape(template).replace(r"\{point\}", "(.+)"), point)
        if found:
            return tr(template).format(point=found[1])
    return point


def whole_text(told: Explanation) -> str:
    """Everything that belongs to a refusal in one paragraph, in the language of the moment."""
    facts = (f"{_capital(name)}: {value}" for name, value in explanation_facts(told))
    return " ".join(f"{sentence}." for sentence in (_capital(told.texts[language()].meaning), *facts))


def _capital(text: str) -> str:
    """With a capital letter, unless it begins with the name of a field."""
    return text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def explanation_json(told: Explanation) -> dict[str, object]:
    """The keys that scripts rely on; the words in all languages, whichever was chosen."""
    return {
        "code": told.code,
        "active": told.active,
        "handling": told.handling,
        "scope": told.scope,
        "actor": told.actor,
        "policy": told.policy,
        "resend_safe": told.resend_safe,
        "operations": told.operations,
        "field": told.field,
        "rule": told.rule,
        "point": told.point,
        "sure": told.sure,
        "text": {one: _text_in(one, told) for one in LANGUAGES},
        "parts": {one: asdict(told.texts[one]) for one in LANGUAGES},
    }


def _text_in(wanted: str, told: Explanation) -> str:
    with in_language(wanted):
        return whole_text(told)
