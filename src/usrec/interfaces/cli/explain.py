"""``usrec explain``: what a response code of USREC means, who must act, and whether a resend is safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, Language, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import language, tr

if TYPE_CHECKING:
    from pathlib import Path

    from usrec.domain.policies import Policies
    from usrec.domain.response_code import Explanation

_CLOSE = 3


def explain(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="CODE", help="Such as SCSE003; 3 means the same.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every code of USREC.")] = False,
    shown_in: Annotated[
        Language | None, typer.Option("--language", help="Language of the page; JSON holds all three.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What a response code means, its likely cause, who must act, and whether the same may be sent again."""
    from usrec.adapters.explanations.book import explain_all
    from usrec.interfaces.i18n import use_language

    if everything == bool(codes):
        raise typer.BadParameter("give codes, or --all", param_hint="CODE")
    if shown_in is not None:
        use_language(shown_in.value)
    told = explain_all() if everything else [_explained(one) for one in codes or ()]
    policies = _policies(config)
    if as_json:
        _write_json(told, policies, several=everything or len(told) > 1)
    elif everything:
        _list(told)
    else:
        _show(told, policies)


def _policies(config: Path | None) -> Policies:
    """What is in force by the settings; the safe defaults where there are none, or none that can be read."""
    from usrec.domain.errors import ConfigurationError
    from usrec.policies import build_policies, default_policies
    from usrec.settings import find_settings, load_watcher_settings

    if config is None and not find_settings(None).exists():
        return default_policies()
    try:
        return build_policies(load_watcher_settings(config))
    except ConfigurationError as problem:
        if config is not None:
            raise
        typer.echo(f"usrec: the safe defaults are shown, not those of the settings: {problem}", err=True)
        return default_policies()


def _explained(typed: str) -> Explanation:
    from usrec.adapters.explanations.book import explain as look_up
    from usrec.domain.response_code import code_of

    told = look_up(code_of(typed) or typed)
    if told is None:
        raise typer.BadParameter(
            f"{typed!r} is no code of USREC that is known here{_close_to(typed)}", param_hint="CODE"
        )
    return told


def _close_to(typed: str) -> str:
    """Codes that may have been meant, as the end of a sentence."""
    from difflib import get_close_matches

    from usrec.adapters.explanations.book import explain_all
    from usrec.domain.response_code import code_of

    wanted = code_of(typed) or typed.strip().upper()
    close = get_close_matches(wanted, [one.code for one in explain_all()], n=_CLOSE)
    return f"; close to it: {', '.join(close)}" if close else "; usrec explain --all lists them"


def _write_json(told: Sequence[Explanation], policies: Policies, *, several: bool) -> None:
    from usrec.interfaces.cli.explanation_words import explanation_json

    found = [{**explanation_json(one), **in_force(one, policies)} for one in told]
    print_json(found if several else found[0])


def in_force(told: Explanation, policies: Policies) -> dict[str, object]:
    """The keys that only ``usrec explain`` has: what the agent does after the code, and whether the settings say so."""
    return {"policy_in_force": policies.of(told.code), "policy_chosen": policies.is_chosen(told.code)}


def _list(told: Sequence[Explanation]) -> None:
    from usrec.interfaces.cli.explanation_words import ACTORS

    rows = [[one.code, tr(ACTORS[one.actor]), one.texts[language()].meaning] for one in told]
    print_table([tr("code"), tr("who must act"), tr("what it means")], rows)


def _show(told: Sequence[Explanation], policies: Policies) -> None:
    from usrec.interfaces.cli.explanation_words import explanation_facts, further_facts
    from usrec.interfaces.cli.words import code_words

    for one in told:
        say(code_words(one.code))
        facts = [
            *explanation_facts(one),
            *further_facts(one, policies.of(one.code), chosen=policies.is_chosen(one.code)),
        ]
        width = max(len(name) for name, _ in facts) + 1
        for name, value in facts:
            say(f"  {name + ':':<{width}} {value}")
        say("")
    say(tr("These are our own words, not the official text of USREC."))
