"""A password is shown by nothing but ``reveal``."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass

import pytest
import structlog

from usrec.domain.secret import Secret

TEXT = "пароль-123"


@dataclass(frozen=True)
class Settings:
    password: Secret


def test_reveal_gives_the_text() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_no_form_of_printing_shows_it() -> None:
    secret = Secret(TEXT)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr(Settings(secret))]
    shown += [repr(asdict(Settings(secret))), json.dumps({"password": secret}, default=repr), repr([secret])]
    shown.append(str(structlog.processors.JSONRenderer()(None, "", {"password": secret})))
    assert not [text for text in shown if TEXT in text]


def test_copies_are_the_secret_itself() -> None:
    secret = Secret(TEXT)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_it_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TEXT))


def test_it_cannot_be_changed() -> None:
    secret = Secret(TEXT)
    with pytest.raises(AttributeError):
        secret._text = "other"
    assert secret.reveal() == TEXT


def test_it_compares_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
